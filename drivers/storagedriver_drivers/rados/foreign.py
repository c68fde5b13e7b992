"""A pool as another program sees it that knows the layout: maps of directories, and objects of any size."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterable, Mapping
from typing import Any

from storagedriver.dependencies import require_system
from storagedriver.foreign import ForeignRefusal
from storagedriver.parameters import parse
from storagedriver_drivers.rados.client import PACKAGE
from storagedriver_drivers.rados.parameters import RadosParameters

_IN_ONE, _IN_PIECES, _BARE = "in one object", "in pieces", "without attributes and holders"
_PIECE = 100_003  # No chunk of the driver's ends where one of these does.
_LAST_OF_THE_DRIVER = "!~"
_MOST = 100_000


class ForeignRadosObjects:
    """Objects and maps of other programs, by librados alone."""

    ways = (_IN_ONE, _IN_PIECES, _BARE)
    odd_names = (".", "..", "~", "q~r", "x" * 256)

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        """Use the pool that these parameters of the driver name, with the key that they hold."""
        model = parse(RadosParameters, parameters, driver_name="rados")
        self._rados: Any = require_system("rados", package=PACKAGE, driver_name="rados")
        self._cluster = self._rados.Rados(
            rados_id=model.username,
            conffile=self._rados.Rados.NO_CONF_FILE,
            conf={"mon_host": model.monhost or "", "key": model.key.get_secret_value() if model.key else ""},
        )
        self._cluster.connect()
        self._objects = self._cluster.open_ioctx(model.poolname)
        self._objects.set_namespace(model.namespace)
        self._root = model.rootdirectory

    def put(self, name: str, content: bytes, way: str) -> None:
        path = self._root + name
        directories = _split(path)
        for _, child in directories:
            if child <= _LAST_OF_THE_DRIVER:
                raise ForeignRefusal(f"the layout keeps the names up to {_LAST_OF_THE_DRIVER} for itself")
        piece = _PIECE if way == _IN_PIECES else max(1, len(content))
        entry = json.dumps({"file": self._put_objects(path, content, piece, bare=way == _BARE)})
        for directory, child in directories[:-1]:
            if child not in self._map(f"directory:{directory}"):
                self._enter(directory, child, json.dumps({"directory": secrets.token_hex(4)}))
        self._enter(*directories[-1], entry)

    def mark(self, name: str) -> None:
        raise ForeignRefusal(f"the layout has no mark of an empty directory, such as {name}")

    def get(self, name: str) -> bytes | None:
        directory, child = _split(self._root + name)[-1]
        entry = json.loads(self._map(f"directory:{directory}").get(child, "{}"))
        if "file" not in entry:
            return None
        objects = (f"{oid}-{number}" for oid, count, _ in entry["file"]["segments"] for number in range(count))
        return b"".join(self._read(each) for each in objects)

    def holds(self, name: str) -> bool:
        path = self._root + name
        directory, child = _split(path)[-1]
        if child in self._map(f"directory:{directory}"):
            return True
        return any(
            each.key == f"directory:{path}" or each.key.startswith(f"directory:{path}/")
            for each in self._objects.list_objects()
        )

    def close(self) -> None:
        self._objects.close()
        self._cluster.shutdown()

    def _put_objects(self, path: str, content: bytes, piece: int, *, bare: bool) -> dict[str, Any]:
        oid, holder = secrets.token_hex(8), secrets.token_hex(4)
        starts = range(0, len(content), piece)
        for number, start in enumerate(starts):
            with self._rados.WriteOpCtx() as operation:
                operation.write_full(bytes(content[start : start + piece]))  # Cython takes no subclass.
                if not bare:
                    operation.set_xattr("path", path.encode())
                if not bare and not number:
                    operation.set_xattr("size", str(len(content)).encode())
                    self._objects.set_omap(operation, ("holders",), (json.dumps([[holder, path]]).encode(),))
                self._objects.operate_write_op(operation, f"{oid}-{number}")
        segments = [[oid, len(starts), holder]] if starts else []
        return {"size": len(content), "chunk": piece, "segments": segments, "time": time.time_ns(), "id": holder}

    def _enter(self, directory: str, child: str, entry: str) -> None:
        values = {"!state": "open", "!change": secrets.token_hex(4), child: entry}
        with self._rados.WriteOpCtx() as operation:
            self._objects.set_omap(operation, tuple(values), tuple(value.encode() for value in values.values()))
            self._objects.operate_write_op(operation, f"directory:{directory}")

    def _map(self, name: str) -> dict[str, str]:
        with self._rados.ReadOpCtx() as operation:
            found: Iterable[tuple[str, bytes]]
            found, _ = self._objects.get_omap_vals(operation, "", "", _MOST)
            try:
                self._objects.operate_read_op(operation, name)
            except self._rados.ObjectNotFound:
                return {}
            return {key: value.decode() for key, value in found}

    def _read(self, name: str) -> bytes:
        size, _ = self._objects.stat(name)
        content: bytes = self._objects.read(name, size)
        return content


def _split(path: str) -> list[tuple[str, str]]:
    """Each directory on the way to a path, with the name in it that leads on, the last one to the path itself."""
    names = path.split("/")[1:]
    return [("/" + "/".join(names[:depth]), name) for depth, name in enumerate(names)]
