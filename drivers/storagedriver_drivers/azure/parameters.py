"""Parameters of the azure driver."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from storagedriver.errors import ParameterError
from storagedriver.parameters import DriverParameters, RootDirectory, url_of_server

MIB = 1 << 20

LARGEST_BLOCK = 4000 * MIB
"""The largest block of a blob, and a little less than the largest blob of one Put Blob."""

LARGEST_SYNCHRONOUS_COPY = 256 * MIB
"""The largest blob that Copy Blob From URL takes."""

LONGEST_NAME = 1024
"""Characters of the longest name of a blob."""

LONGEST_ROOT = 650
"""Bytes of the longest root directory: leaves room for a component of 255 bytes and the names of a stage."""


def _account_key(given: SecretStr) -> SecretStr:
    try:
        # As the SDK decodes it when it signs.
        base64.b64decode(given.get_secret_value())
    except (binascii.Error, ValueError):
        raise ValueError("an account key is base64") from None
    return given


def _sas_token(given: SecretStr) -> SecretStr:
    token = given.get_secret_value().removeprefix("?")
    if "sig=" not in token or "://" in token:
        raise ValueError("a shared access signature is needed, as in 'sv=…&sp=…&sig=…', not a URL")
    return SecretStr(token)


def _short_root(given: str) -> str:
    if len(given.strip("/")) > LONGEST_ROOT:
        raise ValueError(f"at most {LONGEST_ROOT} bytes, since a blob's name has at most {LONGEST_NAME}")
    return given


Seconds = Annotated[float, Field(gt=0, le=3600)]


class AzureParameters(DriverParameters):
    """Parameters of the azure driver: `container`, an account and one kind of credential. Names are the Go registry's."""

    container: str = Field(
        pattern=r"^(?:[a-z0-9](?:-?[a-z0-9]){2,62}|\$root|\$web)$",
        max_length=63,
        description="The container. It has to exist; the driver never makes one.",
    )
    accountname: str | None = Field(
        default=None, pattern=r"^[a-z0-9-]{1,63}$", description="The storage account; needed without connectionstring."
    )
    accountkey: Annotated[SecretStr, AfterValidator(_account_key)] | None = Field(
        default=None, min_length=1, description="Credential: a key of the account, in base64."
    )
    sastoken: Annotated[SecretStr, AfterValidator(_sas_token)] | None = Field(
        default=None,
        min_length=1,
        description="Credential: a shared access signature, with or without its '?'. "
        "It has to allow reading, adding, creating, writing, deleting and listing.",
    )
    connectionstring: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="Account, endpoint and credential in one: AccountName with AccountKey or SharedAccessSignature.",
    )
    tenantid: str | None = Field(
        default=None, min_length=1, description="Credential: tenant of an Entra application; needs azure-identity."
    )
    clientid: str | None = Field(
        default=None,
        min_length=1,
        description="The application; with defaultcredentials, the managed identity to take.",
    )
    clientsecret: SecretStr | None = Field(default=None, min_length=1, description="The application's secret.")
    defaultcredentials: bool = Field(
        default=False,
        description="Credential: what azure-identity finds in the environment, a managed identity for one.",
    )
    realm: str = Field(
        default="core.windows.net",
        pattern=r"^[A-Za-z0-9.-]+$",
        description="Domain of the cloud: the endpoint is https://ACCOUNTNAME.blob.REALM.",
    )
    serviceurl: (
        Annotated[str, url_of_server("https://account.blob.core.windows.net", credentials="accountkey or sastoken")]
        | None
    ) = Field(
        default=None, description="URL of the blob service where realm does not lead to it, an emulator's for one."
    )
    rootdirectory: Annotated[RootDirectory, AfterValidator(_short_root)] = Field(
        default="", description="All names of blobs begin with this prefix; '' and '/' are none."
    )
    chunksize: int = Field(
        default=8 * MIB,
        ge=MIB,
        le=LARGEST_BLOCK,
        description="Bytes a stream is cut into; a writer holds a few such chunks in memory.",
    )
    copythresholdsize: int = Field(
        default=LARGEST_SYNCHRONOUS_COPY,
        ge=0,
        le=LARGEST_SYNCHRONOUS_COPY,
        description="Files above this many bytes are copied in blocks, others in one synchronous request.",
    )
    copy_status_poll_delay: Seconds = Field(
        default=0.1,
        description="Seconds before the state of an asynchronous copy is asked for; doubled each time, up to 10.",
    )
    copy_status_poll_max_retry: int = Field(
        default=60, ge=0, le=10_000, description="Times the state is asked for, before the copy is aborted."
    )
    listpage: int = Field(default=5000, ge=1, le=5000, description="Names per page of a listing.")
    max_retries: int = Field(
        default=5, ge=0, le=20, description="Times a request is repeated after a failure that may pass."
    )
    retry_delay: float = Field(
        default=0.5,
        ge=0,
        le=60,
        description="Seconds before the first repetition, at most; doubled each time, up to 20.",
    )
    connect_timeout: Seconds = Field(default=10.0, description="Seconds to wait for a connection, each time.")
    read_timeout: Seconds = Field(default=60.0, description="Seconds to wait for the server's next bytes, each time.")
    skipverify: bool = Field(
        default=False, description="Do not verify the server's TLS certificate. A warning is logged."
    )
    ca_bundle: Path | None = Field(
        default=None, description="File of CA certificates (PEM) that the server's certificate is verified against."
    )

    @property
    def uses_token(self) -> bool:
        """Whether requests carry a token of Entra."""
        return self.defaultcredentials or self.clientsecret is not None


def check_combinations(parameters: AzureParameters) -> None:
    """Refuse parameters that contradict each other, or of which one would have no effect (CONF-1, CONF-3).

    Raises:
        ParameterError: Names the parameter that is too many or missing.
    """
    given = parameters.model_fields_set
    one_string = parameters.connectionstring is not None
    application = parameters.clientsecret is not None or parameters.tenantid is not None
    kinds = {
        "connectionstring": one_string,
        "accountkey": parameters.accountkey is not None,
        "sastoken": parameters.sastoken is not None,
        "clientsecret": application,
        "defaultcredentials": parameters.defaultcredentials,
    }
    chosen = [kind for kind, is_chosen in kinds.items() if is_chosen]
    problems = [
        (not chosen, "accountkey", f"a credential is needed: one of {', '.join(kinds)}"),
        (len(chosen) > 1, chosen[-1] if chosen else "", f"cannot go with {chosen[0] if chosen else ''}"),
        *(
            (one_string and getattr(parameters, name) is not None, name, "of no use with connectionstring")
            for name in ("accountname", "serviceurl")
        ),
        (one_string and "realm" in given, "realm", "of no use with connectionstring, which has EndpointSuffix"),
        (not one_string and parameters.accountname is None, "accountname", "needed, unless connectionstring is given"),
        (application and parameters.tenantid is None, "tenantid", "needed, since clientsecret is given"),
        (application and parameters.clientid is None, "clientid", "needed, since clientsecret is given"),
        (application and parameters.clientsecret is None, "clientsecret", "needed, since tenantid is given"),
        (
            parameters.clientid is not None and not parameters.uses_token,
            "clientid",
            "needs clientsecret or defaultcredentials",
        ),
        (
            parameters.serviceurl is not None and "realm" in given,
            "realm",
            "of no use with serviceurl",
        ),
        (
            parameters.uses_token and (parameters.serviceurl or "").startswith("http://"),
            "serviceurl",
            "https is needed, since tokens are sent",
        ),
        (parameters.skipverify and parameters.ca_bundle, "ca_bundle", "of no use with skipverify"),
        (parameters.ca_bundle and not parameters.ca_bundle.is_file(), "ca_bundle", "no such file"),
    ]
    for wrong, parameter, detail in problems:
        if wrong:
            raise ParameterError(detail, parameter=parameter, driver_name="azure")
