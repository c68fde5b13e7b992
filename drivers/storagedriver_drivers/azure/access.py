"""The account as the parameters name it: where it is, and with which credential it is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from storagedriver.dependencies import require
from storagedriver.errors import MissingDependencyError, ParameterError
from storagedriver.urls import split_url
from storagedriver_drivers.azure.parameters import AzureParameters

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


@dataclass(frozen=True, slots=True)
class Access:
    """Where an account is and what it is asked with; exactly one of key, sas and token is set.

    Attributes:
        url: Of the blob service, without a slash at the end.
        account: The account's name; empty where a SAS makes it unneeded.
        key: An account key.
        sas: A shared access signature, without "?".
        token: A source of Entra tokens.
    """

    url: str
    account: str
    key: str | None = field(default=None, repr=False)
    sas: str | None = field(default=None, repr=False)
    token: TokenCredential | None = field(default=None, repr=False)

    @property
    def credential(self) -> Any:
        """What the SDK's clients take for a credential."""
        if self.key is not None:
            return {"account_name": self.account, "account_key": self.key}
        return self.sas if self.sas is not None else self.token

    def close(self) -> None:
        """Release the connections of the source of tokens."""
        close = getattr(self.token, "close", None)
        if close is not None:
            close()


def access_of(parameters: AzureParameters) -> Access:
    """The account of the parameters; no request is made.

    Raises:
        ParameterError: The connection string lacks something.
        MissingDependencyError: A token is needed, and azure-identity is not installed.
    """
    if parameters.connectionstring is not None:
        return _of_connection_string(parameters.connectionstring.get_secret_value())
    account = parameters.accountname or ""
    url = parameters.serviceurl or f"https://{account}.blob.{parameters.realm}"
    if parameters.accountkey is not None:
        return Access(url, account, key=parameters.accountkey.get_secret_value())
    if parameters.sastoken is not None:
        return Access(url, account, sas=parameters.sastoken.get_secret_value())
    return Access(url, account, token=_token_source(parameters))


def _of_connection_string(text: str) -> Access:
    settings = {
        name.strip().lower(): value.strip()
        for name, separator, value in (part.partition("=") for part in text.split(";"))
        if separator
    }
    account, key = settings.get("accountname", ""), settings.get("accountkey")
    sas = settings.get("sharedaccesssignature", "").removeprefix("?") or None
    if (key is None) == (sas is None):
        raise _bad_string("it needs AccountKey or SharedAccessSignature, and not both")
    if key is not None and not account:
        raise _bad_string("it needs AccountName, since it has AccountKey")
    url = settings.get("blobendpoint", "").rstrip("/")
    if not url:
        if not account:
            raise _bad_string("it needs AccountName or BlobEndpoint")
        scheme = settings.get("defaultendpointsprotocol", "https")
        url = f"{scheme}://{account}.blob.{settings.get('endpointsuffix', 'core.windows.net')}"
    try:
        parts = split_url(url)
    except ValueError:
        raise _bad_string("its endpoint is no URL") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise _bad_string("its endpoint is no URL of http or https")
    return Access(url, account, key=key, sas=sas)


def _bad_string(detail: str) -> ParameterError:
    return ParameterError(detail, parameter="connectionstring", driver_name="azure")


def _token_source(parameters: AzureParameters) -> TokenCredential:
    try:
        identity = require("azure.identity", extra="azure", driver_name="azure")
    except MissingDependencyError as missing:
        raise MissingDependencyError(
            "azure-identity is not installed, which credentials of Entra need; "
            "install it with: pip install azure-identity",
            driver_name="azure",
        ) from missing
    if parameters.clientsecret is not None:
        made: TokenCredential = identity.ClientSecretCredential(
            tenant_id=parameters.tenantid,
            client_id=parameters.clientid,
            client_secret=parameters.clientsecret.get_secret_value(),
        )
        return made
    chosen: TokenCredential = identity.DefaultAzureCredential(
        **({"managed_identity_client_id": parameters.clientid} if parameters.clientid else {})
    )
    return chosen
