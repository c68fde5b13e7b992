"""The suite of performance: costs are counted and judged, times are measured and told."""

GROUPS = ("PERF",)
"""The groups of the contract that this suite judges; a requirement of them without a check is shown as not run."""
