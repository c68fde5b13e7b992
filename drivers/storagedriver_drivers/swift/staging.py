"""Staged streams: what a closed, uncommitted writer leaves to be continued, by any process (WRITE-10).

The whole chunks of a stream are segments. The rest, and the list of segments, lie in one state object a path, whose
body is a line of JSON and then the bytes that do not fill a chunk yet. An empty object a stream says that it may have
segments, from before the first until they are gone: who ends streams finds by it those of no file, whoever wrote them.
"""

from __future__ import annotations

import itertools
import json
import secrets
from dataclasses import dataclass
from typing import Any

from storagedriver.errors import BackendError
from storagedriver.staged_state import damaged
from storagedriver_drivers.swift import sharing
from storagedriver_drivers.swift.files import Files
from storagedriver_drivers.swift.manifests import Segment
from storagedriver_drivers.swift.objects import MARK, bare_etag, entry_name

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Stage:
    """A staged stream.

    Attributes:
        stream: Its id; the file it becomes will bear it.
        segments: Those written so far.
        tail: Bytes that follow them.
        etag: Of the state object: tells this stage from later ones.
    """

    stream: str
    segments: tuple[Segment, ...]
    tail: bytes
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Glance:
    """What a state's headers tell: the stream, and the ETag."""

    stream: str
    etag: str


def save(files: Files, path: str, stage: Stage) -> str:
    """Write the state object, over one that may be there; returns its ETag, which no other stage has."""
    header = {
        "version": _VERSION,
        "stage": secrets.token_hex(16),
        "stream": stage.stream,
        "segments": [[each.size, each.etag] for each in stage.segments],
        "tail": len(stage.tail),
    }
    name = files.layout.state(path)
    etag = files.container.put(name, json.dumps(header).encode() + b"\n" + stage.tail, {MARK: stage.stream})
    files.listings.await_shown(name)
    return etag or ""


def load(files: Files, path: str) -> Stage | None:
    """The newest stage; None if there is none."""
    found = files.container.read(files.layout.state(path))
    if found is None:
        return None
    header, separator, tail = found[1].partition(b"\n")
    try:
        state: dict[str, Any] = json.loads(header)
        if state["version"] != _VERSION:
            raise BackendError(f"the staged stream is of version {state['version']!r}, which this driver does not know")
        stream = str(state["stream"])
        segments = tuple(
            Segment(f"{files.container.name}/{files.layout.segment(stream, number)}", int(size), str(etag))
            for number, (size, etag) in enumerate(state["segments"], 1)
        )
        size = int(state["tail"])
    except (KeyError, TypeError, ValueError, AttributeError) as damage:
        raise damaged("its header cannot be read") from damage
    if not separator or len(tail) != size:
        raise damaged("its size is not the one it names")
    return Stage(stream, segments, tail, bare_etag(found[0]))


def peek(files: Files, path: str) -> Glance | None:
    """What can be told of the newest stage without reading it; None if there is none."""
    head = files.container.head(files.layout.state(path))
    return None if head is None else Glance(head.mark, head.etag)


def end(files: Files, path: str) -> None:
    """Forget the stage of a path, if there is one, with all it keeps on the server."""
    stage = peek(files, path)
    if stage is None:
        return
    files.container.remove(files.layout.state(path))
    if stage.stream:
        drop(files, path, stage.stream)


def drop(files: Files, path: str, stream: str) -> bool:
    """Remove the segments of a stream of which there is no file, here or where a move brought it.

    Returns:
        Whether it was noted, and is not the file's.
    """
    name = files.layout.stream(path, stream)
    if files.container.head(name) is None:
        return False
    head = files.container.head(files.layout.key(path))
    if head is not None and head.mark == stream:
        return False
    if not sharing.is_needed(files.container, files.layout, stream):
        pages = files.container.pages(f"{files.layout.segments(stream)}/")
        listed = {entry_name(entry) for page in pages for entry in page}
        files.discard(listed)
        # The listing may lag behind the segments, which are numbered without a gap.
        for number in itertools.count(1):
            segment = files.layout.segment(stream, number)
            if segment not in listed and not files.container.remove(segment):
                break
    files.container.remove(name)
    return True


def forget_committed(files: Files, path: str, stream: str) -> None:
    """Remove what a process that died at the end of a commit left: the stage of what is a file by now."""
    stage = peek(files, path)
    if stage is not None and stage.stream == stream:
        files.container.remove(files.layout.state(path))
