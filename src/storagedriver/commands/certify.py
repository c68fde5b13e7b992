"""`storagedriver certify`: a signed certificate of reports that a gate lets pass."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storagedriver.commands import exits, output
from storagedriver.commands.arguments import Commands, add_command, add_json, add_reports, given_twice, positive

if TYPE_CHECKING:
    from storagedriver.certificates.statement import Statement
    from storagedriver.commands.judging import Judgement
    from storagedriver.driver_files import Files
    from storagedriver.report import Report

VALID_DAYS = 180
"""How long a certificate says what it says, where nothing else is asked for."""

MOST_DAYS = 3650

EPILOG = """\
The reports are judged as storagedriver gate does it; a closed gate makes no certificate. The certificate is bound to the
digests of the driver's files, of the reports and of the policy. Call it where the suites ran: the files are those that are
installed here. It ends with the first waiver that was needed, if that is before --expires. docs/certificates.md tells more.

--sigstore signs by who you are instead of by a key: by the token of --identity-token, of SIGSTORE_IDENTITY_TOKEN, or of the
pipeline, as GitHub Actions gives one to jobs with the permission id-token: write. No browser is opened. Your identity and the
certificate's digest become part of a public log for ever.

exit codes:
  0  certified
  1  the gate is closed, the driver's files are not those that were judged, or the certificate could not be signed or written
  2  the command line, the key, the identity or the policy is wrong: nothing was judged

examples:
  storagedriver certify --key release.key --policy gate.toml certify/s3.json --out s3.cert.json
  storagedriver certify --key ci.key --key release.key --policy gate.toml --expires 90 \\
      --subject dist/mydriver-1.0-py3-none-any.whl certify/*.json --out mydriver.cert.json
  storagedriver certify --sigstore --policy gate.toml certify/s3.json --out s3.sigstore.json
"""


def add(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands, "certify", run, summary="sign a certificate of reports that pass a gate", epilog=EPILOG
    )
    signer = parser.add_mutually_exclusive_group(required=True)
    signer.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="FILE",
        help="a private key; again for one signature more",
    )
    signer.add_argument("--sigstore", action="store_true", help="sign by who you are, through Sigstore")
    parser.add_argument("--identity-token", metavar="TOKEN", help="the OpenID Connect token that says who you are")
    parser.add_argument(
        "--sigstore-trust", metavar="FILE.json", help="a client's trust configuration instead of the public services"
    )
    parser.add_argument("--policy", required=True, metavar="FILE.toml", help="the policy of the gate")
    add_reports(parser)
    parser.add_argument("--out", required=True, metavar="FILE", help="the certificate to write")
    parser.add_argument("--force", action="store_true", help="replace the certificate if it exists")
    parser.add_argument("--commit", metavar="SHA", help="the commit that every report has to be of")
    parser.add_argument(
        "--expires",
        type=positive,
        default=VALID_DAYS,
        metavar="DAYS",
        help="how many days the certificate holds at most (%(default)s)",
    )
    about = parser.add_mutually_exclusive_group()
    about.add_argument("--subject", metavar="PATH", help="the driver's files: a wheel, another file, or a folder")
    about.add_argument("--driver", metavar="NAME", help="the driver, if no package registers it: module:callable")
    add_json(parser)


def run(given: argparse.Namespace) -> int:
    """Certify the files."""
    from storagedriver.certificates import IdentityError, KeyFileError, RefusedError, SigningError, issue  # noqa: PLC0415  no other waits
    from storagedriver.certification import showing  # noqa: PLC0415  as above
    from storagedriver.certification.errors import JudgingFileError  # noqa: PLC0415  as above
    from storagedriver.commands.judging import judge, refuse  # noqa: PLC0415  as above
    from storagedriver.driver_files import DriverFilesError  # noqa: PLC0415  as above
    from storagedriver.report.files import require_writable, write_json  # noqa: PLC0415  as above

    if problem := _problem(given):
        return output.complain(problem, exits.USAGE)
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        sign = _by_identity(given) if given.sigstore else _by_keys(given)
        judgement = judge(given.policy, given.reports, commit=given.commit, now=now)
        policy_digest = hashlib.sha256(Path(given.policy).read_bytes()).hexdigest()
    except (KeyFileError, IdentityError) as wrong:
        return output.complain(str(wrong), exits.USAGE)
    except JudgingFileError as wrong:
        return refuse(wrong)
    except OSError as gone:
        return output.complain(f"{given.policy} cannot be read: {gone.strerror or gone}", exits.USAGE)
    if not judgement.verdict.passed:
        if given.json:
            output.say_json({"certified": False, "gate": showing.as_document(judgement.verdict)})
        else:
            output.say_styled(showing.as_lines(judgement.verdict))
        return output.complain("no certificate, as the gate is closed", exits.FAILED)
    try:
        reports = _unchanged(judgement)
        statement = issue(
            judgement.verdict,
            reports,
            policy=judgement.policy,
            policy_file=(Path(given.policy).name, policy_digest),
            files=_files(given, reports),
            made_at=now,
            valid=timedelta(days=given.expires),
        )
        # A signature through Sigstore is in a public log for ever.
        require_writable(given.out)
        signed = sign(statement.to_payload())
        write_json(given.out, signed.document)
    except (DriverFilesError, RefusedError, SigningError) as refused:
        return output.complain(str(refused), exits.FAILED)
    except OSError as refused:
        return output.complain(f"{given.out} cannot be written: {refused.strerror or refused}", exits.FAILED)
    _tell(given, statement, signed)
    return exits.OK


@dataclass(frozen=True, slots=True)
class _Signed:
    """A certificate.

    Attributes:
        document: The file, as values that JSON knows.
        keys: The ids of the keys that signed it.
        identity: Who signed it through Sigstore: name and provider.
    """

    document: dict[str, Any]
    keys: Sequence[str] = ()
    identity: tuple[str, str] | None = None


def _by_keys(given: argparse.Namespace) -> Callable[[bytes], _Signed]:
    """What signs by the keys.

    Raises:
        KeyFileError: One cannot be read, or is given twice.
    """
    from storagedriver.certificates import KeyFileError  # noqa: PLC0415  as above
    from storagedriver.certificates.envelope import sign  # noqa: PLC0415  as above
    from storagedriver.certificates.keys import PrivateKey  # noqa: PLC0415  as above

    keys: dict[str, PrivateKey] = {}
    for path in given.key:
        key = PrivateKey.load(path)
        if keys.setdefault(key.public.id, key) is not key:
            raise KeyFileError(path, "two of the keys are the same")
    return lambda payload: _Signed(sign(payload, list(keys.values())), tuple(keys))


def _by_identity(given: argparse.Namespace) -> Callable[[bytes], _Signed]:
    """What signs through Sigstore.

    Raises:
        IdentityError: Who signs cannot be told.
        TrustRootsError: The trust configuration cannot be read, or names no services.
    """
    from storagedriver.certificates.sigstore_root import SigstoreRoot  # noqa: PLC0415  as above
    from storagedriver.certificates.sigstore_signing import identity_token, sign  # noqa: PLC0415  as above

    root = None if given.sigstore_trust is None else SigstoreRoot.read(given.sigstore_trust)
    if root is not None:
        root.config()
    token = identity_token(given.identity_token)

    def signed(payload: bytes) -> _Signed:
        made = sign(payload, token, root=root)
        return _Signed(made.document, identity=(made.identity.identity, made.identity.issuer))

    return signed


def _problem(given: argparse.Namespace) -> str | None:
    if not given.sigstore and (given.identity_token or given.sigstore_trust):
        return "--identity-token and --sigstore-trust go with --sigstore"
    if given.expires > MOST_DAYS:
        return f"--expires: {MOST_DAYS} days are the most"
    if twice := given_twice(given.reports):
        return twice
    out = Path(given.out)
    read = [*given.reports, *given.key, given.policy, *([given.sigstore_trust] if given.sigstore_trust else [])]
    if any(Path(path).resolve() == out.resolve() for path in read):
        return f"--out: {given.out} is read, and would be replaced"
    if out.exists() and not given.force:
        return f"--out: {given.out} exists; name another file, or add --force"
    return None


def _unchanged(judgement: Judgement) -> Mapping[str, Report]:
    """The reports that were judged, by their files, which still are what was judged.

    Raises:
        RefusedError: A file was changed meanwhile.
    """
    from storagedriver.certificates import RefusedError  # noqa: PLC0415  as above
    from storagedriver.report import ReportError  # noqa: PLC0415  as above
    from storagedriver.report.digest import KEY, digest  # noqa: PLC0415  as above
    from storagedriver.report.files import read_json  # noqa: PLC0415  as above

    found: dict[str, Report] = {}
    for each in judgement.reports:
        report = each.report
        try:
            same = report is not None and digest(read_json(each.path)) == report.to_document()[KEY]
        except ReportError:
            same = False
        if report is None or not same:
            raise RefusedError(
                f"{each.path} was changed while it was judged, or another version of storagedriver wrote it: "
                "run the suites again"
            )
        found[each.path] = report
    return found


def _files(given: argparse.Namespace, reports: Mapping[str, Report]) -> Mapping[str, Files]:
    from storagedriver.certificates import RefusedError  # noqa: PLC0415  as above
    from storagedriver.driver_files import of_driver, of_path  # noqa: PLC0415  as above

    drivers = list(dict.fromkeys(target.driver for report in reports.values() for target in report.targets))
    if given.subject is None and given.driver is None:
        return {driver: of_driver(driver) for driver in drivers}
    one = of_path(given.subject) if given.driver is None else of_driver(given.driver)
    if one.distribution is None and len(drivers) > 1:
        names = ", ".join(drivers)
        raise RefusedError(
            f"the reports are about {names}, and these files cannot be told to be all of them: certify each"
        )
    return dict.fromkeys(drivers, one)


def _tell(given: argparse.Namespace, statement: Statement, signed: _Signed) -> None:
    from storagedriver.report.foreign_text import one_line  # noqa: PLC0415  as above
    from storagedriver.report.record import moment_text  # noqa: PLC0415  as above

    certificate = statement.certificate
    if given.json:
        output.say_json(
            {
                "certified": True,
                "file": given.out,
                "keys": list(signed.keys),
                "identity": None
                if signed.identity is None
                else {"identity": signed.identity[0], "issuer": signed.identity[1]},
                "subjects": [each.to_dict() for each in statement.subjects],
                "certificate": certificate.to_dict(),
            }
        )
        return
    output.say(f"{one_line(given.out)}: certified until {moment_text(certificate.expires_at)}")
    for subject in statement.subjects:
        output.say(f"  about {one_line(subject.name)} ({subject.method}, sha256 {subject.sha256})")
    for target in certificate.targets:
        output.say(f"  {one_line(target.label)}: MUSTs kept: {target.kept} of {target.total}")
    for waiver in certificate.waivers:
        words = f"waived until {waiver.expires}: {waiver.requirement} of {waiver.target}: {waiver.reason}"
        output.say(f"  {one_line(words)}")
    for key in signed.keys:
        output.say(f"  signed by the key {key}")
    if signed.identity is not None:
        output.say(f"  signed through Sigstore by {one_line(signed.identity[0])} (by {one_line(signed.identity[1])})")
