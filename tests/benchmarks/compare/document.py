"""The results: reports/benchmarks/compare.json, and tables in docs/performance.md.

Each driver has its place, with where and when it was measured: a run of some drivers leaves the others as they are.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Self

from benchmarks.compare.pairs import Comparison

ROOT = Path(__file__).parents[3]
RESULTS = ROOT / "reports" / "benchmarks" / "compare.json"
PAGE = ROOT / "docs" / "performance.md"
HEADING = "## Compared\n"


@dataclass(frozen=True, slots=True)
class Environment:
    """Where and when a driver was measured.

    Attributes:
        date: ISO 8601, of UTC.
        python: "3.11.7".
        system: "Linux".
        cores: Of the machine, which the server shares.
        packages: Versions of what took part, by name.
        servers: The server's version by its name; empty without a server.
        parameters: What the driver was told besides where its server is.
    """

    date: str
    python: str
    system: str
    cores: int
    packages: Mapping[str, str]
    servers: Mapping[str, str]
    parameters: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def here(cls, packages: Mapping[str, str], servers: Mapping[str, str], parameters: Mapping[str, str]) -> Self:
        """This machine, today."""
        return cls(
            date=dt.datetime.now(dt.UTC).date().isoformat(),
            python=platform.python_version(),
            system=platform.system(),
            cores=os.cpu_count() or 1,
            packages={"storagedriver": metadata.version("storagedriver"), **packages},
            servers=servers,
            parameters=parameters,
        )


@dataclass(frozen=True, slots=True)
class Measured:
    """A driver's results.

    Attributes:
        environment: Where they were measured.
        comparisons: With all peers, at all workloads.
    """

    environment: Environment
    comparisons: Sequence[Comparison]

    def serialized(self) -> dict[str, Any]:
        """As the file has it."""
        told = [
            {**dataclasses.asdict(each), "missed": each.missed, "asks_more": each.asks_more}
            for each in self.comparisons
        ]
        return {"environment": dataclasses.asdict(self.environment), "comparisons": told}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Self:
        """What serialized() gave."""
        return cls(
            environment=Environment(**told["environment"]),
            comparisons=[_comparison(each) for each in told["comparisons"]],
        )


def _comparison(told: Mapping[str, Any]) -> Comparison:
    fields = {each.name for each in dataclasses.fields(Comparison)}
    return Comparison(**{**{name: told[name] for name in fields & told.keys()}, "spread": tuple(told["spread"])})


def published(results: Path = RESULTS) -> dict[str, Measured]:
    """What has been measured before, by the driver's label; empty where there is no file."""
    if not results.is_file():
        return {}
    return {label: Measured.of(told) for label, told in json.loads(results.read_text(encoding="utf-8")).items()}


def merge(found: Mapping[str, Measured], results: Path = RESULTS, page: Path = PAGE) -> None:
    """Put what was found in the place of what the file and the page have of these drivers; the rest stays as it is."""
    all_of_them = dict(sorted({**published(results), **found}.items()))
    told = {label: each.serialized() for label, each in all_of_them.items()}
    results.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    before, _, _ = page.read_text(encoding="utf-8").partition(HEADING)
    page.write_text(f"{before.rstrip()}\n\n{HEADING}\n{section(all_of_them)}", encoding="utf-8")


def section(measured: Mapping[str, Measured]) -> str:
    """What the numbers mean, a table for each driver, and how many goals are missed."""
    comparisons = [each for one in measured.values() for each in one.comparisons]
    missed = sum(each.missed for each in comparisons)
    narrowly = sum(each.missed_narrowly for each in comparisons)
    with_goal = sum(each.goal is not None for each in comparisons)
    counted = [each for each in comparisons if each.few_requests and each.requests is not None]
    asking_more, to_ask_little = sum(each.asks_more for each in counted), len(counted)
    return "\n".join(
        [
            "`nox -s compare` puts each driver beside other ways to the same store, in one run and on one server of the",
            "same machine: a call of one, a call of the other, in turns, after it was seen that the bytes of both come back",
            "whole. A ratio is the median of the peer's duration through the driver's: above 1 the driver is faster. Goals:",
            "0.95 of the SDK for large streams, 1 of it for all else; 1 of other libraries in Python; 0.8 of obstore and of",
            "`rados bench`, which are compiled, for large streams. The server runs on the same machine and takes part of",
            "its cores. `rados bench` measures itself, with objects of its own.",
            "",
            "Requests are those of one call, the driver's and the peer's, as a proxy before the server counts them in a call that is",
            "not timed. A put and a get are to make no more than the SDK's.",
            "",
            f"{missed} of {with_goal} goals are missed, {narrowly} of them narrowly: a quarter of the turns or more reach the goal.",
            f"Of few requests {asking_more} of {to_ask_little} are missed.",
            *(line for label, each in measured.items() for line in _told(label, each)),
            "",
        ]
    )


def _told(label: str, measured: Measured) -> list[str]:
    where = measured.environment
    versions = ", ".join(f"{name} {version}" for name, version in {**where.packages, **where.servers}.items())
    told = "".join(f" The driver has `{name}={value}`." for name, value in where.parameters.items())
    return [
        "",
        f"### {label}",
        "",
        f"Run on {where.date} with {where.cores} cores, {where.system}, Python {where.python}: {versions}.{told}",
        "",
        "| workload | peer | ratio | quartiles | goal | driver's median | peer's median | requests |",
        "|---|---|---|---|---|---|---|---|",
        *(_line(each) for each in measured.comparisons),
    ]


def _line(each: Comparison) -> str:
    missed = ", missed narrowly" if each.missed_narrowly else ", missed" if each.missed else ""
    goal = "" if each.goal is None else f"{each.goal:g}{missed}"
    return (
        f"| {each.workload} | {each.peer} | {each.ratio:.2f} | {each.spread[0]:.2f} to {each.spread[1]:.2f} | {goal} "
        f"| {each.seconds * 1000:.3g} ms | {each.peer_seconds * 1000:.3g} ms | {_requests(each)} |"
    )


def _requests(each: Comparison) -> str:
    if each.requests is None or each.peer_requests is None:
        return ""
    return f"{each.requests} to {each.peer_requests}{', missed' if each.asks_more else ''}"
