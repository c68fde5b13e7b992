"""Azurite: it starts, stores, refuses wrong keys, listens on this machine only, and leaves nothing."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError

from backends.test_backend_servers import connects, listening_addresses
from servers import need
from storagedriver.backends import BackendStartError, azurite, choose
from storagedriver.backends.azurite import AZURITE, AzuriteEndpoint
from storagedriver.backends.programs import ProgramServer

LOOPBACK = {"0100007F"}


def endpoint_of(server: ProgramServer) -> AzuriteEndpoint:
    assert isinstance(server.endpoint, AzuriteEndpoint)
    return server.endpoint


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ProgramServer]:
    need(AZURITE.unavailable("process"))
    started = AZURITE.start("process", tmp_path)
    assert isinstance(started, ProgramServer)
    yield started
    started.stop()


def test_from_its_start_to_its_end(server: ProgramServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running, endpoint = server.running, endpoint_of(server)
    (process,) = server.programs.processes
    assert (running.name, running.mode) == ("azurite", "process")
    assert re.match(r"\d+\.\d+", running.version)
    assert running.log is not None
    assert Path(running.log).stat().st_size > 0
    assert running.parameters["serviceurl"] == f"http://127.0.0.1:{endpoint.port}/{endpoint.account}"
    assert endpoint.key not in repr(running) + repr(endpoint)
    assert server.failure() is None

    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with contextlib.closing(endpoint.client()) as client:
        assert list(client.list_blobs()) == []
        client.upload_blob("a/b", b"content")
        assert client.download_blob("a/b").readall() == b"content"
    wrong = dataclasses.replace(endpoint, key=base64.b64encode(b"wrong").decode())
    with contextlib.closing(wrong.client()) as client, pytest.raises(HttpResponseError) as refused:
        client.download_blob("a/b")
    assert refused.value.status_code == 403

    assert listening_addresses(process.pid) == LOOPBACK

    server.stop()
    server.stop()
    assert not connects(endpoint.port)
    assert not Path(f"/proc/{process.pid}").exists()
    assert list(tmp_path.iterdir()) == []
    assert server.failure() is not None


def test_is_what_the_azure_driver_runs_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    binary = tmp_path / "azurite-blob"
    monkeypatch.setattr(azurite, "find_binary", lambda: binary)

    assert choose("azure", None) == (AZURITE, "process")


def test_program_that_does_not_come_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = tmp_path / "broken"
    binary.write_text(
        '#!/bin/sh\ncase "$*" in *--version*) echo 1.2.3;; *) echo the drive is full >&2; exit 3;; esac\n'
    )
    binary.chmod(0o755)
    folder = tmp_path / "servers"
    folder.mkdir()
    monkeypatch.setattr(azurite, "find_binary", lambda: binary)

    with pytest.raises(BackendStartError, match=r"azurite \(broken\) exited with 3") as raised:
        AZURITE.start("process", folder)

    assert raised.value.log_tail == ("the drive is full",)
    assert list(folder.iterdir()) == []


def test_program_that_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(azurite, "find_binary", lambda: None)

    assert "npm install -g azurite" in (AZURITE.unavailable("process") or "")
    with pytest.raises(BackendStartError, match="not installed"):
        AZURITE.start("process", tmp_path)


def test_program_is_found_where_npm_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "prefix" / "bin"
    folder.mkdir(parents=True)
    for name, text in ((folder / "azurite-blob", ""), (tmp_path / "npm", f"echo {tmp_path}/prefix\n")):
        name.write_text(f"#!/bin/sh\n{text}")
        name.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert azurite.find_binary() == folder / "azurite-blob"
    (tmp_path / "npm").unlink()
    assert azurite.find_binary() is None
