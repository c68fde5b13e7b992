"""For authors of suites: the mark of a requirement, content, judging, and the driver under test.

A check asks for fixtures of the plugin: `driver` (the driver, its calls recorded), `tree` (the prefix that is the check's
own) and `subject` (more drivers of the same store, other processes, what lies on the backend).
"""

from storagedriver.testing import expect
from storagedriver.testing.applicability import not_offered
from storagedriver.testing.content import (
    BOUNDARY_SIZES,
    DEFAULT_CHUNK,
    Content,
    chunk_size,
    content,
    size_of,
)
from storagedriver.testing.expect import ContractViolation
from storagedriver.testing.requirement import full, lengthy, requirement, soak, together
from storagedriver.testing.subject import Subject
from storagedriver.testing.tree import Tree
from storagedriver.testing.trials import Ending, TrialKind, Trials

__all__ = [
    "BOUNDARY_SIZES",
    "DEFAULT_CHUNK",
    "Content",
    "ContractViolation",
    "Ending",
    "Subject",
    "Tree",
    "TrialKind",
    "Trials",
    "chunk_size",
    "content",
    "expect",
    "full",
    "lengthy",
    "not_offered",
    "requirement",
    "size_of",
    "soak",
    "together",
]
