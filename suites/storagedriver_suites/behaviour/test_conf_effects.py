"""CONF: each parameter by itself, and two of them together."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import pytest

from storagedriver import StorageDriver, StorageDriverError
from storagedriver.testing import Subject, Tree, content, expect, requirement
from storagedriver_suites.behaviour.parameters import (
    alternatives,
    another_value,
    fields_of,
    is_made_or_refused,
    model_of,
    nearby_number,
    outcome,
    types_of,
)
from storagedriver_suites.behaviour.streams import made, stage

COMPARABLE = {"integer", "number", "boolean"}
"""JSON types whose values mean what they are; a text may be turned into a path, a secret or a URL."""


def _values(subject: Subject) -> Mapping[str, Any]:
    """Another valid value of each parameter for which the schema tells one."""
    found = {name: another_value(field, subject.parameters.get(name)) for name, field in fields_of(subject).items()}
    known = {name: value for name, value in found.items() if value is not None}
    if not known:
        pytest.skip("the driver's constructor shows no model of its parameters, or none of which a value is known")
    return known


def _fields(model: Any, parameters: Mapping[str, Any]) -> dict[str, Any] | None:
    """What the model makes of the parameters, by name; None if it refuses them."""
    try:
        made = model.model_validate(dict(parameters))
    except ValueError:
        return None
    return {name: getattr(made, name) for name in model.model_fields}


@requirement("CONF-3")
def test_parameter_changes_itself_alone(subject: Subject) -> None:
    """A parameter that is set takes its value, and all others keep theirs."""
    values, model = _values(subject), model_of(subject)
    before = _fields(model, subject.parameters)
    for name, value in values.items():
        after = _fields(model, {**subject.parameters, name: value})
        if before is None or after is None:
            # It goes with another only, or its text has a form of its own.
            continue

        changed = {other for other, known in before.items() if other != name and after[other] != known}
        expect.equal(changed, set(), f"other parameters that {name}={value!r} changes")
        if types_of(fields_of(subject)[name]) <= COMPARABLE:
            expect.equal(after[name], value, f"what {name}={value!r} is taken for")


@requirement("CONF-3", needs=["shared"])
def test_numbers_tune_a_driver_and_no_content(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """Drivers of one store whose sizes and counts differ read, and continue, what each of them wrote.

    A number that leads elsewhere, as a port does, is left out: its driver does not find the file that is there.
    """
    near = {name: nearby_number(field, subject.parameters.get(name)) for name, field in fields_of(subject).items()}
    numbers = {name: value for name, value in near.items() if value is not None}
    if not numbers:
        pytest.skip("the driver's constructor shows no model of its parameters, or none of them is a whole number")
    path, data, more = tree.path("file"), made("chunk+1", driver, seed=1), content(3000, seed=2)
    driver.put_content(path, data)
    for name, value in numbers.items():
        try:
            tuned = subject.open(**{name: value})
            tuned.stat(path)
        except StorageDriverError:
            continue
        for one, other in ((driver, tuned), (tuned, driver)):
            what = f"between drivers of {name}={subject.parameters.get(name, 'its default')} and {value}"
            expect.file(other, path, data, f"content {what}")
            if driver.capabilities.resumable_writes and driver.capabilities.append:
                stage(one, path, data)
                with other.writer(path, append=True) as writer:
                    expect.equal(writer.size, len(data), f"size of a stream that is continued {what}")
                    writer.write(more)
                with one.writer(path, append=True) as writer:
                    expect.equal(writer.size, len(data + more), f"size of a stream that goes to and fro {what}")
                    writer.write(b"end")
                    writer.commit()
                expect.file(one, path, data + more + b"end", f"content of a stream that was continued {what}")
            one.put_content(path, data)


@requirement("CONF-1")
def test_text_of_a_length_out_of_range_is_refused(subject: Subject) -> None:
    """A text that is shorter or longer than the driver documents is a ParameterError that names its parameter."""
    wrong = [
        (name, length)
        for name, field in fields_of(subject).items()
        for each in alternatives(field)
        for length in (each.get("minLength", 0) - 1, each.get("maxLength", -2) + 1)
        if length >= 0
    ]
    if not wrong:
        pytest.skip("the driver documents no text of a bounded length")
    for name, length in wrong:
        seen = outcome(subject, {**subject.parameters, name: "x" * length})

        expect.equal(seen, f"ParameterError for {name}", f"what is made with {name} of {length} characters")


@requirement("CONF-1")
def test_each_parameter_makes_a_driver_or_is_refused(subject: Subject) -> None:
    """A parameter that is set to another valid value makes a driver, or ParameterError tells what it lacks."""
    for name, value in _values(subject).items():
        _judge(subject, {name: value})


@requirement("CONF-1")
def test_each_pair_of_parameters_makes_a_driver_or_is_refused(subject: Subject) -> None:
    """Two parameters that are set together make a driver, or ParameterError says that they do not fit."""
    for one, two in itertools.combinations(_values(subject).items(), 2):
        _judge(subject, dict((one, two)))


def _judge(subject: Subject, given: Mapping[str, Any]) -> None:
    seen = outcome(subject, {**subject.parameters, **given})

    what = " and ".join(f"{name}={value!r}" for name, value in given.items())
    expect.true(
        is_made_or_refused(seen), f"what is made with {what}", expected="a driver, or ParameterError", seen=seen
    )
