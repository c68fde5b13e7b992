"""A small history as text for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from storagedriver.histories.timeline import Bar, Timeline

WIDTH = 110
"""Columns that a line may have; in a wider picture the bars have numbers alone, and the labels stand below."""


def as_text(picture: Timeline) -> list[str]:
    """The picture in lines.

    `├ ┤` is an operation from its call to its return, `├ >` one that may be done at any later time; `✗` marks the one that
    no order explains.
    """
    margin = max((len(name) for name in picture.lanes), default=0) + 2
    wide = margin + picture.width + 3 > WIDTH
    scale = min(1.0, (WIDTH - margin - 3) / max(1, picture.width)) if wide else 1.0
    lines = [f"{', '.join(picture.paths)}: no order of these explains what was seen at ✗"]
    for number, name in enumerate(picture.lanes):
        bars = [bar for bar in picture.bars if bar.lane == number]
        lines.append(f"{name:<{margin}}{_lane(bars, scale, with_labels=not wide)}".rstrip())
    if wide:
        lines += [f"  {_marked(bar)}" for bar in picture.bars]
    for line in _notes(picture):
        lines += textwrap.wrap(line, WIDTH, initial_indent="  ", subsequent_indent="    ")
    return lines


def _lane(bars: list[Bar], scale: float, *, with_labels: bool) -> str:
    line = ""
    for bar in bars:
        inside = f" {_marked(bar) if with_labels else _marked(bar).split()[0]} "
        begin = max(round(bar.begin * scale), len(line))
        length = max(round(bar.end * scale) - begin - 1, len(inside))
        line = f"{line:<{begin}}├{inside:─<{length}}{'>' if bar.is_open else '┤'}"
    return line


def _marked(bar: Bar) -> str:
    return f"✗{bar.label}" if bar.marked else bar.label


def _notes(picture: Timeline) -> Iterator[str]:
    if picture.contents:
        yield f"contents: {'; '.join(picture.contents)}"
    yield from picture.details
    yield f"{picture.duration / 1000:,.0f} µs from the first call to the last return; distances are not to scale"
