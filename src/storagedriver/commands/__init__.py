"""The commands, a module each: what it is called with, what it prints, and how it ends.

A module has `add(commands)`, which adds its parser with the function that runs it and returns the exit code; it imports what
it works with in there, so that no other command waits for that. No line that is printed begins with text from elsewhere:
logs of pipelines take some beginnings for commands.
"""
