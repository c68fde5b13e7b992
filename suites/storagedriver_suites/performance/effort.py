"""How much is measured in each profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@dataclass(frozen=True, slots=True)
class Effort:
    """What a profile measures.

    Attributes:
        sizes: Sizes of whole content, in bytes; larger content is for streams.
        streams: Sizes of streams, in bytes.
        files: Numbers of files in a directory.
        clients: Numbers of threads that call at once.
        seconds: How long one workload is repeated.
        least: How often each is done at least, large ones too.
        most: How often each is done at most.
    """

    sizes: tuple[int, ...]
    streams: tuple[int, ...]
    files: tuple[int, ...]
    clients: tuple[int, ...]
    seconds: float
    least: int
    most: int


EFFORTS: Mapping[str, Effort] = {
    "quick": Effort(
        sizes=(0, 4 * KIB, MIB),
        streams=(MIB, 16 * MIB),
        files=(10, 100, 1_000),
        clients=(1, 4, 8),
        seconds=0.3,
        least=2,
        most=100,
    ),
    "full": Effort(
        sizes=(0, 4 * KIB, 64 * KIB, MIB, 16 * MIB),
        streams=(MIB, 16 * MIB, 64 * MIB, 256 * MIB),
        files=(10, 100, 1_000, 10_000),
        clients=(1, 2, 4, 8, 16, 32),
        seconds=2.0,
        least=3,
        most=1_000,
    ),
    "soak": Effort(
        sizes=(0, 4 * KIB, 64 * KIB, MIB, 16 * MIB, 64 * MIB),
        streams=(MIB, 16 * MIB, 64 * MIB, 256 * MIB, GIB),
        files=(10, 100, 1_000, 10_000, 100_000),
        clients=(1, 2, 4, 8, 16, 32, 64),
        seconds=5.0,
        least=3,
        most=5_000,
    ),
}
"""By profile."""
