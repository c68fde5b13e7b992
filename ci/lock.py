"""The lock files of ci/requirements: `nox -s lock` writes them anew, `--check` tells whether they fit pyproject.toml.

They hold versions and hashes for every supported Python and platform, and no address: packages come from whatever
registry the machine is set up for. Runs in an environment with uv.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "ci" / "requirements"
OLDEST_PYTHON = "3.11"

MAIN = "environment"
LOCKS: Mapping[str, Sequence[str]] = {
    MAIN: (
        *("--extra=suite", "--extra=s3", "--extra=s3-async", "--extra=azure", "--extra=gcs", "--extra=oss"),
        *("--extra=swift", "--extra=swift-keystone"),
        *("--extra=fsspec", "--extra=obstore", "--extra=opendal", "--extra=pyarrow", "--extra=django"),
        *("--extra=servers", "--extra=swift-server", "--extra=containers"),
        *("--extra=certificates", "--extra=sigstore", "--extra=completion", "--extra=report"),
        *("--extra=dask", "--extra=locust"),
        *("--group=tests", "--group=build"),
    ),
    "automation": ("--only-group=automation",),
    "lint": ("--only-group=lint",),
    "types": ("--only-group=types",),
    "docs": ("--only-group=docs",),
    "power": ("--only-group=power",),
}
"""What each lock file is made of, the main one first: the others keep to its versions, to be installed beside it."""


def compile_lock(name: str, output: Path, *, main: Path, upgrade: bool) -> None:
    """Resolve one lock into `output`, keeping the versions that `output` holds already unless `upgrade`."""
    sources = LOCKS[name]
    groups = [source.removeprefix("--only-group=") for source in sources if source.startswith("--only-group=")]
    wanted = [f"--group={group}" for group in groups] or ["pyproject.toml", *sources]
    command = ["uv", "pip", "compile", "--quiet", "--universal", f"--python-version={OLDEST_PYTHON}"]
    command += ["--generate-hashes", "--no-emit-index-url", "--no-header", "--no-annotate", f"--output-file={output}"]
    command += [] if name == MAIN else [f"--constraint={main}"]
    command += ["--upgrade"] if upgrade else []
    subprocess.run([*command, *wanted], cwd=ROOT, check=True)


def refresh() -> None:
    """Write all locks anew, with the newest versions that fit."""
    FOLDER.mkdir(exist_ok=True)
    for name in LOCKS:
        compile_lock(name, FOLDER / f"{name}.txt", main=FOLDER / f"{MAIN}.txt", upgrade=True)


def outdated() -> list[str]:
    """The locks that pyproject.toml no longer resolves to."""
    with tempfile.TemporaryDirectory() as folder:
        stale = []
        for name in LOCKS:
            committed, fresh = FOLDER / f"{name}.txt", Path(folder, f"{name}.txt")
            before = committed.read_bytes() if committed.is_file() else b""
            fresh.write_bytes(before)
            compile_lock(name, fresh, main=FOLDER / f"{MAIN}.txt", upgrade=False)
            if fresh.read_bytes() != before:
                stale.append(f"ci/requirements/{name}.txt")
        return stale


def main() -> int:
    """Refresh, or check with `--check`."""
    if sys.argv[1:] != ["--check"]:
        refresh()
        return 0
    stale = outdated()
    for lock in stale:
        print(f"{lock} does not fit pyproject.toml; make it anew: nox -s lock")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
