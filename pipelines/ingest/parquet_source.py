"""Reads Parquet by row groups."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.ingest.batch import Batch
from xiezhi.domain.errors import XiezhiError

BATCH_ROWS = 131_072
"""Rows that are in memory at once."""


class ParquetReader:
    """One Parquet file.

    Raises:
        XiezhiError: the file is not Parquet or is cut off.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = pq.ParquetFile(path, memory_map=True)
        except (pa.ArrowInvalid, OSError) as error:
            raise XiezhiError.of(f"not a whole Parquet file: {error}", path=str(path), todo="export or copy it again") from None
        self._path = path
        self.names: list[str] = list(self._file.schema_arrow.names)
        self.total: int | None = self._file.metadata.num_rows
        self.lossy = False
        self.header_line = 0

    def batches(self) -> Iterator[Batch]:
        """The rows in batches; `XiezhiError` where a page cannot be read."""
        done = 0
        try:
            for batch in self._file.iter_batches(batch_size=BATCH_ROWS):
                yield Batch(batch.columns, pa.array(range(done + 1, done + len(batch) + 1), pa.int64()))
                done += len(batch)
        except (pa.ArrowInvalid, OSError) as error:
            raise XiezhiError.of(
                f"cannot be read after row {done}: {error}", path=str(self._path), todo="export or copy it again"
            ) from None
