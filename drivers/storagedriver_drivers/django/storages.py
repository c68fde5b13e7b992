"""Storages made of their names, and what may be claimed on each; of those that nobody judged the least is claimed."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from storagedriver.dependencies import require
from storagedriver.driver import Capabilities
from storagedriver.errors import ParameterError
from storagedriver.sharing import Share, SharedByName

_NAME = "django"


@dataclass(frozen=True, slots=True)
class Kind:
    """How a storage takes files, and what the driver may claim on it.

    Attributes:
        capabilities: What is claimed.
        local: Whether it keeps files on this machine. There it renames a temporary file that it is given, which readers
            see whole, and its delete() of a directory that is not empty is refused.
        shared_in_process: Whether drivers of the same parameters have to share one storage to see the same files.
        options: Arguments without which a file is not replaced in one step; given ones go before.
    """

    capabilities: Capabilities
    local: bool = False
    shared_in_process: bool = False
    options: Mapping[str, object] = field(default_factory=dict)


_LEAST = Kind(Capabilities(atomic_write=True, eager_open=True))
"""atomic_write is the driver's own doing: a stream is held in a local file until it is committed."""

_WHOLE_AND_SHARED = Capabilities(atomic_put=True, atomic_write=True, eager_open=True, consistent_list=True, shared=True)
_KNOWN: Mapping[str, Kind] = {
    "django.core.files.storage.filesystem.FileSystemStorage": Kind(
        _WHOLE_AND_SHARED, local=True, options={"allow_overwrite": True}
    ),
    # It replaces no file: one that is written anew is absent for a moment.
    "django.core.files.storage.memory.InMemoryStorage": Kind(
        Capabilities(atomic_write=True, eager_open=True, consistent_list=True), shared_in_process=True
    ),
}

_memories: SharedByName[Any] = SharedByName()
_configuring = threading.Lock()


def open_storage(name: str, options: Mapping[str, Any]) -> tuple[Share[Any], Kind]:
    """The storage of a class, with what is known of it; nothing is asked of a server.

    Django's settings are its defaults where the process has configured none, and names none by DJANGO_SETTINGS_MODULE.

    Raises:
        MissingDependencyError: Django is not installed.
        ParameterError: There is no such class, or it refuses the options.
    """
    settings: Any = require("django.conf", extra=_NAME, driver_name=_NAME).settings
    with _configuring:
        if not settings.configured and not os.environ.get("DJANGO_SETTINGS_MODULE"):
            settings.configure()
    loading: Any = require("django.utils.module_loading", extra=_NAME, driver_name=_NAME)
    try:
        made = loading.import_string(name)
    except Exception as unknown:
        raise ParameterError(
            f"it cannot be imported: {type(unknown).__name__}: {unknown}", parameter="storage", driver_name=_NAME
        ) from unknown
    kind = _KNOWN.get(f"{made.__module__}.{getattr(made, '__qualname__', '')}", _LEAST)

    if any(options.get(option, needed) != needed for option, needed in kind.options.items()):
        kind = replace(kind, capabilities=replace(kind.capabilities, atomic_put=False))

    def make() -> Any:
        return made(**{**kind.options, **options})

    try:
        if kind.shared_in_process:
            return _memories.get(f"{name} {sorted(options.items())}", make), kind
        return Share(make()), kind
    except Exception as refused:  # noqa: BLE001  storages raise what they like
        # Its message may hold the values, of which some are secrets.
        error = ParameterError(
            f"the storage refuses them: {type(refused).__name__}", parameter="options", driver_name=_NAME
        )
    raise error
