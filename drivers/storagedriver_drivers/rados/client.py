"""One pool through librados: connecting when first needed, and the few kinds of requests that the driver makes.

What librados says is told apart here: that an object is absent, or that a guard did not hold, is an answer; all else
is a BackendError.
"""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

from storagedriver.dependencies import require_system
from storagedriver.errors import BackendError
from storagedriver_drivers.rados import errors
from storagedriver_drivers.rados.parameters import RadosParameters

PACKAGE = "python3-rados"
"""Debian's package of the module rados, which no package index has."""

_ENOENT, _EEXIST, _ECANCELED, _EINVAL = 2, 17, 125, 22


class Answer(enum.Enum):
    """What became of a change."""

    DONE = "done"
    REFUSED = "refused"  # A guard did not hold; nothing was changed.
    ABSENT = "absent"  # There is no such object; nothing was changed.
    EXISTS = "exists"  # There is such an object already; nothing was changed.


_ANSWERS = {-_ECANCELED: Answer.REFUSED, -_ENOENT: Answer.ABSENT, -_EEXIST: Answer.EXISTS}


class Pool:
    """The objects of one pool and namespace. Safe between threads, not across a fork."""

    def __init__(self, parameters: RadosParameters, *, through: Callable[[Any], Any] = lambda io: io) -> None:
        """Load librados; no request is made.

        Args:
            parameters: Which pool, and how it is reached.
            through: Gives what requests are made through, of the I/O context of librados.

        Raises:
            MissingDependencyError: The module rados is not there; the message says what to do.
        """
        self._rados: ModuleType = require_system("rados", package=PACKAGE, driver_name="rados")
        self._parameters = parameters
        self._through = through
        self._lock = threading.Lock()
        self._cluster: Any = None
        self._opened: Any = None

    # --- connection

    @property
    def _io(self) -> Any:
        if self._opened is None:
            with self._lock:
                if self._opened is None:
                    self._opened = self._open()
        return self._opened

    def _open(self) -> Any:
        pool = self._parameters.poolname
        if self._cluster is None:
            self._cluster = self._connected()
        try:
            io = self._cluster.open_ioctx(pool)
        except self._rados.ObjectNotFound as error:
            raise BackendError(
                f"the pool {pool!r} does not exist; make it with: ceph osd pool create {pool}"
            ) from error
        except self._rados.Error as error:
            raise errors.failed(f"opening the pool {pool!r}", error.errno) from error
        io.set_namespace(self._parameters.namespace)
        return self._through(io)

    def _connected(self) -> Any:
        given, rados = self._parameters, self._rados
        usual = given.conffile is None and given.monhost is None
        try:
            cluster = rados.Rados(
                rados_id=given.username,
                clustername=given.clustername,
                conffile=rados.Rados.NO_CONF_FILE,
                # What it would print of failures holds the key, if that is malformed.
                conf_defaults={"log_to_stderr": "false", "err_to_stderr": "false"},
            )
        except rados.Error as error:
            raise errors.failed("setting up librados", error.errno) from error
        try:
            if usual:
                self._read_configuration(cluster, f"/etc/ceph/{given.clustername}.conf")
            elif given.conffile is not None:
                self._read_configuration(cluster, str(given.conffile))
            for name, value in self._settings().items():
                cluster.conf_set(name, value)
            cluster.connect()
        except rados.Error as error:
            cluster.shutdown()
            raise self._not_connected(error) from error
        except BaseException:
            cluster.shutdown()
            raise
        return cluster

    def _read_configuration(self, cluster: Any, file: str) -> None:
        try:
            cluster.conf_read_file(file)
        except self._rados.ObjectNotFound as error:
            raise BackendError(f"no cluster is known: {file} is not there; give monhost or conffile") from error

    def _settings(self) -> Mapping[str, str]:
        given = self._parameters
        settings = {
            "client_mount_timeout": str(given.client_mount_timeout),
            "rados_mon_op_timeout": str(given.rados_mon_op_timeout),
            "rados_osd_op_timeout": str(given.rados_osd_op_timeout),
        }
        if given.monhost is not None:
            settings["mon_host"] = given.monhost
        if given.key is not None:
            settings["key"] = given.key.get_secret_value()
        if given.keyring is not None:
            settings["keyring"] = str(given.keyring)
        return settings

    def _not_connected(self, error: Any) -> BackendError:
        operation = f"connecting as client.{self._parameters.username}"
        number = abs(error.errno)
        if number == _ENOENT:
            return BackendError(
                f"{operation} failed: no address of a monitor, or no key of this user was found; "
                "give monhost or conffile, and key or keyring"
            )
        if number == _EINVAL:
            return BackendError(f"{operation} failed: an address of a monitor or the key is malformed")
        return errors.failed(operation, number)

    def connect(self) -> None:
        """Connect now, instead of when it is first needed.

        Raises:
            BackendError: It cannot be reached, or there is no such pool.
        """
        _ = self._io

    def close(self) -> None:
        """End the connection, if there is one."""
        with self._lock:
            opened, self._opened = self._opened, None
            cluster, self._cluster = self._cluster, None
            if opened is not None:
                opened.close()
            if cluster is not None:
                cluster.shutdown()

    # --- requests that are waited for

    def change(
        self,
        name: str,
        *,
        guards: Mapping[str, str] | None = None,
        sets: Mapping[str, str] | None = None,
        removes: Sequence[str] = (),
        attributes: Mapping[str, str] | None = None,
        create: bool = False,
        remove: bool = False,
    ) -> Answer:
        """Change one object in one step.

        Args:
            name: Of the object.
            guards: Keys of its map and the values they must have; "" for keys that must be absent. With guards the
                object has to exist.
            sets: Keys of its map to set.
            removes: Keys of its map to remove.
            attributes: Extended attributes to set.
            create: Make it; it must not exist.
            remove: Remove it.
        """
        io, rados = self._io, self._rados
        with rados.WriteOpCtx() as operation:
            if create:
                operation.new(rados.LIBRADOS_CREATE_EXCLUSIVE)
            for key, value in (guards or {}).items():
                operation.omap_cmp(key, value, rados.LIBRADOS_CMPXATTR_OP_EQ)
            if sets:
                io.set_omap(operation, tuple(sets), tuple(value.encode() for value in sets.values()))
            if removes:
                io.remove_omap_keys(operation, tuple(removes))
            for attribute, value in (attributes or {}).items():
                operation.set_xattr(attribute, value.encode())
            if remove:
                operation.remove()
            try:
                io.operate_write_op(operation, name)
            except rados.Error as error:
                answer = _ANSWERS.get(-abs(error.errno))
                if answer is None:
                    raise errors.failed("a change of an object", error.errno) from error
                return answer
        return Answer.DONE

    def read_map(self, name: str, keys: Sequence[str], *, prefix: str | None = None) -> dict[str, str] | None:
        """The values of these keys of an object's map, those that are there; None if there is no object.

        Args:
            name: Of the object.
            keys: The keys.
            prefix: Keys that begin with it come too, the first thousand.
        """
        io, rados = self._io, self._rados
        with rados.ReadOpCtx() as operation:
            found, _ = io.get_omap_vals_by_keys(operation, tuple(keys))
            more = None if prefix is None else io.get_omap_vals(operation, "", prefix, PAGE)[0]
            if not self._read(operation, name):
                return None
            return _decoded([*found, *(more or ())])

    def page(self, name: str, *, after: str = "", prefix: str = "", count: int = 0) -> dict[str, str] | None:
        """The next keys of an object's map with their values, in order; None if there is no object.

        The server may give fewer than asked for; an empty page alone is the end.

        Args:
            name: Of the object.
            after: The key that the last page ended with.
            prefix: What all the keys begin with.
            count: At most so many; 0 for a usual page.
        """
        io, rados = self._io, self._rados
        with rados.ReadOpCtx() as operation:
            found, _ = io.get_omap_vals(operation, after, prefix, count or PAGE)
            return _decoded(found) if self._read(operation, name) else None

    def _read(self, operation: Any, name: str) -> bool:
        try:
            self._io.operate_read_op(operation, name)
        except self._rados.ObjectNotFound:
            return False
        except self._rados.Error as error:
            raise errors.failed("reading the map of an object", error.errno) from error
        return True

    def attribute(self, name: str, attribute: str) -> str | None:
        """The value of an extended attribute; None if the object has none, or is absent."""
        try:
            value: bytes = self._io.get_xattr(name, attribute)
        except (self._rados.ObjectNotFound, self._rados.NoData):
            return None
        except self._rados.Error as error:
            raise errors.failed("reading an attribute of an object", error.errno) from error
        return value.decode(errors="replace")

    def names(self) -> list[str]:
        """The names of all objects of the namespace."""
        try:
            return [each.key for each in self._io.list_objects()]
        except self._rados.Error as error:
            raise errors.failed("listing the pool", error.errno) from error

    # --- requests that go on meanwhile

    def begin_write(
        self, name: str, content: bytes, *, attributes: Mapping[str, str], sets: Mapping[str, str] | None = None
    ) -> Request:
        """Write an object whole, over one that may be there, with extended attributes and keys of its map."""
        io = self._io
        with self._rados.WriteOpCtx() as operation:
            operation.write_full(content)
            for attribute, value in attributes.items():
                operation.set_xattr(attribute, value.encode())
            if sets:
                io.set_omap(operation, tuple(sets), tuple(value.encode() for value in sets.values()))
            return self._begun("a write", lambda: io.operate_aio_write_op(operation, name))

    def begin_read(self, name: str, offset: int, length: int) -> ReadRequest:
        """Read a part of an object."""
        request = ReadRequest()
        io = self._io
        try:
            request.completion = io.aio_read(name, length, offset, request.take)
        except self._rados.Error as error:
            raise errors.failed("a read", error.errno) from error
        return request

    def begin_removal(self, name: str) -> Request:
        """Remove an object, if it is there."""
        return self._begun("a removal", lambda: self._io.aio_remove(name))

    def _begun(self, operation: str, begin: Callable[[], Any]) -> Request:
        try:
            return Request(operation, begin())
        except self._rados.Error as error:
            raise errors.failed(operation, error.errno) from error


PAGE = 1000
"""Keys of a map that one request asks for."""


class Request:
    """A request under way."""

    def __init__(self, operation: str, completion: Any) -> None:
        self._operation = operation
        self.completion = completion

    def result(self) -> Answer:
        """Wait, and tell what became of it.

        Raises:
            BackendError: It failed.
        """
        self.completion.wait_for_complete_and_cb()
        number: int = self.completion.get_return_value()
        if number >= 0:
            return Answer.DONE
        answer = _ANSWERS.get(number)
        if answer is None:
            raise errors.failed(self._operation, number)
        return answer


class ReadRequest:
    """A read under way."""

    def __init__(self) -> None:
        self.completion: Any = None
        self._content = b""

    def take(self, _: object, content: bytes | None) -> None:
        """What librados calls with what it read."""
        self._content = content or b""

    def wait(self) -> None:
        """Wait until it has ended, however."""
        self.completion.wait_for_complete_and_cb()

    def result(self) -> bytes:
        """Wait, and return what was read: less than asked for if the object ends before.

        Raises:
            LostChunkError: There is no such object.
            BackendError: It failed.
        """
        self.wait()
        number: int = self.completion.get_return_value()
        if number == -_ENOENT:
            raise errors.LostChunkError("the file was replaced or deleted while it was read")
        if number < 0:
            raise errors.failed("a read", number)
        if number != len(self._content):
            raise BackendError("librados gave less than it said to have read")
        return self._content


def _decoded(pairs: Any) -> dict[str, str]:
    return {key: value.decode(errors="replace") for key, value in pairs}
