"""The states in which a power failure may leave the files: what was flushed is there, of the rest some, none or all.

Two models of file systems say which. In the weakest that POSIX allows, each change that was not flushed is on the disk or
not, by itself; of all combinations those are taken in which one change, or none, differs from the others, and a write may
be half done. On an ordered file system, as ext4 is, names change on the disk in the order in which they were changed, and
content that was not flushed is missing. A renaming is never half done in such a way that neither name is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from storagedriver.systemcalls.disk import Cut, Recorded, Recording, Tree, Written


@dataclass(frozen=True, slots=True)
class PowerFailure:
    """A state after a power failure.

    Attributes:
        after: The number of the last call that was made before it, from 0; -1 for none.
        tree: What is on the disk.
        lost: The changes that are not.
        torn: Of those one that is half there; None for none.
    """

    after: int
    tree: Tree
    lost: tuple[Recorded, ...]
    torn: Recorded | None = None


def power_failures(recording: Recording, last: int) -> Iterator[PowerFailure]:
    """The states of both models, each once, after every call up to the number `last` that changed or flushed something.

    Those after the last call come first, and the harshest of each call before the others, so that a bound leaves out the
    mild ones.
    """
    moments = {each.call for each in recording.changes} | {each.flushed for each in recording.changes}
    moments |= {each.left for each in recording.changes}
    seen: set[tuple[bool, frozenset[tuple[str, bytes | None]]]] = set()
    # After the last call more is asked for than before.
    for moment in sorted({last, *(each for each in moments if each is not None)}, reverse=True):
        for failure in _after(recording, moment):
            state = (moment == last, _state(failure.tree, recording.folder))
            if state not in seen:
                seen.add(state)
                yield failure


def _after(recording: Recording, moment: int) -> Iterator[PowerFailure]:
    made = [each for each in recording.changes if each.call <= moment]
    free = [each for each in made if not _is_flushed(each, moment)]
    names = [each for each in free if not isinstance(each.change, Written | Cut)]
    content = [each for each in free if isinstance(each.change, Written | Cut)]
    for lost in _losses(free, names, content):
        yield PowerFailure(moment, _disk(recording, made, lost, moment), tuple(lost))
    for each in content:
        if isinstance(each.change, Written) and len(each.change.data) > 1:
            yield PowerFailure(moment, _disk(recording, made, [], moment, torn=each), (each,), each)
    kept = [each for each in made if each not in free]
    if any(each.left is None or each.left > moment for each in kept):
        # New names are there, and old ones are too, whose directory was not flushed.
        yield PowerFailure(moment, _disk(recording, made, free, moment, old_names=True), tuple(free))


def _losses(
    free: Sequence[Recorded], names: Sequence[Recorded], content: Sequence[Recorded]
) -> Iterator[list[Recorded]]:
    yield list(free)
    # All names, no content: delayed allocation.
    yield list(content)
    for place in range(len(names)):
        yield [*names[place:], *content]
    for each in free:
        yield [other for other in free if other is not each]
    for each in free:
        yield [each]
    for place in range(len(names)):
        yield list(names[place:])
    yield []


def _is_flushed(recorded: Recorded, moment: int) -> bool:
    return recorded.flushed is not None and recorded.flushed <= moment


def _disk(
    recording: Recording,
    made: Sequence[Recorded],
    lost: Sequence[Recorded],
    moment: int,
    *,
    torn: Recorded | None = None,
    old_names: bool = False,
) -> Tree:
    missing = {id(each) for each in lost}
    tree = recording.before.copy()
    for each in made:
        if id(each) not in missing:
            stays = old_names and (each.left is None or each.left > moment)
            tree.apply(each.change, torn=each is torn, keeps_old_name=stays)
    return tree


def _state(tree: Tree, root: int) -> frozenset[tuple[str, bytes | None]]:
    return frozenset(
        (path, None if inode in tree.names else tree.contents.get(inode, b"")) for path, inode in tree.below(root)
    )
