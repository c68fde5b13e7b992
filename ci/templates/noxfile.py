"""The checks: `nox` runs them all, and `nox -s certify -- -k move` passes its words on to pytest."""

import nox

nox.options.sessions = ["lint", "types", "certify"]
nox.options.reuse_existing_virtualenvs = True

REPORT = "certify/report.json"


@nox.session
def lint(session: nox.Session) -> None:
    """Style and format."""
    session.install("ruff")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Types, by the settings in pyproject.toml."""
    session.install("--editable", ".[test]", "mypy")
    session.run("mypy")


@nox.session
def certify(session: nox.Session) -> None:
    """The tests and the suites on the driver; what came of it is judged by the policy in gate.toml."""
    session.install("--editable", ".[test]")
    options = ["--require-backends", f"--certify-report={REPORT}", *session.posargs]
    # 1 is a failed check: whether that is accepted for a while, the gate knows.
    session.run("pytest", "--driver=mydriver", *options, success_codes=[0, 1])
    session.run("storagedriver", "gate", "--policy=gate.toml", REPORT)
