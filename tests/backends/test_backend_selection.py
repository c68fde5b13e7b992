"""Which server is chosen, and what is said where none can be."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from storagedriver import backends
from storagedriver.backends import (
    BackendMismatchError,
    BackendSetupError,
    BackendStartError,
    BackendUnavailableError,
    Provider,
    RunningBackend,
    Server,
    UnknownBackendError,
    selection,
)


@dataclass
class FakeProvider:
    name: str
    drivers: tuple[str, ...] = ("s3",)
    modes: tuple[str, ...] = ("process",)
    reasons: Mapping[str, str] = field(default_factory=dict)
    summary: str = "a fake"

    def unavailable(self, mode: str) -> str | None:
        return self.reasons.get(mode)

    def start(self, mode: str, folder: Path) -> Server:
        raise BackendStartError(f"{self.name} is a fake")


def make_known(monkeypatch: pytest.MonkeyPatch, *fakes: FakeProvider) -> None:
    known: dict[str, Provider] = {fake.name: fake for fake in fakes}
    monkeypatch.setattr(selection, "providers", lambda: known)


MISSING = {"process": "not installed; install it with: pip install it"}


@pytest.mark.parametrize("wanted", [None, "auto"])
def test_auto_takes_a_real_server_before_an_imitation_listed_earlier(
    monkeypatch: pytest.MonkeyPatch, wanted: str | None
) -> None:
    make_known(monkeypatch, FakeProvider("imitation", modes=("moto",)), FakeProvider("real"))

    provider, mode = backends.choose("s3", wanted)

    assert (provider.name, mode) == ("real", "process")


def test_auto_takes_the_first_that_can_run(monkeypatch: pytest.MonkeyPatch) -> None:
    make_known(monkeypatch, FakeProvider("absent", reasons=MISSING), FakeProvider("first"), FakeProvider("second"))

    assert backends.choose("s3", None)[0].name == "first"


def test_auto_never_takes_the_server_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    make_known(
        monkeypatch,
        FakeProvider("absent", reasons=MISSING),
        FakeProvider("external", drivers=("*",), modes=("external",)),
    )

    with pytest.raises(BackendUnavailableError) as raised:
        backends.choose("s3", None)

    assert raised.value.reasons == (("absent:process", MISSING["process"]),)
    assert "absent:process: not installed; install it with: pip install it" in str(raised.value)


def test_a_server_without_a_mode_is_taken_in_the_first_mode_that_can_run(monkeypatch: pytest.MonkeyPatch) -> None:
    make_known(monkeypatch, FakeProvider("two", modes=("container", "process"), reasons={"container": "no engine"}))

    assert backends.choose("s3", "two")[1] == "process"


def test_a_mode_that_cannot_run_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    make_known(monkeypatch, FakeProvider("two", modes=("container", "process"), reasons={"container": "no engine"}))

    with pytest.raises(BackendUnavailableError, match="two:container: no engine"):
        backends.choose("s3", "two:container")


@pytest.mark.parametrize("wanted", ["seaweed", "", ":process", "seaweed:process"])
def test_an_unknown_server_is_refused_with_those_that_are_known(monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    make_known(monkeypatch, FakeProvider("seaweedfs"), FakeProvider("minio"))

    with pytest.raises(UnknownBackendError, match="known backends: seaweedfs, minio") as raised:
        backends.choose("s3", wanted)

    assert raised.value.known == ("seaweedfs", "minio")
    assert ("did you mean 'seaweedfs'?" in str(raised.value)) == wanted.startswith("seaweed")


@pytest.mark.parametrize("wanted", ["minio:container", "minio:"])
def test_an_unknown_mode_is_refused_with_those_the_server_has(monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    make_known(monkeypatch, FakeProvider("minio"))

    with pytest.raises(UnknownBackendError, match="it has: process"):
        backends.choose("s3", wanted)


def test_a_server_of_other_drivers_is_refused_with_one_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    make_known(monkeypatch, FakeProvider("minio"), FakeProvider("azurite", drivers=("azure",)))

    with pytest.raises(BackendMismatchError, match="azurite serves azure, not s3; for s3 there is minio"):
        backends.choose("s3", "azurite")


def test_a_driver_without_any_server(monkeypatch: pytest.MonkeyPatch) -> None:
    make_known(monkeypatch, FakeProvider("minio"))

    assert not backends.needed_by("filesystem")
    with pytest.raises(BackendMismatchError, match="no server is known for the driver filesystem"):
        backends.choose("filesystem", None)


def test_the_drivers_that_keep_their_own_files_need_no_server() -> None:
    needed = {driver: backends.needed_by(driver) for driver in ("s3", "filesystem", "inmemory")}

    assert needed == {"s3": True, "filesystem": False, "inmemory": False}


def test_a_server_of_the_user_serves_any_driver_that_asks_for_it(tmp_path: Path) -> None:
    provider, mode = backends.choose("somedriver", "external")
    server = provider.start(mode, tmp_path)

    assert server.running == RunningBackend(
        name="external", mode="external", version="unknown", parameters={}, log=None
    )
    assert server.failure() is None
    server.stop()


def test_every_provider_of_the_kit_refuses_a_mode_it_does_not_have(tmp_path: Path) -> None:
    for provider in backends.providers().values():
        assert "no mode 'teleport'" in (provider.unavailable("teleport") or "")
        with pytest.raises(BackendStartError, match="no mode 'teleport'"):
            provider.start("teleport", tmp_path)


def entry_points_are(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    points = [EntryPoint(name, value, selection.ENTRY_POINTS) for name, value in values.items()]
    monkeypatch.setattr(selection, "entry_points", lambda group: points if group == selection.ENTRY_POINTS else [])


def made_by_others() -> FakeProvider:
    return FakeProvider("others", drivers=("theirs",))


def named_as_one_of_ours() -> FakeProvider:
    return FakeProvider("minio")


def test_servers_of_installed_packages_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    entry_points_are(monkeypatch, others=f"{__name__}:made_by_others")

    assert backends.providers()["others"].drivers == ("theirs",)
    assert backends.needed_by("theirs")


@pytest.mark.parametrize(
    ("value", "message"),
    [("no_such_module_anywhere:it", "does not load"), (f"{__name__}:named_as_one_of_ours", "which is taken")],
)
def test_a_broken_entry_point_is_named(monkeypatch: pytest.MonkeyPatch, value: str, message: str) -> None:
    entry_points_are(monkeypatch, broken=value)

    with pytest.raises(BackendSetupError, match=message) as raised:
        backends.providers()

    assert value in str(raised.value)


@pytest.mark.parametrize(
    "error",
    [
        UnknownBackendError("no", known=["a"]),
        BackendUnavailableError("no", reasons=[("a:process", "why")]),
        BackendStartError("exited with 3", log_tail=["first", "second"]),
    ],
)
def test_errors_pickle_whole(error: BackendSetupError) -> None:
    copy = pickle.loads(pickle.dumps(error))

    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


def test_a_running_backend_goes_to_json_and_pickle_and_back() -> None:
    running = RunningBackend(
        name="minio", mode="process", version="1", parameters={"secretkey": "hush", "chunksize": 5}, log="/l"
    )

    assert RunningBackend.from_dict(json.loads(json.dumps(running.to_dict()))) == running
    assert pickle.loads(pickle.dumps(running)) == running
    assert "hush" not in repr(running)


def test_the_import_loads_no_servers_package() -> None:
    code = (
        "import sys, storagedriver.backends as b; b.needed_by('s3'); b.choose('s3', 'external');"
        "sys.exit(repr({'moto', 'boto3', 'botocore', 'werkzeug', 'flask'} & sys.modules.keys() or 0))"
    )

    seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert seen.stderr.strip() == "0"


def test_all_is_sorted() -> None:
    assert backends.__all__ == sorted(backends.__all__)
