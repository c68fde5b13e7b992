"""Contents: the objects that the bytes of files and of staged streams lie in, and who holds them.

A content may be held by two entries for a while: a move to another directory names it there before it takes it away
here, and an append begins with the objects of the file. The first object of each segment therefore lists its holders,
and the objects go with the last of them, in a step that nobody can come between.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Sequence

from storagedriver_drivers.rados.client import Answer, Pool, Request
from storagedriver_drivers.rados.errors import EndedError
from storagedriver_drivers.rados.records import Record, Segment

HOLDERS = "holders"
"""Key in the map of a segment's first object."""

PATH_ATTRIBUTE = "path"
"""Extended attribute of each object: the path that it was written for, root directory included."""

_WINDOW = 128
"""So many objects in a row that are not there are the end of a content: more are never written at the same time."""

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

    def hold(self, record: Record, held: Record, source: str, dest: str) -> None:
        """Have `dest` hold the content of `source` too. One request for each segment.

        Args:
            record: The content, as `source` holds it.
            held: The same as `dest` is to hold it: see Record.held_anew().
            source: The path of which it is.
            dest: The path that is to hold it.

        Raises:
            EndedError: A part of it is gone.
        """
        done: list[Segment] = []
        try:
            for segment, anew in zip(record.segments, held.segments, strict=True):
                done.append(anew)
                self._hold(segment, source, anew.holder, dest)
        except BaseException:
            self.release(done, dest)
            raise

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

    def end(self, oid: str, holder: str) -> bool:
        """End a hold of which nothing else is known, and remove the segment if nobody else holds it; tells whether it did."""
        while True:
            held = self.holders(oid)
            if held is None:
                return self._remove_from(oid, 0)
            holders = loaded_holders(held)
            rest = [each for each in holders if each[0] != holder]
            # Other tools name no holders.
            if holders and len(rest) == len(holders):
                return False
            answer = self._leave(oid, held, rest)
            if answer is Answer.DONE and rest:
                return False
            # If it has got another holder meanwhile, it is in use.
            if answer is not Answer.REFUSED:
                self._remove_from(oid, 1)
                return True

    def _leave(self, oid: str, held: str, rest: Sequence[tuple[str, str]]) -> Answer:
        """Leave a segment, held as `held` says, to the rest of its holders; without any its first object goes."""
        sets = {HOLDERS: holders_value(rest)} if rest else None
        return self._pool.change(f"{oid}-0", guards={HOLDERS: held}, sets=sets, remove=not rest)

    def _remove_from(self, oid: str, first: int) -> bool:
        """Remove the objects from number `first` on, of which it is not known how many they are; tells whether there were any."""
        found = False
        while True:
            requests = [self._pool.begin_removal(f"{oid}-{number}") for number in range(first, first + _WINDOW)]
            answers = [request.result() for request in requests]
            if Answer.DONE not in answers:
                return found
            found, first = True, first + _WINDOW

    def is_held(self, segment: Segment) -> bool:
        """Whether a segment is held as it says. One request."""
        return segment.holder in dict(loaded_holders(self.holders(segment.oid) or "[]"))

    def release(self, segments: Iterable[Segment], path: str) -> None:
        """End the hold of `path` on these segments, and remove those that nobody else holds."""
        for segment in segments:
            self._release(segment, path)

    def _release(self, segment: Segment, path: str) -> None:
        held = holders_value([(segment.holder, path)])
        while True:
            rest = [each for each in loaded_holders(held) if each[0] != segment.holder]
            answer = self._leave(segment.oid, held, rest)
            if answer is Answer.DONE and rest:
                return
            if answer is not Answer.REFUSED:
                self.remove([segment.name(number) for number in range(1, segment.count)])
                return
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
