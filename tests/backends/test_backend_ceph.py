"""Ceph and its gateway as servers: they store, refuse wrong keys, listen on this machine only, and leave nothing."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import os
import re
import signal
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from backends.test_backend_servers import LOOPBACK, connects, keys_of, listening_addresses, put_and_get
from servers import need
from storagedriver.backends import BackendStartError, ceph_cluster, endpoint, rgw
from storagedriver.backends.ceph import CEPH, CephEndpoint
from storagedriver.backends.ceph_cluster import random_cephx_key
from storagedriver.backends.programs import ProgramServer
from storagedriver.backends.rgw import RGW, RGW_SWIFT, RgwSwiftEndpoint
from storagedriver.backends.s3_endpoint import S3Endpoint

PROVIDERS = {each.name: each for each in (CEPH, RGW, RGW_SWIFT)}
OUTSIDE = ("/etc/ceph", "/var/lib/ceph", "/var/log/ceph", "/var/run/ceph", "/run/ceph")


def started(name: str, folder: Path) -> ProgramServer:
    need(PROVIDERS[name].unavailable("process"))
    server = PROVIDERS[name].start("process", folder)
    assert isinstance(server, ProgramServer)
    return server


def outside(text: str) -> list[Path]:
    """The files that hold a text where Ceph would put its own by itself; clusters of others may write there too."""
    files = [path for folder in OUTSIDE for path in Path(folder).rglob("*") if path.is_file()]
    return [path for path in files if text.encode() in path.read_bytes()]


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_from_start_to_end(name: str, tmp_path: Path) -> None:
    server = started(name, tmp_path)
    try:
        judge(server)
        monitor = re.search(r"v1:127\.0\.0\.1:\d+", next(server.programs.folder.glob("ceph.conf")).read_text())
        assert monitor is not None
    finally:
        server.stop()
    server.stop()
    assert not [each for each in server.programs.processes if Path(f"/proc/{each.pid}").exists()]
    assert list(tmp_path.iterdir()) == []
    assert outside(f"{monitor[0]}/") == []
    assert server.failure() is not None


def judge(server: ProgramServer) -> None:
    pids = [process.pid for process in server.programs.processes]
    assert len(pids) == (3 if server.running.name == "ceph" else 4)
    assert server.running.version.startswith(tuple("0123456789"))
    assert server.running.log is not None
    assert Path(server.running.log).stat().st_size > 0
    assert server.failure() is None
    assert server.endpoint.prepare() is None

    addresses = set[str]().union(*map(listening_addresses, pids))
    assert addresses
    assert addresses <= LOOPBACK

    for pid in pids:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        assert f"HOME={server.programs.folder}".encode() in environment
        assert b"PYTEST" not in environment


def test_ceph_refuses_other_keys(tmp_path: Path) -> None:
    server = started("ceph", tmp_path)
    try:
        assert isinstance(server.endpoint, CephEndpoint)
        cluster, keyring = server.endpoint.cluster, tmp_path / "keyring"
        keyring.write_text(f"[client.admin]\nkey = {random_cephx_key()}\n")
        problem = cluster.problem(
            "rados", "--no-mon-config", "--keyring", str(keyring), "-p", server.endpoint.pool, "ls"
        )
        assert problem is not None
        assert "ermission denied" in problem or "not permitted" in problem
        assert "ceph osd" not in repr(cluster)
        assert not any(key in repr(server.endpoint) for key in cluster.keys.values())
    finally:
        server.stop()


def test_ceph_that_hangs_or_is_killed_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = started("ceph", tmp_path)
    try:
        monitor = server.programs.processes[0].pid
        with monkeypatch.context() as patched:
            patched.setattr(ceph_cluster, "ANSWER_DEADLINE", 1.0)
            os.kill(monitor, signal.SIGSTOP)
            os.waitid(os.P_PID, monitor, os.WSTOPPED | os.WNOWAIT)
            assert server.failure() is not None
            os.kill(monitor, signal.SIGCONT)
        assert server.failure() is None
        os.kill(monitor, signal.SIGKILL)
        os.waitid(os.P_PID, monitor, os.WEXITED | os.WNOWAIT)
        assert "ceph (ceph-mon) was ended by signal 9 (SIGKILL)" in (server.failure() or "")
    finally:
        server.stop()
    assert list(tmp_path.iterdir()) == []


def test_rgw_speaks_s3_and_refuses_other_keys(tmp_path: Path) -> None:
    server = started("rgw", tmp_path)
    try:
        bucket = server.endpoint
        assert isinstance(bucket, S3Endpoint)
        assert keys_of(bucket) == []
        assert put_and_get(bucket) == b"content"
        with contextlib.closing(dataclasses.replace(bucket, secret_key="wrong" * 4).client()) as client:
            with pytest.raises(client.exceptions.ClientError) as refused:
                client.get_object(Bucket=bucket.bucket, Key="a/b")
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    finally:
        server.stop()
    assert not connects(bucket.port)


def asked(url: str, method: str, headers: dict[str, str], body: bytes = b"") -> tuple[http.client.HTTPResponse, bytes]:
    parts = urlsplit(url)
    with contextlib.closing(http.client.HTTPConnection(parts.netloc, timeout=endpoint.ANSWER_DEADLINE)) as connection:
        connection.request(method, f"{parts.path}?{parts.query}", body, headers)
        response = connection.getresponse()
        return response, response.read()


def test_rgw_speaks_swift_and_refuses_other_passwords(tmp_path: Path) -> None:
    server = started("rgw-swift", tmp_path)
    try:
        assert isinstance(server.endpoint, RgwSwiftEndpoint)
        given = server.running.parameters
        assert set(given) == {"authurl", "username", "password", "container", "secretkey"}
        assert given["authurl"] == f"http://127.0.0.1:{server.endpoint.port}/auth/v1.0"

        user = {"X-Auth-User": given["username"], "X-Auth-Key": given["password"]}
        granted, _ = asked(given["authurl"], "GET", user)
        assert granted.status in {200, 204}
        token = {"X-Auth-Token": granted.headers["X-Auth-Token"]}
        container = f"{granted.headers['X-Storage-Url']}/{given['container']}"
        assert asked(f"{container}/a/b", "PUT", token, b"content")[0].status == 201
        assert asked(f"{container}/a/b", "GET", token)[1] == b"content"
        assert asked(container, "GET", token)[1].split() == [b"a/b"]
        assert asked(f"{container}/a/b", "DELETE", token)[0].status == 204

        assert asked(given["authurl"], "GET", {**user, "X-Auth-Key": "wrong"})[0].status in {401, 403}
        assert asked(f"{container}/a/b", "GET", {"X-Auth-Token": "wrong"})[0].status in {401, 403}
        assert given["password"] not in repr(server.endpoint)
        assert given["secretkey"] not in repr(server.endpoint)
    finally:
        server.stop()


@pytest.mark.parametrize(
    ("name", "absent", "command"),
    [
        ("ceph", "ceph-osd", "apt install ceph-mon ceph-mgr ceph-osd ceph-common"),
        ("rgw", "radosgw", "apt install ceph-mon ceph-mgr ceph-osd ceph-common radosgw"),
        ("rgw-swift", "radosgw-admin", "apt install ceph-mon ceph-mgr ceph-osd ceph-common radosgw"),
    ],
)
def test_a_missing_program_is_named(
    name: str, absent: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ceph_cluster, "find_program", lambda name: None if name == absent else Path("/bin/true"))

    reason = PROVIDERS[name].unavailable("process")
    assert reason is not None
    assert f"the program {absent} is not installed" in reason
    assert reason.endswith(command)
    with pytest.raises(BackendStartError, match="not installed"):
        PROVIDERS[name].start("process", tmp_path)


def test_a_cluster_that_does_not_come_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need(RGW.unavailable("process"))
    broken, servers = tmp_path / "radosgw", tmp_path / "servers"
    broken.write_text("#!/bin/sh\necho the drive is full >&2\nexit 3\n")
    broken.chmod(0o755)
    servers.mkdir()
    find = ceph_cluster.find_program
    monkeypatch.setattr(ceph_cluster, "find_program", lambda name: broken if name == "radosgw" else find(name))

    with pytest.raises(BackendStartError, match=r"rgw \(radosgw\) exited with 3"):
        rgw.RGW.start("process", servers)

    assert list(servers.iterdir()) == []


def test_a_key_is_one_that_ceph_takes(tmp_path: Path) -> None:
    tool = ceph_cluster.find_program("ceph-authtool")
    if tool is None:
        pytest.skip("the program ceph-authtool is not installed")
    keyring = tmp_path / "keyring"
    keyring.write_text("")
    key = random_cephx_key()
    subprocess.run([tool, str(keyring), "-n", "client.x", "--add-key", key], check=True, timeout=60)
    assert key in keyring.read_text()
