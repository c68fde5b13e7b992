"""The opendal driver: its parameters, and what it leaves beside a file; the rest is for the suites to judge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from storagedriver import ParameterError, PathConflictError, PathNotFoundError, factory

pytest.importorskip("opendal")


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        ({}, "url"),
        ({"url": "/srv/files"}, "url"),
        ({"url": "no-such-scheme://x"}, "url"),
        ({"url": "memory://", "options": "hunter2"}, "options"),
        ({"url": "memory://", "options": '{"root": ["hunter2"]}'}, "options"),
        ({"url": "s3://bucket", "options": '{"region": "r", "enable_virtual_host_style": "hunter2"}'}, "options"),
    ],
)
def test_wrong_parameter_is_named_without_its_value(parameters: dict[str, str], wrong: str) -> None:
    with pytest.raises(ParameterError) as caught:
        factory.create("opendal", parameters)

    assert caught.value.parameter == wrong
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("beside", [True, False], ids=["beside", "in-place"])
def test_files_lie_where_the_url_says_and_nothing_beside_them(tmp_path: Path, *, beside: bool) -> None:
    options = {"atomic_write_dir": str(tmp_path / "beside")} if beside else {}
    parameters = {"url": f"fs://{tmp_path}/files", "rootdirectory": "r", "options": json.dumps(options)}
    large = b"0123456789" * (1 << 20)
    with factory.create("opendal", parameters) as driver:
        assert driver.capabilities.atomic_put is beside
        driver.put_content("/d/file", b"content")
        with driver.writer("/d/file", append=True) as writer:
            writer.write(large)
            writer.commit()

        file = tmp_path / "files" / "r" / "d" / "file"
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]
        assert file.read_bytes() == b"content" + large
        driver.move("/d/file", "/e/file")
        with pytest.raises(PathNotFoundError):
            driver.stat("/d")
        driver.delete("/e/file")
        assert driver.list("/") == []


def test_drivers_of_one_url_of_memory_share_their_files() -> None:
    with factory.create("opendal", {"url": "memory://one"}) as driver:
        driver.put_content("/file", b"content")
        with (
            factory.create("opendal", {"url": "memory://one"}) as same,
            factory.create("opendal", {"url": "memory://two"}) as other,
        ):
            assert same.get_content("/file") == b"content"
            assert other.list("/") == []


def test_what_lies_below_a_file_is_absent_and_cannot_be_written(tmp_path: Path) -> None:
    with factory.create("opendal", {"url": f"fs://{tmp_path}"}) as driver:
        driver.put_content("/file", b"content")

        for call in (driver.stat, driver.get_content, driver.reader, driver.list, driver.delete):
            with pytest.raises(PathNotFoundError):
                call("/file/below")
        with pytest.raises(PathConflictError):
            driver.put_content("/file/below", b"1")
        with pytest.raises(PathConflictError):
            driver.move("/file", "/file/below")
        assert driver.get_content("/file") == b"content"
