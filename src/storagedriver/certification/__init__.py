"""The gate: whether reports are good enough, by a policy. `docs/gate.md` describes it.

`Policy.load` reads the policy, `decide` judges by it, and `storagedriver.certification.showing` shows the verdict.
"""

from storagedriver.certification.errors import PolicyError
from storagedriver.certification.gate import decide
from storagedriver.certification.policy import Minimum, Policy, Waiver
from storagedriver.certification.verdict import Finding, JudgedTarget, Verdict

__all__ = ["Finding", "JudgedTarget", "Minimum", "Policy", "PolicyError", "Verdict", "Waiver", "decide"]
