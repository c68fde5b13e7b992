"""OpenStack Swift on one device: memcached, account, container, object and proxy server, each a process."""

from __future__ import annotations

import gzip
import json
import os
import pwd
import struct
import sys
import sysconfig
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from storagedriver.backends.containers import CONTAINER_MODE, ContainerWay, Setup
from storagedriver.backends.endpoint import HOST, random_key
from storagedriver.backends.errors import BackendStartError
from storagedriver.backends.programs import PROCESS_MODE, Programs, ProgramWay, answer, program_of, required
from storagedriver.backends.provider import ServerProvider
from storagedriver.backends.swift_endpoint import SWIFT_DRIVER, SwiftEndpoint

_STORES = ("account", "container", "object")
_SERVERS = (*_STORES, "proxy")
_PARTITION_POWER = 1
_TELL_VERSION = "import importlib.metadata; print(importlib.metadata.version('swift'))"
_CONTAINER_FOLDER = Path("/srv")  # One that every image has, to copy files into.
_CONTAINER_PORTS = (6202, 6201, 6200, 11211, 8080)
_MEMCACHED = "memcached"
_INSTALL = "pip install 'storagedriver[swift-server]'"
_INSTALL_MEMCACHED = "apt-get install memcached"


def find_binary(name: str) -> Path | None:
    """A program of Swift, or memcached: from the PATH, else from this environment, whether or not that is on the PATH."""
    return program_of(name, sysconfig.get_path("scripts"), "/usr/sbin", "/usr/bin")


def _missing() -> str | None:
    for server in _SERVERS:
        if find_binary(f"swift-{server}-server") is None:
            return f"the program swift-{server}-server is not installed; install it with: {_INSTALL}"
    if find_binary(_MEMCACHED) is None:
        return f"the program {_MEMCACHED} is not installed; install it with: {_INSTALL_MEMCACHED}"
    return None


def _program(name: str) -> str:
    return str(required(find_binary(name), name))


def _version() -> str:
    program = _program("swift-proxy-server")
    if Path(program).is_relative_to(Path(sys.prefix).resolve()):
        try:
            return version("swift")
        except PackageNotFoundError:
            pass
    return _version_in(answer(program, "--version")) or "unknown"


def _version_in(told: str) -> str | None:
    # "swift-proxy-server 2.38.3"
    words = told.split()
    return words[-1] if words else None


def _launch(programs: Programs, endpoint: SwiftEndpoint, ports: Sequence[int]) -> None:
    place = _Place(programs.folder, _user(), HOST, ports)
    programs.run([_program(_MEMCACHED), *place.memcached_arguments()])
    for store in _STORES:
        (place.folder / "data" / store / "device").mkdir(parents=True)
    for path, content in place.files(endpoint).items():
        path.touch(mode=0o600)
        path.write_bytes(content)
    for server in _SERVERS:
        # No grace: there is nothing worth saving.
        programs.run([_program(f"swift-{server}-server"), *place.arguments(server)], grace=0)


def _endpoint(ports: Sequence[int]) -> SwiftEndpoint:
    return SwiftEndpoint(port=ports[-1])


def _setup(endpoint: SwiftEndpoint) -> Setup:
    place = _Place(_CONTAINER_FOLDER, "root", "0.0.0.0", _CONTAINER_PORTS)  # noqa: S104  within the container
    devices = " ".join(str(place.folder / "data" / store / "device") for store in _STORES)
    lines = [f"mkdir -p {devices}", " ".join(["memcached -d", *place.memcached_arguments()])]
    lines += [" ".join([f"swift-{store}-server", *place.arguments(store), "&"]) for store in _STORES]
    lines += [" ".join(["exec swift-proxy-server", *place.arguments("proxy")])]
    files = {str(path): content for path, content in place.files(endpoint).items()}
    return Setup(command=("sh", "-ec", "\n".join(lines)), files=files)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the servers run: their folder, who runs them, where the proxy listens, and the ports."""

    folder: Path
    user: str
    host: str
    ports: Sequence[int]

    @property
    def memcached(self) -> int:
        return self.ports[-2]

    def memcached_arguments(self) -> list[str]:
        return ["-l", HOST, "-p", str(self.memcached), "-U", "0", "-m", "16", "-u", self.user]

    def arguments(self, server: str) -> list[str]:
        # Verbose: else its log goes to the system's.
        return [str(self.folder / f"{server}-server.conf"), "--verbose"]

    def files(self, endpoint: SwiftEndpoint) -> dict[Path, bytes]:
        """The configuration, and the rings."""
        files = {
            self.folder / "swift.conf": _swift_conf().encode(),
            self.folder / "proxy-server.conf": self._proxy_conf(endpoint).encode(),
        }
        for store, port in zip(_STORES, self.ports, strict=False):
            files[self.folder / f"{store}.ring.gz"] = _ring(port)
            files[self.folder / f"{store}-server.conf"] = self._store_conf(store, port).encode()
        return files

    def _default(self, host: str, port: int) -> str:
        # Its log is what it prints. The system's, which cannot be turned off, would get it too, and where there is none
        # each line takes longer than a request: it goes to a port of its own on which nobody listens.
        return f"""\
[DEFAULT]
bind_ip = {host}
bind_port = {port}
bind_timeout = 2
user = {self.user}
swift_dir = {self.folder}
workers = 0
max_clients = 1024
log_statsd_host =
log_udp_host = {HOST}
log_udp_port = {port}
"""

    def _store_conf(self, store: str, port: int) -> str:
        return f"""\
{self._default(HOST, port)}
devices = {self.folder / "data" / store}
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
recon_cache_path = {self.folder}
# A machine that is busy with tests is no cluster whose listings lag.
conn_timeout = 10
node_timeout = 30
container_update_timeout = 30

[pipeline:main]
pipeline = {store}-server

[app:{store}-server]
use = egg:swift#{store}
"""

    def _proxy_conf(self, endpoint: SwiftEndpoint) -> str:
        return f"""\
{self._default(self.host, self.ports[-1])}
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck proxy-logging cache listing_formats bulk tempurl tempauth copy slo dlo proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
# Else it asks a store that did not answer ten times, as none does while it starts, no more for a minute.
error_suppression_limit = 1000000000
error_suppression_interval = 0
conn_timeout = 10
node_timeout = 30

[filter:tempauth]
use = egg:swift#tempauth
user_{endpoint.account}_{endpoint.user} = {endpoint.password} .admin

[filter:cache]
use = egg:swift#memcache
memcache_servers = {HOST}:{self.memcached}

[filter:catch_errors]
use = egg:swift#catch_errors

[filter:gatekeeper]
use = egg:swift#gatekeeper

[filter:healthcheck]
use = egg:swift#healthcheck

[filter:proxy-logging]
use = egg:swift#proxy_logging

[filter:listing_formats]
use = egg:swift#listing_formats

[filter:bulk]
use = egg:swift#bulk

[filter:tempurl]
use = egg:swift#tempurl

[filter:copy]
use = egg:swift#copy

# A service holds readers of many segments back, to one segment a second; a run would wait for hours.
[filter:slo]
use = egg:swift#slo
rate_limit_after_segment = 1000000

[filter:dlo]
use = egg:swift#dlo
rate_limit_after_segment = 1000000
"""


def _user() -> str:
    """Who this process is, whatever the environment says: Swift and memcached, started by root, become who they are told.

    Raises:
        BackendStartError: The system has no name for it, and Swift wants one.
    """
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError as nameless:
        raise BackendStartError(f"swift needs a name for the user {os.geteuid()} in /etc/passwd") from nameless


def _ring(port: int) -> bytes:
    """The file that tells where things are kept: on the one device there is.

    Swift's own program writes the same, at a second and more for each of its steps.
    """
    device = {
        "id": 0,
        "region": 1,
        "zone": 1,
        "ip": HOST,
        "port": port,
        "device": "device",
        "weight": 1.0,
        "meta": "",
        "replication_ip": HOST,
        "replication_port": port,
    }
    description = json.dumps(
        {"devs": [device], "part_shift": 32 - _PARTITION_POWER, "replica_count": 1, "byteorder": sys.byteorder}
    ).encode()
    devices_of_partitions = array("H", [0] * 2**_PARTITION_POWER)
    header = b"R1NG" + struct.pack("!HI", 1, len(description))
    return gzip.compress(header + description + devices_of_partitions.tobytes())


def _swift_conf() -> str:
    return f"[swift-hash]\nswift_hash_path_suffix = {random_key()}\nswift_hash_path_prefix = {random_key()}\n"


SWIFT = ServerProvider(
    name="swift",
    drivers=(SWIFT_DRIVER,),
    summary="OpenStack Swift on one device",
    ways={
        PROCESS_MODE: ProgramWay(missing=_missing, version=_version, ports=5, endpoint=_endpoint, launch=_launch),
        CONTAINER_MODE: ContainerWay(
            image="storagedriver/swift:2.38.3",
            ports=_CONTAINER_PORTS[-1:],
            endpoint=_endpoint,
            setup=_setup,
            version=(("python3", "-c", _TELL_VERSION), lambda told: told.strip() or None),
            build="docker build --tag storagedriver/swift:2.38.3 ci/images/swift",
        ),
    },
)
