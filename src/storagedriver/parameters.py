"""Driver parameters: a pydantic model a driver, and one way to say what is wrong with them (CONF-1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from storagedriver import paths
from storagedriver.errors import ParameterError
from storagedriver.suggestions import did_you_mean_or
from storagedriver.urls import split_url


class DriverParameters(BaseModel):
    """The parameters of a driver. Subclasses add documented fields; secrets are `SecretStr`.

    Strings, as they come from the environment, convert to each field's type, and numbers to strings where a string is
    meant. None and absent both mean the default. Unknown names are refused.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        coerce_numbers_to_str=True,
        validate_default=False,
    )

    @model_validator(mode="before")
    @classmethod
    def _none_is_the_default(cls, given: Any) -> Any:
        if isinstance(given, Mapping):
            return {name: value for name, value in given.items() if value is not None}
        return given


Model = TypeVar("Model", bound=BaseModel)


def parse(model: type[Model], given: Mapping[str, Any], *, driver_name: str) -> Model:
    """The parameters as `model`.

    Raises:
        ParameterError: Names the first parameter that is wrong and why, without its value, which may be a secret.
    """
    if not isinstance(given, Mapping):
        raise ParameterError(
            f"parameters are a mapping, not {type(given).__name__}", parameter="parameters", driver_name=driver_name
        )
    try:
        return model.model_validate(dict(given))
    except ValidationError as invalid:
        problem = invalid.errors(include_input=False, include_url=False, include_context=False)[0]
        parameter = str(problem["loc"][0]) if problem["loc"] else "parameters"
        detail = _explain(problem["type"], problem["msg"], parameter, model)
        # The cause is left out on purpose: pydantic's error object still holds the input, secrets included.
        error = ParameterError(detail, parameter=parameter, driver_name=driver_name)
    raise error


def _explain(kind: str, message: str, parameter: str, model: type[BaseModel]) -> str:
    if kind == "extra_forbidden":
        return f"unknown; {did_you_mean_or(parameter, sorted(model.model_fields), 'known are ')}"
    if kind == "missing":
        return "required, but missing"
    return message.removeprefix("Value error, ")


class NoParameters(DriverParameters):
    """For a driver that takes none."""


def _normal_root(given: str) -> str:
    trimmed = given.strip("/")
    if not trimmed:
        return ""
    for name in trimmed.split("/"):
        if not paths.is_component(name):
            raise ValueError(
                "a root directory consists of components of A-Z a-z 0-9 . _ -, and neither . nor .. is one"
            )
    return f"/{trimmed}"


RootDirectory = Annotated[str, AfterValidator(_normal_root)]
"""A prefix for all paths: `''` and `'/'` are none, and `'r'`, `'/r'` and `'r/'` are the same one, `'/r'` (CONF-3)."""


def _json_object(given: str) -> str:
    try:
        taken = isinstance(json.loads(given), dict)
    except ValueError:
        taken = False
    if not taken:
        raise ValueError("a JSON object is needed, as in '{\"anon\": true}'")
    return given


JsonObject = Annotated[str, AfterValidator(_json_object)]
"""A JSON object as text: options of a library that has too many to name them."""


def _printable(given: str) -> str:
    if not given.isascii() or not given.isprintable():
        raise ValueError("printable ASCII, since it becomes a header")
    return given


UserAgent = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(_printable)]
"""How a client names itself to its server; of printable ASCII, and at most 255 characters."""


def url_with_scheme(examples: str) -> AfterValidator:
    """A URL of any scheme, which says what kind of store it is.

    Args:
        examples: Some, for the message.
    """

    def check(given: str) -> str:
        scheme, separator, _ = given.partition("://")
        if not separator or not scheme:
            raise ValueError(f"a URL with its scheme is needed, as in {examples}")
        return given

    return AfterValidator(check)


def url_of_server(example: str, *, credentials: str) -> AfterValidator:
    """The URL of a server: http or https, without credentials, query, fragment or a slash at its end.

    Args:
        example: One, for the message.
        credentials: The parameters that credentials belong in, for the message.
    """

    def check(given: str) -> str:
        parts = split_url(given)
        if parts.scheme not in {"http", "https"} or not parts.hostname or any(map(str.isspace, given)):
            raise ValueError(f"a URL is needed, as in {example!r}")
        if parts.username or parts.password:
            raise ValueError(f"credentials do not belong here; use {credentials}")
        if parts.query or parts.fragment:
            raise ValueError("a query or fragment has no place in it")
        try:
            _ = parts.port
        except ValueError:
            raise ValueError("the port is a number up to 65535") from None
        return given.rstrip("/")

    return AfterValidator(check)
