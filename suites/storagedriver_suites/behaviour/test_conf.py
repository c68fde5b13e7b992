"""CONF: parameters and the factory."""

from __future__ import annotations

import contextlib
import itertools
import secrets
import socket
import traceback
from collections import ChainMap
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest

from storagedriver import InvalidStorageDriverError, ParameterError, StorageDriver, factory
from storagedriver.testing import Subject, Tree, expect, full, requirement
from storagedriver_suites.behaviour.parameters import (
    alternatives,
    fields_of,
    in_a_folder_that_goes,
    is_made_or_refused,
    model_of,
    outcome,
    required_of,
    types_of,
)
from storagedriver_suites.behaviour.shapes import SHAPES, put_all, walk_of
from storagedriver_suites.behaviour.streams import read_from, write_stream

NUMBERS = {"integer", "number"}


@contextlib.contextmanager
def _no_network() -> Iterator[list[str]]:
    """The attempts of this process to reach a server within the block; they fail."""
    attempts: list[str] = []

    def refuse(*arguments: Any, **_: Any) -> None:
        attempts.append(f"network call with {arguments[-1]!r}")
        raise OSError("no network call is expected here")

    with pytest.MonkeyPatch.context() as patch:
        for owner, name in ((socket.socket, "connect"), (socket.socket, "connect_ex"), (socket, "getaddrinfo")):
            patch.setattr(owner, name, refuse)
        yield attempts


def _need_fields(subject: Subject) -> Mapping[str, Mapping[str, Any]]:
    fields = fields_of(subject)
    if not fields:
        pytest.skip("the driver's constructor shows no model of its parameters, or it takes none")
    return fields


def _refused(subject: Subject, parameter: str, value: object, why: str) -> None:
    """The value is refused by a ParameterError that names the parameter and the driver, before any network call."""
    with _no_network() as attempts, expect.raises(ParameterError, f"parameter {parameter}: {why}") as caught:
        subject.construct({**subject.parameters, parameter: value}).close()
    expect.equal(getattr(caught.error, "parameter", None), parameter, f"parameter that the error names: {why}")
    expect.equal(parameter in str(caught.error), True, f"whether the error's text names {parameter}")
    expect.equal(attempts, [], f"network calls before {parameter} was refused: {why}")


# --- CONF-1: what is wrong is refused


@requirement("CONF-1")
@pytest.mark.parametrize("name", ["no_such_parameter", "x", "root-directory-", "__class__", "model_config"])
def test_unknown_parameter_is_refused(subject: Subject, name: str) -> None:
    """A parameter that the driver does not have is named, not ignored."""
    _refused(subject, name, "value", "unknown")


@requirement("CONF-1")
@pytest.mark.parametrize("spelling", ["capitals", "plural", "short"])
def test_misspelt_parameter_is_refused(subject: Subject, spelling: str) -> None:
    """The name of a parameter with a letter more, a letter less or in capitals is not taken for it."""
    fields = _need_fields(subject)
    for field in fields:
        name = {"capitals": field.upper(), "plural": f"{field}s", "short": field[:-1]}[spelling]
        if name and name not in fields:
            _refused(subject, name, "value", f"misspelt {field}")


@requirement("CONF-1")
@pytest.mark.parametrize("given", [[], ["a"], "text", 1])
def test_parameters_that_are_no_mapping_are_refused(subject: Subject, given: object) -> None:
    """A list, a text or a number in place of the parameters is a ParameterError."""
    with _no_network() as attempts, expect.raises(ParameterError, "parameters that are no mapping"):
        subject.construct(given).close()  # type: ignore[arg-type]  # the mistake is the point

    expect.equal(attempts, [], "network calls before the parameters were refused")


@requirement("CONF-1")
def test_missing_parameter_is_refused(subject: Subject) -> None:
    """Without a required parameter, or with None for it, the error names it."""
    required = required_of(subject)
    if not required:
        pytest.skip("the driver has no required parameter")
    for name in required:
        others = {other: value for other, value in subject.parameters.items() if other != name}
        for given in (others, {**others, name: None}):
            with _no_network() as attempts, expect.raises(ParameterError, f"{name} is missing") as caught:
                subject.construct(given).close()
            expect.equal(attempts, [], f"network calls before the lack of {name} was refused")
            expect.equal(getattr(caught.error, "parameter", None), name, "parameter that the error names")


@requirement("CONF-1")
def test_parameters_that_are_left_out_are_not_needed_or_missed(subject: Subject) -> None:
    """Without one of those that are given, or two, there is a driver, or ParameterError says what is missing.

    A driver that goes on to look for its server there is not followed: it could be anybody's.
    """
    given = sorted(subject.parameters)
    for missing in itertools.chain(itertools.combinations(given, 1), itertools.combinations(given, 2)):
        parameters = {name: value for name, value in subject.parameters.items() if name not in missing}
        with _no_network() as attempts:
            seen = outcome(subject, parameters)
        expect.true(
            bool(attempts) or seen == "a driver" or seen.startswith("ParameterError"),
            f"what is made without {' and '.join(missing)}",
            expected="a driver, or ParameterError",
            seen=seen,
        )


@requirement("CONF-1")
@pytest.mark.parametrize("kind", ["object", "list", "mapping", "function"])
def test_mistyped_parameter_is_refused(subject: Subject, kind: str) -> None:
    """A value of a type that the parameter never has is refused, for each parameter."""
    value: Any = {"object": object(), "list": [], "mapping": {}, "function": len}[kind]
    taken_as = {"list": "array", "mapping": "object"}.get(kind)
    for name, field in _need_fields(subject).items():
        types = types_of(field)
        if types and taken_as not in types:
            _refused(subject, name, value, f"a value of type {kind}")


@requirement("CONF-1")
@pytest.mark.parametrize("text", ["12x", "x", "1 2", "--1", "0x10", "1,5"])
def test_text_that_is_no_number_is_refused(subject: Subject, text: str) -> None:
    """Text from the environment that is no number, or neither true nor false, is refused."""
    for name, field in _need_fields(subject).items():
        if types_of(field) and types_of(field) <= NUMBERS | {"boolean"}:
            _refused(subject, name, text, f"the text {text!r}")


@requirement("CONF-1")
def test_number_out_of_range_is_refused(subject: Subject) -> None:
    """A number beyond what the driver documents is refused, and so is a fraction of a whole number."""
    for name, field in _need_fields(subject).items():
        for each in alternatives(field):
            if each.get("type") not in NUMBERS:
                continue
            for value in _beyond(each):
                _refused(subject, name, value, f"{value} is out of range")
                _refused(subject, name, str(value), f"{str(value)!r} is out of range")
            if each["type"] == "integer":
                _refused(subject, name, 1.5, "a fraction")


def _beyond(schema: Mapping[str, Any]) -> Iterator[float]:
    if "minimum" in schema:
        yield schema["minimum"] - 1
    if "maximum" in schema:
        yield schema["maximum"] + 1
    for bound in ("exclusiveMinimum", "exclusiveMaximum"):
        if bound in schema:
            yield schema[bound]


@requirement("CONF-1")
def test_number_at_the_edge_of_its_range_is_taken(subject: Subject) -> None:
    """The smallest and the largest number that the driver documents are not refused."""
    for name, field in _need_fields(subject).items():
        for each in alternatives(field):
            for value in [each[bound] for bound in ("minimum", "maximum") if bound in each]:
                seen = outcome(subject, {**subject.parameters, name: value})

                expect.equal(seen, "a driver", f"what is made with {name}={value}")


@requirement("CONF-1")
def test_number_that_is_of_no_use_is_refused(tree: Tree, subject: Subject) -> None:
    """Nothing, or less, is a ParameterError for a number that cannot be it; where it is taken, the driver works."""
    path = tree.path("d/file")
    for name, field in _need_fields(subject).items():
        for value in (0, -1) if types_of(field) & NUMBERS else ():
            try:
                driver = subject.open(**{name: value})
            except ParameterError:
                continue
            driver.put_content(path, b"content")
            write_stream(driver, path, [b"str", b"eam"])
            seen = driver.get_content(path), read_from(driver, path), list(driver.list(tree.path("d")))
            driver.delete(tree.path("d"))
            expect.equal(seen, (b"stream", b"stream", [path]), f"what a driver with {name}={value} gives of a stream")


@requirement("CONF-1")
def test_choice_that_is_none_is_refused(subject: Subject) -> None:
    """A text that is not among the documented choices is refused; each choice is taken, or refused with another's name."""
    for name, field in _need_fields(subject).items():
        for each in alternatives(field):
            if not each.get("enum"):
                continue
            _refused(subject, name, "no-such-choice", "no choice")
            for choice in each["enum"]:
                seen = outcome(subject, {**subject.parameters, name: choice})
                expect.equal(seen == f"ParameterError for {name}", False, f"whether {name}={choice} is refused")


@requirement("CONF-1")
def test_none_is_the_default(subject: Subject) -> None:
    """None for a parameter does what leaving it out does."""
    for name in _need_fields(subject):
        without = {other: value for other, value in subject.parameters.items() if other != name}

        seen = outcome(subject, {**without, name: None})

        # The driver under test is made without what its parameters leave out.
        expected = outcome(subject, without) if name in subject.parameters else "a driver"
        expect.equal(seen, expected, f"what is made with {name}=None, and without {name}")


@requirement("CONF-1")
def test_text_converts_to_numbers(subject: Subject) -> None:
    """A number as text, as it comes from the environment, is that number."""
    model = model_of(subject)
    for name, field in _need_fields(subject).items():
        if not (types_of(field) and types_of(field) <= NUMBERS):
            continue
        value = subject.parameters.get(name, field.get("default"))
        if value is None:
            value = alternatives(field)[0].get("minimum", 1)

        seen = outcome(subject, {**subject.parameters, name: str(value)})

        expect.equal(seen, outcome(subject, {**subject.parameters, name: value}), f"what is made with {name}='{value}'")
        parsed = getattr(model.model_validate({**subject.parameters, name: str(value)}), name)
        expect.equal(parsed, value, f"what the text '{value}' for {name} means")


@requirement("CONF-1")
@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("true", True),
        ("false", False),
        pytest.param("True", True, marks=full),
        pytest.param("FALSE", False, marks=full),
        pytest.param("1", True, marks=full),
        pytest.param("0", False, marks=full),
    ],
)
def test_text_converts_to_true_and_false(subject: Subject, text: str, meant: bool) -> None:
    """True and false as text, as they come from the environment, are meant as they are written."""
    model = model_of(subject)
    for name, field in _need_fields(subject).items():
        if types_of(field) != {"boolean"}:
            continue

        seen = outcome(subject, {**subject.parameters, name: text})

        expect.equal(seen, outcome(subject, {**subject.parameters, name: meant}), f"what is made with {name}={text!r}")
        parsed = getattr(model.model_validate({**subject.parameters, name: text}), name)
        expect.equal(parsed, meant, f"what the text {text!r} for {name} means")


@requirement("CONF-1")
@pytest.mark.parametrize(
    "value", [42, False, "", *(pytest.param(value, marks=full) for value in (1.5, True, b"bytes", "text", -1))]
)
def test_value_of_another_type_makes_a_driver_or_a_parameter_error(subject: Subject, value: object) -> None:
    """Whatever plain value stands for a parameter, as YAML may turn it out, nothing but ParameterError comes of it."""
    for name in _need_fields(subject):
        seen = outcome(subject, {**subject.parameters, name: value})

        expect.true(
            is_made_or_refused(seen),
            f"what is made with {name}={value!r}",
            expected="a driver, or ParameterError",
            seen=seen,
        )


@requirement("CONF-1")
def test_refusal_never_shows_the_value(subject: Subject) -> None:
    """Whatever is wrong with a value, its type, its form or what it holds, neither the error nor its cause quotes it."""
    told = "kept-to-itself-4f1e9a7c"
    wrong = [
        *(told, f"a/{told} b/c", f"{told}\n", [told], {told: told}),
        # URLs, and what Python's own functions quote of those that are none.
        *(
            f"{told}://{told}",
            f"http://u:{told}@h:x",
            f"https://[{told}]",
            f"https://u:{told}\u2100@h",
            f"https://{told}_.x",
        ),
        f"BlobEndpoint=http://[{told}]/x;SharedAccessSignature={told}",
    ]
    for name in _need_fields(subject):
        for value in wrong:
            with in_a_folder_that_goes():
                try:
                    subject.construct({**subject.parameters, name: value}).close()
                except ParameterError as error:
                    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(error.args)
                except Exception:  # noqa: BLE001, S112  what may come of a value that is refused later is judged by other checks
                    continue
                else:
                    continue
            expect.equal(
                told in shown, False, f"whether the refusal of {name} as {type(value).__name__} shows the value"
            )


@requirement("CONF-1")
def test_parameters_given_are_not_changed(subject: Subject) -> None:
    """The caller's mapping is as it was after a driver was made of it."""
    given = dict(subject.parameters)

    subject.construct(given).close()

    expect.equal(given == dict(subject.parameters), True, "whether the mapping is as it was")


# --- CONF-2: the factory


@pytest.fixture
def registered(subject: Subject) -> Iterator[str]:
    """A new name under which the driver's constructor is registered with the factory."""
    name = f"certified-{secrets.token_hex(4)}"
    factory.register(name, subject.target.registration.constructor)
    yield name
    factory.unregister(name)


@requirement("CONF-2")
def test_registered_driver_is_created_by_name(tree: Tree, subject: Subject, registered: str) -> None:
    """factory.create makes the driver of the parameters it is given, each time a new one."""
    with factory.create(registered, subject.parameters) as first:
        first.put_content(tree.path("file"), b"content")
        with factory.create(registered, subject.parameters) as second:
            seen = second.get_content(tree.path("file"))

    expect.equal(seen, b"content", "what a second driver of the same parameters reads")
    expect.equal(first is second, False, "whether the two drivers are one")


@requirement("CONF-2")
@pytest.mark.parametrize("name", ["no-such-driver", "", "CERTIFIED", "certified-", "/", None])
def test_unknown_driver_is_refused_with_the_known_ones(subject: Subject, registered: str, name: str | None) -> None:
    """An unknown name is an error that lists every name there is."""
    with expect.raises(InvalidStorageDriverError, "create of an unknown driver") as caught:
        factory.create(name, subject.parameters).close()  # type: ignore[arg-type]  # None is one of the mistakes

    expect.equal(sorted(getattr(caught.error, "known", ())), factory.names(), "names that the error lists")
    expect.equal(registered in str(caught.error), True, "whether its text lists them")


@requirement("CONF-2")
def test_misspelt_driver_is_refused(subject: Subject, registered: str) -> None:
    """Names are not matched by their beginning, nor without regard to case."""
    for name in (registered[:-1], f"{registered}x", registered.upper(), f" {registered}"):
        with expect.raises(InvalidStorageDriverError, "create of a misspelt driver"):
            factory.create(name, subject.parameters).close()


@requirement("CONF-2")
@pytest.mark.parametrize("constructor", ["same", "other"])
def test_name_is_not_registered_twice(subject: Subject, registered: str, constructor: str) -> None:
    """To register a name again is an error, and the first registration stays."""
    first = factory.constructor(registered)
    again = first if constructor == "same" else dict

    with expect.raises(InvalidStorageDriverError, "registering a name twice"):
        factory.register(registered, again)  # type: ignore[arg-type]  # never called

    expect.equal(factory.constructor(registered) == first, True, "whether the first registration stays")
    expect.equal(factory.names().count(registered), 1, "times the name is known")
    subject.construct(subject.parameters).close()


@requirement("CONF-2")
@pytest.mark.parametrize("constructor", [None, "text", 42])
def test_what_is_no_constructor_is_not_registered(subject: Subject, constructor: object) -> None:
    """None, or what cannot be called, is refused, and the name stays unknown."""
    name = f"certified-{secrets.token_hex(4)}"

    with expect.raises(InvalidStorageDriverError, "registering what is no constructor"):
        factory.register(name, constructor)  # type: ignore[arg-type]  # the mistake is the point

    expect.equal(name in factory.names(), False, f"whether the name is known, after {subject.name} was to get it")


@requirement("CONF-2")
@pytest.mark.parametrize("name", ["", None, 42])
def test_empty_name_is_not_registered(subject: Subject, name: object) -> None:
    """A name that is empty or no text is refused."""
    with expect.raises(InvalidStorageDriverError, "registering an empty name"):
        factory.register(name, subject.target.registration.constructor)  # type: ignore[arg-type]  # the mistake

    expect.equal(name in factory.names(), False, "whether the name is known")


# --- CONF-3: roots


def _spelt(subject: Subject) -> list[tuple[StorageDriver, StorageDriver]]:
    """Drivers of every spelling of one root, each with the next: what the one writes the other is to find."""
    stores = [subject.open(**{subject.root_parameter: spelling}) for spelling in subject.root_spellings("r")]
    return list(zip(stores, stores[1:] + stores[:1], strict=True))


MAPPINGS: Mapping[str, Callable[[Mapping[str, Any]], Mapping[str, Any]]] = {
    "dict": dict,
    "view": MappingProxyType,
    "chain": lambda parameters: ChainMap({}, {**parameters}),
}
"""Mappings that parameters may come in."""


@requirement("CONF-3", needs=["root"])
@pytest.mark.parametrize("mapping", MAPPINGS)
def test_parameters_are_the_callers(subject: Subject, mapping: str) -> None:
    """Whatever mapping the caller gives has its effect and is left as it is, for the next driver that is made of it."""
    before = {**subject.parameters, subject.root_parameter: subject.root("r")}
    given = MAPPINGS[mapping]({**before})

    with subject.construct(given) as first, subject.construct(given) as second:
        first.put_content("/file", b"content")

        expect.file(second, "/file", b"content", "a file of a second driver made of the same parameters")
        expect.file(subject.open_root("r"), "/file", b"content", "the file for a driver of that root")
        expect.equal(sorted(given), sorted(before), "names of the parameters after two drivers were made of them")
        changed = sorted(name for name in before if given[name] != before[name])
        expect.equal(changed, [], "parameters whose value changed")


@requirement("CONF-3", needs=["root"])
def test_spellings_of_a_root_read_the_same(subject: Subject) -> None:
    """What is put with one spelling of the root, get_content, reader, stat, list and walk find with another."""
    for number, (writing, reading) in enumerate(_spelt(subject)):
        data = f"content {number}".encode()
        writing.put_content("/d/file", data)
        writing.put_content("/other", b"1")

        expect.file(reading, "/d/file", data, "a file put with another spelling of the root")
        with reading.reader("/d/file", 3) as stream:
            expect.equal(stream.read(), data[3:], "its content from an offset")
        expect.equal(reading.stat("/d/file").path, "/d/file", "its path by stat")
        expect.children(reading, "/", ["/d", "/other"], "children of /")
        expect.children(reading, "/d", ["/d/file"], "children of a directory")
        expect.equal([info.path for info in reading.walk("/")], ["/d", "/d/file", "/other"], "walk of /")


@requirement("CONF-3", needs=["root"])
def test_spellings_of_a_root_change_the_same(subject: Subject) -> None:
    """What is put with one spelling of the root is streamed over, moved and deleted with another."""
    for writing, changing in _spelt(subject):
        writing.put_content("/d/file", b"old")

        with changing.writer("/d/file") as writer:
            writer.write(b"new")
            writer.commit()
        expect.file(writing, "/d/file", b"new", "a file that was streamed over")
        changing.move("/d/file", "/e/file")
        expect.file(writing, "/e/file", b"new", "a file that was moved")
        expect.absent(writing, "/d", "the parent it was moved from")
        changing.delete("/e")
        expect.equal(list(writing.list("/")), [], "list of / after the delete")


@requirement("CONF-3", needs=["root", "nested-roots"])
@pytest.mark.parametrize("relative", ["r", "r/s", ".r", "R-_.0"])
def test_root_is_a_directory_of_the_store(driver: StorageDriver, tree: Tree, subject: Subject, relative: str) -> None:
    """What is put below a root lies at root and path together, and the other way round, in list and walk too."""
    store = subject.open_root(relative)
    files = put_all(store, "/", SHAPES["around-the-slash"])

    seen = {path: driver.get_content(tree.path(relative) + path) for path in files}
    walked = [info.path for info in driver.walk(tree.path(relative))]

    expect.equal(seen, dict(files), "contents as a driver above the root reads them")
    expect.equal(walked, [tree.path(relative) + path for path in walk_of(files, "/")], "walk from above the root")
    driver.put_content(tree.path(relative) + "/from-above", b"1")
    expect.file(store, "/from-above", b"1", "a file put from above the root")


@requirement("CONF-3", needs=["root"])
@pytest.mark.parametrize("none", ["", "/"])
def test_empty_root_is_none(driver: StorageDriver, tree: Tree, subject: Subject, none: str) -> None:
    """The roots '' and '/' are none: a driver with them sees the whole store."""
    if subject.parameters.get(subject.root_parameter):
        pytest.skip("the driver was given a root of its own, which stands for none here")
    store = subject.open(**{subject.root_parameter: none})
    driver.put_content(tree.path("d/file"), b"content")

    expect.file(store, tree.path("d/file"), b"content", "a file below no root")
    expect.equal(
        [path for path in store.list("/") if path == tree.root], [tree.root], "the check's prefix in list of /"
    )
    expect.children(store, tree.path("d"), tree.paths("d/file"), "children below no root")


@requirement("CONF-3", needs=["root"])
@pytest.mark.parametrize(
    ("one", "two"), [("p", "p2"), ("p2", "p"), ("p", "p-"), ("p.x", "p"), ("a/p", "p"), ("p", "P")]
)
def test_roots_do_not_see_each_other(subject: Subject, one: str, two: str) -> None:
    """Two roots, one of which may begin with the other, are two stores for every method."""
    first, second = subject.open_root(one), subject.open_root(two)
    if one.lower() == two.lower() and not first.capabilities.case_sensitive:
        pytest.skip("the driver does not declare case_sensitive")
    first.put_content("/d/file", b"first")

    expect.equal(list(second.list("/")), [], "list of / of the other root")
    expect.equal([info.path for info in second.walk("/")], [], "walk of / of the other root")
    expect.absent(second, "/d/file", "the same path in the other root")
    second.put_content("/d/file", b"second")
    expect.file(first, "/d/file", b"first", "a file after the other root has got one of the same path")
    second.delete("/d")
    expect.file(first, "/d/file", b"first", "a file after the delete of the same path in the other root")
    expect.equal([info.path for info in first.walk("/")], ["/d", "/d/file"], "walk of / of the one root")


@requirement("CONF-3", capability="resumable_writes", needs=["root"])
def test_stages_of_two_roots_are_two(subject: Subject) -> None:
    """What is staged at a path of one root is not continued at the same path of another."""
    first, second = subject.open_root("p"), subject.open_root("p2")
    with first.writer("/file") as writer:
        writer.write(b"first")

    expect.not_found(lambda: second.writer("/file", append=True).cancel(), "a stage of the other root, continued")

    with first.writer("/file", append=True) as writer:
        writer.commit()
    expect.file(first, "/file", b"first", "the stage, continued in its own root")


@requirement("CONF-3", needs=["root"])
def test_root_of_a_fresh_store_agrees_with_itself(subject: Subject) -> None:
    """`/` below a root at which nothing lies is an empty directory to stat, list and walk."""
    store = subject.open_root("fresh/deep")

    info = store.stat("/")

    expect.equal((info.path, info.is_dir), ("/", True), "path and is_dir of /")
    expect.equal(list(store.list("/")), [], "list of /")
    expect.equal([each.path for each in store.walk("/")], [], "walk of /")
