"""Parameters of the swift driver."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from storagedriver.errors import ParameterError
from storagedriver.parameters import DriverParameters, RootDirectory, url_of_server

MIB = 1 << 20
GIB = 1 << 30

SMALLEST_CHUNK = MIB
LARGEST_CHUNK = 5 * GIB
"""The largest object that Swift takes in one request."""

LONGEST_NAME = 1024
"""Bytes of the longest name of an object."""

LONGEST_ROOT = 700
"""Bytes of the longest root directory: leaves room for a component of 255 bytes and the names of a stage."""

AREAS = ("files", "segments", "staging")
"""What lies directly below the root directory."""

_VERSION_IN_PATH = re.compile(r"v([123])(?:\.\d+)?")


def _own_root(given: str) -> str:
    if len(given.strip("/")) > LONGEST_ROOT:
        raise ValueError(f"at most {LONGEST_ROOT} bytes, since a name has at most {LONGEST_NAME}")
    if not set(AREAS).isdisjoint(given.split("/")):
        # Root '/files' and root '' would hold each other's files (SEC-2).
        raise ValueError(f"no component may be one of {', '.join(AREAS)}, which are the driver's own")
    return given


def _words(given: object) -> object:
    return [word for word in re.split(r"[\s,]+", given.upper()) if word] if isinstance(given, str) else given


def _number(given: object) -> object:
    return int(given) if isinstance(given, str) and given.isascii() and given.isdigit() else given


Seconds = Annotated[float, Field(gt=0, le=3600)]

Text = Annotated[str, Field(min_length=1, max_length=256)]


class SwiftParameters(DriverParameters):
    """Parameters of the swift driver; the first four are required. Names are those of the Go registry."""

    authurl: Annotated[
        str, url_of_server("https://keystone.example.org:5000/v3", credentials="username and password")
    ] = Field(
        description="URL that tokens are got from: 'https://host/auth/v1.0', or Keystone's 'https://host:5000/v3'."
    )
    username: Text = Field(description="User name; with authversion 1 usually 'account:user'.")
    password: SecretStr = Field(min_length=1, description="Password, or the API key of authversion 1.")
    container: str = Field(
        pattern=r"^[^/\x00-\x1f\x7f]{1,256}$",
        description="The container. It has to exist; the driver never makes one.",
    )
    rootdirectory: Annotated[RootDirectory, AfterValidator(_own_root)] = Field(
        default="", description="All names begin with this prefix; '' and '/' are none. The Go registry's prefix."
    )
    authversion: Annotated[Literal[0, 1, 2, 3], BeforeValidator(_number)] = Field(
        default=0, description="1, 2 or 3; 0: as the path of authurl says."
    )
    tenant: Text | None = Field(default=None, description="Name of the tenant, or project; versions 2 and 3.")
    tenantid: Text | None = Field(default=None, description="Its id, instead of tenant; and part of accesskey's URLs.")
    domain: Text | None = Field(default=None, description="Name of the user's domain; version 3.")
    domainid: Text | None = Field(default=None, description="Its id, instead of domain.")
    tenantdomain: Text | None = Field(
        default=None, description="Name of the tenant's domain, if it is not the user's; version 3."
    )
    tenantdomainid: Text | None = Field(default=None, description="Its id, instead of tenantdomain.")
    trustid: Text | None = Field(default=None, description="A trust to act by, instead of a tenant; version 3.")
    region: Text | None = Field(default=None, description="Region of the catalog's endpoint; versions 2 and 3.")
    endpointtype: Literal["public", "internal", "admin"] = Field(
        default="public", description="Which of the catalog's endpoints is used; versions 2 and 3."
    )
    insecureskipverify: bool = Field(
        default=False, description="Do not verify the server's TLS certificate. A warning is logged."
    )
    ca_bundle: Path | None = Field(
        default=None, description="File of CA certificates (PEM) that the server's certificate is verified against."
    )
    chunksize: int = Field(
        default=20 * MIB,
        ge=SMALLEST_CHUNK,
        le=LARGEST_CHUNK,
        description="Bytes of each segment of a large file; a writer holds a few such chunks in memory.",
    )
    pagesize: int = Field(default=10_000, ge=1, le=10_000, description="Names asked for in one listing.")
    secretkey: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="Key of temporary URLs. Without it the container's is looked up, then the account's.",
    )
    accesskey: Text | None = Field(
        default=None,
        description="Access key that goes with secretkey where signatures are 'tenantid:accesskey:signature'.",
    )
    tempurlcontainerkey: bool | None = Field(
        default=None, description="Where a key is looked up: true: the container alone; false: the account alone."
    )
    tempurlmethods: Annotated[tuple[Literal["GET", "HEAD"], ...], BeforeValidator(_words)] = Field(
        default=("GET", "HEAD"),
        description="Methods that temporary URLs are made for, if the server allows them too; '' makes none.",
    )
    listingtimeout: float = Field(
        default=15.0,
        ge=0,
        le=3600,
        description="Seconds that a change waits for the container's listing to show it; 0 does not wait.",
    )
    retries: int = Field(
        default=5, ge=0, le=20, description="Times a request is repeated after a failure that may pass."
    )
    connect_timeout: Seconds = Field(default=10.0, description="Seconds to wait for a connection, each time.")
    read_timeout: Seconds = Field(default=60.0, description="Seconds to wait for the server's next bytes, each time.")

    @property
    def version(self) -> int:
        """The version of authentication; 0 if neither authversion nor authurl tells."""
        if self.authversion:
            return self.authversion
        found = [
            matched[1]
            for part in urlsplit(self.authurl).path.split("/")
            if (matched := _VERSION_IN_PATH.fullmatch(part))
        ]
        return int(found[-1]) if found else 0


def check_combinations(parameters: SwiftParameters) -> None:
    """Refuse parameters that contradict each other, or of which one would have no effect (CONF-1, CONF-3).

    Raises:
        ParameterError: Names the parameter that is too many or missing.
    """
    version = parameters.version
    project = parameters.tenant or parameters.tenantid
    problems = [
        (not version, "authversion", "authurl does not tell it; give 1, 2 or 3"),
        (parameters.tenant and parameters.tenantid, "tenantid", "of no use with tenant"),
        (parameters.domain and parameters.domainid, "domainid", "of no use with domain"),
        (parameters.tenantdomain and parameters.tenantdomainid, "tenantdomainid", "of no use with tenantdomain"),
        (parameters.trustid and project, "trustid", "of no use with a tenant"),
        (version > 1 and not project and not parameters.trustid, "tenant", f"needed with authversion {version}"),
        (version == 3 and not parameters.domain and not parameters.domainid, "domain", "needed with authversion 3"),
        (parameters.accesskey and not parameters.secretkey, "secretkey", "needed, since accesskey is given"),
        (parameters.accesskey and not parameters.tenantid, "tenantid", "needed, since accesskey is given"),
        (
            parameters.secretkey and parameters.tempurlcontainerkey is not None,
            "tempurlcontainerkey",
            "of no use with secretkey",
        ),
        (parameters.insecureskipverify and parameters.ca_bundle, "ca_bundle", "of no use with insecureskipverify"),
        (parameters.ca_bundle and not parameters.ca_bundle.is_file(), "ca_bundle", "no such file"),
        *_of_another_version(parameters),
    ]
    for wrong, parameter, detail in problems:
        if wrong:
            raise ParameterError(detail, parameter=parameter, driver_name="swift")


def _of_another_version(parameters: SwiftParameters) -> list[tuple[bool, str, str]]:
    version = parameters.version
    least = {"tenant": 2, "region": 2, "endpointtype": 2}
    least |= dict.fromkeys(("domain", "domainid", "tenantdomain", "tenantdomainid", "trustid"), 3)
    if not parameters.accesskey:
        least["tenantid"] = 2
    fields = type(parameters).model_fields
    return [
        (
            getattr(parameters, name) != fields[name].default and version < needed,
            "authversion",
            f"{version}, as given or told by authurl, has no {name}",
        )
        for name, needed in least.items()
        if version
    ]
