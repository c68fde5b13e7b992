"""Finding what processes left that died while they wrote or removed, and removing it."""

from __future__ import annotations

import time

from storagedriver_drivers.rados.store import TAIL, Store


def collect(store: Store, older_than: float) -> int:
    """End the holds that were noted more than `older_than` seconds ago and that no entry or stage names.

    Returns how many contents were removed.
    """
    notes = [note for note in store.journal.notes() if time.time() - note.noted > older_than]
    # The chunks of a stream and what did not fill one are two segments, and one content.
    return len({note.oid.removesuffix(TAIL) for note in notes if store.settle(note, is_over=True)})
