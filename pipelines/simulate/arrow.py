"""Numpy columns into Arrow columns without a Python object per value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.simulate.settings import DAY
from pipelines.simulate.streams import Arr, digits

Column = Any
"""A pyarrow array or chunked array (pyarrow has no types of its own)."""


def decimal(values: Arr, scale: int, missing: Arr | None = None) -> Column:
    """Integers as decimal128(18, scale): 1205 at scale 2 is 12.05; `missing` is a mask of nulls."""
    words = np.empty((len(values), 2), dtype=np.int64)
    words[:, 0], words[:, 1] = values, values >> 63
    valid = None
    if missing is not None and missing.any():
        valid = pa.py_buffer(np.packbits(~missing, bitorder="little").tobytes())
    return pa.Array.from_buffers(pa.decimal128(18, scale), len(values), [valid, pa.py_buffer(words.tobytes())])


def choose(values: Sequence[str | None] | Column, numbers: Arr) -> Column:
    """The texts at these numbers; a negative number is a null."""
    source = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, type=pa.string())
    return source.take(pa.array(np.maximum(numbers, 0), mask=numbers < 0))


def text(values: Arr, missing: Arr | None = None) -> Column:
    """Integers as text; `missing` is a mask of nulls."""
    return pc.cast(pa.array(values, mask=missing), pa.string())


def joined(*parts: Column) -> Column:
    """Texts put together row by row."""
    return pc.binary_join_element_wise(*parts, "")


def moment(values: Arr, missing: Arr | None = None) -> Column:
    """Seconds since 1970 as local timestamps without zone."""
    return pa.array(values.astype("datetime64[s]"), mask=missing, type=pa.timestamp("s")).cast(pa.timestamp("us"))


def day(values: Arr, missing: Arr | None = None) -> Column:
    """Days since 1970 as dates."""
    return pa.array(values.astype(np.int32), mask=missing, type=pa.int32()).cast(pa.date32())


def dated_ids(days: Arr, keys: Arr, name: str) -> Arr:
    """Opaque 18-digit identities: yymmdd of `days` and 12 digits of the key; equal ones are moved apart in the order of the rows."""
    dates = days.astype("datetime64[D]")
    year = dates.astype("datetime64[Y]").astype(np.int64) + 1970
    month = dates.astype("datetime64[M]").astype(np.int64) % 12 + 1
    date = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    ids: Arr = (year % 100 * 10_000 + month * 100 + date) * 10**12 + digits(keys, name, 12)
    while True:
        _, first = np.unique(ids, return_index=True)
        if len(first) == len(ids):
            return ids
        again = np.ones(len(ids), dtype=bool)
        again[first] = False
        ids[again] += 1


def day_of(seconds: Arr) -> Arr:
    """The day of a second."""
    return seconds // DAY
