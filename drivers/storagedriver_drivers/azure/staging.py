"""Staged streams: what a closed, uncommitted writer leaves to be continued, by any process (WRITE-10).

The whole chunks of a stream are blocks of a blob of its own; the rest and the list of blocks lie in one state blob,
whose body is a line of JSON and then the bytes that do not fill a chunk yet.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver.staged_state import damaged, read_header
from storagedriver_drivers.azure.blobs import Container
from storagedriver_drivers.azure.errors import is_absent
from storagedriver_drivers.azure.reading import BlobReader

_VERSION = 1
_MARK = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Stage:
    """A staged stream.

    Attributes:
        id: Random, and another for each stage; the file that it becomes bears it.
        mark: The stream's own random mark, in hexadecimal; part of its data blob's name.
        blocks: The ids of the blocks of its data blob, in order.
        stored: Bytes in these blocks.
        tail_size: Bytes that follow them.
        etag: Of the state blob: tells this stage from later ones.
    """

    id: str
    mark: str
    blocks: tuple[str, ...]
    stored: int
    tail_size: int
    etag: str = ""


def save(container: Container, state_name: str, stage: Stage, tail: bytes | bytearray) -> str:
    """Write the state blob, over one that may be there; returns its ETag, which no other stage has."""
    header = {
        "version": _VERSION,
        "stage": stage.id,
        "mark": stage.mark,
        "blocks": stage.blocks,
        "stored": stage.stored,
        "size": stage.stored + len(tail),
    }
    return container.put(state_name, json.dumps(header).encode() + b"\n" + tail)


def load(container: Container, state_name: str) -> tuple[Stage, bytes] | None:
    """The newest stage with its tail; None if there is none."""
    opened = _open(container, state_name)
    if opened is None:
        return None
    stage, tail, reader = opened
    tail += reader.read_all()
    if len(tail) != stage.tail_size:
        raise damaged("its size is not the one it names")
    return stage, tail


def peek(container: Container, state_name: str) -> Stage | None:
    """The newest stage without its tail; None if there is none."""
    opened = _open(container, state_name)
    if opened is None:
        return None
    stage, _, reader = opened
    reader.close()
    return stage


def _open(container: Container, state_name: str) -> tuple[Stage, bytes, BlobReader] | None:
    try:
        reader = BlobReader(container, state_name)
    except Exception as error:
        if is_absent(error) or isinstance(error, PathNotFoundError):
            return None
        raise
    try:
        header, tail = read_header(reader)
        return _parse(header, reader.head.etag), tail, reader
    except BaseException:
        reader.close()
        raise


def _parse(header: bytes, etag: str) -> Stage:
    try:
        state: dict[str, Any] = json.loads(header)
        if state["version"] != _VERSION:
            raise BackendError(f"the staged stream is of version {state['version']!r}, which this driver does not know")
        stored = int(state["stored"])
        stage = Stage(
            id=str(state["stage"]),
            mark=str(state["mark"]),
            blocks=tuple(map(str, state["blocks"])),
            stored=stored,
            tail_size=int(state["size"]) - stored,
            etag=etag,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as damage:
        raise damaged("its header cannot be read") from damage
    # It becomes part of a name.
    if not _MARK.fullmatch(stage.mark):
        raise damaged("its mark is none")
    return stage
