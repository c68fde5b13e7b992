"""The s3 driver on real servers that refuse it: what is wrong and what puts it right is said, and no secret."""

from __future__ import annotations

import datetime as dt
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import botocore.auth
import pytest

from servers import certify_loopback, need
from storagedriver import BackendError, PathNotFoundError, StorageDriver
from storagedriver.backends.minio import MINIO
from storagedriver.backends.seaweedfs import SEAWEEDFS
from storagedriver_drivers.s3 import S3Driver

CALLS: Mapping[str, Callable[[StorageDriver], object]] = {
    "stat": lambda driver: driver.stat("/d/file"),
    "get": lambda driver: driver.get_content("/d/file"),
    "reader": lambda driver: driver.reader("/d/file"),
    "put": lambda driver: driver.put_content("/d/file", b"content"),
    "writer": lambda driver: driver.writer("/d/file"),
    "list": lambda driver: driver.list("/d"),
    "move": lambda driver: driver.move("/d/file", "/d/other"),
    "delete": lambda driver: driver.delete("/d"),
    "walk": lambda driver: list(driver.walk("/d")),
}

SKEW = dt.timedelta(days=1)

each_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@pytest.fixture(scope="module", params=[MINIO, SEAWEEDFS], ids=lambda provider: provider.name)
def parameters(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    need(request.param.unavailable("process"))
    server = request.param.start("process", tmp_path_factory.mktemp("servers"))
    given = {**server.running.parameters, "maxretries": 0, "connect_timeout": 5}
    with S3Driver.from_parameters(given) as driver:
        driver.put_content("/d/file", b"content")
    yield given
    server.stop()


def refusal(parameters: Mapping[str, Any], call: Callable[[StorageDriver], object]) -> str:
    """What a driver of these parameters says; nothing of it, its traceback included, holds a secret."""
    with S3Driver.from_parameters(parameters) as driver, pytest.raises(BackendError) as caught:
        call(driver)
    assert not isinstance(caught.value, PathNotFoundError)
    shown = str(caught.value) + repr(caught.value) + "".join(traceback.format_exception(caught.value))
    assert parameters["secretkey"] not in shown
    return str(caught.value)


@each_call
def test_a_wrong_secret(parameters: dict[str, Any], call: Callable[[StorageDriver], object]) -> None:
    assert "check " in (told := refusal({**parameters, "secretkey": "not-the-secret-of-it"}, call))
    assert "secretkey" in told


@each_call
def test_an_unknown_key(parameters: dict[str, Any], call: Callable[[StorageDriver], object]) -> None:
    assert "accesskey" in refusal({**parameters, "accesskey": "no-such-key-there"}, call)


@pytest.mark.parametrize("parameters", [MINIO], indirect=True, ids=lambda provider: provider.name)
@each_call
def test_a_bucket_that_does_not_exist(parameters: dict[str, Any], call: Callable[[StorageDriver], object]) -> None:
    # Not on SeaweedFS: it lists such a bucket as an empty one, and makes it when something is put there.
    told = refusal({**parameters, "bucket": "no-such-bucket"}, call)

    assert "the bucket does not exist; make it, or name another with bucket" in told


@each_call
def test_a_clock_that_is_off(
    parameters: dict[str, Any], call: Callable[[StorageDriver], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    now: Any = vars(botocore.auth)["get_current_datetime"]
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda *given, **named: now(*given, **named) - SKEW)

    assert "clock of this machine" in refusal(parameters, call)


@each_call
def test_no_server(parameters: dict[str, Any], call: Callable[[StorageDriver], object], dead_port: int) -> None:
    told = refusal({**parameters, "regionendpoint": f"http://127.0.0.1:{dead_port}"}, call)

    assert "nothing answers there; check regionendpoint and the network" in told


class _Silent(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the standard library's
        pass


@pytest.fixture(scope="module")
def untrusted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server whose certificate is of an authority that nobody knows."""
    folder = certify_loopback(tmp_path_factory.mktemp("tls"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Silent)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # a client that hangs up is what is tested
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@each_call
def test_an_unknown_authority(
    parameters: dict[str, Any], untrusted: str, call: Callable[[StorageDriver], object]
) -> None:
    told = refusal({**parameters, "regionendpoint": untrusted}, call)

    assert "TLS certificate could not be verified; give its authority as ca_bundle" in told
