"""Parameters of the gcs driver."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from storagedriver.errors import ParameterError
from storagedriver.parameters import DriverParameters, RootDirectory, UserAgent, url_of_server

KIB = 1 << 10
MIB = 1 << 20

CHUNK_UNIT = 256 * KIB
"""Google's unit of pieces of content."""

LARGEST_CHUNK = 8 * MIB
"""The largest content that the client library sends in one request, with its checksum ahead of it."""

LONGEST_PAGE = 1000
"""Names of one page of a listing; the service gives no more."""

LONGEST_KEY = 1024
"""Bytes of the longest name of an object."""

LONGEST_ROOT = 700
"""Bytes of the longest root directory: leaves room for a component of 255 bytes and the names of a stage."""

SERVICE = "https://storage.googleapis.com"
"""Google's own endpoint."""


def _short_root(given: str) -> str:
    if len(given) > LONGEST_ROOT:
        raise ValueError(f"at most {LONGEST_ROOT} bytes, since a name of an object has at most {LONGEST_KEY}")
    return given


Seconds = Annotated[float, Field(gt=0, le=3600)]


class GCSParameters(DriverParameters):
    """Parameters of the gcs driver; `bucket` alone is required."""

    bucket: str = Field(
        pattern=r"^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$",
        description="The bucket. It has to exist; the driver never makes one.",
    )
    rootdirectory: Annotated[RootDirectory, AfterValidator(_short_root)] = Field(
        default="", description="All names begin with this prefix; '' and '/' are none."
    )
    keyfile: Path | None = Field(
        default=None,
        description="File of credentials (JSON), as of a service account. Without it, `credentials` and `anonymous` "
        "Google's chain of environment, gcloud and metadata server is asked.",
    )
    credentials: SecretStr | None = Field(
        default=None, min_length=1, description="The same as text, in place of a file."
    )
    anonymous: bool = Field(default=False, description="No credentials: for public buckets and emulators.")
    endpoint: Annotated[str, url_of_server("http://localhost:4443", credentials="keyfile or credentials")] | None = (
        Field(default=None, description="URL of a server other than Google's. STORAGE_EMULATOR_HOST has no say.")
    )
    skipverify: bool = Field(
        default=False, description="Do not verify the server's TLS certificate. A warning is logged."
    )
    ca_bundle: Path | None = Field(
        default=None, description="File of CA certificates (PEM) that the server's certificate is verified against."
    )
    useragent: UserAgent | None = Field(default=None, description="What the User-Agent header begins with.")
    chunksize: int = Field(
        default=LARGEST_CHUNK,
        ge=CHUNK_UNIT,
        le=LARGEST_CHUNK,
        multiple_of=CHUNK_UNIT,
        description="Bytes a stream is cut into, a multiple of 256 KiB; a writer holds a few such chunks in memory.",
    )
    maxconcurrency: int = Field(
        default=50, ge=1, le=1000, description="Requests at the same time; others wait. Open readers do not count."
    )
    listpage: int = Field(
        default=LONGEST_PAGE, ge=1, le=LONGEST_PAGE, description="Names that are listed in one request, at most."
    )
    maxretries: int = Field(
        default=5, ge=0, le=20, description="Times a request is repeated after a failure that may pass."
    )
    connect_timeout: Seconds = Field(default=10.0, description="Seconds to wait for a connection, each time.")
    read_timeout: Seconds = Field(default=60.0, description="Seconds to wait for the server's next bytes, each time.")

    @property
    def url(self) -> str:
        """Of the server."""
        return self.endpoint or SERVICE


def check_combinations(parameters: GCSParameters) -> None:
    """Refuse parameters that contradict each other, or of which one would have no effect (CONF-1, CONF-3).

    Raises:
        ParameterError: Names the parameter that is too many.
    """
    problems = (
        (parameters.keyfile and parameters.credentials, "credentials", "of no use with keyfile"),
        (parameters.keyfile and parameters.anonymous, "anonymous", "of no use with keyfile"),
        (parameters.credentials and parameters.anonymous, "anonymous", "of no use with credentials"),
        (parameters.keyfile and not parameters.keyfile.is_file(), "keyfile", "no such file"),
        (parameters.skipverify and parameters.ca_bundle, "ca_bundle", "of no use with skipverify"),
        (parameters.ca_bundle and not parameters.ca_bundle.is_file(), "ca_bundle", "no such file"),
    )
    for wrong, parameter, detail in problems:
        if wrong:
            raise ParameterError(detail, parameter=parameter, driver_name="gcs")
