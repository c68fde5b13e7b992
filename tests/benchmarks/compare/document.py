"""The results: reports/benchmarks/compare.json, and a table in docs/performance.md."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import platform
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.compare.pairs import Comparison

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "reports" / "benchmarks" / "compare.json"
PAGE = ROOT / "docs" / "performance.md"
HEADING = "## Compared\n"
PACKAGES = ("storagedriver", "boto3", "azure-storage-blob", "python-swiftclient", "fsspec", "obstore", "opendal")


def environment(servers: dict[str, str]) -> dict[str, Any]:
    """Where it was run, and with what."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "python": platform.python_version(),
        "system": platform.system(),
        "cores": os.cpu_count(),
        "packages": versions,
        "servers": servers,
    }


def write(comparisons: Sequence[Comparison], where: dict[str, Any]) -> None:
    """Write both; the rest of the page stays as it is."""
    told = [{**dataclasses.asdict(each), "missed": each.missed} for each in comparisons]
    RESULTS.write_text(json.dumps({"environment": where, "comparisons": told}, indent=1) + "\n", encoding="utf-8")
    before, _, _ = PAGE.read_text(encoding="utf-8").partition(HEADING)
    PAGE.write_text(before.rstrip() + f"\n\n{HEADING}\n{section(comparisons, where)}", encoding="utf-8")


def section(comparisons: Sequence[Comparison], where: dict[str, Any]) -> str:
    """The table, and which goals are missed."""
    versions = ", ".join(f"{name} {version}" for name, version in {**where["packages"], **where["servers"]}.items())
    missed = [each for each in comparisons if each.missed]
    lines = [
        "`nox -s compare` puts each driver beside other ways to the same store, in one run and on one server of the same",
        "machine: a call of one, a call of the other, in turns. A ratio is the median of the peer's duration through the",
        "driver's: above 1 the driver is faster. Goals: 0.95 of the SDK for large streams, 1 of it for all else, 0.8 of",
        "obstore for large streams. The server runs on the same machine and takes part of its cores.",
        "",
        f"Run on {where['date']} with {where['cores']} cores, {where['system']}, Python {where['python']}: {versions}.",
        "",
        "| driver | peer | workload | ratio | quartiles | goal | driver's median | peer's median |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for each in comparisons:
        goal = "" if each.goal is None else f"{each.goal:g}{', missed' if each.missed else ''}"
        lines.append(
            f"| {each.driver} | {each.peer} | {each.workload} | {each.ratio:.2f} | {each.spread[0]:.2f} to "
            f"{each.spread[1]:.2f} | {goal} | {each.seconds * 1000:.3g} ms | {each.peer_seconds * 1000:.3g} ms |"
        )
    with_goal = sum(each.goal is not None for each in comparisons)
    return "\n".join([*lines, "", f"{len(missed)} of {with_goal} goals are missed.", ""])
