"""`storagedriver certify`: a signed certificate of reports that a gate lets pass."""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

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

exit codes:
  0  certified
  1  the gate is closed, the driver's files are not those that were judged, or the certificate could not be written
  2  the command line, the key or the policy is wrong: nothing was judged

examples:
  storagedriver certify --key release.key --policy gate.toml certify/s3.json --out s3.cert.json
  storagedriver certify --key ci.key --key release.key --policy gate.toml --expires 90 \\
      --subject dist/mydriver-1.0-py3-none-any.whl certify/*.json --out mydriver.cert.json
"""


def add(commands: Commands) -> None:
    """Add the command."""
    parser = add_command(
        commands, "certify", run, summary="sign a certificate of reports that pass a gate", epilog=EPILOG
    )
    parser.add_argument(
        "--key", required=True, action="append", metavar="FILE", help="a private key; again for one signature more"
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
    from storagedriver.certificates import KeyFileError, RefusedError, issue  # noqa: PLC0415  no other waits
    from storagedriver.certificates.envelope import sign  # noqa: PLC0415  as above
    from storagedriver.certificates.keys import PrivateKey  # noqa: PLC0415  as above
    from storagedriver.certification import PolicyError, showing  # noqa: PLC0415  as above
    from storagedriver.commands.judging import judge, refuse  # noqa: PLC0415  as above
    from storagedriver.driver_files import DriverFilesError  # noqa: PLC0415  as above
    from storagedriver.report.files import write_json  # noqa: PLC0415  as above

    if problem := _problem(given):
        return output.complain(problem, exits.USAGE)
    now = datetime.now(UTC).replace(microsecond=0)
    try:
        keys = [PrivateKey.load(path) for path in given.key]
        if len({key.public.id for key in keys}) < len(keys):
            return output.complain("two of the keys are the same", exits.USAGE)
        judgement = judge(given.policy, given.reports, commit=given.commit, now=now)
        policy_digest = hashlib.sha256(Path(given.policy).read_bytes()).hexdigest()
    except KeyFileError as wrong:
        return output.complain(str(wrong), exits.USAGE)
    except PolicyError as wrong:
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
        write_json(given.out, sign(statement.to_payload(), keys))
    except (DriverFilesError, RefusedError) as refused:
        return output.complain(str(refused), exits.FAILED)
    except OSError as refused:
        return output.complain(f"{given.out} cannot be written: {refused.strerror or refused}", exits.FAILED)
    _tell(given, statement, [key.public.id for key in keys])
    return exits.OK


def _problem(given: argparse.Namespace) -> str | None:
    if given.expires > MOST_DAYS:
        return f"--expires: {MOST_DAYS} days are the most"
    if twice := given_twice(given.reports):
        return twice
    out = Path(given.out)
    read = [*given.reports, *given.key, given.policy]
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


def _tell(given: argparse.Namespace, statement: Statement, keys: Sequence[str]) -> None:
    from storagedriver.report.foreign_text import one_line  # noqa: PLC0415  as above
    from storagedriver.report.record import moment_text  # noqa: PLC0415  as above

    certificate = statement.certificate
    if given.json:
        output.say_json(
            {
                "certified": True,
                "file": given.out,
                "keys": list(keys),
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
    for key in keys:
        output.say(f"  signed by the key {key}")
