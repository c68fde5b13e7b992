"""`storagedriver backends`: what servers there are, and servers run by hand."""

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
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from storagedriver.commands import exits, output
from storagedriver.commands.arguments import Commands, add_command, add_group, add_json, complete

if TYPE_CHECKING:
    from storagedriver.backends import Provider, RunningBackend, Server
    from storagedriver.backends.by_hand import ByHand

LIST_EPILOG = """\
exit codes:
  0  listed
  1  the list could not be written
  2  the command line is wrong

examples:
  storagedriver backends list
  storagedriver backends list --json | jq -r '.[] | select(.modes[].available) | .name'
"""

UP_EPILOG = """\
It prints how to reach the server, as variables for a shell that pytest --driver understands, and stops it at Ctrl-C or
SIGTERM.

exit codes:
  0  it ran, and was told to end; with --detach: it runs
  1  it could not be started, or died
  2  the command line is wrong, or there is no such server

examples:
  storagedriver backends up seaweedfs
  eval "$(storagedriver backends up seaweedfs:process --detach)" && pytest --driver=s3 --backend=external
"""

DOWN_EPILOG = """\
exit codes:
  0  stopped
  1  none runs, or one did not end within a minute
  2  the command line is wrong, or there is no such server

examples:
  storagedriver backends down
  storagedriver backends down seaweedfs
"""

LOGS_EPILOG = """\
exit codes:
  0  printed
  1  none runs, or it keeps no log
  2  the command line is wrong, or there is no such server

examples:
  storagedriver backends logs seaweedfs | tail
"""

_WATCH_INTERVAL = 1.0


def add(commands: Commands) -> None:
    """Add the command."""
    actions = add_group(commands, "backends", summary="list servers, or run one")
    listed = add_command(
        actions, "list", _guarded(_list), summary="what servers there are, and which can run here", epilog=LIST_EPILOG
    )
    add_json(listed)
    up = add_command(
        actions, "up", _guarded(_up), summary="start a server, and run it until it is told to end", epilog=UP_EPILOG
    )
    complete(
        up.add_argument("name", metavar="NAME[:MODE]", help="a name from `storagedriver backends list`"), _startable
    )
    up.add_argument("--detach", action="store_true", help="return once it works; `backends down` stops it")
    add_json(up)
    down = add_command(
        actions, "down", _guarded(_down), summary="stop servers that `up` started, in any terminal", epilog=DOWN_EPILOG
    )
    complete(down.add_argument("name", nargs="?", metavar="NAME", help="those of this name alone"), _running)
    add_json(down)
    logs = add_command(
        actions, "logs", _guarded(_logs), summary="print the log of a server that `up` started", epilog=LOGS_EPILOG
    )
    complete(logs.add_argument("name", metavar="NAME", help="the server's name; the newest, if several run"), _running)


def _guarded(run: Callable[[argparse.Namespace], int]) -> Callable[[argparse.Namespace], int]:
    """The action, with the kit's own errors told in a line."""

    def guarded(given: argparse.Namespace) -> int:
        from storagedriver.backends import BackendSetupError, UnknownBackendError  # noqa: PLC0415  no other waits for it

        try:
            return run(given)
        except UnknownBackendError as error:
            return output.complain(str(error), exits.USAGE)
        except BackendSetupError as error:
            return output.complain_in_lines(str(error), exits.FAILED)

    return guarded


def _list(given: argparse.Namespace) -> int:
    from storagedriver.backends import providers  # noqa: PLC0415  as above

    known = list(providers().values())
    if given.json:
        output.say_json([_described(provider) for provider in known])
        return exits.OK
    rows = [("NAME", "DRIVERS", "MODE", "HERE")]
    for provider in known:
        rows += [
            (provider.name, _drivers(provider), mode, provider.unavailable(mode) or "available")
            for mode in provider.modes
        ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        output.say("  ".join([*cells, row[3]]))
    return exits.OK


def _drivers(provider: Provider) -> str:
    from storagedriver.backends.model import ANY_DRIVER  # noqa: PLC0415  as above

    return ",".join("any" if name == ANY_DRIVER else name for name in provider.drivers)


def _described(provider: Provider) -> dict[str, Any]:
    reasons = {mode: provider.unavailable(mode) for mode in provider.modes}
    return {
        "name": provider.name,
        "summary": provider.summary,
        "drivers": list(provider.drivers),
        "modes": [{"mode": mode, "available": why is None, "reason": why} for mode, why in reasons.items()],
    }


def _up(given: argparse.Namespace) -> int:
    from storagedriver.backends import find  # noqa: PLC0415  as above
    from storagedriver.backends.model import ANY_DRIVER  # noqa: PLC0415  as above

    provider, mode = find(given.name)
    if ANY_DRIVER in provider.drivers:
        return output.complain(
            f"{provider.name} is {provider.summary}, so there is nothing to start; "
            "name another of `storagedriver backends list`",
            exits.USAGE,
        )
    start = _run_detached if given.detach else _run_here
    return start(provider, mode, as_json=given.json)


def _run_here(provider: Provider, mode: str, *, as_json: bool) -> int:
    from storagedriver.backends import by_hand  # noqa: PLC0415  as above

    # Both signals end the wait in the same way, and a start that is still under way too.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    server: Server | None = None
    with contextlib.ExitStack() as known, tempfile.TemporaryDirectory(prefix="storagedriver-") as folder:
        try:
            with output.waiting(f"starting {provider.name} ({mode})"):
                server = provider.start(mode, Path(folder))
            # Until all of it is gone: `down` waits for that.
            known.enter_context(by_hand.announced(server.running))
            _announce(server.running, provider, as_json=as_json)
            return _watch(server)
        except KeyboardInterrupt:
            return exits.OK
        finally:
            # Another Ctrl-C now would leave the server half stopped.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)
            if server is not None:
                server.stop()


def _run_detached(provider: Provider, mode: str, *, as_json: bool) -> int:
    from storagedriver.backends import RunningBackend  # noqa: PLC0415  as above

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
            with output.waiting(f"starting {provider.name} ({mode})"), process.stdout:
                told = process.stdout.readline()
        except KeyboardInterrupt:
            process.terminate()
            process.wait()
            return exits.OK
        if not told:
            code = process.wait()
            complaints.seek(0)
            sys.stderr.write(complaints.read())
            return code
    process.returncode = 0  # It goes on by itself: there is no child to wait for, and nothing to warn of.
    _announce(RunningBackend.from_dict(json.loads(told)), provider, as_json=as_json, detached=True)
    return exits.OK


def _down(given: argparse.Namespace) -> int:
    servers = _found(given.name)
    if not servers:
        return output.complain(
            f"no server{f' {given.name}' if given.name else ''} runs that `up` started", exits.FAILED
        )
    stuck = []
    for each in servers:
        with output.waiting(f"stopping {each.running.name} ({each.running.mode})"):
            ended = each.end()
        if not ended:
            stuck.append(each)
        elif not given.json:
            output.say_at_once(f"stopped {each.running.name} ({each.running.mode})")
    if given.json:
        output.say_json(
            [
                {
                    "name": each.running.name,
                    "mode": each.running.mode,
                    "process": each.process,
                    "stopped": each not in stuck,
                }
                for each in servers
            ]
        )
    names = ", ".join(f"{each.running.name} (process {each.process})" for each in stuck)
    return output.complain(f"not stopped within a minute: {names}", exits.FAILED) if stuck else exits.OK


def _logs(given: argparse.Namespace) -> int:
    servers = _found(given.name)
    if not servers:
        return output.complain(f"no server {given.name} runs that `up` started", exits.FAILED)
    log = servers[-1].running.log
    if log is None:
        return output.complain(f"the server {given.name} keeps no log", exits.FAILED)
    output.write(Path(log).read_text(errors="replace"), None)
    return exits.OK


def _found(name: str | None) -> list[ByHand]:
    """The servers of a name that run, the oldest first.

    Raises:
        UnknownBackendError: There is no server of that name, here or not.
    """
    from storagedriver.backends import by_hand, find, providers  # noqa: PLC0415  as above

    if name is not None and name not in providers():
        find(name)
    return by_hand.found(name)


def _startable() -> list[str]:
    from storagedriver.backends import providers  # noqa: PLC0415  as above
    from storagedriver.backends.model import ANY_DRIVER  # noqa: PLC0415  as above

    known = [provider for provider in providers().values() if ANY_DRIVER not in provider.drivers]
    return [name for each in known for name in (each.name, *(f"{each.name}:{mode}" for mode in each.modes))]


def _running() -> list[str]:
    from storagedriver.backends import by_hand  # noqa: PLC0415  as above

    return sorted({each.running.name for each in by_hand.found()})


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt


def _announce(running: RunningBackend, provider: Provider, *, as_json: bool, detached: bool = False) -> None:
    if as_json:
        # In one line: another process of this command reads it.
        output.say_at_once(json.dumps(running.to_dict()))
        return
    until = f"`storagedriver backends down {running.name}`" if detached else "Ctrl-C"
    lines = [f"# {running.name} {running.version} ({running.mode}) runs until {until}"]
    if running.log:
        lines.append(f"# log: {running.log}")
    for driver in provider.drivers:
        for name, value in running.parameters.items():
            variable = f"STORAGEDRIVER_{driver}_{name}".upper()
            lines.append(f"export {variable}={shlex.quote(_text(value))}")
    for line in lines:
        output.say_at_once(line)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _watch(server: Server) -> int:
    while (problem := server.failure()) is None:
        time.sleep(_WATCH_INTERVAL)
    return output.complain_in_lines(problem, exits.FAILED)
