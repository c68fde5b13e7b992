"""Whose an object is that lies beside the files, told in its headers: should a process die, it is found by them."""

from __future__ import annotations

from collections.abc import Mapping

_PIECE = 200
"""Bytes of a path in one header; Swift takes 256."""

_HEADER = "X-Object-Meta-Storagedriver-Path"


def headers_of(path: str) -> dict[str, str]:
    """The headers that say: this belongs to the file `path`."""
    starts = range(0, len(path), _PIECE)
    return {f"{_HEADER}-{number}": path[start : start + _PIECE] for number, start in enumerate(starts)}


def path_in(headers: Mapping[str, str]) -> str:
    """The path that headers of an answer, their names in lower case, tell; empty if they tell none."""
    pieces: list[str] = []
    while (piece := headers.get(f"{_HEADER.lower()}-{len(pieces)}")) is not None:
        pieces.append(piece)
    return "".join(pieces)
