"""Projects of driver authors, outside of this tree."""

from __future__ import annotations

import pytest

DICTIONARY_DRIVER = '''
"""A driver as its author writes it: everything in a dictionary."""
import io
from datetime import UTC, datetime

from storagedriver import BaseDriver, Capabilities, FileInfo, PathConflictError, PathNotFoundError
from storagedriver import paths


class Upload:
    def __init__(self, driver, path, data):
        self.driver, self.path, self.data = driver, path, bytearray(data)

    @property
    def size(self):
        return len(self.data)

    def write(self, data):
        self.data += data

    def commit(self):
        self.driver._put_content(self.path, bytes(self.data))

    def suspend(self):
        self.data.clear()

    discard = suspend


class DictionaryDriver(BaseDriver):
    name = "dictionary"
    capabilities = Capabilities(append=True, atomic_put=True, atomic_write=True, eager_open=True, consistent_list=True)

    def __init__(self):
        self.files = {}

    def _file(self, path):
        if path not in self.files:
            raise PathNotFoundError
        return self.files[path]

    def _get_content(self, path):
        return self._file(path)[0]

    def _put_content(self, path, content):
        parents = {path[:i] for i, c in enumerate(path) if c == "/" and i}
        if parents & self.files.keys() or any(paths.is_below(each, path) for each in list(self.files)):
            raise PathConflictError
        self.files[path] = (content, datetime.now(UTC))

    def _reader(self, path, offset):
        return io.BytesIO(self._file(path)[0][offset:])

    def _writer(self, path, *, append):
        return Upload(self, path, self._file(path)[0] if append else b"")

    def _stat(self, path):
        if path in self.files:
            content, time = self.files[path]
            return FileInfo(path, len(content), time, is_dir=False)
        if path != "/" and not any(paths.is_below(each, path) for each in list(self.files)):
            raise PathNotFoundError
        return FileInfo(path, 0, None, is_dir=True)

    def _list(self, path):
        if path in self.files:
            raise PathNotFoundError
        depth = len(paths.components(path)) + 1
        found = {"/" + "/".join(paths.components(each)[:depth]) for each in list(self.files) if paths.is_below(each, path)}
        if not found and path != "/":
            raise PathNotFoundError
        return found

    def _move(self, source, dest):
        content = self._file(source) if source in self.files else self._directory(source)
        self._put_content(dest, content[0])
        del self.files[source]

    def _directory(self, path):
        from storagedriver import UnsupportedMethodError
        self._stat(path)
        raise UnsupportedMethodError("move of a directory")

    def _delete(self, path):
        doomed = [each for each in list(self.files) if each == path or paths.is_below(each, path)]
        if not doomed:
            raise PathNotFoundError
        for each in doomed:
            del self.files[each]
'''


@pytest.fixture
def author(pytester: pytest.Pytester) -> pytest.Pytester:
    """The project of an author: `dictionary.py` with a good driver."""
    pytester.makepyfile(dictionary=DICTIONARY_DRIVER)
    pytester.syspathinsert()
    return pytester
