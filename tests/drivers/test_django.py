"""The django driver: its parameters, what it leaves beside a file, and storages that replace nothing; the suites judge the rest."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from storagedriver import ParameterError, PathConflictError, PathNotFoundError, UnsupportedMethodError, factory

pytest.importorskip("django")

IN_MEMORY = "django.core.files.storage.InMemoryStorage"


def local(folder: Path, **more: str) -> dict[str, str]:
    return {"options": json.dumps({"location": str(folder)}), **more}


@pytest.mark.parametrize(
    ("parameters", "wrong"),
    [
        ({"storage": "FileSystemStorage"}, "storage"),
        ({"storage": "no_such_module.Storage"}, "storage"),
        ({"storage": "django.core.files.storage.NoSuchStorage"}, "storage"),
        ({"options": "hunter2"}, "options"),
        ({"options": '{"hunter2": true}'}, "options"),
    ],
)
def test_wrong_parameter_is_named_without_its_value(parameters: dict[str, str], wrong: str) -> None:
    with pytest.raises(ParameterError) as caught:
        factory.create("django", parameters)

    assert caught.value.parameter == wrong
    assert "hunter2" not in str(caught.value)


def test_files_lie_where_the_storage_has_them_and_nothing_beside_them(tmp_path: Path) -> None:
    large = b"0123456789" * (1 << 20)
    with factory.create("django", local(tmp_path, rootdirectory="r")) as driver:
        driver.put_content("/d/file", b"old")
        with driver.writer("/d/file") as writer:
            writer.write(large)
            writer.commit()

        file = tmp_path / "r" / "d" / "file"
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]
        assert file.read_bytes() == large
        driver.delete("/d/file")
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_file_that_a_put_replaces_is_whole_for_who_reads_it(tmp_path: Path) -> None:
    with factory.create("django", local(tmp_path)) as driver:
        driver.put_content("/file", b"a" * (1 << 20))
        with driver.reader("/file") as reader:
            assert reader.read(1) == b"a"
            driver.put_content("/file", b"b" * (1 << 20))
            assert set(reader.read()) == set(b"a")


def test_replacing_in_one_step_is_claimed_where_the_storage_may_do_it(tmp_path: Path) -> None:
    options = {"location": str(tmp_path), "allow_overwrite": False}
    with factory.create("django", {"options": json.dumps(options)}) as driver:
        driver.put_content("/file", b"first")
        driver.put_content("/file", b"second")

        assert not driver.capabilities.atomic_put
        assert [path.name for path in tmp_path.iterdir()] == ["file"]
        assert driver.get_content("/file") == b"second"


def test_storage_that_replaces_nothing_still_has_one_file_of_a_name() -> None:
    with factory.create("django", {"storage": IN_MEMORY, "options": '{"location": "/replacing"}'}) as driver:
        driver.put_content("/d/file", b"first")
        driver.put_content("/d/file", b"")
        driver.put_content("/d/file", b"third")

        assert driver.list("/d") == ["/d/file"]
        assert driver.get_content("/d/file") == b"third"
        assert not driver.capabilities.atomic_put


def test_drivers_of_one_storage_in_memory_share_their_files() -> None:
    one, other = ({"storage": IN_MEMORY, "options": json.dumps({"location": name})} for name in ("/one", "/other"))
    with factory.create("django", one) as driver:
        driver.put_content("/file", b"content")
        with factory.create("django", one) as same, factory.create("django", other) as different:
            assert same.get_content("/file") == b"content"
            assert different.list("/") == []


@pytest.mark.parametrize("storage", ["FileSystemStorage", "InMemoryStorage"])
def test_directories_without_a_file_are_not_there_and_in_nobodys_way(tmp_path: Path, storage: str) -> None:
    given = local(tmp_path, storage=f"django.core.files.storage.{storage}")
    with factory.create("django", given) as driver:
        driver.put_content("/d/file", b"content")
        driver.move("/d/file", "/file")

        assert driver.list("/") == ["/file"]
        for call in (driver.stat, driver.list, driver.delete):
            with pytest.raises(PathNotFoundError):
                call("/d")
        driver.put_content("/d", b"a file")
        assert driver.get_content("/d") == b"a file"


def test_append_is_not_offered(tmp_path: Path) -> None:
    with factory.create("django", local(tmp_path)) as driver:
        driver.put_content("/file", b"content")
        with pytest.raises(UnsupportedMethodError):
            driver.writer("/file", append=True)


def test_what_lies_below_a_file_is_absent_and_cannot_be_written(tmp_path: Path) -> None:
    with factory.create("django", local(tmp_path)) as driver:
        driver.put_content("/file", b"content")

        for call in (driver.stat, driver.get_content, driver.reader, driver.list, driver.delete):
            with pytest.raises(PathNotFoundError):
                call("/file/below")
        with pytest.raises(PathConflictError):
            driver.put_content("/file/below", b"1")
        with pytest.raises(PathConflictError):
            driver.move("/file", "/file/below")
        assert driver.get_content("/file") == b"content"


USER_OF_DJANGO = """
import sys
from django.conf import settings
settings.configure(USE_TZ=False, TIME_ZONE="Asia/Tokyo", MEDIA_ROOT=sys.argv[1])
from storagedriver import factory
with factory.create("django", {}) as driver:
    driver.put_content("/file", b"content")
    print(driver.stat("/file").mod_time.timestamp())
"""


def test_settings_that_are_there_stay_and_local_time_is_told_as_such(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", USER_OF_DJANGO, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    ).stdout

    assert float(told) == pytest.approx((tmp_path / "file").stat().st_mtime)


def test_storage_of_ones_own_that_always_picks_another_name_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    in_memory: Any = pytest.importorskip("django.core.files.storage").InMemoryStorage
    kept: list[str] = []

    class Elsewhere(in_memory):  # type: ignore[misc]  # imported late
        def save(self, name: str, content: Any, max_length: int | None = None) -> str:
            kept.append(f"{name}-{len(kept)}")
            return str(super().save(kept[-1], io.BytesIO(content.read())))

    monkeypatch.setattr(sys.modules[__name__], "Elsewhere", Elsewhere, raising=False)
    with factory.create("django", {"storage": f"{__name__}.Elsewhere"}) as driver:
        with pytest.raises(Exception, match="others were there first"):
            driver.put_content("/file", b"content")
        assert kept
        assert driver.list("/") == []
