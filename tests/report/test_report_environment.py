from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from storagedriver.report import environment, this_environment

GIT = shutil.which("git")


def git(tree: Path, *words: str) -> str:
    assert GIT is not None
    command = [GIT, "-c", "user.name=n", "-c", "user.email=e@localhost", "-c", "commit.gpgsign=false", *words]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True).stdout.strip()


def test_versions_are_those_that_are_installed() -> None:
    made = this_environment(["boto3", "no-such-distribution"])
    assert made.packages["pytest"] == pytest.__version__
    assert "no-such-distribution" not in made.packages
    assert list(made.packages)[:3] == ["pytest", "hypothesis", "pydantic"]
    assert made.storagedriver == environment.version("storagedriver")
    assert made.python.split()[1].count(".") == 2


@pytest.mark.skipif(GIT is None, reason="git is not installed")
def test_the_commit_is_that_of_the_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "file").write_text("one")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-qm", "first")
    git(tmp_path, "tag", "v1")
    head = git(tmp_path, "rev-parse", "HEAD")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert environment.commit(tmp_path) == head
    (tmp_path / "file").write_text("two")
    assert this_environment(tree=tmp_path).commit == f"{head}-dirty"


def test_without_a_checkout_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment.commit(tmp_path / "absent") is None
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert environment.commit(tmp_path) is None
    monkeypatch.setenv("PATH", "")
    assert environment.commit(Path.cwd()) is None


def test_a_git_that_hangs_or_fails_is_no_reason_to_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("git", 10)

    monkeypatch.setattr(subprocess, "run", hang)
    assert environment.commit(tmp_path) is None
