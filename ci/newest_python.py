"""The newest supported Python on a Debian machine that has an older one: prints the folder that holds python3.14.

Debian's own build of it is taken out of the packages of a newer release, with the C library it was built for, into a
folder of the user's cache; nothing is installed. The packages come from the mirror that the
machine's apt is set up for, and apt checks their signatures. Runs in an environment with patchelf, which makes the
interpreter use the libraries of its own folder; the programs that it starts use the machine's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

VERSION = "3.14"
RELEASES = ("forky", "sid")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "storagedriver-ci"
_SOURCE_FORMAT = "$(LABEL)|$(COMPONENT)|$(REPO_URI)"
_TRIAL = "import bz2, ctypes, lzma, multiprocessing.synchronize, sqlite3, ssl, sys, zlib; print(sys.version.split()[0])"


class NotFoundError(Exception):
    """There is no such Python here and none can be had; the message tells why."""


def find() -> Path:
    """The folder of a working python3.14: one of the machine's, else the one in the cache, else a new one there.

    Raises:
        NotFoundError: None of these works.
    """
    for program in filter(None, (shutil.which(f"python{VERSION}"), str(_cached_program()))):
        if _works(program):
            return Path(program).parent
    for release in RELEASES:
        if _unpack(release):
            return _cached_program().parent
    raise NotFoundError(f"none of Debian's releases {', '.join(RELEASES)} has a python{VERSION} that works here")


def _cached_program() -> Path:
    return CACHE / f"python{VERSION}" / "usr" / "bin" / f"python{VERSION}"


def _works(program: str) -> bool:
    try:
        done = subprocess.run([program, "-c", _TRIAL], capture_output=True, text=True, check=False)
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.startswith(f"{VERSION}.")


def _unpack(release: str) -> bool:
    """Put the Python of a Debian release into the cache; False if the release has none."""
    final = CACHE / f"python{VERSION}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as work:
        apt = _private_apt(Path(work), release)
        _run(["apt-get", "-qq", "update"], apt)
        available = _run(["apt-cache", "search", "--names-only", f"^python{VERSION}-venv$"], apt)
        if not available.strip():
            return False
        packages = (f"python{VERSION}", f"python{VERSION}-venv")
        _run(["apt-get", "-qq", "--yes", "--download-only", "install", *packages], apt)
        root = Path(work, "root")
        for package in sorted(Path(work, "cache", "archives").glob("*.deb")):
            _run(["dpkg-deb", "--extract", str(package), str(root)])
        _bind(root / "usr" / "bin" / f"python{VERSION}", root, final)
        shutil.rmtree(final, ignore_errors=True)
        root.rename(final)
    return _works(str(_cached_program()))


def _private_apt(work: Path, release: str) -> Mapping[str, str]:
    """Variables that give apt a state of its own, in which nothing is installed and `release` is the only source."""
    for folder in ("lists/partial", "cache/archives/partial", "sources"):
        (work / folder).mkdir(parents=True)
    (work / "status").touch()
    (work / "sources" / "debian.sources").write_text(
        f"Types: deb\nURIs: {_mirror()}\nSuites: {release}\nComponents: main\nSigned-By: {KEYRING}\n"
    )
    settings = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": f"{work}/sources",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State::Lists": f"{work}/lists",
        "Dir::State::Status": f"{work}/status",
        "Dir::Cache": f"{work}/cache",
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",
        "Debug::NoLocking": "true",
    }
    config = work / "apt.conf"
    config.write_text("".join(f'{name} "{value}";\n' for name, value in settings.items()))
    return {"APT_CONFIG": str(config), "DEBIAN_FRONTEND": "noninteractive"}


def _mirror() -> str:
    """Where this machine gets Debian from. apt knows after its first update."""
    for fetch in (False, True):
        if fetch:
            _run(["apt-get", "-qq", "update"])
        for line in _run(["apt-get", "indextargets", "--format", _SOURCE_FORMAT]).splitlines():
            label, component, address = line.split("|", 2)
            if (label, component) == ("Debian", "main"):
                return address
    raise NotFoundError("this machine's apt has no Debian mirror")


def _bind(program: Path, root: Path, final: Path) -> None:
    """Make the interpreter load the C library and all others from where it will be."""
    loader = _run(["patchelf", "--print-interpreter", str(program)]).strip()
    (libraries,) = (each.parent for each in (root / "usr" / "lib").glob(f"*/{Path(loader).name}"))
    home = final / libraries.relative_to(root)
    # An RPATH, unlike a RUNPATH, also holds for the libraries that extension modules bring in.
    bind = ["--force-rpath", "--set-rpath", str(home), "--set-interpreter", str(home / Path(loader).name)]
    _run(["patchelf", *bind, str(program)])


def _run(command: Sequence[str], variables: Mapping[str, str] | None = None) -> str:
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **(variables or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise NotFoundError(f"{command[0]} is not installed, so Python {VERSION} cannot be had") from error
    if done.returncode:
        raise NotFoundError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def main() -> int:
    """Print the folder for the PATH."""
    try:
        print(find())
    except NotFoundError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
