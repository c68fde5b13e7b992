"""The fsspec driver: its parameters, and what it leaves beside a file; the rest is for the suites to judge."""

from __future__ import annotations

from pathlib import Path

import pytest

from storagedriver import ParameterError, PathNotFoundError, factory

pytest.importorskip("fsspec")


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        ({}, "url"),
        ({"url": "/srv/files"}, "url"),
        ({"url": "no-such-protocol://x"}, "url"),
        ({"url": "simplecache::memory://x"}, "url"),
        ({"url": "memory://", "options": "hunter2"}, "options"),
        ({"url": "memory://", "options": "[1]"}, "options"),
    ],
)
def test_wrong_parameter_is_named_without_its_value(parameters: dict[str, str], wrong: str) -> None:
    with pytest.raises(ParameterError) as caught:
        factory.create("fsspec", parameters)

    assert caught.value.parameter == wrong
    assert "hunter2" not in str(caught.value)


def test_files_lie_where_the_url_says_and_nothing_beside_them(tmp_path: Path) -> None:
    with factory.create("fsspec", {"url": f"file://{tmp_path}", "rootdirectory": "r"}) as driver:
        driver.put_content("/d/file", b"content")
        with driver.writer("/d/file", append=True) as writer:
            writer.write(b" and more")
            writer.commit()

        assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "r" / "d" / "file"]
        assert (tmp_path / "r" / "d" / "file").read_bytes() == b"content and more"
        driver.delete("/d/file")
        with pytest.raises(PathNotFoundError):
            driver.stat("/d")
