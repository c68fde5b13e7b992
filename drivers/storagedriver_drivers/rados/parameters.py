"""Parameters of the rados driver."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from storagedriver.errors import ParameterError
from storagedriver.parameters import DriverParameters, RootDirectory

KIB = 1 << 10
MIB = 1 << 20

LONGEST_ROOT = 700
"""Bytes of the longest root directory: OSDs take names of objects of up to 2,048 bytes."""


def _short_root(given: str) -> str:
    if len(given) > LONGEST_ROOT:
        raise ValueError(f"at most {LONGEST_ROOT} bytes")
    return given


def _user(given: str) -> str:
    name = given.removeprefix("client.")
    if not name:
        raise ValueError("a name is needed after 'client.'")
    return name


SMALLEST_CHUNK, LARGEST_CHUNK = 4 * KIB, 64 * MIB


def is_usual_chunk(size: int) -> bool:
    """Whether the driver would cut a file into objects of so many bytes."""
    return SMALLEST_CHUNK <= size <= LARGEST_CHUNK


Seconds = Annotated[int, Field(ge=1, le=3600)]


class RadosParameters(DriverParameters):
    """Parameters of the rados driver; `poolname` alone is required. Names are those of the Go registry and of Ceph."""

    poolname: str = Field(
        pattern=r"^[^\s/]{1,255}$",
        description="The pool. It has to exist and be replicated; the driver never makes one.",
    )
    namespace: str = Field(
        default="", pattern=r"^[^\x00-\x1f]{0,255}$", description="Namespace of the pool that all objects are in."
    )
    rootdirectory: Annotated[RootDirectory, AfterValidator(_short_root)] = Field(
        default="", description="All paths lie below this directory of the pool; '' and '/' are none."
    )
    username: Annotated[str, AfterValidator(_user)] = Field(
        default="admin",
        pattern=r"^(client\.)?[A-Za-z0-9._-]{1,255}$",
        description="The user, with or without `client.`.",
    )
    key: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="The user's key; without it and `keyring`, Ceph's usual files are searched.",
    )
    keyring: Path | None = Field(default=None, description="File that holds the user's key; instead of `key`.")
    monhost: str | None = Field(
        default=None,
        pattern=r"^[^\s\x00-\x1f]{1,4096}$",
        description="Addresses of the monitors, as Ceph's `mon_host`: `10.0.0.1,10.0.0.2`. "
        "With it alone no configuration file is read.",
    )
    conffile: Path | None = Field(
        default=None, description="Ceph's configuration file; without it and `monhost`, `/etc/ceph/<clustername>.conf`."
    )
    clustername: str = Field(
        default="ceph",
        pattern=r"^[A-Za-z0-9_-]{1,255}$",
        description="Name of the cluster, in the names of Ceph's files.",
    )
    chunksize: int = Field(
        default=4 * MIB,
        ge=SMALLEST_CHUNK,
        le=LARGEST_CHUNK,
        description="Bytes of each object that a file is cut into; a writer holds a few of them in memory.",
    )
    concurrency: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Objects that one reader or writer reads, writes or removes at the same time.",
    )
    client_mount_timeout: Seconds = Field(default=10, description="Seconds to wait for the cluster when connecting.")
    rados_mon_op_timeout: Seconds = Field(default=10, description="Seconds to wait for a monitor's answer.")
    rados_osd_op_timeout: Seconds = Field(default=30, description="Seconds to wait for the answer to one request.")


def check_combinations(parameters: RadosParameters) -> None:
    """Refuse parameters that contradict each other, and files that are not there (CONF-1, CONF-3).

    Raises:
        ParameterError: Names the parameter that is too many or wrong.
    """
    problems = (
        (parameters.key and parameters.keyring, "keyring", "of no use with key"),
        (parameters.keyring and not parameters.keyring.is_file(), "keyring", "no such file"),
        (parameters.conffile and not parameters.conffile.is_file(), "conffile", "no such file"),
    )
    for wrong, parameter, detail in problems:
        if wrong:
            raise ParameterError(detail, parameter=parameter, driver_name="rados")
