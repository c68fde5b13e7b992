"""Drivers that give strangers what is not theirs."""

from __future__ import annotations

import logging
import os
import posixpath
import re
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from mutants import conf, deletion, path
from mutants.err import SECRET, KeyedDriver
from mutants.model import mutant
from storagedriver import BackendError, FileInfo, StorageDriverError, Upload
from storagedriver.errors import PathNotFoundError
from storagedriver_drivers.filesystem import trail
from storagedriver_drivers.filesystem.driver import FilesystemDriver
from storagedriver_drivers.filesystem.parameters import FilesystemParameters
from storagedriver_drivers.s3.driver import S3Driver
from storagedriver_drivers.s3.objects import Bucket
from storagedriver_drivers.s3.parameters import S3Parameters

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

# --- SEC-1

mutant("SEC-1", rows=("E2", "B119"), bug="paths are normalised, so that .. climbs out of the root")(
    path.DotsAreResolved
)


@mutant("SEC-1", rows=("E2",), bug="what is encoded in a path is decoded, after the check for ..")
class EncodedDotsAreDecoded(path.OwnGrammar):
    def _accepts(self, path: str) -> bool:
        return re.fullmatch(r"/|(/[A-Za-z0-9._%-]+)+", path) is not None and ".." not in path

    def _key(self, path: str) -> str:
        return posixpath.normpath(self._root + urllib.parse.unquote(path))


class ByName(FilesystemDriver):
    """Reads files by their whole names."""

    def __init__(self, parameters: FilesystemParameters) -> None:
        super().__init__(parameters)
        self.root = Path(parameters.rootdirectory)

    def file(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def _get_content(self, path: str) -> bytes:
        try:
            return self.file(path).read_bytes()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as absent:
            raise PathNotFoundError from absent


@mutant("SEC-1", rows=("B119", "E2"), bug="a symbolic link in the root is followed")
class LinksAreFollowed(ByName):
    """Reads by name, and whatever the name leads to."""


@mutant("SEC-1", rows=("B119",), bug="where a name leads to is looked up, and then it is opened by its name")
class LooksThenOpens(ByName):
    def _get_content(self, path: str) -> bytes:
        if Path(os.path.realpath(self.file(path))) != Path(os.path.realpath(self.root)) / path.lstrip("/"):
            raise PathNotFoundError
        return super()._get_content(path)


@mutant("SEC-1", bug="a stream that is to continue a file begins with what a link leads to")
class AppendBeginsWithTheLinked(ByName):
    def _get_content(self, path: str) -> bytes:
        return FilesystemDriver._get_content(self, path)

    def _writer(self, path: str, *, append: bool) -> Upload:
        try:
            return super()._writer(path, append=append)
        except PathNotFoundError:
            if not append or not self.file(path).is_file():
                raise
        upload = super()._writer(path, append=False)
        upload.write(memoryview(self.file(path).read_bytes()))
        return upload


@mutant("SEC-1", bug="delete of a directory takes along what a link in it leads to")
class DeletesThroughLinks(ByName):
    def _delete(self, path: str) -> None:
        for link in [each for each in self.file(path).rglob("*") if each.is_symlink() and each.is_dir()]:
            for inner in link.rglob("*"):
                if inner.is_file():
                    inner.unlink()
        super()._delete(path)


@mutant("SEC-1", bug="a file is written where it is, and so through its second name")
class WritesInPlace(ByName):
    def _put_content(self, path: str, content: bytes) -> None:
        if self.file(path).is_file() and not self.file(path).is_symlink():
            self.file(path).write_bytes(content)
        else:
            super()._put_content(path, content)


@mutant("SEC-1", bug="a directory that was moved meanwhile is not noticed, and its old name is removed where it is now")
class GoesUpBlindly(FilesystemDriver):
    def _delete(self, path: str) -> None:
        with mock.patch.object(trail, "_identity", return_value=None):
            super()._delete(path)


class TrustingBucket(Bucket):
    """Takes what is listed for what was asked for."""

    def pages(self, prefix: str, *, delimiter: str = "", size: int = 0) -> Iterator[ListObjectsV2OutputTypeDef]:
        more: dict[str, Any] = {"Delimiter": delimiter} if delimiter else {}
        while True:
            page = self.client.list_objects_v2(Bucket=self.name, Prefix=prefix, MaxKeys=size or self._page, **more)
            yield page
            if not page.get("IsTruncated"):
                return
            more["ContinuationToken"] = page["NextContinuationToken"]


@mutant("SEC-1", bug="the server's listing is trusted: names that lie outside are shown, and deleted")
class ListingIsTrusted(S3Driver):
    def __init__(self, parameters: S3Parameters) -> None:
        super().__init__(parameters)
        self._bucket.__class__ = TrustingBucket


@mutant("SEC-1", bug="a compressed listing is unpacked, whatever it grows to")
class BombIsUnpacked(S3Driver):
    def _scan(self, path: str) -> Iterable[FileInfo]:
        import urllib3

        url = self._bucket.client.generate_presigned_url(
            "list_objects_v2", Params={"Bucket": self._bucket.name, "Prefix": self._layout.prefix(path)}
        )
        try:
            with urllib3.PoolManager(retries=False) as pool:
                listed = pool.request("GET", url, timeout=5).data
        except urllib3.exceptions.HTTPError as failed:
            raise BackendError("the listing cannot be read") from failed
        if not listed.startswith(b"<"):
            raise BackendError("the listing is no XML")
        return super()._scan(path)


# --- SEC-2

mutant("SEC-2", rows=("E3",), bug="the root 'p' sees what is in the root 'p2'")(conf.RootIsAPrefix)
mutant("SEC-2", rows=("B111",), bug="delete leaves the root out")(deletion.DeletesOutsideItsRoot)
mutant("SEC-2", bug="stages are kept by path, without the root")(conf.StagesWithoutRoot)

# --- SEC-3


@mutant("SEC-3", rows=("E5",), bug="a library logs the secret at level DEBUG")
class SecretIsLogged(KeyedDriver):
    def _authenticate(self, path: str) -> None:
        logging.getLogger("some.library").debug("signing %s with %s", path, self._secret)
        super()._authenticate(path)


@mutant("SEC-3", rows=("E5",), bug="the secret is logged beside the message, where structured logs print it")
class SecretIsLoggedAside(KeyedDriver):
    def _authenticate(self, path: str) -> None:
        logging.getLogger("some.library").info("signed", extra={"request_headers": {"Authorization": self._secret}})
        super()._authenticate(path)


@mutant("SEC-3", rows=("E5",), bug="the wrong secret of a refused request is logged")
class RefusedSecretIsLogged(KeyedDriver):
    def _authenticate(self, path: str) -> None:
        if self._secret != SECRET:
            logging.getLogger("some.library").warning("refused: %r", self._secret)
        super()._authenticate(path)


@mutant("SEC-3", rows=("E5",), bug="the cause of a refusal holds the secret among its values")
class SecretInTheCause(KeyedDriver):
    def _authenticate(self, path: str) -> None:
        if self._secret != SECRET:
            raise PermissionError(13, "refused", self._secret)


@mutant(
    "SEC-3", rows=("E5",), bug="an error keeps the secret among its attributes, and takes it along where it is pickled"
)
class SecretInAnAttribute(KeyedDriver):
    def _translate(self, error: Exception, path: str | None) -> StorageDriverError | None:
        own = super()._translate(error, path)
        if own is not None:
            own.parameters = {"secretkey": self._secret}  # type: ignore[attr-defined]
        return own


@mutant("SEC-3", rows=("E5",), bug="repr(driver) shows the secret")
class SecretInTheRepr(KeyedDriver):
    def __repr__(self) -> str:
        return f"<driver with {self._secret}>"


# --- SEC-4


@mutant("SEC-4", bug="certificates are never verified")
class NothingIsVerified(S3Driver):
    def __init__(self, parameters: S3Parameters) -> None:
        super().__init__(parameters.model_copy(update={"skipverify": True, "ca_bundle": None}))


@mutant("SEC-4", bug="that certificates are not verified is told to nobody")
class SilentlyUnverified(S3Driver):
    def __init__(self, parameters: S3Parameters) -> None:
        logger = logging.getLogger("storagedriver.s3")
        silence: Callable[[logging.LogRecord], bool] = lambda _: False  # noqa: E731
        logger.addFilter(silence)
        try:
            super().__init__(parameters)
        finally:
            logger.removeFilter(silence)
