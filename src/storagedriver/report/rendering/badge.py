"""A badge of reports: the lowest share of all targets, as SVG and as the JSON that shields.io makes a badge of.

It is green if every MUST is kept on every target, and never if the run was incomplete or nothing was judged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from storagedriver.report.foreign_text import one_line
from storagedriver.report.model import Report
from storagedriver.report.outcome import AGAINST
from storagedriver.report.tally import Tally

LABEL = "storage driver contract"
"""What a badge is called without a word of the user's."""

_COLOURS: Mapping[str, str] = {
    "brightgreen": "#3a7d0a",
    "yellow": "#8f6b00",
    "red": "#b92b2b",
    "lightgrey": "#6a6a6a",
}
"""Names of shields.io, and colours on which white text can be read."""

_CHARACTER_WIDTH = 6.6
"""Of 11 px Verdana on average; textLength makes the text fit."""


@dataclass(frozen=True, slots=True)
class Badge:
    """What a badge says.

    Attributes:
        label: On the left.
        message: On the right.
        colour: A name of shields.io.
    """

    label: str
    message: str
    colour: str

    @property
    def is_error(self) -> bool:
        """Whether shields.io has to show the colour whatever its user wants."""
        return self.colour in {"red", "lightgrey"}


def badge(reports: Mapping[str, Report], *, label: str = LABEL) -> Badge:
    """The badge of all targets of the reports."""
    name = one_line(label, limit=60)
    tallies = [Tally.of(report.of(target.label)) for report in reports.values() for target in report.targets]
    if not all(report.run.complete for report in reports.values()):
        return Badge(name, "incomplete run", "lightgrey")
    if not tallies or any(not tally.kept for tally in tallies):
        return Badge(name, "nothing kept", "red" if tallies and any(map(_broken, tallies)) else "lightgrey")
    lowest = min(tallies, key=lambda tally: (tally.kept / tally.total, tally.kept))
    message = f"{lowest.kept}/{lowest.total} MUSTs kept"
    if len(tallies) > 1:
        message = f"{message} at least, {len(tallies)} targets"
    if any(map(_broken, tallies)):
        return Badge(name, message, "red")
    return Badge(name, message, "yellow" if any(tally.rest for tally in tallies) else "brightgreen")


def _broken(tally: Tally) -> bool:
    return any(tally.counts.get(outcome) for outcome in AGAINST)


def as_json(made: Badge) -> str:
    """The badge for an endpoint of shields.io."""
    document = {
        "schemaVersion": 1,
        "label": made.label,
        "message": made.message,
        "color": made.colour,
        "isError": made.is_error,
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def as_svg(made: Badge) -> str:
    """The badge as a picture that fetches nothing from anywhere."""
    left, right = (_width(text) for text in (made.label, made.message))
    words = f"{made.label}: {made.message}"
    svg = ET.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "width": str(left + right),
            "height": "20",
            "role": "img",
            "aria-label": words,
        },
    )
    ET.SubElement(svg, "title").text = words
    clip = ET.SubElement(svg, "clipPath", id="round")
    ET.SubElement(clip, "rect", width=str(left + right), height="20", rx="3", fill="#fff")
    boxes = ET.SubElement(svg, "g", {"clip-path": "url(#round)"})
    ET.SubElement(boxes, "rect", width=str(left), height="20", fill="#444")
    ET.SubElement(boxes, "rect", x=str(left), width=str(right), height="20", fill=_COLOURS[made.colour])
    texts = ET.SubElement(
        svg,
        "g",
        {"fill": "#fff", "text-anchor": "middle", "font-family": "Verdana,DejaVu Sans,sans-serif", "font-size": "11"},
    )
    for text, centre, width in ((made.label, left / 2, left), (made.message, left + right / 2, right)):
        shown = ET.SubElement(texts, "text", x=f"{centre:g}", y="14", textLength=str(width - 10))
        shown.text = text
    return ET.tostring(svg, encoding="unicode") + "\n"


def _width(text: str) -> int:
    return round(len(text) * _CHARACTER_WIDTH) + 10
