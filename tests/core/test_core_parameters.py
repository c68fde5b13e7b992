"""Parameters: what converts, what is refused, and what is never shown."""

from typing import Any, Literal

import pytest
from pydantic import Field, SecretStr

from storagedriver import ParameterError
from storagedriver.parameters import DriverParameters, NoParameters, RootDirectory, parse

SECRET = "hunter2"


class Example(DriverParameters):
    """One field of each kind."""

    bucket: str
    region: str = "home"
    chunksize: int = Field(default=8, ge=5, le=100)
    timeout: float = Field(default=1.5, gt=0)
    secure: bool = True
    style: Literal["path", "virtual"] = "path"
    secretkey: SecretStr | None = None
    token: int | None = None
    rootdirectory: RootDirectory = ""


def example(**given: Any) -> Example:
    return parse(Example, {"bucket": "b", **given}, driver_name="example")


@pytest.mark.parametrize(
    ("parameter", "given", "value"),
    [
        ("region", "west", "west"),
        ("region", 42, "42"),
        ("region", 4.5, "4.5"),
        ("region", "", ""),
        ("region", None, "home"),
        ("chunksize", 5, 5),
        ("chunksize", 6, 6),
        ("chunksize", 99, 99),
        ("chunksize", 100, 100),
        ("chunksize", "50", 50),
        ("chunksize", " 50 ", 50),
        ("chunksize", 50.0, 50),
        ("chunksize", None, 8),
        ("timeout", "2.5", 2.5),
        ("timeout", 2, 2.0),
        ("timeout", "1e-3", 0.001),
        ("timeout", None, 1.5),
        ("secure", "false", False),
        ("secure", "False", False),
        ("secure", "0", False),
        ("secure", "no", False),
        ("secure", "off", False),
        ("secure", 0, False),
        ("secure", "true", True),
        ("secure", "on", True),
        ("secure", None, True),
        ("style", "virtual", "virtual"),
        ("style", None, "path"),
        ("rootdirectory", "", ""),
        ("rootdirectory", "/", ""),
        ("rootdirectory", "r", "/r"),
        ("rootdirectory", "/r", "/r"),
        ("rootdirectory", "r/", "/r"),
        ("rootdirectory", "/r/", "/r"),
        ("rootdirectory", "r/s", "/r/s"),
        ("rootdirectory", 42, "/42"),
        ("rootdirectory", None, ""),
    ],
)
def test_what_converts(parameter: str, given: Any, value: Any) -> None:
    converted = getattr(example(**{parameter: given}), parameter)

    assert converted == value
    assert type(converted) is type(value)


@pytest.mark.parametrize(
    ("parameter", "given"),
    [
        ("bucket", None),
        ("region", False),
        ("region", b"\xff"),
        ("region", ["west"]),
        ("chunksize", -1),
        ("chunksize", 0),
        ("chunksize", 4),
        ("chunksize", 101),
        ("chunksize", 2**64),
        ("chunksize", "4"),
        ("chunksize", ""),
        ("chunksize", "many"),
        ("chunksize", 5.5),
        ("chunksize", "5.5"),
        ("chunksize", [5]),
        ("timeout", 0),
        ("timeout", -1.0),
        ("timeout", "soon"),
        ("timeout", "nan"),
        ("secure", ""),
        ("secure", "perhaps"),
        ("secure", 2),
        ("style", "other"),
        ("style", "PATH"),
        ("style", ""),
        ("rootdirectory", ".."),
        ("rootdirectory", "a/../b"),
        ("rootdirectory", "a//b"),
        ("rootdirectory", "a b"),
        ("rootdirectory", "a\n"),
        ("rootdirectory", "."),
        ("secretkey", ["x"]),
        ("unknown", 1),
        ("Bucket", "b"),
    ],
)
def test_what_is_refused(parameter: str, given: Any) -> None:
    with pytest.raises(ParameterError) as caught:
        example(**{parameter: given})

    assert (caught.value.parameter, caught.value.driver_name) == (parameter, "example")
    assert caught.value.detail
    assert parameter in str(caught.value)


def test_missing() -> None:
    with pytest.raises(ParameterError, match="'bucket': required, but missing"):
        parse(Example, {}, driver_name="example")


def test_unknown_names_the_nearest_or_all() -> None:
    with pytest.raises(ParameterError, match="'chunk_size': unknown; did you mean 'chunksize'"):
        example(chunk_size=5)
    with pytest.raises(ParameterError, match="'zzz': unknown; known are bucket, chunksize, region"):
        example(zzz=5)
    with pytest.raises(ParameterError, match="unknown; known are none"):
        parse(NoParameters, {"a": 1}, driver_name="example")


@pytest.mark.parametrize("given", [[("bucket", "b")], "bucket=b", 42, {"bucket"}])
def test_no_mapping(given: Any) -> None:
    with pytest.raises(ParameterError, match="parameters are a mapping") as caught:
        parse(Example, given, driver_name="example")

    assert caught.value.parameter == "parameters"


@pytest.mark.parametrize("parameter", ["secretkey", "token", "style", "chunksize", "unknown"])
def test_no_value_is_shown(parameter: str) -> None:
    value: Any = [SECRET] if parameter == "secretkey" else SECRET

    with pytest.raises(ParameterError) as caught:
        example(**{parameter: value})

    shown = f"{caught.value}{caught.value!r}{caught.value.__cause__!r}{caught.value.__context__!r}{vars(caught.value)}"
    assert SECRET not in shown


def test_a_secret_is_not_in_the_repr() -> None:
    made = example(secretkey=SECRET)

    assert made.secretkey is not None
    assert made.secretkey.get_secret_value() == SECRET
    assert SECRET not in f"{made!r}{made}"


def test_what_is_given_is_not_changed() -> None:
    given = {"bucket": "b", "region": None, "chunksize": "7"}
    parse(Example, given, driver_name="example")

    assert given == {"bucket": "b", "region": None, "chunksize": "7"}


def test_parameters_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        example().region = "west"
