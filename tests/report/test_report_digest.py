"""A report's digest: it survives whatever leaves the values as they are, and nothing else."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storagedriver.report import Report, ReportError
from storagedriver.report.digest import KEY, digest

from .example_report import example
from .report_strategies import json_values


def test_it_is_that_of_the_documented_text() -> None:
    document = {"b": [1, 2.5, None, True], "a": {"z": "é\n", "y": {}}, KEY: "anything"}
    text = r'{"a":{"y":{},"z":"\u00e9\n"},"b":[1,2.5,null,true]}'

    assert digest(document) == f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def test_a_file_laid_out_anew_is_still_the_same(tmp_path: Path) -> None:
    document = example().to_document()
    path = tmp_path / "report.json"
    path.write_text(json.dumps(document, sort_keys=True, indent=7), encoding="utf-8")

    assert Report.read(path) == example()


def leaves(value: Any, where: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*where, key))
    else:
        yield where


def test_a_change_of_any_value_is_seen() -> None:
    document = example(labels=["inmemory"]).to_document()
    places = [place for place in leaves(document) if place != (KEY,)]
    assert len(places) > 1000
    before = document[KEY]
    for place in places:
        inner: Any = document
        for key in place[:-1]:
            inner = inner[key]
        kept, inner[place[-1]] = inner[place[-1]], ["something else"]
        assert digest(document) != before, place
        inner[place[-1]] = kept
    assert digest(document) == before


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4))
def test_it_survives_a_journey_through_json(document: dict[str, Any]) -> None:
    assert digest(json.loads(json.dumps(document))) == digest(document)


def test_an_edited_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    document = copy.deepcopy(example("stopped by -x").to_document())
    document["run"] |= {"complete": True, "incomplete_reasons": []}
    path.write_text(json.dumps(document), encoding="utf-8")

    with pytest.raises(ReportError, match="edited after it was written") as refused:
        Report.read(path)
    assert str(path) in str(refused.value)


def test_an_old_file_without_one_is_readable(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    document = example().to_document()
    del document[KEY]
    path.write_text(json.dumps(document), encoding="utf-8")

    assert Report.read(path) == example()


@pytest.mark.parametrize(
    "value", [None, "", "sha256:", f"md5:{'0' * 64}", f"sha256:{'0' * 63}", f"sha256:{'G' * 64}", 7]
)
def test_a_digest_of_another_form_is_refused(tmp_path: Path, value: object) -> None:
    path = tmp_path / "report.json"
    path.write_text(json.dumps({**example().to_document(), KEY: value}), encoding="utf-8")

    with pytest.raises(ReportError, match=r"broken: digest"):
        Report.read(path)
