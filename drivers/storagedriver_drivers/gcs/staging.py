"""Staged streams: what a closed, uncommitted writer leaves to be continued, by any process (WRITE-10).

The whole chunks of a stream are objects, its parts; the list of them and the bytes that do not fill a chunk yet lie in
one state object, whose body is a line of JSON and then those bytes.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass
from typing import Any

from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver.staged_state import damaged, read_header
from storagedriver_drivers.gcs import deletion
from storagedriver_drivers.gcs.objects import Bucket
from storagedriver_drivers.gcs.reading import ObjectReader

_VERSION = 2


@dataclass(frozen=True, slots=True)
class Part:
    """An object that holds a part of a stream.

    Attributes:
        key: Its name.
        generation: The one that was written.
        size: In bytes.
        level: 0 for what was uploaded, one more than its parts for what was joined.
    """

    key: str
    generation: int
    size: int
    level: int = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """A staged stream.

    Attributes:
        mark: The stream's own random mark; the object it becomes will bear it, and the names of its parts hold it.
        parts: In order.
        crc32c: The checksum of all that was written: the parts, one after the other, and the tail.
        tail_size: Bytes that follow the parts.
        generation: Of the state object: tells this stage from later ones.
    """

    mark: str
    parts: tuple[Part, ...]
    crc32c: int
    tail_size: int
    generation: int = 0


def save(bucket: Bucket, state_key: str, stage: Stage, tail: bytes | bytearray) -> int:
    """Write the state object, over one that may be there; returns its generation."""
    header = {"version": _VERSION, **asdict(stage)}
    del header["generation"]
    body = json.dumps(header).encode() + b"\n" + tail
    return bucket.put(state_key, body, secrets.token_hex(8)).generation


def load(bucket: Bucket, state_key: str) -> tuple[Stage, bytes] | None:
    """The newest stage with its tail; None if there is none."""
    opened = _open(bucket, state_key)
    if opened is None:
        return None
    stage, tail, reader = opened
    tail += reader.read_all()
    if len(tail) != stage.tail_size:
        raise damaged("its size is not the one it names")
    return stage, tail


def peek(bucket: Bucket, state_key: str) -> Stage | None:
    """The newest stage without its tail; None if there is none."""
    opened = _open(bucket, state_key)
    if opened is None:
        return None
    stage, _, reader = opened
    reader.close()
    return stage


def end(bucket: Bucket, state_key: str, parts_prefix: str) -> None:
    """Forget the stage of a path, if there is one, with all its parts."""
    stage = peek(bucket, state_key)
    if stage is None:
        return
    bucket.remove(state_key, stage.generation)
    remove_parts(bucket, parts_prefix, stage.mark)


def remove_parts(bucket: Bucket, parts_prefix: str, mark: str) -> None:
    """Delete what streams of this mark keep, but for their state: what is known of, and what a lost answer hid."""
    deletion.remove_below(bucket, f"{parts_prefix}{mark}/")


def _open(bucket: Bucket, state_key: str) -> tuple[Stage, bytes, ObjectReader] | None:
    try:
        reader = ObjectReader(bucket, state_key)
    except PathNotFoundError:
        return None
    try:
        header, tail = read_header(reader)
        return _parse(header, reader.generation or 0), tail, reader
    except BaseException:
        reader.close()
        raise


def _parse(header: bytes, generation: int) -> Stage:
    try:
        state: dict[str, Any] = json.loads(header)
        if state["version"] != _VERSION:
            raise BackendError(f"the staged stream is of version {state['version']!r}, which this driver does not know")
        parts = tuple(
            Part(str(part["key"]), int(part["generation"]), int(part["size"]), int(part["level"]))
            for part in state["parts"]
        )
        return Stage(str(state["mark"]), parts, int(state["crc32c"]), int(state["tail_size"]), generation)
    except (KeyError, TypeError, ValueError, AttributeError) as damage:
        raise damaged("its header cannot be read") from damage
