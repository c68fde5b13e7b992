"""pytest, as long as somebody waits for it: `python -m storagedriver.matrix.attended ARGUMENT...`.

Whoever started it holds the other end of standard input. When that is closed, because it wants no more or died itself, the
run is interrupted as by Ctrl-C: servers are stopped, and nothing runs on that nobody knows of.
"""

from __future__ import annotations

import os
import signal
import sys
import threading

import pytest


def _attend(stream: int) -> None:
    while os.read(stream, 1024):
        pass
    os.kill(os.getpid(), signal.SIGINT)


def main() -> int:
    """Run pytest and return its exit status."""
    # A shell starts what it puts in the background with interrupts ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # pytest puts something else in the place of standard input.
    threading.Thread(target=_attend, args=(os.dup(sys.stdin.fileno()),), daemon=True).start()
    return int(pytest.console_main())


if __name__ == "__main__":
    sys.exit(main())
