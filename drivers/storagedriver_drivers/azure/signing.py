"""URLs that give a blob to whoever has them: for redirects, and for the source of a copy."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from storagedriver.dependencies import require
from storagedriver_drivers.azure.access import Access

if TYPE_CHECKING:
    from azure.storage.blob import (
        BlobClient,
        BlobSasPermissions,
        BlobServiceClient,
        UserDelegationKey,
        generate_blob_sas,
    )
else:
    _blob = require("azure.storage.blob", extra="azure", driver_name="azure")
    BlobSasPermissions = _blob.BlobSasPermissions
    generate_blob_sas = _blob.generate_blob_sas

_COPY_EXPIRY = 24 * 60 * 60
"""Seconds that the source of a copy may be read."""

_SKEW = timedelta(minutes=15)


class Signer:
    """Signs with the account's key, or with a user delegation key where the credential is of Entra."""

    def __init__(self, service: BlobServiceClient, access: Access) -> None:
        """Sign for this account; no request is made."""
        self._service = service
        self._access = access
        self._lock = threading.Lock()
        self._delegation: tuple[datetime, UserDelegationKey] | None = None

    @property
    def can_sign(self) -> bool:
        """Whether there is something to sign with; a shared access signature cannot make others."""
        return self._access.sas is None

    def source(self, blob: BlobClient) -> str:
        """The URL of a blob as the source of a copy. A copy's source needs an authorization of its own."""
        if self.can_sign:
            return self.readable(blob, _COPY_EXPIRY)
        # The client's own URL already bears the signature that the driver was given.
        return blob.url

    def readable(self, blob: BlobClient, seconds: float) -> str:
        """A URL that reads this one blob, for so many seconds at most."""
        # Signatures know whole seconds: never longer than asked for.
        expiry = (datetime.now(UTC) + timedelta(seconds=seconds)).replace(microsecond=0)
        signature = generate_blob_sas(
            account_name=blob.account_name or self._access.account,
            container_name=blob.container_name,
            blob_name=blob.blob_name,
            account_key=self._access.key,
            user_delegation_key=None if self._access.key else self._delegation_key(expiry),
            permission=BlobSasPermissions(read=True),
            expiry=expiry,
            protocol="https" if self._access.url.startswith("https:") else None,
        )
        return f"{blob.url}?{signature}"

    def _delegation_key(self, expiry: datetime) -> UserDelegationKey:
        with self._lock:
            if self._delegation is None or self._delegation[0] < expiry:
                now = datetime.now(UTC)
                # Asked for in advance, so that most URLs need no request.
                until = max(expiry, now + timedelta(days=1)).replace(microsecond=0)
                key = self._service.get_user_delegation_key(now - _SKEW, min(until, now + timedelta(days=7)))
                self._delegation = (until, key)
            return self._delegation[1]
