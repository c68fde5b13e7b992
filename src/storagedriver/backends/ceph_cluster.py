"""A Ceph cluster of one monitor, manager and OSD, which keeps its data in memory: how it is made, run and asked."""

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
from storagedriver.backends.programs import Programs, answer, program_of, required

ADMIN = "client.admin"

_INSTALL = "apt install ceph-mon ceph-mgr ceph-osd ceph-common"
_PROGRAMS = ("ceph-mon", "ceph-mgr", "ceph-osd", "ceph", "rados", "monmaptool")
_FOLDERS = ("/usr/bin", "/usr/local/bin")
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
    return version_in(told) or told.strip() or "unknown"


def version_in(told: str) -> str | None:
    """The version in what a program of Ceph prints of it."""
    matched = re.search(r"version (\S+)", told)
    return matched[1] if matched else None


def random_cephx_key() -> str:
    """A key of cephx: its kind, when it was made, the length, and 16 random bytes."""
    return base64.b64encode(struct.pack("<HIIH", 1, int(time.time()), 0, 16) + secrets.token_bytes(16)).decode()


@dataclass(frozen=True, slots=True)
class Step:
    """A command that makes a cluster, beginning with a program's name: one that ends, or a daemon."""

    command: Sequence[str]
    daemon: bool = False


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
    _id: str = field(default_factory=lambda: str(uuid.uuid4()), init=False)
    _osd_id: str = field(default_factory=lambda: str(uuid.uuid4()), init=False)

    @property
    def monitor(self) -> str:
        """The monitor's address, in the older of the two protocols, as the newer one is off."""
        return f"v1:{HOST}:{self.port}"

    def parameters(self, pool: str) -> dict[str, Any]:
        """Parameters of the rados driver for a pool."""
        return {
            "monhost": self.monitor,
            "username": ADMIN.partition(".")[2],
            "key": self.keys[ADMIN],
            "poolname": pool,
        }

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
        for each in self.folders(folder):
            each.mkdir()
        for path, content in self.files(folder, settings).items():
            path.touch(mode=0o600)
            path.write_bytes(content)
        self.conf = _conf_in(folder)
        for step in self.steps(folder):
            command = [program(step.command[0]), *step.command[1:]]
            if step.daemon:
                # No grace: an orderly end would save data that nobody wants.
                programs.run(command, grace=0)
            else:
                programs.once(command)

    def folders(self, folder: Path) -> list[Path]:
        """What has to be there before the steps, if the cluster lives in `folder`."""
        return [folder / name for name in ("mon", "mgr", "osd", "crash", "run")]

    def files(self, folder: Path, settings: Mapping[str, str] | None = None) -> dict[Path, bytes]:
        """The configuration, with `settings` added, and the keys."""
        return {
            _conf_in(folder): _configuration({**self._settings(folder), **(settings or {})}).encode(),
            _keyring_in(folder): self._keyring().encode(),
        }

    def steps(self, folder: Path) -> list[Step]:
        """What makes the cluster in `folder` and runs it, in this order."""
        conf = ("-c", str(_conf_in(folder)))
        monmap, keyring = str(folder / "monmap"), str(_keyring_in(folder))
        return [
            Step(["monmaptool", "--create", "--fsid", self._id, "--addv", "a", f"[{self.monitor}]", monmap]),
            Step(["ceph-mon", *conf, "--mkfs", "-i", "a", "--monmap", monmap, "--keyring", keyring]),
            Step(["ceph-mon", *conf, "-f", "-i", "a"], daemon=True),
            Step(["ceph-mgr", *conf, "-f", "-i", "a"], daemon=True),
            Step(["ceph", *conf, "osd", "new", self._osd_id, "0"]),
            Step(["ceph-osd", *conf, "--mkfs", "-i", "0", "--osd-uuid", self._osd_id]),
            Step(["ceph-osd", *conf, "-f", "-i", "0"], daemon=True),
        ]

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

    def _settings(self, folder: Path) -> dict[str, str]:
        return {
            "fsid": self._id,
            "mon_host": self.monitor,
            "public_addr": HOST,
            "cluster_addr": HOST,
            "ms_bind_msgr2": "false",
            "auth_cluster_required": "cephx",
            "auth_service_required": "cephx",
            "auth_client_required": "cephx",
            "keyring": str(_keyring_in(folder)),
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
            # It counts wrongly what it holds, and after hours has less than nothing, which passes for full: writes would
            # hang then. These are taken as percentages, beyond what the count can come to.
            **dict.fromkeys(
                (
                    "mon_osd_nearfull_ratio",
                    "mon_osd_backfillfull_ratio",
                    "mon_osd_full_ratio",
                    "osd_failsafe_full_ratio",
                ),
                "1e12",
            ),
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


def _conf_in(folder: Path) -> Path:
    return folder / "ceph.conf"


def _keyring_in(folder: Path) -> Path:
    return folder / "keyring"


def _configuration(settings: Mapping[str, str]) -> str:
    return "\n".join(["[global]", *(f"{name} = {value}" for name, value in settings.items())]) + "\n"
