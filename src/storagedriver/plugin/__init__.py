"""The pytest plugin: options, targets and their servers, isolation, recording, reproducers, the report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from storagedriver.plugin import options
from storagedriver.plugin.session import CertificationPlugin
from storagedriver.plugin.table import Table


def activate(config: pytest.Config, table: Mapping[str, Any], folder: Path) -> None:
    """Register what certifies the drivers that the user names, and start the servers they need.

    Args:
        config: Of the run.
        table: The table [tool.storagedriver]; may be empty.
        folder: Where the table's file lies.
    """
    plugin = CertificationPlugin(config, options.read(config, Table(table, folder)))
    config.pluginmanager.register(plugin, "storagedriver-certification")
    plugin.prepare()
