"""Refusals, by the codes that OSS documents."""

from __future__ import annotations

_STATUSES = {
    "AccessDenied": 403,
    "BucketAlreadyExists": 409,
    "EntityTooLarge": 400,
    "EntityTooSmall": 400,
    "InternalError": 500,
    "InvalidAccessKeyId": 403,
    "InvalidArgument": 400,
    "InvalidBucketName": 400,
    "InvalidDigest": 400,
    "InvalidObjectName": 400,
    "InvalidPart": 400,
    "InvalidPartOrder": 400,
    "InvalidRange": 416,
    "MalformedXML": 400,
    "MethodNotAllowed": 405,
    "MissingContentLength": 411,
    "NoSuchBucket": 404,
    "NoSuchKey": 404,
    "NoSuchUpload": 404,
    "NotImplemented": 501,
    "NotModified": 304,
    "ObjectNotAppendable": 409,
    "PositionNotEqualToLength": 409,
    "PreconditionFailed": 412,
    "RequestTimeTooSkewed": 403,
    "SignatureDoesNotMatch": 403,
}


class RefusalError(Exception):
    """The request is answered by an error.

    Attributes:
        code: As OSS writes it.
        message: For people.
    """

    def __init__(self, code: str, message: str) -> None:
        """Refuse with one of the documented codes."""
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        """The HTTP status of the code."""
        return _STATUSES[self.code]
