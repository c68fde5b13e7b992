"""Staged streams: what a closed, uncommitted writer leaves to be continued, by any process (WRITE-10).

The whole chunks of a stream lie in a multipart upload, which S3 keeps; the rest and the list of parts lie in one
state object, whose body is a line of JSON and then the bytes that do not fill a chunk yet.
"""

from __future__ import annotations

from storagedriver.asynchronous.staged_state import damaged, read_header
from storagedriver.multipart_stage import Stage, encoded, parsed
from storagedriver_drivers.s3.errors import is_absent
from storagedriver_drivers.s3_async import multipart
from storagedriver_drivers.s3_async.objects import Bucket
from storagedriver_drivers.s3_async.reading import ObjectReader


async def save(bucket: Bucket, state_key: str, stage: Stage, tail: bytes | bytearray) -> str:
    """Write the state object, over one that may be there; returns its ETag, which no other stage has."""
    return await bucket.put(state_key, encoded(stage, tail))


async def load(bucket: Bucket, state_key: str) -> tuple[Stage, bytes] | None:
    """The newest stage with its tail; None if there is none."""
    opened = await _open(bucket, state_key)
    if opened is None:
        return None
    stage, tail, reader = opened
    tail += await reader.read_all()
    if len(tail) != stage.tail_size:
        raise damaged("its size is not the one it names")
    return stage, tail


async def peek(bucket: Bucket, state_key: str) -> Stage | None:
    """The newest stage without its tail; None if there is none."""
    opened = await _open(bucket, state_key)
    if opened is None:
        return None
    stage, _, reader = opened
    await reader.close()
    return stage


async def end(bucket: Bucket, state_key: str, key: str) -> None:
    """Forget the stage of a path, if there is one, with all it keeps on the server."""
    stage = await peek(bucket, state_key)
    if stage is None:
        return
    await bucket.remove(state_key)
    if stage.upload_id is not None:
        await multipart.abort(bucket, key, stage.upload_id)


async def _open(bucket: Bucket, state_key: str) -> tuple[Stage, bytes, ObjectReader] | None:
    try:
        reader = await ObjectReader.opened(bucket, state_key)
    except Exception as error:
        if is_absent(error):
            return None
        raise
    try:
        header, tail = await read_header(reader)
        return parsed(header, reader.etag), tail, reader
    except BaseException:
        await reader.close()
        raise
