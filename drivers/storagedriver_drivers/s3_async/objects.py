"""A bucket as the driver uses it: single objects and listings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from storagedriver_drivers.s3.answers import ObjectHead, head_of, next_page, require_below, required_etag
from storagedriver_drivers.s3.arguments import CONTENT_TYPE, of_body, of_writes, part_of_object
from storagedriver_drivers.s3.errors import ClientError, is_absent
from storagedriver_drivers.s3.parameters import S3Parameters

if TYPE_CHECKING:
    from types_aiobotocore_s3 import S3Client
    from types_aiobotocore_s3.type_defs import GetObjectOutputTypeDef, ListObjectsV2OutputTypeDef


class Bucket:
    """One bucket through one client, with what was learned of its server. Errors are boto3's; the driver translates them.

    Attributes:
        lists_uploads_by_prefix: Whether the server lists unfinished uploads so, as far as it is known.
    """

    def __init__(self, client: S3Client, parameters: S3Parameters) -> None:
        """Use `client` for the bucket that the parameters name."""
        self.client = client
        self.name = parameters.bucket
        self.retries = parameters.maxretries
        self._page = parameters.listpage
        self.write_arguments = of_writes(parameters)
        self.checksum = parameters.checksum
        self.lists_uploads_by_prefix = True

    async def head(self, key: str) -> ObjectHead | None:
        """Size, ETag, time and metadata; None if there is no such object.

        A HEAD answer cannot tell an absent bucket from an absent object: who takes None for an answer asks something
        else of the bucket too.
        """
        try:
            answer = await self.client.head_object(Bucket=self.name, Key=key)
        except ClientError as error:
            if is_absent(error):
                return None
            raise
        return head_of(answer)

    async def open(
        self, key: str, *, start: int = 0, end: int | None = None, if_match: str | None = None
    ) -> GetObjectOutputTypeDef:
        """Begin to read from byte `start`, up to but without byte `end`."""
        return await self.client.get_object(Bucket=self.name, Key=key, **part_of_object(start, end, if_match))

    async def put(self, key: str, content: bytes | bytearray, metadata: Mapping[str, str] | None = None) -> str:
        """Write one object whole; returns its ETag."""
        answer = await self.client.put_object(
            Bucket=self.name,
            Key=key,
            Body=content,  # type: ignore[arg-type]  # bytearray is taken too
            ContentType=CONTENT_TYPE,
            Metadata=metadata or {},
            **of_body(content, self.checksum),
            **self.write_arguments,
        )
        return required_etag(answer, "PutObject")

    async def remove(self, key: str) -> None:
        """Delete one object; one that is absent is no error to S3."""
        await self.client.delete_object(Bucket=self.name, Key=key)

    async def pages(
        self, prefix: str, *, delimiter: str = "", size: int = 0
    ) -> AsyncIterator[ListObjectsV2OutputTypeDef]:
        """The listing of a prefix, page by page, each of at most `size` keys; 0 for as many as the driver was told."""
        grouped = {"Delimiter": delimiter} if delimiter else {}
        arguments: dict[str, Any] | None = {"MaxKeys": size or self._page, **grouped}
        while arguments is not None:
            page = await self.client.list_objects_v2(Bucket=self.name, Prefix=prefix, **arguments)
            require_below(page, prefix)
            yield page
            arguments = next_page(page, arguments)

    async def holds(self, prefix: str) -> bool:
        """Whether any key begins with `prefix`."""
        # A page may hold nothing and say that more follows.
        async for page in self.pages(prefix, size=1):
            if page.get("Contents"):
                return True
        return False
