"""Ceph's object gateway, radosgw, in front of a cluster of our own: it speaks S3, and Swift too."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from storagedriver.backends import ceph_container
from storagedriver.backends.ceph_cluster import ADMIN, Cluster, Step, cluster_missing, programs_missing, version
from storagedriver.backends.containers import CONTAINER_MODE, ContainerWay, Setup
from storagedriver.backends.endpoint import ANSWER_DEADLINE, HOST, http_failure, random_key
from storagedriver.backends.programs import PROCESS_MODE, EndpointT, Programs, ProgramWay
from storagedriver.backends.provider import ServerProvider, Way
from storagedriver.backends.s3_endpoint import S3_DRIVERS, S3Endpoint, boto3_missing

SWIFT_DRIVER = "swift"

_INSTALL = "apt install ceph-mon ceph-mgr ceph-osd ceph-common radosgw"
_PROGRAMS = ("radosgw", "radosgw-admin")
_USER = "storagedriver"
_PROBE = "storagedriver-probe"
_CONTAINER_PORT = 8080
_MONITOR_PORT = 6789


@dataclass(frozen=True, slots=True, kw_only=True)
class RgwSwiftEndpoint:
    """A container of the gateway's Swift API, with a subuser that was made for it."""

    port: int
    container: str = "storagedriver"
    subuser: str = f"{_USER}:tests"
    password: str = field(default_factory=random_key, repr=False)
    tempurl_key: str = field(default_factory=random_key, repr=False)

    @classmethod
    def at(cls, ports: Sequence[int]) -> Self:
        """A container on a gateway that listens on the first of these ports."""
        return cls(port=ports[0])

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


def _settings(data: Path, address: str) -> dict[str, str]:
    """What a cluster's configuration says of its gateway, which keeps `data` and listens on `address`."""
    return {
        "rgw_frontends": f"beast endpoint={address} tcp_nodelay=1",
        "rgw_data": str(data),
        "rgw_thread_pool_size": "64",
        # What is deleted or replaced would be kept for two hours, and all of it is in memory.
        "rgw_gc_obj_min_wait": "300",
        "rgw_gc_processor_period": "60",
    }


_GATEWAY = Step(["radosgw", "-f", "-n", ADMIN], daemon=True)


def _s3_users(endpoint: S3Endpoint) -> list[Step]:
    return [_admin("user", "create", "--display-name", _USER, "--access-key", endpoint.access_key,
                   "--secret-key", endpoint.secret_key)]  # fmt: skip


def _swift_users(endpoint: RgwSwiftEndpoint) -> list[Step]:
    key = ("--key-type", "swift", "--access", "full", "--secret", endpoint.password)
    return [
        _admin("user", "create", "--display-name", _USER),
        _admin("subuser", "create", "--subuser", endpoint.subuser, *key),
    ]


def _admin(kind: str, action: str, *arguments: str) -> Step:
    return Step(["radosgw-admin", kind, action, "--uid", _USER, *arguments])


def _launch(programs: Programs, users: Sequence[Step], ports: Sequence[int]) -> None:
    """Run a cluster with a gateway, and make the users."""
    http_port, monitor_port = ports
    cluster = Cluster(port=monitor_port)
    cluster.launch(programs, _settings(programs.folder / "rgw", f"{HOST}:{http_port}"))
    programs.wait_until(cluster.waiting)
    programs.run(cluster.command(*_GATEWAY.command), grace=0)
    for step in users:
        programs.once(cluster.command(*step.command))


def _setup(users: Sequence[Step]) -> Setup:
    # In the container the cluster is alone, on any port, and reached by the gateway only.
    settings = _settings(Path("/srv/rgw"), f"0.0.0.0:{_CONTAINER_PORT}")
    return ceph_container.setup(Cluster(port=_MONITOR_PORT), after=[_GATEWAY, *users], settings=settings)


def _missing() -> str | None:
    return cluster_missing() or programs_missing(_PROGRAMS, _INSTALL)


def _ways(
    at: Callable[[Sequence[int]], EndpointT],
    users: Callable[[EndpointT], Sequence[Step]],
    needs: Callable[[], str | None] = lambda: None,
) -> dict[str, Way]:
    """A gateway with these users, as processes and in a container; `needs` says what else is missing on this machine."""
    return {
        PROCESS_MODE: ProgramWay(
            missing=lambda: _missing() or needs(),
            version=version,
            ports=2,
            endpoint=at,
            launch=lambda programs, endpoint, ports: _launch(programs, users(endpoint), ports),
        ),
        CONTAINER_MODE: ContainerWay(
            image=ceph_container.IMAGE,
            ports=(_CONTAINER_PORT,),
            endpoint=at,
            setup=lambda endpoint: _setup(users(endpoint)),
            version=ceph_container.TELL_VERSION,
            needs=needs,
        ),
    }


RGW = ServerProvider(
    name="rgw",
    drivers=S3_DRIVERS,
    summary="Ceph's object gateway, by its S3 API",
    ways=_ways(S3Endpoint.at, _s3_users, boto3_missing),
)

RGW_SWIFT = ServerProvider(
    name="rgw-swift",
    drivers=(SWIFT_DRIVER,),
    summary="Ceph's object gateway, by its Swift API",
    ways=_ways(RgwSwiftEndpoint.at, _swift_users),
)
