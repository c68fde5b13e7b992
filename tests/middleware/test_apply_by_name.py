"""Middleware by name."""

import subprocess
import sys
from typing import Any

import pytest

from storagedriver import ParameterError, StorageDriver, middleware
from storagedriver.middleware.redirect import RedirectMiddleware
from storagedriver.middleware.rewrite import RewriteMiddleware
from storagedriver.middleware.telemetry import TelemetryMiddleware
from storagedriver.regulator import Regulator
from storagedriver_drivers.inmemory import InMemoryDriver


@pytest.fixture
def inner() -> StorageDriver:
    return InMemoryDriver.from_parameters()


def test_names() -> None:
    assert middleware.names() == ["redirect", "regulator", "rewrite", "telemetry"]


@pytest.mark.parametrize(
    ("name", "options", "kind"),
    [
        ("redirect", {"base_url": "https://cdn.example.com"}, RedirectMiddleware),
        ("rewrite", {"scheme": "https", "host": None}, RewriteMiddleware),
        ("rewrite", {}, RewriteMiddleware),
        ("telemetry", None, TelemetryMiddleware),
        ("regulator", {"limit": "4"}, Regulator),
    ],
)
def test_apply(inner: StorageDriver, name: str, options: dict[str, Any] | None, kind: type) -> None:
    driver = middleware.apply(inner, name, options)

    assert type(driver) is kind
    driver.put_content("/a", b"x")
    assert inner.get_content("/a") == b"x"


def test_options_arrive(inner: StorageDriver) -> None:
    driver = middleware.apply(inner, "redirect", {"base_url": "http://a.example.com/files/v1"})
    options = {"scheme": "https", "host": "b.example.com", "trim_path_prefix": "/files"}
    driver = middleware.apply(driver, "rewrite", options)
    driver = middleware.apply(driver, "regulator", {"limit": "4"})

    assert isinstance(driver, Regulator)
    assert driver.limit == 4
    assert driver.redirect_url("/x") == "https://b.example.com/v1/x"


@pytest.mark.parametrize(
    ("name", "options", "parameter"),
    [
        ("redirct", {}, "middleware"),
        ("", {}, "middleware"),
        (None, {}, "middleware"),
        ([], {}, "middleware"),
        ("redirect", {}, "base_url"),
        ("redirect", {"base_url": None}, "base_url"),
        ("redirect", {"base_url": "ftp://x"}, "base_url"),
        ("redirect", {"base_url": "http://x", "baseurl": "http://x"}, "baseurl"),
        ("rewrite", {"scheme": "gopher"}, "scheme"),
        ("rewrite", {"host": "a/b"}, "host"),
        ("rewrite", {"trim_path_prefix": "x"}, "trim_path_prefix"),
        ("rewrite", {"trimpathprefix": "/x"}, "trimpathprefix"),
        ("telemetry", {"tracer": 1}, "tracer"),
        ("regulator", {}, "limit"),
        ("regulator", {"limit": "many"}, "limit"),
        ("regulator", {"limit": 0}, "limit"),
        ("regulator", {"limit": "-1"}, "limit"),
        ("regulator", {"limit": 1.5}, "limit"),
        ("regulator", [("limit", 1)], "parameters"),
    ],
)
def test_bad_names_and_options(inner: StorageDriver, name: Any, options: Any, parameter: str) -> None:
    with pytest.raises(ParameterError) as caught:
        middleware.apply(inner, name, options)

    assert (caught.value.parameter, caught.value.driver_name) == (parameter, "inmemory")


def test_unknown_name_lists_the_known_and_the_nearest(inner: StorageDriver) -> None:
    with pytest.raises(ParameterError, match=r"did you mean 'redirect'\? known are redirect, regulator, rewrite, tele"):
        middleware.apply(inner, "redirct")


def test_nothing_is_imported_before_it_is_applied() -> None:
    script = (
        "import sys, storagedriver.middleware; "
        "print([name for name in sys.modules if name.split('.')[0] in {'opentelemetry', 'pydantic'}"
        " or name.startswith('storagedriver.middleware.') or name == 'storagedriver.regulator'])"
    )

    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60).stdout

    assert out == "[]\n"
