"""Staged streams: what a closed, uncommitted writer leaves to be continued, by any process (WRITE-10).

Their records lie in the map of one object, by path, so that those of a directory are found by the beginning of their
names. Who takes a record away, by a step that says which, owns what it names.
"""

from __future__ import annotations

from dataclasses import dataclass

from storagedriver_drivers.rados.client import Answer, Pool
from storagedriver_drivers.rados.records import Record, loaded, loaded_or_none

STAGES = "stages"
"""The object that the records of staged streams are in."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A staged stream.

    Attributes:
        path: The path it is for.
        value: Its record, as it is kept.
        record: The same, as it is meant; None if it is damaged.
    """

    path: str
    value: str
    record: Record | None


class Stages:
    """The staged streams of a pool."""

    def __init__(self, pool: Pool) -> None:
        """Use this pool; no request is made."""
        self._pool = pool

    def value(self, path: str) -> str:
        """The record of the path's stage as it is kept; "" if there is none. One request."""
        return (self._pool.read_map(STAGES, [path]) or {}).get(path, "")

    def stage(self, path: str) -> Stage | None:
        """The path's stage. One request.

        Raises:
            BackendError: Its record is damaged.
        """
        value = self.value(path)
        if not value:
            return None
        record = loaded(value)
        return Stage(path, value, record if isinstance(record, Record) else None)

    def from_path(self, path: str) -> list[Stage]:
        """The stages of the path and of all below it."""
        prefix = path.rstrip("/") + "/"
        found = self._pool.read_map(STAGES, [path], prefix=prefix) or {}
        after = next(reversed(found), "")
        while after.startswith(prefix) and (page := self._pool.page(STAGES, after=after, prefix=prefix)):
            found |= page
            after = next(reversed(page))
        return [Stage(key, value, _record(value)) for key, value in found.items()]

    def replace(self, path: str, old: str, new: str) -> bool:
        """Put one record in the place of another, of which "" stands for none; False if there is another by now."""
        while True:
            sets, removes = ({path: new}, []) if new else ({}, [path])
            answer = self._pool.change(STAGES, guards={path: old}, sets=sets, removes=removes)
            if answer is not Answer.ABSENT or old:
                return answer is Answer.DONE
            self._pool.change(STAGES, create=True)

    def take(self, path: str, value: str) -> bool:
        """Take a record away, and own what it names; False if it is no longer there."""
        return self.replace(path, value, "")


def _record(value: str) -> Record | None:
    meant = loaded_or_none(value)
    return meant if isinstance(meant, Record) else None
