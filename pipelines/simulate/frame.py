"""A table in memory: equally long numpy columns by name."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pipelines.simulate.streams import Arr


class Frame:
    """Columns of equal length; rows are only ever appended or taken, so a row number is a stable reference.

    Raises:
        ValueError: the columns differ in length or in name.
    """

    def __init__(self, **columns: Arr) -> None:
        self.columns = columns
        if len({len(c) for c in columns.values()}) > 1:
            raise ValueError({name: len(c) for name, c in columns.items()})

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def __getitem__(self, name: str) -> Arr:
        return self.columns[name]

    def __setitem__(self, name: str, values: Arr) -> None:
        if self.columns and len(values) != len(self):
            raise ValueError(name)
        self.columns[name] = values

    def take(self, rows: Arr) -> Frame:
        """The rows given by number or by a boolean mask, as a copy."""
        return Frame(**{name: c[rows] for name, c in self.columns.items()})

    def copy(self) -> Frame:
        """An independent copy."""
        return Frame(**{name: c.copy() for name, c in self.columns.items()})

    @staticmethod
    def concat(frames: Iterable[Frame]) -> Frame:
        """All rows one after the other; every frame has the same columns."""
        parts = list(frames)
        names = list(parts[0].columns)
        for part in parts:
            if set(part.columns) != set(names):
                raise ValueError(f"{sorted(part.columns)} != {sorted(names)}")
        return Frame(**{name: np.concatenate([p.columns[name] for p in parts]) for name in names})
