"""Manifests of large files: reading those that list their segments and those that name a prefix, and writing either."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from storagedriver.errors import BackendError
from storagedriver_drivers.swift.errors import AbsentError, AnswerError
from storagedriver_drivers.swift.layout import Layout
from storagedriver_drivers.swift.objects import (
    CONTENT_TYPE,
    MANIFEST,
    MARK,
    Container,
    ObjectHead,
    bare_etag,
    entry_name,
)
from storagedriver_drivers.swift.waiting import Listings

_PUT = "multipart-manifest=put"
_REFUSALS = frozenset({400, 404})


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment of a large file.

    Attributes:
        name: Its container and name, as "container/name".
        size: In bytes.
        etag: Without quotes.
        is_whole: The file has all of it, and it is no manifest itself.
    """

    name: str
    size: int
    etag: str
    is_whole: bool = True

    def inside(self, container: Container) -> str | None:
        """Its name, if it lies in this container."""
        prefix = f"{container.name}/"
        return self.name[len(prefix) :] if self.name.startswith(prefix) else None


def read(container: Container, layout: Layout, key: str, head: ObjectHead) -> Sequence[Segment]:
    """The segments of a large file, in order; empty if there is no manifest any more, or nothing tells what is in it."""
    return _read_static(container, layout, key, head) if head.is_static else _read_dynamic(container, head.dynamic)


def _read_static(container: Container, layout: Layout, key: str, head: ObjectHead) -> Sequence[Segment]:
    found = container.read(key, query=MANIFEST)
    if found is None:
        return []
    if not _is_static(found[0]):
        # It was replaced, or the server does not show manifests. All segments of a stream are those of its file.
        if not head.mark or head.mark != found[0].get(MARK):
            return []
        return _read_dynamic(container, f"{container.name}/{layout.segments(head.mark)}/")
    try:
        return [
            Segment(
                name=str(entry["name"]).lstrip("/"),
                size=int(entry["bytes"]),
                etag=str(entry.get("hash") or "").strip('"'),
                is_whole=not ({"range", "sub_slo"} & entry.keys()),
            )
            # Content may lie in the manifest itself; such an entry names no object.
            for entry in json.loads(found[1])
            if "data" not in entry
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as damage:
        raise BackendError("a manifest is not as it should be") from damage


def _read_dynamic(container: Container, dynamic: str) -> Sequence[Segment]:
    name, _, prefix = dynamic.partition("/")
    if name != container.name:
        # Its segments are out of reach, and none of this driver's business.
        return []
    return [
        Segment(f"{name}/{entry_name(entry)}", int(entry.get("bytes", 0)), str(entry.get("hash", "")))
        for page in container.pages(prefix)
        for entry in page
    ]


def _is_static(headers: Mapping[str, str]) -> bool:
    return headers.get("x-static-large-object", "").lower() == "true"


def can_list(container: Container, segments: Sequence[Segment]) -> bool:
    """Whether the server takes a manifest that lists these segments."""
    told = container.session.info.get("slo")
    if not isinstance(told, Mapping):
        return False
    most, least = int(told.get("max_manifest_segments") or 1000), int(told.get("min_segment_size") or 1)
    return len(segments) <= most and all(each.size >= least for each in segments[:-1])


def write(
    container: Container, listings: Listings, key: str, segments: Sequence[Segment], *, prefix: str, mark: str
) -> None:
    """Make the file `key` of these segments, which begin with `prefix` and are there.

    A manifest that lists them where the server takes one of these: what it shows is settled at once. Else one
    that names the prefix: it shows what the container's listing shows, which is waited for first.

    Raises:
        BackendError: A segment is missing or not the one that was written.
    """
    headers = {"Content-Type": CONTENT_TYPE} | ({MARK: mark} if mark else {})
    if can_list(container, segments):
        manifest = [{"path": f"/{each.name}", "etag": each.etag, "size_bytes": each.size} for each in segments]
        try:
            container.put(key, json.dumps(manifest).encode(), headers, query=_PUT)
        except AnswerError as error:
            if error.status in _REFUSALS:
                raise BackendError("a segment of the stream is gone, or was replaced") from error
            raise
        return
    listings.await_segments(prefix, {each.inside(container) or "": each.etag for each in segments})
    container.put(key, b"", {**headers, "X-Object-Manifest": quote(f"{container.name}/{prefix}", safe="/~")})


def copy(container: Container, source: str, dest: str, head: ObjectHead) -> None:
    """Make `dest` a file of the same segments as the large file `source`, which is as `head` says.

    Raises:
        AbsentError: The source is gone.
        BackendError: It was replaced.
    """
    headers = {"Content-Type": CONTENT_TYPE} | ({MARK: head.mark} if head.mark else {})
    if head.dynamic:
        container.put(dest, b"", {**headers, "X-Object-Manifest": quote(head.dynamic, safe="/~")})
        return
    found = container.read(source, query=MANIFEST)
    if found is None:
        raise AbsentError("GET of a manifest", 404)
    # Of another stream it would name segments that nothing here tells of.
    if head.mark != found[0].get(MARK, "") or (not _is_static(found[0]) and container.session.is_complete):
        raise BackendError("the file was replaced while it was moved")
    if not _is_static(found[0]):
        # The server does not show the manifest, but copies it as it is.
        container.copy(f"{container.name}/{source}", dest, bare_etag(found[0]), headers, query=MANIFEST)
        return
    container.put(dest, _as_put(found[1]), headers, query=_PUT)


def _as_put(manifest: bytes) -> bytes:
    """A manifest as the server takes it, of one as it gives it: the names of some entries differ."""
    names = {"name": "path", "hash": "etag", "bytes": "size_bytes", "range": "range", "data": "data"}
    try:
        entries = [
            {names[name]: value for name, value in entry.items() if name in names} for entry in json.loads(manifest)
        ]
    except (ValueError, AttributeError) as damage:
        raise BackendError("a manifest is not as it should be") from damage
    for entry in entries:
        if "range" in entry or "data" in entry:
            # The size is that of the whole segment, or told by the content.
            entry.pop("size_bytes", None)
    return json.dumps(entries).encode()
