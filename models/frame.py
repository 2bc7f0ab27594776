"""Frames that detectors get: columns checked by name, values as one matrix in a fixed order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.detector import PEER_GROUP, Floats, Frame
from xiezhi.domain.errors import Problem, UsageError


def feature_columns(X: Frame) -> tuple[str, ...]:
    """The features of a frame, sorted by name: all its columns but the peer group.

    Raises:
        UsageError: there are none, a name occurs twice or is no text, or a column holds no numbers.
    """
    if not isinstance(X, pd.DataFrame):
        raise UsageError.of(f"{type(X).__name__} instead of a table", accepted="pandas.DataFrame with one column a feature")
    names = [name for name in X.columns if name != PEER_GROUP]
    problems = [Problem(f"column {name!r} occurs twice") for name in sorted({str(n) for n in names if names.count(n) > 1})]
    problems += [Problem(f"column name {name!r} is no text") for name in names if not isinstance(name, str)]
    if not problems:
        problems = [_no_numbers(X, name) for name in names if not _is_number(X[name])]
    if not names:
        problems = [Problem("a table without features", accepted="one numeric column a feature")]
    if problems:
        raise UsageError(problems)
    return tuple(sorted(names))


def matrix(X: Frame, features: Sequence[str]) -> Floats:
    """Values in the order of `features`, float64, NaN = missing; other columns are not looked at.

    Raises:
        UsageError: not fitted (`features` is empty), columns are missing (all are named), no numbers, or a value is infinite.
    """
    if not features:
        raise UsageError.of("the detector is not fitted", todo="call fit first")
    present = set(feature_columns(X))
    if missing := [name for name in features if name not in present]:
        raise UsageError.of(f"missing columns: {', '.join(missing)}", accepted=", ".join(features))
    values = np.array(X[list(features)].to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64, copy=True)
    wrong: NDArray[np.bool_] = np.isinf(values)
    if wrong.any():
        names = ", ".join(features[i] for i in np.flatnonzero(wrong.any(axis=0)).tolist())
        raise UsageError.of(f"infinite values in {names}", accepted="numbers, and NaN where a value is missing")
    return values


def peer_groups(X: Frame) -> list[str]:
    """The key of the peer group of each row; empty where the frame has none or it is missing."""
    if PEER_GROUP not in X.columns:
        return [""] * len(X)
    return ["" if key is None or key != key else str(key) for key in X[PEER_GROUP].tolist()]


def labels(y: object, rows: int) -> Floats:
    """Labels as 0.0 and 1.0.

    Raises:
        UsageError: there are none, another number of them, other values, or only one kind.
    """
    if y is None:
        raise UsageError.of("no labels", accepted="one 1 (confirmed) or 0 (refuted) a row")
    found = np.asarray(y, dtype=np.float64).ravel()
    if len(found) != rows:
        raise UsageError.of(f"{len(found)} labels for {rows} rows", accepted="one label a row")
    if set(np.unique(found).tolist()) != {0.0, 1.0}:
        raise UsageError.of(f"labels {sorted(set(found.tolist()))[:5]}", accepted="0 and 1, both of them")
    return found


def _is_number(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column.dtype)) and not pd.api.types.is_complex_dtype(column.dtype)


def _no_numbers(X: Frame, name: str) -> Problem:
    return Problem(f"column {name!r} holds {X[name].dtype}, no numbers", accepted="float64, NaN where missing")
