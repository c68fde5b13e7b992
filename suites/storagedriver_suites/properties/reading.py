"""Steps on readers, those that are open while their file changes too."""

from __future__ import annotations

import contextlib

from storagedriver import (
    InvalidOffsetError,
    PathNotFoundError,
    StorageDriverError,
)
from storagedriver_suites.properties import steps
from storagedriver_suites.properties.model import (
    OpenedReader,
)
from storagedriver_suites.properties.state import State


def read(state: State, step: steps.Read) -> None:
    """Make the step Read."""
    path, offset = step.path, step.offset
    full = state.at(path)
    if offset < 0:
        state.judge.raises(
            "READ-3",
            InvalidOffsetError,
            lambda: state.driver.reader(full, offset),
            f"reader at {offset}",
            path=full,
        )
        return
    file = state.model.files.get(path)
    if file is None:
        _reader_is_refused(state, path, offset)
        return
    claim = "READ-2" if offset >= len(file.content) else "READ-1"
    reader = state.judge.returns(claim, lambda: state.driver.reader(full, offset), f"reader of {path!r}")
    try:
        seen = state.judge.returns(claim, reader.read, f"read of {path!r} from byte {offset}")
        state.judge.equal(claim, seen, file.content[offset:], f"what a reader of {path!r} gives from byte {offset}")
    finally:
        reader.close()


def _reader_is_refused(state: State, path: str, offset: int) -> None:
    full = state.at(path)

    def read() -> None:
        reader = state.driver.reader(full, offset)
        try:
            if not state.model.capabilities.eager_open:
                reader.read(1)
        finally:
            reader.close()

    claim = state.model.absence(path, "READ-4")
    state.judge.raises(claim, PathNotFoundError, read, f"reader of {path!r}, where no file is", path=full)


def open_reader(state: State, step: steps.OpenReader) -> None:
    """Make the step OpenReader."""
    file = state.model.files.get(step.path)
    close_reader(state, steps.CloseReader(step.slot))
    if file is None:
        _reader_is_refused(state, step.path, step.offset)
        return
    full = state.at(step.path)
    stream = state.judge.returns("READ-1", lambda: state.driver.reader(full, step.offset), f"reader of {step.path!r}")
    state.model.readers[step.slot] = OpenedReader(step.path, stream, step.offset, [file.content[step.offset :]])


def read_on(state: State, step: steps.ReadOn) -> bytes | None:
    """What an open reader gives; None if it gives an error, as it may once its file has changed."""
    reader = state.model.readers.get(step.slot)
    if reader is None:
        return None
    what = f"read({step.size}) of a reader of {reader.path!r}, after {reader.position} bytes"
    if reader.changed is not None:
        return _read_changed(state, step.slot, reader, step.size, what)
    claim = "READ-6" if len(state.model.readers) > 1 else "READ-5"
    seen = state.judge.returns(claim, lambda: reader.stream.read(step.size), what)
    whole = reader.wholes[0]
    expected = whole[reader.position :] if step.size < 0 else whole[reader.position : reader.position + step.size]
    if not (step.size > 0 and seen and expected.startswith(seen)):
        state.judge.equal(claim, seen, expected, what)
    reader.position += len(seen)
    return seen


def _read_changed(state: State, slot: int, reader: OpenedReader, size: int, what: str) -> bytes | None:
    """Of a file that has changed a reader gives one of its contents whole, or an error (READ-7, CONT-6)."""
    if reader.changed == "put" and not state.model.capabilities.atomic_put:
        del state.model.readers[slot]
        reader.stream.close()
        return None
    claim = "CONT-6" if reader.changed == "put" else "READ-7"
    state.judge.judged[claim] += 1
    try:
        seen = reader.stream.read(size)
    except StorageDriverError:
        del state.model.readers[slot]
        with contextlib.suppress(StorageDriverError):
            reader.stream.close()
        return None
    except Exception as error:
        raise state.judge.violated(claim, what, expected="the content, or an error of the kit", seen=error) from error
    place = reader.position
    fitting = [whole for whole in reader.wholes if _continues(whole, place, seen, size)]
    if not fitting:
        expected = [whole[place:] if size < 0 else whole[place : place + size] for whole in reader.wholes]
        one = expected[0] if len(expected) == 1 else expected
        raise state.judge.violated(claim, what, expected=one, seen=seen, comparable=len(expected) == 1)
    reader.wholes = fitting
    reader.position += len(seen)
    return seen


def close_reader(state: State, step: steps.CloseReader) -> None:
    """Make the step CloseReader."""
    reader = state.model.readers.pop(step.slot, None)
    if reader is None:
        return
    if reader.changed is not None:
        with contextlib.suppress(StorageDriverError):
            reader.stream.close()
        return
    for again in ("", ", again"):
        state.judge.returns("READ-5", reader.stream.close, f"close of a reader{again}")
    state.judge.raises("READ-5", ValueError, lambda: reader.stream.read(1), "read of a closed reader")


def _continues(whole: bytes, place: int, seen: bytes, size: int) -> bool:
    rest = whole[place:]
    if size < 0:
        return seen == rest
    return rest.startswith(seen) and len(seen) <= size and (bool(seen) or not rest or size == 0)
