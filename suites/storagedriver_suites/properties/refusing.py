"""Steps that are refused: invalid paths, and what the driver does not offer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from storagedriver import (
    FileWriter,
    InvalidPathError,
    StorageDriver,
)
from storagedriver_suites.properties import steps
from storagedriver_suites.properties.state import Blame, State


def _cancelled(writer: FileWriter) -> None:
    writer.cancel()


INVALID_CALLS: Mapping[str, Callable[[StorageDriver, str, str], object]] = {
    "get_content": lambda driver, path, other: driver.get_content(path),  # noqa: ARG005
    "put_content": lambda driver, path, other: driver.put_content(path, b"1"),  # noqa: ARG005
    "reader": lambda driver, path, other: driver.reader(path).close(),  # noqa: ARG005
    "writer": lambda driver, path, other: _cancelled(driver.writer(path)),  # noqa: ARG005
    "stat": lambda driver, path, other: driver.stat(path),  # noqa: ARG005
    "list": lambda driver, path, other: driver.list(path),  # noqa: ARG005
    "walk": lambda driver, path, other: driver.walk(path).close(),  # noqa: ARG005
    "move-source": lambda driver, path, other: driver.move(path, other),
    "move-dest": lambda driver, path, other: driver.move(other, path),
    "delete": lambda driver, path, other: driver.delete(path),  # noqa: ARG005
}
"""Calls with an invalid path, by name."""


def invalid_path(state: State, step: steps.InvalidPath) -> None:
    """Make the step InvalidPath."""
    path = "/" if step.path == "/" else f"{state.root}{step.path}"
    call = INVALID_CALLS[step.method]
    what = f"{step.method} of an invalid path"
    state.judge.raises(step.requirement, InvalidPathError, lambda: call(state.driver, path, state.at("a")), what)
    state.judge.judged["PATH-4"] += 1
    state.did(Blame((step.path.strip("/"), "a"), "PATH-4", "PATH-4"))


def redirect(state: State, step: steps.Redirect) -> None:
    """Make the step Redirect."""
    if not state.model.capabilities.redirect:
        seen = state.judge.returns("CAP-1", lambda: state.driver.redirect_url(state.at(step.path)), "redirect_url")
        state.judge.equal("CAP-1", seen, None, "redirect_url, which is not offered")
