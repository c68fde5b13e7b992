"""Detection power: which faulty driver which suite catches, by which check, and what a baseline of our own would."""
