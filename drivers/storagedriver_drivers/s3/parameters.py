"""Parameters of the s3 driver."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from storagedriver.errors import ParameterError
from storagedriver.parameters import DriverParameters, RootDirectory, UserAgent
from storagedriver.urls import split_url

MIB = 1 << 20
GIB = 1 << 30

SMALLEST_PART = 5 * MIB
"""S3 refuses a part below this, unless it is the last."""

LARGEST_PART = 5 * GIB
"""The largest part, and the largest object of one PutObject or CopyObject."""

LONGEST_PAGE = 1000
"""Keys of one page of a listing; S3 gives no more."""

LONGEST_KEY = 1024
"""Bytes of the longest key."""

LONGEST_ROOT = 700
"""Bytes of the longest root directory: leaves room for a component of 255 bytes and the names of a stage."""

_LONGEST_HOST = 255
_HOST_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


def _endpoint(given: str) -> str:
    scheme, separator, _ = given.partition("://")
    if separator and scheme.lower() not in {"http", "https"}:
        raise ValueError("the scheme is http or https, or left out")
    parts = split_url(given if separator else f"//{given}")
    if not parts.hostname or any(character.isspace() for character in given):
        raise ValueError("a host is needed, as in 'https://s3.example.org:9000'")
    if not _is_host(parts.hostname):
        raise ValueError("the host is none: names are letters, digits, inner dashes, and dots between them")
    if parts.username or parts.password:
        raise ValueError("credentials do not belong here; use accesskey and secretkey")
    if parts.query or parts.fragment:
        raise ValueError("a query or fragment has no place in an endpoint")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("the port is a number up to 65535") from None
    return given.rstrip("/")


def _is_host(name: str) -> bool:
    # What is no host for boto3 is refused by it too late, as a ValueError of the client's making.
    if ":" in name:
        try:
            ipaddress.IPv6Address(name)
        except ValueError:
            return False
        return True
    return len(name) <= _LONGEST_HOST and all(
        _HOST_LABEL.fullmatch(label) for label in name.removesuffix(".").split(".")
    )


def _region(given: str) -> str:
    # It becomes part of a host name, and boto3 refuses it otherwise.
    if not _HOST_LABEL.fullmatch(given) or given.isdigit():
        raise ValueError("letters, digits and inner dashes, at most 63, and not digits alone")
    return given


def _short_root(given: str) -> str:
    if len(given.strip("/")) > LONGEST_ROOT:
        raise ValueError(f"at most {LONGEST_ROOT} bytes, since a key has at most {LONGEST_KEY}")
    return given


PartSize = Annotated[int, Field(ge=SMALLEST_PART, le=LARGEST_PART)]

Seconds = Annotated[float, Field(gt=0, le=3600)]

StorageClass = Literal[
    "NONE",
    "STANDARD",
    "REDUCED_REDUNDANCY",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "OUTPOSTS",
    "GLACIER_IR",
]

Checksum = Literal["md5", "sha256"]

ObjectACL = Literal[
    "none",
    "private",
    "public-read",
    "public-read-write",
    "authenticated-read",
    "aws-exec-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
]


class S3Parameters(DriverParameters):
    """Parameters of the s3 driver; `bucket` alone is required. Names are those of the Go registry."""

    bucket: str = Field(
        pattern=r"^[A-Za-z0-9._-]{3,255}$", description="The bucket. It has to exist; the driver never makes one."
    )
    rootdirectory: Annotated[RootDirectory, AfterValidator(_short_root)] = Field(
        default="", description="All keys begin with this prefix; '' and '/' are none."
    )
    accesskey: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="Access key; without it boto3's chain of environment, profile and instance role is asked.",
    )
    secretkey: SecretStr | None = Field(
        default=None, min_length=1, description="Secret key; goes with accesskey, and only with it."
    )
    sessiontoken: SecretStr | None = Field(
        default=None, min_length=1, description="Session token of temporary credentials; goes with accesskey."
    )
    region: Annotated[str, AfterValidator(_region)] = Field(
        default="us-east-1", description="Region: of the endpoint, and in signatures."
    )
    regionendpoint: Annotated[str, AfterValidator(_endpoint)] | None = Field(
        default=None, description="URL of a server other than Amazon's; without a scheme, `secure` decides on it."
    )
    secure: bool = Field(
        default=True, description="https; false for http. Has no say where regionendpoint has a scheme."
    )
    skipverify: bool = Field(
        default=False, description="Do not verify the server's TLS certificate. A warning is logged."
    )
    ca_bundle: Path | None = Field(
        default=None, description="File of CA certificates (PEM) that the server's certificate is verified against."
    )
    forcepathstyle: bool | None = Field(
        default=None,
        description="true: the bucket is in the path of the URL; false: in the host name. "
        "Without it: path style with regionendpoint, else the host name.",
    )
    usedualstack: bool = Field(default=False, description="Amazon's endpoint that answers over IPv6 too.")
    accelerate: bool = Field(default=False, description="Amazon's transfer acceleration endpoint.")
    encrypt: bool = Field(
        default=False, description="Ask the server to encrypt: SSE-S3, or SSE-KMS where keyid is given."
    )
    keyid: str | None = Field(default=None, min_length=1, description="KMS key of encryption; goes with encrypt.")
    storageclass: StorageClass = Field(
        default="STANDARD", description="Storage class of what is written; NONE leaves it to the bucket."
    )
    objectacl: ObjectACL = Field(
        default="none",
        description="Canned ACL of what is written. none sends none, and S3 then makes the object private; "
        "buckets that enforce their owner refuse most others.",
    )
    checksum: Checksum = Field(
        default="md5",
        description="How the server notices a damaged body: md5 sends Content-MD5, which every server checks; sha256 is that "
        "of the signature alone, in a third of the processor time, for servers that compare it with the body.",
    )
    chunksize: PartSize = Field(
        default=10 * MIB, description="Bytes a stream is cut into; a writer holds a few such chunks in memory."
    )
    multipartcopychunksize: PartSize = Field(
        default=32 * MIB, description="Bytes of each part when move copies in parts."
    )
    multipartcopymaxconcurrency: int = Field(
        default=8, ge=1, le=100, description="Parts that one move or append copies at the same time."
    )
    multipartcopythresholdsize: int = Field(
        default=32 * MIB, ge=0, le=LARGEST_PART, description="Files above this many bytes are copied in parts."
    )
    listpage: int = Field(
        default=LONGEST_PAGE, ge=1, le=LONGEST_PAGE, description="Keys that are listed in one request, at most."
    )
    maxretries: int = Field(
        default=5, ge=0, le=20, description="Times a request is repeated after a failure that may pass."
    )
    connect_timeout: Seconds = Field(default=10.0, description="Seconds to wait for a connection, each time.")
    read_timeout: Seconds = Field(default=60.0, description="Seconds to wait for the server's next bytes, each time.")
    useragent: UserAgent = Field(default="storagedriver", description="What the User-Agent header begins with.")

    @property
    def endpoint_url(self) -> str | None:
        """The endpoint with a scheme; None for Amazon's."""
        if self.regionendpoint is None or "://" in self.regionendpoint:
            return self.regionendpoint
        return f"{'https' if self.secure else 'http'}://{self.regionendpoint}"


def check_combinations(parameters: S3Parameters, *, driver_name: str) -> None:
    """Refuse parameters that contradict each other, or of which one would have no effect (CONF-1, CONF-3).

    Raises:
        ParameterError: Names the parameter that is too many or missing.
    """
    own_endpoint = parameters.regionendpoint is not None
    problems = (
        (parameters.accesskey and not parameters.secretkey, "secretkey", "needed, since accesskey is given"),
        (parameters.secretkey and not parameters.accesskey, "accesskey", "needed, since secretkey is given"),
        (parameters.sessiontoken and not parameters.accesskey, "accesskey", "needed, since sessiontoken is given"),
        (parameters.keyid and not parameters.encrypt, "keyid", "needs encrypt"),
        (parameters.skipverify and parameters.ca_bundle, "ca_bundle", "of no use with skipverify"),
        (parameters.ca_bundle and not parameters.ca_bundle.is_file(), "ca_bundle", "no such file"),
        (parameters.usedualstack and own_endpoint, "usedualstack", "of no use with regionendpoint"),
        (parameters.accelerate and own_endpoint, "accelerate", "of no use with regionendpoint"),
        (parameters.accelerate and parameters.forcepathstyle, "accelerate", "cannot go with forcepathstyle"),
    )
    for wrong, parameter, detail in problems:
        if wrong:
            raise ParameterError(detail, parameter=parameter, driver_name=driver_name)
