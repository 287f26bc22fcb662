"""Room 2: the gate on every load. Judges rows and batches; reads no files and writes no log."""
