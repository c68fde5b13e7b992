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
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from storagedriver.backends.endpoint import HOST, random_key
from storagedriver.backends.errors import BackendStartError
from storagedriver.backends.programs import PROCESS_MODE, Programs, ProgramWay, answer, program_of, required
from storagedriver.backends.provider import ServerProvider
from storagedriver.backends.swift_endpoint import SWIFT_DRIVER, SwiftEndpoint

_STORES = ("account", "container", "object")
_SERVERS = (*_STORES, "proxy")
_PARTITION_POWER = 1
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
    # "swift-proxy-server 2.38.3"
    return answer(program, "--version").split()[-1]


def _launch(programs: Programs, endpoint: SwiftEndpoint, ports: Sequence[int]) -> None:
    *store_ports, memcached, proxy = ports
    programs.run([_program(_MEMCACHED), "-l", HOST, "-p", str(memcached), "-U", "0", "-m", "16", "-u", _user()])
    folder = programs.folder
    _write(folder / "swift.conf", _swift_conf())
    for store, port in zip(_STORES, store_ports, strict=True):
        (folder / "data" / store / "device").mkdir(parents=True)
        (folder / f"{store}.ring.gz").write_bytes(_ring(port))
        _write(folder / f"{store}-server.conf", _store_conf(folder, store, port))
    _write(folder / "proxy-server.conf", _proxy_conf(folder, endpoint, proxy, memcached))
    for server in _SERVERS:
        # Verbose: else its log goes to the system's. No grace: there is nothing worth saving.
        command = [_program(f"swift-{server}-server"), str(folder / f"{server}-server.conf"), "--verbose"]
        programs.run(command, grace=0)


def _user() -> str:
    """Who this process is, whatever the environment says: Swift and memcached, started by root, become who they are told.

    Raises:
        BackendStartError: The system has no name for it, and Swift wants one.
    """
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError as nameless:
        raise BackendStartError(f"swift needs a name for the user {os.geteuid()} in /etc/passwd") from nameless


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


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


def _default(folder: Path, port: int) -> str:
    return f"""\
[DEFAULT]
bind_ip = {HOST}
bind_port = {port}
user = {_user()}
swift_dir = {folder}
workers = 0
max_clients = 1024
log_statsd_host =
"""


def _store_conf(folder: Path, store: str, port: int) -> str:
    return f"""\
{_default(folder, port)}
devices = {folder / "data" / store}
mount_check = false
disable_fallocate = true
fallocate_reserve = 0
recon_cache_path = {folder}
# A machine that is busy with tests is no cluster whose listings lag.
conn_timeout = 10
node_timeout = 30
container_update_timeout = 30

[pipeline:main]
pipeline = {store}-server

[app:{store}-server]
use = egg:swift#{store}
"""


def _proxy_conf(folder: Path, endpoint: SwiftEndpoint, port: int, memcached: int) -> str:
    return f"""\
{_default(folder, port)}
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
memcache_servers = {HOST}:{memcached}

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

[filter:slo]
use = egg:swift#slo

[filter:dlo]
use = egg:swift#dlo
"""


SWIFT = ServerProvider(
    name="swift",
    drivers=(SWIFT_DRIVER,),
    summary="OpenStack Swift on one device",
    ways={
        PROCESS_MODE: ProgramWay(
            missing=_missing,
            version=_version,
            ports=5,
            endpoint=lambda ports: SwiftEndpoint(port=ports[-1]),
            launch=_launch,
        )
    },
)
