"""When a signer is trusted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Term:
    """The days on which a signer is trusted; days in UTC.

    Attributes:
        valid_from: The first day on which it may have signed; None for any.
        valid_until: The last such day.
        revoked: When it was revoked: whatever it signed, before that too, is not believed. None while it is not.
        reason: Why it was revoked.
    """

    valid_from: date | None = None
    valid_until: date | None = None
    revoked: date | None = None
    reason: str | None = None

    def revocation(self, who: str) -> str:
        """When and why it was revoked, of a signer that was."""
        why = f": {self.reason}" if self.reason else ""
        return f"{who} was revoked on {self.revoked}{why}"

    def problem(self, who: str, signed_at: datetime) -> str | None:
        """Why what it signed then, in UTC, is not trusted; None if it is."""
        day = signed_at.date()
        if self.revoked is not None:
            return self.revocation(who)
        if self.valid_from is not None and day < self.valid_from:
            return f"{who} is valid from {self.valid_from} on, and it signed on {day}"
        if self.valid_until is not None and day > self.valid_until:
            return f"{who} was valid until {self.valid_until}, and it signed on {day}"
        return None


ALWAYS = Term()
