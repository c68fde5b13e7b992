"""The filesystem driver."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from storagedriver import paths
from storagedriver.base import BaseDriver, ByteSource, Upload
from storagedriver.driver import Capabilities, FileInfo, Limits
from storagedriver.errors import PathNotFoundError, StorageDriverError
from storagedriver_drivers.filesystem import deletion, listing, publishing, upload
from storagedriver_drivers.filesystem.errors import translate
from storagedriver_drivers.filesystem.parameters import FilesystemParameters
from storagedriver_drivers.filesystem.reading import FileReader
from storagedriver_drivers.filesystem.staging import Staging
from storagedriver_drivers.filesystem.tree import Tree, look


class FilesystemDriver(BaseDriver):
    """Files as plain files below a folder. It holds nothing open, so it is safe between threads and across a fork."""

    name = "filesystem"
    Parameters = FilesystemParameters

    def __init__(self, parameters: FilesystemParameters) -> None:
        """Look up the limits of the file system; nothing is made."""
        root = parameters.rootdirectory
        self._tree = Tree(root)
        self._staging = Staging(self._tree)
        self.capabilities = Capabilities(
            append=True,
            atomic_put=True,
            atomic_write=True,
            resumable_writes=True,
            eager_open=True,
            consistent_list=True,
            move_directory=True,
            atomic_move=True,
            linearizable=True,
            durable=True,
            shared=True,
            fork_safe=True,
            limits=Limits(longest_component=_longest_component(root)),
        )

    def _translate(self, error: Exception, path: str | None) -> StorageDriverError | None:  # noqa: ARG002
        return translate(error)

    # --- hooks

    def _get_content(self, path: str) -> bytes:
        return FileReader(self._tree, paths.components(path)).read_all()

    def _put_content(self, path: str, content: bytes) -> None:
        upload.put(self._tree, self._staging, paths.components(path), content)

    def _reader(self, path: str, offset: int) -> ByteSource:
        return FileReader(self._tree, paths.components(path), offset)

    def _writer(self, path: str, *, append: bool) -> Upload:
        begin = upload.continued if append else upload.started
        return begin(self._tree, self._staging, paths.components(path))

    def _stat(self, path: str) -> FileInfo:
        if path == paths.ROOT:
            try:
                with self._tree.open(()) as trail:
                    return listing.info(path, os.fstat(trail.fd))
            except PathNotFoundError:
                # It is made with the first file, and always is a directory (STAT-2).
                return FileInfo(path, 0, None, is_dir=True)
        *parents, name = paths.components(path)
        with self._tree.open(parents) as trail:
            found = look(trail.fd, name)
        if found is None:
            raise PathNotFoundError
        return listing.info(path, found)

    def _list(self, path: str) -> Iterable[str]:
        return [child for child, _ in listing.children(self._tree, path)]

    def _scan(self, path: str) -> Iterable[FileInfo]:
        return listing.scan(self._tree, path)

    def _move(self, source: str, dest: str) -> None:
        publishing.move(self._tree, paths.components(source), paths.components(dest), dest)

    def _delete(self, path: str) -> None:
        deletion.delete(self._tree, self._staging, paths.components(path))


def _longest_component(root: Path) -> int:
    """What the file system of the root takes, or of the folder in which the root is to be made; 255 at most."""
    default = Limits().longest_component
    for folder in (root, *root.parents):
        try:
            return min(default, os.pathconf(folder, "PC_NAME_MAX"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError):
            # The first call that needs the root tells what is wrong with it.
            break
    return default
