"""Something that happens right before a system call, so that a race is lost for certain, and not now and then."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Observer:
    """What is done at the system calls of this process, as Python's audit events tell of them."""

    seen: list[str] = field(default_factory=list)
    at: int | None = None
    happening: Callable[[], object] | None = None
    busy: bool = False

    def note(self, event: str) -> None:
        if self.busy:
            # Its own system calls.
            return
        self.seen.append(event)
        if self.happening is not None and len(self.seen) == self.at:
            self.busy = True
            try:
                self.happening()
            finally:
                self.busy = False


_lock = threading.Lock()
_installed = False
_observer: _Observer | None = None


def _hook(event: str, _: tuple[object, ...]) -> None:
    observer = _observer
    # Of those that begin with "os." some are about no file; they do no harm.
    if observer is not None and (event == "open" or event.startswith("os.")):
        observer.note(event)


@contextlib.contextmanager
def _observed(observer: _Observer) -> Iterator[_Observer]:
    global _installed, _observer  # noqa: PLW0603  a hook cannot be taken away again, so there is one for the process
    with _lock:
        if not _installed:
            sys.addaudithook(_hook)
            _installed = True
        _observer = observer
        try:
            yield observer
        finally:
            _observer = None


@contextlib.contextmanager
def system_calls() -> Iterator[list[str]]:
    """The system calls on files that are made in the block, in their order, as Python calls them: "open", "os.rename"."""
    with _observed(_Observer()) as observer:
        yield observer.seen


@contextlib.contextmanager
def interrupted(number: int, happening: Callable[[], object]) -> Iterator[None]:
    """Let something happen right before the system call of this number, from 1 on, in the block."""
    with _observed(_Observer(at=number, happening=happening)):
        yield
