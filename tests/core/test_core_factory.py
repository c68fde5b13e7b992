"""The factory: registering, creating, and not importing."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from storagedriver import InvalidStorageDriverError, ParameterError, StorageDriver, factory
from storagedriver_drivers.inmemory import InMemoryDriver


def run(script: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    ).stdout.strip()


@pytest.fixture
def registered() -> Iterator[str]:
    """The name of a driver registered for one test."""
    name = "of-this-test"
    factory.register(name, InMemoryDriver.from_parameters)
    yield name
    factory.unregister(name)


def test_create(registered: str) -> None:
    assert registered in factory.names()
    assert isinstance(factory.create(registered), InMemoryDriver)
    assert isinstance(factory.create(registered, {"rootdirectory": "r"}), InMemoryDriver)


def test_the_constructor_gets_the_parameters() -> None:
    given: list[Mapping[str, Any]] = []

    def construct(parameters: Mapping[str, Any]) -> StorageDriver:
        given.append(parameters)
        return InMemoryDriver.from_parameters()

    factory.register("of-this-test", construct)
    try:
        factory.create("of-this-test", {"a": 1})
        factory.create("of-this-test")
    finally:
        factory.unregister("of-this-test")

    assert given == [{"a": 1}, {}]


@pytest.mark.parametrize("constructor", [None, 42, "storagedriver_drivers.inmemory"])
def test_register_what_cannot_construct(constructor: Any) -> None:
    with pytest.raises(InvalidStorageDriverError):
        factory.register("of-this-test", constructor)

    assert "of-this-test" not in factory.names()


@pytest.mark.parametrize("name", ["", None, 42, b"x"])
def test_register_without_a_name(name: Any) -> None:
    before = factory.names()

    with pytest.raises(InvalidStorageDriverError):
        factory.register(name, InMemoryDriver.from_parameters)

    assert factory.names() == before


def test_register_twice_keeps_the_first(registered: str) -> None:
    with pytest.raises(InvalidStorageDriverError, match="registered already") as caught:
        factory.register(registered, lambda _: pytest.fail("the second constructor was used"))

    assert registered in caught.value.known
    assert isinstance(factory.create(registered), InMemoryDriver)


@pytest.mark.parametrize("name", ["no-such-driver", "", None, 42])
def test_unknown_driver_lists_the_known(registered: str, name: Any) -> None:
    with pytest.raises(InvalidStorageDriverError) as caught:
        factory.create(name)

    assert caught.value.known == tuple(factory.names())
    assert {registered, "inmemory"} <= set(caught.value.known)
    assert all(known in str(caught.value) for known in caught.value.known)
    assert isinstance(caught.value, LookupError)


def test_unknown_driver_names_the_nearest() -> None:
    with pytest.raises(InvalidStorageDriverError, match="did you mean 'inmemory'"):
        factory.create("inmemmory")


@pytest.mark.parametrize(
    ("parameters", "parameter"),
    [
        ({"root": "r"}, "root"),
        ({"rootdirectory": "../r"}, "rootdirectory"),
        ([("a", 1)], "parameters"),
        ("a", "parameters"),
    ],
)
def test_wrong_parameters(parameters: Any, parameter: str) -> None:
    with pytest.raises(ParameterError) as caught:
        factory.create("inmemory", parameters)

    assert (caught.value.parameter, caught.value.driver_name) == (parameter, "inmemory")


def test_names_are_sorted_and_unique() -> None:
    assert factory.names() == sorted(set(factory.names()))
    # Imported, and so registered in this process too.
    assert factory.names().count("inmemory") == 1


def test_unregister_of_what_is_unknown() -> None:
    factory.unregister("no-such-driver")


def test_drivers_are_imported_when_they_are_created() -> None:
    assert (
        run(
            "import sys\n"
            "from storagedriver import factory\n"
            "drivers = lambda: sorted(n for n in sys.modules if n.startswith('storagedriver_drivers.'))\n"
            "assert 'inmemory' in factory.names() and 's3' in factory.names()\n"
            "assert not drivers(), drivers()\n"
            "factory.create('inmemory')\n"
            "print(sorted({n.split('.')[1] for n in drivers()}), 'boto3' in sys.modules)"
        )
        == "['inmemory'] False"
    )


def test_create_from_many_threads_at_once_in_a_fresh_process() -> None:
    assert (
        run(
            "import threading\n"
            "from concurrent.futures import ThreadPoolExecutor\n"
            "from storagedriver import factory\n"
            "start = threading.Barrier(16)\n"
            "def create(_):\n"
            "    start.wait(60)\n"
            "    return factory.create('inmemory', {'store': 's'})\n"
            "with ThreadPoolExecutor(16) as pool:\n"
            "    drivers = list(pool.map(create, range(16)))\n"
            "drivers[0].put_content('/a', b'x')\n"
            "print({driver.get_content('/a') for driver in drivers})"
        )
        == "{b'x'}"
    )


def test_of_many_threads_that_register_a_name_one_wins() -> None:
    def register(_: int) -> bool:
        try:
            factory.register("of-this-test", InMemoryDriver.from_parameters)
        except InvalidStorageDriverError:
            return False
        return True

    try:
        with ThreadPoolExecutor(16) as pool:
            assert sum(pool.map(register, range(64))) == 1
    finally:
        factory.unregister("of-this-test")
