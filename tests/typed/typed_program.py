"""A program of a user, with the types it sees: type checkers read it, and it runs. It is checked against an installation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO, assert_type

from storagedriver import (
    Capabilities,
    FileInfo,
    FileWriter,
    PathNotFoundError,
    StorageDriver,
    SuiteRegistration,
    Walk,
    factory,
    registered_suites,
)
from storagedriver_drivers.inmemory import InMemoryDriver


def use(driver: StorageDriver) -> None:
    assert_type(driver.capabilities, Capabilities)
    driver.put_content("/a/b", b"content")
    assert_type(driver.get_content("/a/b"), bytes)
    with driver.reader("/a/b", 3) as reader:
        assert_type(reader, BinaryIO)
        assert reader.read() == b"tent"
    with driver.writer("/a/c") as writer:
        assert_type(writer, FileWriter)
        assert_type(writer.write(bytearray(b"more")), int)
        writer.commit()
    assert_type(driver.stat("/a/c"), FileInfo)
    assert_type(driver.list("/a"), Sequence[str])
    with driver.walk("/a") as walk:
        assert_type(walk, Walk)
        assert [info.path for info in walk] == ["/a/b", "/a/c"]
    assert_type(driver.redirect_url("/a/b", method="GET", expires=60), str | None)
    driver.move("/a/c", "/d")
    driver.delete("/a")
    try:
        driver.get_content("/a/b")
    except PathNotFoundError as error:
        assert_type(error.path, str | None)
    else:
        raise AssertionError("deleted content was read")


def main() -> None:
    assert_type(registered_suites(), Mapping[str, SuiteRegistration])
    parameters: dict[str, Any] = {"rootdirectory": "/root"}
    with factory.create("inmemory", parameters) as driver:
        use(driver)
    with InMemoryDriver.from_parameters(parameters) as own:
        assert_type(own, InMemoryDriver)
        use(own)


if __name__ == "__main__":
    main()
