"""A driver whose put is right, but for the files of processes that were killed, which nobody ever removes."""

from __future__ import annotations

import secrets
from pathlib import Path

from mutants.local_files import CarefulPut


class NobodyTidiesUp(CarefulPut):
    def _put_content(self, path: str, content: bytes) -> None:
        target = self._root / path.lstrip("/")
        self.make(target.parent)
        # Not beside the target: there the delete of the directory would take it along.
        temporary = Path(self._root, f"~{secrets.token_hex(16)}")
        try:
            self.fill(temporary, content)
            self.rename(temporary, target)
        except BaseException:
            self.clear(temporary)
            raise
        self.flush_directory(target.parent)
