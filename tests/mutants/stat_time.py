"""Drivers that tell another time than that of the write."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from mutants.model import mutant
from mutants.stat import Told
from mutants.write import Uploading
from storagedriver import FileInfo, StorageDriverError
from storagedriver.base import Upload
from storagedriver_drivers.inmemory.driver import InMemoryDriver, InMemoryUpload
from storagedriver_drivers.inmemory.parameters import InMemoryParameters
from storagedriver_drivers.inmemory.store import File


class Timed(Told):
    """Tells a time of its own."""

    def _told(self, info: FileInfo) -> FileInfo:
        assert info.mod_time is not None
        return replace(info, mod_time=self._time(info.mod_time))

    def _time(self, of: datetime) -> datetime:
        return of


@mutant("STAT-1", bug="the time is naive")
class NaiveTime(Timed):
    def _time(self, of: datetime) -> datetime:
        return of.replace(tzinfo=None)


@mutant("STAT-1", bug="local time is labelled as UTC")
class LocalTimeAsUtc(Timed):
    def _time(self, of: datetime) -> datetime:
        return datetime.fromtimestamp(of.timestamp()).replace(tzinfo=UTC)  # noqa: DTZ006  the fault


@mutant("STAT-1", bug="UTC is taken for local time")
class UtcAsLocalTime(Timed):
    def _time(self, of: datetime) -> datetime:
        return datetime.fromtimestamp(time.mktime(of.timetuple()), UTC)


@mutant("STAT-1", bug="the time is aware, and local")
class LocalTime(Timed):
    def _time(self, of: datetime) -> datetime:
        return of.astimezone()


@mutant("STAT-1", bug="seconds are taken for milliseconds")
class SecondsForMilliseconds(Timed):
    def _time(self, of: datetime) -> datetime:
        return datetime.fromtimestamp(of.timestamp() / 1000, UTC)


@mutant("STAT-1", bug="the time of a stream is that of its opening")
class TimeOfTheOpening(Uploading):
    class Stream(InMemoryUpload):
        opened = datetime.fromtimestamp(0, UTC)

        def commit(self) -> None:
            super().commit()
            with self._store._lock:
                self._store._put(self._key, File(bytes(self._content), self.opened))

    def _opened(self, upload: InMemoryUpload, path: str, *, append: bool) -> None:
        assert isinstance(upload, self.Stream)
        upload.opened = datetime.now(UTC)


@mutant("STAT-1", bug="the day is told, not the time")
class DayAlone(Timed):
    def _time(self, of: datetime) -> datetime:
        return of.replace(hour=0, minute=0, second=0, microsecond=0)


@mutant("STAT-1", bug="the time is half a day ahead")
class HalfADayAhead(Timed):
    def _time(self, of: datetime) -> datetime:
        return of + timedelta(hours=12)


@mutant("STAT-1", bug="the time is that of the question")
class TimeOfTheQuestion(Timed):
    def _time(self, of: datetime) -> datetime:
        return datetime.now(UTC)


@mutant("STAT-1", bug="there is no time")
class NoTime(Told):
    def _told(self, info: FileInfo) -> FileInfo:
        return replace(info, mod_time=None)


@mutant("STAT-1", bug="the time that was told once is told for ever")
class FirstToldTime(Told):
    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._times: dict[str, datetime | None] = {}

    def _told(self, info: FileInfo) -> FileInfo:
        return replace(info, mod_time=self._times.setdefault(info.path, info.mod_time))


class FirstTimes(InMemoryDriver):
    """Can keep the time of a file's first write."""

    def _keeping(self, path: str) -> contextlib.AbstractContextManager[None]:
        return _keeping_time(self, path)


@contextlib.contextmanager
def _keeping_time(driver: InMemoryDriver, path: str) -> Iterator[None]:
    first = None
    with contextlib.suppress(StorageDriverError):
        first = driver._store.get_file(driver._key(path)).mod_time
    yield
    if first is not None:
        node = driver._store.get_file(driver._key(path))
        object.__setattr__(node, "mod_time", first)


@mutant("STAT-1", bug="a put does not move the time")
class PutKeepsTheTime(FirstTimes):
    def _put_content(self, path: str, content: bytes) -> None:
        with self._keeping(path):
            super()._put_content(path, content)


@mutant("STAT-1", bug="a put of what is there already does not move the time")
class SameContentKeepsTheTime(FirstTimes):
    def _put_content(self, path: str, content: bytes) -> None:
        same = False
        with contextlib.suppress(StorageDriverError):
            same = self._get_content(path) == content
        with self._keeping(path) if same else contextlib.nullcontext():
            super()._put_content(path, content)


@mutant("STAT-1", rows=("B10",), bug="a stream does not move the time")
class StreamKeepsTheTime(FirstTimes):
    def _writer(self, path: str, *, append: bool) -> Upload:
        upload = super()._writer(path, append=append)
        assert isinstance(upload, InMemoryUpload)
        keeping = self._keeping

        class Keeping(InMemoryUpload):
            def commit(self) -> None:
                with keeping(path):
                    super().commit()

        upload.__class__ = Keeping
        return upload


@mutant("STAT-1", rows=("B10",), bug="an append does not move the time")
class AppendKeepsTheTime(StreamKeepsTheTime):
    def _writer(self, path: str, *, append: bool) -> Upload:
        return super()._writer(path, append=append) if append else InMemoryDriver._writer(self, path, append=append)


@mutant("STAT-1", bug="a stream has the time of its opening, so that a shorter one is set back")
class StreamSetsTheTimeBack(InMemoryDriver):
    def _writer(self, path: str, *, append: bool) -> Upload:
        upload = super()._writer(path, append=append)
        assert isinstance(upload, InMemoryUpload)
        store, key = self._store, self._key(path)
        first = datetime.now(UTC) - timedelta(seconds=1)

        class Backdated(InMemoryUpload):
            def commit(self) -> None:
                super().commit()
                object.__setattr__(store.get_file(key), "mod_time", first)

        upload.__class__ = Backdated
        return upload
