"""CONF: parameters and the factory."""

from storagedriver.contract.model import DOCKER_REGISTRY, STRICTER, Level, Requirement

REQUIREMENTS = (
    Requirement(
        id="CONF-1",
        level=Level.MUST,
        title="A wrong parameter raises ParameterError that names it, before any network call",
        promise=(
            "Unknown, missing, mistyped and out-of-range parameters raise ParameterError, which names the parameter and "
            "never shows its value, before any network call. Strings from the environment convert; None and absent are "
            "the default."
        ),
        rationale="A misspelt parameter that is ignored is a default that nobody chose, found in production.",
        source=STRICTER,
    ),
    Requirement(
        id="CONF-2",
        level=Level.MUST,
        title="An unknown driver raises InvalidStorageDriverError with the known ones; bad registrations are refused",
        promise=(
            "factory.create of an unknown name raises InvalidStorageDriverError, which lists the known names. Registering "
            "None, an empty name, or a name twice is an error."
        ),
        rationale="A registration that replaces another in silence makes the program use a driver that nobody named.",
        source=DOCKER_REGISTRY,
    ),
    Requirement(
        id="CONF-3",
        level=Level.MUST,
        title="Every parameter has an effect of its own and no other, and roots mean what they say",
        promise=(
            "Every parameter has its documented effect and no other. The roots '' and '/' mean none; 'r', '/r' and 'r/' "
            "mean the same one; and all methods agree on it."
        ),
        rationale="Options that land in another's variable, and roots that gain or lose a slash, make files unfindable.",
        source="prevents mixed-up parameters and doubled slashes",
    ),
)
