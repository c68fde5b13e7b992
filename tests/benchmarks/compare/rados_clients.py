"""Ways to a pool of Ceph: librados, and the benchmark of Ceph's own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any, BinaryIO

from benchmarks.compare.contestants import PIECE, Bench, BenchError
from benchmarks.compare.object_stores import Parameters
from storagedriver.backends.ceph_cluster import program
from storagedriver.dependencies import require_system

NAMESPACE = "peer"
"""Of the pool, where none of the driver's objects are."""

PART = 4 * PIECE
"""Bytes of an object of a stream: as the driver has it, and `rados bench`, unless they are told otherwise."""

AT_ONCE = 4
"""Objects of a stream that are on their way at the same time: as many as the driver's."""

SMALL_CALLS = 50
"""Objects that one turn of `rados bench` moves, one after the other, where they are small."""

LIMIT = 60
"""Seconds after which `rados bench` ends by itself; it ends with the last object."""


class Librados:
    """The module rados: content is one object, also that of a stream, which is written and read in parts."""

    def __init__(self, given: Parameters) -> None:
        rados: Any = require_system("rados", package="python3-rados", driver_name="rados")
        cluster = rados.Rados(
            rados_id=given["username"],
            conffile=rados.Rados.NO_CONF_FILE,
            conf={"mon_host": given["monhost"], "key": given["key"]},
        )
        cluster.connect()
        self._objects = cluster.open_ioctx(given["poolname"])
        self._objects.set_namespace(NAMESPACE)

    def put(self, name: str, content: bytes) -> None:
        self._objects.write_full(name, content)

    def get(self, name: str) -> bytes:
        return b"".join(self._pieces(name))

    def upload(self, name: str, source: BinaryIO) -> None:
        offset = 0
        while piece := source.read(PART):
            if offset:
                self._objects.write(name, piece, offset)
            else:
                self._objects.write_full(name, piece)
            offset += len(piece)

    def download(self, name: str, sink: BinaryIO) -> None:
        sink.writelines(self._pieces(name))

    def _pieces(self, name: str) -> Iterator[bytes]:
        """What the object holds; one that is shorter than a part takes one request."""
        offset = 0
        while True:
            piece: bytes = self._objects.read(name, PART, offset)
            yield piece
            offset += len(piece)
            if len(piece) < PART:
                return


class RadosBench(Bench):
    """`rados bench`, which is C++ and compares what it reads with what it has written."""

    def __init__(self, given: Parameters) -> None:
        self._command = [
            *(program("rados"), "--conf=/dev/null", f"--mon_host={given['monhost']}"),
            *(f"--name=client.{given['username']}", f"--pool={given['poolname']}", f"--namespace={NAMESPACE}"),
        ]
        # In the environment, as the key of a command line can be read by everybody.
        self._environment = {**os.environ, "CEPH_ARGS": f"--key={given['key']}"}
        self._run_name = ""

    def seconds(self, size: int, *, writes: bool, is_stream: bool) -> float:
        part = min(size, PART)
        if writes or self._run_name != str(size):
            wrote = self._wrote(size, part, is_stream=is_stream)
            if writes:
                return wrote
        told = self._ran("seq", f"--concurrent-ios={AT_ONCE if is_stream else 1}", f"--run-name={size}")
        return self._each(told, int(told["total_reads_made"]), size, part)

    def _wrote(self, size: int, part: int, *, is_stream: bool) -> float:
        """Replace what is there of the last write, so that the store does not grow; what is written is read later."""
        if self._run_name:
            self._called("cleanup", f"--run-name={self._run_name}")
        objects = size // part if is_stream else SMALL_CALLS
        told = self._ran(
            *("write", f"--block-size={part}", f"--max-objects={objects}", "--no-cleanup"),
            *(f"--concurrent-ios={AT_ONCE if is_stream else 1}", f"--run-name={size}"),
        )
        self._run_name = str(size)
        return self._each(told, int(told["total_writes_made"]), size, part)

    @staticmethod
    def _each(told: Any, objects: int, size: int, part: int) -> float:
        """Seconds that the bytes of one time take."""
        return float(told["total_time_run"]) * (size / part) / objects

    def _ran(self, *arguments: str) -> Any:
        text = self._called("bench", str(LIMIT), *arguments, "--format=json")
        return json.loads(text[text.index("{") :])

    def _called(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._command, *arguments], env=self._environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BenchError(f"rados {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout
