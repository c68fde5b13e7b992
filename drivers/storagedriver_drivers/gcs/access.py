"""The credentials that the parameters name."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from storagedriver.dependencies import require
from storagedriver.errors import ParameterError
from storagedriver_drivers.gcs.parameters import GCSParameters

_credentials = require("google.auth.credentials", extra="gcs", driver_name="gcs")
_Credentials: Any = _credentials.Credentials

SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
"""What access tokens are asked for: objects, and nothing of the bucket's own settings."""

_NAMED = "GOOGLE_APPLICATION_CREDENTIALS"


class ChainCredentials(_Credentials):  # type: ignore[misc]  # imported late, untyped
    """What Google's chain of gcloud and metadata server finds: looked for with the first request, as that takes others."""

    def __init__(self) -> None:
        super().__init__()
        self._found: Any = None

    def refresh(self, request: Any) -> None:
        """Get an access token. Raises google.auth's errors, DefaultCredentialsError where nothing is found."""
        if self._found is None:
            auth = require("google.auth", extra="gcs", driver_name="gcs")
            self._found, _ = auth.default(scopes=[SCOPE], request=request)
        self._found.refresh(request)
        self.token, self.expiry = self._found.token, self._found.expiry


def credentials_of(parameters: GCSParameters) -> Any:
    """The credentials; no request is made.

    Raises:
        ParameterError: They are no credentials of Google's.
    """
    if parameters.anonymous:
        return _credentials.AnonymousCredentials()
    if parameters.keyfile is not None:
        try:
            text = parameters.keyfile.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as unreadable:
            raise ParameterError("it cannot be read", parameter="keyfile", driver_name="gcs") from unreadable
        return _loaded(text, "keyfile")
    if parameters.credentials is not None:
        return _loaded(parameters.credentials.get_secret_value(), "credentials")
    if os.environ.get(_NAMED):
        # A file, which is read here, as it tells whether URLs can be signed.
        auth = require("google.auth", extra="gcs", driver_name="gcs")
        found, _ = auth.default(scopes=[SCOPE])
        return found
    return ChainCredentials()


def can_sign(credentials: Any) -> bool:
    """Whether URLs can be signed with them: a service account's key can; tokens of metadata servers cannot."""
    return isinstance(credentials, _credentials.Signing)


def secrets_of(parameters: GCSParameters, credentials: Any) -> list[str]:
    """What must not be shown: the credentials as they were given, and the access token of the moment."""
    given = parameters.credentials.get_secret_value() if parameters.credentials else ""
    token = getattr(credentials, "token", None)
    return [secret for secret in (given, token) if isinstance(secret, str) and secret]


def _loaded(text: str, parameter: str) -> Any:
    # Never with the cause: its message may quote what was given.
    try:
        information = json.loads(text)
    except ValueError:
        information = None
    if not isinstance(information, dict):
        raise ParameterError("it is not the JSON of Google's credentials", parameter=parameter, driver_name="gcs")
    make = _MAKERS.get(str(information.get("type")))
    if make is None:
        raise ParameterError(
            f"its type is none of {', '.join(_MAKERS)}; others are for {_NAMED}",
            parameter=parameter,
            driver_name="gcs",
        )
    problem = None
    errors = require("google.auth.exceptions", extra="gcs", driver_name="gcs").GoogleAuthError
    try:
        return make(information)
    except (errors, ValueError, TypeError, KeyError) as refused:
        problem = type(refused).__name__
    raise ParameterError(f"Google's library refuses it ({problem})", parameter=parameter, driver_name="gcs")


def _service_account(information: dict[str, Any]) -> Any:
    module = require("google.oauth2.service_account", extra="gcs", driver_name="gcs")
    return module.Credentials.from_service_account_info(information, scopes=[SCOPE])


def _user(information: dict[str, Any]) -> Any:
    module = require("google.oauth2.credentials", extra="gcs", driver_name="gcs")
    return module.Credentials.from_authorized_user_info(information, scopes=[SCOPE])


_MAKERS: Mapping[str, Callable[[dict[str, Any]], Any]] = {"service_account": _service_account, "authorized_user": _user}
"""By the type of the credentials. Those that name programs or addresses of their own are not taken from parameters."""
