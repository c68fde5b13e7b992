"""Certificates signed through Sigstore: by services of the tests' own, verified by the library of Sigstore."""

from __future__ import annotations

import base64
import json
import socket
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storagedriver import cli
from storagedriver.certificates import TrustRoots, Verification, verify
from storagedriver.certificates.sigstore_root import SigstoreRoot
from storagedriver.certificates.trust import TrustedIdentity
from storagedriver.certificates.verification import Answer, Aspect

from .sigstore_services import IDENTITY, ISSUER, Services, b64, running, token
from .test_certificate_tampering import changed, changes
from .workshop import Workshop

THOROUGH = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    with running() as all_of_them:
        yield all_of_them


@pytest.fixture
def lab(workshop: Workshop, services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    """A workshop with the services' trust configuration, in no pipeline."""
    Path("services.json").write_text(json.dumps(services.trust_config()))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("SIGSTORE_IDENTITY_TOKEN", raising=False)
    services.asked.clear()
    yield workshop
    services.refusing.clear()
    services.log_delay = timedelta()


@pytest.fixture
def certified(lab: Workshop, capsys: pytest.CaptureFixture[str]) -> Workshop:
    assert certify() == cli.OK
    capsys.readouterr()
    return lab


def certify(*arguments: str, who: str | None = "", root: str = "services.json") -> int:
    """The command, with a token of the identity if none is given, and without if that is None."""
    tokens = [] if who is None else [f"--identity-token={who or token()}"]
    given = ["--sigstore", *tokens, f"--sigstore-trust={root}", "--policy=gate.toml", "--subject=mydriver.py"]
    return cli.main(["certify", *given, "--out=cert", *arguments, "report.json"])


def verify_command(*arguments: str, identity: str = IDENTITY, issuer: str = ISSUER, root: str = "services.json") -> int:
    who = [f"--sigstore-identity={identity}", f"--sigstore-issuer={issuer}", f"--sigstore-trust={root}"]
    return cli.main(["verify", "cert", *who, *arguments])


def bundle() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(Path("cert").read_text())
    return made


def made_at() -> datetime:
    payload = json.loads(base64.b64decode(bundle()["dsseEnvelope"]["payload"]))
    return datetime.fromisoformat(payload["predicate"]["storagedriver"]["made_at"])


def look_at(content: bytes, *, now: datetime | None = None) -> Verification:
    roots = TrustRoots.of(TrustedIdentity(IDENTITY, ISSUER, IDENTITY, SigstoreRoot.read("services.json")))
    return verify(content, roots, now=now or datetime.now(UTC))


def test_a_certificate_that_holds(lab: Workshop, services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    assert certify() == cli.OK
    assert f"  signed through Sigstore by {IDENTITY} (by {ISSUER})" in capsys.readouterr().out.splitlines()
    assert services.asked == ["/api/v2/signingCert", "/api/v1/log/entries"]

    assert verify_command("--subject=mydriver.py", "--reports", "report.json") == cli.OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        "envelope holds: application/vnd.in-toto+json, signed through Sigstore",
        f"signature holds: signed by {IDENTITY} (by {ISSUER})",
    ]
    assert [line.partition(":")[0] for line in lines[2:]] == [
        "time holds",
        "subject holds",
        "reports holds",
        "policy",
        "judged",
        "certificate holds",
    ]


def test_json(lab: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    assert certify("--json") == cli.OK
    told = json.loads(capsys.readouterr().out)
    assert (told["keys"], told["identity"]) == ([], {"identity": IDENTITY, "issuer": ISSUER})

    assert verify_command("--json") == cli.OK
    looked = json.loads(capsys.readouterr().out)
    assert looked["signers"] == [{"identity": IDENTITY, "issuer": ISSUER, "name": IDENTITY}]
    assert looked["certificate"] == told["certificate"]


def test_verifying_asks_nobody(
    certified: Workshop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither with a root of one's own nor with that of the package, which does not know these services."""

    def refused(*_: object) -> NoReturn:
        raise AssertionError

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setenv("XDG_DATA_HOME", str(certified.folder / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(certified.folder / "cache"))

    assert verify_command() == cli.OK
    capsys.readouterr()
    assert cli.main(["verify", "cert", f"--sigstore-identity={IDENTITY}", f"--sigstore-issuer={ISSUER}"]) == cli.FAILED
    told = capsys.readouterr()
    assert f"signature fails: not signed by {IDENTITY} (by {ISSUER}): " in told.out
    assert told.err == ""


def test_a_workflow_is_an_identity_too(lab: Workshop) -> None:
    workflow = "https://github.com/ann/mydriver/.github/workflows/release.yml@refs/heads/main"

    assert certify(who=token(workflow)) == cli.OK
    assert verify_command(identity=workflow) == cli.OK
    assert verify_command(identity=workflow.replace("main", "other")) == cli.FAILED


# --- whose it is not


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ({"identity": "eve@example.org"}, "SANs do not match eve@example.org"),
        ({"issuer": "https://elsewhere.example.org"}, "OIDCIssuer does not match"),
        ({"root": "others.json"}, "certificate chain"),
    ],
)
def test_another_signer(
    certified: Workshop, who: dict[str, str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`others.json` are services of the same names at the same address, with keys of their own."""
    Path("others.json").write_text(json.dumps(Services(bundle_url()).trust_config()))

    assert verify_command(**who) == cli.FAILED
    told = capsys.readouterr().out
    assert "signature fails: not signed by " in told
    assert words in told
    assert "judged:" not in told


@pytest.mark.parametrize(("identity", "issuer"), [(IDENTITY, ""), ("", ISSUER)])
def test_nobody_is_trusted_by_half_an_identity(identity: str, issuer: str) -> None:
    with pytest.raises(ValueError, match="is needed"):
        TrustedIdentity(identity, issuer, "ann")


def test_an_issuer_that_is_empty_is_not_any_issuer(lab: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    """As a variable gives it that is not set; the library would look at the name alone."""
    assert certify(who=token(issuer="https://elsewhere.example.org")) == cli.OK

    assert verify_command(issuer="") == cli.USAGE
    assert "--sigstore-identity needs --sigstore-issuer" in capsys.readouterr().err


def bundle_url() -> str:
    url: str = json.loads(Path("services.json").read_text())["trustedRoot"]["tlogs"][0]["baseUrl"]
    return url


@pytest.mark.parametrize("part", ["tlogs", "ctlogs", "certificateAuthorities"])
def test_each_service_has_to_be_trusted(certified: Workshop, part: str) -> None:
    root = json.loads(Path("services.json").read_text())["trustedRoot"]
    Path("root.json").write_text(json.dumps(root))
    assert verify_command(root="root.json") == cli.OK

    Path("root.json").write_text(json.dumps({**root, part: Services(bundle_url()).trusted_root()[part]}))
    assert verify_command(root="root.json") == cli.FAILED


def test_a_bundle_for_whom_trusts_keys_alone_and_the_other_way_round(
    certified: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert certified.verify() == cli.FAILED
    words = f"signed through Sigstore, it says by {IDENTITY} {ISSUER}; release.pub trusts nobody who signs so"
    assert f"signature fails: {words}" in capsys.readouterr().out.splitlines()

    assert certified.certify("--force") == cli.OK
    assert verify_command() == cli.FAILED
    assert "signature fails: signed by no key that " in capsys.readouterr().out


# --- whatever is changed


def test_it_expires(certified: Workshop) -> None:
    content = Path("cert").read_bytes()

    assert look_at(content, now=made_at() + timedelta(days=180) - timedelta(seconds=1)).holds
    (failed,) = [
        each for each in look_at(content, now=made_at() + timedelta(days=180)).findings if each.answer is Answer.FAILS
    ]
    assert (failed.aspect, failed.message[:11]) == (Aspect.TIME, "expired at ")


@THOROUGH
@given(changes)
def test_a_byte_of_the_bundle(certified: Workshop, change: tuple[str, float, int]) -> None:
    """Whatever holds still is what was signed, but for the layout and the name beside a checkpoint's signature."""
    content = Path("cert").read_bytes()
    genuine = look_at(content)
    assert genuine.holds

    verification = look_at(changed(content, change))

    if verification.holds:
        assert (verification.statement, verification.signers) == (genuine.statement, genuine.signers)
        assert without_hints(json.loads(changed(content, change))) == without_hints(bundle())
    else:
        assert verification.statement is None


def without_hints(document: dict[str, Any]) -> dict[str, Any]:
    """What is in a bundle, without the name beside a checkpoint's signature, which nobody signs.

    That signature is compared as its bytes: its base64 is read leniently, so that two texts may be the same signature.
    """
    for entry in document["verificationMaterial"]["tlogEntries"]:
        checkpoint = entry["inclusionProof"]["checkpoint"]
        note, _, signature = checkpoint["envelope"].rpartition("\N{EM DASH} ")
        checkpoint["envelope"] = [note, base64.b64decode(signature.partition(" ")[2])]
    return document


PARTS: dict[str, tuple[str | int, ...]] = {
    "payload": ("dsseEnvelope", "payload"),
    "signature": ("dsseEnvelope", "signatures", 0, "sig"),
    "signing certificate": ("verificationMaterial", "certificate", "rawBytes"),
    "entry": ("verificationMaterial", "tlogEntries", 0, "canonicalizedBody"),
    "promise": ("verificationMaterial", "tlogEntries", 0, "inclusionPromise", "signedEntryTimestamp"),
    "root hash": ("verificationMaterial", "tlogEntries", 0, "inclusionProof", "rootHash"),
    "first hash": ("verificationMaterial", "tlogEntries", 0, "inclusionProof", "hashes", 0),
}


@THOROUGH
@given(st.sampled_from(list(PARTS)), changes)
def test_a_byte_of_what_is_encoded_in_it(certified: Workshop, part: str, change: tuple[str, float, int]) -> None:
    """As an attacker changes it who encodes it well."""
    document = bundle()
    *way, last = PARTS[part]
    place: Any = document
    for step in way:
        place = place[step]
    genuine = base64.b64decode(place[last])
    place[last] = b64(changed(genuine, change))

    assert look_at(json.dumps(document).encode()).holds == (changed(genuine, change) == genuine)


def entry_of(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["verificationMaterial"]["tlogEntries"][0]
    return found


def later(document: dict[str, Any]) -> None:
    entry = entry_of(document)
    entry["integratedTime"] = str(int(entry["integratedTime"]) + 1)


def further(document: dict[str, Any]) -> None:
    proof = entry_of(document)["inclusionProof"]
    proof["treeSize"] = str(2 * int(proof["treeSize"]))


def another_checkpoint(document: dict[str, Any]) -> None:
    checkpoint = entry_of(document)["inclusionProof"]["checkpoint"]
    checkpoint["envelope"] = checkpoint["envelope"].replace("log.example.org\n", "log.example.com\n")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (later, "signature fails: not signed by "),
        (further, "inclusion proof has wrong size"),
        (another_checkpoint, "checkpoint: invalid signature"),
        (lambda each: entry_of(each)["inclusionProof"].update(hashes=[]), "inclusion proof has wrong size"),
        (lambda each: entry_of(each)["inclusionProof"].pop("checkpoint"), "not a bundle of Sigstore: "),
        (lambda each: entry_of(each).pop("inclusionPromise"), "not a bundle of Sigstore: "),
        (lambda each: each["verificationMaterial"].update(tlogEntries=[]), "expected exactly one log entry"),
        (lambda each: each.update(more=1), "not a bundle of Sigstore: "),
        (lambda each: each.pop("dsseEnvelope"), "not a bundle of Sigstore: "),
        (lambda each: each["dsseEnvelope"].update(payloadType="text/plain"), "is said to be 'text/plain'"),
        (lambda each: each["dsseEnvelope"]["signatures"].append({"sig": "AAAA"}), "exactly one signature"),
        (lambda each: each["dsseEnvelope"].update(payload=f"{each['dsseEnvelope']['payload']}\n"), "it was changed"),
        (
            lambda each: each["verificationMaterial"]["certificate"].update(rawBytes="AAAA"),
            "not a bundle of Sigstore: ",
        ),
        (
            lambda each: each.update(mediaType="application/vnd.dev.sigstore.bundle.v9+json"),
            "not a bundle of Sigstore: ",
        ),
    ],
)
def test_what_is_no_bundle_or_a_changed_one(
    certified: Workshop, spoil: Callable[[dict[str, Any]], object], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    document = bundle()
    spoil(document)
    Path("cert").write_text(json.dumps(document))

    assert verify_command() == cli.FAILED
    told = capsys.readouterr().out
    assert words in told
    assert "judged:" not in told


def test_what_the_log_got_after_the_certificates_ten_minutes_is_not_written(
    lab: Workshop, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    services.log_delay = timedelta(minutes=11)

    assert certify() == cli.FAILED
    assert "storagedriver: what Sigstore signed does not verify: " in capsys.readouterr().err
    assert not Path("cert").exists()


# --- trust roots


def roots(*lines: str, threshold: int = 1, more: str = "") -> str:
    table = [f"identity = '{IDENTITY}'", f"issuer = '{ISSUER}'", "trust = 'services.json'", *lines]
    Path("trust.toml").write_text("\n".join([f"threshold = {threshold}", "[[sigstore]]", *table, more]))
    return "trust.toml"


def test_identities_beside_keys(certified: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    trust = roots("name = 'ann'", more="[[keys]]\npublic_key = 'release.pub'")

    assert certified.verify(trust=trust) == cli.OK
    assert f"signature holds: signed by ann, {IDENTITY} (by {ISSUER})" in capsys.readouterr().out
    assert certified.certify("--force") == cli.OK
    assert certified.verify(trust=trust) == cli.OK


def test_days_are_those_of_the_log_and_not_of_the_certificate(
    certified: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    today = datetime.now(UTC).date()
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)

    assert certified.verify(trust=roots(f"valid_from = {yesterday}", f"valid_until = {tomorrow}")) == cli.OK
    for line, words in (
        (f"valid_until = {yesterday}", f"was valid until {yesterday}, and it signed on "),
        (f"valid_from = {tomorrow + timedelta(days=1)}", f"is valid from {tomorrow + timedelta(days=1)} on"),
        ("revoked = 2020-01-01\nreason = 'the account was taken over'", "was revoked on 2020-01-01: the account was"),
    ):
        capsys.readouterr()
        assert certified.verify(trust=roots(line)) == cli.FAILED
        assert words in capsys.readouterr().out


def test_a_bundle_has_one_signature(certified: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever knows the signer by two roots, and asks for two signatures, gets one."""
    Path("again.json").write_text(json.dumps(json.loads(Path("services.json").read_text())["trustedRoot"]))
    more = f"[[sigstore]]\nidentity = '{IDENTITY}'\nissuer = '{ISSUER}'\ntrust = 'again.json'"

    assert certified.verify(trust=roots(more=more)) == cli.OK
    assert certified.verify("--threshold=2", trust=roots(more=more)) == cli.FAILED
    assert "1 of 2 signatures that are needed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ({"more": "[[sigstore]]\nidentity = 'bob@example.org'"}, "sigstore[1].issuer: field required"),
        ({"threshold": 2}, "threshold: 2 of 1 identity can never have signed"),
        (
            {"more": f"[[sigstore]]\nidentity='{IDENTITY}'\nissuer='{ISSUER}'\ntrust='services.json'\nname='again'"},
            f"{IDENTITY} and again are the same identity",
        ),
        (
            {"more": "[[sigstore]]\nidentity = 'bob'\nissuer = 'b'\ntrust = 'absent.json'"},
            "sigstore[1].trust: cannot be read: No such file or directory",
        ),
    ],
)
def test_trust_roots_that_mean_nothing(
    certified: Workshop, lines: dict[str, Any], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert certified.verify(trust=roots(**lines)) == cli.USAGE
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "root.json: cannot be read: No such file or directory"),
        ("{", "root.json: not a trust configuration of Sigstore, or cut short"),
        ("{}", "root.json: neither a trusted root of Sigstore nor a client's trust configuration"),
        (
            '{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}',
            "root.json: no trust configuration that Sigstore understands",
        ),
        (
            '{"mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"}',
            "root.json: no trust configuration that Sigstore understands",
        ),
        (
            json.dumps({**Services("http://127.0.0.1").trusted_root(), "tlogs": []}),
            "root.json: no trust configuration that Sigstore understands",
        ),
    ],
)
def test_trust_configurations_that_mean_nothing(
    certified: Workshop, text: str | None, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if text is not None:
        Path("root.json").write_text(text)

    assert verify_command(root="root.json") == cli.USAGE
    told = capsys.readouterr()
    assert told.err.startswith(f"storagedriver: {words}")
    assert told.out == ""


# --- who signs


def test_the_token_of_the_environment(lab: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGSTORE_IDENTITY_TOKEN", token("bob@example.org"))

    assert certify(who=None) == cli.OK
    assert verify_command(identity="bob@example.org") == cli.OK


def test_the_token_of_a_pipeline(lab: Workshop, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{services.url}/pipeline?version=2")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "the-pipelines")

    assert certify(who=None) == cli.OK
    assert verify_command() == cli.OK


def test_a_pipeline_without_the_permission(
    lab: Workshop, services: Services, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_URL", raising=False)
    monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", raising=False)

    assert certify(who=None) == cli.USAGE
    assert capsys.readouterr().err.startswith("storagedriver: no identity to sign by: GitHub: ")
    assert services.asked == []


def test_nobody_is_asked_who_signs(
    lab: Workshop, services: Services, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sigstore.oidc.detect_credential", lambda: None)

    assert certify(who=None) == cli.USAGE
    assert "give a token by --identity-token or SIGSTORE_IDENTITY_TOKEN" in capsys.readouterr().err
    assert services.asked == []
    assert not Path("cert").exists()


@pytest.mark.parametrize("out", ["folder", "gate.toml/cert"])
def test_nothing_is_signed_for_a_file_that_cannot_be_written(
    lab: Workshop, services: Services, out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is in a public log stays there."""
    Path("folder").mkdir()

    assert certify(f"--out={out}", "--force") == cli.FAILED
    assert f"{out} cannot be written: " in capsys.readouterr().err
    assert services.asked == []


def test_a_token_that_is_empty_is_not_that_of_the_environment(
    lab: Workshop, services: Services, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SIGSTORE_IDENTITY_TOKEN", token("bob@example.org"))

    assert certify("--identity-token=", who=None) == cli.USAGE
    assert capsys.readouterr().err.startswith("storagedriver: no identity to sign by: ")
    assert services.asked == []


@pytest.mark.parametrize("wrong", ["another audience", "expired", "no signature"])
def test_a_token_that_does_not_hold(
    lab: Workshop, services: Services, wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tokens = {
        "another audience": token(aud="another"),
        "expired": token(exp=1_600_000_000),
        # A part of the signature would do, as the client does not verify it, where the part happens to be base64.
        "no signature": token().rpartition(".")[0],
    }
    given = tokens[wrong]

    assert certify(who=given) == cli.USAGE
    told = capsys.readouterr().err
    assert told.startswith("storagedriver: no identity to sign by: ")
    assert given not in told
    assert services.asked == []


@pytest.mark.parametrize("path", ["/api/v2/signingCert", "/api/v1/log/entries"])
def test_a_service_that_refuses(
    lab: Workshop, services: Services, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    services.refusing.add(path)

    assert certify() == cli.FAILED
    told = capsys.readouterr()
    assert told.err.startswith("storagedriver: Sigstore did not sign: ")
    assert "403" in told.err
    assert told.out == ""
    assert not Path("cert").exists()


def test_a_token_that_the_certificate_authority_does_not_believe(
    lab: Workshop, capsys: pytest.CaptureFixture[str]
) -> None:
    assert certify(who=token(secret="somebody else's, which also has its 32 bytes")) == cli.FAILED
    assert "storagedriver: Sigstore did not sign: " in capsys.readouterr().err


def test_services_that_are_not_there(lab: Workshop, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    Path("services.json").write_text(json.dumps(Services(url).trust_config()))

    assert certify() == cli.FAILED
    assert "storagedriver: Sigstore did not sign: " in capsys.readouterr().err


def test_to_sign_it_takes_services(lab: Workshop, services: Services, capsys: pytest.CaptureFixture[str]) -> None:
    Path("root.json").write_text(json.dumps(services.trusted_root()))

    assert certify(root="root.json") == cli.USAGE
    assert "a client's trust configuration is needed, which names services" in capsys.readouterr().err


def test_a_closed_gate_tells_nobody(lab: Workshop, services: Services) -> None:
    Path("gate.toml").write_text('profile = "full"\ntargets = ["mydriver"]\nsuites = ["behaviour"]\n')

    assert certify() == cli.FAILED
    assert services.asked == []


# --- the command line


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("certify --key=release.key --identity-token=x", "go with --sigstore"),
        ("certify --key=release.key --sigstore-trust=services.json", "go with --sigstore"),
        ("verify cert --sigstore-identity=ann@example.org", "--sigstore-identity needs --sigstore-issuer"),
        ("verify cert --sigstore-identity= --sigstore-issuer=https://a", "--sigstore-identity is empty"),
        ("verify cert --trust=release.pub --sigstore-issuer=https://a", "go with --sigstore-identity"),
        ("verify cert --trust=release.pub --sigstore-trust=services.json", "go with --sigstore-identity"),
    ],
)
def test_options_that_go_together(lab: Workshop, command: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--policy=gate.toml", "--out=cert", "report.json"] if command.startswith("certify") else []

    assert cli.main([*command.split(), *more]) == cli.USAGE
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        "certify --policy=gate.toml --out=cert report.json",
        "certify --key=release.key --sigstore --policy=gate.toml --out=cert report.json",
        "verify cert",
        "verify cert --trust=release.pub --sigstore-identity=ann@example.org --sigstore-issuer=https://a",
    ],
)
def test_one_way_to_sign_and_to_trust(lab: Workshop, command: str) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(command.split())
    assert ended.value.code == cli.USAGE


def test_without_the_extra(
    certified: Workshop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [each for each in sys.modules if each.partition(".")[0] == "sigstore"]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "sigstore", None)
    install = "needs sigstore; install it with: pip install 'storagedriver[sigstore]'"

    assert verify_command() == cli.FAILED
    assert capsys.readouterr().err == f"storagedriver: verify {install}\n"
    assert certify("--force") == cli.FAILED
    assert capsys.readouterr().err == f"storagedriver: certify {install}\n"
    # Whoever has a certificate by a key needs it not, whomever else the roots name.
    assert certified.certify("--force") == cli.OK
    assert certified.verify(trust=roots(more="[[keys]]\npublic_key = 'release.pub'")) == cli.OK
