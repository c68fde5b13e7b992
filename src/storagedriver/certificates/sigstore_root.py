"""Sigstore's trust: the file that names certificate authorities and logs, and the services to sign by.

The library `sigstore` is imported when it is needed: trust roots that name identities verify certificates of keys without it.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from storagedriver.certificates.errors import SigningError, TrustRootsError
from storagedriver.report.errors import ReportError
from storagedriver.report.files import parse_json, read_limited

if TYPE_CHECKING:
    from sigstore.models import ClientTrustConfig, TrustedRoot

_LARGEST = 4 << 20
"""Bytes of the largest file of trust that is read; that of the public services has some ten thousand."""

_ROOT = "application/vnd.dev.sigstore.trustedroot"
_CONFIG = "application/vnd.dev.sigstore.clienttrustconfig"


@dataclass(frozen=True, slots=True)
class SigstoreRoot:
    """A file of trust of one's own.

    Attributes:
        path: The file.
        text: JSON: a trusted root of Sigstore, or a client's trust configuration, which holds one.
    """

    path: str
    text: str

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """What the file holds.

        Raises:
            TrustRootsError: It cannot be read, is huge, or is neither of the two.
        """
        name = os.fspath(path)
        try:
            content = read_limited(path, _LARGEST)
            given = parse_json(content, what="a trust configuration of Sigstore")
        except OSError as missing:
            raise TrustRootsError(name, [f"cannot be read: {missing.strerror or missing}"]) from missing
        except ReportError as broken:
            raise TrustRootsError(name, [str(broken)]) from broken
        if not isinstance(given, dict) or not str(given.get("mediaType")).startswith((_ROOT, _CONFIG)):
            raise TrustRootsError(name, ["neither a trusted root of Sigstore nor a client's trust configuration"])
        return cls(name, content.decode("utf-8"))

    def trusted_root(self) -> TrustedRoot:
        """The certificate authorities and logs.

        Raises:
            TrustRootsError: They mean nothing to Sigstore.
        """
        from sigstore.models import TrustedRoot  # noqa: PLC0415  an extra of its own
        from sigstore_models.trustroot.v1 import TrustedRoot as Inner  # noqa: PLC0415  as above

        if self._is_config:
            return self.config().trusted_root
        try:
            return TrustedRoot(Inner.from_json(self.text))
        except Exception as wrong:
            raise self.meaningless(wrong) from wrong

    def config(self) -> ClientTrustConfig:
        """The same, with the services to sign by.

        Raises:
            TrustRootsError: They mean nothing to Sigstore, or are not there.
        """
        from sigstore.models import ClientTrustConfig  # noqa: PLC0415  as above

        if not self._is_config:
            raise TrustRootsError(
                self.path, ["to sign, a client's trust configuration is needed, which names services"]
            )
        try:
            return ClientTrustConfig.from_json(self.text)
        except Exception as wrong:
            raise self.meaningless(wrong) from wrong

    @property
    def _is_config(self) -> bool:
        return str(json.loads(self.text)["mediaType"]).startswith(_CONFIG)

    def meaningless(self, wrong: Exception) -> TrustRootsError:
        """The error for what Sigstore says of it."""
        return TrustRootsError(self.path, [f"no trust configuration that Sigstore understands: {wrong}"])


def public_root() -> TrustedRoot:
    """The public services' certificate authorities and logs, as the library or its cache has them. Nothing is fetched.

    Raises:
        TrustRootsError: The cache cannot be read or written.
    """
    from sigstore.models import ClientTrustConfig  # noqa: PLC0415  as above

    silence()
    try:
        return ClientTrustConfig.production(offline=True).trusted_root
    except Exception as wrong:
        raise TrustRootsError("the trust that the package sigstore brings", [str(wrong) or repr(wrong)]) from wrong


def public_config() -> ClientTrustConfig:
    """The public services, as they are now: that is fetched.

    Raises:
        SigningError: It cannot be.
    """
    from sigstore.models import ClientTrustConfig  # noqa: PLC0415  as above

    silence()
    try:
        return ClientTrustConfig.production()
    except Exception as wrong:
        raise SigningError(f"the trust configuration of Sigstore's public services cannot be had: {wrong}") from wrong


def silence() -> None:
    """Keep what the library logs from standard error, where nobody set up logging; whoever did sees it as before."""
    logger = logging.getLogger("sigstore")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
