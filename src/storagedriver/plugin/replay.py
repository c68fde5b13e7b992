"""Recorded calls and a failed judgement as lines of Python."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storagedriver.contract import Requirement
from storagedriver.driver import FileInfo
from storagedriver.plugin import error_chains
from storagedriver.testing.content import Content, expression_of
from storagedriver.testing.expect import ContractViolation
from storagedriver.testing.recording import Recorded, Recorder
from storagedriver.testing.target import Target

_STREAM_CALLS = {"reader", "writer", "walk"}
_ENDS = (".close", ".cancel", ".exit")
_LONGEST_LITERAL = 20_000
"""Characters; what is longer makes a script that nobody reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What a reproducer is made of.

    Attributes:
        requirement: The clause that was broken.
        node_id: The check.
        target: The driver on its server.
        recorder: The calls.
        error: What the check raised.
        root: The check's prefix.
        command: The command line that runs the check again, without pytest itself.
        seed: The seed, where a check generated what failed; None where nothing depends on it.
        folders: Where the author's project lies: what is imported from there is imported by the script too.
    """

    requirement: Requirement
    node_id: str
    target: Target
    recorder: Recorder
    error: BaseException
    root: str
    command: Sequence[str]
    folders: Sequence[Path] = ()
    seed: int | None = None


class UntoldError(Exception):
    """The calls alone do not tell the failure."""


def replay(failure: Failure) -> list[str]:
    """The calls, and the judgement that failed.

    Raises:
        UntoldError: They do not tell the failure.
    """
    recorder = failure.recorder
    if recorder.untold or len({each.thread for each in recorder.calls}) > 1:
        # Calls of several threads, made one after the other, would keep a promise that was broken.
        raise UntoldError
    judgement = _judgement(failure)
    exhausted = _exhausted(failure, judgement[0])
    calls = [each for each in _until(failure) if each not in exhausted]
    return [*(line for each in calls for line in _call(failure, each)), *judgement]


def _until(failure: Failure) -> list[Recorded]:
    """The calls to make again: all but the one whose error is the failure, which the judgement makes."""
    last = _failing_call(failure)
    return [each for each in failure.recorder.calls if last is None or each.number < last.number]


def _failing_call(failure: Failure) -> Recorded | None:
    """The call whose error, or whose lack of one, is the failure."""
    error = failure.error
    calls = failure.recorder.calls
    if isinstance(error, ContractViolation):
        if error.kinds is None and isinstance(error.seen, BaseException):
            return _raising_call(failure, error.seen)
        if error.kinds is None or not calls:
            return None
        if not isinstance(error.seen, BaseException):
            # A stream that was closed last is closed by `with`: which call should have raised is not told.
            return None if calls[-1].call.operation.endswith(_ENDS) else calls[-1]
        error = error.seen
    return _raising_call(failure, error)


def _raising_call(failure: Failure, error: BaseException) -> Recorded | None:
    causes = error_chains.chain(error)
    for each in reversed(failure.recorder.calls):
        if each.error is not None and any(each.error is cause for cause in causes):
            return each
    return None


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
        return f"{kind}({_bytes(bytes(value))})"
    return literal(value)


def _bytes(data: bytes) -> str:
    expression = expression_of(data)
    if len(expression) > 100 and data == data[:1] * len(data):
        expression = f"{bytes(data[:1])!r} * {len(data)}"
    if len(expression) > _LONGEST_LITERAL:
        raise UntoldError
    return expression


def literal(value: object) -> str:
    """Source that makes an equal value.

    Raises:
        UntoldError: There is none, or it is too long.
    """
    if isinstance(value, Content) or (isinstance(value, bytes) and len(value) > 100):
        return _bytes(value)
    text = repr(value)
    if len(text) > _LONGEST_LITERAL:
        raise UntoldError
    try:
        same = ast.literal_eval(text) == value
    except (ValueError, SyntaxError):
        same = False
    if not same:
        raise UntoldError
    return text


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


def _judgement(failure: Failure) -> list[str]:
    """The last lines: the judgement that failed.

    Raises:
        UntoldError: The calls do not tell it.
    """
    error = failure.error
    last = _failing_call(failure)
    if not isinstance(error, ContractViolation) or (error.kinds is None and isinstance(error.seen, BaseException)):
        if last is None:
            raise UntoldError
        return [
            _attempt(failure, last),
            "verdict(kept=not isinstance(seen, Exception), what='the call raised', expected='no error', seen=seen)",
        ]
    if error.kinds is not None:
        if last is None or not last.finished:
            raise UntoldError
        kinds = error.kinds if isinstance(error.kinds, tuple) else (error.kinds,)
        set_of_names = "{" + ", ".join(sorted(repr(kind.__name__) for kind in kinds)) + "}"
        return [
            _attempt(failure, last),
            f"kept = not {set_of_names}.isdisjoint(kind.__name__ for kind in type(seen).__mro__)",
            f"verdict(kept=kept, what={error.what!r}, expected={error.expected!r}, seen=seen)",
        ]
    seen = _locate(failure, error.seen)
    if not error.comparable or seen is None:
        raise UntoldError
    return [
        f"seen = {seen}",
        f"expected = {literal(error.expected)}",
        f"verdict(kept=seen == expected, what={error.what!r}, expected=expected, seen=seen)",
    ]


def _attempt(failure: Failure, recorded: Recorded) -> str:
    function, arguments = _expression(failure, recorded)
    return f"seen = attempt({function}{', ' if arguments else ''}{arguments})"


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
        if _to_the_end(failure, steps[0]):
            return f"[info.path for info in {failure.recorder.name_stream(steps[0].call.stream, 'walk')}]"
        return "[" + ", ".join(f"{_variable(failure, each)}.path" for each in steps) + "]"
    return None


def _locate_stream(failure: Failure, seen: bytes, calls: list[Recorded]) -> str | None:
    reads = [each for each in calls if each.call.operation == "reader.read"]
    reads = [each for each in reads if each.call.stream is reads[-1].call.stream]
    if reads and b"".join(each.returned for each in reads) == seen:
        if _to_the_end(failure, reads[0]):
            reader = failure.recorder.name_stream(reads[0].call.stream, "reader")
            return f"b''.join(iter(lambda: {reader}.read({reads[0].call.arguments['size']}), b''))"
        return "b''.join([" + ", ".join(_variable(failure, each) for each in reads) + "])"
    return None


def _loop(failure: Failure, first: Recorded) -> list[Recorded]:
    """The calls from `first` on that are the same on the same stream, without another in between."""
    loop = []
    for each in failure.recorder.calls[first.number - 1 :]:
        same = each.call.operation == first.call.operation and each.call.arguments == first.call.arguments
        if not same or each.call.stream is not first.call.stream:
            break
        loop.append(each)
    return loop


def _to_the_end(failure: Failure, first: Recorded) -> bool:
    """Whether a check went on until the stream had no more: how often is for the driver to say, not for a script."""
    last = _loop(failure, first)[-1]
    return isinstance(last.error, StopIteration) or (last.returned == b"" and first.call.arguments["size"] != -1)


def _exhausted(failure: Failure, judged: str) -> list[Recorded]:
    """The calls that the judgement makes itself, in a loop."""
    if " for info in " not in judged and "iter(lambda: " not in judged:
        return []
    streams = ("walk.next", "reader.read")
    firsts = [each for each in failure.recorder.calls if each.call.operation in streams]
    for first in reversed(firsts):
        kind = first.call.operation.partition(".")[0]
        name = failure.recorder.name_stream(first.call.stream, kind)
        if f" {name}]" in judged or f" {name}.read(" in judged:
            return [each for each in firsts if each.call.stream is first.call.stream]
    return []
