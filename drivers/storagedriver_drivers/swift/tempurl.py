"""Temporary URLs: signed by a key that the server knows, for one method and one object (URL-1, URL-2)."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote, urlsplit

from storagedriver.dependencies import require
from storagedriver.expiry import seconds_valid
from storagedriver_drivers.swift.objects import Container
from storagedriver_drivers.swift.parameters import SwiftParameters

_KEY_AGE = 300.0
"""Seconds that a key looked up is used before it is looked up again: it may have been changed."""

_DIGESTS = ("sha256", "sha512", "sha1")
"""The preferred first."""


class TemporaryURLs:
    """Makes the URLs of one container."""

    def __init__(self, container: Container, parameters: SwiftParameters) -> None:
        """No request is made."""
        self._container = container
        self._parameters = parameters
        self._found: tuple[float, str] | None = None

    def url(self, name: str, method: str, expires: float | None) -> str | None:
        """A URL for `method` on an object; None if the server makes none for it, or no key is known.

        Raises:
            ParameterError: `expires` is out of range.
        """
        seconds = seconds_valid(expires)
        told = self._container.session.info.get("tempurl")
        known: dict[str, Any] = told if isinstance(told, dict) else {}
        if method not in self._parameters.tempurlmethods or method not in known.get("methods", [method]):
            return None
        key = self._key()
        if not key:
            return None
        storage = urlsplit(self._container.session.storage_url)
        path = f"{storage.path}{quote(self._container.path(name), safe='/~')}"
        signed: str = require("swiftclient.utils", extra="swift", driver_name="swift").generate_temp_url(
            path,
            # Whole seconds, and never longer than asked for.
            int(time.time() + seconds),
            key,
            method,
            absolute=True,
            digest=self._digest(known),
        )
        if self._parameters.accesskey:
            owner = f"{self._parameters.tenantid}:{self._parameters.accesskey}:"
            signed = signed.replace("temp_url_sig=", f"temp_url_sig={quote(owner, safe='')}", 1)
        return f"{storage.scheme}://{storage.netloc}{signed}"

    @staticmethod
    def _digest(known: dict[str, Any]) -> str:
        # Servers that do not tell are old ones, or not Swift: they know the oldest.
        allowed = known.get("allowed_digests") or ["sha1"]
        return next((digest for digest in _DIGESTS if digest in allowed), _DIGESTS[-1])

    def _key(self) -> str:
        if self._parameters.secretkey is not None:
            return self._parameters.secretkey.get_secret_value()
        if self._found is None or time.monotonic() - self._found[0] > _KEY_AGE:
            self._found = time.monotonic(), self._look_up()
        return self._found[1]

    def _look_up(self) -> str:
        where = self._parameters.tempurlcontainerkey
        key = self._key_of(self._container.path(), "container") if where is not False else ""
        return key or (self._key_of("", "account") if where is not True else "")

    def _key_of(self, path: str, kind: str) -> str:
        answer = self._container.session.ask("HEAD", path, what=f"the {kind}", allowed=frozenset({403, 404}))
        if answer.status == 404 and kind == "container":
            self._container.require_existence()
        prefix = f"x-{kind}-meta-temp-url-key"
        return answer.headers.get(prefix) or answer.headers.get(f"{prefix}-2") or ""
