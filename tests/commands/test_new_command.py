"""`storagedriver new`: which names it takes, what it writes and where, and what it leaves when it cannot."""

from __future__ import annotations

import keyword
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from storagedriver import cli
from storagedriver.scaffolding import ProjectName, ScaffoldingError, render, write

PLACE = re.compile(r"%\{")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


# --- names


@pytest.mark.parametrize(
    ("given", "package", "prefix"),
    [
        ("mydriver", "mydriver", "My"),
        ("my-driver", "my_driver", "My"),
        ("my-store", "my_store", "MyStore"),
        ("cold_store2", "cold_store2", "ColdStore2"),
        ("x", "x", "X"),
        ("a" * 40, "a" * 40, "A" + "a" * 39),
    ],
)
def test_all_names_are_made_of_one(given: str, package: str, prefix: str) -> None:
    assert ProjectName.of(given) == ProjectName(driver=given, package=package, prefix=prefix)
    assert f"class {prefix}Driver(BaseDriver)" in render(ProjectName.of(given))[f"src/{package}/driver.py"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("", "consists of"),
        ("My Driver", "consists of"),
        ("MyDriver", "consists of"),
        ("3d", "consists of"),
        ("-x", "consists of"),
        ("x-", "consists of"),
        ("a--b", "consists of"),
        ("a.b", "consists of"),
        ("../x", "consists of"),
        ("/", "consists of"),
        ("x\n", "consists of"),
        ("größe", "consists of"),
        ("a" * 41, "41 characters"),
        ("all", "every driver"),
        ("test", "standard library"),
        ("tests", "folder of tests"),
        ("class", "keyword"),
        ("json", "standard library"),
        ("inmemory", "installed already by the project storagedriver"),
        ("s3", "installed already"),
        ("storagedriver", "installed already"),
        ("storagedriver-suites", "installed already"),
        ("pytest", "installed already"),
        ("pytest-xdist", "installed already"),
        ("base-driver", "the kit's own"),
    ],
)
def test_a_name_that_will_not_do_is_refused_with_one_that_does(
    folder: Path, capsys: pytest.CaptureFixture[str], given: str, why: str
) -> None:
    assert cli.main(["new", "--", given]) == cli.USAGE

    said = capsys.readouterr()
    assert said.out == ""
    assert why in said.err
    assert len(said.err.splitlines()) == 1
    proposed = re.search(r"for example: (\S+)\.\n", said.err)
    assert proposed is not None or not re.search("[a-z0-9]", given)
    assert proposed is None or ProjectName.of(proposed[1]).driver == proposed[1]
    assert files(folder) == set()


@pytest.mark.parametrize("word", keyword.kwlist)
def test_no_keyword_is_a_package(word: str) -> None:
    with pytest.raises(ScaffoldingError):
        ProjectName.of(word)


def test_a_driver_that_was_registered_is_taken() -> None:
    from storagedriver import factory

    factory.register("taken-already", dict)  # type: ignore[arg-type]  # never called
    try:
        with pytest.raises(ScaffoldingError, match="installed already"):
            ProjectName.of("taken-already")
    finally:
        factory.unregister("taken-already")


# --- what is written


def test_a_project_is_complete_and_says_what_comes_next(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["new", "my-store"]) == cli.OK

    said = capsys.readouterr()
    commands = [line.strip() for line in said.out.splitlines() if line.startswith("  ")]
    assert commands == [
        "cd my-store && python -m pip install --editable '.[dev]'",
        "pytest --driver=my-store --certify-report=certify/report.json",
        "storagedriver gate --policy=gate.toml certify/report.json",
    ]
    assert said.err == ""
    assert files(folder) >= {
        "my-store/.github/workflows/certify.yml",
        "my-store/.gitignore",
        "my-store/.gitlab-ci.yml",
        "my-store/.pre-commit-config.yaml",
        "my-store/README.md",
        "my-store/gate.toml",
        "my-store/noxfile.py",
        "my-store/pyproject.toml",
        "my-store/src/my_store/certification.py",
        "my-store/src/my_store/driver.py",
        "my-store/src/my_store/parameters.py",
        "my-store/src/my_store/py.typed",
        "my-store/tests/conftest.py",
        "my-store/tests/test_parameters.py",
    }
    for path in (folder / "my-store").rglob("*"):
        assert path.suffix != ".tmpl"
        assert path.is_dir() or not PLACE.search(path.read_text(encoding="utf-8")), path


@pytest.mark.parametrize("directory", ["deep/er", "a folder; with $(words)", "-x", "empty"])
def test_the_folder_is_the_users_choice(folder: Path, capsys: pytest.CaptureFixture[str], directory: str) -> None:
    (folder / "empty").mkdir()

    assert cli.main(["new", "mydriver", f"--directory={directory}"]) == cli.OK

    assert (folder / directory / "pyproject.toml").is_file()
    (command,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  cd ")]
    done = subprocess.run(
        ["bash", "-c", f"{command.partition(' && ')[0]} && pwd"], cwd=folder, capture_output=True, text=True, check=True
    )
    assert done.stdout.rstrip("\n") == str(folder / directory)


def test_an_empty_folder_one_stands_in_stays_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = folder.stat().st_ino

    assert cli.main(["new", "mydriver", "--directory=."]) == cli.OK

    assert Path("pyproject.toml").is_file()
    assert folder.stat().st_ino == before
    assert shlex.split(capsys.readouterr().out.split("  cd ")[1].splitlines()[0])[0] == "."


# --- what is left alone


@pytest.mark.parametrize("there", ["file", "mydriver/file", "mydriver/.git"])
def test_what_is_there_is_not_touched(folder: Path, capsys: pytest.CaptureFixture[str], there: str) -> None:
    (folder / there).parent.mkdir(exist_ok=True)
    (folder / there).write_text("mine")
    before = files(folder)

    assert cli.main(["new", "mydriver", "--directory", there.partition("/")[0]]) == cli.USAGE

    said = capsys.readouterr().err
    assert "--directory" in said
    assert "not touched" in said or "nothing in it is touched" in said
    assert files(folder) == before
    assert (folder / there).read_text() == "mine"


@pytest.mark.parametrize("folders_before", [[], ["new"], ["new", "new/deep"]])
def test_a_write_that_fails_leaves_nothing(folder: Path, folders_before: list[str]) -> None:
    """Whatever was there before is there again, and nothing else, not even a folder."""
    for each in folders_before:
        (folder / each).mkdir()

    # The second file stands where a folder is needed for the third.
    with pytest.raises((ScaffoldingError, OSError)):
        write({"a/b": "1", "c": "2", "c/d": "3"}, folder / "new" / "deep")

    assert files(folder) == set(folders_before)


def test_a_full_disk_is_told_and_leaves_nothing(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Path.open

    def refuse(path: Path, *arguments: object, **named: object) -> object:
        if path.name == "pyproject.toml":
            raise OSError(28, os.strerror(28), str(path))
        return opened(path, *arguments, **named)  # type: ignore[call-overload]  # what the caller gave

    monkeypatch.setattr(Path, "open", refuse)

    assert cli.main(["new", "mydriver"]) == cli.FAILED

    assert capsys.readouterr().err == (
        "storagedriver: mydriver/pyproject.toml cannot be written: No space left on device\n"
    )
    assert files(folder) == set()


def test_a_file_that_appears_meanwhile_is_kept(folder: Path) -> None:
    """Of two commands at once in one folder, neither writes over the other's files, and one of them says so."""
    texts = dict(render(ProjectName.of("mydriver")))

    class Meanwhile(dict[str, str]):
        def items(self) -> object:  # type: ignore[override]  # as a caller sees it
            for path, text in sorted(texts.items()):
                if path == "pyproject.toml":
                    (folder / "new" / path).write_text("another's")
                yield path, text

    with pytest.raises(ScaffoldingError, match=r"pyproject\.toml is there already"):
        write(Meanwhile(texts), folder / "new")

    assert files(folder) == {"new", "new/pyproject.toml"}
    assert (folder / "new" / "pyproject.toml").read_text() == "another's"


def test_the_command_needs_neither_pytest_nor_the_suites(tmp_path: Path) -> None:
    program = (
        "import sys; from storagedriver.scaffolding import *; render(ProjectName.of('mydriver')); print(*sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert not {"pytest", "hypothesis", "pydantic", "rich", "storagedriver_suites"} & set(done.stdout.split())


def test_shards_are_in_the_pipelines(folder: Path) -> None:
    """And the rest of the project is the same."""
    assert cli.main(["new", "my-store", "--shards"]) == cli.OK

    plain = render(ProjectName.of("my-store"))
    made = {path: (folder / "my-store" / path).read_text(encoding="utf-8") for path in plain}
    differing = {path for path in plain if made[path] != plain[path]}
    assert differing == {".github/workflows/certify.yml", ".gitlab-ci.yml"}
    assert all("storagedriver merge" in made[path] for path in differing)
    assert files(folder / "my-store") >= set(plain)
