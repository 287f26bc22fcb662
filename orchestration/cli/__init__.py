"""The `demoscope` command: its words and its tables. What it does is in orchestration.

A command's module imports the heavy libraries only when the command runs.
"""
