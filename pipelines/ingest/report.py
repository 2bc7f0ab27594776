"""What an ingest did: per table, per reason, and what is still pending."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from xiezhi.domain.errors import Problem

EXAMPLES = 200
"""Doubtful values that are listed one by one; the rest is counted, and all of them are in the table `quarantine`."""


@dataclass(frozen=True)
class BadValue:
    """One reason why one row went to quarantine: file name, row (data records from 1, header not counted), line as a spreadsheet counts."""

    table: str
    file: str
    row: int
    line: int
    column: str
    value: str | None
    reason: str
    zh: str
    en: str


@dataclass
class TableReport:
    """Counts of one table in one ingest. Every row that was read is accepted, a duplicate or quarantined.

    Attributes:
        table: national name.
        read: rows that were read.
        accepted: rows that are new in the store.
        duplicates: rows whose content is there already, in the store or earlier in the input.
        corrections: accepted versions (rows; for sets whole sets) of something that already had a version.
        quarantined: rows that were not loaded.
        quarantined_before: of these, rows that the quarantine held already.
        reasons: rows by (file, column, reason).
        examples: the first `EXAMPLES` bad values in file order.
    """

    table: str
    read: int = 0
    accepted: int = 0
    duplicates: int = 0
    corrections: int = 0
    quarantined: int = 0
    quarantined_before: int = 0
    reasons: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    examples: list[BadValue] = field(default_factory=list)


@dataclass(frozen=True)
class Pending:
    """References of one kind that point to nothing yet: `table.column` to `target`, how many rows, and one of the missing ids."""

    table: str
    column: str
    target: str
    rows: int
    example: str


@dataclass
class IngestReport:
    """The whole of one ingest.

    Attributes:
        ingest_id: written on every row that came in.
        tables: in load order, only tables that had files.
        problems: files that were not loaded, with place and accepted form.
        pending: references still missing in the whole store.
        data_version: versions of the claim tables afterwards.
        seconds: wall time.
    """

    ingest_id: str
    tables: list[TableReport] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)
    data_version: str = ""
    seconds: float = 0.0

    def of(self, table: str) -> TableReport:
        """The report of a table, added where there is none yet."""
        for report in self.tables:
            if report.table == table:
                return report
        self.tables.append(TableReport(table))
        return self.tables[-1]

    @property
    def clean(self) -> bool:
        """True where every file was read and no row was quarantined."""
        return not self.problems and not any(report.quarantined for report in self.tables)

    def document(self) -> dict[str, Any]:
        """The report as one JSON document."""
        return {
            "ingest_id": self.ingest_id,
            "data_version": self.data_version,
            "seconds": round(self.seconds, 3),
            "tables": {
                report.table: {
                    "read": report.read,
                    "accepted": report.accepted,
                    "duplicates": report.duplicates,
                    "corrections": report.corrections,
                    "quarantined": report.quarantined,
                    "quarantined_before": report.quarantined_before,
                    "reasons": [
                        {"file": file, "column": column, "reason": reason, "rows": rows}
                        for (file, column, reason), rows in report.reasons.most_common()
                    ],
                    "examples": [vars(example) for example in report.examples],
                }
                for report in self.tables
            },
            "problems": [
                {
                    "file": problem.where.path,
                    "line": problem.where.line,
                    "column": problem.where.field,
                    "what": problem.what,
                    "accepted": problem.accepted,
                    "todo": problem.todo,
                }
                for problem in self.problems
            ],
            "pending": [vars(item) for item in self.pending],
        }
