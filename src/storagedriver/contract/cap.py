"""CAP: what a driver declares of itself."""

from storagedriver.contract.model import STRICTER, Level, Requirement

REQUIREMENTS = (
    Requirement(
        id="CAP-1",
        level=Level.MUST,
        title="What is declared works; what is not declared raises UnsupportedMethodError",
        promise=(
            "Every declared capability is kept. A call that needs one that is not declared raises "
            "UnsupportedMethodError and does nothing else; redirect_url returns None instead of raising."
        ),
        rationale=(
            "Callers choose their way by what a driver declares. A capability that is half there fails where it is "
            "needed most, and a silent skip hides it."
        ),
        source=STRICTER,
    ),
    Requirement(
        id="CAP-2",
        level=Level.MUST,
        title="Limits are declared values, and both sides of each edge behave as declared",
        promise=(
            "The longest component and path, the largest file, the chunk size and the case sensitivity are declared "
            "values that tests read. What is within a limit works; what is beyond it is refused, names by "
            "InvalidPathError and content by any error of the driver, and changes nothing."
        ),
        rationale="Bugs live at the edges: off by one, a minimum that is refused, a maximum that is cut silently.",
        source=STRICTER,
    ),
)
