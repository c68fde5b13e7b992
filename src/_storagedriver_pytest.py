"""The pytest plugin's entry: its options, and nothing of the kit before `--driver` is given.

pytest imports this module in every run of every project that has the distribution installed; so it imports nothing but
the standard library and pytest, and leaves all work to `storagedriver.plugin`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

OPTION = "storagedriver_driver"
FILE = "pyproject.toml"
ONLY_SHOWN = ("help", "version", "markers", "cacheshow")
"""Options of pytest with which nothing is collected, so that no server need be started."""

NEED_A_DRIVER = {
    "storagedriver_report": "--certify-report",
    "storagedriver_requirements": "--requirement",
    "storagedriver_parameters": "--driver-param",
    "storagedriver_backends": "--backend",
    "storagedriver_suites": "--suite",
    "storagedriver_compare": "--compare",
    "storagedriver_shard": "--shard",
    "storagedriver_sample": "--sample",
}
MARKERS = (
    "requirement(id, ...): the clause of the storage driver contract that a check proves",
    "profile(name): the smallest profile in which a check runs",
    "together: the checks of a module share what is costly to make, so --shard keeps them in one shard",
    "lengthy: the checks of a module take long, so several processes begin with them",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the group `storagedriver`."""
    group = parser.getgroup("storagedriver", "certify storage drivers")
    group.addoption(
        "--driver",
        action="append",
        metavar="NAME",
        dest=OPTION,
        help="Run the suites against this driver: a registered name, module:callable, or all. "
        "May be repeated. Example: --driver=filesystem --driver=mypackage.storage:MyDriver",
    )
    group.addoption(
        "--driver-param",
        action="append",
        metavar="[DRIVER.]NAME=VALUE",
        dest="storagedriver_parameters",
        help="A parameter of the driver; with several drivers, say which. "
        "Example: --driver-param bucket=tests --driver-param s3.region=eu-west-1",
    )
    group.addoption(
        "--backend",
        action="append",
        metavar="NAME[:MODE]",
        dest="storagedriver_backends",
        help="The server to run the driver on, started and stopped by pytest; auto takes the first that can run here, "
        "external none. May be repeated. Example: --backend seaweedfs --backend moto",
    )
    group.addoption(
        "--suite",
        action="append",
        metavar="NAME[,NAME]",
        dest="storagedriver_suites",
        help="Which suites to run; all but properties without it. Example: --suite behaviour,properties",
    )
    group.addoption(
        "--requirement",
        action="append",
        metavar="ID[,ID]",
        dest="storagedriver_requirements",
        help="Run only the checks of these requirements or groups of the contract. Example: --requirement CONT-2,WALK",
    )
    group.addoption(
        "--shard",
        metavar="NUMBER/COUNT",
        default=None,
        dest="storagedriver_shard",
        help="Run one of COUNT parts of the checks, so that as many machines share a run; `storagedriver merge` puts their "
        "reports together. Example: --shard 2/4 --seed 7 --certify-report shard-2.json",
    )
    group.addoption(
        "--sample",
        type=int,
        metavar="NUMBER",
        default=None,
        dest="storagedriver_sample",
        help="Of each check run at most NUMBER of its values, which the seed chooses: all that is promised is tried, in a "
        "fraction of the time, and nothing is certified. Example: --sample 1",
    )
    group.addoption(
        "--profile",
        choices=("quick", "full", "soak"),
        default=None,
        dest="storagedriver_profile",
        help="How much to run: quick (the default) leaves out the checks that take seconds. Example: --profile full",
    )
    group.addoption(
        "--certify-report",
        metavar="FILE.json",
        dest="storagedriver_report",
        help="Write the results, requirement by requirement, with evidence; reproducers go in a folder beside it. "
        "Example: --certify-report certify/report.json",
    )
    group.addoption(
        "--require-backends",
        action="store_true",
        default=None,
        dest="storagedriver_require_backends",
        help="A server that cannot run here is an error instead of a skip. For CI. Example: --driver=all --require-backends",
    )
    group.addoption(
        "--check-timeout",
        type=float,
        metavar="SECONDS",
        default=None,
        dest="storagedriver_timeout",
        help="After this many seconds one check counts as hung and fails (300 without it, 1800 in profile soak). "
        "Example: --check-timeout 60",
    )
    group.addoption(
        "--seed",
        type=int,
        metavar="NUMBER",
        default=None,
        dest="storagedriver_seed",
        help="The seed of all that is generated; without it one is chosen, shown and reported, and what failed before is "
        "tried first. Example: --seed 7",
    )
    group.addoption(
        "--compare",
        action="store_true",
        default=None,
        dest="storagedriver_compare",
        help="Make the same generated histories on the first driver and on each other one, and compare what comes of "
        "them. Example: --driver=inmemory --driver=filesystem --compare",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Hand over to the kit if a driver is named, on the command line or in the table [tool.storagedriver]."""
    for marker in MARKERS:
        # Known without a driver too: an author's own checks are marked, and collected in runs that name none.
        config.addinivalue_line("markers", marker)
    if any(getattr(config.option, name, False) for name in ONLY_SHOWN):
        return
    table, folder = _table(config)
    if config.getoption(OPTION) or "driver" in table:
        from storagedriver.plugin import activate  # noqa: PLC0415  nothing of the kit before a driver is named

        activate(config, table, folder)
        return
    for option, words in NEED_A_DRIVER.items():
        if config.getoption(option):
            raise pytest.UsageError(f"{words} needs a driver to judge: add --driver=NAME, or --driver=all")


def _table(config: pytest.Config) -> tuple[dict[str, Any], Path]:
    """The table, and the folder of its file: the nearest pyproject.toml, else the one of pytest's rootdir."""
    here = Path(config.invocation_params.dir)
    nearest = next((each for each in (here, *here.parents) if (each / FILE).is_file()), config.rootpath)
    for folder in dict.fromkeys((nearest, config.rootpath)):
        table = _table_in(folder / FILE)
        if table:
            return table, folder
    return {}, config.rootpath


def _table_in(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes()
    except OSError:
        return {}
    if b"storagedriver" not in text:
        return {}
    try:
        tool = tomllib.loads(text.decode()).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as broken:
        raise pytest.UsageError(f"{path}: cannot be read: {broken}") from broken
    table = tool.get("storagedriver", {}) if isinstance(tool, dict) else {}
    if not isinstance(table, dict):
        raise pytest.UsageError(f"{path}: storagedriver is a table: [tool.storagedriver], not {table!r}")
    return table
