"""The state of a stream whose chunks are parts of a multipart upload: a line of JSON, then the bytes that fill none yet."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

from storagedriver.errors import BackendError
from storagedriver.staged_state import damaged

_VERSION = 1


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


def encoded(stage: Stage, tail: bytes | bytearray) -> bytes:
    """The content of the state object; no two are alike."""
    header = {
        "version": _VERSION,
        "stage": secrets.token_hex(16),
        "mark": stage.mark,
        "upload_id": stage.upload_id,
        "chunk_size": stage.chunk_size,
        "parts": stage.parts,
        "size": len(stage.parts) * stage.chunk_size + len(tail),
    }
    return json.dumps(header).encode() + b"\n" + tail


def parsed(header: bytes, etag: str) -> Stage:
    """The stage that the first line of a state object tells of.

    Raises:
        BackendError: The line is damaged, or of a version that is not known.
    """
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
        raise damaged("its header cannot be read") from damage
