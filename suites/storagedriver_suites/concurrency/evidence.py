"""Judging a history by what the driver declares, with the smallest part that is wrong as evidence."""

from __future__ import annotations

import json

from storagedriver import Capabilities
from storagedriver.histories import Guarantee, History, as_svg, as_text, judge, timeline, to_document
from storagedriver.testing import ContractViolation


def expect_consistent(history: History, capabilities: Capabilities, what: str) -> None:
    """The history is linearizable where that is declared; elsewhere each read saw some complete write (CONC-2).

    Raises:
        ContractViolation: It is not. It names what is kept and what is broken, and shows the smallest part that is wrong.
    """
    __tracebackhide__ = True
    guarantee = Guarantee.LINEARIZABLE if capabilities.linearizable else Guarantee.WHOLE
    verdict = judge(history)
    broken = verdict.breaking(guarantee)
    if not broken:
        return
    proof = broken[0].proof(guarantee)
    picture = timeline(proof)
    raise ContractViolation(
        what,
        expected=f"{guarantee}: {_MEANING[guarantee]}",
        seen=f"{verdict}",
        story=[*as_text(picture), f"  {len(proof)} of {len(history):,} operations"],
        exhibits={".svg": as_svg(picture), ".history.json": json.dumps(to_document(proof), indent=1)},
    )


_MEANING = {
    Guarantee.LINEARIZABLE: "one order of all operations on a file explains what each saw",
    Guarantee.WHOLE: "each read saw the content of some complete write",
}
