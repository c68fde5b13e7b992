"""What a driver's parameters are, read from the model that its constructor validates with (CONF-1, ERR-2)."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from storagedriver import BackendError, ParameterError, StorageDriver, StorageDriverError
from storagedriver.testing import Subject

WRONG_SECRET = "Not-The-Secret-4f1e9a7c2b68d035"  # noqa: S105  it is no secret
"""A value that is no driver's secret, and that nothing else contains."""

_SECRET_WORDS = ("secret", "password", "token", "credential")

_IN_THE_CLEAR = ("accesskey", "access_key", "token", "user", "account")
"""Parameters whose values a signed URL holds by its protocol: who signed, not what with."""


def model_of(subject: Subject) -> Any:
    """The pydantic model of the parameters; None where the constructor is not a classmethod of a class with one."""
    return getattr(getattr(subject.target.registration.constructor, "__self__", None), "Parameters", None)


def fields_of(subject: Subject) -> Mapping[str, Mapping[str, Any]]:
    """The JSON Schema of each parameter, by name; empty where there is no model."""
    model = model_of(subject)
    if model is None:
        return {}
    schema: Mapping[str, Any] = model.model_json_schema()
    properties: Mapping[str, Mapping[str, Any]] = schema.get("properties", {})
    return properties


def required_of(subject: Subject) -> list[str]:
    """The parameters that have no default."""
    model = model_of(subject)
    return [] if model is None else list(model.model_json_schema().get("required", []))


def alternatives(field: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The schemas of which a value matches one; that of None left out."""
    every: list[Mapping[str, Any]] = list(field.get("anyOf", [field]))
    return [each for each in every if each.get("type") != "null"]


def types_of(field: Mapping[str, Any]) -> set[str]:
    """The JSON types that a parameter takes; empty where the schema leaves it open."""
    found = {each.get("type") for each in alternatives(field)}
    return set() if None in found else {str(each) for each in found}


def secret_names(subject: Subject) -> list[str]:
    """The parameters that are secrets: those whose schema says so, and those that are named like one."""
    declared = [
        name
        for name, field in fields_of(subject).items()
        if any(each.get("format") == "password" or each.get("writeOnly") for each in [field, *alternatives(field)])
    ]
    named = [name for name in subject.parameters if any(word in name.lower() for word in _SECRET_WORDS)]
    return list(dict.fromkeys([*declared, *named]))


def secret_values(subject: Subject, *, keys_only: bool = False) -> list[str]:
    """The secrets that the driver was made of; those so short that other words hold them are left out.

    Args:
        subject: The driver under test.
        keys_only: Leave out what a signed URL holds by its protocol: the name of the key, a session's token.
    """
    names = secret_names(subject)
    if keys_only:
        names = [name for name in names if not any(word in name.lower() for word in _IN_THE_CLEAR)]
    defaults = getattr(model_of(subject), "model_fields", {})
    values: list[Any] = [subject.parameters.get(name, getattr(defaults.get(name), "default", None)) for name in names]
    texts = [value.get_secret_value() if hasattr(value, "get_secret_value") else value for value in values]
    return [text for text in texts if isinstance(text, str) and len(text) >= 8]


def with_wrong_secrets(subject: Subject) -> Iterator[tuple[str, StorageDriver]]:
    """For each secret that is set, or that could be where none is: its name, and a driver with a wrong one.

    A driver that refuses wrong secrets when it is made is left out: it has said so.
    """
    names = secret_names(subject)
    given = [name for name in names if subject.parameters.get(name) is not None]
    for name in given or names:
        try:
            driver = subject.open(**{name: WRONG_SECRET})
        except (BackendError, ParameterError):
            continue
        yield name, driver


def takes_any_secret(subject: Subject, path: str) -> bool:
    """Whether the server gives the file at `path` to whoever asks, so that refusals cannot be judged on it."""
    if not secret_names(subject):
        return False
    content = subject.open().get_content(path)
    for _, driver in with_wrong_secrets(subject):
        try:
            if driver.get_content(path) != content:
                return False
        except StorageDriverError:
            return False
    return True


@contextlib.contextmanager
def in_a_folder_that_goes() -> Iterator[None]:
    """Let this process be in a folder that goes afterwards: a value may be taken for the name of a file."""
    with tempfile.TemporaryDirectory(prefix="storagedriver-") as folder, contextlib.chdir(folder):
        yield


def outcome(subject: Subject, parameters: Any) -> str:
    """What the constructor does with these parameters, in words that can be compared; a driver it makes is closed."""
    with in_a_folder_that_goes():
        try:
            driver = subject.construct(parameters)
        except ParameterError as error:
            return f"ParameterError for {error.parameter}"
        except Exception as error:  # noqa: BLE001  compared by the caller
            return f"{type(error).__name__}: {error}"
        driver.close()
    return "a driver"


def is_made_or_refused(outcome: str) -> bool:
    """Whether the constructor did what it may with a value that may be right: the backend may have no room for it."""
    return outcome == "a driver" or outcome.startswith(("ParameterError for ", "BackendError: "))


def another_value(field: Mapping[str, Any], current: object = None) -> object:
    """A value that the schema of a parameter allows, and that is neither its default nor `current`; None if none is known."""
    return next(iter(other_values(field, current)), None)


def other_values(field: Mapping[str, Any], current: object = None) -> list[object]:
    """All values that the schema of a parameter is known to allow, without its default and `current`."""
    taken = (current, field.get("default"))
    return [value for each in alternatives(field) for value in _allowed(each) if value not in taken]


def nearby_number(field: Mapping[str, Any], current: object = None) -> int | None:
    """Another whole number than `current` that the schema of a parameter allows, and that is like it; None if there is none."""
    start = field.get("default") if current is None else current
    for each in alternatives(field):
        if each.get("type") == "integer" and isinstance(start, int) and not isinstance(start, bool):
            step = max(1, each.get("multipleOf", 1))
            for near in (start + step, start - step, start * 2):
                if each.get("minimum", near) <= near <= each.get("maximum", near) and near != start:
                    return near
    return None


def _allowed(schema: Mapping[str, Any]) -> list[Any]:
    if schema.get("enum"):
        return list(schema["enum"])
    if schema.get("type") == "boolean":
        return [True, False]
    if schema.get("type") in {"integer", "number"}:
        bounds = [schema[bound] for bound in ("minimum", "maximum") if bound in schema]
        return bounds or [1, 2]
    if schema.get("type") == "string" and "pattern" not in schema:
        return ["text"]
    return []
