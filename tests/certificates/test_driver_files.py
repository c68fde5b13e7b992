"""Which files a certificate is about: found, digested as documented, and those that were judged."""

from __future__ import annotations

import hashlib
import importlib
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from storagedriver import cli
from storagedriver.driver_files import DriverFilesError, of_driver, of_path

from .workshop import POLICY, Workshop, judged

FILES: Mapping[str, str] = {
    "wheeled/__init__.py": "class Wheeled: ...\n",
    "wheeled/part/Upper.py": "x = 1\n",
    "wheeled/part/lower.txt": "text\n",
    "wheeled-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: wheeled\nVersion: 1.0\n",
    "wheeled-1.0.dist-info/entry_points.txt": "[storagedriver.drivers]\nwheeled = wheeled:Wheeled\n",
    "wheeled-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of packages with one that was installed from a wheel, as pip leaves it."""
    folder = tmp_path / "site"
    extra = {
        "wheeled-1.0.dist-info/INSTALLER": "pip\n",
        "wheeled-1.0.dist-info/REQUESTED": "",
        "wheeled/__pycache__/__init__.cpython-311.pyc": "compiled",
    }
    for name, content in {**FILES, **extra}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    listed = [*FILES, *extra, "wheeled-1.0.dist-info/RECORD", "../bin/wheeled"]
    (folder / "wheeled-1.0.dist-info/RECORD").write_text("".join(f"{name},,\n" for name in listed))
    monkeypatch.syspath_prepend(folder)
    importlib.invalidate_caches()
    return folder


def wheel(
    folder: Path, changes: Mapping[str, str] | None = None, *, name: str = "wheeled-1.0-py3-none-any.whl"
) -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w") as archive:
        for inside, content in {**FILES, **(changes or {})}.items():
            archive.writestr(inside, content)
        archive.writestr("wheeled-1.0.dist-info/RECORD", "")
        archive.writestr("wheeled-1.0.data/scripts/wheeled", "#!python\n")
    return path


def test_a_tree_has_the_digest_that_coreutils_make_of_it(tmp_path: Path) -> None:
    for name in ("b.py", "a/x.py", "a-b/y.py", "B.py", "é.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "a" / "__pycache__").mkdir()
    (tmp_path / "a" / "__pycache__" / "x.cpython-311.pyc").write_text("compiled")
    page = (Path(__file__).parents[2] / "docs" / "certificates.md").read_text()
    command = page.partition("<!-- tree -->\n```sh\n")[2].partition("\n```")[0]

    told = subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)

    (subject,) = of_path(tmp_path).subjects
    assert (subject.name, subject.method) == (tmp_path.name, "tree")
    assert told.stdout == f"{subject.sha256}  -\n"


def test_what_a_wheel_installed_has_the_digest_of_the_wheel(site: Path, tmp_path: Path) -> None:
    installed, given = of_driver("wheeled"), of_path(wheel(tmp_path))

    assert installed.subjects == given.subjects[1:]
    assert installed.distribution == given.distribution == "wheeled 1.0"
    assert (
        given.subjects[0].sha256 == hashlib.sha256((tmp_path / "wheeled-1.0-py3-none-any.whl").read_bytes()).hexdigest()
    )


@pytest.mark.parametrize("changed", ["wheeled/part/lower.txt", "wheeled-1.0.dist-info/entry_points.txt"])
def test_a_file_that_was_changed_after_it_was_installed_is_seen(site: Path, changed: str) -> None:
    before = of_driver("wheeled").subjects
    with (site / changed).open("a") as file:
        file.write("\n")

    assert of_driver("wheeled").subjects != before


def test_what_the_installer_leaves_beside_is_left_out(site: Path) -> None:
    before = of_driver("wheeled").subjects
    (site / "wheeled-1.0.dist-info" / "INSTALLER").write_text("another\n")
    (site / "wheeled" / "__pycache__" / "__init__.cpython-311.pyc").write_text("compiled anew")

    assert of_driver("wheeled").subjects == before


def test_an_editable_installation_is_the_tree_of_its_package(site: Path) -> None:
    (site / "wheeled-1.0.dist-info" / "direct_url.json").write_text(
        '{"dir_info": {"editable": true}, "url": "file:///x"}'
    )

    found = of_driver("wheeled")

    assert found.subjects == of_path(site / "wheeled").subjects
    assert found.distribution == "wheeled 1.0"


def test_an_installed_driver_is_certified_and_verified_by_its_name(workshop: Workshop, site: Path) -> None:
    judged("wheeled", distribution="wheeled 1.0").write("report.json")
    Path("gate.toml").write_text(POLICY.replace("mydriver", "wheeled"))
    assert workshop.certify(subject=None) == cli.OK

    assert workshop.verify("--driver=wheeled") == cli.OK
    assert workshop.verify(f"--subject={wheel(workshop.folder)}") == cli.OK
    other = wheel(workshop.folder, {"wheeled/__init__.py": "class Wheeled: pass\n"})
    assert workshop.verify(f"--subject={other}") == cli.FAILED
    (site / "wheeled" / "__init__.py").write_text("class Wheeled: pass\n")
    assert workshop.verify("--driver=wheeled") == cli.FAILED


def test_a_wheel_is_certified_for_what_it_installs_too(workshop: Workshop, site: Path) -> None:
    judged("wheeled", distribution="wheeled 1.0").write("report.json")
    Path("gate.toml").write_text(POLICY.replace("mydriver", "wheeled"))
    assert workshop.certify(subject=str(wheel(workshop.folder))) == cli.OK

    assert [each.method for each in workshop.statement().subjects] == ["file", "installed"]
    assert workshop.verify("--driver=wheeled") == cli.OK


def test_files_of_another_version_than_was_judged_are_not_certified(
    workshop: Workshop, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judged("wheeled", distribution="wheeled 0.9").write("report.json")
    Path("gate.toml").write_text(POLICY.replace("mydriver", "wheeled"))

    assert workshop.certify(subject=None) == cli.FAILED
    assert "wheeled came from wheeled 0.9, and the files are of wheeled 1.0" in capsys.readouterr().err
    assert workshop.certify(subject=str(wheel(workshop.folder))) == cli.FAILED
    assert not Path("cert").exists()


def test_a_driver_that_was_changed_after_its_run_is_not_certified(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    judged(files=of_path("mydriver.py").subjects).write("report.json")
    assert workshop.certify() == cli.OK

    Path("mydriver.py").write_text("class MyDriver: pass\n")

    assert workshop.certify("--force") == cli.FAILED
    assert "mydriver was judged with another mydriver.py than the one here" in capsys.readouterr().err


def test_an_installation_that_was_changed_after_its_run_is_not_certified(workshop: Workshop, site: Path) -> None:
    """Neither by its name nor by the wheel that it once came from, if that is not what ran."""
    judged("wheeled", distribution="wheeled 1.0", files=of_driver("wheeled").subjects).write("report.json")
    Path("gate.toml").write_text(POLICY.replace("mydriver", "wheeled"))
    assert workshop.certify(subject=None) == cli.OK
    assert workshop.certify("--force", subject=str(wheel(workshop.folder))) == cli.OK

    other = wheel(workshop.folder, {"wheeled/__init__.py": "class Wheeled: pass\n"})
    assert workshop.certify("--force", subject=str(other)) == cli.FAILED
    (site / "wheeled" / "__init__.py").write_text("class Wheeled: pass\n")
    assert workshop.certify("--force", subject=None) == cli.FAILED


@pytest.mark.parametrize(
    ("driver", "words"), [("wheeled", "is about the drivers mydriver, not about wheeled"), ("mydriver", "")]
)
def test_a_driver_that_was_not_judged_is_not_certified_by_its_neighbour(
    workshop: Workshop, site: Path, driver: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both come from the same files, and one was judged."""
    with (site / "wheeled-1.0.dist-info" / "entry_points.txt").open("a") as file:
        file.write("mydriver = wheeled:Mine\n")
    judged(distribution="wheeled 1.0").write("report.json")
    assert workshop.certify(subject=None) == cli.OK

    code = workshop.verify(f"--driver={driver}")

    assert words in capsys.readouterr().out
    assert code == (cli.FAILED if words else cli.OK)


def test_the_files_of_another_driver_of_the_certificate_are_not_its_own(
    workshop: Workshop, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both were certified, each in its files; then the name of one leads to those of the other."""
    with (site / "wheeled-1.0.dist-info" / "entry_points.txt").open("a") as file:
        file.write("other = wheeled:Wheeled\n")
    information = workshop.folder / "first" / "other-1.0.dist-info"
    information.mkdir(parents=True)
    (information.parent / "other.py").write_text("class Other: ...\n")
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (information / "RECORD").write_text("other.py,,\n")
    (information / "entry_points.txt").write_text("[storagedriver.drivers]\nother = other:Other\n")
    monkeypatch.syspath_prepend(information.parent)
    judged("wheeled", distribution="wheeled 1.0").write("wheeled.json")
    judged("other", distribution="other 1.0").write("other.json")
    Path("gate.toml").write_text(POLICY.replace("mydriver", "wheeled"))
    assert workshop.certify("wheeled.json", "other.json", subject=None) == cli.OK
    assert workshop.verify("--driver=other") == cli.OK

    (information / "entry_points.txt").unlink()

    assert workshop.verify("--driver=wheeled") == cli.OK
    assert workshop.verify("--driver=other") == cli.FAILED


def test_a_driver_named_by_module_and_callable(workshop: Workshop) -> None:
    Path("package").mkdir()
    Path("package/__init__.py").touch()
    Path("package/storage.py").write_text("def mydriver(parameters): ...\n")

    assert workshop.certify("--driver=mydriver:mydriver", subject=None) == cli.OK
    assert [(each.name, each.method) for each in workshop.statement().subjects] == [("mydriver.py", "file")]
    assert workshop.verify("--driver=mydriver:mydriver") == cli.OK
    assert workshop.certify("--driver=package.storage:mydriver", "--force", subject=None) == cli.OK
    assert [(each.name, each.method) for each in workshop.statement().subjects] == [("package", "tree")]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "no installed package registers the driver mydriver: name its files with --subject"),
        (["--driver=mydriver:Other"], "is about the driver mydriver, and the files are those of Other"),
        (["--driver=nowhere:mydriver"], "no module 'nowhere' can be found"),
        (["--subject=absent"], "absent: cannot be read: No such file or directory"),
        (["--subject=empty"], "there is no file in it"),
        (["--subject=linked"], "neither a file nor a folder"),
        (["--subject=gate.whl"], "gate.whl: not a wheel"),
    ],
)
def test_files_that_cannot_be_told(
    workshop: Workshop,
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for folder in ("empty", "linked"):
        Path(folder).mkdir()
    Path("linked", "mydriver.py").symlink_to("../mydriver.py")
    Path("gate.whl").write_text("no archive")

    assert workshop.certify(*arguments, subject=None) == cli.FAILED
    assert words in capsys.readouterr().err
    assert not Path("cert").exists()


def test_files_of_no_distribution_are_of_one_driver(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    judged("mydriver", "other").write("report.json")

    assert workshop.certify() == cli.FAILED
    assert "the reports are about mydriver, other, and these files" in capsys.readouterr().err


def test_a_name_that_no_list_can_hold_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a\nb").touch()

    with pytest.raises(DriverFilesError, match="line end"):
        of_path(tmp_path)


def test_the_kits_own_drivers_can_be_certified() -> None:
    """However the kit is installed here."""
    found = of_driver("inmemory")

    assert found.distribution is not None
    assert found.distribution.startswith("storagedriver ")
    assert found.subjects == of_driver("filesystem").subjects
