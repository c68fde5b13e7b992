"""The checks as nox sessions. `python3 ci/checks.py` runs nox without any set-up of yours; CONTRIBUTING.md tells more."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nox

nox.needs_version = ">=2025.2"
nox.options.sessions = ["lint", "types", "docs", "tests"]
nox.options.reuse_existing_virtualenvs = True
# Where uv is: it fills in seconds what takes pip minutes.
nox.options.default_venv_backend = "uv|virtualenv"

ROOT = Path(__file__).parent
LOCKS = Path("ci", "requirements")
TEMPLATES = "ci/templates"
PARALLEL = (f"--numprocesses={2 * (os.cpu_count() or 1)}", "--dist=worksteal")
"""As many tests always wait for a program they began."""
NEEDED_BY_TESTS = ("tests", "docs", "ci", "action.yml", "pyproject.toml", "README.md")
OLDEST, NEWEST = "3.11", "3.14"
OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The Python of `.venv`, and so the one that `tests` runs on."""
PACKAGES = ("storagedriver", "storagedriver_drivers", "storagedriver_suites")


def install_locked(session: nox.Session, *locks: str) -> None:
    wanted = [f"--requirement={LOCKS / lock}.txt" for lock in locks]
    session.install("--require-hashes", *wanted)


def install_project(session: nox.Session) -> None:
    session.install("--no-deps", "--no-build-isolation", "--editable", ".")


@contextmanager
def folder_elsewhere(*names: str) -> Iterator[Path]:
    """A folder outside the clone, with copies of these files and folders of the clone and nothing else in it."""
    with tempfile.TemporaryDirectory(prefix="storagedriver-") as folder:
        copy(Path(folder), *names)
        yield Path(folder).resolve()


def copy(target: Path, *names: str) -> None:
    for name in names:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / source.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)


@nox.session
def certify(session: nox.Session) -> None:
    """Judge the drivers inmemory and filesystem and write certify/report.json; arguments after -- go to pytest."""
    install_locked(session, "environment")
    install_project(session)
    session.run("python", "ci/main_job.py", *session.posargs)


@nox.session
def tests(session: nox.Session) -> None:
    """All tests on all servers found; arguments after -- go to pytest."""
    install_locked(session, "environment")
    install_project(session)
    session.run("python", "ci/all_tests.py", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Style, format, the arrows between the packages, the templates, and whether the locks fit pyproject.toml."""
    install_locked(session, "lint", "automation")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("lint-imports", "--no-cache", env={"PYTHONPATH": "src:drivers:suites"})
    session.run("python", "ci/lock.py", "--check")
    # Tags are what readers of a template can follow; who wants commits there has tools that put them in.
    tags = ("--no-hints", "--strict-exit", "--ignore=unpinned-uses")
    workflows = (f"{TEMPLATES}/github-actions.yml", f"{TEMPLATES}/github-actions-shards.yml")
    session.run("jactionlint", *tags, *workflows, "action.yml")
    for schema, file in (
        *(("github-workflows", each) for each in workflows),
        ("github-actions", "action.yml"),
        ("gitlab-ci", f"{TEMPLATES}/gitlab-ci.yml"),
        ("gitlab-ci", f"{TEMPLATES}/gitlab-ci-shards.yml"),
    ):
        session.run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", file)
    session.run("pre-commit", "validate-config", f"{TEMPLATES}/pre-commit-config.yaml")
    # What `storagedriver new` makes, by the settings that it has itself, for a short name and for the longest.
    for name in ("x", "x" * 40):
        with folder_elsewhere() as folder:
            session.run("python", "ci/render_templates.py", "--project", name, str(folder))
            with session.chdir(folder):
                session.run("ruff", "check", ".")
                session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Types: mypy --strict on everything and on a new project, pyright on a program that uses the installed interface."""
    install_locked(session, "environment", "types", "automation")
    install_project(session)
    session.run("mypy", "--strict")
    # Away from the sources and their configuration, so that only what the installed packages show can be found.
    with folder_elsewhere("tests/typed/typed_program.py") as program, session.chdir(program):
        session.run("pyright", "typed_program.py")
        session.run("python", "typed_program.py")
    with folder_elsewhere() as project, session.chdir(project):
        session.run("storagedriver", "new", "mydriver", "--directory=.", silent=True)
        session.run("mypy")


@nox.session
def docs(session: nox.Session) -> None:
    """The documentation as a site in site/; a broken link, or a name in the reference that is not there, is an error."""
    install_locked(session, "docs")
    with folder_elsewhere("docs", "src", "ci/zensical.toml") as project:
        with session.chdir(project):
            session.run("zensical", "build", "--strict")
        shutil.rmtree("site", ignore_errors=True)
        shutil.move(project / "site", "site")


@nox.session(python=[OLDEST, NEWEST])
def wheel(session: nox.Session) -> None:
    """The tests on the built wheel, in a folder without the sources, on the oldest and the newest Python."""
    install_locked(session, "environment")
    with folder_elsewhere() as dist:
        session.run("python", "-m", "build", "--no-isolation", "--outdir", str(dist), silent=True)
        (built,) = dist.glob("*.whl")
        session.install("--no-deps", "--force-reinstall", str(built))
    with folder_elsewhere(*NEEDED_BY_TESTS) as elsewhere, session.chdir(elsewhere):
        session.run("python", "-c", installed_check(), *PACKAGES)
        chosen = told_by_the_wheel() if session.python == OWN else told_by_another_python()
        session.run("python", "-m", "pytest", *PARALLEL, *chosen, *session.posargs)
        # With all its values it was judged in `tests`: here the question is whether all of it was shipped.
        suites = "behaviour,concurrency,security,faults,durability,leaks"
        judging = ("--driver=inmemory", f"--suite={suites}", "--sample=1")
        session.run("python", "-m", "pytest", *PARALLEL, *judging, *session.posargs)


def told_by_the_wheel() -> list[str]:
    """The tests that read what a package carries beside its modules, or its metadata.

    All others passed in `tests`, on this Python and with these sources.
    """
    names = ("core", "commands/test_new_command.py", "report/test_report_schema.py", "site_pages/test_site_page.py")
    return [f"tests/{name}" for name in names]


def told_by_another_python() -> list[str]:
    """All tests but those whose subject is the same under each Python: faulty drivers, what servers answer, and programs.

    `properties` and `suites` judge such drivers too, `scaffolding` makes a wheel and an environment of its own, and
    `automation` is about what lies beside the wheel. Of the drivers of servers that of S3 stays, which others share their
    streams with. Of the plugin's tests it is those that are about one run, how it begins and what it tells of a failure: how
    runs are divided, decided and decorated follows from the same reports. The README's driver has one group of checks, in
    the test of the tutorial: it had all of them in `tests`.
    """
    faulty = ["mutants", "power", "properties", "suites", "asynchronous/test_async_suites.py"]
    answers = [f"drivers/test_{name}.py" for name in ("azure", "gcs", "oss", "swift", "rados")]
    servers = ["backends", "interoperability", "load", "matrix", *answers]
    programs = ["scaffolding", "automation", "site_pages"]
    several = ["exhibits", "gating", "interruptions", "joining", "progress", "reach", "sampling", "sharding", "trials"]
    of_several_runs = [f"plugin/test_{name}.py" for name in several]
    ignored = [f"--ignore=tests/{each}" for each in (*faulty, *servers, *programs, *of_several_runs)]
    return ["tests", *ignored, "--deselect=tests/documentation/test_examples.py::test_driver_of_the_readme_certifies"]


def installed_check() -> str:
    """A program that fails unless each package named comes from the environment's site-packages."""
    return (
        "import importlib, pathlib, sys, sysconfig\n"
        "installed = pathlib.Path(sysconfig.get_path('purelib')).resolve()\n"
        "for name in sys.argv[1:]:\n"
        "    found = pathlib.Path(importlib.import_module(name).__file__).resolve()\n"
        "    assert installed in found.parents, f'{found} is not in {installed}'\n"
    )


@nox.session
def power(session: nox.Session) -> None:
    """Which faulty driver which suite catches, in reports/power/; arguments after -- choose, as --only=DEL or --help."""
    install_locked(session, "environment")
    install_project(session)
    session.run("python", "-m", "power", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session
def mutation(session: nox.Session) -> None:
    """Faults in a driver's sources that no suite sees: `-- inmemory` writes reports/power/survivors-inmemory.md."""
    install_locked(session, "environment", "power")
    install_project(session)
    session.run("python", "-m", "power.mutate", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session
def compare(session: nox.Session) -> None:
    """The drivers beside other ways to the same stores, in docs/performance.md: `-- s3 swift` does these two anew."""
    install_locked(session, "environment", "compare")
    install_project(session)
    session.run("python", "-m", "benchmarks.compare", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session
def picture(session: nox.Session) -> None:
    """Write the README's picture of a report, docs/images/report.svg, from a real run."""
    install_locked(session, "environment")
    install_project(session)
    session.run("python", "ci/picture.py")


@nox.session
def lock(session: nox.Session) -> None:
    """Write ci/requirements/*.txt anew from pyproject.toml, with the newest versions that fit."""
    install_locked(session, "automation")
    session.run("python", "ci/lock.py", *session.posargs)
