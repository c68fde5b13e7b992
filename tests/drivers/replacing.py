"""What the tests of several drivers do alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from storagedriver import StorageDriver


def append_while_it_is_replaced(
    driver: StorageDriver, monkeypatch: pytest.MonkeyPatch, owner: Any, look: str, size: int
) -> bytes:
    """What a file holds to which a stream was appended while another content of the same size took its place.

    Args:
        driver: Has the file.
        monkeypatch: Of the test.
        owner: What the driver looks at the file with.
        look: The name of the method; the file is replaced once it has returned for the first time.
        size: Bytes of each content.
    """
    driver.put_content("/f", b"o" * size)
    original: Callable[..., Any] = getattr(owner, look)
    looked: list[Any] = []

    def replace_once(*arguments: Any) -> Any:
        found = original(*arguments)
        looked.append(arguments)
        if len(looked) == 1:
            driver.put_content("/f", b"n" * size)
        return found

    monkeypatch.setattr(owner, look, replace_once)
    with driver.writer("/f", append=True) as writer:
        writer.write(b"end")
        writer.commit()
    return driver.get_content("/f")
