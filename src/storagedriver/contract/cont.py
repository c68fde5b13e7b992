"""CONT: whole content, put and got at once."""

from storagedriver.contract.model import DISTRIBUTION, DOCKER_REGISTRY, STRICTER, Level, Requirement

REQUIREMENTS = (
    Requirement(
        id="CONT-1",
        level=Level.MUST,
        title="What was put is got, byte for byte, at every size",
        promise=(
            "put_content then get_content returns the same content, as bytes: empty, one byte, every byte value, what is not "
            "UTF-8, and sizes at and around every boundary of the driver: chunk size - 1, chunk size, + 1, multiples."
        ),
        rationale="It is what storage is for. Boundaries are where bytes are lost, doubled or taken for text.",
        source=DOCKER_REGISTRY,
    ),
    Requirement(
        id="CONT-2",
        level=Level.MUST,
        title="put_content replaces: shorter over longer leaves no tail",
        promise="After put_content the file is the new content and nothing else, whatever was there and however long.",
        rationale="A tail of the old content makes a file that nobody wrote.",
        source="prevents tails of old content",
    ),
    Requirement(
        id="CONT-3",
        level=Level.MUST,
        title="bytes, bytearray and memoryview are accepted, str is refused, and the buffer stays the caller's",
        promise=(
            "put_content and write take bytes, bytearray and memoryview, one that is not contiguous too; a str is "
            "refused with TypeError. The caller may change the buffer after the call without changing the file."
        ),
        rationale="A buffer that is kept by reference, or written as its printed form, corrupts files later and far away.",
        source="prevents aliased and misprinted buffers",
    ),
    Requirement(
        id="CONT-4",
        level=Level.MUST,
        title="put_content creates all parents",
        promise="put_content of a path whose parents don't exist works; no call is needed, or there, to make a directory.",
        rationale="There are no directories to make in this interface; callers of object stores never make any.",
        source=DISTRIBUTION,
    ),
    Requirement(
        id="CONT-5",
        level=Level.MUST,
        title="get_content of what is absent, or of a directory, raises PathNotFoundError",
        promise=(
            "get_content raises PathNotFoundError where nothing is, where a directory is, and below a path that is a "
            "file."
        ),
        rationale="Callers tell 'not there' from 'broken' by this error alone; empty content instead is data loss.",
        source=DOCKER_REGISTRY,
    ),
    Requirement(
        id="CONT-6",
        level=Level.CAP,
        title="A get during a put sees the old or the new content, whole",
        promise=(
            "With capability atomic_put a get_content or reader that runs while a put_content replaces the file sees "
            "the old or the new content whole: never a mix, never nothing."
        ),
        rationale="Files that are read while they are replaced, such as links and manifests, must never be half a file.",
        source="prevents torn reads",
        capability="atomic_put",
    ),
    Requirement(
        id="CONT-7",
        level=Level.MUST,
        title="After a failed put the old content is whole, or the new is",
        promise="When put_content raises, the path holds the old content whole (or still nothing), or the new, whole.",
        rationale="A failed call is repeated or reported; a partial file is read by somebody as if it were the file.",
        source=STRICTER,
    ),
)
