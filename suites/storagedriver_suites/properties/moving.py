"""Steps that move and delete."""

from __future__ import annotations

from collections.abc import Callable

from storagedriver import (
    PathConflictError,
    PathNotFoundError,
    UnsupportedMethodError,
)
from storagedriver_suites.properties import steps
from storagedriver_suites.properties.model import (
    is_below,
    parents,
)
from storagedriver_suites.properties.state import Blame, State


def move(state: State, step: steps.Move) -> None:
    """Make the step Move."""
    source, dest, model = step.source, step.dest, state.model
    directory = model.is_directory(source)
    what = f"move of {source!r} to {dest!r}"

    def move() -> None:
        state.driver.move(state.at(source), state.at(dest))

    both = (source, dest)
    if source not in model.files and not directory:
        state.judge.raises("MOVE-2", PathNotFoundError, move, f"{what}: an absent source", path=state.at(source))
        state.did(Blame(both, "MOVE-2", "MOVE-2"))
    elif directory and not model.capabilities.move_directory:
        conflict = source != dest and (is_below(dest, source) or model.is_directory(dest))
        kinds = (UnsupportedMethodError, PathConflictError) if conflict else UnsupportedMethodError
        state.judge.raises("CAP-1", kinds, move, f"{what}: a directory")
        state.did(Blame(both, "CAP-1"))
    elif source == dest:
        state.judge.returns("MOVE-3", move, what)
        state.did(Blame(both, "MOVE-3"))
    elif is_below(dest, source) or model.is_directory(dest):
        state.judge.raises("MOVE-6", PathConflictError, move, what)
        state.did(Blame(both, "MOVE-6", "MOVE-6"))
    elif directory and dest in model.files:
        return  # Left open.
    elif any(parent in model.files for parent in parents(dest)):
        _move_below_a_file(state, source, dest, move, what)
    else:
        claim = "MOVE-5" if directory else "MOVE-1"
        state.judge.returns(claim, move, what)
        _moved(state, source, dest, claim)


def _moved(state: State, source: str, dest: str, claim: str) -> None:
    state.model.move(source, dest, claim)
    state.did(Blame((source, dest), claim, "MOVE-5" if claim == "MOVE-5" else "PATH-6"), [source, dest])


def _move_below_a_file(state: State, source: str, dest: str, move: Callable[[], None], what: str) -> None:
    """Some stores hold a file and what is below it: there all is whole, and goes again; others refuse (MOVE-7)."""
    model = state.model
    if state.judge.refused("MOVE-7", move, f"{what}, which is below a file"):
        state.did(Blame((source, dest, *parents(dest)), "MOVE-7", "MOVE-7"))
        return
    top = next(parent for parent in parents(dest) if parent in model.files)
    for each in [each for each in model.files if each == source or is_below(each, source)]:
        full = state.at(f"{dest}{each.removeprefix(source)}")
        seen = state.judge.returns("MOVE-1", lambda full=full: state.driver.get_content(full), what)  # type: ignore[misc]
        state.judge.equal("MOVE-1", seen, model.files[each].content, f"content at dest: {what}")
    model.remove(source, "MOVE-1")
    model.leave_stages_open(source)
    for writer in model.writers.values():
        writer.doomed = writer.doomed or writer.path == source or is_below(writer.path, source)
    state.dissolve(top)


def delete(state: State, step: steps.Delete) -> None:
    """Make the step Delete."""
    path, model = step.path, state.model
    full = state.at(path)
    if path not in model.files and not model.is_directory(path):
        claim = "DEL-3"
        what = f"delete of {path!r}, which is absent"
        state.judge.raises(claim, PathNotFoundError, lambda: state.driver.delete(full), what, path=full)
        # Whether what is staged there goes all the same is left open.
        model.leave_stages_open(path)
        for writer in model.writers.values():
            writer.doomed = writer.doomed or writer.path == path or is_below(writer.path, path)
        state.did(Blame((path,), "DEL-3", "DEL-2"))
        return
    state.judge.returns("DEL-1", lambda: state.driver.delete(full), f"delete of {path!r}")
    model.remove(path, "DEL-1")
    model.end_stages(path)
    state.did(Blame((path,), "DEL-1", "DEL-2"), [path])
