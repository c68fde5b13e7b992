"""Listing a directory: keys below a prefix, grouped at the next slash."""

from __future__ import annotations

from collections.abc import Iterable

from storagedriver.directory_listing import DirectoryListing
from storagedriver.driver import FileInfo
from storagedriver_drivers.s3.answers import shows_empty_folders
from storagedriver_drivers.s3_async.objects import Bucket


async def children(bucket: Bucket, prefix: str, path: str) -> Iterable[FileInfo]:
    """The direct children of the directory `path`, whose keys begin with `prefix`; each once.

    Markers of directories and names outside the path grammar, the internal ones among them, are left out. A file and
    a directory of one name are one child: the file.

    Raises:
        PathNotFoundError: No key begins with `prefix`, and `path` is not the root.
    """
    found = DirectoryListing(path)
    async for page in bucket.pages(prefix, delimiter="/"):
        doubtful = shows_empty_folders(page)
        for entry in page.get("Contents", []):
            if doubtful and entry["Key"] == prefix and not await bucket.holds(prefix):
                continue
            found.add_file(entry["Key"][len(prefix) :], entry["Size"], entry["LastModified"])
        for group in page.get("CommonPrefixes", []):
            if doubtful and not await bucket.holds(group["Prefix"]):
                continue
            found.add_directory(group["Prefix"][len(prefix) :])
    return found.children()
