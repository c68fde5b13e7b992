"""Random work on a few files: what each worker does is decided by a seed before any of it is done."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import pytest

from storagedriver import Capabilities, PathNotFoundError, StorageDriver, StorageDriverError
from storagedriver.testing import Subject, Tree, full, soak

SEEDS = (
    *(1, 2, 3),
    *(pytest.param(seed, marks=full) for seed in range(4, 7)),
    *(pytest.param(seed, marks=soak) for seed in range(7, 21)),
)
"""Seeds for random work: what is done, and by whom, is the same for the same seed; when it is done is not."""


class Action(StrEnum):
    """What a worker does in one step."""

    GET = "get"
    READ = "read"
    STAT = "stat"
    PUT = "put"
    STREAM = "stream"
    APPEND = "append"
    DELETE = "delete"
    MOVE = "move"


MIXED: Mapping[Action, int] = MappingProxyType(
    {
        Action.GET: 6,
        Action.READ: 3,
        Action.STAT: 3,
        Action.PUT: 4,
        Action.STREAM: 3,
        Action.APPEND: 2,
        Action.DELETE: 2,
    }
)
"""How often each action comes, relative to the others, where all are wanted."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of one worker.

    Attributes:
        action: What it does.
        path: The file.
        content: What is put, streamed or appended; no two steps of a workload have the same. Empty for others.
        dest: Where a move goes; empty for others.
    """

    action: Action
    path: str
    content: bytes = b""
    dest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much is done.

    Attributes:
        workers: How many threads, or processes, work at once.
        steps: How many steps each makes.
        files: On how many files.
        rounds: How often what is done in rounds is repeated.
        patience: Seconds after which threads that have not returned are taken for hung.
    """

    workers: int
    steps: int
    files: int
    rounds: int
    patience: int = 30


_LOADS = {
    # (profile, whether a server is behind the driver): there each step costs milliseconds.
    ("quick", False): Load(workers=8, steps=40, files=2, rounds=30),
    ("quick", True): Load(workers=6, steps=12, files=2, rounds=6),
    ("full", False): Load(workers=8, steps=150, files=4, rounds=100, patience=120),
    ("full", True): Load(workers=8, steps=30, files=3, rounds=15, patience=120),
    ("soak", False): Load(workers=12, steps=400, files=6, rounds=200, patience=280),
    ("soak", True): Load(workers=10, steps=150, files=4, rounds=60, patience=280),
}


def load_of(subject: Subject) -> Load:
    """How much is done in this profile with this driver."""
    return _LOADS[subject.profile, subject.target.backend is not None]


def workload(
    seed: int,
    load: Load,
    tree: Tree,
    *,
    actions: Mapping[Action, int] = MIXED,
    sizes: Sequence[int] = (20, 300, 3000),
    capabilities: Capabilities,
) -> list[list[Step]]:
    """What each worker does.

    Args:
        seed: Decides all of it.
        load: How much.
        tree: Where the files lie.
        actions: What is done, and how often.
        sizes: Sizes of contents in bytes, each a little different so that stat tells them apart.
        capabilities: Of the driver: an append that it does not offer becomes a stream.
    """
    paths = [tree.path(f"shared/file-{number}") for number in range(load.files)]
    return [
        _steps(
            worker, random.Random(f"{seed}-{worker}"), load, paths, actions=actions, sizes=sizes, offered=capabilities
        )
        for worker in range(load.workers)
    ]


def _steps(
    worker: int,
    chance: random.Random,
    load: Load,
    paths: Sequence[str],
    *,
    actions: Mapping[Action, int],
    sizes: Sequence[int],
    offered: Capabilities,
) -> list[Step]:
    steps = []
    for number in range(load.steps):
        (action,) = chance.choices(list(actions), list(actions.values()))
        if action is Action.APPEND and not offered.append:
            action = Action.STREAM
        path = chance.choice(paths)
        content, dest = b"", ""
        if action in {Action.PUT, Action.STREAM, Action.APPEND}:
            content = content_of(worker, number, chance.choice(sizes) + worker * load.steps + number)
        elif action is Action.MOVE:
            dest = chance.choice([each for each in paths if each != path])
        steps.append(Step(action, path, content, dest))
    return steps


def content_of(worker: int, number: int, size: int) -> bytes:
    """Content that tells at each place who wrote it."""
    word = b"<%d.%d>" % (worker, number)
    return (word * (size // len(word) + 1))[: max(size, len(word))]


def perform(driver: StorageDriver, step: Step) -> None:
    """Do one step. That a file is absent is an answer to what looks for one; all else that is raised is not expected."""
    action, path = step.action, step.path
    if action is Action.READ:
        _read(driver, path)
    elif action is Action.APPEND or action is Action.STREAM:
        _stream(driver, path, step.content, append=action is Action.APPEND)
    elif action is Action.PUT:
        driver.put_content(path, step.content)
    else:
        with contextlib.suppress(PathNotFoundError):
            if action is Action.GET:
                driver.get_content(path)
            elif action is Action.STAT:
                driver.stat(path)
            elif action is Action.DELETE:
                driver.delete(path)
            else:
                driver.move(path, step.dest)


def _read(driver: StorageDriver, path: str) -> None:
    try:
        reader = driver.reader(path)
    except PathNotFoundError:
        return
    # What is replaced while it is read may end in an error, and not before its end (READ-7).
    with reader, contextlib.suppress(StorageDriverError):
        while reader.read(1000):
            pass


def _stream(driver: StorageDriver, path: str, content: bytes, *, append: bool) -> None:
    try:
        writer = driver.writer(path, append=append)
    except PathNotFoundError:
        if not append:
            raise
        return
    third = len(content) // 3
    with writer:
        for piece in (content[:third], content[third : 2 * third], content[2 * third :]):
            writer.write(piece)
        writer.commit()
