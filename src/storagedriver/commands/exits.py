"""How the commands end. docs/command-line.md has a table of what each command means by that."""

from __future__ import annotations

OK = 0
"""Done; for a command that judges: nothing is wrong."""

FAILED = 1
"""A file is wrong, the gate is closed, something regressed, a certificate does not hold, or a server could not be had."""

USAGE = 2
"""The command line, or a file that says what to judge by, is wrong: nothing was judged."""

INTERRUPTED = 130
"""Ended by Ctrl-C, as shells tell it; `backends up` ends with OK then, as that is how it is meant to end."""
