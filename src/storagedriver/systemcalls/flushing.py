"""Whether files were flushed in the order that makes them durable: content, then name, then each directory above."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from storagedriver.systemcalls.disk import Cut, Named, Recorded, Recording, Renamed, Written


def missing_flushes(recording: Recording, contents: Iterable[bytes]) -> list[str]:
    """What was not flushed, or too late, of the files that hold one of `contents`, in words; calls are counted from 1.

    A file's content has to be flushed before a call gives the file its name, so that the name never stands for less; and
    the directory after it, as that of each new directory above. What was written when the file had its name already has to
    be flushed at the end.
    """
    wanted = [each for each in contents if each]
    found = []
    for path, content in sorted(recording.files().items()):
        if any(each in content for each in wanted):
            found += list(_missing(recording, path))
    return found


def _missing(recording: Recording, path: str) -> Iterator[str]:
    namings = _namings(recording, path)
    inode = recording.inode(path)
    named = next((each for each in reversed(namings) if each.change.inode == inode), None)
    for each in recording.changes:
        if not isinstance(each.change, Written | Cut) or each.change.inode != inode:
            continue
        if each.flushed is None:
            yield f"{path}: what call {each.call + 1} wrote is not flushed"
        elif named is not None and each.call < named.call < each.flushed:
            yield f"{path}: call {named.call + 1} gives the name before what call {each.call + 1} wrote is flushed"
    for each in namings:
        if each.flushed is None:
            name = each.change.name if isinstance(each.change, Named | Renamed) else path
            yield f"{path}: the directory is not flushed after call {each.call + 1} gave it the name {name}"


def _namings(recording: Recording, path: str) -> Sequence[Recorded]:
    """The changes that gave a file, and the directories above it, the names that they have."""
    chain = []
    parts = path.split("/")
    for length in range(len(parts)):
        above, name = recording.inode("/".join(parts[:length])), parts[length]
        for each in reversed(recording.changes):
            change = each.change
            if isinstance(change, Named | Renamed) and (change.directory, change.name) == (above, name):
                chain.append(each)
                break
    return chain
