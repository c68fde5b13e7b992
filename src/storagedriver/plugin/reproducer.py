"""A failed check as a script that runs by itself: the recorded calls, and the judgement that failed."""

from __future__ import annotations

import ast
import inspect
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storagedriver.contract import Requirement
from storagedriver.driver import FileInfo
from storagedriver.plugin.redaction import secret_parameters
from storagedriver.testing.content import Content, expression_of
from storagedriver.testing.expect import ContractViolation
from storagedriver.testing.recording import Recorded, Recorder
from storagedriver.testing.target import Target

_STREAM_CALLS = {"reader", "writer", "walk"}
_LONGEST_LITERAL = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What a reproducer is made of.

    Attributes:
        requirement: The clause that was broken; None for a check without one.
        node_id: The check.
        target: The driver on its server.
        recorder: The calls.
        error: What the check raised.
        root: The check's prefix.
        command: The command line that runs the check again.
    """

    requirement: Requirement | None
    node_id: str
    target: Target
    recorder: Recorder
    error: BaseException
    root: str
    command: list[str]


def script(failure: Failure) -> str:
    """The script. It exits with 1 while the driver does the same, and with 0 once it keeps the promise."""
    setup = _Setup(failure)
    judgement = _judgement(failure) if setup.possible else None
    if judgement is None:
        return _header(failure) + _rerun(failure)
    lines = [*setup.lines(), *(line for each in _until(failure) for line in _call(failure, each)), *judgement]
    body = "\n".join(f"    {line}" for line in lines)
    imports = [f"import {name}" for name in ("os", "random") if f"{name}." in body or f"{name}." in setup.opening]
    names = [name for name in ("attempt", "store", "verdict") if f"{name}(" in body or name == "store"]
    imports += ["", f"from storagedriver.testing.reproduction import {', '.join(names)}"]
    return _header(failure) + "\n".join([*imports, "", setup.opening, body, ""]).lstrip("\n")


def _header(failure: Failure) -> str:
    clause = failure.requirement
    promise = f"{clause.id} ({clause.level}): {clause.title}" if clause else "a check without a requirement"
    server = ""
    if failure.target.backend is not None:
        running = failure.target.backend
        server = f" on {running.name} {running.version} ({running.mode})"
    return (
        f'r"""Reproducer. {promise}\n\n'
        f"Check: {failure.node_id}\nDriver: {failure.target.registration.name}{server}\n"
        f'Exit status: 1 while the driver breaks the promise in this way, 0 once it keeps it.\n"""\n\n'
    )


def _rerun(failure: Failure) -> str:
    return (
        "# What was judged can't be told by the calls alone, so this runs the check itself again:\n"
        f"# {shlex.join(['pytest', *failure.command])}\n"
        "import sys\n\nimport pytest\n\n"
        f"sys.exit(pytest.main({failure.command!r}))\n"
    )


class _Setup:
    """How the script comes by the driver."""

    def __init__(self, failure: Failure) -> None:
        self._failure = failure
        self.possible = True
        target = failure.target
        arguments = [repr(target.words)]
        if target.backend is not None and target.backend.mode != "external":
            arguments.append(f"backend={f'{target.backend.name}:{target.backend.mode}'!r}")
        if target.overrides:
            arguments.append(f"parameters={self._parameters(target.overrides)}")
        conftest = self._conftest()
        if conftest is not None:
            arguments.append(f"conftest={conftest!r}")
        self.opening = f"with store({', '.join(arguments)}) as opened:"

    def _conftest(self) -> str | None:
        constructor = self._failure.target.registration.constructor
        owner = inspect.unwrap(getattr(constructor, "__func__", constructor))
        parameters = self._failure.target.registration.parameters
        for each in (owner, parameters):
            code = getattr(each, "__code__", None)
            if code is not None and Path(code.co_filename).name == "conftest.py":
                return str(code.co_filename)
        registered_at = self._failure.target.registration.registered_at
        return registered_at if registered_at and Path(registered_at).name == "conftest.py" else None

    def _parameters(self, given: Mapping[str, Any]) -> str:
        secret = secret_parameters(self._failure.target)
        items = []
        for name, value in given.items():
            if name in secret:
                variable = f"STORAGEDRIVER_{self._failure.target.registration.name}_{name}".upper()
                items.append(f"{name!r}: os.environ[{variable!r}]")
            else:
                items.append(f"{name!r}: {value!r}")
        return "{" + ", ".join(items) + "}"

    def lines(self) -> list[str]:
        lines = ["driver = opened.driver"]
        for position, changes in enumerate(self._failure.recorder.opened):
            changed = ", ".join(f"{name}={self._changed(name, value)}" for name, value in changes.items())
            lines.append(f"driver{position + 2} = opened.open({changed})")
        return lines

    def _changed(self, name: str, value: object) -> str:
        if name == self._failure.target.registration.root_parameter and isinstance(value, str):
            before, found, after = value.partition(self._failure.root.strip("/"))
            if found:
                path = f"{self._failure.root}{after}"
                expression = f"opened.root({path!r})"
                return expression if before.endswith("/") else f"{expression}.lstrip('/')"
        return repr(value)


def _until(failure: Failure) -> list[Recorded]:
    """The calls to make again: all but the one whose error is the failure, which the judgement makes."""
    last = _failing_call(failure)
    return [each for each in failure.recorder.calls if last is None or each.number < last.number]


def _failing_call(failure: Failure) -> Recorded | None:
    """The call whose error, or whose lack of one, is the failure."""
    error = failure.error
    calls = failure.recorder.calls
    if isinstance(error, ContractViolation):
        if error.kinds is None or not calls:
            return None
        return calls[-1]
    for each in reversed(calls):
        if each.error is not None and each.error in _chain(error):
            return each
    return None


def _chain(error: BaseException | None) -> list[BaseException]:
    chain: list[BaseException] = []
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return chain


def _expression(failure: Failure, recorded: Recorded) -> tuple[str, str]:
    """The function and the arguments of a call, as source."""
    recorder, call = failure.recorder, recorded.call
    kind, _, method = call.operation.rpartition(".")
    named = {name: _value(value) for name, value in call.arguments.items()}
    if not kind:
        arguments = [] if call.path is None else [repr(call.path)]
        if method == "put_content":
            arguments.append(named["content"])
        elif method == "move":
            arguments.append(named["dest"])
        else:
            defaults = {"offset": "0", "append": "False", "method": "'GET'", "expires": "None", "start_after": "None"}
            arguments += [f"{name}={value}" for name, value in named.items() if defaults.get(name) != value]
        return f"{recorded.driver}.{method}", ", ".join(arguments)
    stream = recorder.name_stream(call.stream, kind)
    if call.operation == "walk.next":
        return "next", f"{stream}, None"
    if method == "size":
        return "getattr", f"{stream}, 'size'"
    if method == "readinto":
        return f"{stream}.readinto", f"bytearray({named['size']})"
    if method == "exit":
        return f"{stream}.__exit__", "None, None, None"
    return f"{stream}.{method}", ", ".join(named.values())


def _value(value: object) -> str:
    kind = getattr(value, "kind", None)
    if isinstance(value, bytes) and kind is not None:
        return f"{kind}({bytes(value)!r})"
    return expression_of(value) if isinstance(value, bytes) else repr(value)


def _call(failure: Failure, recorded: Recorded) -> list[str]:
    function, arguments = _expression(failure, recorded)
    variable = _variable(failure, recorded)
    if recorded.error is not None and not isinstance(recorded.error, StopIteration):
        return [f"{variable} = attempt({function}{', ' if arguments else ''}{arguments})"]
    return [f"{variable} = {function}({arguments})"]


def _variable(failure: Failure, recorded: Recorded) -> str:
    if recorded.call.operation in _STREAM_CALLS and recorded.returned is not None:
        return failure.recorder.name_stream(recorded.returned, recorded.call.operation)
    return f"result{recorded.number}"


def _judgement(failure: Failure) -> list[str] | None:
    """The last lines: the judgement that failed, or None where the calls alone can't tell it."""
    error = failure.error
    last = _failing_call(failure)
    if not isinstance(error, ContractViolation):
        if last is None:
            return None
        function, arguments = _expression(failure, last)
        return [
            f"seen = attempt({function}{', ' if arguments else ''}{arguments})",
            "verdict(kept=not isinstance(seen, Exception), what='the call raised', expected='no error', seen=seen)",
        ]
    if error.kinds is not None:
        if last is None or not last.finished:
            return None
        kinds = error.kinds if isinstance(error.kinds, tuple) else (error.kinds,)
        set_of_names = "{" + ", ".join(sorted(repr(kind.__name__) for kind in kinds)) + "}"
        function, arguments = _expression(failure, last)
        return [
            f"seen = attempt({function}{', ' if arguments else ''}{arguments})",
            f"kept = not {set_of_names}.isdisjoint(kind.__name__ for kind in type(seen).__mro__)",
            f"verdict(kept=kept, what={error.what!r}, expected={error.expected!r}, seen=seen)",
        ]
    expected = _literal(error.expected)
    seen = _locate(failure, error.seen)
    if not error.comparable or expected is None or seen is None:
        return None
    return [
        f"seen = {seen}",
        f"expected = {expected}",
        f"verdict(kept=seen == expected, what={error.what!r}, expected=expected, seen=seen)",
    ]


def _literal(value: object) -> str | None:
    if isinstance(value, Content):
        return value.expression
    text = repr(value)
    if len(text) > _LONGEST_LITERAL:
        return None
    try:
        same = ast.literal_eval(text) == value
    except (ValueError, SyntaxError):
        return None
    return text if same else None


def _locate(failure: Failure, seen: object) -> str | None:
    """An expression for what was judged, found among what the calls returned; newest first."""
    calls = [each for each in failure.recorder.calls if each.finished and each.error is None]
    for each in reversed(calls):
        if each.returned is seen and seen is not None:
            return _variable(failure, each)
    if not calls:
        return None
    last = calls[-1]
    variable, returned = _variable(failure, last), last.returned
    if isinstance(returned, FileInfo):
        for name in ("size", "is_dir", "path"):
            value = getattr(returned, name)
            if type(value) is type(seen) and value == seen:
                return f"{variable}.{name}"
    if type(returned) is type(seen) and returned == seen:
        return variable
    if isinstance(seen, list):
        return _locate_list(failure, seen, calls)
    if isinstance(seen, bytes):
        return _locate_stream(failure, seen, calls)
    raised = [each for each in failure.recorder.calls if each.error is not None]
    if raised and isinstance(seen, str) and getattr(raised[-1].error, "path", None) == seen:
        return f"{_variable(failure, raised[-1])}.path"
    return None


def _locate_list(failure: Failure, seen: list[Any], calls: list[Recorded]) -> str | None:
    last = calls[-1]
    if last.call.operation == "list" and sorted(last.returned) == seen:
        return f"sorted({_variable(failure, last)})"
    steps = [each for each in calls if each.call.operation == "walk.next" and each.call.stream is last.call.stream]
    if steps and [each.returned.path for each in steps] == seen:
        return "[" + ", ".join(f"{_variable(failure, each)}.path" for each in steps) + "]"
    return None


def _locate_stream(failure: Failure, seen: bytes, calls: list[Recorded]) -> str | None:
    reads = [each for each in calls if each.call.operation == "reader.read"]
    reads = [each for each in reads if each.call.stream is reads[-1].call.stream]
    if reads and b"".join(each.returned for each in reads) == seen:
        return "b''.join([" + ", ".join(_variable(failure, each) for each in reads) + "])"
    return None
