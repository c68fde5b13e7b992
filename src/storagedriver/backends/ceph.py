"""Ceph with a pool for librados: from the packages of Debian, or in a container."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from storagedriver.backends import ceph_container
from storagedriver.backends.ceph_cluster import Cluster, Step, cluster_missing, version
from storagedriver.backends.containers import CONTAINER_MODE, SAME, ContainerWay, Setup
from storagedriver.backends.endpoint import ANSWER_DEADLINE, HOST
from storagedriver.backends.programs import PROCESS_MODE, Programs, ProgramWay
from storagedriver.backends.provider import ServerProvider
from storagedriver.dependencies import require_system, system_module_missing

RADOS_DRIVER = "rados"
PACKAGE = "python3-rados"
POOL = "storagedriver"

_PROBE = "storagedriver-probe"


@dataclass(slots=True, kw_only=True)
class CephEndpoint:
    """A pool on a cluster of our own."""

    cluster: Cluster
    pool: str = POOL
    _made: bool = field(default=False, init=False)

    def parameters(self) -> dict[str, Any]:
        """Parameters of the rados driver for this pool."""
        return self.cluster.parameters(self.pool)

    def prepare(self) -> str | None:
        """Make the pool, and write, read and delete an object in it. None if all of that worked, else what did not."""
        if not self._made:
            waiting = self.cluster.waiting()
            if waiting is not None:
                return waiting
            problem = self.cluster.problem("ceph", "osd", "pool", "create", self.pool, "8", "8")
            if problem is not None:
                return problem
            self._made = True
        rados = ("rados", "-p", self.pool)
        problem = self.cluster.problem(*rados, "put", _PROBE, "-", stdin=_PROBE.encode())
        if problem is not None:
            return problem
        read = self.cluster.run(*rados, "get", _PROBE, "-")
        if read != _PROBE.encode():
            return read if isinstance(read, str) else f"it read {read!r} where {_PROBE.encode()!r} was written"
        return self.cluster.problem(*rados, "rm", _PROBE)

    def failure(self) -> str | None:
        return self.cluster.answers()


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolInContainer:
    """A pool on a cluster in a container, whose programs are not on this machine."""

    cluster: Cluster
    pool: str = POOL

    def parameters(self) -> dict[str, Any]:
        """Parameters of the rados driver for this pool."""
        return self.cluster.parameters(self.pool)

    def prepare(self) -> str | None:
        """Write, read and delete an object in the pool. None if all of that worked, else what did not."""
        unanswered = self.failure()
        if unanswered is not None:
            return unanswered  # librados would wait for it.
        rados: Any = require_system("rados", package=PACKAGE, driver_name=RADOS_DRIVER)
        given = self.parameters()
        deadline = str(int(ANSWER_DEADLINE))  # Fractions are refused.
        cluster = rados.Rados(
            rados_id=given["username"],
            conffile=rados.Rados.NO_CONF_FILE,
            conf_defaults={"log_to_stderr": "false", "err_to_stderr": "false"},
            conf={
                "mon_host": given["monhost"],
                "key": given["key"],
                "client_mount_timeout": deadline,
                "rados_mon_op_timeout": deadline,
                "rados_osd_op_timeout": deadline,
            },
        )
        try:
            cluster.connect()
            with cluster.open_ioctx(self.pool) as objects:
                objects.write_full(_PROBE, _PROBE.encode())
                content = objects.read(_PROBE)
                objects.remove_object(_PROBE)
        except rados.Error as error:
            return f"{type(error).__name__}: {error}"
        finally:
            cluster.shutdown()
        return None if content == _PROBE.encode() else f"it read {content!r} where {_PROBE.encode()!r} was written"

    def failure(self) -> str | None:
        try:
            socket.create_connection((HOST, self.cluster.port), ANSWER_DEADLINE).close()
        except OSError as error:
            return f"{self.cluster.monitor} does not answer ({type(error).__name__}: {error})"
        return None


def _module_missing() -> str | None:
    return system_module_missing("rados", package=PACKAGE)


def _missing() -> str | None:
    return cluster_missing() or _module_missing()


def _launch(programs: Programs, endpoint: CephEndpoint, ports: Sequence[int]) -> None:
    del ports
    endpoint.cluster.launch(programs)


def _setup(endpoint: PoolInContainer) -> Setup:
    pool = Step(["ceph", "osd", "pool", "create", endpoint.pool, "8", "8"])
    return ceph_container.setup(endpoint.cluster, after=[pool])


CEPH = ServerProvider(
    name="ceph",
    drivers=(RADOS_DRIVER,),
    summary="Ceph: one monitor, manager and OSD, in memory",
    ways={
        PROCESS_MODE: ProgramWay(
            missing=_missing,
            version=version,
            ports=1,
            endpoint=lambda ports: CephEndpoint(cluster=Cluster(port=ports[0])),
            launch=_launch,
        ),
        CONTAINER_MODE: ContainerWay(
            image=ceph_container.IMAGE,
            ports=(SAME,),
            host_network=True,
            endpoint=lambda ports: PoolInContainer(cluster=Cluster(port=ports[0])),
            setup=_setup,
            version=ceph_container.TELL_VERSION,
            needs=_module_missing,
        ),
    },
)
