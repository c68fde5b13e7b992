"""The command `storagedriver`.

Exit codes: 0 done; 1 a server could not be started, or died; 2 the command line is wrong.
"""

from __future__ import annotations

import argparse
import json
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from storagedriver import factory
from storagedriver.backends import (
    BackendSetupError,
    Provider,
    RunningBackend,
    Server,
    UnknownBackendError,
    find,
    providers,
)
from storagedriver.backends.model import ANY_DRIVER

OK = 0
FAILED = 1
USAGE = 2

_WATCH_INTERVAL = 1.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; a wrong command line raises SystemExit(2), as argparse does."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        if given.command == "drivers":
            return _list_drivers(as_json=given.json)
        if given.action == "list":
            return _list_backends(as_json=given.json)
        return _run_backend(given.name, as_json=given.json)
    except UnknownBackendError as error:
        return _complain(str(error), USAGE)
    except BackendSetupError as error:
        return _complain(str(error), FAILED)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="storagedriver", description="Storage drivers, and the servers to judge them against.", allow_abbrev=False
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    drivers = commands.add_parser("drivers", help="list the drivers that are installed", allow_abbrev=False)
    _add_json(drivers)

    backends = commands.add_parser("backends", help="list servers, or run one", allow_abbrev=False)
    actions = backends.add_subparsers(dest="action", required=True, metavar="ACTION")
    _add_json(actions.add_parser("list", help="what servers there are, and which can run here", allow_abbrev=False))
    up = actions.add_parser(
        "up",
        help="start a server, print how to reach it, and stop it at Ctrl-C or SIGTERM",
        epilog="Example: storagedriver backends up seaweedfs, or seaweedfs:process to name the mode as well.",
        allow_abbrev=False,
    )
    up.add_argument("name", metavar="NAME[:MODE]", help="a name from `storagedriver backends list`")
    _add_json(up)
    return parser


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def _list_drivers(*, as_json: bool) -> int:
    names = factory.names()
    _print(json.dumps(names) if as_json else "\n".join(names))
    return OK


def _list_backends(*, as_json: bool) -> int:
    known = list(providers().values())
    if as_json:
        _print(json.dumps([_described(provider) for provider in known], indent=2))
        return OK
    rows = [("NAME", "DRIVERS", "MODE", "HERE")]
    for provider in known:
        rows += [
            (provider.name, _drivers(provider), mode, provider.unavailable(mode) or "available")
            for mode in provider.modes
        ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        _print("  ".join([*cells, row[3]]))
    return OK


def _drivers(provider: Provider) -> str:
    return ",".join("any" if name == ANY_DRIVER else name for name in provider.drivers)


def _described(provider: Provider) -> dict[str, Any]:
    reasons = {mode: provider.unavailable(mode) for mode in provider.modes}
    return {
        "name": provider.name,
        "summary": provider.summary,
        "drivers": list(provider.drivers),
        "modes": [{"mode": mode, "available": why is None, "reason": why} for mode, why in reasons.items()],
    }


def _run_backend(wanted: str, *, as_json: bool) -> int:
    provider, mode = find(wanted)
    if ANY_DRIVER in provider.drivers:
        return _complain(
            f"{provider.name} is {provider.summary}, so there is nothing to start; "
            "name another of `storagedriver backends list`",
            USAGE,
        )
    # Both signals end the wait in the same way, and a start that is still under way too.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    server: Server | None = None
    with tempfile.TemporaryDirectory(prefix="storagedriver-") as folder:
        try:
            server = provider.start(mode, Path(folder))
            _announce(server.running, provider, as_json=as_json)
            return _watch(server)
        except KeyboardInterrupt:
            return OK
        finally:
            # Another Ctrl-C now would leave the server half stopped.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            if server is not None:
                server.stop()


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


def _announce(running: RunningBackend, provider: Provider, *, as_json: bool) -> None:
    if as_json:
        _print(json.dumps(running.to_dict()))
        return
    _print(f"# {running.name} {running.version} ({running.mode}) runs until Ctrl-C")
    if running.log:
        _print(f"# log: {running.log}")
    for driver in provider.drivers:
        for name, value in running.parameters.items():
            variable = f"STORAGEDRIVER_{driver}_{name}".upper()
            _print(f"export {variable}={shlex.quote(_text(value))}")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _watch(server: Server) -> int:
    while (problem := server.failure()) is None:
        time.sleep(_WATCH_INTERVAL)
    return _complain(problem, FAILED)


def _complain(message: str, code: int) -> int:
    sys.stderr.write(f"storagedriver: {message}\n")
    return code


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
