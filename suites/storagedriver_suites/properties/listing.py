"""Steps that ask what is there: stat, list and walk."""

from __future__ import annotations

from datetime import datetime, timedelta

from storagedriver import (
    FileInfo,
    PathNotFoundError,
)
from storagedriver_suites.properties import steps
from storagedriver_suites.properties.model import (
    File,
    OpenedWalk,
    components,
    is_below,
)
from storagedriver_suites.properties.state import State

SLACK = timedelta(seconds=2)
"""How far before the write a modification time may lie (STAT-1)."""


def stat(state: State, step: steps.Stat) -> None:
    """Make the step Stat."""
    path = step.path
    if path == "/":
        info = state.judge.returns("STAT-2", lambda: state.driver.stat("/"), "stat of '/'")
        state.judge.equal("STAT-2", info.is_dir, True, "is_dir of '/'")
        return
    full, file = state.at(path), state.model.files.get(path)
    if file is not None:
        _stat_file(state, path, file)
        return
    if state.model.is_directory(path):
        info = state.judge.returns("STAT-2", lambda: state.driver.stat(full), f"stat of the directory {path!r}")
        state.judge.equal("STAT-2", info.is_dir, True, f"is_dir of the directory {path!r}")
        state.judge.equal("STAT-2", info.path, full, f"path of the directory {path!r}")
        return
    default = "WRITE-1" if state.model.open_writers(path) and state.model.capabilities.atomic_write else "STAT-3"
    claim = state.model.absence(path, default)
    what = f"stat of {path!r}, which is absent"
    state.judge.raises(claim, PathNotFoundError, lambda: state.driver.stat(full), what, path=full)


def _stat_file(state: State, path: str, file: File) -> None:
    full = state.at(path)
    info = state.judge.returns("STAT-1", lambda: state.driver.stat(full), f"stat of {path!r}")
    state.judge.equal("STAT-1", info.size, len(file.content), f"size of {path!r} by stat")
    state.judge.equal("STAT-1", info.is_dir, False, f"is_dir of {path!r}")
    state.judge.equal("STAT-1", info.path, full, f"path of {path!r}")
    time = info.mod_time
    what = f"mod_time of {path!r}"
    aware = isinstance(time, datetime) and time.utcoffset() == timedelta(0)
    state.judge.true("STAT-1", aware, what, expected="an aware time in UTC", seen=time)
    assert time is not None
    earliest = max(
        [each for each in (file.seen_time, file.not_before and file.not_before - SLACK) if each is not None],
        default=time,
    )
    state.judge.true("STAT-1", time >= earliest, what, expected=f"{earliest} or later", seen=str(time))
    file.seen_time = time


def list_directory(state: State, step: steps.List) -> None:
    """Make the step List."""
    path = step.path
    if path == "/":
        if state.model.capabilities.consistent_list:
            names = state.judge.returns("LIST-2", lambda: state.driver.list("/"), "list of '/'")
            top = "/" + state.root.split("/")[1]
            there = (top in names) or not state.model.files
            state.judge.true("LIST-2", there, "list of '/'", expected=f"{top} is in it", seen="it is not")
        return
    full = state.at(path)
    if not state.model.is_directory(path):
        claim = "LIST-2" if path in state.model.files else state.model.absence(path, "LIST-2")
        what = f"list of {path!r}, which is no directory"
        state.judge.raises(claim, PathNotFoundError, lambda: state.driver.list(full), what, path=full)
        return
    if not state.model.capabilities.consistent_list:
        return
    names = state.judge.returns("LIST-1", lambda: state.driver.list(full), f"list of {path!r}")
    seen = sorted(names)
    expected = [state.at(child) for child in state.model.children(path)]
    state.judge.judged["LIST-1"] += 1
    if seen != expected:
        raise _list_is_wrong(state, path, seen, expected)
    state.judge.judged["LIST-4"] += 1
    state.judge.judged["LIST-5"] += 1


def _list_is_wrong(state: State, path: str, seen: list[str], expected: list[str]) -> Exception:
    full, what = state.at(path), f"sorted list of {path!r}"
    for child in sorted({*seen} ^ {*expected}):
        if child in expected or (child.startswith(f"{full}/") and "/" not in child.removeprefix(f"{full}/")):
            state.is_as_expected(state.relative(child))
    # Called again, so that it is the last call.
    seen = sorted(state.driver.list(full))
    strange = [child for child in seen if not child.startswith(f"{full}/")]
    claim = "LIST-1"
    if strange:
        claim = "LIST-4"
    elif {*seen} != {*expected}:
        changed = max((state.changed_at.get(state.relative(each), 0) for each in {*seen} ^ {*expected}), default=0)
        claim = "LIST-5" if changed else "LIST-1"
    return state.judge.violated(claim, what, expected=expected, seen=seen, comparable=True)


def walk(state: State, step: steps.Walk) -> None:
    """Make the step Walk."""
    path, model = step.path, state.model
    full = state.at(path)
    if not model.is_directory(path):
        claim = "WALK-3" if path in model.files else model.absence(path, "WALK-3")
        what = f"walk of {path!r}, which is no directory"
        state.judge.raises(claim, PathNotFoundError, lambda: _walked(state, step), what, path=full)
        return
    if not model.capabilities.consistent_list:
        return
    partly = step.start_after is not None or step.prune is not None
    claim = "WALK-2" if partly else "WALK-1"
    infos = state.judge.returns(claim, lambda: _walked(state, step), f"walk of {path!r}")
    seen = [info.path for info in infos]
    coming = model.walk(path, step.start_after)
    pruned = step.prune if step.prune in coming else None
    expected = [state.at(each) for each in coming if pruned is None or not is_below(each, pruned)]
    state.judge.judged[claim] += 1
    state.judge.judged["LIST-5"] += 1
    if seen != expected:
        for each in sorted({*seen} ^ {*expected}):
            if each.startswith(f"{full}/"):
                state.is_as_expected(state.relative(each))
        if not partly and any(state.relative(each) in state.changed_at for each in {*seen} - {*expected}):
            claim = "LIST-5"
        seen = [info.path for info in _walked(state, step)]
        raise state.judge.violated(claim, f"paths of a walk of {path!r}", expected=expected, seen=seen, comparable=True)
    for info in infos:
        file = model.files.get(state.relative(info.path))
        state.judge.equal("STAT-1", info.size, 0 if file is None else len(file.content), "size in a walk")
        state.judge.equal("WALK-1", info.is_dir, file is None, "is_dir in a walk")


def _walked(state: State, step: steps.Walk) -> list[FileInfo]:
    after = None if step.start_after is None else state.at(step.start_after)
    prune = None if step.prune is None else state.at(step.prune)
    found = []
    with state.driver.walk(state.at(step.path), start_after=after) as walk:
        for info in walk:
            found.append(info)
            if info.path == prune and info.is_dir:
                walk.prune()
    return found


def open_walk(state: State, step: steps.OpenWalk) -> None:
    """Make the step OpenWalk."""
    model = state.model
    before = model.walks.pop(step.slot, None)
    if before is not None:
        before.stream.close()
    if not model.is_directory(step.path) or not model.capabilities.consistent_list:
        return
    after = None if step.start_after is None else state.at(step.start_after)
    stream = state.judge.returns(
        "WALK-1", lambda: state.driver.walk(state.at(step.path), start_after=after), f"walk of {step.path!r}"
    )
    there = {path for path in model.tree() if is_below(path, step.path)}
    model.walks[step.slot] = OpenedWalk(step.path, stream, step.start_after, there, set(there))


def walk_on(state: State, step: steps.WalkOn) -> None:
    """Make the step WalkOn."""
    walk = state.model.walks.get(step.slot)
    if walk is None:
        return
    info = None
    for _ in range(step.steps):
        claim = "WALK-3" if walk.changed else "WALK-1"
        what = f"a step of a walk of {walk.path!r} after {walk.last!r}"
        info = state.judge.returns(claim, lambda: next(walk.stream, None), what)
        path = None if info is None else state.relative(info.path)
        _came(state, walk, path, claim, what)
        if path is None:
            del state.model.walks[step.slot]
            return
        walk.last = path
    if step.prune and info is not None and info.is_dir:
        walk.stream.prune()
        walk.pruned.append(state.relative(info.path))


def _came(state: State, walk: OpenedWalk, path: str | None, claim: str, what: str) -> None:
    """What an open walk gave is something that may come next; None stands for its end."""
    due = min((each for each in walk.certain if walk.due(each)), key=components, default=None)
    if path is not None:
        broken = (
            claim
            if path not in walk.possible or (walk.last is not None and components(path) <= components(walk.last))
            else "WALK-2"
        )
        allowed = path in walk.possible and walk.due(path)
        state.judge.true(broken, allowed, what, expected=f"{due!r}, or the end", seen=path)
    missed = due is not None and (path is None or components(due) < components(path))
    state.judge.true(claim, not missed, what, expected=due, seen="the end" if path is None else path)
