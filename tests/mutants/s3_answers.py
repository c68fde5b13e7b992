"""Drivers of S3 that take an answer for another than it is. MinIO is their server."""

from __future__ import annotations

import contextlib
import copy
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import quote

from urllib3.exceptions import InsecureRequestWarning

from mutants.model import mutant
from mutants.object_store import Streaming
from storagedriver import BackendError
from storagedriver.base import ByteSource
from storagedriver.key_layout import KeyLayout
from storagedriver.multipart_upload import MultipartUpload
from storagedriver_drivers.s3 import deletion, multipart
from storagedriver_drivers.s3.answers import ObjectHead
from storagedriver_drivers.s3.client import make_client
from storagedriver_drivers.s3.configuration import redaction
from storagedriver_drivers.s3.driver import S3Driver
from storagedriver_drivers.s3.errors import ClientError, status
from storagedriver_drivers.s3.objects import Bucket
from storagedriver_drivers.s3.parameters import S3Parameters
from storagedriver_drivers.s3.reading import ObjectReader
from storagedriver_drivers.s3.target import ObjectTarget

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef


class Asking(S3Driver):
    """Asks by a bucket of its own."""

    Bucket: type[Bucket] = Bucket

    def __init__(self, parameters: S3Parameters) -> None:
        super().__init__(parameters)
        self._bucket = self.Bucket(self._bucket.client, parameters)


class _EndsAtAnEmptyPage(Bucket):
    def pages(self, prefix: str, *, delimiter: str = "", size: int = 0) -> Iterator[ListObjectsV2OutputTypeDef]:
        for page in super().pages(prefix, delimiter=delimiter, size=size):
            yield page
            if not page.get("Contents") and not page.get("CommonPrefixes"):
                return


@mutant("FAULT-1", bug="a page of no names is the last one, whatever it says")
class EmptyPageIsTheLast(Asking):
    Bucket = _EndsAtAnEmptyPage


class _GoesOnByTheName(Bucket):
    def pages(self, prefix: str, *, delimiter: str = "", size: int = 0) -> Iterator[ListObjectsV2OutputTypeDef]:
        for page in super().pages(prefix, delimiter=delimiter, size=size):
            yield page
            last = page["Contents"][-1]["Key"] if page.get("Contents") else ""
            if page.get("IsTruncated") and last != quote(last, safe="/~"):
                raise BackendError("the marker of the next page is no part of a URL")


@mutant("FOR-1", bug="where a page ends with a name that has to be quoted in a URL, the next one cannot be asked for")
class MarkerIsNotQuoted(Asking):
    Bucket = _GoesOnByTheName


@mutant("FAULT-2", bug="told not to verify certificates, it has no timeouts either")
class UnverifiedHasNoTimeouts(S3Driver):
    def __init__(self, parameters: S3Parameters) -> None:
        patient = {"connect_timeout": 3600, "read_timeout": 3600} if parameters.skipverify else {}
        super().__init__(parameters.model_copy(update=patient))


class Reading(S3Driver):
    """Reads by readers of its own."""

    Reader: type[ObjectReader] = ObjectReader

    def _get_content(self, path: str) -> bytes:
        return self.Reader(self._bucket, self._layout.key(path)).read_all()

    def _reader(self, path: str, offset: int) -> ByteSource:
        return self.Reader(self._bucket, self._layout.key(path), offset)


class _TakesWhatComes(ObjectReader):
    _is_resumed = False

    def _begins_at(self, *, partial: bool, content_range: str) -> None:
        if not self._is_resumed or partial:
            self._is_resumed = True
            super()._begins_at(partial=partial, content_range=content_range)


@mutant("FAULT-1", bug="where a body is resumed, the whole that comes is put behind what there is")
class ResumedByTheWhole(Reading):
    Reader = _TakesWhatComes


class _EndsWhereItIsReplaced(ObjectReader):
    def _reopen(self) -> None:
        try:
            self._open()
        except ClientError as error:
            if status(error) not in {412, 416}:
                raise
            self._body, self._remaining = None, 0


@mutant("FAULT-1", bug="a read that breaks off ends there, if the file was replaced meanwhile")
class ReplacedIsTheEnd(Reading):
    Reader = _EndsWhereItIsReplaced


class _OfOneSize(ObjectReader):
    _total: int | None = None

    def _open(self) -> None:
        # What it asks for may be of any version.
        self.etag = ""
        super()._open()
        total = self._position + (self._remaining or 0)
        if self._total not in {None, total}:
            self.close()
            raise BackendError("the file was replaced while it was read")
        self._total = total


@mutant("FAULT-1", bug="a read that breaks off goes on in whatever is there, if its size is the same")
class ResumedInAnotherOfItsSize(Reading):
    Reader = _OfOneSize


class _SweepsWhatBeginsAlike(ObjectTarget):
    def sweep(self, keep: str | None) -> None:
        for key, upload_id in multipart.unfinished(self.bucket, self.key):
            if upload_id != keep:
                multipart.abort(self.bucket, key, upload_id)


@mutant("FAULT-1", bug="after an upload was begun twice, those of all paths that begin alike are ended")
class SweepEndsOthers(S3Driver):
    def _target(self, path: str) -> ObjectTarget:
        good = super()._target(path)
        return _SweepsWhatBeginsAlike(
            good.bucket, good.key, good.state_key, self._parameters.multipartcopymaxconcurrency
        )


class _CountsAnew(ObjectReader):
    def read(self, size: int, /) -> bytes:
        data = super().read(size)
        if data:
            self._retries = self._bucket.retries
        return data


@mutant("FAULT-2", bug="each byte that comes lets a reader's count of retries begin anew")
class RetriesCountAnew(Reading):
    Reader = _CountsAnew


@mutant("FAULT-2", bug="Retry-After is obeyed, however long it is")
class RetryAfterIsObeyed(S3Driver):
    def __init__(self, parameters: S3Parameters) -> None:
        super().__init__(parameters)
        retries = parameters.maxretries

        def wait(response: tuple[Any, Any] | None, attempts: int, **_: object) -> float | None:
            told = "" if response is None else response[0].headers.get("Retry-After", "")
            return float(told) if told.isdigit() and attempts <= retries else None

        self._bucket.client.meta.events.register_first("needs-retry.s3", wait)  # type: ignore[arg-type]  # what it returns counts


class _ClosesQuietly(MultipartUpload):
    def suspend(self) -> None:
        with contextlib.suppress(Exception):
            super().suspend()


@mutant("FAULT-1", bug="close says nothing where the stage could not be saved")
class CloseIsQuiet(Streaming):
    Stream = _ClosesQuietly


class _SweepsNothing(MultipartUpload):
    def _sweep(self) -> None:
        self._begun_in_doubt = False


@mutant("FAULT-1", bug="an upload that was begun with its answer lost stays, also after the commit")
class RepeatedBeginStays(Streaming):
    Stream = _SweepsNothing


@mutant("FAULT-1", bug="delete says nothing where what is staged could not be ended")
class DeleteEndsWhatItCan(S3Driver):
    def _delete(self, path: str) -> None:
        with mock.patch.object(deletion, "end_streams", _ended_if_possible):
            super()._delete(path)


_END_STREAMS = deletion.end_streams


def _ended_if_possible(bucket: Bucket, layout: KeyLayout, path: str) -> None:
    with contextlib.suppress(ClientError):
        _END_STREAMS(bucket, layout, path)


class _RefusedIsAbsent(Bucket):
    def head(self, key: str) -> ObjectHead | None:
        try:
            return super().head(key)
        except ClientError as error:
            if status(error) == 403:
                return None
            raise


@mutant("FAULT-1", bug="a HEAD that is answered by 403 tells that nothing is there")
class RefusedHeadIsAbsence(Asking):
    Bucket = _RefusedIsAbsent


@mutant("LEAK-1", bug="a move that fails in its middle leaves the upload that it began")
class UploadOfAFailedMoveStays(S3Driver):
    def _move(self, source: str, dest: str) -> None:
        with mock.patch.object(multipart.Multipart, "abort"):
            super()._move(source, dest)


def _target_of(driver: S3Driver, path: str, bucket: Bucket, kind: type[ObjectTarget] = ObjectTarget) -> ObjectTarget:
    """What the driver writes a path's streams to, in another bucket or by another kind of it."""
    given = S3Driver._target(driver, path)
    return kind(bucket, given.key, given.state_key, given.copies_at_once)


def _unadorned(bucket: Bucket) -> Bucket:
    """The same bucket, whose objects are written without storage class, ACL and encryption."""
    plain = copy.copy(bucket)
    plain.write_arguments = {}
    return plain


@mutant("CONF-3", server="minio", bug="what was moved has the storage class of the bucket, and not that of the driver")
class MoveLosesTheClass(S3Driver):
    def _move(self, source: str, dest: str) -> None:
        given = self._bucket
        self._bucket = _unadorned(given)
        try:
            super()._move(source, dest)
        finally:
            self._bucket = given


@mutant("CONF-3", server="minio", bug="streams are written without the storage class, and what is put with it")
class StreamLosesTheClass(S3Driver):
    def _target(self, path: str) -> ObjectTarget:
        return _target_of(self, path, _unadorned(self._bucket))


class _TellsTheKey(ObjectReader):
    def read_all(self) -> bytes:
        try:
            return super().read_all()
        except Exception as error:
            raise BackendError("the answer broke off", path=f"/{self._key}") from error


@mutant("FAULT-2", bug="the error of a body that broke off names the key of the object, with the root before the path")
class KeyInTheError(Reading):
    Reader = _TellsTheKey


class _RefusedStageIsNone(ObjectTarget):
    def open_state(self) -> ObjectReader | None:
        try:
            return super().open_state()
        except ClientError as error:
            if status(error) == 403:
                return None
            raise


@mutant("FAULT-1", bug="a stage that the server refuses to show is taken for none, and what it held is lost")
class RefusedStageIsNone(S3Driver):
    def _target(self, path: str) -> ObjectTarget:
        return _target_of(self, path, self._bucket, _RefusedStageIsNone)


@mutant("FAULT-2", bug="a request that is not authorized is made again, for as long as it is not")
class SignsInForEver(S3Driver):
    def __init__(self, parameters: S3Parameters) -> None:
        super().__init__(parameters)

        def again(response: tuple[Any, Any] | None, **_: object) -> float | None:
            return 0.05 if response is not None and response[0].status_code == 401 else None

        self._bucket.client.meta.events.register_first("needs-retry.s3", again)  # type: ignore[arg-type]  # what it returns counts


class _IsInItsErrors(ObjectReader):
    def read_all(self) -> bytes:
        try:
            return super().read_all()
        except Exception as error:
            told = BackendError("the content cannot be read")
            told.reader = self  # type: ignore[attr-defined]  # that is the bug
            raise told from error


@mutant("FAULT-2", bug="the error of a get holds the reader and its connection, and so cannot be pickled")
class ErrorHoldsTheReader(Reading):
    Reader = _IsInItsErrors


@mutant("SEC-4", bug="the client of large streams verifies no certificate")
class StreamsAreNotVerified(S3Driver):
    def __init__(self, parameters: S3Parameters) -> None:
        super().__init__(parameters)
        client: Any = make_client(parameters)
        client._endpoint.http_session._verify = False
        # Nor does it say so.
        warnings.filterwarnings("ignore", category=InsecureRequestWarning)
        self._streaming = Bucket(client, parameters)

    def close(self) -> None:
        self._streaming.client.close()
        super().close()

    def _target(self, path: str) -> ObjectTarget:
        return _target_of(self, path, self._streaming)


@mutant("SEC-3", bug="the token of a session stays in what the library logs")
class TokenIsLogged(S3Driver):
    def __init__(self, parameters: S3Parameters) -> None:
        super().__init__(parameters)
        self._redaction.close()
        self._redaction = redaction(parameters.model_copy(update={"sessiontoken": None}))
