"""The `demoscope` command: arguments in, one call, one document or table out. No logic of its own."""
