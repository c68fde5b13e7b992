"""How the commands end."""

from __future__ import annotations

OK = 0
"""Done; for a command that judges: nothing is wrong."""

FAILED = 1
"""A file is wrong, the gate is closed, something regressed, or a server could not be had."""

USAGE = 2
"""The command line or a policy is wrong: nothing was judged."""
