"""Moving a file: its one object is copied on the server, or its manifest; the segments stay where they are."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from storagedriver.errors import BackendError, PathConflictError, PathNotFoundError, UnsupportedMethodError
from storagedriver_drivers.swift import manifests, sharing, staging
from storagedriver_drivers.swift.deletion import holds
from storagedriver_drivers.swift.files import Files
from storagedriver_drivers.swift.objects import MARK, ObjectHead
from storagedriver_drivers.swift.sharing import Sharing


def move(files: Files, source: str, dest: str) -> None:
    """Move the file `source` over `dest`. After a failure one of them is whole, and `dest` what it was or the file.

    Raises:
        PathNotFoundError: There is no file `source`.
        UnsupportedMethodError: It is a directory.
        PathConflictError: `dest` is one.
    """
    source_key, dest_key = files.layout.key(source), files.layout.key(dest)
    head = files.container.head(source_key)
    if head is None or head.is_marker:
        if head is not None or holds(files, source):
            raise UnsupportedMethodError("move of a directory")
        raise PathNotFoundError
    at_dest = files.container.head(dest_key)
    if (at_dest is None and holds(files, dest)) or (at_dest is not None and at_dest.is_marker):
        raise PathConflictError("a directory is there", path=dest)
    if not head.is_large:
        with files.replacing(dest_key, source_key):
            name = f"{files.container.name}/{source_key}"
            files.container.copy(name, dest_key, head.etag, {MARK: head.mark} if head.mark else None)
        _remove_source(files, source_key)
        return
    if head.mark:
        staging.forget_committed(files, source, head.mark)
    segments = files.segments_of(source_key, head)
    shared = _share(files, source, dest, head, segments)
    if head.mark:
        # Before the file: nobody would find it without one.
        files.forget([files.layout.stream(source, head.mark)])
    _remove_source(files, source_key)
    if not sharing.end(files.container, files.layout, shared, source_key):
        # Another process has replaced dest since, and left them to the source.
        files.discard(segments)


def _remove_source(files: Files, key: str) -> None:
    files.container.remove(key)
    files.sightings.remove([key])
    files.listings.await_gone(key)


def _share(files: Files, source: str, dest: str, head: ObjectHead, segments: Iterable[str]) -> Sharing:
    """Make `dest` a file of the segments of the large file `source`; what is said of that first is taken back if it fails."""
    source_key, dest_key = files.layout.key(source), files.layout.key(dest)
    shared = sharing.begin(files.container, files.layout, source_key, dest_key, head)
    try:
        if head.mark:
            files.note(dest, head.mark)
        # A move that failed before its end may have left dest with the very same segments.
        with files.replacing(dest_key, source_key, keep=segments):
            manifests.copy(files.container, source_key, dest_key, head)
        _require_unreplaced(files, source_key, dest_key, head)
    except BaseException:
        # The error that counts is the first.
        with contextlib.suppress(Exception):
            if head.mark:
                staging.drop(files, dest, head.mark)
            sharing.settle(files.container, files.layout, shared, source_key)
        raise
    return shared


def _require_unreplaced(files: Files, source_key: str, dest_key: str, head: ObjectHead) -> None:
    """See that no other process has replaced the source meanwhile: it may remove the segments that dest has now.

    Raises:
        BackendError: One has. What it wrote stays, and dest is not left to point at nothing.
    """
    now = files.container.head(source_key)
    if now is not None and (now.etag, now.mark) != (head.etag, head.mark):
        files.remove(dest_key)
        raise BackendError("the file was replaced while it was moved")
