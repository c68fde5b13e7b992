"""The command `storagedriver`.

Exit codes: 0 done; 1 a server could not be started, or died, or a report is not as it has to be; 2 the command line is wrong.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shlex
import signal
import subprocess
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
    by_hand,
    find,
    providers,
)
from storagedriver.backends.model import ANY_DRIVER
from storagedriver.commands import diff, exits, gate, merge, new, output, render, validate
from storagedriver.commands.arguments import add_json
from storagedriver.report import ReportError

OK = exits.OK
FAILED = exits.FAILED
USAGE = exits.USAGE

REPORT_COMMANDS = (new, validate, merge, diff, gate, render)
"""The commands that work with reports."""

_WATCH_INTERVAL = 1.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; a wrong command line raises SystemExit(2), as argparse does."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        if hasattr(given, "run"):
            return _run_report_command(given)
        if given.command == "drivers":
            return _list_drivers(as_json=given.json)
        match given.action:
            case "list":
                return _list_backends(as_json=given.json)
            case "up":
                start = _run_detached if given.detach else _run_backend
                return start(given.name, as_json=given.json)
            case "down":
                return _end_backends(given.name)
            case _:
                return _show_log(given.name)
    except UnknownBackendError as error:
        return _complain(str(error), USAGE)
    except BackendSetupError as error:
        return _complain(str(error), FAILED)


def _run_report_command(given: argparse.Namespace) -> int:
    output.prepare()
    try:
        code: int = given.run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        return output.abandon()
    except ReportError as error:
        return output.complain(str(error), FAILED)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="storagedriver",
        description="Storage drivers, the servers to judge them on, and the reports of that.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    drivers = commands.add_parser("drivers", help="list the drivers that are installed", allow_abbrev=False)
    add_json(drivers)

    backends = commands.add_parser("backends", help="list servers, or run one", allow_abbrev=False)
    actions = backends.add_subparsers(dest="action", required=True, metavar="ACTION")
    add_json(actions.add_parser("list", help="what servers there are, and which can run here", allow_abbrev=False))
    up = actions.add_parser(
        "up",
        help="start a server, print how to reach it, and stop it at Ctrl-C or SIGTERM",
        epilog="Example: storagedriver backends up seaweedfs, or seaweedfs:process to name the mode as well.",
        allow_abbrev=False,
    )
    up.add_argument("name", metavar="NAME[:MODE]", help="a name from `storagedriver backends list`")
    up.add_argument("--detach", action="store_true", help="return once it works; `backends down` stops it")
    add_json(up)
    down = actions.add_parser("down", help="stop servers that `up` started, in any terminal", allow_abbrev=False)
    down.add_argument("name", nargs="?", metavar="NAME", help="those of this name alone")
    logs = actions.add_parser("logs", help="print the log of a server that `up` started", allow_abbrev=False)
    logs.add_argument("name", metavar="NAME", help="the server's name; the newest, if several run")
    for module in REPORT_COMMANDS:
        module.add(commands)
    return parser


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
    with contextlib.ExitStack() as known, tempfile.TemporaryDirectory(prefix="storagedriver-") as folder:
        try:
            server = provider.start(mode, Path(folder))
            # Until all of it is gone: `down` waits for that.
            known.enter_context(by_hand.announced(server.running))
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


def _run_detached(wanted: str, *, as_json: bool) -> int:
    provider, mode = find(wanted)
    command = [sys.executable, "-m", "storagedriver.cli", "backends", "up", f"{provider.name}:{mode}", "--json"]
    # Of a file nobody has to read, unlike of a pipe: the server's end may be told long after this has ended.
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(  # noqa: S603  this very command
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            text=True,
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            with process.stdout:
                told = process.stdout.readline()
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            return OK
        if not told:
            code = process.wait()
            complaints.seek(0)
            sys.stderr.write(complaints.read())
            return code
    process.returncode = 0  # It goes on by itself: there is no child to wait for, and nothing to warn of.
    _announce(RunningBackend.from_dict(json.loads(told)), provider, as_json=as_json, detached=True)
    return OK


def _end_backends(name: str | None) -> int:
    servers = by_hand.found(_known(name))
    if not servers:
        return _complain(f"no server{f' {name}' if name else ''} runs that `up` started", FAILED)
    stuck = [each for each in servers if not each.end()]
    for each in servers:
        if each not in stuck:
            _print(f"stopped {each.running.name} ({each.running.mode})")
    names = ", ".join(f"{each.running.name} (process {each.process})" for each in stuck)
    return _complain(f"not stopped within a minute: {names}", FAILED) if stuck else OK


def _show_log(name: str) -> int:
    servers = by_hand.found(_known(name))
    if not servers:
        return _complain(f"no server {name} runs that `up` started", FAILED)
    log = servers[-1].running.log
    if log is None:
        return _complain(f"the server {name} keeps no log", FAILED)
    sys.stdout.write(Path(log).read_text(errors="replace"))
    return OK


def _known(name: str | None) -> str | None:
    """The name, if there is a server of it, here or not.

    Raises:
        UnknownBackendError: There is none.
    """
    if name is not None and name not in providers():
        find(name)
    return name


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


def _announce(running: RunningBackend, provider: Provider, *, as_json: bool, detached: bool = False) -> None:
    if as_json:
        _print(json.dumps(running.to_dict()))
        return
    until = f"`storagedriver backends down {running.name}`" if detached else "Ctrl-C"
    _print(f"# {running.name} {running.version} ({running.mode}) runs until {until}")
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
