"""The suite of leaks: what a driver uses it gives back."""

GROUPS = ("LEAK",)
"""The groups of the contract that this suite judges; a requirement of them without a check is shown as not run."""
