"""Deleting a file, or a directory with all below it, and ending the streams staged there."""

from __future__ import annotations

from collections.abc import Sequence

from storagedriver import paths
from storagedriver.errors import PathNotFoundError
from storagedriver_drivers.swift import staging
from storagedriver_drivers.swift.files import Files, Obsolete
from storagedriver_drivers.swift.listing import may_be_empty
from storagedriver_drivers.swift.objects import Listed, entry_name


def delete(files: Files, path: str) -> None:
    """Delete the file `path` and all below it, never a sibling; staged streams of all these end.

    Raises:
        PathNotFoundError: Nothing is there. A staged stream without a file is ended all the same.
        BackendError: Any part of it failed.
    """
    found = _delete_below(files, files.layout.prefix(path))
    found = files.remove(files.layout.key(path)) or found
    end_streams(files, path)
    if not found:
        raise PathNotFoundError


def _delete_below(files: Files, prefix: str) -> bool:
    """Delete all files that begin with `prefix`; tells whether there was any."""
    found = False
    for page in files.container.pages(prefix):
        if page:
            found = True
            _delete_page(files, page)
    if found:
        files.listings.await_empty(prefix)
    return found


def _delete_page(files: Files, page: Sequence[Listed]) -> None:
    going = {entry_name(entry) for entry in page}
    obsolete: list[Obsolete] = []
    for entry in page:
        if may_be_large(files, entry):
            key = entry_name(entry)
            head = files.container.head(key)
            if head is not None:
                obsolete.append(files.obsolete(key, head, going=going))
    # Manifests first: a file whose segments went before it could not be read any more.
    files.container.remove_all(going)
    files.sightings.remove(going)
    files.discard(name for each in obsolete for name in each.segments)
    files.container.remove_all(name for each in obsolete for name in each.notes)
    files.container.remove_all(name for each in obsolete for name in each.sharings)


def may_be_large(files: Files, entry: Listed) -> bool:
    """Whether an entry of a listing may be a manifest: all may where the listing tells nothing of manifests."""
    return not files.container.session.is_complete or "slo_etag" in entry or may_be_empty(entry)


def end_streams(files: Files, path: str) -> None:
    """End the staged streams of `path` and of all below it."""
    layout = files.layout
    states: list[str] = []
    for page in files.container.pages(layout.stages(path)):
        for entry in page:
            name = entry_name(entry)
            stream = layout.stream_of(name)
            if stream is None:
                states.append(name)
            else:
                staging.drop(files, layout.staged_path(name), stream)
    files.container.remove_all(states)


def holds(files: Files, path: str) -> bool:
    """Whether anything lies below a directory; the root always is one."""
    return path == paths.ROOT or files.container.first(files.layout.prefix(path)) is not None
