"""CONF-3 of parameters that the server keeps with a file, as a class of storage: however a file is written, it has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from storagedriver import StorageDriver, StorageDriverError
from storagedriver.testing import Content, ContractViolation, Subject, Tree, content, requirement
from storagedriver.testing.disturbed import ProxiedTarget
from storagedriver_suites.behaviour.parameters import alternatives, fields_of, other_values
from storagedriver_suites.behaviour.streams import made, stage, write_as, write_stream

Write = Callable[[StorageDriver, str], None]


def _small(driver: StorageDriver) -> Content:  # noqa: ARG001  as _large
    return content(1000, seed=1)


def _large(driver: StorageDriver) -> Content:
    return made("chunk+1", driver, seed=2)


def _written(kind: str, make: Callable[[StorageDriver], Content]) -> Write:
    return lambda driver, path: write_as(kind, driver, path, make(driver))


def _appended_to(make: Callable[[StorageDriver], Content]) -> Write:
    def write(driver: StorageDriver, path: str) -> None:
        driver.put_content(path, make(driver))
        write_stream(driver, path, [_small(driver)], append=True)

    return write


def _moved(make: Callable[[StorageDriver], Content]) -> Write:
    def write(driver: StorageDriver, path: str) -> None:
        driver.put_content(f"{path}-source", make(driver))
        driver.move(f"{path}-source", path)

    return write


def _resumed(driver: StorageDriver, path: str) -> None:
    stage(driver, path, _large(driver))
    write_stream(driver, path, [], append=True)


@dataclass(frozen=True, slots=True)
class Way:
    """A way for a file to come to be.

    Attributes:
        write: Makes the file at a path.
        capabilities: Those that it needs.
    """

    write: Write
    capabilities: tuple[str, ...] = ()

    def is_offered(self, driver: StorageDriver) -> bool:
        """Whether the driver has them."""
        return all(getattr(driver.capabilities, each) for each in self.capabilities)


WAYS: Mapping[str, Way] = {
    "large put": Way(_written("put", _large)),
    "stream": Way(_written("stream", _small)),
    "large stream": Way(_written("stream", _large)),
    "append": Way(_appended_to(_small), ("append",)),
    "append to a large file": Way(_appended_to(_large), ("append",)),
    "continued stream": Way(_resumed, ("append", "resumable_writes")),
    "move": Way(_moved(_small)),
    "large move": Way(_moved(_large)),
}


def _told(target: ProxiedTarget, driver: StorageDriver, path: str) -> set[str]:
    """What the server tells of a file while it is read: its headers, in lines, named in small letters."""
    target.proxy.begin()
    driver.get_content(path)
    lines = (
        line.decode("latin-1")
        for exchange in target.proxy.exchanges
        if exchange.answer is not None
        for line in exchange.answer.raw.split(b"\r\n")[1:]
    )
    named = (line.partition(":") for line in lines if line)
    return {f"{name.lower()}: {value.strip()}" for name, _, value in named}


def _names(lines: set[str]) -> set[str]:
    return {line.partition(":")[0] for line in lines}


@dataclass(frozen=True, slots=True)
class Kept:
    """A parameter whose value the server tells of a file that was put with it.

    Attributes:
        name: The parameter.
        value: Its value.
        lines: What the server tells of such a file, and of no other.
    """

    name: str
    value: object
    lines: frozenset[str]


def _kept(subject: Subject, target: ProxiedTarget, path: str) -> Iterator[Kept]:
    """The parameters with a choice of values of which the server tells one by a header that other files have not."""
    with target.open() as driver:
        driver.put_content(path, _small(driver))
        usual = _names(_told(target, driver, path))
    for name, field in fields_of(subject).items():
        if name in subject.wire.addresses or not _is_choice(field):
            continue
        for value in other_values(field, subject.parameters.get(name)):
            try:
                with target.open(**{name: value}) as driver:
                    driver.put_content(path, _small(driver))
                    told = _told(target, driver, path)
            except StorageDriverError:
                # It does not go with the others, or this server does not offer it.
                continue
            new = frozenset(line for line in told if line.partition(":")[0] not in usual)
            if new:
                yield Kept(name, value, new)
                break


def _is_choice(field: Mapping[str, Any]) -> bool:
    """Whether a parameter is some words, or yes and no. A number or a text may mean anything."""
    return any(each.get("enum") or each.get("type") == "boolean" for each in alternatives(field))


@requirement("CONF-3", needs=["wire"])
def test_what_a_parameter_gives_to_a_file_each_way_of_writing_gives(subject: Subject, tree: Tree) -> None:
    """Where the server tells a parameter's value of a file that was put, it tells it of one written another way too."""
    judged = []
    with subject.through_proxy() as target:
        for kept in _kept(subject, target, tree.path("put")):
            subject.measured(f"ways of writing with {kept.name}", _judge(kept, target, tree.path(kept.name)))
            judged.append(kept.name)
    if not judged:
        pytest.skip("of no parameter of a known choice does this server tell the value with a file")


def _judge(kept: Kept, target: ProxiedTarget, directory: str) -> int:
    """Write a file in each way that the driver offers; returns how many they were."""
    with target.open(**{kept.name: kept.value}) as driver:
        offered = {name: way for name, way in WAYS.items() if way.is_offered(driver)}
        for name, way in offered.items():
            path = f"{directory}/{name.replace(' ', '-')}"
            way.write(driver, path)
            missing = kept.lines - _told(target, driver, path)
            if missing:
                raise ContractViolation(
                    f"what the server tells of a file written by a {name} with {kept.name}={kept.value!r}",
                    expected=f"as of a file that was put: {', '.join(sorted(kept.lines))}",
                    seen=f"not told: {', '.join(sorted(missing))}",
                )
    return len(offered)
