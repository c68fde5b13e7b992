"""The suite of properties: what only its histories find, and that each of its judgements can fail."""
