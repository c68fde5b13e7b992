"""Where paths lie in a store of flat keys: each file under its own path, what streams stage in a place of its own."""

from __future__ import annotations

from dataclasses import dataclass

from storagedriver import paths

_STAGING = "/~staging"
_STATE = "/~state"


@dataclass(frozen=True, slots=True)
class KeyLayout:
    """The keys of paths: root directory and path, joined, without a leading slash.

    Keys of the driver's own hold a `~`, which no path can (PATH-6).

    Attributes:
        root: The root directory, with a leading slash and none at its end; empty for the whole store.
    """

    root: str

    def key(self, path: str) -> str:
        """The key of a file."""
        return (self.root + path).lstrip("/")

    def prefix(self, path: str) -> str:
        """What the keys of all below a directory begin with."""
        directory = self.root if path == paths.ROOT else self.root + path
        return f"{directory}/".lstrip("/")

    def staging_prefix(self, path: str) -> str:
        """What the keys of all that streams of a path, and of all below it, have staged begin with."""
        return self.staged(path, "/")

    def state_key(self, path: str) -> str:
        """The key of the state of a path's staged stream."""
        return self.staged(path, _STATE)

    def staged(self, path: str, suffix: str) -> str:
        """The key of something that a stream of a path stages; the suffix tells what. It begins with a slash."""
        return self.key(f"{_STAGING}{path}{suffix}")

    def path_of_state(self, key: str) -> str | None:
        """The path that the state of a staged stream belongs to; None if the key is no state's."""
        return ("/" + key)[len(self.root + _STAGING) : -len(_STATE)] if key.endswith(_STATE) else None

    def overhead(self, suffix: str = _STATE) -> int:
        """Bytes of the longest key of a path beyond the path itself, where no suffix is longer than this one."""
        return len(self.root) + len(_STAGING) + len(suffix) - 1
