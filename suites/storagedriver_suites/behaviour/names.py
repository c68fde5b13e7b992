"""Names that trip drivers: paths outside the grammar, names within it, and places where no file is."""

from __future__ import annotations

import contextlib
import posixpath
from collections.abc import Callable, Mapping

from storagedriver import PathNotFoundError, StorageDriver
from storagedriver.testing import Tree

GRAMMAR_BREAKERS: Mapping[str, str] = {
    "empty": "",
    "relative": "{name}/f",
    "relative-deep": "{name}/d/f",
    "trailing-slash": "{root}/d/f/",
    "two-trailing-slashes": "{root}/d/f//",
    "empty-component": "{root}/d//f",
    "leading-double-slash": "/{root}/d/f",
    "two-slashes": "{root}//",
    "trailing-newline": "{root}/d/f\n",
    "trailing-newline-of-a-directory": "{root}/d\n",
    "newline-alone": "{root}/\n",
    "newline-in-the-middle": "{root}/d\n/f",
    "carriage-return": "{root}/d/f\r",
    "tab": "{root}/d/\tf",
    "nul": "{root}/d/f\0",
    "nul-in-the-middle": "{root}/d/f\0.txt",
    "space": "{root}/d/f f",
    "leading-space": " {root}/d/f",
    "trailing-space": "{root}/d/f ",
    "backslash": "{root}/d\\f",
    "percent": "{root}/d%2Ff",
    "plus": "{root}/d/f+f",
    "tilde": "{root}/d/~f",
    "colon": "{root}/d:f",
    "star": "{root}/d/*",
    "question-mark": "{root}/d/f?",
    "hash": "{root}/d/f#f",
    "at": "{root}/d/f@f",
    "comma": "{root}/d/f,f",
    "brackets": "{root}/d/[f]",
    "letter-with-accent": "{root}/d/\u00e9",
    "digit-of-another-script": "{root}/d/\u0663",
    "letter-that-looks-latin": "{root}/d/\u0430",
    "full-width-letter": "{root}/d/\uff46",
    "lone-surrogate": "{root}/d/\udc80",
    "emoji": "{root}/d/\U0001f600",
}
"""Paths that are not of the grammar, near ones to `d/f`, by what is wrong with them, for `placed` (PATH-1)."""

DOTTED: Mapping[str, str] = {
    "dot": "{root}/.",
    "dot-dot": "{root}/..",
    "dot-first": "{root}/./d/f",
    "dot-dot-first": "{root}/../d/f",
    "dot-in-the-middle": "{root}/d/./f",
    "dot-dot-in-the-middle": "{root}/d/../d/f",
    "dot-last": "{root}/d/.",
    "dot-dot-last": "{root}/d/..",
    "climbing-back": "{root}/d/../d/../d/f",
    "climbing-out": "{root}/d/../../../../../etc/f",
    "below-a-file": "{root}/d/f/..",
}
"""Paths of which a component is `.` or `..`, for `placed` (PATH-2)."""

NAMES: Mapping[str, str] = {
    "one-letter": "a",
    "one-digit": "0",
    "one-dash": "-",
    "one-underscore": "_",
    "every-character": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-",
    "leading-dot": ".hidden",
    "leading-dash": "-rf",
    "two-leading-dashes": "--help",
    "leading-underscore": "_uploads",
    "three-dots": "...",
    "four-dots": "....",
    "leading-two-dots": "..a",
    "trailing-dot": "a.",
    "trailing-two-dots": "a..",
    "trailing-dash": "a-",
    "dots-in-the-middle": "a..b",
    "dot-dash": ".-",
    "mixture": "-._.-_-",
    "extension": "layer.tar.gz",
    "digest": "sha256-e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "upper-case": "README.MD",
    "device-of-windows": "NUL.txt",
    "looks-like-a-number": "007",
    "deep": "d/.e/-f/_g/..h/i",
}
"""Names of files, relative, of which each works on every driver (PATH-5)."""

ENDINGS = (
    *("txt", "html", "xml", "json", "csv", "md", "svg", "css", "js", "py", "sh", "eml", "pem", "ini"),
    *("gz", "tar.gz", "tgz", "svgz", "Z", "bz2", "xz", "zst", "br", "lz4", "zip", "deflate", "b64", "enc", "bin"),
)
"""Endings of names by which programs take content for text, or for compressed, encoded or encrypted (CONT-1)."""

TEMPORARY: tuple[str, ...] = (
    "file.tmp",
    ".file.tmp",
    "file.part",
    "file.new",
    "file.bak",
    "file.lock",
    "file.upload",
    "file.staged",
    "file-tmp",
    "file_tmp",
    ".file",
    "file.0",
    "file.1",
    "file-0",
    "tmp",
    ".tmp/file",
    "_tmp/file",
    ".uploads/file",
    "_uploads/file",
    "segments/file/0",
    ".segments/file/00000001",
    "file.segments/1",
    "file.d/1",
    ".keep",
    ".directory",
    "manifest",
    "file.manifest",
    *(
        f"{before}file{ending}"
        for before in (".", "_", "tmp.", "tmp-", "new-")
        for ending in (".part", ".partial", ".temp", ".new", ".old", ".bak", ".lock", ".swp", "-journal", "-wal")
    ),
)
"""Files of a user's whose names look as those of a driver's internals do: of `file` (PATH-6)."""

BOOKKEEPING: tuple[str, ...] = (
    *(
        f"file.{ending}"
        for ending in (
            *(
                "meta",
                "metadata",
                "info",
                "json",
                "xml",
                "yaml",
                "attr",
                "xattr",
                "props",
                "properties",
                "md5",
                "sha256",
            ),
            *("db", "sqlite", "journal", "wal", "log", "idx", "index", "cache", "state", "version", "0000000001"),
            *("temp", "partial", "download", "crdownload", "swp", "orig", "old", "copy", "deleted", "del", "trash"),
            *("marker", "dir", "folder", "empty", "placeholder", "chunk", "chunks", "segment", "parts", "dlo", "slo"),
            *("gz", "enc", "pid", "link", "symlink", "ref", "sock", "rclone_chunk.001"),
            *("attrs", "attributes", "crc", "crc32", "sha1", "sum", "hash", "etag", "tags", "acl", "headers", "mime"),
            *("type", "content-type", "mtime", "size", "lease", "owner", "encrypted", "snappy", "part.1", "xl.meta"),
        )
    ),
    *(
        ".lock",
        ".meta",
        ".info",
        ".index",
        ".cache",
        ".state",
        ".version",
        ".dir",
        ".folder",
        ".marker",
        ".empty",
        ".trash",
        ".file.crc",
        ".file.attrs",
        ".file.meta",
    ),
    *(".placeholder", ".gitkeep", ".nfs0001", ".fuse_hidden0001", "._file", ".DS_Store", "Thumbs.db", "desktop.ini"),
    *(
        ".snapshot/f",
        ".minio.sys/f",
        ".git/f",
        ".Trash-0/f",
        "__pycache__/f",
        "_metadata/f",
        "_temporary/f",
        "_SUCCESS",
    ),
    *("metadata/f", "meta/f", "data/f", "index", "index.html", "root", "null", "stage/f", "staging/f", "upload/f"),
)
"""More files of a user's, named as what stores and programs keep beside files, or hide (PATH-5)."""

COLLISIONS: Mapping[str, tuple[str, str]] = {
    "slash-as-dash": ("a/b", "a-b"),
    "slash-as-underscore": ("a/b", "a_b"),
    "slash-as-two-underscores": ("a/b", "a__b"),
    "slash-as-dot": ("a/b", "a.b"),
    "slash-as-two-dots": ("a/b", "a..b"),
    "slash-as-nothing": ("a/b", "ab"),
    "slash-by-its-code": ("a/b", "a2Fb"),
    "slash-by-its-marked-code": ("a/b", "a-2Fb"),
    "slash-by-its-underscored-code": ("a/b", "a_2Fb"),
    "escaped-escape": ("a-2Db", "a-b"),
    "dot-and-underscore": ("a.b", "a_b"),
    "dot-and-dash": ("a.b", "a-b"),
    "dash-and-underscore": ("a-b", "a_b"),
    "trailing-dot": ("a.", "a"),
    "leading-dot": (".a", "a"),
    "leading-zero": ("01", "1"),
    "two-depths": ("a/b/c", "a/b-c"),
    "shifted-boundary": ("a-b/c", "a/b-c"),
    "shifted-boundary-of-dots": ("a./b", "a/.b"),
    "shifted-boundary-of-dashes": ("a-/b", "a/-b"),
    "shifted-boundary-of-underscores": ("a_/b", "a/_b"),
    "doubled-escape": ("a--b", "a/-b"),
    "doubled-escape-of-underscores": ("a__b", "a/_b"),
    "two-dots-and-one": ("a..b", "a.b"),
    "looks-like-base64": ("YQ", "a"),
    "number-with-a-point": ("3.10", "3.1"),
    "number-without-a-fraction": ("1.0", "1"),
    "number-with-an-exponent": ("1e3", "1000"),
    "number-with-a-sign": ("-0", "0"),
    "number-with-an-underscore": ("1_000", "1000"),
    "number-of-another-base": ("0x10", "16"),
    "number-beyond-53-bits": ("9007199254740993", "9007199254740992"),
}
"""Two valid relative paths each, which a careless escaping makes one (PATH-6)."""


ABSENT = (
    "nothing",
    "nothing/below",
    "a",
    "abc",
    "fil",
    "file-",
    "file.x",
    "file/below",
    "file/below/it",
    "gone",
    "gone/x",
    "left",
)
"""Places where no file is, once `put_around_absent` was called: relative paths."""

DIRECTORIES = ("d", "d/s")
"""Directories, once `put_around_absent` was called."""


def put_around_absent(driver: StorageDriver, tree: Tree) -> None:
    """Put files, so that the paths of ABSENT are near ones, deleted ones, moved ones or below a file."""
    for name in ("file", "d/s/f", "d/g", "ab/f", "gone/x", "left"):
        driver.put_content(tree.path(name), b"content")
    driver.delete(tree.path("gone"))
    driver.move(tree.path("left"), tree.path("moved"))


def placed(template: str, tree: Tree) -> str:
    """A path of GRAMMAR_BREAKERS or DOTTED, at the check's own prefix."""
    return template.replace("{root}", tree.root).replace("{name}", tree.root[1:])


def stays_inside(path: str, tree: Tree) -> bool:
    """Whether a driver that takes an invalid path at its word would still touch nothing outside the check's prefix.

    Checks delete and move nothing else: what a careless driver destroys must be the check's own.
    """
    return posixpath.normpath(path.strip()).lstrip("/").startswith(tree.root[1:] + "/")


def finish_walk(driver: StorageDriver, path: str, *, start_after: str | None = None) -> list[str]:
    """The paths of a whole walk."""
    return [info.path for info in driver.walk(path, start_after=start_after)]


def _open_reader(driver: StorageDriver, path: str) -> None:
    with driver.reader(path):
        pass


def _open_writer(driver: StorageDriver, path: str) -> None:
    with driver.writer(path) as writer:
        writer.cancel()


READING: Mapping[str, Callable[[StorageDriver, str], object]] = {
    "get_content": lambda driver, path: driver.get_content(path),
    "reader": _open_reader,
    "stat": lambda driver, path: driver.stat(path),
    "list": lambda driver, path: driver.list(path),
    "walk": finish_walk,
    "redirect_url": lambda driver, path: driver.redirect_url(path),
}
"""Methods of one path that change nothing."""

WRITING: Mapping[str, Callable[[StorageDriver, str], object]] = {
    "put_content": lambda driver, path: driver.put_content(path, b"content of an invalid path"),
    "writer": _open_writer,
    "delete": lambda driver, path: driver.delete(path),
}
"""Methods of one path that change something."""


def tree_state(driver: StorageDriver, tree: Tree) -> dict[str, bytes | None]:
    """All below the check's prefix: the content of each file, None for a directory; to be compared before and after."""
    found: dict[str, bytes | None] = {}
    with contextlib.suppress(PathNotFoundError):
        for info in driver.walk(tree.root):
            found[info.path] = None if info.is_dir else driver.get_content(info.path)
    return found
