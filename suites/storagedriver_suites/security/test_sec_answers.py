"""SEC: servers that are hostile themselves, or that somebody has taken the place of."""

from __future__ import annotations

import contextlib
import functools
import gc
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Self
from urllib.parse import quote

import pytest

from storagedriver import StorageDriver, StorageDriverError
from storagedriver.testing import ContractViolation, Ending, Subject, Tree, expect, requirement
from storagedriver_suites.behaviour.names import tree_state
from storagedriver_suites.behaviour.parameters import secret_values
from storagedriver_suites.behaviour.shapes import put_many
from storagedriver_suites.security.attempts import WRITTEN, Method, attempts
from storagedriver_suites.security.hostile_answers import MIB, answers, external_entity
from storagedriver_suites.security.intermediary import Answer, Asked, Behave, Intermediary, Proceed, Raw, honest
from storagedriver_suites.security.secrets_told import overheard, texts_of, told

SECONDS = 30.0
"""How long a call may take whose server is hostile; the drivers are impatient."""

MOST_MEMORY = 192 * MIB
"""Bytes by which the process may grow in a call: less than half of what a compressed body would grow to."""

MOST_REQUESTS = 400
"""Requests that a call on a hundred files needs at the most, several times over."""


pytestmark = pytest.mark.filterwarnings(
    # What a library drops of an answer that makes no sense is closed by the collector. That is for LEAK to judge, and where
    # warnings are errors it would fail whichever check the collector runs in.
    "ignore::ResourceWarning",
    "ignore::pytest.PytestUnraisableExceptionWarning",
)


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Nothing that a check has dropped is left to the check after it."""
    yield
    gc.collect()


@contextlib.contextmanager
def _behind(subject: Subject, behave: Behave) -> Iterator[tuple[Intermediary, StorageDriver]]:
    """A driver whose server is not its server."""
    with Intermediary(subject.wire.server(subject.parameters), behave) as between:
        made = subject.construct(subject.wire.through(between.authority, subject.parameters))
        try:
            yield between, made
        finally:
            made.close()


class _Growth:
    """How much larger the process becomes in a block; zero where the system does not tell."""

    def __init__(self) -> None:
        self.most = 0
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        gc.collect()
        self._before = self._now()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.005):
            self.most = max(self.most, self._now() - self._before)

    @staticmethod
    def _now() -> int:
        try:
            pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        except OSError:
            return 0
        return int(pages) * 4096


def _bounded(action: Callable[[], object], between: Intermediary, what: str) -> tuple[object, BaseException | None]:
    """What a call returned or raised, which ends in time; it is ended by the end of the server otherwise."""
    outcome: list[tuple[object, BaseException | None]] = []

    def run() -> None:
        try:
            outcome.append((action(), None))
        except BaseException as error:  # noqa: BLE001  judged by the caller
            outcome.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    begun = time.monotonic()
    with _Growth() as growth:
        thread.start()
        thread.join(SECONDS)
        if thread.is_alive():
            between.stop()
            thread.join(SECONDS)
            raise ContractViolation(what, expected=f"it ends within {SECONDS:g} s", seen="it goes on")
    if growth.most > MOST_MEMORY:
        raise ContractViolation(
            f"memory that is taken by {what}",
            expected=f"less than {MOST_MEMORY // MIB} MiB",
            seen=f"{growth.most // MIB} MiB in {time.monotonic() - begun:.1f} s",
        )
    return outcome[0]


def _clean(error: BaseException | None, what: str) -> None:
    if error is not None and not isinstance(error, StorageDriverError):
        raise ContractViolation(what, expected="an error of the interface", seen=error) from error


def _stream(driver: StorageDriver, path: str) -> None:
    with driver.writer(path) as writer:
        writer.write(WRITTEN)
        writer.commit()


def _read(driver: StorageDriver, path: str) -> bytes:
    with driver.reader(path) as reader:
        return reader.read(MIB)


ASKED: Mapping[str, tuple[Method, bool]] = {
    "list": (lambda driver, path: driver.list(path), True),
    "walk": (lambda driver, path: list(driver.walk(path)), True),
    "stat": (lambda driver, path: driver.stat(f"{path}/file"), False),
    "get_content": (lambda driver, path: driver.get_content(f"{path}/file"), False),
    "reader": (lambda driver, path: _read(driver, f"{path}/file"), False),
    "put_content": (lambda driver, path: driver.put_content(f"{path}/file", WRITTEN), False),
    "writer": (lambda driver, path: _stream(driver, f"{path}/file"), False),
    "move": (lambda driver, path: driver.move(f"{path}/file", f"{path}/moved"), False),
    "delete": (lambda driver, path: driver.delete(path), False),
}
"""What a hostile server is asked for, and whether its answer can mean no success at all."""


def _survives(driver: StorageDriver, between: Intermediary, operation: str, path: str, condition: str) -> Ending:
    what = f"{operation}, answered by {condition}"
    action, must_fail = ASKED[operation]
    _, error = _bounded(lambda: action(driver, path), between, what)
    _clean(error, what)
    if error is None and must_fail:
        raise ContractViolation(what, expected="BackendError", seen="no error")
    return Ending.SURVIVED if error is None else Ending.REFUSED


@functools.cache
def _answers() -> Mapping[str, Answer | Raw]:
    return answers()


def _try_answers(tree: Tree, subject: Subject, condition: str) -> None:
    hostile = _answers()[condition]

    def behave(asked: Asked, proceed: Proceed) -> Answer | Raw:
        return hostile if asked.names(tree.root[1:]) else proceed()

    with attempts(subject) as tried, _behind(subject, behave) as (between, driver):
        for operation in ASKED:
            tried.attempt(
                operation,
                f"is answered by {condition}",
                operation,
                lambda operation=operation: _survives(driver, between, operation, tree.path("d"), condition),  # type: ignore[misc]
            )


# --- answers that grow


@requirement("SEC-1", needs=["wire"])
@pytest.mark.parametrize("condition", ["a compressed body that grows", "a body that is compressed twice"])
def test_compressed_answer_is_not_unpacked_without_a_limit(tree: Tree, subject: Subject, condition: str) -> None:
    """A small answer that would be unpacked to half a gigabyte takes no such memory: it is refused, or left as it is."""
    _try_answers(tree, subject, condition)


# --- listings of what was not asked for


SUBSTITUTES: Mapping[str, tuple[str, str]] = {
    "a name of another directory": ("in/inner-name-0", "no/inner-name-0"),
    "a name of a directory that begins alike": ("in/inner-name-0", "in-inner-name-0"),
    "a name that climbs": ("inner-name-0", "../../secret"),
    "a name that climbs, encoded": ("inner-name-0", "..%2fsecret1"),
    "a name with an empty component": ("inner-name-0", "//inner-name"),
    "a name that is absolute": ("inner-name-0", "/etc/shadow0"),
    "a name with a control character": ("inner-name-0", "inner\nname-0"),
    "a name that is only dots": ("/inner-name-0", "/../..//.././"),
}
"""What is put in the place of a name in listings: of the same length, so that nothing else has to change."""


@requirement("SEC-1", needs=["wire"])
@pytest.mark.parametrize("condition", SUBSTITUTES)
@pytest.mark.parametrize("operation", ["list", "walk", "delete"])
def test_listing_of_what_was_not_asked_for_leads_nowhere(
    driver: StorageDriver, tree: Tree, subject: Subject, operation: str, condition: str
) -> None:
    """Names in a listing that lie outside of the directory are not shown, and above all not deleted."""
    for name in ("in/inner-name-0", "in/kept", "no/inner-name-0", "in-inner-name-0", "secret"):
        driver.put_content(tree.path(name), name.encode())
    told_name, substitute = SUBSTITUTES[condition]
    before = {
        path: content for path, content in tree_state(driver, tree).items() if "/in" not in path or "/in-" in path
    }
    replaced = 0

    def behave(asked: Asked, proceed: Proceed) -> Answer:
        nonlocal replaced
        answer = proceed()
        if not (asked.is_listing and asked.names(tree.root[1:])):
            return answer
        # Some servers encode what they list, where the driver asks for that.
        encode = functools.partial(quote, safe="") if b"in%2Finner-name-0" in answer.body else str
        body = answer.body.replace(encode(told_name).encode(), encode(substitute).encode())
        replaced += body != answer.body
        return Answer(answer.status, answer.headers, body)

    def judged() -> Ending:
        what = f"{operation} of a directory, where the server lists {condition}"
        with _behind(subject, behave) as (between, stranger):
            action, _ = ASKED[operation]
            returned, error = _bounded(lambda: action(stranger, tree.path("in")), between, what)
        if not replaced and operation != "delete":
            pytest.skip("the server's listings do not show names as they are, so none can be replaced")
        _clean(error, what)
        shown = (
            [each if isinstance(each, str) else each.path for each in returned] if isinstance(returned, list) else []
        )
        expect.equal([path for path in shown if path != tree.path("in/kept")], [], f"what is shown by {what}")
        now = tree_state(driver, tree)
        expect.equal({path: now.get(path) for path in before}, before, f"all that is not in the directory after {what}")
        return Ending.SURVIVED if error is None else Ending.REFUSED

    with attempts(subject) as tried:
        tried.attempt(operation, "is told of names that lie outside", condition, judged)


@requirement("SEC-1", needs=["wire"])
@pytest.mark.parametrize("operation", ["list", "walk", "delete"])
def test_listing_without_end_is_given_up(driver: StorageDriver, tree: Tree, subject: Subject, operation: str) -> None:
    """A server that gives the first page again and again, whichever is asked for, is asked a few times, not for ever."""
    page = driver.capabilities.limits.list_page
    if page is None or page > 1000:
        pytest.skip("the driver declares no pages of at most 1000 names")
    put_many(driver, tree.paths(*(f"d/f{number}" for number in range(page + 5))))
    first: dict[str, Answer] = {}

    def behave(asked: Asked, proceed: Proceed) -> Answer | Raw:
        if len(between.asked) > MOST_REQUESTS:
            return Raw(list)
        if not (asked.is_listing and asked.names(tree.root[1:])):
            return proceed()
        return first.setdefault(asked.target.partition("?")[0], proceed()) if first else _kept(asked, proceed)

    def _kept(asked: Asked, proceed: Proceed) -> Answer:
        answer = proceed()
        if answer.status == 200 and re.search(rb"d(/|%2F)f1", answer.body):
            first[asked.target.partition("?")[0]] = answer
        return answer

    def judged() -> Ending:
        what = f"{operation}, where the server gives the first page again and again"
        action, _ = ASKED[operation]
        _, error = _bounded(lambda: action(stranger, tree.path("d")), between, what)
        expect.equal(
            len(between.asked) > MOST_REQUESTS, False, f"whether more than {MOST_REQUESTS} requests were made by {what}"
        )
        _clean(error, what)
        if error is None and operation != "delete":
            raise ContractViolation(what, expected="BackendError", seen="no error")
        return Ending.REFUSED

    with _behind(subject, behave) as (between, stranger), attempts(subject) as tried:
        tried.attempt(operation, "is told the first page again and again", operation, judged)


# --- answers that are none


CONDITIONS = (
    "XML entities that grow",
    "one XML entity a thousand times",
    "XML of a hundred thousand levels",
    "JSON of a hundred thousand levels",
    "JSON of another shape",
    "JSON with a number of a million digits",
    "no text at all",
    "nothing",
    "a length of an exabyte",
    "a length beyond all numbers",
    "a length below zero",
    "a length that is no number",
    "two lengths",
    "headers without end",
    "a header line without end",
    "a status line without end",
    "a chunk of a wrong size",
    "a chunk beyond all numbers",
    "no HTTP",
)


@requirement("SEC-1", needs=["wire"])
@pytest.mark.parametrize("condition", CONDITIONS)
def test_hostile_answer_ends_in_an_error(tree: Tree, subject: Subject, condition: str) -> None:
    """Whatever a server answers, each call ends soon, in little memory, and with an error of the interface or none."""
    _try_answers(tree, subject, condition)


@requirement("SEC-1", needs=["wire"])
@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("address", ["file", "http"])
def test_external_entity_is_not_fetched(
    tree: Tree, subject: Subject, tmp_path: Path, address: str, status: int
) -> None:
    """An answer whose XML refers to a file of this machine, or to another server, makes the driver read neither."""
    secret = "what-lies-in-a-file-of-this-machine"  # noqa: S105  it is no secret
    (tmp_path / "host-file").write_text(secret, encoding="ascii")

    def elsewhere(_: Asked, __: Proceed) -> Answer:
        return Answer(200, (("Content-Type", "text/plain"),), secret.encode())

    with Intermediary(subject.wire.server(subject.parameters), elsewhere) as other, attempts(subject) as tried:
        target = (tmp_path / "host-file").as_uri() if address == "file" else f"http://{other.authority}/entity"
        body = external_entity(target)

        def behave(asked: Asked, proceed: Proceed) -> Answer:
            hostile = Answer(status, (("Content-Type", "application/xml"),), body)
            return hostile if asked.names(tree.root[1:]) else proceed()

        for operation in ("list", "walk", "stat", "put_content", "delete"):

            def judged(operation: str = operation) -> Ending:
                what = f"{operation}, answered by XML that refers to {address}:"
                with _behind(subject, behave) as (between, driver):
                    action, _ = ASKED[operation]
                    returned, error = _bounded(lambda: action(driver, tree.path("d")), between, what)
                texts = [repr(returned), *(texts_of(error) if error is not None else ())]
                expect.equal(any(secret in text for text in texts), False, f"whether the file is shown by {what}")
                expect.equal([asked.target for asked in other.asked], [], f"requests to another server made by {what}")
                _clean(error, what)
                return Ending.REFUSED

            tried.attempt(operation, "is answered by XML with an external entity", f"{address}, HTTP {status}", judged)


# --- redirects by the server


@requirement("SEC-3", needs=["wire"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_to_another_server_gives_it_no_secret(
    driver: StorageDriver, tree: Tree, subject: Subject, status: int
) -> None:
    """Where the server sends the driver to another one, that one gets no key, no password and no token."""
    driver.put_content(tree.path("d/file"), b"content")
    secrets = secret_values(subject, keys_only=True)

    with Intermediary(subject.wire.server(subject.parameters), _empty) as other, attempts(subject) as tried:

        def behave(asked: Asked, proceed: Proceed) -> Answer:
            if not asked.names(tree.root[1:]):
                return proceed()
            return Answer(status, (("Location", f"http://{other.authority}{asked.target}"),))

        for operation in ("get_content", "stat", "list", "put_content", "delete"):

            def judged(operation: str = operation) -> Ending:
                what = f"{operation}, which the server redirects by HTTP {status}"
                with _behind(subject, behave) as (between, stranger):
                    action, _ = ASKED[operation]
                    _, error = _bounded(lambda: action(stranger, tree.path("d")), between, what)
                    given = {value for answer in between.answers for name, value in answer if _is_token(name)}
                got = [f"{name}: {value}" for asked in other.asked for name, value in asked.headers]
                got += [asked.target for asked in other.asked]
                expect.equal(
                    told([*secrets, *given], got), [], f"what another server is told with a secret in it by {what}"
                )
                _clean(error, what)
                return Ending.REFUSED

            tried.attempt(operation, "is redirected to another server", f"HTTP {status}", judged)


def _empty(_: Asked, __: Proceed) -> Answer:
    return Answer(200, (("Content-Type", "text/plain"),), b"")


def _is_token(header: str) -> bool:
    return "token" in header.lower() or header.lower() in {"set-cookie", "authorization"}


@requirement("SEC-3", needs=["wire"])
def test_token_of_the_server_is_told_to_nobody(tree: Tree, subject: Subject) -> None:
    """What the server gave the driver to authenticate with stands in no log at level DEBUG, and in no error."""
    errors: list[str] = []
    with overheard() as heard, _behind(subject, honest) as (between, driver):
        path = tree.path("d")
        driver.put_content(f"{path}/file", WRITTEN)
        for operation in ("get_content", "stat", "list", "walk", "writer", "move", "delete", "stat", "delete", "list"):
            action, _ = ASKED[operation]
            try:
                action(driver, path)
            except StorageDriverError as error:
                errors += texts_of(error)
        errors += [repr(driver), str(driver)]
    tokens = [value for answer in between.answers for name, value in answer if _is_token(name)]
    said = heard.since()
    if not tokens:
        pytest.skip("the server gives the driver no token")

    with attempts(subject) as tried:
        for where, texts in (("logs", said), ("errors", errors)):

            def judged(where: str = where, texts: list[str] = texts) -> Ending:
                expect.equal(told(tokens, texts), [], f"what is told with the server's token in it by {where}")
                return Ending.REFUSED

            tried.attempt(where, "is given a token", where, judged)
