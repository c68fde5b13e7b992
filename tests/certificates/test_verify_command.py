"""`storagedriver verify`: whom it believes, what it looks at, and what it says."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storagedriver import cli
from storagedriver.certificates import TrustRoots, verify
from storagedriver.certificates.verification import Answer, Aspect

from .workshop import POLICY, Workshop, judged


@pytest.fixture
def certified(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> Workshop:
    assert workshop.certify() == cli.OK
    capsys.readouterr()
    return workshop


def test_a_certificate_that_holds(certified: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    assert certified.verify("--subject=mydriver.py", "--reports", "report.json") == cli.OK

    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "envelope holds",
        "signature holds",
        "time holds",
        "subject holds",
        "reports holds",
        "policy",
        "judged",
        "certificate holds",
    ]


def test_what_is_not_given_is_not_looked_at_and_that_is_said(
    certified: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert certified.verify() == cli.OK

    lines = capsys.readouterr().out.splitlines()
    assert "subject not checked: about mydriver.py: compare with your files by --subject or --driver" in lines
    assert "reports not checked: of report.json: compare with your files by --reports" in lines


def test_what_the_policy_left_out_is_said(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    Path("gate.toml").write_text(f"without_groups = ['SEC', 'LEAK']\n{POLICY}")
    assert workshop.certify() == cli.OK
    assert workshop.verify() == cli.OK
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("policy: ")]
    assert line.endswith("profile quick, which leaves out SEC, LEAK")


def test_json(certified: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    assert certified.verify("--json") == cli.OK
    told = json.loads(capsys.readouterr().out)
    assert told["holds"] is True
    assert told["certificate"] == certified.statement().certificate.to_dict()
    assert told["signers"] == [{"id": certified.envelope()["signatures"][0]["keyid"], "name": "release.pub"}]

    cli.main(["keys", "new", "--out=other"])
    capsys.readouterr()
    assert certified.verify("--json", trust="other.pub") == cli.FAILED
    told = json.loads(capsys.readouterr().out)
    assert (told["holds"], told["certificate"], told["subjects"]) == (False, None, [])


def test_a_report_is_what_it_says_and_not_how_it_is_laid_out(
    certified: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    document = json.loads(Path("report.json").read_text())
    Path("laid-out.json").write_text(json.dumps(document, indent=4, sort_keys=True))
    assert certified.verify("--reports", "laid-out.json") == cli.OK
    assert "laid-out.json is what was certified as report.json" in capsys.readouterr().out

    judged("mydriver", "other").write("other.json")
    assert certified.verify("--reports", "report.json", "other.json") == cli.FAILED
    assert "reports fails: other.json: not a report of this certificate, or changed since" in capsys.readouterr().out

    for name, changes in {"forged": {"digest": f"sha256:{'0' * 64}"}, "bare": {}}.items():
        Path(f"{name}.json").write_text(json.dumps({**{k: v for k, v in document.items() if k != "digest"}, **changes}))
        assert certified.verify("--reports", f"{name}.json") == cli.FAILED

    document["results"] = document["results"][1:]
    Path("edited.json").write_text(json.dumps(document))
    assert certified.verify("--reports", "edited.json") == cli.FAILED
    assert certified.verify("--reports", "absent.json") == cli.FAILED
    assert certified.verify("--reports", "gate.toml") == cli.FAILED


def test_reports_that_were_not_given_are_named(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    judged("mydriver@minio").write("second.json")
    assert workshop.certify("report.json", "second.json") == cli.OK

    assert workshop.verify("--reports", "second.json") == cli.OK
    assert "reports not checked: not given: report.json" in capsys.readouterr().out


def test_files_that_were_changed(certified: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mydriver.py").write_text("class MyDriver: pass\n")

    assert certified.verify("--subject=mydriver.py") == cli.FAILED
    assert "subject fails: mydriver.py (file, sha256 " in capsys.readouterr().out
    assert certified.verify("--subject=absent.py") == cli.FAILED
    assert "absent.py: cannot be read" in capsys.readouterr().err


def test_it_expires(certified: Workshop) -> None:
    certificate = certified.statement().certificate
    content = Path("cert").read_bytes()

    last = certified.look_at(content, now=certificate.expires_at - timedelta(seconds=1))
    after = certified.look_at(content, now=certificate.expires_at)
    before = certified.look_at(content, now=certificate.made_at - timedelta(hours=1))

    assert last.holds
    for each, words in ((after, "expired at "), (before, "made in the future")):
        (failed,) = [finding for finding in each.findings if finding.answer is Answer.FAILS]
        assert failed.aspect is Aspect.TIME
        assert failed.message.startswith(words)


# --- whom to trust


def roots(*tables: str, threshold: int = 1) -> None:
    Path("trust.toml").write_text("\n".join([f"threshold = {threshold}", *(f"[[keys]]\n{table}" for table in tables)]))


def day(certified: Workshop, days: int) -> str:
    return str(certified.statement().certificate.made_at.date() + timedelta(days=days))


def test_a_key_that_is_not_trusted(certified: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["keys", "new", "--out=other"])

    assert certified.verify(trust="other.pub") == cli.FAILED
    assert "signature fails: signed by no key that other.pub trusts" in capsys.readouterr().out


def test_an_old_certificate_stays_valid_when_keys_rotate(certified: Workshop) -> None:
    """The old key's time overlaps the new one's, and ends; both sign what is believed, each in its time."""
    cli.main(["keys", "new", "--out=next"])
    roots(
        f"public_key = 'release.pub'\nvalid_from = {day(certified, -300)}\nvalid_until = {day(certified, 0)}",
        f"public_key = 'next.pub'\nvalid_from = {day(certified, 0)}",
    )

    assert certified.verify(trust="trust.toml") == cli.OK
    assert certified.certify("--force", key="next.key") == cli.OK
    assert certified.verify(trust="trust.toml") == cli.OK


def test_what_a_revoked_key_signed_is_not_even_read(certified: Workshop) -> None:
    roots("public_key = 'release.pub'\nrevoked = 2020-01-01")

    verification = verify(certified.sign(b"{"), TrustRoots.load("trust.toml"), now=datetime.now(UTC))

    assert verification.findings[-1].aspect is Aspect.SIGNATURE


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("valid_until = {yesterday}", "was valid until {yesterday}, and it signed on {today}"),
        ("valid_from = {tomorrow}", "is valid from {tomorrow} on, and it signed on {today}"),
        ("revoked = {tomorrow}\nreason = 'lost'", "was revoked on {tomorrow}: lost"),
        ("revoked = {yesterday}", "was revoked on {yesterday}"),
    ],
)
def test_a_key_out_of_its_time_and_a_revoked_one(
    certified: Workshop, lines: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    days = {"yesterday": day(certified, -1), "today": day(certified, 0), "tomorrow": day(certified, 1)}
    roots(f"public_key = 'release.pub'\n{lines.format(**days)}")

    assert certified.verify(trust="trust.toml") == cli.FAILED
    told = capsys.readouterr().out
    assert words.format(**days) in told
    assert told.splitlines()[-1] == "certificate does not hold: cert"


def test_any_trusted_signature_is_enough_unless_more_are_asked_for(
    workshop: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("second", "third"):
        cli.main(["keys", "new", f"--out={name}"])
    assert workshop.certify("--key=second.key") == cli.OK

    assert workshop.verify(trust="second.pub") == cli.OK
    assert workshop.verify("--threshold=2", trust="second.pub") == cli.FAILED
    roots("public_key = 'release.pub'", "public_key = 'second.pub'", "public_key = 'third.pub'", threshold=2)
    assert workshop.verify(trust="trust.toml") == cli.OK
    roots("public_key = 'release.pub'", "public_key = 'third.pub'", threshold=2)
    capsys.readouterr()
    assert workshop.verify("--threshold=1", trust="trust.toml") == cli.FAILED
    assert "signature fails: 1 of 2 signatures that are needed" in capsys.readouterr().out
    roots("public_key = 'release.pub'\nrevoked = 2020-01-01", "public_key = 'second.pub'")
    assert workshop.verify(trust="trust.toml") == cli.OK


def test_a_folder_of_keys(certified: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    Path("roots").mkdir()
    assert certified.verify(trust="roots") == cli.USAGE
    Path("roots/one.pem").write_bytes(Path("release.pub").read_bytes())
    assert certified.verify(trust="roots") == cli.OK
    Path("roots/trust.toml").write_text("[[keys]]\npublic_key = 'one.pem'\nrevoked = 2020-01-01")
    assert certified.verify(trust="roots") == cli.FAILED
    Path("roots/trust.toml").unlink()
    Path("roots/two.pem").write_bytes(Path("release.key").read_bytes())
    capsys.readouterr()
    assert certified.verify(trust="roots") == cli.USAGE
    assert "roots/two.pem: it holds a private key" in capsys.readouterr().err


def test_a_key_in_the_text(certified: Workshop) -> None:
    roots(f'public_key = """\n{Path("release.pub").read_text()}"""\nname = "ours"')

    assert certified.verify(trust="trust.toml") == cli.OK


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "trust.toml: cannot be read: No such file or directory"),
        ("[[keys", "trust.toml: not TOML"),
        ("threshold = 1", "trust.toml: neither a table [[keys]] nor a table [[sigstore]] says whom to trust"),
        ("keys = []", "trust.toml: neither a table [[keys]] nor"),
        ("[[keys]]\nname = 'ours'", "trust.toml: keys[0].public_key: field required"),
        ("[[keys]]\npublic_key = 'absent.pub'", "trust.toml: keys[0].public_key: cannot be read"),
        ("[[keys]]\npublic_key = 'gate.toml'", "trust.toml: keys[0].public_key: not a key in PEM"),
        ("[[keys]]\npublic_key = 'release.key'", "keys[0].public_key: it holds a private key"),
        ("[[keys]]\npublic_key = 'release.pub'\nrevokd = 2026-01-01", "keys[0].revokd: extra inputs are not permitted"),
        ("[[keys]]\npublic_key = 'release.pub'\nrevoked = '2026-01-01'", "keys[0].revoked: a date is needed"),
        ("[[keys]]\npublic_key = 'release.pub'\nreason = 'lost'", "a reason is for what is revoked"),
        (
            "[[keys]]\npublic_key = 'release.pub'\nvalid_from = 2026-02-01\nvalid_until = 2026-01-01",
            "valid_until is before valid_from",
        ),
        ("threshold = 2\n[[keys]]\npublic_key = 'release.pub'", "threshold: 2 of 1 keys can never have signed"),
        ("threshold = 0\n[[keys]]\npublic_key = 'release.pub'", "threshold: "),
        (
            "[[keys]]\npublic_key = 'release.pub'\n[[keys]]\npublic_key = 'release.pub'\nname = 'again'",
            "release.pub and again are the same key",
        ),
    ],
)
def test_trust_roots_that_mean_nothing(
    certified: Workshop, text: str | None, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        Path("trust.toml").write_text(text)

    assert certified.verify(trust="trust.toml") == cli.USAGE
    told = capsys.readouterr()
    assert words in told.err
    assert told.out == ""


# --- what is no certificate


def spoiled(change: Callable[[dict[str, Any]], object]) -> Callable[[str], str]:
    def spoil(text: str) -> str:
        envelope = json.loads(text)
        change(envelope)
        return json.dumps(envelope)

    return spoil


def double_signature(envelope: dict[str, Any]) -> None:
    envelope["signatures"].append(envelope["signatures"][0])


def spare_bits(envelope: dict[str, Any]) -> None:
    """88 characters for 64 bytes: of the last but two, two bits mean something."""
    signature = envelope["signatures"][0]["sig"]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = letters[letters.index(signature[85]) + 1]
    envelope["signatures"][0]["sig"] = f"{signature[:85]}{last}=="
    assert base64.b64decode(signature) == base64.b64decode(envelope["signatures"][0]["sig"])


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda text: "", "not a certificate, or cut short"),
        (lambda text: text[:-20], "not a certificate, or cut short"),
        (lambda text: f"{text} {{}}", "not a certificate, or cut short"),
        (lambda text: f"{text}\x00", "not a certificate, or cut short"),
        (lambda text: f"[{text}]", "an object with an envelope is needed"),
        (lambda text: text.replace("{", '{"payload": "e30=", ', 1), "the key 'payload' is there twice"),
        (lambda text: text.replace("{", '{"other": NaN, ', 1), "NaN is no JSON number"),
        (lambda text: text.replace("{", f'{{"other": {"1" * 5000}, ', 1), "a number has too many digits"),
        (lambda text: text.replace("{", f'{{"other": {"[" * 100_000}{"]" * 100_000}, ', 1), "nested too deeply"),
        (spoiled(lambda each: each.pop("payload")), '"payload" has to be a string'),
        (spoiled(lambda each: each.pop("payloadType")), '"payloadType" has to be a string'),
        (spoiled(lambda each: each.update(payloadType="text/plain")), "is said to be 'text/plain'"),
        (spoiled(lambda each: each.update(payload=f"{each['payload'][:-4]}\n{each['payload'][-4:]}")), "not base64"),
        (spoiled(lambda each: each.update(signatures=[])), '"signatures" has to be 1 to 64 signatures'),
        (spoiled(lambda each: each.update(signatures=each["signatures"] * 65)), '"signatures" has to be 1 to 64'),
        (spoiled(lambda each: each.update(signatures=["sig"])), 'has to have "keyid" and "sig"'),
        (spoiled(double_signature), "two signatures are of the key"),
        (spoiled(spare_bits), '"sig" is not base64 as it is written'),
        (spoiled(lambda each: each["signatures"][0].update(sig="AAAA")), "is not of this content"),
    ],
)
def test_what_is_no_envelope(
    certified: Workshop, spoil: Callable[[str], str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path("cert")
    path.write_text(spoil(path.read_text()))

    assert certified.verify() == cli.FAILED
    told = capsys.readouterr().out
    assert words in told
    assert "judged:" not in told


def test_a_huge_file_is_not_read_to_its_end(certified: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    laid_out = Path("cert").read_bytes() + b" " * (16 << 20)
    with Path("cert").open("r+b") as file:
        file.truncate(1 << 40)

    assert certified.verify() == cli.FAILED
    assert "cert: it has more than 16 MiB" in capsys.readouterr().err
    (finding,) = certified.look_at(laid_out, now=datetime.now(UTC)).findings
    assert (finding.aspect, finding.message) == (Aspect.ENVELOPE, "not a certificate: it has more than 16 MiB")


def test_a_file_that_is_not_there(workshop: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    assert workshop.verify() == cli.FAILED
    assert "cert: cannot be read: No such file or directory" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda each: each.update(_type="https://in-toto.io/Statement/v0.1"), "'_type' is not"),
        (lambda each: each.update(predicateType="https://slsa.dev/provenance/v1"), "'predicateType' is not"),
        (lambda each: each.pop("predicate"), "the predicate has to be an object"),
        (lambda each: each["predicate"].update(result="FAILED"), "the tests did not pass"),
        (lambda each: each["predicate"].update(failedTests=["x"]), "it names tests that failed"),
        (lambda each: each["predicate"].pop("storagedriver"), "makes it a certificate of this kit"),
        (lambda each: each["predicate"]["storagedriver"].update(format=2), "written by a newer storagedriver"),
        (lambda each: each["predicate"]["storagedriver"].pop("expires_at"), "missing key 'expires_at'"),
        (
            lambda each: each["predicate"]["storagedriver"].update(expires_at="2020-01-01T00:00:00Z"),
            "before it is made",
        ),
        (lambda each: each["predicate"]["storagedriver"].update(expires_at="2099-01-01T00:00:00"), "a time is in UTC"),
        (lambda each: each["predicate"]["storagedriver"].update(reports=[]), "it names no report"),
        (lambda each: each.update(subject=[]), "it has no subject"),
        (lambda each: each["subject"][0]["digest"].pop("sha256"), "a string is needed, not null"),
        (lambda each: each["predicate"].update(passedTests=[1]), "an array of strings"),
    ],
)
def test_what_a_trusted_key_signed_and_is_no_certificate(
    certified: Workshop, change: Callable[[dict[str, Any]], object], words: str
) -> None:
    payload = certified.payload()
    change(payload)

    verification = certified.look_at(certified.sign(json.dumps(payload).encode()))

    assert not verification.holds
    assert words in verification.findings[-1].message


def test_fields_that_others_add_are_ignored(certified: Workshop) -> None:
    payload = certified.payload()
    payload["more"] = payload["predicate"]["url"] = "https://example.org/runs/7"
    envelope = json.loads(certified.sign(json.dumps(payload).encode()))

    verification = certified.look_at(json.dumps({**envelope, "more": 1}).encode())

    assert verification.holds
    assert verification.statement == certified.statement()


def test_nothing_of_a_certificate_steers_the_terminal(certified: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    payload = certified.payload()
    payload["subject"][0]["name"] = "\x1b[2J\n::error::\u202e"
    Path("cert").write_bytes(certified.sign(json.dumps(payload).encode()))

    assert certified.verify() == cli.OK
    told = capsys.readouterr().out
    assert "\x1b" not in told
    assert "\u202e" not in told
    assert not any(line.startswith("::") for line in told.splitlines())
