"""A Ceph cluster of one monitor, manager and OSD, which keeps its data in memory, from the packages of Debian."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import struct
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from storagedriver.backends.endpoint import ANSWER_DEADLINE, HOST
from storagedriver.backends.process import bare_environment
from storagedriver.backends.programs import PROCESS_MODE, Programs, ProgramWay, answer, program_of, required
from storagedriver.backends.provider import ServerProvider
from storagedriver.dependencies import system_module_missing

RADOS_DRIVER = "rados"
ADMIN = "client.admin"
PACKAGE = "python3-rados"

_INSTALL = "apt install ceph-mon ceph-mgr ceph-osd ceph-common"
_PROGRAMS = ("ceph-mon", "ceph-mgr", "ceph-osd", "ceph", "rados", "monmaptool")
_FOLDERS = ("/usr/bin", "/usr/local/bin")
_PROBE = "storagedriver-probe"
_CAPABILITIES: Mapping[str, Mapping[str, str]] = {
    "mon.": {"mon": "allow *"},
    ADMIN: {"mon": "allow *", "osd": "allow *", "mgr": "allow *"},
    "mgr.a": {"mon": "allow profile mgr", "osd": "allow *"},
    "osd.0": {"mon": "allow profile osd", "mgr": "allow profile osd", "osd": "allow *"},
}


def find_program(name: str) -> Path | None:
    """A program of Ceph: from the PATH, else from where Debian puts it."""
    return program_of(name, *_FOLDERS)


def program(name: str) -> str:
    """The path of a program of Ceph.

    Raises:
        FileNotFoundError: It is not installed.
    """
    return str(required(find_program(name), name))


def programs_missing(names: Sequence[str], install: str) -> str | None:
    """Which of these programs is not installed, and the command that installs all; None if all are."""
    absent = next((name for name in names if find_program(name) is None), None)
    return None if absent is None else f"the program {absent} is not installed; install it with: {install}"


def cluster_missing() -> str | None:
    """Why no cluster can be started, or None."""
    return programs_missing(_PROGRAMS, _INSTALL)


def version() -> str:
    """Ceph's, as its monitor tells it."""
    told = answer(program("ceph-mon"), "--version")
    matched = re.search(r"version (\S+)", told)
    return matched[1] if matched else told.strip() or "unknown"


def random_cephx_key() -> str:
    """A key of cephx: its kind, when it was made, the length, and 16 random bytes."""
    return base64.b64encode(struct.pack("<HIIH", 1, int(time.time()), 0, 16) + secrets.token_bytes(16)).decode()


@dataclass(slots=True, kw_only=True)
class Cluster:
    """A cluster of our own, with keys that were made for it; all others are refused.

    Attributes:
        port: Where the monitor listens. The others take free ports themselves and tell them to the monitor.
        keys: By the name of the user or daemon.
        conf: Its configuration; there as soon as launch() has begun.
    """

    port: int
    keys: Mapping[str, str] = field(
        default_factory=lambda: {name: random_cephx_key() for name in _CAPABILITIES}, repr=False
    )
    conf: Path = field(default=Path(os.devnull), init=False)

    @property
    def monitor(self) -> str:
        """The monitor's address, in the older of the two protocols, as the newer one is off."""
        return f"v1:{HOST}:{self.port}"

    def command(self, name: str, *arguments: str) -> list[str]:
        """The command line of a program of Ceph that is to talk to this cluster."""
        return [program(name), "-c", str(self.conf), *arguments]

    def launch(self, programs: Programs, settings: Mapping[str, str] | None = None) -> None:
        """Make the cluster and run its daemons.

        Args:
            programs: Gets the daemons; all files go to its folder.
            settings: Added to the configuration.

        Raises:
            BackendStartError: A step failed.
        """
        folder = programs.folder
        fsid, osd = str(uuid.uuid4()), str(uuid.uuid4())
        for name in ("mon", "mgr", "osd", "crash", "run"):
            (folder / name).mkdir()
        keyring = folder / "keyring"
        keyring.touch(mode=0o600)
        keyring.write_text(self._keyring())
        self.conf = folder / "ceph.conf"
        self.conf.write_text(_configuration({**self._settings(folder, fsid), **(settings or {})}))
        monmap = folder / "monmap"
        programs.once(
            [program("monmaptool"), "--create", "--fsid", fsid, "--addv", "a", f"[{self.monitor}]", str(monmap)]
        )
        programs.once(self.command("ceph-mon", "--mkfs", "-i", "a", "--monmap", str(monmap), "--keyring", str(keyring)))
        # No grace: an orderly end would save data that nobody wants.
        programs.run(self.command("ceph-mon", "-f", "-i", "a"), grace=0)
        programs.run(self.command("ceph-mgr", "-f", "-i", "a"), grace=0)
        programs.once(self.command("ceph", "osd", "new", osd, "0"))
        programs.once(self.command("ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", osd))
        programs.run(self.command("ceph-osd", "-f", "-i", "0"), grace=0)

    def answers(self) -> str | None:
        """None while the monitor answers; else one sentence."""
        return self.problem("ceph", "--connect-timeout", str(max(1, int(ANSWER_DEADLINE))), "osd", "stat")

    def waiting(self) -> str | None:
        """None as soon as the OSD serves; else what is waited for. Who asks it earlier waits five seconds longer."""
        told = self.run("ceph", "osd", "stat", "--format", "json")
        if isinstance(told, str):
            return told
        return None if json.loads(told).get("num_up_osds") else "the OSD is not up"

    def problem(self, name: str, *arguments: str, stdin: bytes = b"") -> str | None:
        """Run a program to its end; None if it succeeded, else one sentence."""
        outcome = self.run(name, *arguments, stdin=stdin)
        return outcome if isinstance(outcome, str) else None

    def run(self, name: str, *arguments: str, stdin: bytes = b"") -> bytes | str:
        """Run a program to its end: what it printed, or the sentence that says why it failed."""
        try:
            done = subprocess.run(  # noqa: S603  the command is our own
                self.command(name, *arguments),
                input=stdin,
                capture_output=True,
                cwd=self.conf.parent,
                env=bare_environment(self.conf.parent),
                timeout=ANSWER_DEADLINE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"{name} got no answer from {self.monitor} within {ANSWER_DEADLINE:g} seconds"
        except OSError as error:
            return f"{name}: {error}"
        if done.returncode:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            said = "; ".join(lines[-3:]) or "no message"
            return f"{name} of {self.monitor} exited with {done.returncode}: {said}"
        return done.stdout

    def _keyring(self) -> str:
        lines: list[str] = []
        for name, capabilities in _CAPABILITIES.items():
            lines += [f"[{name}]", f"key = {self.keys[name]}"]
            lines += [f'caps {daemon} = "{allowed}"' for daemon, allowed in capabilities.items()]
        return "\n".join(lines) + "\n"

    def _settings(self, folder: Path, fsid: str) -> dict[str, str]:
        return {
            "fsid": fsid,
            "mon_host": self.monitor,
            "public_addr": HOST,
            "cluster_addr": HOST,
            "ms_bind_msgr2": "false",
            "auth_cluster_required": "cephx",
            "auth_service_required": "cephx",
            "auth_client_required": "cephx",
            "keyring": str(folder / "keyring"),
            "mon_data": str(folder / "mon"),
            "mgr_data": str(folder / "mgr"),
            "osd_data": str(folder / "osd"),
            "crash_dir": str(folder / "crash"),
            "run_dir": str(folder / "run"),
            "admin_socket": "",
            "log_to_file": "false",
            "mon_cluster_log_to_file": "false",
            "log_to_stderr": "true",
            "debug_rocksdb": "0",
            "debug_osd": "0",
            # All in memory: nothing outlives it anyway, and no write waits for a disk.
            "osd_objectstore": "memstore",
            "memstore_device_bytes": str(16 << 30),
            "osd_pool_default_size": "1",
            "osd_pool_default_min_size": "1",
            "osd_pool_default_pg_num": "8",
            "osd_pool_default_pg_autoscale_mode": "off",
            "osd_crush_chooseleaf_type": "0",
            "mon_allow_pool_size_one": "true",
            # Else each step of the set-up waits a second for other monitors to have something to say.
            "paxos_propose_interval": "0.05",
            "paxos_min_wait": "0.01",
            # The manager is there since clients ask for it; what its modules do is of no use here.
            "mgr_initial_modules": "",
            "mgr_disabled_modules": "balancer,crash,devicehealth,influx,insights,iostat,orchestrator,pg_autoscaler,"
            "progress,prometheus,rbd_support,restful,snap_schedule,status,telemetry,volumes",
        }


@dataclass(slots=True, kw_only=True)
class CephEndpoint:
    """A pool on a cluster of our own."""

    cluster: Cluster
    pool: str = "storagedriver"
    _made: bool = field(default=False, init=False)

    def parameters(self) -> dict[str, Any]:
        """Parameters of the rados driver for this pool."""
        user = ADMIN.partition(".")[2]
        return {
            "monhost": self.cluster.monitor,
            "username": user,
            "key": self.cluster.keys[ADMIN],
            "poolname": self.pool,
        }

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


def _missing() -> str | None:
    return cluster_missing() or system_module_missing("rados", package=PACKAGE)


def _launch(programs: Programs, endpoint: CephEndpoint, ports: Sequence[int]) -> None:
    del ports
    endpoint.cluster.launch(programs)


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
        )
    },
)


def _configuration(settings: Mapping[str, str]) -> str:
    return "\n".join(["[global]", *(f"{name} = {value}" for name, value in settings.items())]) + "\n"
