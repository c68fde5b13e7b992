"""Contents: the objects that the bytes of files and of staged streams lie in, and who holds them.

A content may be held by two entries for a while: a move to another directory names it there before it takes it away
here, and an append begins with the objects of the file. The first object of each segment therefore lists its holders,
and the objects go with the last of them, in a step that nobody can come between.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

from storagedriver_drivers.rados.client import Answer, Pool, Request
from storagedriver_drivers.rados.errors import EndedError
from storagedriver_drivers.rados.records import Record, Segment, random_id

HOLDERS = "holders"
"""Key in the map of a segment's first object."""

PATH_ATTRIBUTE = "path"
"""Extended attribute of each object: the path that it was written for, root directory included."""

SIZE_ATTRIBUTE = "size"
"""Extended attribute of a file's first object: the size of the file."""


def holders_value(holders: Iterable[tuple[str, str]]) -> str:
    """A list of holders, each an id and a path, as it is kept: the same list is always the same text."""
    return json.dumps(sorted(holders), separators=(",", ":"))


def loaded_holders(value: str) -> list[tuple[str, str]]:
    """What holders_value() made a text of; none if it is damaged."""
    try:
        return [(str(holder), str(path)) for holder, path in json.loads(value)]
    except (TypeError, ValueError):
        return []


class Contents:
    """The contents of a pool."""

    def __init__(self, pool: Pool, *, concurrency: int) -> None:
        """Use this pool, with so many requests under way at the same time; no request is made."""
        self._pool = pool
        self._concurrency = concurrency

    # --- holding

    def share(self, record: Record, source: str, dest: str) -> Record:
        """The same content, held by `dest` too. One request for each segment.

        Args:
            record: The content.
            source: The path of which it is.
            dest: The path that is to hold it.

        Raises:
            EndedError: A part of it is gone.
        """
        shared: list[Segment] = []
        try:
            for segment in record.segments:
                holder = random_id()
                self._hold(segment, source, holder, dest)
                shared.append(replace(segment, holder=holder))
        except BaseException:
            self.release(shared, dest)
            raise
        return replace(record, segments=tuple(shared), id=random_id())

    def _hold(self, segment: Segment, source: str, holder: str, dest: str) -> None:
        name = segment.name(0)
        held = holders_value([(segment.holder, source)])
        while True:
            wanted = holders_value([*loaded_holders(held), (holder, dest)])
            answer = self._pool.change(name, guards={HOLDERS: held}, sets={HOLDERS: wanted})
            if answer is Answer.DONE:
                return
            found = self.holders(segment.oid)
            if found is None:
                raise EndedError("a part of the content is gone: what was staged has been ended by another writer")
            held = found

    def holders(self, oid: str) -> str | None:
        """The holders of a segment, as they are kept; None if its first object is gone."""
        found = self._pool.read_map(f"{oid}-0", [HOLDERS])
        return None if found is None else found.get(HOLDERS, "")

    # --- writing

    def begin_write(self, segment: Segment, number: int, content: bytes, path: str, *, size: int | None) -> Request:
        """Begin to write one object of a segment; `size` is that of the file, if it is known.

        The first object of a segment says from its beginning on who holds it.
        """
        attributes = {PATH_ATTRIBUTE: path}
        if size is not None:
            attributes[SIZE_ATTRIBUTE] = str(size)
        sets = None if number else {HOLDERS: holders_value([(segment.holder, path)])}
        return self._pool.begin_write(segment.name(number), content, attributes=attributes, sets=sets)

    def seal(self, segment: Segment, path: str, size: int) -> None:
        """Note the size of a file at its first object, which must be there still.

        Raises:
            EndedError: It is gone: collected as an orphan, for one.
        """
        held = holders_value([(segment.holder, path)])
        while True:
            answer = self._pool.change(segment.name(0), guards={HOLDERS: held}, attributes={SIZE_ATTRIBUTE: str(size)})
            if answer is Answer.DONE:
                return
            held = self.holders(segment.oid) or ""
            if segment.holder not in dict(loaded_holders(held)):
                raise EndedError("what was written is gone: it has been collected as an orphan, or deleted")

    # --- removing

    def release(self, segments: Sequence[Segment], path: str) -> list[Segment]:
        """End the hold of `path` on these segments, and remove those that nobody else holds; returns the others."""
        return [segment for segment in segments if not self._release(segment, path)]

    def _release(self, segment: Segment, path: str) -> bool:
        held = holders_value([(segment.holder, path)])
        while True:
            rest = [each for each in loaded_holders(held) if each[0] != segment.holder]
            if rest:
                answer = self._pool.change(segment.name(0), guards={HOLDERS: held}, sets={HOLDERS: holders_value(rest)})
            else:
                answer = self._pool.change(segment.name(0), guards={HOLDERS: held}, remove=True)
            if answer is Answer.DONE and rest:
                return False
            if answer is not Answer.REFUSED:
                self.remove([segment.name(number) for number in range(1, segment.count)])
                return True
            found = self.holders(segment.oid)
            if found is None:
                continue
            held = found

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects, several at a time; absent ones are no error.

        Raises:
            BackendError: One of them could not be removed.
        """
        running: deque[Request] = deque()
        failure: Exception | None = None
        for name in names:
            if len(running) >= self._concurrency:
                failure = _finished(running.popleft()) or failure
            running.append(self._pool.begin_removal(name))
        while running:
            failure = _finished(running.popleft()) or failure
        if failure is not None:
            raise failure


def _finished(request: Request) -> Exception | None:
    try:
        request.result()
    except Exception as failure:  # noqa: BLE001  raised once all requests have ended
        return failure
    return None
