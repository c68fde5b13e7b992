"""strace: whether it can be used here, and how it is told to attach to a process and to tamper with a call."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

_OLDEST = (5, 7)
"""The first version that writes what descriptors belong to, and tampers, in the way that is read here."""

_SHORT = 32
_WHOLE = 1 << 24


@dataclass(frozen=True, slots=True)
class Injection:
    """What is done to one system call.

    Attributes:
        call: Its name.
        occurrence: Which of its thread's calls of this name is meant, from 1.
        error: The error that it returns instead of being made: "ENOSPC"; empty for a signal.
        signal: KILL ends the process before the call is made; STOP stops it right after that.
    """

    call: str
    occurrence: int
    error: str = ""
    signal: str = "KILL"

    @property
    def option(self) -> str:
        """The same in the words of strace."""
        what = f"error={self.error}" if self.error else f"signal={self.signal}"
        return f"--inject={self.call}:{what}:when={self.occurrence}"


def command(process: int, output: str, injection: Injection | None, *, whole: bool) -> list[str]:
    """The command that attaches to a process.

    Args:
        process: Its number.
        output: The file that the trace is written to.
        injection: What is done to one of its calls; None to look on.
        whole: Write what is written to files in full.
    """
    length = _WHOLE if whole else _SHORT
    options = ["-f", "-y", "-xx", f"-s{length}", f"-o{output}", *([] if injection is None else [injection.option])]
    return ["strace", *options, f"-p{process}"]


def unavailable() -> str | None:
    """Why no system call can be tampered with here; None if they can."""
    if not sys.platform.startswith("linux"):
        return "system calls are traced on Linux alone"
    found = shutil.which("strace")
    if found is None:
        return "strace is not installed: apt install strace"
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    version = re.search(r"version (\d+)\.(\d+)", told)
    if version is None or (int(version[1]), int(version[2])) < _OLDEST:
        return f"strace is too old: version {_OLDEST[0]}.{_OLDEST[1]} is needed"
    tried = subprocess.run([found, "-qq", "-o/dev/null", "true"], capture_output=True, text=True, check=False)  # noqa: S603
    if tried.returncode != 0:
        return f"strace may not trace here: {tried.stderr.strip().splitlines()[-1:] or tried.returncode}"
    return None
