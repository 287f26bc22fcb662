"""The event log: segments, commits, reading as of a position. The only truth."""
