"""The suite of security: what strangers send, and what they may see."""

GROUPS = ("SEC",)
"""The groups of the contract that this suite judges; a requirement of them without a check is shown as not run."""
