"""Secrets stay out of what is printed and reported (SEC-3)."""

from __future__ import annotations

from storagedriver.testing.target import Target


def secret_parameters(target: Target) -> frozenset[str]:
    """The parameters whose values are secrets: fields of the driver's model that are SecretStr, or named so."""
    model = getattr(getattr(target.registration.constructor, "__self__", None), "Parameters", None)
    fields = getattr(model, "model_fields", {})
    declared = {name for name, field in fields.items() if "Secret" in str(field.annotation)}
    named = {
        name
        for name in target.parameters
        if any(word in name.lower() for word in ("secret", "password", "token", "credential"))
    }
    return frozenset(declared | named)


class Redaction:
    """Replaces the values of secret parameters in texts by `***`."""

    def __init__(self, target: Target) -> None:
        """Know the secrets of `target`."""
        self._secrets = [
            str(target.parameters[name])
            for name in secret_parameters(target)
            if target.parameters.get(name) not in {None, ""}
        ]

    def __call__(self, line: str) -> str:
        for secret in self._secrets:
            line = line.replace(secret, "***")
        return line
