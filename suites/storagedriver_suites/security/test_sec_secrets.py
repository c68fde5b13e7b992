"""SEC: secrets in logs, warnings, errors, reprs and URLs."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from urllib.parse import unquote, unquote_plus

import pytest

from storagedriver import StorageDriver, StorageDriverError
from storagedriver.testing import Ending, Subject, Tree, chunk_size, content, expect, not_offered, requirement
from storagedriver_suites.behaviour.parameters import WRONG_SECRET, secret_names, secret_values
from storagedriver_suites.security.attempts import attempts
from storagedriver_suites.security.secrets_told import overheard, texts_of, told


def _stream(driver: StorageDriver, path: str, size: int, *, append: bool = False) -> None:
    with driver.writer(path, append=append and driver.capabilities.append) as writer:
        writer.write(content(size))
        writer.commit()


def _staged_and_continued(driver: StorageDriver, path: str) -> None:
    with driver.writer(path) as writer:
        writer.write(b"staged")
    if driver.capabilities.resumable_writes:
        with driver.writer(path, append=True) as writer:
            writer.write(b" and continued")
            writer.commit()
    else:
        writer.cancel()


def _read(driver: StorageDriver, path: str) -> bytes:
    with driver.reader(path, 1) as stream:
        return stream.read()


OPERATIONS: Mapping[str, Callable[[StorageDriver, str], object]] = {
    "put_content": lambda driver, at: driver.put_content(f"{at}/file", b"content"),
    "get_content": lambda driver, at: driver.get_content(f"{at}/file"),
    "reader": lambda driver, at: _read(driver, f"{at}/file"),
    "writer": lambda driver, at: _stream(driver, f"{at}/stream", chunk_size(driver) + 1),
    "append": lambda driver, at: _stream(driver, f"{at}/file", 10, append=True),
    "staged stream": lambda driver, at: _staged_and_continued(driver, f"{at}/staged"),
    "stat": lambda driver, at: driver.stat(f"{at}/file"),
    "stat of what is absent": lambda driver, at: driver.stat(f"{at}/absent"),
    "list": lambda driver, at: driver.list(at),
    "walk": lambda driver, at: list(driver.walk(at)),
    "move": lambda driver, at: driver.move(f"{at}/stream", f"{at}/moved"),
    "move of what is absent": lambda driver, at: driver.move(f"{at}/absent", f"{at}/moved"),
    "redirect_url": lambda driver, at: driver.redirect_url(f"{at}/file"),
    "get_content of what is absent": lambda driver, at: driver.get_content(f"{at}/absent"),
    "get_content of an invalid path": lambda driver, at: driver.get_content(f"{at}/../x"),
    "reader at a negative offset": lambda driver, at: driver.reader(f"{at}/file", -1),
    "delete": lambda driver, at: driver.delete(at),
    "delete of what is absent": lambda driver, at: driver.delete(at),
}
"""What a driver does for its callers, also in vain, in this order, below a directory."""


def _need_secrets(subject: Subject) -> list[str]:
    secrets = secret_values(subject)
    if not secrets:
        if not secret_names(subject):
            not_offered("the driver has no secret parameter")
        pytest.skip("no secret parameter has a value of 8 characters or more")
    return secrets


@contextlib.contextmanager
def _apart(subject: Subject, changes: Mapping[str, object]) -> Iterator[StorageDriver]:
    """A driver that is made, used and closed in the block."""
    made = subject.construct({**subject.parameters, **changes})
    try:
        yield made
    finally:
        made.close()


def _work(driver: StorageDriver, directory: str) -> Iterator[tuple[str, BaseException | None]]:
    """Every operation and its error."""
    for name, operation in OPERATIONS.items():
        try:
            operation(driver, directory)
        except StorageDriverError as error:
            yield name, error
        else:
            yield name, None


def _silent(secrets: Iterable[str], texts: Iterable[str], what: str) -> Ending:
    """None of the texts holds a secret."""
    expect.equal(told(secrets, texts), [], what)
    return Ending.REFUSED


@requirement("SEC-3")
def test_no_log_holds_a_secret(tree: Tree, subject: Subject) -> None:
    """Of all loggers of the process, at level DEBUG, none says a secret while a driver is made, works and is closed."""
    secrets = _need_secrets(subject)

    with overheard() as heard, attempts(subject) as tried:

        def judge(operation: str) -> None:
            said = heard.since()
            tried.attempt(
                operation,
                "is logged at DEBUG",
                operation,
                lambda: _silent(secrets, said, f"what is logged with a secret in it by {operation}"),
            )

        with _apart(subject, {}) as driver:
            judge("constructor")
            for name, _ in _work(driver, tree.path("d")):
                judge(name)
        judge("close")


@requirement("SEC-3")
def test_no_log_holds_a_wrong_secret(driver: StorageDriver, tree: Tree, subject: Subject) -> None:
    """What is tried with a wrong secret, and refused, is logged without it: it may be right elsewhere."""
    driver.put_content(tree.path("d/file"), b"content")
    names = _secrets_to_replace(subject)

    with overheard() as heard, attempts(subject) as tried:
        for name in names:
            with contextlib.suppress(StorageDriverError), _apart(subject, {name: WRONG_SECRET}) as stranger:
                for operation in _REFUSED:
                    with contextlib.suppress(StorageDriverError):
                        OPERATIONS[operation](stranger, tree.path("d"))
            said = heard.since()
            tried.attempt(
                "every method",
                "is logged at DEBUG",
                f"a wrong {name}",
                lambda said=said, name=name: _silent(  # type: ignore[misc]
                    [WRONG_SECRET, *secret_values(subject)],
                    said,
                    f"what is logged with a secret in it of a wrong {name}",
                ),
            )


_REFUSED = ("get_content", "put_content", "stat", "list", "redirect_url")


def _secrets_to_replace(subject: Subject) -> list[str]:
    """All secrets there can be, also those that the driver is not made of, as the token of a session."""
    names = secret_names(subject)
    if not names:
        not_offered("the driver has no secret parameter")
    return names


@requirement("SEC-3")
def test_no_error_holds_a_secret(tree: Tree, subject: Subject) -> None:
    """No error of an ordinary call holds a secret: not in its text, values, notes, causes, traceback or pickle."""
    secrets = _need_secrets(subject)

    with _apart(subject, {}) as driver, attempts(subject) as tried:
        for operation, error in _work(driver, tree.path("d")):
            if error is not None:
                tried.attempt(
                    operation,
                    "raises an error",
                    operation,
                    lambda operation=operation, error=error: _silent(  # type: ignore[misc]
                        secrets, texts_of(error), f"what the error of {operation} tells with a secret in it"
                    ),
                )


@requirement("SEC-3")
@pytest.mark.parametrize(
    "operation", ["get_content", "put_content", "writer", "stat", "list", "walk", "move", "delete"]
)
def test_no_error_of_a_refusal_holds_a_secret(
    driver: StorageDriver, tree: Tree, subject: Subject, operation: str
) -> None:
    """What the refusal of a wrong secret raises holds neither the wrong one nor those that are right."""
    driver.put_content(tree.path("d/file"), b"content")
    driver.put_content(tree.path("d/stream"), b"content")

    with attempts(subject) as tried:
        for name in _secrets_to_replace(subject):
            error = _error_of(subject, {name: WRONG_SECRET}, operation, tree.path("d"))
            if error is not None:
                tried.attempt(
                    operation,
                    "is refused",
                    f"a wrong {name}",
                    lambda error=error, name=name: _silent(  # type: ignore[misc]
                        [WRONG_SECRET, *secret_values(subject)],
                        texts_of(error),
                        f"what the error of {operation} with a wrong {name} tells with a secret in it",
                    ),
                )


def _error_of(
    subject: Subject, changes: Mapping[str, object], operation: str, directory: str
) -> StorageDriverError | None:
    try:
        with _apart(subject, changes) as stranger:
            OPERATIONS[operation](stranger, directory)
    except StorageDriverError as error:
        return error
    return None


@requirement("SEC-3")
def test_nothing_of_a_driver_that_is_printed_holds_a_secret(tree: Tree, subject: Subject) -> None:
    """Repr and str of a driver, of its readers, writers and walks and of its capabilities hold no secret."""
    secrets = _need_secrets(subject)

    with _apart(subject, {}) as driver, attempts(subject) as tried:
        path = tree.path("d/file")
        driver.put_content(path, b"content")
        with driver.reader(path) as reader, driver.writer(path) as writer, contextlib.closing(driver.walk("/")) as walk:
            shown = {"driver": driver, "reader": reader, "writer": writer, "walk": walk, "info": driver.stat(path)}
            shown["capabilities"] = driver.capabilities
            for name, each in shown.items():
                texts = [repr(each), str(each), f"{each}"]
                tried.attempt(
                    "repr",
                    "is printed",
                    name,
                    lambda texts=texts, name=name: _silent(  # type: ignore[misc]
                        secrets, texts, f"what repr and str of a {name} tell with a secret in it"
                    ),
                )
            writer.cancel()


@requirement("SEC-3")
@pytest.mark.parametrize("given", ["list", "mapping", "number", "blank"])
def test_refused_parameter_is_not_shown(subject: Subject, given: str) -> None:
    """Where a secret is mistyped, or another parameter beside it is wrong, the error shows no secret."""
    names = secret_names(subject)
    if not names:
        not_offered("the driver has no secret parameter")

    with attempts(subject) as tried:
        for name in names:
            value = {
                "list": [WRONG_SECRET],
                "mapping": {"key": WRONG_SECRET},
                "number": WRONG_SECRET.encode() + b"\xff",
                "blank": f" {WRONG_SECRET}\n",
            }[given]
            wrong = {**subject.parameters, name: value, "no such parameter": WRONG_SECRET}
            try:
                subject.construct(wrong).close()
            except StorageDriverError as error:
                raised = error
            else:
                continue
            tried.attempt(
                "constructor",
                "is a wrong parameter",
                f"{name}: a {given}",
                lambda raised=raised, name=name: _silent(  # type: ignore[misc]
                    [WRONG_SECRET, *secret_values(subject)],
                    texts_of(raised),
                    f"what the error of a wrong {name} tells with a secret in it",
                ),
            )


@requirement("SEC-3", capability="redirect")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_url_holds_no_secret(driver: StorageDriver, tree: Tree, subject: Subject, method: str) -> None:
    """A URL holds no secret key, in no spelling; the name of the key may stand in it, as protocols have it."""
    driver.put_content(tree.path("file"), b"content")
    url = driver.redirect_url(tree.path("file"), method=method) or ""
    secrets = secret_values(subject, keys_only=True)

    with attempts(subject) as tried:
        tried.attempt(
            "redirect_url",
            "is given to strangers",
            method,
            lambda: _silent(secrets, [url, unquote(url), unquote_plus(url)], "what a URL tells with a secret in it"),
        )
