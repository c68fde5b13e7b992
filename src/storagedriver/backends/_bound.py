"""Run a command that dies with the process that started it: `python -I -S _bound.py PARENT_PID COMMAND ARGUMENT...`.

A program of its own, since the death signal has to be asked for in the child, after the fork and before the exec,
where the parent, which may have threads, must not run Python. The kernel keeps the wish over the exec.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Ask for the signal, make sure that the parent has not died meanwhile, and become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) != 0:
            sys.exit(f"the death signal could not be set: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        sys.exit("the process that started this server is gone")
    try:
        os.execv(command[0], command)  # noqa: S606  # a shell is what must not be here
    except OSError as error:
        sys.exit(f"{command[0]} could not be run: {error.strerror}")


main()
