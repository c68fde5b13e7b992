"""Signing through Sigstore: an identity token for a certificate of ten minutes, and an entry in a public log."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from storagedriver.certificates.bundle import SigstoreBundle, names
from storagedriver.certificates.errors import IdentityError, SigningError
from storagedriver.certificates.sigstore_root import SigstoreRoot, public_config, silence
from storagedriver.certificates.trust import TrustedIdentity

if TYPE_CHECKING:
    from sigstore.models import ClientTrustConfig
    from sigstore.oidc import IdentityToken

TOKEN_VARIABLE = "SIGSTORE_IDENTITY_TOKEN"  # noqa: S105  the name of a variable
"""The variable of the environment that holds a token, as Sigstore's own command has it."""


@dataclass(frozen=True, slots=True)
class SignedBundle:
    """What was signed.

    Attributes:
        document: The bundle, as values that JSON knows.
        identity: Who signed it.
    """

    document: dict[str, Any]
    identity: TrustedIdentity


def identity_token(given: str | None) -> IdentityToken:
    """The token that tells who signs: `given`, that of the environment, or that of the pipeline (GitHub Actions and others).

    Nobody is asked, and no browser is opened.

    Raises:
        IdentityError: There is none, or it is none that holds now.
    """
    from sigstore.oidc import IdentityError as Refused  # noqa: PLC0415  an extra of its own
    from sigstore.oidc import IdentityToken, detect_credential  # noqa: PLC0415  as above

    silence()
    try:
        # A token that is given, and is empty, is refused: else the pipeline's would get into a public log unasked.
        raw = given if given is not None else os.environ.get(TOKEN_VARIABLE) or detect_credential()
        if raw is None:
            raise IdentityError(
                "no identity to sign by: this is no pipeline that gives one; give a token by --identity-token or "
                f"{TOKEN_VARIABLE}"
            )
        return IdentityToken(raw)
    except Refused as wrong:
        raise IdentityError(f"no identity to sign by: {wrong}") from wrong


def sign(payload: bytes, token: IdentityToken, *, root: SigstoreRoot | None = None) -> SignedBundle:
    """The bundle of an in-toto Statement, signed by whom the token is for, and verified.

    Args:
        payload: The statement.
        token: Who signs.
        root: The services that certify and log it; None for Sigstore's public ones.

    Raises:
        SigningError: A service cannot be reached, refuses, or gives what does not verify.
        TrustRootsError: `root` means nothing to Sigstore, or names no services.
    """
    silence()
    config = public_config() if root is None else root.config()
    try:
        document, certified = _signed(payload, token, config)
    except Exception as refused:
        # The library lets through what the HTTP client and the parsers of answers raise.
        raise SigningError(f"Sigstore did not sign: {_told(refused)}") from refused
    name, issuer = certified
    identity = TrustedIdentity(name, issuer, name, root)
    # What a log gave may still not verify, and nobody would believe it.
    if problem := SigstoreBundle.of(document).problem(identity):
        raise SigningError(f"what Sigstore signed does not verify: {problem}")
    return SignedBundle(document, identity)


def _signed(payload: bytes, token: IdentityToken, config: ClientTrustConfig) -> tuple[dict[str, Any], tuple[str, str]]:
    from sigstore.dsse import Statement  # noqa: PLC0415  as above
    from sigstore.sign import SigningContext  # noqa: PLC0415  as above

    with SigningContext.from_trust_config(config).signer(token) as signer:
        bundle = signer.sign_dsse(Statement(payload))
    return json.loads(bundle.to_json()), names(bundle.signing_certificate)


def _told(refused: Exception) -> str:
    """What an error says, or what it is; of the library's empty ones, what is behind them."""
    said = str(refused) or str(refused.__cause__ or "")
    return said or type(refused).__name__
