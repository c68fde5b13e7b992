"""SEC: TLS, tried with certificates that nobody may trust."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from storagedriver import BackendError, StorageDriver
from storagedriver.testing import Ending, Subject, Tree, chunk_size, content, expect, requirement
from storagedriver_suites.security.attempts import EVERY_METHOD, attempts
from storagedriver_suites.security.certificates import Authority, require_cryptography
from storagedriver_suites.security.intermediary import Intermediary
from storagedriver_suites.security.secrets_told import overheard

CERTIFICATES: Mapping[str, Callable[[Authority], ssl.SSLContext]] = {
    "is signed by itself": Authority.self_signed,
    "is of an unknown authority": Authority.for_this_machine,
}
"""Certificates that a driver must refuse which trusts the authorities of the system alone."""

OF_A_TRUSTED_AUTHORITY: Mapping[str, Callable[[Authority], ssl.SSLContext]] = {
    "is for another host": Authority.for_another_host,
    "is for another address": Authority.for_another_address,
    "has expired": Authority.expired,
    "is not valid yet": Authority.not_yet_valid,
    "is signed by itself": Authority.self_signed,
}
"""Certificates that a driver must refuse which trusts the authority of the check."""


def _put_large(driver: StorageDriver, path: str) -> None:
    driver.put_content(path, bytes(content(chunk_size(driver) + 1)))


def _stream_large(driver: StorageDriver, path: str) -> None:
    with driver.writer(path) as writer:
        writer.write(content(2 * chunk_size(driver) + 1))
        writer.commit()


ASKED: Mapping[str, Callable[[StorageDriver, str], object]] = {
    **{name: EVERY_METHOD[name] for name in ("get_content", "put_content", "stat", "list", "delete")},
    "put_content of more than a chunk": _put_large,
    "writer": _stream_large,
}


@contextlib.contextmanager
def _behind(
    subject: Subject, certificate: ssl.SSLContext, **changes: Any
) -> Iterator[tuple[Intermediary, Mapping[str, Any]]]:
    """A server that shows a certificate, and the parameters of a driver that is to use it."""
    with Intermediary(subject.wire.server(subject.parameters), certificate=certificate) as between:
        impatient = subject.wire.without_retries().through(between.authority, subject.parameters, scheme="https")
        yield between, {**impatient, **changes}


def _refuses(subject: Subject, parameters: Mapping[str, Any], between: Intermediary, operation: str) -> Ending:
    what = f"{operation}, of a server whose certificate is not to be trusted"
    with expect.raises(BackendError, what), contextlib.closing(subject.construct(parameters)) as driver:
        ASKED[operation](driver, "/file")
    expect.equal(
        [f"{asked.method} {asked.target}" for asked in between.asked], [], f"requests that were sent by {what}"
    )
    return Ending.REFUSED


def _refuse_all(subject: Subject, certificate: ssl.SSLContext, kind: str, **changes: Any) -> None:
    """Nothing is asked of a server that shows this certificate, whatever the driver is called for."""
    with _behind(subject, certificate, **changes) as (between, parameters), attempts(subject) as tried:
        for operation in ASKED:
            tried.attempt(
                operation,
                "is asked of a server with a wrong certificate",
                f"it {kind}",
                lambda operation=operation: _refuses(subject, parameters, between, operation),  # type: ignore[misc]
            )


@requirement("SEC-4", needs=["wire"])
@pytest.mark.parametrize("kind", CERTIFICATES)
def test_certificate_of_nobody_is_refused(subject: Subject, tmp_path: Path, kind: str) -> None:
    """By default, a server whose certificate no trusted authority signed is asked for nothing: BackendError."""
    require_cryptography()

    _refuse_all(subject, CERTIFICATES[kind](Authority(tmp_path)), kind)


@requirement("SEC-4", needs=["wire"])
@pytest.mark.parametrize("kind", OF_A_TRUSTED_AUTHORITY)
def test_wrong_certificate_of_a_trusted_authority_is_refused(subject: Subject, tmp_path: Path, kind: str) -> None:
    """A certificate for another host, or out of its time, is no better for being signed by a trusted authority."""
    require_cryptography()
    authority = Authority(tmp_path)

    _refuse_all(subject, OF_A_TRUSTED_AUTHORITY[kind](authority), kind, **{_trust(subject): str(authority.file)})


@requirement("SEC-4", needs=["wire"])
def test_certificate_of_a_trusted_authority_is_accepted(subject: Subject, tree: Tree, tmp_path: Path) -> None:
    """With the authority of the server's certificate given, the driver works; else the refusals would prove nothing."""
    require_cryptography()
    authority = Authority(tmp_path)
    trusting = {_trust(subject): str(authority.file)}

    with (
        _behind(subject, authority.for_this_machine(), **trusting) as (between, parameters),
        contextlib.closing(subject.construct(parameters)) as driver,
    ):
        _works(driver, tree)
        expect.equal(between.asked != [], True, "whether the server was asked by way of TLS")


@requirement("SEC-4", needs=["wire"])
def test_verification_that_is_turned_off_is_warned_of(subject: Subject, tree: Tree, tmp_path: Path) -> None:
    """With the parameter that turns verification off the driver works with any certificate, and says so in a warning.

    Warnings of the library about each request are not the driver's: they do not name the parameter, and many silence them.
    """
    require_cryptography()
    unverified = subject.wire.unverified
    if not unverified:
        pytest.skip("the driver has no parameter that turns the verification of certificates off")
    authority = Authority(tmp_path)

    with overheard() as heard, _behind(subject, authority.self_signed(), **unverified) as (_, parameters):
        with contextlib.closing(subject.construct(parameters)) as driver:
            _works(driver, tree)
        said = heard.since()

    own = [
        each for each in said if (" WARNING " in each or "Warning: " in each) and "InsecureRequestWarning" not in each
    ]
    expect.true(own, "what is warned of where certificates are not verified", expected="a warning", seen="none")


@requirement("SEC-4", needs=["wire"])
def test_verification_is_warned_of_only_where_it_is_off(subject: Subject, tree: Tree, tmp_path: Path) -> None:
    """Where certificates are verified nothing is warned of: what is said always is read by nobody."""
    require_cryptography()
    authority = Authority(tmp_path)
    trusting = {_trust(subject): str(authority.file)}

    with overheard() as heard, _behind(subject, authority.for_this_machine(), **trusting) as (_, parameters):
        with contextlib.closing(subject.construct(parameters)) as driver:
            _works(driver, tree)
        said = heard.since()

    own = [each[:200] for each in said if ("WARNING " in each or "Warning: " in each) and "erif" in each]
    expect.equal(own, [], "what is warned of where certificates are verified")


def _trust(subject: Subject) -> str:
    parameter = subject.wire.authority
    if parameter is None:
        pytest.skip("the driver has no parameter that names the authorities it trusts")
    return parameter


def _works(driver: StorageDriver, tree: Tree) -> None:
    driver.put_content(tree.path("file"), b"by way of TLS")
    expect.equal(driver.get_content(tree.path("file")), b"by way of TLS", "content that was written and read by TLS")
