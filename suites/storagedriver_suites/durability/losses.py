"""What a power failure took, in words."""

from __future__ import annotations

from storagedriver.systemcalls import PowerFailure, Run
from storagedriver.systemcalls.disk import Cut, Named, Recorded, Renamed, Unnamed, Written
from storagedriver_suites.faults.trying import RANDOM

_TOLD = 3


def last_call(run: Run, failure: PowerFailure, folder: str) -> str:
    """The last call before the failure, with its number, and how much was lost."""
    call = "0: nothing" if failure.after < 0 else f"{failure.after + 1}: {run.all_calls[failure.after].shown(folder)}"
    return RANDOM.sub("*", f"{call}, {len(failure.lost)} lost")


def described(run: Run, failure: PowerFailure, folder: str) -> str:
    """When the power was lost, and what is not on the disk."""
    lost = [("half of " if each is failure.torn else "") + _shown(each) for each in failure.lost]
    more = [f"{len(lost) - _TOLD} changes more"] if len(lost) > _TOLD else []
    what = ", ".join([*lost[:_TOLD], *more]) or "nothing"
    if failure.after + 1 == len(run.all_calls):
        when = "after the call returned"
    else:
        when = f"after call {last_call(run, failure, folder).partition(',')[0]}"
    return f"power lost {when} and {what} not on the disk"


def _shown(recorded: Recorded) -> str:
    match recorded.change:
        case Named(_, name):
            what = f"the new name {name}"
        case Renamed(_, name, _, _, old):
            what = f"the new name {name} of {old}"
        case Unnamed(_, name, _):
            what = f"the removal of {name}"
        case Written(_, position, data):
            what = f"{len(data)} bytes at {position}"
        case Cut(_, size):
            what = f"a cut to {size} bytes"
    return RANDOM.sub("*", f"{what} (call {recorded.call + 1})")
