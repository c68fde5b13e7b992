"""What layers over many backends raise, as errors of a driver."""

from __future__ import annotations

import pytest

from storagedriver import BackendError, PathConflictError, PathNotFoundError
from storagedriver.builtin_failures import of_builtin


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (FileNotFoundError(2, "gone"), PathNotFoundError),
        (NotADirectoryError(20, "a file"), PathConflictError),
        (IsADirectoryError(21, "a directory"), PathConflictError),
        (FileExistsError(17, "there"), PathConflictError),
        (PermissionError(13, "not for you"), BackendError),
        (OSError("what it says: file not found"), BackendError),
        (RuntimeError("changed size"), BackendError),
    ],
)
def test_kind_follows_from_the_type_alone(raised: Exception, kind: type[Exception]) -> None:
    error = of_builtin(raised, "storage")

    assert type(error) is kind
    assert kind is BackendError or "the storage has" in str(error)
