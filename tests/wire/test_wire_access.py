"""How a driver is led to somebody between it and its server."""

from __future__ import annotations

import pytest

from storagedriver.wire import WireAccess


def test_address_keeps_its_path_and_other_parameters_stay() -> None:
    access = WireAccess(addresses=("authurl", "storageurl"), parameters={"retries": 0})
    given = {"authurl": "http://127.0.0.1:8080/auth/v1.0", "retries": 5, "user": "u"}

    led = access.through("127.0.0.1:9", given, scheme="https")

    assert led == {"authurl": "https://127.0.0.1:9/auth/v1.0", "retries": 0, "user": "u"}
    assert given["retries"] == 5


def test_driver_without_retries_is_else_as_impatient() -> None:
    access = WireAccess(addresses=("a",), parameters={"retries": 2, "timeout": 1}, unrepeated={"retries": 0})
    given = {"a": "http://127.0.0.1:81", "retries": 5}

    assert access.through("127.0.0.1:9", given)["retries"] == 2
    assert access.without_retries().through("127.0.0.1:9", given) == {
        "a": "http://127.0.0.1:9",
        "retries": 0,
        "timeout": 1,
    }


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "no parameter a is given"),
        ({"a": None}, "no parameter a is given"),
        ({"a": "https://127.0.0.1:1"}, "not of http"),
        ({"a": "127.0.0.1:1"}, "not of http"),
    ],
)
def test_obstacle_is_told(given: dict[str, str | None], told: str) -> None:
    assert told in str(WireAccess(addresses=("a",)).obstacle(given))


def test_server_is_where_the_address_says() -> None:
    access = WireAccess(addresses=("a",))

    assert access.obstacle({"a": "http://127.0.0.1:81/x"}) is None
    assert access.server({"a": "http://127.0.0.1:81/x"}) == ("127.0.0.1", 81)
    assert access.server({"a": "http://localhost"}) == ("localhost", 80)


def test_at_least_one_address_is_needed() -> None:
    with pytest.raises(ValueError, match="at least one"):
        WireAccess(addresses=())
