"""Where things lie in a bucket: the key of each file, and of the state of each staged stream."""

from __future__ import annotations

from dataclasses import dataclass

from storagedriver import paths

_STAGING = "/~staging"
_STATE = "/~state"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where paths lie in the bucket: the root directory and the path, joined, without a leading slash.

    Internal keys hold a `~`, which no path can (PATH-6).
    """

    root: str

    def key(self, path: str) -> str:
        """The key of a file."""
        return (self.root + path).lstrip("/")

    def prefix(self, path: str) -> str:
        """What the keys of all below a directory begin with."""
        directory = self.root if path == paths.ROOT else self.root + path
        return f"{directory}/".lstrip("/")

    def state_key(self, path: str) -> str:
        """The key of the state of a path's staged stream."""
        return f"{self.root}{_STAGING}{path}{_STATE}".lstrip("/")

    def state_prefix(self, path: str) -> str:
        """What the state keys of a path and of all below it begin with."""
        return f"{self.root}{_STAGING}{path}/".lstrip("/")

    def staged_key(self, state_key: str) -> str:
        """The key of the file that a state key belongs to."""
        staged = ("/" + state_key)[len(self.root + _STAGING) : -len(_STATE)]
        return self.key(staged)

    @staticmethod
    def is_state_key(key: str) -> bool:
        """Whether a key is that of a state."""
        return key.endswith(_STATE)

    @property
    def overhead(self) -> int:
        """Bytes of the longest key of a path beyond the path itself."""
        return len(self.root) + len(_STAGING) + len(_STATE) - 1
