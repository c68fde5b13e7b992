"""The obstore driver: its parameters, and what it keeps from its caller; the rest is for the suites to judge."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from storagedriver import ParameterError, PathConflictError, PathNotFoundError, factory

pytest.importorskip("obstore")

SECRET = {"config": {"access_key_id": "key", "secret_access_key": "hunter2"}}


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        ({}, "url"),
        ({"url": "/srv/files"}, "url"),
        ({"url": "no-such-scheme://x"}, "url"),
        ({"url": "memory://x"}, "url"),
        ({"url": "memory:///", "options": "hunter2"}, "options"),
        ({"url": "memory:///", "options": '{"hunter2": 1}'}, "options"),
        ({"url": "s3://bucket", "options": '{"config": {"hunter2": "x"}}'}, "options"),
        ({"url": "s3://bucket", "options": '{"client_options": {"allow_http": "hunter2"}}'}, "options"),
        # A panic of obstore, which is no Exception.
        (
            {"url": "s3://bucket", "options": json.dumps({"config": {**SECRET["config"], "allow_http": "true"}})},
            "options",
        ),
    ],
)
def test_wrong_parameter_is_named_without_its_value(parameters: dict[str, str], wrong: str) -> None:
    with pytest.raises(ParameterError) as caught:
        factory.create("obstore", parameters)

    assert caught.value.parameter == wrong
    assert "hunter2" not in str(caught.value)


def test_files_lie_where_the_url_says_and_nothing_beside_them(tmp_path: Path) -> None:
    with factory.create("obstore", {"url": f"file://{tmp_path}", "rootdirectory": "r"}) as driver:
        driver.put_content("/d/file", b"content")
        with driver.writer("/d/file", append=True) as writer:
            writer.write(b" and more")
            writer.commit()

        assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "r" / "d" / "file"]
        assert (tmp_path / "r" / "d" / "file").read_bytes() == b"content and more"
        driver.delete("/d/file")
        with pytest.raises(PathNotFoundError):
            driver.stat("/d")


def test_drivers_of_one_url_of_memory_share_their_files() -> None:
    with factory.create("obstore", {"url": "memory:///one"}) as driver:
        driver.put_content("/file", b"content")
        with (
            factory.create("obstore", {"url": "memory:///one"}) as same,
            factory.create("obstore", {"url": "memory:///two"}) as other,
        ):
            assert same.get_content("/file") == b"content"
            assert other.list("/") == []


def test_what_lies_below_a_file_is_absent_and_cannot_be_written(tmp_path: Path) -> None:
    with factory.create("obstore", {"url": f"file://{tmp_path}"}) as driver:
        driver.put_content("/file", b"content")

        for call in (driver.stat, driver.get_content, driver.reader, driver.list, driver.delete):
            with pytest.raises(PathNotFoundError):
                call("/file/below")
        with pytest.raises(OSError, match="Not a directory"):
            driver.put_content("/file/below", b"1")
        with pytest.raises(PathConflictError):
            driver.move("/file", "/file/below")
        assert driver.get_content("/file") == b"content"


def test_a_reader_from_beyond_the_end_is_empty_however_far() -> None:
    with factory.create("obstore", {"url": "memory:///far"}) as driver:
        driver.put_content("/file", b"content")

        for offset in (7, 8, 1 << 63, 1 << 80):
            with driver.reader("/file", offset) as reader:
                assert reader.read() == b""


def test_url_of_a_bucket_is_signed_without_its_secret() -> None:
    with factory.create("obstore", {"url": "s3://bucket/prefix", "options": json.dumps(SECRET)}) as driver:
        assert driver.capabilities.redirect
        url = driver.redirect_url("/d/file", expires=60)
        assert url is not None
        assert "/prefix/d/file?" in url
        assert "hunter2" not in url
        assert driver.redirect_url("/d/file", method="PUT") is None
        with pytest.raises(ParameterError):
            driver.redirect_url("/d/file", expires=0)
        assert "hunter2" not in repr(driver)
