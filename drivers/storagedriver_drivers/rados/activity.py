"""What this process is about to make or end at this moment, and whether the process that noted something lives still."""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

_SEPARATOR = "|"
_START_TIME = 19
"""Which field it is in /proc/PID/stat, counted from the one after the name of the program."""

# Of a stream that is forgotten the end comes from the collector, which may run within the very block of this lock.
_lock = threading.RLock()
_busy: Counter[str] = Counter()


class Activity:
    """Holds that an operation of this process is making or ending. What is noted of them is nobody else's to tidy up."""

    def __init__(self) -> None:
        """None yet."""
        self._holders: list[str] = []

    def add(self, holders: Iterable[str]) -> None:
        """Take more on."""
        with _lock:
            for holder in holders:
                self._holders.append(holder)
                _busy[holder] += 1

    def end(self) -> None:
        """The operation has ended, well or not. Ending twice is fine."""
        with _lock:
            for holder in self._holders:
                _busy[holder] -= 1
                if not _busy[holder]:
                    del _busy[holder]
            self._holders.clear()


@contextlib.contextmanager
def during(holders: Iterable[str]) -> Iterator[None]:
    """The block is such an operation."""
    activity = Activity()
    activity.add(holders)
    try:
        yield
    finally:
        activity.end()


def is_busy(holder: str) -> bool:
    """Whether an operation of this process has to do with it."""
    with _lock:
        return holder in _busy


def identity() -> str:
    """What tells this process from all others, on other machines too and of other times."""
    return _identity_of(os.getpid())


def has_ended(owner: str) -> bool:
    """Whether the process of this identity lives no more; False where that cannot be told from here."""
    told = owner.split(_SEPARATOR)
    if len(told) != len(_place()) + 2:
        return False
    *place, number, start = told
    if not number.isdecimal() or place != _place():
        return False
    try:
        return _started(int(number)) != start
    except FileNotFoundError:
        return True
    except OSError:
        return False


@functools.lru_cache(maxsize=1)
def _identity_of(number: int) -> str:
    try:
        start = _started(number)
    except OSError:
        # Without /proc nobody can tell.
        start = ""
    return _SEPARATOR.join([*_place(), str(number), start])


def _started(number: int) -> str:
    """When a process of this machine began, in ticks since the machine did."""
    told = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
    return told.rpartition(")")[2].split()[_START_TIME]


@functools.lru_cache(maxsize=1)
def _place() -> list[str]:
    """Where numbers of processes mean the same: machine, since its start, and namespace."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        boot = namespace = ""
    return [socket.gethostname(), boot, namespace]
