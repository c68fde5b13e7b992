"""Histories as JSON, and what is no history."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from histories.history_strategies import histories
from histories.test_histories_search import KNOWN, P, put
from storagedriver.histories import (
    History,
    HistoryError,
    Kind,
    Operation,
    Outcome,
    from_document,
    read,
    to_document,
    write,
)


@settings(max_examples=200, deadline=None)
@given(histories())
def test_any_history_comes_back_through_json(history: History) -> None:
    assert from_document(json.loads(json.dumps(to_document(history)))) == history


def test_file_holds_the_history(tmp_path: Path) -> None:
    history = History(tuple(KNOWN["stale"][0]), {"/x": bytes(range(256))})
    write(history, tmp_path / "history.json")

    assert read(tmp_path / "history.json") == history


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"version": 2}, "version 1"),
        ({"operations": [{}]}, "lacks"),
        ({"operations": 3}, "no history"),
        ({"contents": []}, "no history"),
        ({"contents": ["?"]}, "no history"),
        ({"operations": [{"number": 1, "colour": "red"}]}, "unknown 'colour'"),
    ],
)
def test_document_that_is_no_history_is_refused(change: dict[str, Any], told: str) -> None:
    document = to_document(History(tuple(KNOWN["stale"][0])))

    with pytest.raises(HistoryError, match=told):
        from_document(document | change)


def test_number_that_is_none_is_refused() -> None:
    document = to_document(History(tuple(KNOWN["stale"][0])))
    document["operations"][0]["invoked"] = "0"

    with pytest.raises(HistoryError, match="invoked is a whole number"):
        from_document(document)


def test_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "history.json").write_text("{")

    with pytest.raises(HistoryError, match=r"history\.json: no JSON"):
        read(tmp_path / "history.json")


def made(**fields: Any) -> Operation:
    usual: dict[str, Any] = {"number": 1, "process": P, "kind": Kind.GET, "path": "/x", "invoked": 0, "responded": 1}
    return Operation(**(usual | {"result": b""} | fields))


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"invoked": 2}, "before it was called"),
        ({"responded": None}, "never came back"),
        ({"kind": Kind.PUT, "result": None}, "needs argument"),
        ({"argument": b""}, "has no argument"),
        ({"result": 3}, "no bytes"),
        ({"kind": Kind.STAT}, "no size"),
        ({"kind": Kind.MOVE}, "needs dest"),
        ({"dest": "/y"}, "has no dest"),
        ({"kind": Kind.OPEN, "result": 1}, "needs stream"),
    ],
)
def test_operation_that_cannot_be_is_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(HistoryError, match=told):
        made(**fields)


def test_two_operations_of_one_process_at_once_are_refused() -> None:
    with pytest.raises(HistoryError, match="within operation 1"):
        History((put(1, P, 0, 5, b"a"), put(2, P, 3, 8, b"b")))


def test_append_to_a_stream_that_was_not_opened_is_refused() -> None:
    stray = made(kind=Kind.APPEND, argument=b"", result=None, stream=1, outcome=Outcome.OK)

    with pytest.raises(HistoryError, match="not opened"):
        History((stray,))


def test_two_operations_of_one_number_are_refused() -> None:
    with pytest.raises(HistoryError, match="same number"):
        History((put(1, P, 0, 1, b"a"), put(1, P, 2, 3, b"b")))
