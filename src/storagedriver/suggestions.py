"""What a user may have meant: the known word that is nearest to an unknown one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def did_you_mean(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """The question "did you mean 'x'?" with the nearest of the known words; "" if none is near.

    Args:
        word: The unknown word.
        known: Words that are right.
        cutoff: How alike the two have to be, from 0 to 1.
    """
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return f"did you mean {near[0]!r}?" if near else ""


def did_you_mean_or(word: str, known: Iterable[str], otherwise: str = "known: ") -> str:
    """The same question; if none is near, `otherwise` and all the known words."""
    words = list(known)
    return did_you_mean(word, words) or f"{otherwise}{', '.join(words) or 'none'}"


def did_you_mean_among(word: str, known: Iterable[str], listed: str) -> str:
    """The same question, if there is one, and in any case `listed` and all the known words."""
    words = list(known)
    return " ".join(filter(None, [did_you_mean(word, words), f"{listed}{', '.join(words) or 'none'}"]))
