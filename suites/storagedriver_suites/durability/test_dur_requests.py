"""DUR-1: a process that is killed at any of its requests leaves each file old or new, whole."""

from __future__ import annotations

import pytest

from storagedriver.testing import Subject, Tree, lengthy, requirement
from storagedriver_suites.durability.killing import kill_at_each_request
from storagedriver_suites.faults.served_operations import (
    APPEND_LARGE,
    DELETE_LARGE,
    DELETE_TREE,
    MOVE_LARGE,
    PUT,
    PUT_LARGE,
    STREAM,
    SUSPEND,
    Operation,
)

pytestmark = lengthy


@requirement("DUR-1", needs=["requests", "shared"])
@pytest.mark.parametrize(
    "operation",
    [PUT, PUT_LARGE, STREAM, SUSPEND, APPEND_LARGE, MOVE_LARGE, DELETE_LARGE, DELETE_TREE],
    ids=lambda operation: operation.name.replace(" ", "-"),
)
def test_killed_at_whichever_request(subject: Subject, tree: Tree, operation: Operation) -> None:
    """After SIGKILL a new driver sees each file old or new, whole; the same call succeeds, and delete leaves nothing."""
    kill_at_each_request(subject, tree, operation)
