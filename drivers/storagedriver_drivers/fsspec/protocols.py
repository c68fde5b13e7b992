"""What is known of the filesystems of single protocols; of all others the least is claimed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from storagedriver.driver import Capabilities


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a filesystem takes files, and what the driver may claim on it.

    Attributes:
        capabilities: What is claimed.
        makes_directories: Whether a directory is a thing of its own, to be made before its files and removed after them.
        renames: Whether mv() of a file is a rename, that readers see whole. Files are written beside and renamed then,
            since writing in place shows them half.
        options: Storage options that the contract needs: a cache of listings hides what others write.
    """

    capabilities: Capabilities
    makes_directories: bool = False
    renames: bool = False
    options: Mapping[str, object] = field(default_factory=dict)


_LEAST = Capabilities(append=True, atomic_write=True, eager_open=True)
"""append and atomic_write are the driver's own doing: a stream is held in a local file until it is committed."""

_WHOLE = Capabilities(append=True, atomic_put=True, atomic_write=True, eager_open=True, consistent_list=True)
_WHOLE_AND_SHARED = Capabilities(
    append=True, atomic_put=True, atomic_write=True, eager_open=True, consistent_list=True, shared=True
)

_FRESH: Mapping[str, object] = {"use_listings_cache": False}
_OTHER = Protocol(_LEAST, makes_directories=True, options=_FRESH)
_LOCAL = Protocol(_WHOLE_AND_SHARED, makes_directories=True, renames=True)

_KNOWN: Mapping[str, Protocol] = {
    "memory": Protocol(_WHOLE, makes_directories=True),
    "file": _LOCAL,
    "local": _LOCAL,
}


def protocol_of(url: str) -> Protocol:
    """What is known of the URL's protocol."""
    return _KNOWN.get(url.partition("://")[0], _OTHER)
