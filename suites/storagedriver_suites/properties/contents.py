"""Steps on whole content: put_content and get_content."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from storagedriver import (
    PathNotFoundError,
)
from storagedriver_suites.properties import steps
from storagedriver_suites.properties.model import (
    File,
)
from storagedriver_suites.properties.state import Blame, State

_OTHER = bytes(byte ^ 0xA5 for byte in range(256))


def put(state: State, step: steps.Put) -> None:
    """Make the step Put."""
    path, data = step.path, step.content
    full = state.at(path)
    given: Any = data
    changeable = bytearray(data) if step.buffer != "bytes" else None
    if changeable is not None:
        given = memoryview(changeable) if step.buffer == "memoryview" else changeable
    blockers = state.model.in_the_way(path)
    existed = path in state.model.files
    begun = datetime.now(UTC)

    def put() -> None:
        state.driver.put_content(full, given)

    if blockers and state.judge.refused("CONT-7", put, f"put_content of {path!r}, where something is in the way"):
        state.did(Blame((path, *blockers), "CONT-7", "CONT-7"))
        return
    if not blockers:
        parent = path.rpartition("/")[0]
        made = "CONT-4" if parent and not state.model.is_directory(parent) else "CONT-1"
        state.judge.returns("CONT-2" if existed else made, put, f"put_content of {path!r}")
    spoiled = None
    if changeable is not None:
        changeable[:] = changeable.translate(_OTHER)
        spoiled = bytes(changeable)
    claim = "CONT-2" if existed else "CONT-1"
    state.publish(path, File(data, claim, spoiled, begun), blockers)


def put_text(state: State, step: steps.PutText) -> None:
    """Make the step PutText."""
    text: Any = "text"
    state.judge.raises(
        "CONT-3",
        TypeError,
        lambda: state.driver.put_content(state.at(step.path), text),
        f"put_content of a str at {step.path!r}",
    )
    state.did(Blame((step.path,), "CONT-7", "CONT-7"))


def get(state: State, step: steps.Get) -> None:
    """Make the step Get."""
    path = step.path
    full = state.at(path)
    file = state.model.files.get(path)
    if file is None:
        default = "WRITE-1" if state.model.open_writers(path) and state.model.capabilities.atomic_write else "CONT-5"
        state.judge.raises(
            state.model.absence(path, default),
            PathNotFoundError,
            lambda: state.driver.get_content(full),
            f"get_content of {path!r}, where no file is",
            path=full,
        )
        return
    claim = _claim(state, path, file)
    seen = state.judge.returns(claim, lambda: state.driver.get_content(full), f"get_content of {path!r}")
    state.judge_content(claim, seen, file, f"content of {path!r}")


def _claim(state: State, path: str, file: File) -> str:
    """The requirement that a file's content is judged by."""
    just_made = state.changed_at.get(path) == state.changes
    return "CONT-1" if state.looked == state.changes and not just_made else file.claim
