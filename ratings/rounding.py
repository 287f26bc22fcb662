"""From floating-point ratings to the integers a board is made of.

A skill, a probability or a share becomes micro-units (1e-6), rounded half to even. Two machines
whose arithmetic differs in the last bits give the same integers.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

MICRO = 1_000_000
MICRO_SUFFIX = "_micro"


def rounded(ratings: pa.Table) -> pa.Table:
    """Every float64 column as int64 micro-units, named `<column>_micro`; null stays null.

    Raises:
        ValueError: a value is NaN or infinite; such a number must never reach a board.
    """
    names, columns = [], []
    for field, column in zip(ratings.schema, ratings.columns, strict=True):
        if pa.types.is_float64(field.type):
            absent = column.is_null().to_numpy()
            values = np.where(absent, 0.0, column.to_numpy())
            if not np.isfinite(values).all():
                raise ValueError(f"{field.name} holds a value that is not a finite number.")
            names.append(field.name + MICRO_SUFFIX)
            columns.append(pa.array(np.rint(values * MICRO).astype(np.int64), mask=absent))
        else:
            names.append(field.name)
            columns.append(column.combine_chunks())
    return pa.table(columns, names=names)
