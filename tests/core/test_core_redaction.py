"""Secrets are kept out of logs: as they are, as URLs quote them, and those of the moment."""

from __future__ import annotations

import logging

import pytest

from storagedriver.redaction import HIDDEN, LogRedaction


def logged(caplog: pytest.LogCaptureFixture, message: str, *arguments: object) -> str:
    caplog.clear()
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("some.library").debug(message, *arguments)
    return caplog.messages[0]


def test_a_secret_is_hidden_until_the_end(caplog: pytest.LogCaptureFixture) -> None:
    redaction = LogRedaction(["some.library"], ["pass/word", None, ""])

    assert logged(caplog, "key=%s url=%s", "pass/word", "pass%2Fword") == f"key={HIDDEN} url={HIDDEN}"
    assert logged(caplog, "nothing of %d", 5) == "nothing of 5"

    redaction.close()
    assert logged(caplog, "key=%s", "pass/word") == "key=pass/word"


def test_the_longer_of_two_secrets_goes_first(caplog: pytest.LogCaptureFixture) -> None:
    redaction = LogRedaction(["some.library"], ["abc", "abcdef"])

    assert logged(caplog, "abcdef abc") == f"{HIDDEN} {HIDDEN}"
    redaction.close()


def test_a_secret_of_the_moment_and_a_form(caplog: pytest.LogCaptureFixture) -> None:
    tokens = ["first"]
    redaction = LogRedaction(
        ["some.library"], [], passing=lambda: tokens, rewrite=lambda text: text.replace("sig=x", f"sig={HIDDEN}")
    )

    assert logged(caplog, "first second sig=x") == f"{HIDDEN} second sig={HIDDEN}"
    tokens[:] = ["second"]
    assert logged(caplog, "first second") == f"first {HIDDEN}"
    redaction.close()


def test_other_loggers_are_let_alone(caplog: pytest.LogCaptureFixture) -> None:
    redaction = LogRedaction(["another.library"], ["secret"])

    assert logged(caplog, "secret") == "secret"
    redaction.close()
