"""How the suites make and judge the swift driver. Server, container and user come from the backend it runs against."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from storagedriver import paths
from storagedriver.parameters import parse
from storagedriver.registry import register_suite
from storagedriver.wire import WireAccess
from storagedriver_drivers.swift import manifests, ownership
from storagedriver_drivers.swift.deletion import may_be_large
from storagedriver_drivers.swift.driver import SwiftDriver
from storagedriver_drivers.swift.files import Files
from storagedriver_drivers.swift.foreign import ForeignSwiftObjects
from storagedriver_drivers.swift.layout import Layout
from storagedriver_drivers.swift.objects import Container, entry_name
from storagedriver_drivers.swift.parameters import SMALLEST_CHUNK, SwiftParameters
from storagedriver_drivers.swift.session import Session
from storagedriver_drivers.swift.waiting import Listings

PARAMETERS: Mapping[str, Any] = {
    # Small, so that the suites cross the boundaries with little data and few files.
    "chunksize": SMALLEST_CHUNK,
    "pagesize": 100,
    # So that a fault that lasts ends in an error soon.
    "retries": 3,
    "connect_timeout": 5,
    "read_timeout": 20,
}


def inspect(parameters: Mapping[str, Any], path: str = paths.ROOT) -> Sequence[str]:
    """Names the objects of a path and below it, staged ones too, and the segments that belong there."""
    model = parse(SwiftParameters, parameters, driver_name=SwiftDriver.name)
    container, layout = _container(model), Layout(model.rootdirectory)
    if path == paths.ROOT:
        areas = [layout.prefix(path), layout.stages(path), layout.all_segments()]
        return [name for area in areas for name in _names(container, area)]
    key = layout.key(path)
    files = [key] if container.head(key) is not None else []
    files += _names(container, layout.prefix(path))
    return [*files, *_names(container, layout.stages(path)), *_segments(container, layout, path)]


def _segments(container: Container, layout: Layout, path: str) -> list[str]:
    """The segments of a path's files, and those that were written for the path and belong to no file anywhere."""
    names = _names(container, layout.all_segments())
    if not names:
        return []
    owners = dict(_owners(container, layout))
    writers: dict[str, str] = {}
    found: list[str] = []
    for name in names:
        owner = owners.get(name)
        if owner is None:
            stream = name if layout.is_sharing(name) else name.rpartition("/")[0]
            if stream not in writers:
                answer = container.session.ask("HEAD", container.path(name), what="a segment", allowed=frozenset({404}))
                writers[stream] = ownership.path_in(answer.headers)
            owner = writers[stream]
        if owner == path or paths.is_below(owner, path):
            found.append(f"segment of {owner}: {name}")
    return found


def _owners(container: Container, layout: Layout) -> Iterator[tuple[str, str]]:
    files = Files(container, layout, Listings(container, 0))
    for page in container.pages(layout.prefix(paths.ROOT)):
        for entry in page:
            key = entry_name(entry)
            head = container.head(key) if may_be_large(files, entry) else None
            if head is not None and head.is_large:
                for segment in manifests.read(container, layout, key, head):
                    yield segment.inside(container) or "", layout.path(key)


def _names(container: Container, prefix: str) -> list[str]:
    return [entry_name(entry) for page in container.pages(prefix) for entry in page]


@functools.lru_cache(maxsize=4)
def _container(parameters: SwiftParameters) -> Container:
    """The container through a session that is kept: it is asked after each check."""
    return Container(Session(parameters), parameters)


register_suite(
    SwiftDriver.name,
    SwiftDriver.from_parameters,
    parameters=PARAMETERS,
    inspect=inspect,
    foreign=ForeignSwiftObjects,
    root_parameter="rootdirectory",
    # The answer that brings the token names the storage's address: there the proxy puts its own.
    wire=WireAccess(
        addresses=("authurl",),
        parameters={"retries": 2, "connect_timeout": 1, "read_timeout": 1},
        unrepeated={"retries": 0},
        seconds=40,
        unverified={"insecureskipverify": True},
        authority="ca_bundle",
    ),
    # The root is what precedes "files", as the Go registry's prefix does.
    roots_nest=False,
)
