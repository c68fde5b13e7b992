"""Streams into one blob, in bounded memory, that nobody sees before commit and another process can continue."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from storagedriver.chunking import Chunks, ChunkSender
from storagedriver.errors import BackendError, PathNotFoundError
from storagedriver.replacement import begun_anew
from storagedriver_drivers.azure import copying, retyping, staging
from storagedriver_drivers.azure.blobs import BlobHead, Container, Layout, written
from storagedriver_drivers.azure.copying import MOST_BLOCKS
from storagedriver_drivers.azure.errors import HttpResponseError, code, is_absent, status
from storagedriver_drivers.azure.parameters import AzureParameters
from storagedriver_drivers.azure.reading import BlobReader, require_whole

MARK = "storagedriver_upload"
"""Name of the metadata by which a file is known as the result of one certain writer, and of the stage it continued."""

_LOST = "what the stream had staged is gone: its path was deleted meanwhile, or another stream ended it"

_COPIED_BLOCK = 64 << 20
"""Bytes of each block that the server copies of a file that is appended to, at least."""

_PRECONDITION_FAILED = 412


@dataclass(frozen=True, slots=True)
class Place:
    """A path in the container: where its file is, and where its streams are staged.

    Attributes:
        container: The container.
        layout: Says which names belong to the path.
        parameters: The driver's.
        path: The path.
    """

    container: Container
    layout: Layout
    parameters: AzureParameters
    path: str

    @property
    def name(self) -> str:
        """Of the file's blob."""
        return self.layout.key(self.path)

    @property
    def state_name(self) -> str:
        """Of the state blob."""
        return self.layout.state_key(self.path)

    def data_name(self, mark: str) -> str:
        """Of the blob in which the stream of this mark is staged."""
        return self.layout.data_key(self.path, mark)

    def own_name(self) -> str:
        """A name below the path's staging prefix that nobody else has."""
        return self.data_name(secrets.token_hex(16))


def put(place: Place, content: bytes | bytearray, metadata: Mapping[str, str] | None = None) -> None:
    """Make the file consist of `content`, in one request that replaces it whole."""
    metadata = metadata or {}
    try:
        place.container.put(place.name, content, metadata)
    except HttpResponseError as error:
        if code(error) != retyping.WRONG_TYPE:
            raise
        pieces = [bytes(content)] if content else []
        retyping.overwrite(
            place.container, place.name, pieces, written(metadata), place.parameters, temporary=place.own_name()
        )


def end_stage(place: Place) -> None:
    """Forget the stage of a path, if there is one, with all it keeps on the server."""
    stage = staging.peek(place.container, place.state_name)
    if stage is None:
        return
    place.container.remove(place.state_name)
    if stage.blocks:
        place.container.discard(place.data_name(stage.mark))


class AzureUpload:
    """One stream: chunks go up as blocks of a blob of its own, a few at once; what is not sent yet is held in memory.

    The blob is not the file's: whatever is written to a blob throws away the blocks that others have staged there.
    """

    def __init__(self, place: Place) -> None:
        """An empty stream; no request is made."""
        self._place: Final = place
        self._container: Final = place.container
        self._chunks: Final[Chunks[str]] = Chunks(place.parameters.chunksize, self._block, name="azure-block")
        self._mark = secrets.token_hex(16)
        # Blocks that the data blob is committed with; it can be resumed once these are all.
        self._kept: tuple[str, ...] = ()
        self._touched = False
        # Ids are unique, and never used again after a failure: a late request cannot replace a block.
        self._run = secrets.token_hex(4)
        self._serial = 0
        # The ETag of the state blob this stream came from or left; None if it has none.
        self._state: str | None = None
        # The stage that this stream came from.
        self._origin = self._mark

    @property
    def size(self) -> int:
        return self._chunks.size

    def write(self, data: memoryview, /) -> None:
        """Take all of `data`. After a failure nothing of it is taken, so that the same call may be repeated."""
        chunks = self._chunks
        if len(chunks.parts) - (-(chunks.held + len(data)) // chunks.chunk_size) > MOST_BLOCKS:
            raise BackendError(
                f"a stream in chunks of {chunks.chunk_size} bytes ends at {MOST_BLOCKS * chunks.chunk_size}: "
                f"the service takes {MOST_BLOCKS} blocks; a larger chunksize allows more"
            )
        chunks.write(data)

    def commit(self) -> None:
        content = self._chunks.one
        if content is not None:
            put(self._place, content, self._metadata)
        else:
            self._publish()
        self._end_state()
        self._discard_data()

    def suspend(self) -> None:
        """Leave the stage to be continued. One that another stream left in the meantime gives way: the newest counts."""
        self._chunks.flush()
        other = staging.peek(self._container, self._place.state_name)
        blocks = tuple(self._chunks.parts)
        if blocks != self._kept:
            # The service forgets blocks that nothing is committed of after a week.
            try:
                self._container.commit(self._data_name, blocks, written(self._metadata))
            except HttpResponseError as error:
                if _is_loss(error):
                    raise BackendError(_LOST) from error
                raise
            self._kept = blocks
        rest = self._chunks.rest
        stage = staging.Stage(secrets.token_hex(16), self._mark, self._kept, self.size - len(rest), len(rest))
        self._state = staging.save(self._container, self._place.state_name, stage, rest)
        if other is not None and other.blocks and other.mark != self._mark:
            self._container.discard(self._place.data_name(other.mark))
        if not blocks:
            self._discard_data()

    def discard(self) -> None:
        if not self._end_state():
            self._discard_data()

    # --- where a stream begins

    def resume(self, stage: staging.Stage, tail: bytes) -> None:
        """Go on where `stage` ends. It stays until commit, discard or suspend, so that a crash loses nothing of it."""
        self._mark = stage.mark
        self._kept = stage.blocks
        self._touched = bool(stage.blocks)
        self._chunks.resume(stage.blocks, stage.stored, tail)
        self._state = stage.etag
        self._origin = stage.id

    def copy_committed(self, head: BlobHead) -> None:
        """Begin with the committed content: what fills a chunk is copied on the server where that is offered."""
        require_whole(head)
        if head.size < self._chunks.chunk_size:
            self._chunks.write(memoryview(BlobReader(self._container, self._place.name, etag=head.etag).read_all()))
            if self.size != head.size:
                raise BackendError("the file was replaced while it was read")
            return
        try:
            self._copy_blocks(head)
            if self.size != head.size:
                raise BackendError("the file was replaced while it was read")
        except BaseException:
            self.discard()
            raise

    def _copy_blocks(self, head: BlobHead) -> None:
        length = max(self._chunks.chunk_size, _COPIED_BLOCK, -(-head.size // (MOST_BLOCKS // 2)))
        while self.size < head.size:
            block, size = self._next_block(), min(length, head.size - self.size)
            copied = copying.block_from(
                self._container, self._data_name, block, self._place.name, head, start=self.size, length=size
            )
            if not copied:
                break
            self._chunks.add(block, size)
        if self.size == head.size:
            return
        with contextlib.closing(BlobReader(self._container, self._place.name, self.size, etag=head.etag)) as reader:
            for piece in iter(lambda: reader.read(self._chunks.chunk_size), b""):
                self.write(memoryview(piece))

    # --- blocks

    @property
    def _data_name(self) -> str:
        return self._place.data_name(self._mark)

    def _next_block(self) -> str:
        # Set first: should the request fail, it may have been done all the same.
        self._touched = True
        self._serial += 1
        return f"{self._serial:06}-{self._run}"

    def _block(self, _: int) -> ChunkSender[str]:
        block, name = self._next_block(), self._data_name

        def stage(content: bytearray) -> str:
            self._container.stage(name, block, content)
            return block

        return stage

    def _publish(self) -> None:
        try:
            blocks = self._chunks.finished()
            etag = self._container.commit(self._data_name, blocks, written(self._metadata))
            copying.copy(
                self._container,
                self._data_name,
                self._place.name,
                written(self._metadata, size=self.size, etag=etag),
                self._place.parameters,
                temporary=self._place.own_name(),
            )
        except HttpResponseError as error:
            if not _is_loss(error):
                raise
            # An earlier try may have succeeded with its answer lost: then the file bears this writer's mark.
            if not self._is_published():
                raise BackendError(_LOST) from error

    @property
    def _metadata(self) -> Mapping[str, str]:
        # Two writers may continue one stage: the second part tells which of them it was.
        return {MARK: f"{self._origin}.{self._run}"}

    def _is_published(self) -> bool:
        head = self._container.head(self._place.name)
        return head is not None and head.metadata.get(MARK) == self._metadata[MARK]

    def _discard_data(self) -> None:
        if self._touched:
            self._container.discard(self._data_name)
            self._touched = False

    # --- stage

    def _end_state(self) -> bool:
        """Remove the state blob if it is this stream's; tells whether another stage lives on in the same data blob."""
        if self._state is None:
            return False
        found = staging.peek(self._container, self._place.state_name)
        if found is not None and found.etag != self._state:
            return found.mark == self._mark
        if found is not None:
            self._container.remove(self._place.state_name)
        self._state = None
        return False


def _is_loss(error: HttpResponseError) -> bool:
    """Whether blocks, or the blob that was made of them, are no longer there."""
    return code(error) == "InvalidBlockList" or is_absent(error)


def continued(place: Place) -> AzureUpload:
    """The stream that continues the newest stage of a path, else its committed content.

    Raises:
        PathNotFoundError: There is neither.
    """
    # Replaced since it was looked at: whoever did that is right, and so is a stream that continues the new file.
    return begun_anew(lambda: _continued(place), lambda error: status(error) == _PRECONDITION_FAILED)


def _continued(place: Place) -> AzureUpload:
    upload = AzureUpload(place)
    found = staging.load(place.container, place.state_name)
    head = place.container.file(place.name)
    if found is not None:
        stage, tail = found
        if head is None or head.metadata.get(MARK, "").partition(".")[0] != stage.id:
            upload.resume(stage, tail)
            return upload
        # It was committed, by a process that ended before it could remove the state.
        end_stage(place)
    if head is None:
        raise PathNotFoundError("neither a file nor a staged stream is there")
    upload.copy_committed(head)
    return upload
