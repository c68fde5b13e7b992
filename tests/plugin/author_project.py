"""What an author has: a driver of his own, a tiny suite, and runs of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from storagedriver.report import Outcome, Report

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
    files = {}  # of all drivers, so that all see one store


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


TINY_CHECKS = '''
"""A suite of an installed package, so small that a run takes no time."""
import threading

from storagedriver import UnsupportedMethodError
from storagedriver.testing import content, expect, full, requirement


@requirement("CONT-2")
def test_shorter_put(driver, tree):
    driver.put_content(tree.path("f"), b"12345")
    driver.put_content(tree.path("f"), b"6")
    expect.equal(driver.get_content(tree.path("f")), b"6", "content after a shorter put")


@requirement("CONT-2")
def test_large_put(driver, tree):
    data = content(3_000_000, seed=1)
    driver.put_content(tree.path("f"), content(4_000_000, seed=2))
    driver.put_content(tree.path("f"), data)
    expect.equal(driver.get_content(tree.path("f")), data, "content after a large put")


@requirement("READ-1")
def test_stream(driver, tree):
    with driver.writer(tree.path("f")) as writer:
        writer.write(b"abc")
        writer.write(bytearray(b"def"))
        writer.commit()
    with driver.reader(tree.path("f"), offset=1) as reader:
        parts = [reader.read(2), reader.read()]
    expect.equal(b"".join(parts), b"bcdef", "what the reader gives")


@requirement("WALK-1")
def test_walk(driver, tree):
    for name in ("b", "a/b", "a/a"):
        driver.put_content(tree.path(name), b"1")
    walked = [info.path for info in driver.walk(tree.root)]
    expect.equal(walked, tree.paths("a", "a/a", "a/b", "b"), "the walk")


@requirement("MOVE-1")
def test_move(driver, tree):
    driver.put_content(tree.path("f"), b"1")
    driver.move(tree.path("f"), tree.path("g"))
    expect.not_found(lambda: driver.get_content(tree.path("f")), "source after a move")


@requirement("STAT-1")
def test_stat_of_another_driver(driver, tree, subject):
    another = subject.open()
    driver.put_content(tree.path("f"), b"123")
    expect.equal(another.stat(tree.path("f")).size, 3, "size by stat")


@requirement("CONC-1")
def test_threads(driver, tree):
    def put(name):
        driver.put_content(tree.path(name), b"1")

    threads = [threading.Thread(target=put, args=(name,)) for name in ("a", "b")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    expect.children(driver, tree.root, tree.paths("a", "b"), "children after puts of two threads")


@requirement("URL-1")
def test_redirect(driver, tree):
    raise AssertionError("not offered")


@full
@requirement("DEL-1")
def test_that_takes_long(driver, tree):
    expect.not_found(lambda: driver.stat(tree.root), "an empty tree")
'''


def ran(report: Report) -> set[str]:
    """The node ids of the checks that were run."""
    return {check.node_id for each in report.results for check in each.checks if check.outcome is not Outcome.NOT_RUN}


class Run:
    """A run of the tiny suite, and what came of it."""

    def __init__(self, author: pytest.Pytester, *arguments: str, process: bool = False, suite: str = "tiny") -> None:
        run = author.runpytest_subprocess if process else author.runpytest_inprocess
        self.report_path = author.path / "report.json"
        self.report_path.unlink(missing_ok=True)
        self.result = run("-p", "no:cacheprovider", f"--suite={suite}", "--certify-report=report.json", *arguments)
        self.said = "\n".join([*self.result.outlines, *self.result.errlines])

    @property
    def report(self) -> Report:
        assert self.report_path.exists(), self.said
        return Report.read(self.report_path)

    def outcomes(self, target: str | None = None) -> dict[str, str]:
        """The outcome of each check that was run, by the name of its function."""
        return {
            check.node_id.partition("::")[2].partition("[")[0]: check.outcome.value
            for result in self.report.results
            if target in {None, result.target}
            for check in result.checks
            if check.outcome is not Outcome.NOT_RUN
        }

    def reproducers(self) -> list[Path]:
        return sorted(self.report_path.with_name("report-reproducers").glob("*.py"))
