"""`storagedriver keys` and `storagedriver certify`: what they make, and when they make nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from storagedriver import cli
from storagedriver.certificates import RefusedError, issue
from storagedriver.certification import Finding, Policy, Verdict
from storagedriver.certification.verdict import Rule
from storagedriver.commands import judging
from storagedriver.contract import REQUIREMENTS
from storagedriver.report import Outcome
from storagedriver.report.digest import KEY

from .workshop import POLICY, WAIVER, Workshop, judged

FAILING = {"CONT-2": Outcome.FAILED}


def test_a_new_key_signs_and_is_for_its_owner_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(["keys", "new", "--json", "--out=keys/mine"]) == cli.OK

    told = json.loads(capsys.readouterr().out)
    secret, public = Path(told["private"]), Path(told["public"])
    assert (secret, public) == (Path("keys/mine.key"), Path("keys/mine.pub"))
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    loaded = serialization.load_pem_private_key(secret.read_bytes(), None)
    verifier = serialization.load_pem_public_key(public.read_bytes())
    assert isinstance(loaded, ed25519.Ed25519PrivateKey)
    assert isinstance(verifier, ed25519.Ed25519PublicKey)
    verifier.verify(loaded.sign(b"content"), b"content")
    encoded = verifier.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert told["id"] == hashlib.sha256(encoded).hexdigest()


@pytest.mark.parametrize("existing", ["mine.key", "mine.pub"])
def test_keys_are_never_replaced(
    tmp_path: Path, existing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(existing).write_text("precious")

    assert cli.main(["keys", "new", "--out=mine"]) == cli.USAGE

    assert f"{existing} exists" in capsys.readouterr().err
    assert [path.read_text() for path in tmp_path.iterdir()] == ["precious"]


def test_half_a_key_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open

    def full(path: Path, flags: int, mode: int = 0o777) -> int:
        if Path(path).suffix == ".pub":
            raise OSError(28, "No space left on device")
        return opened(path, flags, mode)

    monkeypatch.setattr(os, "open", full)
    assert cli.main(["keys", "new", f"--out={tmp_path / 'mine'}"]) == cli.FAILED
    assert list(tmp_path.iterdir()) == []


def test_a_certificate_says_what_was_judged(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    assert workshop.certify("--expires=30") == cli.OK

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("cert: certified until 20")
    statement, report = workshop.payload(), judged()
    files = {name: hashlib.sha256(Path(name).read_bytes()).hexdigest() for name in ("mydriver.py", "gate.toml")}
    assert workshop.envelope()["payloadType"] == "application/vnd.in-toto+json"
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    assert statement["subject"] == [
        {"name": "mydriver.py", "digest": {"sha256": files["mydriver.py"]}, "annotations": {"method": "file"}}
    ]
    predicate = statement["predicate"]
    assert predicate["result"] == "PASSED"
    assert predicate["configuration"] == [
        {"name": "gate.toml", "digest": {"sha256": files["gate.toml"]}},
        {"name": "report.json", "digest": {"storagedriverReport": report.to_document()[KEY].removeprefix("sha256:")}},
    ]
    assert predicate["passedTests"] == [f"mydriver {name}" for name in REQUIREMENTS]
    assert (predicate["warnedTests"], predicate["failedTests"]) == ([], [])

    certificate = workshop.statement().certificate
    assert certificate.expires_at - certificate.made_at == timedelta(days=30)
    (told,) = certificate.reports
    assert (told.profile, told.suites, told.commit) == ("quick", ("behaviour",), report.environment.commit)
    assert (told.storagedriver, told.finished) == (report.environment.storagedriver, report.run.finished)
    (target,) = certificate.targets
    assert (target.label, target.kept, target.total) == ("mydriver", target.total, target.total)
    assert target.capabilities == ("append",)


def test_the_signature_is_that_of_the_envelopes_standard(workshop: Workshop) -> None:
    """Verified without the kit and its library, by what the standard says is signed."""
    assert workshop.certify() == cli.OK
    envelope = workshop.envelope()
    kind, payload = envelope["payloadType"].encode(), base64.b64decode(envelope["payload"])
    signed = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    key = serialization.load_pem_public_key(Path("release.pub").read_bytes())
    assert isinstance(key, ed25519.Ed25519PublicKey)

    key.verify(base64.b64decode(envelope["signatures"][0]["sig"]), signed)


def test_servers_and_their_versions_are_named(workshop: Workshop) -> None:
    judged("mydriver@minio").write("report.json")
    Path("gate.toml").write_text(POLICY.replace('"mydriver"', '"mydriver@minio"'))

    assert workshop.certify() == cli.OK
    (target,) = workshop.statement().certificate.targets
    assert target.server is not None
    assert (target.server.name, target.server.mode, target.server.version) == ("minio", "process", "4.0")


def test_a_closed_gate_makes_no_certificate(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    judged(but=FAILING).write("report.json")

    assert workshop.certify() == cli.FAILED

    told = capsys.readouterr()
    assert "  - CONT-2 (MUST) failed (why): repair the driver, or add a waiver for it" in told.out.splitlines()
    assert told.err == "storagedriver: no certificate, as the gate is closed\n"
    assert workshop.certify("--json") == cli.FAILED
    assert json.loads(capsys.readouterr().out)["gate"]["passed"] is False
    assert not Path("cert").exists()


def test_a_report_that_is_changed_while_it_is_judged_is_not_certified(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    judge = judging.judge

    def slow(*arguments: Any, **more: Any) -> judging.Judgement:
        judgement = judge(*arguments, **more)
        judged("mydriver", but=FAILING).write("report.json")
        return judgement

    monkeypatch.setattr(judging, "judge", slow)

    assert workshop.certify() == cli.FAILED
    assert "report.json was changed while it was judged" in capsys.readouterr().err
    assert not Path("cert").exists()


def test_nothing_is_issued_for_a_closed_gate(workshop: Workshop) -> None:
    """Whoever calls it."""
    verdict = Verdict((Finding(Rule.TARGET, "missing"),), (), (), (), ())
    policy = Policy.load("gate.toml")

    with pytest.raises(RefusedError, match="the gate is closed"):
        issue(
            verdict,
            {},
            policy=policy,
            policy_file=("gate.toml", "0" * 64),
            files={},
            made_at=datetime.now(UTC),
            valid=timedelta(days=1),
        )


def test_what_is_waived_is_named_and_ends_the_certificate(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    judged(but=FAILING).write("report.json")
    Path("gate.toml").write_text(POLICY + WAIVER)
    assert workshop.certify() == cli.OK
    assert "  waived until 9999-12-31: CONT-2 of mydriver: the backend is being replaced" in capsys.readouterr().out

    predicate = workshop.payload()["predicate"]
    assert predicate["result"] == "WARNED"
    assert predicate["warnedTests"] == ["mydriver CONT-2"]
    assert "mydriver CONT-2" not in predicate["passedTests"]
    (waiver,) = workshop.statement().certificate.waivers
    assert (waiver.owner, waiver.expires) == ("ann@example.org", "9999-12-31")
    assert workshop.statement().certificate.targets[0].waived == ("CONT-2",)

    today = workshop.statement().certificate.made_at.date()
    Path("gate.toml").write_text(POLICY + WAIVER.replace("9999-12-31", str(today + timedelta(days=1))))
    assert workshop.certify("--force") == cli.OK
    assert workshop.statement().certificate.expires_at.date() == today + timedelta(days=2)


def test_a_should_that_fails_is_named(workshop: Workshop) -> None:
    should = next(name for name, each in REQUIREMENTS.items() if each.level == "SHOULD" and each.capability is None)
    judged(but={should: Outcome.FAILED}).write("report.json")

    assert workshop.certify() == cli.OK
    assert workshop.payload()["predicate"]["warnedTests"] == [f"mydriver {should}"]


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "3651", "9" * 5000])
def test_a_number_of_days_that_means_nothing(workshop: Workshop, days: str) -> None:
    try:
        code: object = workshop.certify(f"--expires={days}")
    except SystemExit as ended:
        code = ended.code
    assert code == cli.USAGE


def test_several_keys_sign(workshop: Workshop) -> None:
    cli.main(["keys", "new", "--out=ci"])
    assert workshop.certify("--key=ci.key") == cli.OK
    assert len(workshop.envelope()["signatures"]) == 2
    assert workshop.certify("--key=release.key", "--force") == cli.USAGE


def test_nothing_is_replaced_unasked(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    Path("cert").write_text("another")

    assert workshop.certify() == cli.USAGE
    assert "cert exists; name another file, or add --force" in capsys.readouterr().err
    assert Path("cert").read_text() == "another"
    assert workshop.certify("--force") == cli.OK
    for read in ("report.json", "release.key", "gate.toml"):
        assert workshop.certify("--force", "report.json", f"--out={read}") == cli.USAGE


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"", "not a key in PEM"),
        (b"x" * 100_000, "too large"),
        ("public", "not a key in PEM"),
        ("rsa", "an ed25519 key is needed, not a RSAPrivateKey"),
        ("locked", "the key has a password"),
    ],
)
def test_a_key_that_cannot_sign(
    workshop: Workshop, content: bytes | str | None, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    key = Path("other.key")
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    match content:
        case bytes():
            key.write_bytes(content)
        case "public":
            key.write_bytes(Path("release.pub").read_bytes())
        case "rsa":
            made = rsa.generate_private_key(65537, 2048)
            key.write_bytes(made.private_bytes(pem, pkcs8, serialization.NoEncryption()))
        case "locked":
            locked = serialization.BestAvailableEncryption(b"word")
            key.write_bytes(ed25519.Ed25519PrivateKey.generate().private_bytes(pem, pkcs8, locked))

    assert workshop.certify(key="other.key") == cli.USAGE
    assert words in capsys.readouterr().err
    assert not Path("cert").exists()


def test_a_policy_that_cannot_be_judged_by(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    Path("gate.toml").write_text("novelty = 1")

    assert workshop.certify() == cli.USAGE
    assert "gate.toml: novelty: unknown key" in capsys.readouterr().err


def test_without_the_extra_it_says_what_to_install(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    for name in [name for name in sys.modules if name.startswith(("storagedriver.certificates", "securesystemslib"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "securesystemslib", None)

    assert workshop.certify() == cli.FAILED
    assert "pip install 'storagedriver[certificates]'" in capsys.readouterr().err
