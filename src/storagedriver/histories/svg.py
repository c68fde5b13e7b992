"""A small history as an SVG picture, readable on light and on dark ground, in colour and without."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from storagedriver.histories.model import READS
from storagedriver.histories.timeline import Bar, Timeline

_CHARACTER = 8.0
_LANE = 48
_BAR = 30
_TOP = 58
_LINE = 20
_MARGIN = 16

# What XML cannot hold, even escaped.
_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")

_STYLE = """
  svg { --ground: #ffffff; --ink: #1c2128; --faint: #6b7480; --rule: #d5dae0;
        --write: #cfe3ff; --write-edge: #1f5fae; --read-edge: #6b5200; --wrong: #b00020; --wrong-fill: #ffe3e6 }
  @media (prefers-color-scheme: dark) {
    svg { --ground: #14181d; --ink: #e8ecf1; --faint: #9aa5b1; --rule: #39424d;
          --write: #17365c; --write-edge: #7db5ff; --read-edge: #e6c35c; --wrong: #ff8a95; --wrong-fill: #4a1620 } }
  .ground { fill: var(--ground) }
  text { fill: var(--ink); font: 13px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace }
  .title { font-weight: bold }
  .note { fill: var(--faint) }
  .rule { stroke: var(--rule) }
  .write { fill: var(--write); stroke: var(--write-edge); stroke-width: 1.5 }
  .read { fill: var(--ground); stroke: var(--read-edge); stroke-width: 1.5 }
  .open { stroke-dasharray: 6 4 }
  .wrong { fill: var(--wrong-fill); stroke: var(--wrong); stroke-width: 3.5 }
  .wrong-text { font-weight: bold }
"""


def as_svg(picture: Timeline) -> str:
    """The picture as a document.

    Filled bars write, hollow ones read; what is dashed and has no right edge may be done at any later time; a thick frame
    with ✗ is around the operation that no order explains.
    """
    left = _MARGIN + _CHARACTER * (max((len(name) for name in picture.lanes), default=0) + 2)
    notes = list(_notes(picture))
    title = f"{', '.join(picture.paths)}: no order of these explains what was seen at ✗"
    longest = max((len(line) for line in [*notes, title]), default=0)
    width = max(left + _CHARACTER * picture.width + 3 * _MARGIN, 2 * _MARGIN + _CHARACTER * longest)
    below = _TOP + _LANE * len(picture.lanes) + _LINE
    height = below + _LINE * len(notes) + _MARGIN
    size = f'width="{width:.0f}" height="{height:.0f}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size} aria-labelledby="title description">',
            f'<title id="title">{_safe(title)}</title>',
            f'<desc id="description">{_safe(_told(picture))}</desc>',
            f"<style>{_STYLE}</style>",
            f'<rect class="ground" {size}/>',
            _text(_MARGIN, 30, title, "title"),
            *(part for number, name in enumerate(picture.lanes) for part in _lane(number, name, left, width)),
            *(part for bar in picture.bars for part in _bar(bar, left)),
            *(_text(_MARGIN, below + _LINE * number, line, "note") for number, line in enumerate(notes)),
            "</svg>",
            "",
        ]
    )


def _told(picture: Timeline) -> str:
    """The same in words, for those who do not see it."""
    return "; ".join(f"{picture.lanes[bar.lane]}: {_marked(bar)}" for bar in picture.bars)


def _notes(picture: Timeline) -> Iterator[str]:
    yield from picture.contents
    yield from picture.details
    yield "filled: writes; hollow: reads; dashed and open: may be done at any later time; ✗: not explained"
    yield f"{picture.duration / 1000:,.0f} µs from the first call to the last return; distances are not to scale"


def _lane(number: int, name: str, left: float, width: float) -> Iterator[str]:
    middle = _TOP + _LANE * number + _BAR / 2
    yield _text(_MARGIN, middle + 5, name)
    yield f'<line class="rule" x1="{left:.1f}" x2="{width - _MARGIN:.1f}" y1="{middle}" y2="{middle}"/>'


def _bar(bar: Bar, left: float) -> Iterator[str]:
    kind = "read" if bar.operation.kind in READS else "write"
    classes = " ".join([kind, *(["open"] if bar.is_open else []), *(["wrong"] if bar.marked else [])])
    x, y = left + _CHARACTER * bar.begin, _TOP + _LANE * bar.lane
    length = _CHARACTER * (bar.end - bar.begin)
    if bar.is_open:
        # No right edge: it has no end.
        edge = x + length + _MARGIN
        yield f'<path class="{classes}" d="M{edge:.1f} {y}H{x:.1f}V{y + _BAR}H{edge:.1f}"/>'
    else:
        yield (
            f'<rect class="{classes}" x="{x:.1f}" y="{y}" width="{length:.1f}" height="{_BAR}" '
            f'rx="{3 if kind == "write" else _BAR / 2}"/>'
        )
    yield _text(x + 1.25 * _CHARACTER, y + _BAR / 2 + 5, _marked(bar), "wrong-text" if bar.marked else "")


def _marked(bar: Bar) -> str:
    return f"✗ {bar.label}" if bar.marked else bar.label


def _text(x: float, y: float, text: str, name: str = "") -> str:
    classes = f' class="{name}"' if name else ""
    return f'<text{classes} x="{x:.1f}" y="{y:.1f}" xml:space="preserve">{_safe(text)}</text>'


def _safe(text: str) -> str:
    return escape(_UNFIT.sub("\N{REPLACEMENT CHARACTER}", text))
