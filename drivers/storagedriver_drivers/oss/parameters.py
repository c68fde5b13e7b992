"""Parameters of the oss driver."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from storagedriver.errors import ParameterError
from storagedriver.parameters import DriverParameters, RootDirectory, url_of_server

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30

SMALLEST_PART = 100 * KIB
"""OSS refuses a part below this, unless it is the last."""

LARGEST_PART = 5 * GIB
"""The largest part, and the largest object of one PutObject or CopyObject."""

LONGEST_PAGE = 1000
"""Keys of one page of a listing; OSS gives no more."""

LONGEST_KEY = 1023
"""Bytes of the longest key."""

LONGEST_ROOT = 700
"""Bytes of the longest root directory: leaves room for a component of 255 bytes and the names of a stage."""


def _short_root(given: str) -> str:
    if len(given.strip("/")) > LONGEST_ROOT:
        raise ValueError(f"at most {LONGEST_ROOT} bytes, since a key has at most {LONGEST_KEY}")
    return given


PartSize = Annotated[int, Field(ge=SMALLEST_PART, le=LARGEST_PART)]

Seconds = Annotated[float, Field(gt=0, le=3600)]

StorageClass = Literal["NONE", "Standard", "IA"]
"""The classes from which a file is read at once; those of the archive have to be restored first."""

ObjectACL = Literal["none", "default", "private", "public-read", "public-read-write"]


class OSSParameters(DriverParameters):
    """Parameters of the oss driver; `bucket` alone is required. Names are those of the Go registry where it has them."""

    bucket: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$",
        description="The bucket. It has to exist; the driver never makes one.",
    )
    rootdirectory: Annotated[RootDirectory, AfterValidator(_short_root)] = Field(
        default="", description="All keys begin with this prefix; '' and '/' are none."
    )
    accesskeyid: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="AccessKey ID; without it OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET and OSS_SESSION_TOKEN are taken "
        "from the environment.",
    )
    accesskeysecret: SecretStr | None = Field(
        default=None, min_length=1, description="AccessKey secret; goes with accesskeyid, and only with it."
    )
    securitytoken: SecretStr | None = Field(
        default=None, min_length=1, description="Security token of temporary credentials; goes with accesskeyid."
    )
    region: str = Field(
        default="cn-hangzhou",
        pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$",
        description="Region: of the endpoint, and in signatures.",
    )
    endpoint: (
        Annotated[str, url_of_server("https://oss.example.org", credentials="accesskeyid and accesskeysecret")] | None
    ) = Field(default=None, description="URL of a server other than Alibaba's, or of an endpoint of theirs by name.")
    internal: bool = Field(
        default=False, description="Alibaba's endpoint within its own network, which costs no traffic."
    )
    accelerate: bool = Field(default=False, description="Alibaba's transfer acceleration endpoint.")
    forcepathstyle: bool = Field(
        default=False,
        description="The bucket is in the path of the URL, not in the host name. Alibaba's servers refuse that; where "
        "endpoint is an address, it is always so.",
    )
    skipverify: bool = Field(
        default=False, description="Do not verify the server's TLS certificate. A warning is logged."
    )
    ca_bundle: Path | None = Field(
        default=None, description="File of CA certificates (PEM) that the server's certificate is verified against."
    )
    encrypt: bool = Field(
        default=False,
        description="Ask the server to encrypt: by its own key, or by KMS where encryptionkeyid is given.",
    )
    encryptionkeyid: str | None = Field(
        default=None, min_length=1, description="KMS key of encryption; goes with encrypt."
    )
    storageclass: StorageClass = Field(
        default="NONE", description="Storage class of what is written; NONE leaves it to the bucket."
    )
    objectacl: ObjectACL = Field(
        default="none", description="ACL of what is written. none sends none, and the bucket's own counts then."
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


def check_combinations(parameters: OSSParameters) -> None:
    """Refuse parameters that contradict each other, or of which one would have no effect (CONF-1, CONF-3).

    Raises:
        ParameterError: Names the parameter that is too many or missing.
    """
    own_endpoint = parameters.endpoint is not None
    plain = own_endpoint and str(parameters.endpoint).startswith("http:")
    problems = (
        (
            parameters.accesskeyid and not parameters.accesskeysecret,
            "accesskeysecret",
            "needed, as accesskeyid is given",
        ),
        (
            parameters.accesskeysecret and not parameters.accesskeyid,
            "accesskeyid",
            "needed, as accesskeysecret is given",
        ),
        (parameters.securitytoken and not parameters.accesskeyid, "accesskeyid", "needed, as securitytoken is given"),
        (parameters.encryptionkeyid and not parameters.encrypt, "encryptionkeyid", "needs encrypt"),
        (parameters.skipverify and parameters.ca_bundle, "ca_bundle", "of no use with skipverify"),
        (parameters.ca_bundle and not parameters.ca_bundle.is_file(), "ca_bundle", "no such file"),
        (parameters.internal and own_endpoint, "internal", "of no use with endpoint"),
        (parameters.accelerate and own_endpoint, "accelerate", "of no use with endpoint"),
        (parameters.accelerate and parameters.internal, "accelerate", "cannot go with internal"),
        (
            parameters.forcepathstyle and not own_endpoint,
            "forcepathstyle",
            "Alibaba's servers refuse it; needs endpoint",
        ),
    )
    for wrong, parameter, detail in problems:
        if wrong:
            raise ParameterError(detail, parameter=parameter, driver_name="oss")
    if plain and parameters.ca_bundle:
        raise ParameterError("of no use with http", parameter="ca_bundle", driver_name="oss")
