"""What the package exports, and what importing it costs its callers."""

import inspect
import subprocess
import sys

import pytest

import storagedriver
from storagedriver import errors


def test_all_is_sorted_and_complete() -> None:
    public = {
        name for name, value in vars(storagedriver).items() if not name.startswith("_") and not inspect.ismodule(value)
    }

    assert list(storagedriver.__all__) == sorted(set(storagedriver.__all__))
    assert set(storagedriver.__all__) == public | {"factory"}


def test_every_error_is_exported() -> None:
    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, Exception)}

    assert kinds <= set(storagedriver.__all__)


@pytest.mark.parametrize("package", ["storagedriver", "storagedriver.factory", "storagedriver.interception"])
def test_importing_it_imports_nothing_heavy(package: str) -> None:
    script = (
        f"import sys; before = set(sys.modules); import {package}; "
        "print(sorted({name.split('.')[0] for name in set(sys.modules) - before} & "
        "{'boto3', 'botocore', 'pytest', '_pytest', 'pydantic', 'pydantic_core', 'opentelemetry', 'hypothesis', 'rich', "
        "'storagedriver_drivers', 'storagedriver_suites'}))"
    )

    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60).stdout

    assert out == "[]\n"
