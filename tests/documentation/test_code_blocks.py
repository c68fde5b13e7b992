"""What README and documentation show is code that runs, and commands that exist."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from report.example_report import example
from storagedriver import factory, register_suite
from storagedriver.cli import build_parser
from storagedriver.registry import unregister_suite
from storagedriver_drivers.inmemory import InMemoryDriver

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ELSEWHERE = {
    "self._row(": "test_examples.py puts it into README's driver",
    "# load.py": "test_load_by_locust.py gives it to locust, in a process of its own: it patches threads",
}
"""Blocks that are run by another test, by their beginnings."""


def blocks(page: Path, *languages: str) -> list[str]:
    """The code blocks of a page in these languages, in their order."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [content for language, content in found if language in languages]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


class Rows:
    """What the tutorial leaves to the reader: how the registration sees the backend."""

    def __init__(self, parameters: Mapping[str, Any], path: str = "/") -> None:
        """Nothing is looked at."""


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A folder with what the pages take for given, and the names that they use before they make them.

    Drivers of servers have their parameters validated, and calls that they know; nothing is sent.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    readme = next(block for block in blocks(PAGES[0], "python") if "class SQLiteDriver" in block)
    (tmp_path / "sqlite_driver.py").write_text(readme, encoding="utf-8")
    storage = types.ModuleType("mypackage.storage")
    storage.MyDriver = InMemoryDriver  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mypackage", types.ModuleType("mypackage"))
    monkeypatch.setitem(sys.modules, "mypackage.storage", storage)
    example().write("report.json")
    create = factory.create

    def created(name: str, parameters: Mapping[str, Any] | None = None) -> Any:
        given = dict(parameters or {})
        if name == "filesystem":
            given["rootdirectory"] = str(tmp_path / given["rootdirectory"].lstrip("/"))
        if name in {"inmemory", "filesystem"}:
            return create(name, given)
        known = factory.constructor(name).__self__  # type: ignore[attr-defined]
        if not known.__module__.startswith("storagedriver_drivers."):
            # Of the page itself.
            return create(name, given)
        known.Parameters.model_validate(given)
        stand_in = mock.create_autospec(known, instance=True)
        stand_in.__enter__.return_value = stand_in
        return stand_in

    monkeypatch.setattr(factory, "create", created)
    yield {
        "register_suite": register_suite,
        "SQLiteDriver": InMemoryDriver,
        "MyDriver": InMemoryDriver,
        "rows_below": Rows,
        "OtherTool": Rows,
    }
    for name in ("sqlite", "mydriver"):
        unregister_suite(name)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=name_of)
def test_examples_run(page: Path, stage: dict[str, Any]) -> None:
    """In the order of the page, each with what those before it have made."""
    for block in blocks(page, "python"):
        if any(block.startswith(beginning) for beginning in ELSEWHERE):
            continue
        for name in ("sqlite", "mydriver"):
            unregister_suite(name)
        # Where a reader puts a key of his own.
        block = block.replace('"…"', '"c2VjcmV0"')  # noqa: PLW2901
        exec(compile(block, name_of(page), "exec"), stage)


def commands(page: Path) -> Iterator[list[str]]:
    """The calls of storagedriver on a page, as words."""
    for block in blocks(page, "", "sh", "console"):
        joined = block.replace("\\\n", " ")
        for line in joined.splitlines():
            for call in re.findall(r"(?:^|\$ |&& |\$\()(storagedriver [^#|)&>]*)", line.strip()):
                yield shlex.split(call.replace("`", ""))


@pytest.mark.parametrize("page", [page for page in PAGES if any(commands(page))], ids=name_of)
def test_commands_exist(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each has the options that it is shown with."""
    for words in commands(page):
        try:
            build_parser().parse_args(words[1:])
        except (SystemExit, argparse.ArgumentError):
            pytest.fail(f"{shlex.join(words)}: {capsys.readouterr().err}")
