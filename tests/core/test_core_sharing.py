"""Things that are shared by name live as long as somebody holds them."""

from __future__ import annotations

import gc

import pytest

from storagedriver.sharing import SharedByName


def test_a_thing_is_made_once_for_each_name_and_forgotten_with_its_last_share() -> None:
    shared: SharedByName[list[str]] = SharedByName()
    first = shared.get("a", list)
    first.thing.append("kept")

    assert shared.get("a", list).thing == ["kept"]
    assert shared.get("b", list).thing == []
    del first
    gc.collect()
    assert shared.get("a", list).thing == []


def test_what_cannot_be_made_is_not_shared() -> None:
    shared: SharedByName[int] = SharedByName()

    with pytest.raises(ZeroDivisionError):
        shared.get("a", lambda: 1 // 0)
    assert shared.get("a", lambda: 1).thing == 1
