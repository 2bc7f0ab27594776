"""DuckDB SQL that turns one batch of source rows into typed rows and says which of them are bad, and why.

The text of a query is made from the table's specification and the source column's type alone; no value of the data and no name from a
file ever enters it. Every column is read as `"name"` from the registered batch `batch`, whose row number is `__row`; its texts are
trimmed already, and empty ones are missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from xiezhi.domain.row_reasons import type_reason
from xiezhi.domain.tables import Column, Kind, TableSpec, content_hash_sql, known_fields_sql, month_sql
from xiezhi.storage.delta import arrow_type

DATE_TEXT = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{8}"
"""A date as text."""
TIME_TEXT = (
    r"\d{4}[-/]\d{1,2}[-/]\d{1,2}(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?|\d{8}(?:\d{6})?"  # no offset: the national times are local
)
"""A local time as text; a date alone is its midnight."""
LOST_DIGITS = r"\d(?:\.\d+)?[eE]\+\d+"
"""What a spreadsheet makes of a long code."""


@dataclass(frozen=True)
class Typed:
    """One column of a batch, in SQL expressions: its typed value, the value as read, and its conditions (reason, true where it holds).

    `quick` is true where any condition holds; every row pays for it, the single conditions are asked of bad rows only.
    """

    value: str
    raw: str
    bad: tuple[tuple[str, str], ...]
    quick: tuple[str, ...] = ()

    @property
    def any_bad(self) -> tuple[str, ...]:
        """Conditions of which at least one is true in a bad row."""
        return self.quick or tuple(condition for _, condition in self.bad)


def _number(column: Column, source: pa.DataType, raw: str) -> Typed:
    scale = column.kind.scale or 0
    target = column.kind.sql_type
    if pa.types.is_floating(source):
        # A binary float has no exact decimals: it is rounded to the column's scale, and NaN is how frames write a missing value.
        finite = f"CASE WHEN isnan({raw}) THEN NULL ELSE {raw} END"
        value = f"TRY_CAST(round({finite}, {scale}) AS {target})"
        bad = [("number_range", f"{finite} IS NOT NULL AND {value} IS NULL")]
        if column.kind is Kind.INTEGER:
            bad.append(("not_an_integer", f"{finite} <> floor({finite})"))
        return Typed(value, finite, tuple(bad))
    if not pa.types.is_string(source):
        value = f"TRY_CAST({raw} AS {target})"
        bad = [("number_range", f"{raw} IS NOT NULL AND {value} IS NULL")]
        if pa.types.is_decimal(source) and source.scale > scale:
            bad.append(("too_many_decimals" if column.kind is not Kind.INTEGER else "not_an_integer", f"{value} <> {raw}"))
        return Typed(value, raw, tuple(bad))
    if column.kind is Kind.INTEGER:
        exact = f"TRY_CAST({raw} AS DECIMAL(38,6))"
        return Typed(
            f"TRY_CAST({raw} AS BIGINT)",
            raw,
            (
                ("not_an_integer", f"{raw} IS NOT NULL AND {exact} IS NULL"),
                ("not_an_integer", f"{exact} <> floor({exact})"),
                ("number_range", f"{exact} IS NOT NULL AND TRY_CAST({raw} AS BIGINT) IS NULL"),
            ),
        )
    value = f"TRY_CAST({raw} AS {target})"
    wide = f"TRY_CAST({raw} AS DOUBLE)"
    # The exact comparison is dear, so it is made only where the text is longer than the scale after its point.
    long_text = f"(contains({raw}, '.') AND length({raw}) - strpos({raw}, '.') > {scale}) OR contains(lower({raw}), 'e')"
    exact = f"CASE WHEN {long_text} THEN TRY_CAST({raw} AS DECIMAL(38,18)) <> {value} ELSE false END"
    return Typed(
        value,
        raw,
        (
            ("not_a_number", f"{raw} IS NOT NULL AND {value} IS NULL AND ({wide} IS NULL OR NOT isfinite({wide}))"),
            ("number_range", f"{raw} IS NOT NULL AND {value} IS NULL AND isfinite({wide})"),
            ("too_many_decimals", exact),
        ),
    )


def _date(column: Column, source: pa.DataType, raw: str) -> Typed:
    target = column.kind.sql_type
    bad: list[tuple[str, str]] = []
    if pa.types.is_string(source):
        pattern = TIME_TEXT
        compact = f"CAST(try_strptime({raw}, ['%Y%m%d', '%Y%m%d%H%M%S']) AS {target})"
        value = (
            f"CASE WHEN NOT regexp_full_match({raw}, '{pattern}') THEN NULL WHEN contains({raw}, '-') OR contains({raw}, '/') "
            f"THEN TRY_CAST(TRY_CAST({raw} AS TIMESTAMP) AS {target}) ELSE {compact} END"
        )
        bad.append((type_reason(column.kind), f"{raw} IS NOT NULL AND {value} IS NULL"))
    else:
        value = f"TRY_CAST({raw} AS {target})"
        bad.append((type_reason(column.kind), f"{raw} IS NOT NULL AND {value} IS NULL"))
    low, high = f"{target} '1900-01-01'", f"{target} '{column.last_year}-12-31'"
    if column.kind is Kind.DATETIME:
        high = f"{target} '{column.last_year}-12-31 23:59:59.999999'"
    bad.append(("date_range", f"NOT ({value} BETWEEN {low} AND {high})"))
    return Typed(value, raw, tuple(bad))


def _text(column: Column, source: pa.DataType, name: str, *, lossy: bool) -> Typed:
    if pa.types.is_floating(source):
        # Frames turn whole numbers with gaps into floats; above 2^53 the digits of a code are already lost.
        whole = f"{name} = floor({name}) AND abs({name}) < 9007199254740992"
        value = (
            f"CASE WHEN isnan({name}) THEN NULL WHEN {whole} THEN CAST(CAST({name} AS BIGINT) AS VARCHAR) ELSE CAST({name} AS VARCHAR) END"
        )
    elif pa.types.is_boolean(source):
        value = f"CAST(CAST({name} AS INTEGER) AS VARCHAR)"
    elif pa.types.is_string(source):
        value = name
    else:
        value = f"CAST({name} AS VARCHAR)"
    bad: list[tuple[str, str]] = []
    quick: list[str] = []
    lost = f"contains({value}, 'E+') AND regexp_full_match({value}, '{LOST_DIGITS}')"
    if column.pattern is not None:
        shape = f"NOT regexp_full_match({value}, '{column.pattern}')"
        quick.append(shape)  # no shape takes a number that lost digits
        bad.append(("digits_lost", lost))
        bad.append(("code_shape", f"({shape}) AND NOT coalesce({lost}, false)"))
    elif column.required:
        bad.append(("digits_lost", lost))
        quick.append(lost)
    if lossy:
        broken = f"contains({value}, chr(65533))"
        bad.append(("broken_characters", broken))
        quick.append(broken)
    return Typed(value, value, tuple(bad), tuple(quick))


def typed_column(column: Column, source: pa.DataType | None, *, lossy: bool) -> Typed:
    """The typed value and the conditions of one column; a column that the file lacks (`source` None) is missing in every row."""
    if source is None:
        return Typed(f"CAST(NULL AS {column.kind.sql_type})", "CAST(NULL AS VARCHAR)", ())
    name = f'"{column.name}"'
    if column.kind.textual:
        typed = _text(column, source, name, lossy=lossy)
    else:
        raw = name
        typed = (_date if column.kind in (Kind.DATE, Kind.DATETIME) else _number)(column, source, raw)
    if column.nullable:
        return typed
    absent = f"{typed.raw} IS NULL"
    return Typed(typed.value, typed.raw, (("missing", absent), *typed.bad), (absent, *typed.any_bad))


def owner_sql(spec: TableSpec) -> str:
    """What the rows of a table are versions of, as a 64-bit hash: the identity, or the owner of the set."""
    return f"hash({', '.join((spec.set_of,) if spec.set_of else spec.identity)})"


def version_sql(spec: TableSpec) -> str:
    """The version of a set as a 64-bit hash; missing for other tables, where every row is a version of its own."""
    return f"hash({spec.set_of}, updt_time)" if spec.set_of else "CAST(NULL AS UBIGINT)"


class BatchSql:
    """The queries for batches of one table whose columns have these Arrow types.

    Args:
        spec: the table.
        sources: Arrow type of every known column that the batch has, by national name.
        extra: the batch has a struct column `__extra` of unknown columns.
        lossy: texts may hold broken characters (U+FFFD).
    """

    def __init__(self, spec: TableSpec, sources: Mapping[str, pa.DataType], *, extra: bool, lossy: bool) -> None:
        self._spec = spec
        self._columns = [(column, typed_column(column, sources.get(column.name), lossy=lossy)) for column in spec.columns]
        # Merging into an empty object drops the members that are missing.
        kept = "CASE WHEN __extra IS NULL THEN NULL ELSE json_merge_patch('{}', to_json(__extra)) END"
        self._extra = f"CAST({kept} AS VARCHAR)" if extra else "CAST(NULL AS VARCHAR)"
        self._raw = [name for name in spec.names if name in sources] + (["__extra"] if extra else [])
        # A column that is of its stored type already need not be copied out of the database again.
        self.as_read = frozenset(name for name, kind in sources.items() if kind == arrow_type(spec.column(name)))
        self.absent = frozenset(spec.names) - frozenset(sources)

    def typed(self) -> str:
        """All rows in order: `__row`, `extra`, `content_hash`, `known_fields`, `month`, `bad`, and the columns that had to be typed.

        Columns `as_read` are good as they are in the batch and `absent` ones are missing, so neither is among them. `owner` is the
        hash of what rows are versions of, `version` that of a set's version (missing where every row is a version of its own).
        """
        spec = self._spec
        values = ", ".join(f"{typed.value} AS {column.name}" for column, typed in self._columns)
        conditions = [f"({condition})" for _, typed in self._columns for condition in typed.any_bad]
        out = [name for name in spec.names if name not in self.as_read and name not in self.absent]
        meta = [
            "extra",
            "bad",
            f"{content_hash_sql(spec)} AS content_hash",
            f"{known_fields_sql(spec)} AS known_fields",
            f"{month_sql(spec)} AS month",
            f"{owner_sql(spec)} AS owner",
            f"{version_sql(spec)} AS version",
        ]
        return (
            f"SELECT {', '.join(['__row', *out, *meta])} FROM (SELECT __row, {values}, {self._extra} AS extra, "
            f"coalesce({' OR '.join(conditions) or 'false'}, false) AS bad FROM batch)"
        )

    def reasons(self) -> str:
        """Of the rows of the registered table `bad_rows` (`__row`): one row a reason, with `__row`, `col`, `value`, `reason`."""
        items = [
            f"CASE WHEN {condition} THEN {{'col': '{column.name}', 'value': CAST({typed.raw} AS VARCHAR), 'reason': '{reason}'}} END"
            for column, typed in self._columns
            for reason, condition in typed.bad
        ]
        return (
            "SELECT __row, r.col AS col, r.value AS value, r.reason AS reason FROM (SELECT __row, "
            f"unnest([{', '.join(items)}]) AS r FROM batch WHERE __row IN (SELECT __row FROM bad_rows)) WHERE r IS NOT NULL"
        )

    def blank_rows(self) -> str:
        """Of the rows of `bad_rows`: `__row` of those without any value at all."""
        empty = " AND ".join(f"""nullif(CAST("{name}" AS VARCHAR), '') IS NULL""" for name in self._raw)
        return f"SELECT __row FROM batch WHERE __row IN (SELECT __row FROM bad_rows) AND {empty}"

    def whole_rows(self) -> str:
        """Of the rows of `bad_rows`: `__row` and the row as it was read, as a JSON object of the columns that have a value."""
        members = ", ".join(f"""'{name.strip("_")}': "{name}\"""" for name in self._raw)
        return (
            f"SELECT __row, CAST(json_merge_patch('{{}}', to_json({{{members}}})) AS VARCHAR) AS row_json FROM batch "
            "WHERE __row IN (SELECT __row FROM bad_rows)"
        )
