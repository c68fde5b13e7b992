"""Tokens: by Swift's own authentication, version 1, or by Keystone, versions 2 and 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from storagedriver.dependencies import require
from storagedriver.errors import BackendError
from storagedriver_drivers.swift.errors import AnswerError, ClientException
from storagedriver_drivers.swift.parameters import SwiftParameters

_KEYSTONE = "swift-keystone"
_NO_SWIFT = (
    "authentication gave no token and URL of Swift: authurl is no authentication server, or its catalog has no "
    "object-store of this region and endpointtype"
)


@dataclass(frozen=True, slots=True)
class Access:
    """What authentication gives: the account's URL and a token for it."""

    storage_url: str
    token: str = field(repr=False)


class Authenticator:
    """Gets tokens for one user."""

    def __init__(self, parameters: SwiftParameters) -> None:
        """No request is made.

        Raises:
            MissingDependencyError: Keystone is asked for, and its client is not installed.
        """
        self._parameters = parameters
        self._client = require("swiftclient.client", extra="swift", driver_name="swift")
        self._session = _keystone_session(parameters) if parameters.version > 1 else None
        self._keystone: Any = (
            require("keystoneauth1.exceptions", extra=_KEYSTONE, driver_name="swift") if self._session else None
        )
        self._keystone_failures: tuple[type[Exception], ...] = (
            (self._keystone.ClientException,) if self._keystone else ()
        )

    @property
    def transport(self) -> Mapping[str, Any]:
        """How connections are made: TLS and timeouts, as swiftclient's functions take them."""
        parameters = self._parameters
        return {
            "cacert": None if parameters.ca_bundle is None else str(parameters.ca_bundle),
            "insecure": parameters.insecureskipverify,
            "timeout": (parameters.connect_timeout, parameters.read_timeout),
        }

    def access(self, *, renew: bool) -> Access:
        """A token; with `renew` another than the one before.

        Raises:
            AnswerError: The authentication server answered by an error.
            BackendError: It gave no token, or knows no Swift.
        """
        try:
            url, token = self._by_keystone(renew=renew) if self._session is not None else self._by_version_1()
        except ClientException as error:
            status = getattr(error, "http_status", None)
            if not status:
                raise BackendError("authentication failed") from error
            raise AnswerError("authentication", status) from error
        except self._keystone_failures as error:
            raise self._translated(error) from error
        if not url or not token:
            raise BackendError(_NO_SWIFT)
        return Access(str(url).rstrip("/"), str(token))

    def _by_version_1(self) -> tuple[str | None, str | None]:
        parameters = self._parameters
        found: tuple[str | None, str | None] = self._client.get_auth(
            parameters.authurl,
            parameters.username,
            parameters.password.get_secret_value(),
            auth_version="1",
            **self.transport,
        )
        return found

    def _by_keystone(self, *, renew: bool) -> tuple[str | None, str | None]:
        session: Any = self._session
        if renew:
            session.invalidate()
        found: tuple[str | None, str | None] = self._client.get_auth(
            None,
            None,
            None,
            session=session,
            os_options={"region_name": self._parameters.region, "endpoint_type": self._parameters.endpointtype},
        )
        return found

    def _translated(self, error: Exception) -> Exception:
        status = getattr(error, "http_status", None)
        if status:
            return AnswerError("authentication", int(status))
        if isinstance(error, self._keystone.CatalogException):
            return BackendError(_NO_SWIFT)
        if isinstance(error, self._keystone.ConnectionError):
            # It may pass.
            return ConnectionError(type(error).__name__)
        return BackendError(f"authentication failed: {type(error).__name__}")


def _keystone_session(parameters: SwiftParameters) -> Any:
    identity = require(f"keystoneauth1.identity.v{parameters.version}", extra=_KEYSTONE, driver_name="swift")
    session = require("keystoneauth1.session", extra=_KEYSTONE, driver_name="swift")
    url = parameters.authurl.removesuffix("/tokens").removesuffix("/auth")
    if not url.endswith(("/v2.0", "/v3")):
        url += "/v2.0" if parameters.version == 2 else "/v3"
    credentials = {"username": parameters.username, "password": parameters.password.get_secret_value()}
    if parameters.version == 2:
        auth = identity.Password(url, tenant_name=parameters.tenant, tenant_id=parameters.tenantid, **credentials)
    else:
        auth = identity.Password(
            url,
            user_domain_name=parameters.domain,
            user_domain_id=parameters.domainid,
            trust_id=parameters.trustid,
            **credentials,
            **_project(parameters),
        )
    verify: Any = not parameters.insecureskipverify
    if parameters.ca_bundle is not None:
        verify = str(parameters.ca_bundle)
    return session.Session(auth=auth, verify=verify, timeout=parameters.connect_timeout + parameters.read_timeout)


def _project(parameters: SwiftParameters) -> Mapping[str, str | None]:
    if parameters.tenantid or not parameters.tenant:
        return {"project_id": parameters.tenantid}
    own = parameters.tenantdomain or parameters.tenantdomainid
    return {
        "project_name": parameters.tenant,
        "project_domain_name": parameters.tenantdomain if own else parameters.domain,
        "project_domain_id": parameters.tenantdomainid if own else parameters.domainid,
    }
