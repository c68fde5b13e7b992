"""Finding what processes left that died while they wrote or removed, and removing it."""

from __future__ import annotations

import time

from storagedriver_drivers.rados.client import Answer
from storagedriver_drivers.rados.contents import HOLDERS, holders_value, loaded_holders
from storagedriver_drivers.rados.journal import Note
from storagedriver_drivers.rados.store import TAIL, Store

_WINDOW = 128
"""So many objects in a row that are not there are the end of a content: more are never written at the same time."""


def collect(store: Store, older_than: float) -> int:
    """Remove the contents that were noted more than `older_than` seconds ago and that no entry or stage names.

    Returns how many contents were removed.
    """
    return sum(_collect(store, note) for note in store.journal.notes() if time.time() - note.noted > older_than)


def _collect(store: Store, note: Note) -> bool:
    removed = kept = staged = False
    for oid in (note.oid, note.oid + TAIL):
        held = store.contents.holders(oid)
        holders = loaded_holders(held or "[]")
        in_files = [each for each in holders if store.holding_file(each[1], oid, each[0])]
        in_stages = [each for each in holders if each not in in_files and store.holding_stage(each[1], oid, each[0])]
        live = [*in_files, *in_stages]
        staged = staged or bool(in_stages)
        if live:
            kept = True
            if len(live) < len(holders):
                store.pool.change(f"{oid}-0", guards={HOLDERS: held or ""}, sets={HOLDERS: holders_value(live)})
            continue
        if held is not None:
            # If it has got another holder meanwhile, it is in use.
            if store.pool.change(f"{oid}-0", guards={HOLDERS: held}, remove=True) is Answer.REFUSED:
                kept = True
                continue
            removed = True
        removed = _remove_rest(store, oid) or removed
    # A stage is taken away before its content becomes a file: the note is needed until then.
    if not staged:
        store.journal.forget_note(note)
    return removed and not kept


def _remove_rest(store: Store, oid: str) -> bool:
    """Remove the objects after the first, whose number is not known; tells whether there were any."""
    first, found = 1, False
    while True:
        requests = [store.pool.begin_removal(f"{oid}-{number}") for number in range(first, first + _WINDOW)]
        answers = [request.result() for request in requests]
        if Answer.DONE not in answers:
            return found
        found, first = True, first + _WINDOW
