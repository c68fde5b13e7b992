"""The pytest plugin: options, targets and their servers, isolation, recording, reproducers, the report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from storagedriver.plugin import options
from storagedriver.plugin.session import CertificationPlugin


def activate(config: pytest.Config, table: Mapping[str, Any]) -> None:
    """Register what certifies the drivers that the user names, and start the servers they need."""
    plugin = CertificationPlugin(config, options.read(config, table))
    config.pluginmanager.register(plugin, "storagedriver-certification")
    plugin.prepare()
