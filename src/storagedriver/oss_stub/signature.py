"""Signatures of version 4, as OSS documents them: in the header Authorization, or in the URL."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import quote, unquote

from storagedriver.oss_stub.errors import RefusalError

_ALGORITHM = "OSS4-HMAC-SHA256"
_REQUEST = "aliyun_v4_request"
_SKEW = timedelta(minutes=15)
_LONGEST_EXPIRY = timedelta(days=7)
_DATE = "%Y%m%dT%H%M%SZ"
_AUTHORIZATION = re.compile(
    rf"{_ALGORITHM} Credential=(?P<credential>[^,]+)"
    r"(,\s*AdditionalHeaders=(?P<additional>[^,]*))?,\s*Signature=(?P<signature>[0-9a-f]{64})"
)


@dataclass(frozen=True, slots=True)
class Keys:
    """The one pair of keys that a stub takes, and the region that it says to be."""

    access_key: str
    secret_key: str
    region: str


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """What of a request is signed.

    Attributes:
        resource: `/bucket/key`, not quoted; `/bucket/` without a key.
        query: The pairs of the query, quoted as they came.
        headers: By names in lower case.
    """

    method: str
    resource: str
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]


def verify(request: SignedRequest, keys: Keys, *, now: datetime | None = None) -> None:
    """Refuse what the keys did not sign, or not for this moment.

    Raises:
        RefusalError: It is not signed, or by other keys, or altered, or expired.
    """
    moment = now or datetime.now(UTC)
    query = dict(request.query)
    if "x-oss-signature" not in query:
        signature = _of_header(request)
        _compare(request, signature, keys)
        if abs(moment - signature.signed_at) > _SKEW:
            raise RefusalError("RequestTimeTooSkewed", "The clock of the client differs by more than 15 minutes.")
        return
    lasts = timedelta(seconds=_whole(query.get("x-oss-expires", "")))
    if not timedelta(0) < lasts <= _LONGEST_EXPIRY:
        raise RefusalError("InvalidArgument", "x-oss-expires is 1 second to 7 days.")
    signature = _of_url(request, query)
    _compare(request, signature, keys)
    if not signature.signed_at - _SKEW <= moment <= signature.signed_at + lasts:
        raise RefusalError("AccessDenied", "Request has expired.")


@dataclass(frozen=True, slots=True)
class _Signature:
    """A signature as a request tells it, with the part of the query that it is about."""

    signed_at: datetime
    credential: str
    additional: Sequence[str]
    query: Sequence[tuple[str, str]]
    value: str


def _of_header(request: SignedRequest) -> _Signature:
    matched = _AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if matched is None:
        raise RefusalError("AccessDenied", "The request is not signed by version 4.")
    return _Signature(
        signed_at=_date(request.headers.get("x-oss-date", "")),
        credential=matched["credential"],
        additional=_names(matched["additional"] or ""),
        query=request.query,
        value=matched["signature"],
    )


def _of_url(request: SignedRequest, query: Mapping[str, str]) -> _Signature:
    if query.get("x-oss-signature-version") != _ALGORITHM:
        raise RefusalError("InvalidArgument", f"x-oss-signature-version is {_ALGORITHM}.")
    return _Signature(
        signed_at=_date(query.get("x-oss-date", "")),
        credential=unquote(query.get("x-oss-credential", "")),
        additional=_names(unquote(query.get("x-oss-additional-headers", ""))),
        query=[pair for pair in request.query if pair[0] != "x-oss-signature"],
        value=query["x-oss-signature"],
    )


def _names(told: str) -> Sequence[str]:
    return sorted(name for name in told.split(";") if name)


def _compare(request: SignedRequest, signature: _Signature, keys: Keys) -> None:
    access_key, _, scope = signature.credential.partition("/")
    if access_key != keys.access_key:
        raise RefusalError("InvalidAccessKeyId", "The access key is not known here.")
    day = signature.signed_at.strftime("%Y%m%d")
    if scope != f"{day}/{keys.region}/oss/{_REQUEST}":
        raise RefusalError("InvalidArgument", f"The scope is not {day}/{keys.region}/oss/{_REQUEST}.")
    digest = sha256(_canonical(request, signature).encode()).hexdigest()
    told = "\n".join([_ALGORITHM, signature.signed_at.strftime(_DATE), scope, digest])
    secret = f"aliyun_v4{keys.secret_key}".encode()
    for step in (day, keys.region, "oss", _REQUEST):
        secret = hmac.digest(secret, step.encode(), "sha256")
    wanted = hmac.digest(secret, told.encode(), "sha256").hex()
    if not hmac.compare_digest(wanted.encode(), signature.value.encode()):
        raise RefusalError("SignatureDoesNotMatch", "The signature does not fit the request and the secret key.")


def _canonical(request: SignedRequest, signature: _Signature) -> str:
    pairs = "&".join(f"{name}={value}" if value else name for name, value in sorted(signature.query))
    signed = sorted(
        (name, value.strip())
        for name, value in request.headers.items()
        if name.startswith("x-oss-") or name in {"content-type", "content-md5"} or name in signature.additional
    )
    return "\n".join(
        [
            request.method,
            quote(request.resource, safe="/"),
            pairs,
            "".join(f"{name}:{value}\n" for name, value in signed),
            ";".join(signature.additional),
            request.headers.get("x-oss-content-sha256", "UNSIGNED-PAYLOAD"),
        ]
    )


def _date(told: str) -> datetime:
    try:
        return datetime.strptime(told, _DATE).replace(tzinfo=UTC)
    except ValueError:
        raise RefusalError("AccessDenied", "x-oss-date is missing, or no date.") from None


def _whole(told: str) -> int:
    # Ten digits are more than all it takes.
    if not re.fullmatch(r"[0-9]{1,10}", told):
        raise RefusalError("InvalidArgument", "x-oss-expires is a number of seconds.")
    return int(told)
