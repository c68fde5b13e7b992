"""What is kept of the installed distributions is never older than they are."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from storagedriver.installed import distributions_of, entry_points

GROUP = "storagedriver.tests"


def install(folder: Path, name: str, point: str) -> Path:
    """A distribution that brings the package `name` and one entry point."""
    before = folder.stat().st_mtime_ns
    information = folder / f"{name}-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[{GROUP}]\n{point} = {name}:thing\n")
    (information / "top_level.txt").write_text(f"{name}\n")
    # As if some time had gone by: a file system's clock may stand still between two quick steps.
    os.utime(folder, ns=(before + 10**9, before + 10**9))
    return information


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages that is on the path, and was looked at while it was empty."""
    monkeypatch.syspath_prepend(tmp_path)
    assert not entry_points(group=GROUP)
    assert not distributions_of("early")
    return tmp_path


def test_what_is_installed_later_is_seen(site: Path) -> None:
    """Into a folder that was read already, one after the other."""
    install(site, "early", "one")
    assert [(point.name, point.value) for point in entry_points(group=GROUP)] == [("one", "early:thing")]

    install(site, "late", "two")
    assert {point.name for point in entry_points(group=GROUP)} == {"one", "two"}
    assert [point.value for point in entry_points(group=GROUP, name="two")] == ["late:thing"]
    assert distributions_of("late") == ("late",)


def test_what_is_removed_is_gone(site: Path) -> None:
    information = install(site, "early", "one")
    assert distributions_of("early") == ("early",)

    shutil.rmtree(information)
    os.utime(site, ns=(site.stat().st_mtime_ns + 10**9,) * 2)

    assert not entry_points(group=GROUP)
    assert not distributions_of("early")


def test_what_another_folder_of_the_path_holds_is_seen(
    site: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path_factory.mktemp("other")
    install(other, "elsewhere", "three")
    assert not entry_points(group=GROUP)

    monkeypatch.syspath_prepend(other)

    assert [point.value for point in entry_points(group=GROUP, name="three")] == ["elsewhere:thing"]
    assert not entry_points(group=GROUP, name="four")
