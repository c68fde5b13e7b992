"""LEAK: what is used is given back."""

from storagedriver.contract.model import STRICTER, Level, Requirement

REQUIREMENTS = (
    Requirement(
        id="LEAK-1",
        level=Level.MUST,
        title="After any number of operations all resources are where they were",
        promise=(
            "After n operations, abandoned readers and writers among them, threads, descriptors, sockets, temporary files, "
            "unfinished uploads, segments and memory are where they were. So is, once all drivers are closed, what is set for "
            "the whole process: its mask, directory, environment, signals, limits, hooks and logging."
        ),
        rationale="A server runs for months; what leaks by one a request stops it in days.",
        source=STRICTER,
    ),
)
