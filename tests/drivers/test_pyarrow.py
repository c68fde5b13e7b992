"""The pyarrow driver: its parameters, and what it leaves beside a file; the rest is for the suites to judge."""

from __future__ import annotations

from pathlib import Path

import pytest

from storagedriver import ParameterError, PathConflictError, PathNotFoundError, factory

pytest.importorskip("pyarrow")


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        ({}, "url"),
        ({"url": "/srv/files"}, "url"),
        ({"url": "no-such-scheme://x"}, "url"),
        ({"url": "file:///srv/files", "options": "hunter2"}, "options"),
        ({"url": "file:///srv/files", "options": '{"hunter2": true}'}, "options"),
        ({"url": "mock:///x", "options": '{"use_mmap": true}'}, "options"),
    ],
)
def test_wrong_parameter_is_named_without_its_value(parameters: dict[str, str], wrong: str) -> None:
    with pytest.raises(ParameterError) as caught:
        factory.create("pyarrow", parameters)

    assert caught.value.parameter == wrong
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("options", ["{}", '{"use_mmap": true}'])
def test_files_lie_where_the_url_says_and_nothing_beside_them(tmp_path: Path, options: str) -> None:
    large = b"0123456789" * (1 << 20)
    with factory.create("pyarrow", {"url": tmp_path.as_uri(), "rootdirectory": "r", "options": options}) as driver:
        driver.put_content("/d/file", b"content")
        with driver.writer("/d/file", append=True) as writer:
            writer.write(large)
            writer.commit()

        file = tmp_path / "r" / "d" / "file"
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]
        assert file.read_bytes() == b"content" + large
        driver.delete("/d/file")
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_name_of_a_compressed_file_changes_nothing(tmp_path: Path) -> None:
    with factory.create("pyarrow", {"url": tmp_path.as_uri()}) as driver:
        driver.put_content("/file.gz", b"content")

        assert (tmp_path / "file.gz").read_bytes() == b"content"
        assert driver.get_content("/file.gz") == b"content"


def test_directories_without_a_file_are_not_there_and_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "empty" / "below").mkdir(parents=True)
    with factory.create("pyarrow", {"url": tmp_path.as_uri()}) as driver:
        driver.put_content("/d/file", b"content")
        driver.move("/d/file", "/file")

        assert driver.list("/") == ["/file"]
        for call in (driver.stat, driver.list, driver.delete):
            with pytest.raises(PathNotFoundError):
                call("/empty")
        driver.put_content("/empty", b"a file")
        assert driver.get_content("/empty") == b"a file"


def test_what_lies_below_a_file_is_absent_and_cannot_be_written(tmp_path: Path) -> None:
    with factory.create("pyarrow", {"url": tmp_path.as_uri()}) as driver:
        driver.put_content("/file", b"content")

        for call in (driver.stat, driver.get_content, driver.reader, driver.list, driver.delete):
            with pytest.raises(PathNotFoundError):
                call("/file/below")
        with pytest.raises(PathConflictError):
            driver.put_content("/file/below", b"1")
        assert driver.get_content("/file") == b"content"
