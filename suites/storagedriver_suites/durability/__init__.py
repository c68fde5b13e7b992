"""The suite of durability: processes that are killed, and machines that lose their power."""

GROUPS = ("DUR",)
"""The groups of the contract that this suite judges; a requirement of them without a check is shown as not run."""
