"""Reports as one page of HTML: the matrix, what it is made of down to the evidence, differences, and history.

The page is a single file, since browsers let no page from a disk load scripts or styles under a strict policy: its origin
is none. Its style and script stand in it, and its Content-Security-Policy names their hashes and allows nothing else, so that
it can be mailed, attached to a release or put on any server, and needs no network and no build.
"""

from __future__ import annotations

from storagedriver.report.site.page import TITLE, render

__all__ = ["TITLE", "render"]
