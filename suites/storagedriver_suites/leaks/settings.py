"""What is set for a whole process, of which a driver is but a part: whoever shares the process has set it so."""

from __future__ import annotations

import enum
import gc
import locale
import logging
import os
import resource
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping


class Setting(enum.StrEnum):
    """Something of which there is one for a whole process."""

    DIRECTORY = "working directory"
    MASK = "mask of new files' modes"
    ENVIRONMENT = "environment"
    SIGNALS = "handlers of signals"
    LIMITS = "limits of the system"
    TIMEOUT = "timeout of new sockets"
    CERTIFICATES = "default context of https"
    HOOKS = "hooks of the interpreter"
    INTERPRETER = "limits of the interpreter"
    LOCALE = "locale"
    LOGGING = "handlers, levels and filters of logging"


def _mask() -> list[str]:
    mask = os.umask(0)
    os.umask(mask)
    return [f"{mask:04o}"]


def _signals() -> Iterator[str]:
    for number in sorted(signal.valid_signals()):
        handler = signal.getsignal(number)
        if handler not in {signal.SIG_DFL, None}:
            yield f"{number}: {handler!r}"


def _limits() -> Iterator[str]:
    for name in sorted(name for name in dir(resource) if name.startswith("RLIMIT_")):
        yield f"{name}: {resource.getrlimit(getattr(resource, name))}"


def _hooks() -> list[str]:
    return [
        f"{what}: {hook!r}"
        for what, hook in (
            ("sys.excepthook", sys.excepthook),
            ("sys.unraisablehook", sys.unraisablehook),
            ("threading.excepthook", threading.excepthook),
            ("sys.stdout", sys.stdout),
            ("sys.stderr", sys.stderr),
        )
    ]


def _interpreter() -> list[str]:
    return [
        f"recursion: {sys.getrecursionlimit()}",
        f"switches between threads: {sys.getswitchinterval()} s",
        f"collects garbage: {gc.isenabled()}, from {gc.get_threshold()} on",
        f"stack of new threads: {threading.stack_size()}",
    ]


def _logging() -> Iterator[str]:
    """Of the root, what is set; of all loggers, what holds records back: libraries may set levels of their own loggers."""
    root = logging.getLogger()
    yield f"level of the root: {logging.getLevelName(root.level)}"
    yield f"disabled up to: {root.manager.disable}"
    yield from (f"handler of the root: {handler!r}" for handler in root.handlers)
    yield from (f"filter of the root: {_kind(each)}" for each in root.filters)
    for name, logger in sorted(root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger):
            yield from (f"filter of {name}: {_kind(each)}" for each in logger.filters)


def _kind(thing: object) -> str:
    return type(thing).__qualname__


_LOOKS: Mapping[Setting, Callable[[], Iterator[str] | list[str]]] = {
    Setting.DIRECTORY: lambda: [os.getcwd()],  # noqa: PTH109  pathlib's tells of a folder that is gone what it was
    Setting.MASK: _mask,
    Setting.ENVIRONMENT: lambda: [f"{name}={value}" for name, value in sorted(os.environ.items())],
    Setting.SIGNALS: _signals,
    Setting.LIMITS: _limits,
    Setting.TIMEOUT: lambda: [f"{socket.getdefaulttimeout()} s"],
    Setting.CERTIFICATES: lambda: [repr(ssl._create_default_https_context)],  # noqa: SLF001  where urllib has it from
    Setting.HOOKS: _hooks,
    Setting.INTERPRETER: _interpreter,
    Setting.LOCALE: lambda: [locale.setlocale(locale.LC_ALL)],
    Setting.LOGGING: _logging,
}


_RARE_MASK = 0o023
"""One that nobody sets."""


def set_rarely(environment: Mapping[str, str]) -> None:
    """Set to what it rarely is whatever a process has from the one that began it, which may have had drivers before.

    Args:
        environment: The one before those.
    """
    os.environ.clear()
    os.environ.update(environment)
    os.umask(_RARE_MASK)
    os.chdir(os.sep)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE, signal.SIGUSR1):
        signal.signal(number, signal.SIG_DFL)


def look() -> Mapping[Setting, tuple[str, ...]]:
    """All that is set in this process, each in lines that can be compared."""
    return {setting: tuple(tell()) for setting, tell in _LOOKS.items()}
