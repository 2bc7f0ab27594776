"""Reads CSV: UTF-8 with or without byte-order mark, UTF-16 or GB18030, detected; comma, semicolon or tab; quoted line breaks.

A clean file is parsed by Arrow. From the first record that does not fit the header (or where a quote stays open) a careful reader in
Python takes over, which names each bad record by its number and goes on with the next line.
"""

from __future__ import annotations

import codecs
import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv

from pipelines.ingest.batch import BadRecord, Batch
from xiezhi.domain.errors import XiezhiError

NULLS = ("", "NULL", "\\N")
"""How exports write a missing value."""
BLOCK = 32 << 20
"""Bytes that Arrow parses at once."""
SLOW_ROWS = 20_000
LONGEST_RECORD = 100  # lines that one record may take before its quote counts as never closed
_CHUNK = 1 << 20
_SAMPLE = 10_000  # characters beyond ASCII that tell one codec from another


@dataclass(frozen=True)
class Form:
    """How a file is written: its codec, whether characters are broken, whether the quotes are even."""

    codec: str
    lossy: bool
    even_quotes: bool


def _decodes(path: Path, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    with path.open("rb") as file:
        try:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _broken_share(path: Path, codec: str) -> float:
    """Broken characters per character beyond ASCII, among the first `_SAMPLE` of them, when the file is read with a codec."""
    broken = beyond = 0
    with path.open(encoding=codec, errors="replace", newline="") as file:
        while text := file.read(_CHUNK):
            broken += text.count("\ufffd")
            beyond += len(text) - len(text.encode("ascii", "ignore"))
            if beyond >= _SAMPLE:
                break
    return broken / max(beyond, 1)


def detect_form(path: Path) -> Form:
    """Read a file once to find its codec and count its quotes (a quote is one byte in each of the codecs and never part of another).

    A few broken bytes do not make a UTF-8 file GB18030: where neither codec reads the whole file without error, or UTF-8 fails on
    less than a tenth of the characters beyond ASCII, the file is read as the better one and its broken values go to quarantine.
    """
    quotes = 0
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(0)
        while chunk := file.read(_CHUNK):
            quotes += chunk.count(b'"')
    even = quotes % 2 == 0
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Form("utf-16", not _decodes(path, "utf-16"), even)
    if start.startswith(codecs.BOM_UTF8) or _decodes(path, "utf-8"):
        return Form("utf-8-sig", not _decodes(path, "utf-8"), even)
    utf8_broken = _broken_share(path, "utf-8")
    if utf8_broken >= 0.1 and _decodes(path, "gb18030"):
        return Form("gb18030", False, even)
    better = "utf-8" if utf8_broken < 0.1 or utf8_broken <= _broken_share(path, "gb18030") else "gb18030"
    return Form(better, True, even)


class CsvReader:
    """One CSV file.

    Raises:
        XiezhiError: the file is empty or its header cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._form = detect_form(path)
        with self._open() as file:
            first = next((line for line in file if line.strip()), "")
            self._delimiter = max(",;\t", key=first.count)
        records = self._records()
        header = next(records, None)
        if header is None or isinstance(header, BadRecord):
            raise XiezhiError.of("the file has no header", path=str(path), line=1, accepted="a line with the column names")
        self.names: list[str] = header
        self.total: int | None = None
        self.lossy = self._form.lossy
        self.header_line = 1

    def _open(self) -> codecs.StreamReaderWriter:
        errors = "replace" if self._form.lossy else "strict"
        return self._path.open(encoding=self._form.codec, errors=errors, newline="")  # type: ignore[return-value]

    def _records(self, width: int | None = None) -> Iterator[list[str] | BadRecord]:
        """Records one by one, blank lines left out. With `width`, a record that does not fit is a `BadRecord` (numbered by the caller)."""
        pushed: deque[str] = deque()
        with self._open() as file:
            lines = iter(file)
            while True:
                line = pushed.popleft() if pushed else next(lines, None)
                if line is None:
                    return
                if not line.strip():
                    continue
                parts = [line]
                while True:
                    try:
                        record = next(csv.reader(parts, delimiter=self._delimiter, strict=True))
                        reason = "" if width in (None, len(record)) else "column_count"
                    except csv.Error as error:
                        record, reason = [], "open_quote"
                        more = pushed.popleft() if pushed else next(lines, None)
                        if more is not None and "end of data" in str(error) and len(parts) < LONGEST_RECORD:
                            parts.append(more)
                            continue
                        if more is not None:
                            pushed.appendleft(more)
                    break
                if reason and len(parts) > 1:
                    # What the quote swallowed are records of their own.
                    reason = "open_quote"
                    pushed.extendleft(reversed(parts[1:]))
                yield BadRecord(0, reason, line.rstrip("\r\n")) if reason else record

    def batches(self) -> Iterator[Batch]:
        """The rows in batches, all texts; from the first bad record on by the careful reader."""
        done = 0
        if self._form.even_quotes and not self._form.lossy:
            for batch in self._fast():
                if batch is None:
                    break
                yield batch
                done += len(batch.rows)
            else:
                return
        yield from self._careful(done)

    def _fast(self) -> Iterator[Batch | None]:
        """Arrow's batches; None and the end where a record does not fit (what was yielded before is sound)."""
        misfit = False

        def skip(_: object) -> str:
            nonlocal misfit
            misfit = True
            return "skip"

        labels = [str(index) for index in range(len(self.names))]
        with self._open() as file:
            header_lines = self._header_lines(file)
        try:
            reader = pacsv.open_csv(
                self._path,
                pacsv.ReadOptions(
                    column_names=labels,
                    skip_rows=header_lines,
                    encoding="utf-8" if self._form.codec == "utf-8-sig" else self._form.codec,
                    block_size=BLOCK,
                ),
                pacsv.ParseOptions(delimiter=self._delimiter, newlines_in_values=True, invalid_row_handler=skip),
                pacsv.ConvertOptions(
                    column_types={label: pa.string() for label in labels},
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                    null_values=list(NULLS),
                ),
            )
            done = 0
            for batch in reader:
                if misfit:
                    yield None
                    return
                yield Batch(batch.columns, pa.array(range(done + 1, done + len(batch) + 1), pa.int64()))
                done += len(batch)
        except pa.ArrowInvalid as error:
            # Arrow finds no rows below a header alone; every other complaint is for the careful reader.
            if "Empty CSV file" not in str(error):
                yield None
            return
        if misfit:
            yield None

    def _header_lines(self, file: Iterator[str]) -> int:
        """Physical lines up to the end of the header."""
        count = 0
        parts: list[str] = []
        for line in file:
            count += 1
            if not parts and not line.strip():
                continue
            parts.append(line)
            try:
                next(csv.reader(parts, delimiter=self._delimiter, strict=True))
                return count
            except csv.Error:
                continue
        return count

    def _careful(self, done: int) -> Iterator[Batch]:
        width = len(self.names)
        records = islice(self._records(width), done + 1, None)
        number = done
        while True:
            good: list[list[str]] = []
            rows: list[int] = []
            bad: list[BadRecord] = []
            for record in islice(records, SLOW_ROWS):
                number += 1
                if isinstance(record, BadRecord):
                    bad.append(BadRecord(number, record.reason, record.text))
                else:
                    good.append(record)
                    rows.append(number)
            if not good and not bad:
                return
            columns = [pa.array([None if row[i] in NULLS else row[i] for row in good], pa.string()) for i in range(width)]
            yield Batch(columns, pa.array(rows, pa.int64()), bad)
