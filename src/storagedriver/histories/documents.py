"""Histories as JSON."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from storagedriver.histories.model import History, HistoryError, Kind, Operation, Outcome

VERSION = 1
"""The version of the format that this module writes, and the only one it reads."""

_FIELDS = {each.name: each for each in dataclasses.fields(Operation)}
_NEEDED = {name for name, each in _FIELDS.items() if each.default is dataclasses.MISSING}


def to_document(history: History) -> dict[str, Any]:
    """The history as what JSON knows; each content is there once, in base64, and is meant by its place in the list."""
    contents: dict[bytes, int] = {}

    def place(content: bytes) -> int:
        return contents.setdefault(content, len(contents))

    operations = []
    for each in history:
        told = {
            name: getattr(each, name)
            for name, known in _FIELDS.items()
            if name in _NEEDED or getattr(each, name) != known.default
        }
        for name in ("argument", "result"):
            if isinstance(told.get(name), bytes):
                told[name] = {"content": place(told[name])}
        operations.append(told)
    initial = {path: place(content) for path, content in history.initial.items()}
    return {
        "version": VERSION,
        "operations": operations,
        "initial": initial,
        "contents": [base64.b64encode(content).decode("ascii") for content in contents],
    }


def from_document(document: Any) -> History:
    """The history that to_document() made this of.

    Raises:
        HistoryError: It is none; the message says where.
    """
    if not isinstance(document, Mapping) or document.get("version") != VERSION:
        raise HistoryError(f"a history of version {VERSION} is needed")
    try:
        contents = [base64.b64decode(text, validate=True) for text in document["contents"]]
        initial = {str(path): contents[number] for path, number in document["initial"].items()}
        operations = tuple(_operation(told, contents) for told in document["operations"])
    except HistoryError:
        raise
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, binascii.Error) as broken:
        raise HistoryError(f"no history: {type(broken).__name__}: {broken}") from broken
    return History(operations, initial)


def _operation(told: Mapping[str, Any], contents: list[bytes]) -> Operation:
    unknown = sorted(set(told) - set(_FIELDS))
    missing = sorted(_NEEDED - set(told))
    if unknown or missing:
        raise HistoryError(f"an operation {f'has the unknown {unknown[0]!r}' if unknown else f'lacks {missing[0]!r}'}")
    values = dict(told)
    for name in ("number", "invoked", "responded", "stream"):
        value = values.get(name)
        if value is not None and type(value) is not int:
            raise HistoryError(f"{name} is a whole number, not {value!r}")
    for name in ("argument", "result"):
        if isinstance(values.get(name), Mapping):
            values[name] = contents[values[name]["content"]]
    values["kind"] = Kind(values["kind"])
    values["outcome"] = Outcome(values.get("outcome", Outcome.OK))
    return Operation(**values)


def write(history: History, path: str | os.PathLike[str]) -> None:
    """Write the history into a file.

    Raises:
        OSError: It cannot be written.
    """
    Path(path).write_text(json.dumps(to_document(history), indent=1) + "\n", encoding="utf-8")


def read(path: str | os.PathLike[str]) -> History:
    """The history in a file.

    Raises:
        HistoryError: The file holds none.
        OSError: It cannot be read.
    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as broken:
        raise HistoryError(f"{os.fspath(path)}: no JSON: {broken}") from broken
    return from_document(document)
