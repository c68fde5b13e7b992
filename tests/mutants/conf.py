"""Drivers that misread their parameters, and one that spoils the factory."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from mutants.model import mutant
from storagedriver import FileInfo, ParameterError, StorageDriver, factory, paths
from storagedriver_drivers.inmemory.driver import InMemoryDriver
from storagedriver_drivers.inmemory.parameters import InMemoryParameters

REGISTER = factory.register


class LaxParameters(InMemoryParameters):
    model_config = ConfigDict(extra="ignore")


@mutant("CONF-1", bug="unknown parameters are ignored")
class UnknownIsIgnored(InMemoryDriver):
    Parameters = LaxParameters


class CarelessParameters(InMemoryParameters):
    readonly: Annotated[bool, BeforeValidator(bool)] = False


@mutant("CONF-1", rows=("B79",), bug="the text 'false' is true, as every text is")
class EveryTextIsTrue(InMemoryDriver):
    Parameters = CarelessParameters


class StrictParameters(InMemoryParameters):
    maxthreads: int = Field(default=8, ge=1, le=64, strict=True)


@mutant("CONF-1", bug="numbers from the environment are refused")
class TextIsNoNumber(InMemoryDriver):
    Parameters = StrictParameters


class CountedParameters(InMemoryParameters):
    maxthreads: int = Field(default=8, ge=1, le=64)


class Counted(InMemoryDriver):
    Parameters = CountedParameters


@mutant("CONF-1", rows=("B78",), bug="the documented minimum is refused")
class MinimumIsRefused(Counted):
    def __init__(self, parameters: CountedParameters) -> None:
        super().__init__(parameters)
        if parameters.maxthreads <= 1:
            raise ParameterError("too few", parameter="maxthreads", driver_name=self.name)


@mutant("CONF-1", rows=("B78",), bug="what is out of range is set to the nearest number")
class OutOfRangeIsCut(Counted):
    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any] | None = None) -> Self:
        given = dict(parameters or {})
        with contextlib.suppress(KeyError, TypeError, ValueError):
            given["maxthreads"] = min(max(int(given["maxthreads"]), 1), 64)
        return super().from_parameters(given)


@mutant("CONF-1", rows=("B79",), bug="a value of a type that was not foreseen crashes")
class OtherTypeCrashes(InMemoryDriver):
    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any] | None = None) -> Self:
        given = dict(parameters or {})
        if given.get("rootdirectory"):
            given["rootdirectory"] = given["rootdirectory"].strip()
        return super().from_parameters(given)


@mutant("CONF-1", bug="None is no default")
class NoneIsRefused(InMemoryDriver):
    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any] | None = None) -> Self:
        for name, value in (parameters or {}).items():
            if value is None:
                raise ParameterError("not None", parameter=name, driver_name=cls.name)
        return super().from_parameters(parameters)


@mutant("CONF-1", bug="the error names another parameter")
class ErrorNamesAnother(InMemoryDriver):
    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any] | None = None) -> Self:
        try:
            return super().from_parameters(parameters)
        except ParameterError as error:
            raise ParameterError(error.detail, parameter="parameters", driver_name=cls.name) from None


@mutant("CONF-1", bug="the server is asked before the parameters are looked at")
class ServerIsAskedFirst(InMemoryDriver):
    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any] | None = None) -> Self:
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.connect(("127.0.0.1", 9))
        return super().from_parameters(parameters)


class NeedyParameters(InMemoryParameters):
    token: SecretStr | None = None


@mutant("CONF-1", bug="the caller's mapping is emptied")
class MappingIsEmptied(InMemoryDriver):
    Parameters = NeedyParameters

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any] | None = None) -> Self:
        made = super().from_parameters(parameters)
        if isinstance(parameters, dict):
            parameters.pop("store", None)
        return made


class NamedParameters(InMemoryParameters):
    label: str | None = Field(default=None, min_length=3, max_length=8)


@mutant("CONF-1", rows=("B78",), bug="a text that is too long is cut to the longest")
class LongTextIsCut(InMemoryDriver):
    Parameters = NamedParameters

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any] | None = None) -> Self:
        given = dict(parameters or {})
        if isinstance(given.get("label"), str):
            given["label"] = given["label"][:8]
        return super().from_parameters(given)


class EndpointParameters(InMemoryParameters):
    region: str = "us-east-1"
    endpoint: str | None = None
    pathstyle: bool = False


class Endpointed(InMemoryDriver):
    """Makes an address of its parameters, as drivers of servers do."""

    Parameters = EndpointParameters

    def __init__(self, parameters: EndpointParameters) -> None:
        super().__init__(parameters)
        self._address = self._made_of(parameters)

    def _made_of(self, parameters: EndpointParameters) -> str:
        raise NotImplementedError


@mutant("CONF-1", rows=("B83",), bug="path style without an endpoint crashes")
class PathStyleNeedsAnEndpoint(Endpointed):
    def _made_of(self, parameters: EndpointParameters) -> str:
        if not parameters.pathstyle:
            return f"bucket.{parameters.endpoint or parameters.region}"
        return parameters.endpoint.rstrip("/")  # type: ignore[union-attr]  # the fault


@mutant("CONF-1", rows=("B83",), bug="an endpoint together with path style crashes; each alone is right")
class EndpointAndPathStyleCrash(Endpointed):
    def _made_of(self, parameters: EndpointParameters) -> str:
        addresses = {"us-east-1": "the vendor's"}
        if parameters.pathstyle and parameters.endpoint:
            return addresses[parameters.endpoint]
        return addresses.get(parameters.region, "another")


class LandingParameters(InMemoryParameters):
    maxthreads: int = Field(default=8, ge=1, le=64)
    maxretries: int = Field(default=3, ge=0, le=20)

    @model_validator(mode="after")
    def _parsed(self) -> Self:
        if "maxretries" in self.model_fields_set:
            self.__dict__["maxthreads"] = max(self.maxretries, 1)
        return self


@mutant("CONF-3", rows=("B80",), bug="what is parsed for one parameter lands in another as well")
class LandsInAnother(InMemoryDriver):
    Parameters = LandingParameters


class LostParameters(InMemoryParameters):
    maxthreads: int = Field(default=8, ge=1, le=64)

    @model_validator(mode="after")
    def _parsed(self) -> Self:
        self.__dict__["maxthreads"] = 8
        return self


@mutant("CONF-3", rows=("B80",), bug="what is parsed for a parameter is thrown away, and the default stays")
class ParsedIsLost(InMemoryDriver):
    Parameters = LostParameters


@mutant("CONF-2", bug="while the driver lives, the last registration of a name wins")
class LastRegistrationWins(InMemoryDriver):
    _lock: ClassVar[threading.Lock] = threading.Lock()
    _living: ClassVar[int] = 0

    def __init__(self, parameters: InMemoryParameters) -> None:
        super().__init__(parameters)
        self._open = True
        with self._lock:
            type(self)._living += 1
            factory.register = self._replace

    @classmethod
    def _replace(cls, name: str, constructor: Callable[[Mapping[str, Any]], StorageDriver]) -> None:
        if isinstance(name, str) and name:
            factory.unregister(name)
        REGISTER(name, constructor)

    def close(self) -> None:
        with self._lock:
            if self._open:
                self._open = False
                type(self)._living -= 1
            if not self._living:
                factory.register = REGISTER


@mutant("CONF-2", bug="one driver is made, and given again to whoever asks for the same")
class OneDriverForAll(InMemoryDriver):
    _made: ClassVar[dict[str, Any]] = {}

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any] | None = None) -> Self:
        made = super().from_parameters(parameters)
        return cls._made.setdefault(repr(sorted((parameters or {}).items())), made)  # type: ignore[no-any-return]


class RawParameters(InMemoryParameters):
    rootdirectory: str = ""


@mutant("CONF-3", bug="parameters in a mapping that is no dict are taken for none")
class OnlyDictsHaveParameters(InMemoryDriver):
    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any] | None = None) -> Self:
        return super().from_parameters(parameters if isinstance(parameters, dict) else None)


@mutant("CONF-3", bug="parameters are taken out of the caller's mapping")
class TakesParametersOut(InMemoryDriver):
    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any] | None = None) -> Self:
        if not isinstance(parameters, dict) or "rootdirectory" not in parameters:
            return super().from_parameters(parameters)
        root = parameters.pop("rootdirectory")
        return super().from_parameters({**parameters, "rootdirectory": root})


@mutant("CONF-3", rows=("B84",), bug="the root is put before the path as it is written")
class RawRoot(InMemoryDriver):
    Parameters = RawParameters


@mutant("CONF-3", rows=("B41",), bug="listed names keep a part of the root")
class ListKeepsTheRoot(InMemoryDriver):
    def _scan(self, path: str) -> Iterable[FileInfo]:
        for info in super()._scan(path):
            # A root with a slash inside is cut off by its first component's length alone.
            kept = paths.components(self._root or paths.ROOT)[1:]
            yield FileInfo("/".join(("", *kept, *paths.components(info.path))), info.size, info.mod_time, info.is_dir)


@mutant("CONF-3", rows=("E3",), bug="the root 'p' sees what is in the root 'p2'")
class RootIsAPrefix(InMemoryDriver):
    def _scan(self, path: str) -> Iterable[FileInfo]:
        yield from super()._scan(path)
        if path == paths.ROOT and self._root:
            with contextlib.suppress(FileNotFoundError):
                parent = self._store.get(paths.parent(self._root))
                name = paths.name(self._root)
                for other in getattr(parent, "children", {}):
                    if other.startswith(name) and other != name:
                        yield FileInfo(f"/{other.removeprefix(name)}", 0, None, is_dir=True)


@mutant("CONF-3", bug="moves leave the root")
class MoveLeavesTheRoot(InMemoryDriver):
    def _move(self, source: str, dest: str) -> None:
        self._store.move(self._key(source), dest if self._root else self._key(dest))


@mutant("CONF-3", bug="stages are kept by path, without the root")
class StagesWithoutRoot(InMemoryDriver):
    def _key(self, path: str) -> str:
        key = super()._key(path)
        self._store._staged.update(
            {
                f"{self._root}{path}": stage
                for other, stage in list(self._store._staged.items())
                if self._root and other.endswith(path) and path != paths.ROOT
            }
        )
        return key


@mutant("CONF-1", bug="a value that is refused for what it holds is shown")
class RefusedTextIsShown(InMemoryDriver):
    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any] | None = None) -> Self:
        try:
            return super().from_parameters(parameters)
        except ParameterError as error:
            parameter = error.parameter or ""
            value = dict(parameters or {}).get(parameter)
            if not isinstance(value, str) or " " not in value:
                raise
            told = f"{value.partition(' ')[0]!r} has a blank behind it"
        raise ParameterError(told, parameter=parameter, driver_name=cls.name)


class UnboundedParameters(InMemoryParameters):
    chunksize: int = 1024


@mutant("CONF-1", bug="the size of a chunk may be 0, and then nothing can be put; less than that puts nothing")
class NoChunkIsTaken(InMemoryDriver):
    Parameters = UnboundedParameters

    def __init__(self, parameters: UnboundedParameters) -> None:
        super().__init__(parameters)
        self._chunksize = parameters.chunksize

    def _put_content(self, path: str, content: bytes) -> None:
        cuts = range(0, len(content), self._chunksize)
        super()._put_content(path, b"".join(content[cut : cut + self._chunksize] for cut in cuts))
