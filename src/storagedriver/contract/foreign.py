"""FOR: foreign data, put on the backend by other tools."""

from storagedriver.contract.model import STRICTER, Level, Requirement

REQUIREMENTS = (
    Requirement(
        id="FOR-1",
        level=Level.MUST,
        title="What another tool put there is handled by the same rules, and odd names crash nothing",
        promise=(
            "What another tool put on the backend in the driver's layout (through the raw SDK: no markers, other metadata, "
            "other multipart cuts, directory markers, names outside the path grammar) is read, listed, walked, moved and "
            "deleted by the same rules. A file with two names is a file at each. Names outside the grammar are left out "
            "of list and walk, are deleted with their directory, and crash nothing."
        ),
        rationale="Buckets are filled by migrations, consoles and scripts, not by this driver alone.",
        source="prevents crashes on markers and foreign names",
    ),
    Requirement(
        id="FOR-2",
        level=Level.SHOULD,
        title="What the driver writes is readable with the backend's ordinary tools",
        promise="What the driver writes is readable with the backend's ordinary tools, as far as the layout is documented.",
        rationale="Backups, migrations and rescues are done with those tools.",
        source=STRICTER,
    ),
)
