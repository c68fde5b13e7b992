"""Calls with a driver in other processes: waited for, or to be killed."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from storagedriver.driver import StorageDriver
from storagedriver.testing.target import PortableTarget

P = ParamSpec("P")
R = TypeVar("R")

_INTERPRETER = (sys.executable, "-c", "from storagedriver.testing.elsewhere import run_here; run_here()")
"""What serves one call in another process."""


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def called(
    target: PortableTarget,
    seconds: float,
    function: Callable[Concatenate[StorageDriver, P], R],
    *args: P.args,
    **kwargs: P.kwargs,
) -> R:
    """What `function(driver, ...)` returns in another process; what it raises there is raised here.

    Args:
        target: What the driver is made of.
        seconds: How long it may take.
        function: A function of a module; it and its arguments are pickled.
        args: Passed on.
        kwargs: Passed on.

    Raises:
        RuntimeError: The process failed.
        subprocess.TimeoutExpired: It took longer.
    """
    done = subprocess.run(  # noqa: S603  our own interpreter
        _INTERPRETER,
        input=pickle.dumps((sys.path, function, target, args, kwargs)),
        capture_output=True,
        timeout=seconds,
        check=False,
        env=_environment(),
    )
    if done.returncode != 0:
        raise RuntimeError(f"the other process failed:\n{done.stderr.decode(errors='replace')}")
    returned, error = pickle.loads(done.stdout)  # noqa: S301  written by our own process
    if error is not None:
        raise error
    result: R = returned
    return result


def started(
    target: PortableTarget,
    function: Callable[Concatenate[StorageDriver, P], object],
    *args: P.args,
    **kwargs: P.kwargs,
) -> subprocess.Popen[bytes]:
    """Begin the same; the process is the caller's to wait for or to kill, and nobody hears what came of it."""
    process = subprocess.Popen(  # noqa: S603  our own interpreter
        _INTERPRETER,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    )
    assert process.stdin is not None
    with process.stdin:
        process.stdin.write(pickle.dumps((sys.path, function, target, args, kwargs)))
    return process


def run_here() -> None:
    """Serve one Subject.elsewhere() call: read it from standard input, write its outcome to standard output."""
    # What modules print, be it as they are loaded or from another language, is no part of the outcome.
    with os.fdopen(os.dup(1), "wb") as out:
        os.dup2(2, 1)
        sys.path[:], function, target, args, kwargs = pickle.load(sys.stdin.buffer)  # noqa: S301  from our parent process
        returned, error = None, None
        try:
            with target.open() as driver:
                returned = function(driver, *args, **kwargs)
        except Exception as raised:  # noqa: BLE001  handed to the parent process
            error = raised
        out.write(pickle.dumps((returned, error)))
