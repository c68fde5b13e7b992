"""Ceph's object gateway, radosgw, in front of a cluster of our own: it speaks S3, and Swift too."""

from __future__ import annotations

import http.client
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from storagedriver.backends.ceph import ADMIN, Cluster, cluster_missing, programs_missing, version
from storagedriver.backends.endpoint import ANSWER_DEADLINE, HOST, http_failure, random_key
from storagedriver.backends.programs import PROCESS_MODE, Programs, ProgramWay
from storagedriver.backends.provider import ServerProvider
from storagedriver.backends.s3_endpoint import S3_DRIVER, S3Endpoint, boto3_missing

SWIFT_DRIVER = "swift"

_INSTALL = "apt install ceph-mon ceph-mgr ceph-osd ceph-common radosgw"
_PROGRAMS = ("radosgw", "radosgw-admin")
_USER = "storagedriver"
_PROBE = "storagedriver-probe"


@dataclass(frozen=True, slots=True, kw_only=True)
class RgwSwiftEndpoint:
    """A container of the gateway's Swift API, with a subuser that was made for it."""

    port: int
    container: str = "storagedriver"
    subuser: str = f"{_USER}:tests"
    password: str = field(default_factory=random_key, repr=False)
    tempurl_key: str = field(default_factory=random_key, repr=False)

    @property
    def authurl(self) -> str:
        """Where a token is given out."""
        return f"http://{HOST}:{self.port}/auth/v1.0"

    def parameters(self) -> dict[str, Any]:
        """Parameters of the swift driver for this container."""
        return {
            "authurl": self.authurl,
            "username": self.subuser,
            "password": self.password,
            "container": self.container,
            "secretkey": self.tempurl_key,
        }

    def prepare(self) -> str | None:
        """Make the container, and write, read and delete an object in it. None if all of that worked."""
        try:
            return self._probe()
        except (OSError, http.client.HTTPException) as error:
            return f"{self.authurl}: {type(error).__name__}: {error}"

    def failure(self) -> str | None:
        return http_failure(self.port)

    def _probe(self) -> str | None:
        status, headers, _ = self._ask(
            "GET", urlsplit(self.authurl).path, {"X-Auth-User": self.subuser, "X-Auth-Key": self.password}
        )
        token, storage = headers.get("X-Auth-Token"), headers.get("X-Storage-Url")
        if token is None or storage is None:
            return f"{self.authurl} answered {status} and gave no token"
        account = urlsplit(storage).path
        container = f"{account}/{self.container}"
        # The gateway takes a container's key, and then refuses what was signed by it.
        key = {"X-Account-Meta-Temp-URL-Key": self.tempurl_key}
        for method, path, more, body in (
            ("POST", account, key, b""),
            ("PUT", container, {}, b""),
            ("PUT", f"{container}/{_PROBE}", {}, _PROBE.encode()),
            ("GET", f"{container}/{_PROBE}", {}, b""),
            ("DELETE", f"{container}/{_PROBE}", {}, b""),
        ):
            status, _, content = self._ask(method, path, {"X-Auth-Token": token, **more}, body)
            if not 200 <= status < 300:
                return f"{method} {path} was answered with {status}"
            if method == "GET" and content != _PROBE.encode():
                return f"it read {content!r} where {_PROBE.encode()!r} was written"
        return None

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=ANSWER_DEADLINE)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            return response.status, response.headers, response.read()
        finally:
            connection.close()


def _gateway(programs: Programs, http_port: int, monitor_port: int) -> Cluster:
    """Run a cluster with a gateway."""
    cluster = Cluster(port=monitor_port)
    settings = {
        "rgw_frontends": f"beast endpoint={HOST}:{http_port} tcp_nodelay=1",
        "rgw_data": str(programs.folder / "rgw"),
        "rgw_thread_pool_size": "64",
        # What is deleted or replaced would be kept for two hours, and all of it is in memory.
        "rgw_gc_obj_min_wait": "300",
        "rgw_gc_processor_period": "60",
    }
    cluster.launch(programs, settings)
    programs.wait_until(cluster.waiting)
    programs.run(cluster.command("radosgw", "-f", "-n", ADMIN), grace=0)
    return cluster


def _launch_s3(programs: Programs, endpoint: S3Endpoint, ports: Sequence[int]) -> None:
    cluster = _gateway(programs, *ports)
    keys = ("--access-key", endpoint.access_key, "--secret-key", endpoint.secret_key)
    programs.once(cluster.command("radosgw-admin", "user", "create", "--uid", _USER, "--display-name", _USER, *keys))


def _launch_swift(programs: Programs, endpoint: RgwSwiftEndpoint, ports: Sequence[int]) -> None:
    cluster = _gateway(programs, *ports)
    programs.once(cluster.command("radosgw-admin", "user", "create", "--uid", _USER, "--display-name", _USER))
    key = ("--key-type", "swift", "--access", "full", "--secret", endpoint.password)
    programs.once(
        cluster.command("radosgw-admin", "subuser", "create", "--uid", _USER, "--subuser", endpoint.subuser, *key)
    )


def _missing() -> str | None:
    return cluster_missing() or programs_missing(_PROGRAMS, _INSTALL)


RGW = ServerProvider(
    name="rgw",
    drivers=(S3_DRIVER,),
    summary="Ceph's object gateway, by its S3 API",
    ways={
        PROCESS_MODE: ProgramWay(
            missing=lambda: _missing() or boto3_missing(),
            version=version,
            ports=2,
            endpoint=S3Endpoint.at,
            launch=_launch_s3,
        )
    },
)

RGW_SWIFT = ServerProvider(
    name="rgw-swift",
    drivers=(SWIFT_DRIVER,),
    summary="Ceph's object gateway, by its Swift API",
    ways={
        PROCESS_MODE: ProgramWay(
            missing=_missing,
            version=version,
            ports=2,
            endpoint=lambda ports: RgwSwiftEndpoint(port=ports[0]),
            launch=_launch_swift,
        )
    },
)
