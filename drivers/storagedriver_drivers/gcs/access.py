"""The credentials that the parameters name."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from storagedriver.dependencies import require
from storagedriver.errors import ParameterError
from storagedriver_drivers.gcs.parameters import GCSParameters

SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
"""What access tokens are asked for: objects, and nothing of the bucket's own settings."""


def credentials_of(parameters: GCSParameters) -> Any:
    """The credentials; no request is made where the parameters name them.

    Raises:
        ParameterError: They are no credentials of Google's, or none are named and Google's chain finds none.
    """
    if parameters.anonymous:
        return require("google.auth.credentials", extra="gcs", driver_name="gcs").AnonymousCredentials()
    if parameters.keyfile is not None:
        try:
            text = parameters.keyfile.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as unreadable:
            raise ParameterError("it cannot be read", parameter="keyfile", driver_name="gcs") from unreadable
        return _loaded(text, "keyfile")
    if parameters.credentials is not None:
        return _loaded(parameters.credentials.get_secret_value(), "credentials")
    auth = require("google.auth", extra="gcs", driver_name="gcs")
    try:
        found, _ = auth.default(scopes=[SCOPE])
    except auth.exceptions.DefaultCredentialsError as none:
        raise ParameterError(
            "needed, since Google's own chain of environment, gcloud and metadata server finds no credentials",
            parameter="keyfile",
            driver_name="gcs",
        ) from none
    return found


def can_sign(credentials: Any) -> bool:
    """Whether URLs can be signed with them: a service account's key can; tokens of metadata servers cannot."""
    signing = require("google.auth.credentials", extra="gcs", driver_name="gcs").Signing
    return isinstance(credentials, signing)


def secrets_of(parameters: GCSParameters, credentials: Any) -> list[str]:
    """What must not be shown: the key, as text and as one line of JSON has it, and the access token of the moment."""
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
            f"its type is none of {', '.join(_MAKERS)}; others are for GOOGLE_APPLICATION_CREDENTIALS",
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
