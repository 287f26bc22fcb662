"""The `demoscope` command: arguments in, one call, one document out. No logic of its own."""
