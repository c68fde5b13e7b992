"""What keeps a project from being made."""


class ScaffoldingError(Exception):
    """What was asked for cannot be made, and nothing was written; the message says why, and the hint what would do.

    Attributes:
        hint: What to do instead, in a sentence without its full stop.
    """

    def __init__(self, message: str, *, hint: str) -> None:
        """Say what is wrong, and what to do."""
        super().__init__(message)
        self.hint = hint
