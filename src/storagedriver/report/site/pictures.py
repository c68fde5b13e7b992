"""Pictures that lie beside a report, as timelines of histories do, made part of the page.

They are shown as images by data URLs: browsers run no script in an image and load nothing for it.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

LARGEST = 200_000
"""Bytes of the largest picture that is shown."""

_SVG = (b"<svg", b"<?xml")


@dataclass(frozen=True, slots=True)
class Pictures:
    """The pictures of one report.

    Attributes:
        place: The reproducer of a check by its node id, whose picture has the same name with another ending; None where
            nothing is written.
    """

    place: Callable[[str], Path | None]

    def of(self, node_id: str) -> str:
        """The picture of a check as a data URL; "" if there is none, or it is too large or no SVG."""
        script = self.place(node_id)
        if script is None:
            return ""
        path = script.with_suffix(".svg")
        try:
            with path.open("rb") as file:
                content = file.read(LARGEST + 1)
        except (OSError, ValueError):
            return ""
        if len(content) > LARGEST or not content.lstrip().startswith(_SVG):
            return ""
        return f"data:image/svg+xml;base64,{base64.b64encode(content).decode('ascii')}"


NONE = Pictures(lambda _: None)
"""Of a report that has none beside it."""
