"""What an intercepted driver passes through: all that the caller would see of the driver itself."""

from __future__ import annotations

import io

import pytest

from storagedriver import FileWriter, factory
from storagedriver.interception import InterceptedDriver


def test_reader_can_be_read_as_text() -> None:
    """The standard library's wrapper takes an intercepted reader as it takes the driver's own."""
    with factory.create("inmemory") as driver:
        driver.put_content("/a", "säk\nwhat\n".encode())

        with io.TextIOWrapper(InterceptedDriver(driver).reader("/a"), encoding="utf-8") as text:
            assert list(text) == ["säk\n", "what\n"]


def test_exception_that_a_writer_swallows_is_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Interception hides no fault of the writer from the caller, or from a check."""
    with factory.create("inmemory") as driver:
        plain = driver.writer("/a")
        swallowing = type("Swallowing", (type(plain),), {"__exit__": lambda *_: True})
        plain.__class__ = swallowing
        monkeypatch.setattr(driver, "writer", lambda path, append=False: plain)
        wrapped: FileWriter = InterceptedDriver(driver).writer("/a")

        with wrapped:
            raise RuntimeError("ended by the writer")
