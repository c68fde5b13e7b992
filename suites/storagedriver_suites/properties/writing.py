"""Steps on writers: what is staged, published, continued and given up."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime

from storagedriver import (
    PathNotFoundError,
    StorageDriverError,
    UnsupportedMethodError,
    WriterStateError,
)
from storagedriver_suites.properties import steps
from storagedriver_suites.properties.model import (
    File,
    OpenedWriter,
    Stage,
    WriterState,
    joined,
)
from storagedriver_suites.properties.reading import read_on
from storagedriver_suites.properties.state import Blame, State


def open_writer(state: State, step: steps.OpenWriter) -> None:
    """Make the step OpenWriter."""
    path, model, driver = step.path, state.model, state.driver
    full = state.at(path)
    if step.slot in model.writers:
        close_writer(state, steps.CloseWriter(step.slot))
        del model.writers[step.slot]
    if step.append and not model.capabilities.append:
        state.judge.raises(
            "CAP-1", UnsupportedMethodError, lambda: driver.writer(full, append=True), f"append to {path!r}"
        )
        state.did(Blame((path,), "CAP-1"))
        return
    if not model.capabilities.atomic_write or model.in_the_way(path):
        return
    if step.append and model.is_left_open(path):
        return
    continued = model.continued(path) if step.append else None
    if step.append and continued is None:
        state.judge.raises(
            _no_stage(state, path),
            PathNotFoundError,
            lambda: driver.writer(full, append=True).cancel(),
            f"append to {path!r}, where nothing is to continue",
            path=full,
        )
        state.did(Blame((path,), "WRITE-3"))
        return
    base, from_stage = continued or (b"", False)
    claim = "WRITE-10" if from_stage else "WRITE-3" if step.append else "WRITE-2"
    stream = state.judge.returns(claim, lambda: driver.writer(full, append=step.append), f"writer of {path!r}")
    writer = OpenedWriter(path, stream, base, step.append, from_stage, base)
    model.began(step.slot, writer)
    _size_is_right(state, writer, "WRITE-10" if from_stage else "WRITE-4")
    state.did(Blame((path,), "WRITE-1"))


def _no_stage(state: State, path: str) -> str:
    """The requirement by which there is nothing to continue at a path."""
    gone = state.model.gone.get(path)
    return "WRITE-3" if gone is None or gone.startswith("MOVE") else "DEL-5"


def _size_is_right(state: State, writer: OpenedWriter, claim: str = "WRITE-4") -> None:
    seen = state.judge.returns(claim, lambda: writer.stream.size, f"size of a writer of {writer.path!r}")
    state.judge.equal(claim, seen, len(writer.written), f"size of a writer of {writer.path!r}")


def write(state: State, step: steps.Write) -> None:
    """Make the step Write."""
    writer = state.model.writers.get(step.slot)
    if writer is not None:
        _write_to(state, writer, step.content, "WRITE-2")


def _write_to(state: State, writer: OpenedWriter, data: bytes, claim: str) -> None:
    what = f"write of a writer of {writer.path!r}"
    if writer.state is not WriterState.OPEN:
        _is_refused(state, writer, lambda: writer.stream.write(data), f"{what} that is {writer.state.value}")
        return
    if writer.doomed:
        if state.judge.refused("WRITE-8", lambda: writer.stream.write(data), what):
            _give_up(state, writer)
            return
    else:
        count = state.judge.returns(claim, lambda: writer.stream.write(data), what)
        state.judge.equal("WRITE-2", count, len(data), f"what {what} returns")
    writer.written = joined(writer.written, data)
    writer.wrote = writer.wrote or bool(data)
    if not writer.doomed:
        _size_is_right(state, writer)
    state.did(Blame((writer.path,), "WRITE-1"))


def _is_refused(state: State, writer: OpenedWriter, action: Callable[[], object], what: str) -> None:
    """A call on a writer that has ended raises, and changes nothing (WRITE-5)."""
    state.judge.raises("WRITE-5", WriterStateError, action, what)
    state.did(Blame((writer.path,), "WRITE-5"))


def feed(state: State, step: steps.Feed) -> None:
    """Make the step Feed."""
    writer = state.model.writers.get(step.slot)
    if writer is None or writer.state is not WriterState.OPEN or step.reader not in state.model.readers:
        return
    reader = state.model.readers[step.reader]
    begun = reader.position
    data = read_on(state, steps.ReadOn(step.reader, step.size))
    if data is None:
        return
    known = next((whole for whole in reader.wholes if whole[begun : begun + len(data)] == data), data)
    _write_to(state, writer, known[begun : begun + len(data)], "WRITE-12")


def commit(state: State, step: steps.Commit) -> None:
    """Make the step Commit."""
    writer = state.model.writers.get(step.slot)
    if writer is None:
        return
    path = writer.path
    what = f"commit of a writer of {path!r}"
    if writer.state is not WriterState.OPEN:
        _is_refused(state, writer, writer.stream.commit, f"{what} that is {writer.state.value}")
        return
    blockers = state.model.in_the_way(path)
    claim = _commit_claim(writer)
    begun = datetime.now(UTC)
    if blockers or writer.doomed:
        if state.judge.refused(claim, writer.stream.commit, what):
            _give_up(state, writer)
            return
    else:
        state.judge.returns(claim, writer.stream.commit, what)
    state.model.committed(writer)
    state.publish(path, File(writer.written, claim, not_before=begun), blockers)


def _commit_claim(writer: OpenedWriter) -> str:
    if writer.continues_stage:
        return "WRITE-10"
    if writer.shared:
        return "WRITE-8"
    if not writer.wrote:
        return "WRITE-9"
    return "WRITE-3" if writer.append else "WRITE-2"


def _give_up(state: State, writer: OpenedWriter) -> None:
    """What a refused stream staged goes by cancel, and nothing is published."""
    with contextlib.suppress(StorageDriverError):
        writer.stream.cancel()
    state.model.cancelled(writer)
    state.model.leave_stages_open(writer.path)
    state.did(Blame((writer.path,), "WRITE-5"))


def cancel(state: State, step: steps.Cancel) -> None:
    """Make the step Cancel."""
    writer = state.model.writers.get(step.slot)
    if writer is None or writer.state is WriterState.CANCELLED:
        return
    what = f"cancel of a writer of {writer.path!r}"
    if writer.state is WriterState.COMMITTED:
        _is_refused(state, writer, writer.stream.cancel, f"{what} that is committed")
        return
    stage = state.model.stages.get(writer.path)
    if isinstance(stage, Stage) and stage.owner is writer:
        for other in state.model.open_writers(writer.path):
            other.doomed = other.doomed or other.continues_stage
    if writer.doomed:
        with contextlib.suppress(StorageDriverError):
            writer.stream.cancel()
    else:
        state.judge.returns("WRITE-5", writer.stream.cancel, what)
    state.model.cancelled(writer)
    state.did(Blame((writer.path,), "WRITE-5"))


def close_writer(state: State, step: steps.CloseWriter) -> None:
    """Make the step CloseWriter."""
    writer = state.model.writers.get(step.slot)
    if writer is None:
        return
    was_open = writer.state is WriterState.OPEN
    if writer.doomed:
        with contextlib.suppress(StorageDriverError):
            writer.stream.close()
    else:
        state.judge.returns("WRITE-6", writer.stream.close, f"close of a writer of {writer.path!r}")
    if was_open:
        state.model.closed(writer)
    state.did(Blame((writer.path,), "WRITE-6"))
