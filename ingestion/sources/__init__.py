"""One file per kind of source: each reads verbatim and yields native batches."""
