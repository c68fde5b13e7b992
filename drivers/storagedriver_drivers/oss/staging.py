"""Staged streams: what a closed, uncommitted writer leaves to be continued, by any process (WRITE-10).

The whole chunks of a stream lie in a multipart upload, which OSS keeps; the rest and the list of parts lie in one
state object, whose body is a line of JSON and then the bytes that do not fill a chunk yet.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

from storagedriver.errors import BackendError
from storagedriver_drivers.oss import multipart
from storagedriver_drivers.oss.errors import is_absent
from storagedriver_drivers.oss.objects import Bucket
from storagedriver_drivers.oss.reading import ObjectReader

_VERSION = 1
_PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class Stage:
    """A staged stream.

    Attributes:
        mark: The stream's own random mark; the object it becomes will bear it.
        upload_id: Its multipart upload, or None while it is shorter than a chunk.
        chunk_size: Bytes of each part.
        parts: The ETags of the parts uploaded so far.
        tail_size: Bytes that follow the parts.
        etag: Of the state object: tells this stage from later ones.
    """

    mark: str
    upload_id: str | None
    chunk_size: int
    parts: tuple[str, ...]
    tail_size: int
    etag: str = ""


def save(bucket: Bucket, state_key: str, stage: Stage, tail: bytes | bytearray) -> str:
    """Write the state object, over one that may be there; returns its ETag, which no other stage has."""
    header = {
        "version": _VERSION,
        "stage": secrets.token_hex(16),
        "mark": stage.mark,
        "upload_id": stage.upload_id,
        "chunk_size": stage.chunk_size,
        "parts": stage.parts,
        "size": len(stage.parts) * stage.chunk_size + len(tail),
    }
    return bucket.put(state_key, json.dumps(header).encode() + b"\n" + tail)


def load(bucket: Bucket, state_key: str) -> tuple[Stage, bytes] | None:
    """The newest stage with its tail; None if there is none."""
    opened = _open(bucket, state_key)
    if opened is None:
        return None
    stage, tail, reader = opened
    tail += reader.read_all()
    if len(tail) != stage.tail_size:
        raise BackendError("the state of the staged stream is damaged: its size is not the one it names")
    return stage, tail


def peek(bucket: Bucket, state_key: str) -> Stage | None:
    """The newest stage without its tail; None if there is none."""
    opened = _open(bucket, state_key)
    if opened is None:
        return None
    stage, _, reader = opened
    reader.close()
    return stage


def end(bucket: Bucket, state_key: str, key: str) -> None:
    """Forget the stage of a path, if there is one, with all it keeps on the server."""
    stage = peek(bucket, state_key)
    if stage is None:
        return
    bucket.remove(state_key)
    if stage.upload_id is not None:
        multipart.abort(bucket, key, stage.upload_id)


def _open(bucket: Bucket, state_key: str) -> tuple[Stage, bytes, ObjectReader] | None:
    try:
        reader = ObjectReader(bucket, state_key)
    except Exception as error:
        if is_absent(error):
            return None
        raise
    try:
        start = b""
        while b"\n" not in start:
            piece = reader.read(_PIECE)
            if not piece:
                raise BackendError("the state of the staged stream is damaged: it has no header")
            start += piece
        header, _, tail = start.partition(b"\n")
        return _parse(header, reader.etag), tail, reader
    except BaseException:
        reader.close()
        raise


def _parse(header: bytes, etag: str) -> Stage:
    try:
        state: dict[str, Any] = json.loads(header)
        if state["version"] != _VERSION:
            raise BackendError(f"the staged stream is of version {state['version']!r}, which this driver does not know")
        parts = tuple(map(str, state["parts"]))
        chunk_size = int(state["chunk_size"])
        return Stage(
            mark=str(state["mark"]),
            upload_id=None if state["upload_id"] is None else str(state["upload_id"]),
            chunk_size=chunk_size,
            parts=parts,
            tail_size=int(state["size"]) - len(parts) * chunk_size,
            etag=etag,
        )
    except (KeyError, TypeError, ValueError, AttributeError) as damage:
        raise BackendError("the state of the staged stream is damaged: its header cannot be read") from damage
