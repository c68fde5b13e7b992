"""Failures that a library did not foresee are told from bugs of the driver's own."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable

import pytest

from storagedriver.library_failures import is_unforeseen


def _raised(action: Callable[[], object]) -> Exception:
    try:
        action()
    except Exception as error:  # noqa: BLE001  looked at by the caller
        return error
    raise AssertionError("nothing was raised")


def test_error_of_a_library_is_one() -> None:
    assert is_unforeseen(_raised(lambda: json.loads("{")), {"json"})


def test_error_of_another_module_is_none() -> None:
    assert not is_unforeseen(_raised(lambda: json.loads("{")), {"http"})


def test_own_error_is_none() -> None:
    def own() -> None:
        raise ValueError("a bug")

    assert not is_unforeseen(_raised(own), {"json", "http"})


def test_error_of_a_special_kind_is_none() -> None:
    class SpecialError(Exception):
        pass

    assert not is_unforeseen(SpecialError(), {"json"})


def test_error_that_was_never_raised_is_none() -> None:
    assert not is_unforeseen(ValueError(), {"json", pickle.__name__})


@pytest.mark.parametrize("depth", [200_000])
def test_too_deep_is_one(depth: int) -> None:
    error = _raised(lambda: json.loads("[" * depth + "]" * depth))

    assert is_unforeseen(error, {"json"})
