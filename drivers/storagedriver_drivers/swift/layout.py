"""Where things lie in the container: the layout of the Go registry, and a place of its own for staged streams."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

from storagedriver import paths

_FILES, _SEGMENTS, _STAGING = "/files", "/segments", "/staging"
_STATE = "/~state"
_STREAM = "/~"
_SHARING = "~shared/"
_STREAM_ID = re.compile(r"[0-9a-f]{40}")
_LEVELS_OF_A_STREAM = 2
"""Components, below the segments' place, of what all segments of one stream begin with."""


def new_stream() -> str:
    """The id of a stream: random, and of the form of the Go registry's."""
    return hashlib.sha1(secrets.token_bytes(32), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Layout:
    """Names of objects, without a leading slash. Files, segments and stages share no prefix (PATH-6)."""

    root: str

    def key(self, path: str) -> str:
        """The name of a file."""
        return f"{self.root}{_FILES}{path}".lstrip("/")

    def prefix(self, path: str) -> str:
        """What the names of all files below a directory begin with."""
        return self.key("/" if path == paths.ROOT else f"{path}/")

    def path(self, key: str) -> str:
        """The path of a file's name."""
        return f"/{key}"[len(self.root + _FILES) :]

    def state(self, path: str) -> str:
        """The name of the state of a path's staged stream."""
        return f"{self.root}{_STAGING}{path}{_STATE}".lstrip("/")

    def stream(self, path: str, stream: str) -> str:
        """The name of the object that says: this stream into the path may have segments."""
        return f"{self.root}{_STAGING}{path}{_STREAM}{stream}".lstrip("/")

    def stages(self, path: str) -> str:
        """What the names of all that is staged for a path and for what is below it begin with."""
        return f"{self.root}{_STAGING}{'' if path == paths.ROOT else path}/".lstrip("/")

    @staticmethod
    def stream_of(name: str) -> str | None:
        """The stream that a name below stages() tells of; None for a state."""
        last = name.rpartition(_STREAM)[2]
        return last if _STREAM_ID.fullmatch(last) else None

    def staged_path(self, name: str) -> str:
        """The path that a name below stages() belongs to."""
        return f"/{name}"[len(self.root + _STAGING) :].rpartition("/")[0]

    def segments(self, stream: str) -> str:
        """What the names of a stream's segments begin with, without the slash after it."""
        return f"{self.root}{_SEGMENTS}/{stream[:3]}/{stream[3:]}".lstrip("/")

    def segment(self, stream: str, number: int) -> str:
        """The name of segment `number`, from 1 on."""
        return f"{self.segments(stream)}/{number:016d}"

    def sharing(self, stream: str) -> str:
        """The name of the object that says which files have a stream's segments, where that may be several."""
        # Not what its segments' names begin with: a manifest that names that prefix would have it as content.
        return f"{self.all_segments()}{_SHARING}{stream}"

    def is_sharing(self, name: str) -> bool:
        """Whether a name is that of such an object."""
        return name.startswith(f"{self.all_segments()}{_SHARING}")

    def all_segments(self) -> str:
        """What the names of all segments begin with."""
        return f"{self.root}{_SEGMENTS}/".lstrip("/")

    def is_own_segment(self, name: str) -> bool:
        """Whether a name that a manifest tells of, or its prefix, is a segment in this layout, and may be deleted."""
        below = self.all_segments()
        levels = name[len(below) :].split("/") if name.startswith(below) else []
        return len(levels) >= _LEVELS_OF_A_STREAM and all(levels[:_LEVELS_OF_A_STREAM])

    @property
    def overhead(self) -> int:
        """Bytes of the longest name of a path beyond the path itself."""
        return len(self.stream("", new_stream()))
