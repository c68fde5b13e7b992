"""Several calls at once: their order, and what a failure leaves."""

from __future__ import annotations

import functools
import gc
import threading
import weakref

import pytest

from storagedriver.parallel import together


def test_the_first_failure_ends_the_others() -> None:
    """What has not begun does not begin, and all that did has ended."""
    began = []

    def call(number: int) -> int:
        began.append(number)
        if number == 0:
            raise ConnectionError
        return number

    with pytest.raises(ConnectionError):
        together([functools.partial(call, number) for number in range(50)], 1, name="call")

    assert len(began) < 50
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("call")]


def test_a_failure_that_is_let_go_takes_all_with_it() -> None:
    """What was to be sent does not stay in memory until the garbage collector comes."""

    class Content:
        def send(self) -> None:
            raise ConnectionError

    contents = [Content(), Content()]
    alive = [weakref.ref(content) for content in contents]
    gc.disable()
    try:
        with pytest.raises(ConnectionError):
            together([content.send for content in contents], 2, name="call")
        del contents

        assert [content() for content in alive] == [None, None]
    finally:
        gc.enable()
