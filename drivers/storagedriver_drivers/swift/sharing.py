"""Files of the same segments: a move has two of them for a moment, and for ever if it ends in its middle.

Before the second is made an object beside the segments names both. Who removes or replaces one of them looks there first
whether the other needs the segments.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, replace

from storagedriver.errors import BackendError
from storagedriver_drivers.swift import ownership
from storagedriver_drivers.swift.layout import Layout
from storagedriver_drivers.swift.objects import Container, ObjectHead

_SHARERS = 2
"""Files that have the same segments, at least, while something has to say so."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """Which files may have the segments of one large file.

    Attributes:
        name: The object that says so.
        keys: The files, by their names.
        identity: Of the segments: the same in each file of them.
    """

    name: str
    keys: frozenset[str]
    identity: str


def begin(container: Container, layout: Layout, source: str, dest: str, head: ObjectHead) -> Sharing:
    """Say that the file `dest` is about to have the segments of the large file `source`, which is as `head` says."""
    identity = _identity(head)
    both = Sharing(layout.sharing(identity), frozenset({source, dest}), identity)
    if container.session.is_complete and _write(container, layout, both, only_new=True):
        return both
    # An earlier move did not come to its end, or the server does not know the condition.
    earlier = find(container, layout, source, head)
    told = both if earlier is None else replace(both, keys=both.keys | earlier.keys)
    _write(container, layout, told)
    return told


def end(container: Container, layout: Layout, sharing: Sharing, source: str) -> bool:
    """Say that `source` is gone; tells whether its segments may be needed: by `dest`, or by where others moved that."""
    found = _told(container, layout, sharing.identity, source)
    if found is None:
        return True
    having = sharers(container, found, but={source})
    if not having or (found.keys == sharing.keys and len(having) < _SHARERS):
        container.remove(found.name)
    else:
        # Another move has said something too, and is not done with it.
        _write(container, layout, replace(found, keys=having))
    return bool(having)


def settle(container: Container, layout: Layout, sharing: Sharing, source: str) -> None:
    """Take back what was said, after a move that failed, if no two files have the segments, and no other move said anything."""
    found = _told(container, layout, sharing.identity, source)
    if found is not None and found.keys == sharing.keys and len(sharers(container, found, but=())) < _SHARERS:
        container.remove(found.name)


def is_needed(container: Container, layout: Layout, mark: str) -> bool:
    """Whether a file has the segments of the stream of this mark, as far as is said of them.

    Raises:
        BackendError: It cannot be read.
    """
    found = _told(container, layout, mark)
    return found is not None and bool(sharers(container, found, but=()))


def find(container: Container, layout: Layout, key: str, head: ObjectHead) -> Sharing | None:
    """What is said of the segments of the large file `key`; None if nothing is, as they are its own.

    Raises:
        BackendError: It cannot be read.
    """
    return _told(container, layout, _identity(head), key)


def _told(container: Container, layout: Layout, identity: str, *keys: str) -> Sharing | None:
    """What is said of these segments, with the files that are known to have them."""
    name = layout.sharing(identity)
    found = container.read(name)
    if found is None:
        return None
    try:
        return Sharing(name, frozenset(str(each) for each in json.loads(found[1])).union(keys), identity)
    except (ValueError, TypeError, RecursionError) as damage:
        raise BackendError("what tells who needs the segments of a file is damaged") from damage


def sharers(container: Container, sharing: Sharing, *, but: Collection[str]) -> frozenset[str]:
    """The files that do have the segments, leaving some out."""
    heads = {key: container.head(key) for key in sharing.keys.difference(but)}
    return frozenset(
        key for key, head in heads.items() if head is not None and head.is_large and _identity(head) == sharing.identity
    )


def _write(container: Container, layout: Layout, sharing: Sharing, *, only_new: bool = False) -> bool:
    keys = sorted(sharing.keys)
    headers = ownership.headers_of(layout.path(keys[0]))
    return container.put(sharing.name, json.dumps(keys).encode(), headers, only_new=only_new) is not None


def _identity(head: ObjectHead) -> str:
    """The same for all files of the same segments: the stream, or for those of other tools what their manifest says."""
    return head.mark or hashlib.sha1((head.dynamic or head.etag).encode(), usedforsecurity=False).hexdigest()
