"""READ: streams out."""

from storagedriver.contract.model import DISTRIBUTION, DOCKER_REGISTRY, STRICTER, Level, Requirement

REQUIREMENTS = (
    Requirement(
        id="READ-1",
        level=Level.MUST,
        title="reader(path, n) yields exactly the content from byte n",
        promise="reader(path, n) yields content[n:], for n = 0, 1, size - 1, and around each chunk boundary.",
        rationale="Downloads are resumed by offset; one byte off damages every resumed file.",
        source=DOCKER_REGISTRY,
    ),
    Requirement(
        id="READ-2",
        level=Level.MUST,
        title="An offset at the end or beyond it gives an empty stream",
        promise=(
            "reader(path, n) with n = size or larger, of an empty file too, gives a stream that is at its end. A backend "
            "that answers with an error there (416), or with the whole file, is mapped to this."
        ),
        rationale="Who has everything already asks from the end; an error, or the whole file again, is wrong for them.",
        source=DISTRIBUTION,
    ),
    Requirement(
        id="READ-3",
        level=Level.MUST,
        title="A negative offset raises InvalidOffsetError",
        promise="reader(path, n) with n < 0 raises InvalidOffsetError, which is a ValueError.",
        rationale="A negative range means 'the last n bytes' to many backends: the wrong part of the file, no error.",
        source=DOCKER_REGISTRY,
    ),
    Requirement(
        id="READ-4",
        level=Level.MUST,
        title="A reader of what is absent, or of a directory, raises PathNotFoundError by the first read",
        promise=(
            "Where nothing or a directory is, PathNotFoundError comes from reader() or at the latest from the first "
            "read. A driver that declares eager_open raises it from reader()."
        ),
        rationale="An absent file that reads as an empty one is data loss that nobody notices.",
        source=STRICTER,
    ),
    Requirement(
        id="READ-5",
        level=Level.MUST,
        title="A reader is a well-behaved binary stream, and closing it returns its connection",
        promise=(
            'read(k) with any k, None too, readinto, and iteration to the end work; at the end read gives b"" again and '
            "again; a closed reader raises ValueError; closing twice is fine; a reader that was closed half-read returns "
            "its connection. A reader need not seek; one that says that it is seekable does."
        ),
        rationale="Readers are handed to library code that relies on all of it; a connection not returned runs the pool dry.",
        source=STRICTER,
    ),
    Requirement(
        id="READ-6",
        level=Level.MUST,
        title="Many readers of one file at once each see the whole",
        promise="Readers of one file that are open at the same time, in one thread or many, do not disturb each other.",
        rationale="A popular file is read by many clients at once; shared positions mix up their downloads.",
        source=DISTRIBUTION,
    ),
    Requirement(
        id="READ-7",
        level=Level.MUST,
        title="A truncated transfer is an error or is resumed, never a short success",
        promise=(
            "When the backend's answer breaks off before its announced length, get_content and reader raise BackendError "
            "or fetch the rest; they never end as if the file were shorter."
        ),
        rationale="A short file that was read without an error is believed, copied and served.",
        source="prevents short reads taken for the end",
    ),
)
