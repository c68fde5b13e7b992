"""fake-gcs-server: it starts, stores, tells its version, listens on this machine only, and leaves nothing."""

from __future__ import annotations

import importlib.metadata
import platform
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from backends.test_backend_servers import connects, listening_addresses
from servers import need
from storagedriver import factory
from storagedriver.backends import BackendStartError, choose, fake_gcs
from storagedriver.backends.fake_gcs import FAKE_GCS_SERVER
from storagedriver.backends.programs import ProgramServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ProgramServer]:
    need(FAKE_GCS_SERVER.unavailable("process"))
    started = FAKE_GCS_SERVER.start("process", tmp_path)
    assert isinstance(started, ProgramServer)
    yield started
    started.stop()


def test_from_its_start_to_its_end(server: ProgramServer, tmp_path: Path) -> None:
    running = server.running
    (process,) = server.programs.processes
    assert (running.name, running.mode) == ("fake-gcs-server", "process")
    assert re.match(r"v\d+\.\d+", running.version)
    assert server.failure() is None

    with factory.create("gcs", dict(running.parameters)) as driver:
        # An object below another one, as names are no paths to this service.
        driver.put_content("/a", b"content")
        driver.put_content("/a/b", b"below")
        assert driver.get_content("/a") == b"content"

    assert listening_addresses(process.pid) == {"0100007F"}

    server.stop()
    server.stop()
    assert not connects(int(str(running.parameters["endpoint"]).rpartition(":")[2]))
    assert not Path(f"/proc/{process.pid}").exists()
    assert list(tmp_path.iterdir()) == []
    assert server.failure() is not None


def test_is_what_the_gcs_driver_runs_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fake_gcs, "find_binary", lambda: tmp_path / "fake-gcs-server")

    assert choose("gcs", None) == (FAKE_GCS_SERVER, "process")


def test_program_that_does_not_come_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = tmp_path / "broken"
    binary.write_text("#!/bin/sh\necho no memory left >&2\nexit 3\n")
    binary.chmod(0o755)
    folder = tmp_path / "servers"
    folder.mkdir()
    monkeypatch.setattr(fake_gcs, "find_binary", lambda: binary)

    with pytest.raises(BackendStartError, match=r"fake-gcs-server \(broken\) exited with 3") as raised:
        FAKE_GCS_SERVER.start("process", folder)

    assert raised.value.log_tail == ("no memory left",)
    assert list(folder.iterdir()) == []


def test_program_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fake_gcs, "find_binary", lambda: None)

    assert "go install github.com/fsouza/fake-gcs-server@v" in (FAKE_GCS_SERVER.unavailable("process") or "")
    with pytest.raises(BackendStartError, match="not installed"):
        FAKE_GCS_SERVER.start("process", tmp_path)


def test_program_is_found_where_go_and_pip_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GOPATH", str(tmp_path / "gopath"))
    monkeypatch.delenv("GOBIN", raising=False)
    packaged = tmp_path / "fake-gcs-server-linux-amd64"

    class File:
        name = packaged.name

        @staticmethod
        def locate() -> Path:
            return packaged

    monkeypatch.setattr(fake_gcs, "files", lambda _: [File])
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    assert fake_gcs.find_binary() is None

    built = tmp_path / "gopath" / "bin" / "fake-gcs-server"
    built.parent.mkdir(parents=True)
    for program in (packaged, built):
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    assert fake_gcs.find_binary() == built
    built.unlink()
    assert fake_gcs.find_binary() == packaged

    def absent(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(fake_gcs, "files", absent)
    assert fake_gcs.find_binary() is None


@pytest.mark.parametrize(
    ("text", "version"),
    [
        (b"\0path\tx\nmod\tgithub.com/fsouza/fake-gcs-server\tv1.56.1\th1:K03s=\n", "v1.56.1"),
        (b"mod\tgithub.com/fsouza/fake-gcs-server\tv1.54.0+dirty\t\n", "v1.54.0+dirty"),
        (b"mod\tgithub.com/fsouza/fake-gcs-server\t(devel)\t\n", None),
        (b"nothing", None),
    ],
)
def test_version_is_what_go_wrote_into_the_program(tmp_path: Path, text: bytes, version: str | None) -> None:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF" + text + b"\0" * 100)

    assert fake_gcs._version_in(program) == version
