"""The environment of the one-command scripts: `.venv` in the clone, with the locked dependencies and the project in it.

It is made by whatever the machine's Python offers: venv with ensurepip, or venv and a pip beside it (a distribution's
Python, which is externally managed and left alone). Where uv is at hand, or comes with what is wanted, it installs in seconds
what takes pip minutes; pip has the last word, as it knows the machine's own settings. A stamp in it names what was installed,
so that a second call does nothing. Only the standard library is used.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import supported_python

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ROOT / "ci" / "requirements"
FOLDER = ROOT / ".venv"
MAIN_LOCK = "environment"

_STAMP = "storagedriver-environment"
_OLDEST_PIP = (22, 3)  # The first with --python.
_DISTRIBUTION_PREFIX = "/usr"


class SetupError(Exception):
    """The environment cannot be made; the message says what to do."""


def run_script(name: str, *, extra_locks: Sequence[str] = ()) -> NoReturn:
    """Become the script `ci/<name>`, run in the environment and in the clone's folder with the user's arguments."""
    _become([str(ROOT / "ci" / name)], extra_locks)


def run_module(name: str, *, extra_locks: Sequence[str] = ()) -> NoReturn:
    """Become `python -m <name>`, as run_script()."""
    _become(["-m", name], extra_locks)


def _become(program: Sequence[str], extra_locks: Sequence[str]) -> NoReturn:
    try:
        python = prepare(extra_locks)
    except SetupError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(supported_python.CANNOT_RUN)
    os.chdir(ROOT)
    sys.stdout.flush()
    variables = {**_variables(), **{name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}}
    os.execve(python, [str(python), *program, *sys.argv[1:]], variables)


def prepare(extra_locks: Sequence[str] = ()) -> Path:
    """Make or update the environment, and return its Python.

    Args:
        extra_locks: Names of lock files to install besides the main one.

    Raises:
        SetupError: This machine lacks what it takes.
    """
    python = FOLDER / "bin" / "python"
    with _alone():
        # The small ones first: uv is among them.
        for lock in (*extra_locks, MAIN_LOCK):
            _bring_up_to_date(python, lock)
    return python


@contextmanager
def _alone() -> Iterator[None]:
    """Wait until no other command of this clone is making the environment."""
    FOLDER.parent.joinpath(".cache").mkdir(exist_ok=True)
    with FOLDER.parent.joinpath(".cache", "environment.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _bring_up_to_date(python: Path, lock: str) -> None:
    stamp = FOLDER / f"{_STAMP}-{lock}"
    if stamp.is_file() and stamp.read_text() == _fingerprint(lock) and _runs(python):
        return
    if not _runs(python):
        _create(python)
    stamp.unlink(missing_ok=True)
    print(f"Installing ci/requirements/{lock}.txt into {FOLDER}", flush=True)
    _install(python, "--require-hashes", "--requirement", str(LOCKS / f"{lock}.txt"))
    if lock == MAIN_LOCK:
        _install(python, "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    stamp.write_text(_fingerprint(lock))


def _fingerprint(lock: str) -> str:
    """What the environment is made of: another Python, lock or pyproject.toml, or another folder, makes another one."""
    digest = hashlib.sha256()
    for part in (LOCKS / f"{lock}.txt", ROOT / "pyproject.toml"):
        digest.update(part.read_bytes())
    config = FOLDER / "pyvenv.cfg"
    digest.update(config.read_bytes() if config.is_file() else b"")
    return f"{ROOT}\n{digest.hexdigest()}\n"


def _runs(python: Path) -> bool:
    """Whether this is the environment of this clone, with a pip, and new enough: a moved or half-made one is none."""
    program = (
        f"import pip, sys; sys.exit(sys.version_info < {supported_python.OLDEST!r} or sys.prefix != {str(FOLDER)!r})"
    )
    try:
        return subprocess.run([python, "-c", program], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _create(python: Path) -> None:
    print(f"Making {FOLDER} with {sys.executable} ({sys.version.split()[0]})", flush=True)
    if not _can("ensurepip") and not _pip_is_usable():
        _add_ensurepip()
    if _can("ensurepip"):
        _venv()
        return
    _venv("--without-pip")
    _require([sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "pip"])


def _venv(*options: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", *options, str(FOLDER)], env=_variables(), check=False
    )
    if done.returncode:
        raise SetupError(f"{sys.executable} could not make {FOLDER}: what it said is above")


def _can(module: str) -> bool:
    importlib.invalidate_caches()
    return importlib.util.find_spec(module) is not None


def _pip_is_usable() -> bool:
    done = subprocess.run(
        [sys.executable, "-c", "import pip, venv; print(pip.__version__)"], capture_output=True, text=True, check=False
    )
    numbers = done.stdout.strip().split(".")[:2]
    return (
        done.returncode == 0 and all(number.isdigit() for number in numbers) and tuple(map(int, numbers)) >= _OLDEST_PIP
    )


def _add_ensurepip() -> None:
    """Debian keeps ensurepip in a package of its own: root gets it, others are told how."""
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    apt = shutil.which("apt-get")
    if apt is None or sys.base_prefix != _DISTRIBUTION_PREFIX:
        raise SetupError(
            f"{sys.executable} has neither ensurepip nor pip {_OLDEST_PIP[0]}.{_OLDEST_PIP[1]} or newer. Install your "
            "distribution's pip for Python (it is mostly called python3-pip), and run this again."
        )
    command = f"apt-get install {package}"
    if os.geteuid() != 0:
        raise SetupError(f"{sys.executable} has neither ensurepip nor pip. As root: {command}")
    print(f"{sys.executable} has neither ensurepip nor pip, and this is root: {command}", flush=True)
    quiet = {**_variables(), "DEBIAN_FRONTEND": "noninteractive"}
    install = [apt, "-qq", "-y", "--no-install-recommends", "install", package]
    for steps in ((install,), ([apt, "-qq", "update"], install)):
        for step in steps:
            done = subprocess.run(step, env=quiet, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)
        if done.returncode == 0:
            return
    raise SetupError(f"{command} failed: what it said is above")


def _install(python: Path, *what: str) -> None:
    uv = shutil.which("uv", path=_variables()["PATH"])
    if uv is None or not _succeeds([uv, "pip", "install", "--quiet", "--python", str(python), *what]):
        _require([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what])


def _require(command: Sequence[str]) -> None:
    if not _succeeds(command):
        raise SetupError("pip could not install what is needed: what it said is above")


def _succeeds(command: Sequence[str]) -> bool:
    done = subprocess.run(command, cwd=ROOT, env=_variables(), stdin=subprocess.DEVNULL, check=False)
    return done.returncode == 0


def _variables() -> dict[str, str]:
    """The user's environment, without what would point the new Python, or its pip, somewhere else."""
    misleading = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "PIP_PREFIX", "PIP_ROOT", "PIP_TARGET")
    kept = {name: value for name, value in os.environ.items() if name not in misleading}
    return {
        **kept,
        "PIP_USER": "0",
        "VIRTUAL_ENV": str(FOLDER),
        "PATH": f"{FOLDER / 'bin'}{os.pathsep}{os.environ['PATH']}",
    }
