"""A failed check as a script that runs by itself: the recorded calls, and the judgement that failed."""

from __future__ import annotations

import inspect
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from storagedriver import factory, registry
from storagedriver.installed import entry_points
from storagedriver.plugin.options import environment_prefix
from storagedriver.plugin.redaction import secret_parameters
from storagedriver.plugin.replay import Failure, UntoldError, literal, replay

_LONGEST_SCRIPT = 200_000
"""Characters; instead of a longer one, the check itself is run again."""


def script(failure: Failure) -> str:
    """The script. It exits with 1 while the driver does the same, and with 0 once it keeps the promise."""
    try:
        setup = _Setup(failure)
        body = "\n".join(f"    {line}" for line in [*setup.lines(), *replay(failure)])
        opening = setup.opening()
    except UntoldError:
        return rerun_script(failure)
    if len(body) > _LONGEST_SCRIPT:
        return rerun_script(failure)
    code = f"{opening}\n{body}\n"
    names = [name for name in ("attempt", "secret", "store", "verdict") if f"{name}(" in code]
    imports = ["import random", ""] if "random." in code else []
    imports += [f"from storagedriver.testing.reproduction import {', '.join(names)}"]
    return _header(failure) + "\n".join([*imports, "", code])


def rerun_script(failure: Failure) -> str:
    """A script that runs the check itself again; for failures that the calls alone can't tell."""
    arguments = [*(repr(word) for word in failure.command), f"driver={failure.target.words!r}"]
    return _header(failure) + "\n".join(
        [
            "# What was judged can't be told by the calls alone, so this runs the check itself again:",
            f"# {shlex.join(['pytest', *failure.command])}",
            "from storagedriver.testing.reproduction import rerun",
            "",
            "rerun(",
            *(f"    {argument}," for argument in [*arguments, *_Setup(failure).origin()]),
            ")",
            "",
        ]
    )


def _header(failure: Failure) -> str:
    clause = failure.requirement
    server = ""
    if failure.target.backend is not None:
        running = failure.target.backend
        server = f" on {running.name} {running.version} ({running.mode})"
    text = (
        f"Reproducer. {clause.id} ({clause.level}): {clause.title}\n\n"
        f"Check: {failure.node_id}\nDriver: {failure.target.registration.name}{server}\n"
        "Exit status: 1 while the driver breaks the promise in this way, 0 once it keeps it.\n"
    )
    quotes = '"' * 3
    return f"r{quotes}{text.replace(quotes, quotes[:2])}{quotes}\n\n"


class _Setup:
    """How the script comes by the driver."""

    def __init__(self, failure: Failure) -> None:
        self._failure = failure
        self._target = failure.target

    def opening(self) -> str:
        """The line that opens the store."""
        arguments = [repr(self._target.words)]
        backend = self._target.backend
        if backend is not None and backend.mode != "external":
            arguments.append(f"backend={f'{backend.name}:{backend.mode}'!r}")
        if self._target.overrides:
            arguments.append(f"parameters={self._parameters(self._target.overrides)}")
        arguments += [*self.origin(), f"prefix={self._failure.root!r}"]
        return f"with store({', '.join(arguments)}) as opened:"

    def origin(self) -> list[str]:
        """The arguments that say where the driver comes from if it is not installed."""
        arguments = []
        registered_by = self._registered_by()
        if registered_by is not None:
            arguments.append(f"registered_by={registered_by!r}")
        if search := self._search():
            arguments.append(f"search={search!r}")
        return arguments

    def _registered_by(self) -> str | None:
        """The file that registers the driver when it is run; None if nothing has to, or an installed package does."""
        registration = self._target.registration
        if ":" in self._target.words:
            return None
        if registration.registered_at is not None:
            installed = registry.entry_points_of(self._target.words)
            conftest = Path(registration.registered_at).name == "conftest.py"
            return registration.registered_at if conftest or not installed else None
        if self._target.words in {point.name for point in entry_points(group=factory.ENTRY_POINTS)}:
            return None
        # Known to the factory alone: what called factory.register is most likely where the driver is written.
        constructor = registration.constructor
        code = getattr(inspect.unwrap(getattr(constructor, "__func__", constructor)), "__code__", None)
        return None if code is None else str(code.co_filename)

    def _search(self) -> list[str]:
        """The folders of the author's project from which pytest imported."""
        found: dict[str, None] = {}
        for entry in sys.path:
            folder = Path(entry or os.curdir).absolute()
            below = any(folder.is_relative_to(root) for root in self._failure.folders)
            if below and folder.is_dir() and "site-packages" not in folder.parts:
                found[str(folder)] = None
        return list(found)

    def _parameters(self, given: Mapping[str, Any]) -> str:
        secrets = secret_parameters(self._target)
        items = [
            f"{name!r}: {self._secret(name) if name in secrets else literal(value)}" for name, value in given.items()
        ]
        return "{" + ", ".join(items) + "}"

    def _secret(self, name: str) -> str:
        return f"secret({environment_prefix(self._target.words) + name.upper()!r})"

    def lines(self) -> list[str]:
        """The lines that open the drivers."""
        lines = ["driver = opened.driver"]
        for position, changes in enumerate(self._failure.recorder.opened):
            changed = ", ".join(f"{name}={self._changed(name, value)}" for name, value in changes.items())
            lines.append(f"driver{position + 2} = opened.open({changed})")
        return lines

    def _changed(self, name: str, value: object) -> str:
        if name in secret_parameters(self._target) and value == self._target.parameters.get(name):
            return self._secret(name)
        if name == self._target.registration.root_parameter and isinstance(value, str):
            before, found, after = value.partition(self._failure.root.strip("/"))
            if found:
                path = f"{self._failure.root}{after}"
                expression = f"opened.root({path!r})"
                return expression if before.endswith("/") else f"{expression}.lstrip('/')"
        return literal(value)
