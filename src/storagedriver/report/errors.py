"""The one error of this package."""

from __future__ import annotations


class ReportError(ValueError):
    """A report that cannot be made, read or trusted; the message is one sentence that says where and why."""
