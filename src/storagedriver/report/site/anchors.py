"""Names of places in the page, which links from elsewhere keep: "s3@minio/CONT-2"."""

from __future__ import annotations

import re
from collections.abc import Iterable

_STRANGE = re.compile(r"[^A-Za-z0-9@._:-]+")
_PLACE_OF_THE_CONTRACT = re.compile(r"[A-Z]+(-[0-9]+)?")

RESERVED = frozenset(
    {"main", "matrix", "against", "differences", "history", "performance", "requirements", "targets", "trials"}
)
"""Places of the page that are no targets."""


def anchors(names: Iterable[str]) -> list[str]:
    """A place for each name, in the order of `names`: made of characters that a URL holds as they are, each once."""
    taken = set(RESERVED)
    found = []
    for name in names:
        plain = _STRANGE.sub("-", name)[:80] or "-"
        if _PLACE_OF_THE_CONTRACT.fullmatch(plain):
            plain = f"target:{plain}"
        anchor, number = plain, 1
        while anchor in taken:
            number += 1
            anchor = f"{plain}:{number}"
        taken.add(anchor)
        found.append(anchor)
    return found
