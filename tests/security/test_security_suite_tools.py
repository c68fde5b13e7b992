"""What the suite of security works with does what it says: else its checks could not fail."""

from __future__ import annotations

import http.client
import logging
import os
import ssl
import warnings
from pathlib import Path

import pytest

from storagedriver_suites.security.certificates import Authority
from storagedriver_suites.security.intermediary import Answer, Asked, Intermediary, Proceed, Raw
from storagedriver_suites.security.interruption import interrupted, system_calls
from storagedriver_suites.security.secrets_told import overheard, texts_of, told

SECRET = "a/secret+with=signs"


@pytest.mark.parametrize(
    "text",
    [
        "x a/secret+with=signs x",
        "key=a%2Fsecret%2Bwith%3Dsigns&",
        "key=a/secret%2Bwith%3Dsigns",
        "Basic YS9zZWNyZXQrd2l0aD1zaWducw==",
    ],
)
def test_secret_is_found_in_every_spelling_and_not_shown(text: str) -> None:
    found = told([SECRET], ["harmless", text])

    assert len(found) == 1
    assert "<SECRET>" in found[0]
    assert text not in found


def test_every_logger_is_heard_and_all_is_as_before() -> None:
    quiet = logging.getLogger("tests.security.quiet")
    apart = logging.getLogger("tests.security.apart")
    quiet.setLevel(logging.ERROR)
    apart.propagate = False

    with overheard() as heard:
        quiet.debug("one")
        apart.debug("two", extra={"aside": "three"})
        logging.getLogger("tests.security.new").debug("four")
        warnings.warn("five", stacklevel=1)
        said = "\n".join(heard.since())
        again = heard.since()

    assert all(word in said for word in ("one", "two", "three", "four", "five"))
    assert again == []
    assert quiet.level == logging.ERROR
    assert apart.handlers == []


def test_causes_and_notes_of_an_error_are_read() -> None:
    try:
        try:
            raise OSError("the cause")
        except OSError as cause:
            cause.add_note("the note")
            raise ValueError("the error") from cause
    except ValueError as error:
        texts = "\n".join(texts_of(error))

    assert all(word in texts for word in ("the cause", "the note", "the error"))


def test_something_happens_right_before_the_chosen_system_call(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old", encoding="ascii")
    (tmp_path / "b").write_text("b", encoding="ascii")
    (tmp_path / "a").read_text(encoding="ascii")

    with system_calls() as seen:
        os.truncate(tmp_path / "b", 0)
        (tmp_path / "a").read_text(encoding="ascii")
    with interrupted(2, lambda: (tmp_path / "a").write_text("new", encoding="ascii")):
        os.truncate(tmp_path / "b", 0)
        read = (tmp_path / "a").read_text(encoding="ascii")

    assert seen == ["os.truncate", "open"]
    assert read == "new"


def _ask(authority: str, context: ssl.SSLContext | None = None) -> tuple[int, bytes]:
    host, port = authority.split(":")
    connection = (
        http.client.HTTPConnection(host, int(port), timeout=5)
        if context is None
        else http.client.HTTPSConnection(host, int(port), timeout=5, context=context)
    )
    try:
        connection.request("PUT", "/x?y=1", body=b"body", headers={"X-One": "1"})
        with connection.getresponse() as response:
            return response.status, response.read()
    finally:
        connection.close()


def _echo(asked: Asked, _: Proceed) -> Answer:
    return Answer(201, (("X-Two", "2"),), asked.body)


def test_intermediary_passes_on_and_sees_what_is_asked() -> None:
    with Intermediary(("127.0.0.1", 9), _echo) as server:
        host, port = server.authority.split(":")
        with Intermediary((host, int(port))) as between:
            assert _ask(between.authority) == (201, b"body")

    assert [(asked.method, asked.target, asked.body) for asked in between.asked] == [("PUT", "/x?y=1", b"body")]
    assert ("X-One", "1") in server.asked[0].headers


def test_intermediary_breaks_off_what_is_announced_longer() -> None:
    short = Raw(lambda: [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"])

    with Intermediary(("127.0.0.1", 9), lambda _, __: short) as it, pytest.raises(http.client.IncompleteRead):
        _ask(it.authority)


def test_authority_makes_one_good_certificate_and_bad_ones(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    trusting = ssl.create_default_context(cafile=str(authority.file))

    with Intermediary(("127.0.0.1", 9), _echo, certificate=authority.for_this_machine()) as good:
        assert _ask(good.authority, trusting) == (201, b"body")
    for made in (
        Authority.for_another_host,
        Authority.for_another_address,
        Authority.expired,
        Authority.not_yet_valid,
        Authority.self_signed,
    ):
        with Intermediary(("127.0.0.1", 9), _echo, certificate=made(authority)) as bad:
            with pytest.raises(ssl.SSLCertVerificationError):
                _ask(bad.authority, trusting)
            assert bad.asked == []
