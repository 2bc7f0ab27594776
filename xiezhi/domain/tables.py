"""The national tables Xiezhi reads: columns, kinds, identities, versions; and the content of a row as text and hash.

Storage keeps national names and national units: money `DECIMAL(18,2)` yuan, quantities, prices and ratios `DECIMAL(18,6)`, times
local (`Asia/Shanghai`) without offset. Facts, versions and sets follow `semantics.md` 1: same identity and same content is a duplicate,
same identity and other content is a correction, and neither depends on the order of arrival.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from xiezhi.domain import table_columns
from xiezhi.domain.codes import SHAPES, Shape

SEPARATOR = "\x1f"
"""Joins the parts of a row's content text (ASCII unit separator, which no field of a table may hold)."""


class Kind(StrEnum):
    """What a column holds, in national units."""

    TEXT = "text"
    CODE = "code"
    FLAG = "flag"
    INTEGER = "integer"
    MONEY = "money"
    QUANTITY = "quantity"
    PRICE = "price"
    RATIO = "ratio"
    DATE = "date"
    DATETIME = "datetime"

    @property
    def textual(self) -> bool:
        """True where the value is text (text, code, flag)."""
        return self in _TEXTUAL

    @property
    def scale(self) -> int | None:
        """Decimals of a decimal kind (money 2; quantity, price, ratio 6), None for every other kind."""
        return _SCALES.get(self)

    @property
    def sql_type(self) -> str:
        """The storage type in SQL (DuckDB and Spark names agree)."""
        if self.textual:
            return "VARCHAR"
        if self.scale is not None:
            return f"DECIMAL(18,{self.scale})"
        return {Kind.INTEGER: "BIGINT", Kind.DATE: "DATE", Kind.DATETIME: "TIMESTAMP"}[self]


_SCALES = {Kind.MONEY: 2, Kind.QUANTITY: 6, Kind.PRICE: 6, Kind.RATIO: 6}
_TEXTUAL = frozenset((Kind.TEXT, Kind.CODE, Kind.FLAG))
_UNITS = {scale: Decimal(1).scaleb(-scale) for scale in _SCALES.values()}


@dataclass(frozen=True)
class Column:
    """One column of a national table.

    Attributes:
        name: national field name.
        kind: what it holds.
        required: the column must be in the file.
        nullable: its value may be missing.
        pattern: full-match regular expression of a code or flag, None where any text is good.
        shape: name of the code shape in `codes.SHAPES`, empty where there is no pattern.
        last_year: latest plausible year of a date (9999 for ends of validity, which are often written open).
    """

    name: str
    kind: Kind
    required: bool = False
    nullable: bool = True
    pattern: str | None = None
    shape: str = ""
    last_year: int = 2100

    @property
    def code_shape(self) -> Shape | None:
        """The shape of the code with its wording, None where there is no pattern."""
        return SHAPES.get(self.shape)


@dataclass(frozen=True)
class Reference:
    """A reference to a row of another table that may come later (then it is pending, not an error).

    `columns` of this table equal `target_columns` of `table`; a row with a missing value in the last column has no reference.
    """

    columns: tuple[str, ...]
    table: str
    target_columns: tuple[str, ...]


@dataclass(frozen=True)
class TableSpec:
    """One national table.

    Attributes:
        name: national table name.
        columns: in storage order; `updt_time` is always the last.
        identity: columns that name one fact; rows of equal identity are versions of it.
        title_zh: Chinese title.
        title_en: English title.
        month_column: date or time that gives the partition (yyyymm), None: partition 0.
        set_of: the owner of a set. Where it is given, all rows of one owner with the same `updt_time` are ONE version of the owner's
            set (a missing `updt_time` is one version too, the oldest), so the newest set is a function of the facts and not of
            their arrival; a sender replaces a set by sending it whole with a newer `updt_time`.
        references: references that may be pending.
    """

    name: str
    columns: tuple[Column, ...]
    identity: tuple[str, ...]
    title_zh: str
    title_en: str
    month_column: str | None = None
    set_of: str | None = None
    references: tuple[Reference, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in storage order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of this name; `KeyError` where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name!r}")


_MARKS = {"": (False, True), "°": (True, True), "!": (True, False)}


def _columns(text: str) -> tuple[Column, ...]:
    columns: list[Column] = []
    for line in text.split("\n"):
        if not line.strip():
            continue
        name, kind, mark = [*line.split(), ""][:3]
        required, nullable = _MARKS[mark]
        if kind in SHAPES:
            base = Kind.FLAG if kind == "flag" else Kind.CODE
            columns.append(Column(name, base, required, nullable, SHAPES[kind].pattern, kind))
        elif kind == "enddate":
            columns.append(Column(name, Kind.DATE, required, nullable, last_year=9999))
        else:
            columns.append(Column(name, Kind(kind), required, nullable))
    return (*columns, Column("updt_time", Kind.DATETIME))


_ENCOUNTER = Reference(("mdtrt_id",), "mdtrt_d", ("mdtrt_id",))
_STOCK = ("fixmedins_code", "med_list_codg", "fixmedins_hilist_id", "fixmedins_bchno")

_SPECS = (
    TableSpec(
        "mdtrt_d",
        _columns(table_columns.MDTRT_D),
        ("mdtrt_id",),
        "就诊",
        "encounter",
        "begntime",
    ),
    TableSpec(
        "fee_list_d",
        _columns(table_columns.FEE_LIST_D),
        ("fixmedins_code", "bkkp_sn"),
        "费用明细",
        "fee line",
        "fee_ocur_time",
        references=(
            _ENCOUNTER,
            Reference(("setl_id",), "setl_d", ("setl_id",)),
            Reference(("fixmedins_code", "init_feedetl_sn"), "fee_list_d", ("fixmedins_code", "bkkp_sn")),
        ),
    ),
    TableSpec(
        "setl_d",
        _columns(table_columns.SETL_D),
        ("setl_id",),
        "结算",
        "settlement",
        "setl_time",
        references=(_ENCOUNTER, Reference(("init_setl_id",), "setl_d", ("setl_id",))),
    ),
    TableSpec(
        "setl_list_diag_d",
        _columns(table_columns.SETL_LIST_DIAG_D),
        ("mdtrt_id", "updt_time", "diag_code", "maindiag_flag", "diag_type"),
        "诊断",
        "diagnosis",
        set_of="mdtrt_id",
        references=(_ENCOUNTER,),
    ),
    TableSpec(
        "setl_list_oprn_d",
        _columns(table_columns.SETL_LIST_OPRN_D),
        ("mdtrt_id", "updt_time", "oprn_oprt_code", "main_oprn_flag", "oprn_oprt_date", "oprn_oprt_begntime"),
        "手术操作",
        "operation",
        "oprn_oprt_date",
        set_of="mdtrt_id",
        references=(_ENCOUNTER,),
    ),
    TableSpec(
        "fsi_3501",
        _columns(table_columns.FSI_3501),
        (*_STOCK, "invdate", "drug_trac_codg"),
        "库存盘存",
        "stocktake",
        "invdate",
    ),
    TableSpec(
        "fsi_3502",
        _columns(table_columns.FSI_3502),
        (*_STOCK, "inv_chg_type", "inv_chg_time", "drug_trac_codg"),
        "库存变更",
        "stock change",
        "inv_chg_time",
    ),
    TableSpec(
        "fsi_3503",
        _columns(table_columns.FSI_3503),
        (*_STOCK, "dynt_no", "purc_invo_no", "purc_retn_stoin_time", "drug_trac_codg"),
        "采购",
        "purchase",
        "purc_retn_stoin_time",
    ),
    TableSpec(
        "fsi_3504",
        _columns(table_columns.FSI_3504),
        (*_STOCK, "dynt_no", "purc_invo_no", "purc_retn_stoin_time", "drug_trac_codg"),
        "采购退货",
        "purchase return",
        "purc_retn_stoin_time",
    ),
    TableSpec(
        "fsi_3505",
        _columns(table_columns.FSI_3505),
        (*_STOCK, "mdtrt_sn", "rtal_docno", "sel_retn_time", "drug_trac_codg"),
        "销售",
        "sale",
        "sel_retn_time",
    ),
    TableSpec(
        "fsi_3506",
        _columns(table_columns.FSI_3506),
        (*_STOCK, "mdtrt_sn", "rtal_docno", "sel_retn_time", "drug_trac_codg"),
        "销售退货",
        "sale return",
        "sel_retn_time",
    ),
    TableSpec(
        "medins_d",
        _columns(table_columns.MEDINS_D),
        ("fixmedins_code",),
        "定点医药机构",
        "institution",
    ),
    # A practitioner may hold several periods at one place; a changed status of a period is a correction of it, so status is no key.
    TableSpec(
        "staff_d",
        _columns(table_columns.STAFF_D),
        ("staff_code", "fixmedins_code", "begndate"),
        "医药人员",
        "practitioner",
    ),
    TableSpec(
        "psn_map_d",
        _columns(table_columns.PSN_MAP_D),
        ("old_psn_no",),
        "人员合并",
        "person merged",
    ),
    TableSpec(
        "idty_check_d",
        _columns(table_columns.IDTY_CHECK_D),
        ("psn_no", "fixmedins_code", "check_time"),
        "身份核验",
        "identity check",
        "check_time",
    ),
)

TABLES: Mapping[str, TableSpec] = MappingProxyType({spec.name: spec for spec in _SPECS})
"""All national tables by name, in the order in which a folder is loaded."""


def canonical(column: Column, value: object) -> str:
    """The canonical text of one typed value: decimals at fixed scale, times to the second (and its fraction if any), missing = ''.

    >>> canonical(Column("pric", Kind.MONEY), Decimal("12.0")), canonical(Column("t", Kind.DATETIME), datetime(2026, 5, 1, 8))
    ('12.00', '2026-05-01 08:00:00')
    """
    if value is None:
        return ""
    if type(value) is str:
        return value
    scale = _SCALES.get(column.kind)
    if scale is not None and isinstance(value, (Decimal, int)):
        quantized = Decimal(value).quantize(_UNITS[scale])
        return f"{quantized:f}" if quantized else f"{abs(quantized):f}"
    if isinstance(value, datetime):
        text = value.isoformat(" ", "microseconds" if value.microsecond else "seconds")
        return text.rstrip("0") if value.microsecond else text
    return value.isoformat() if isinstance(value, date) else str(value)


def content_text(spec: TableSpec, row: Mapping[str, object]) -> str:
    """The content of a typed row: canonical text of the known columns in storage order, joined by `SEPARATOR`.

    Unknown columns do not count. A column that the row lacks is missing, like one whose value is None or an empty text.
    """
    return SEPARATOR.join(["" if (value := row.get(column.name)) is None else canonical(column, value) for column in spec.columns])


def content_hash(spec: TableSpec, row: Mapping[str, object]) -> str:
    """MD5 of `content_text` as 32 hexadecimal digits: an identity of content, not a protection."""
    return hashlib.md5(content_text(spec, row).encode(), usedforsecurity=False).hexdigest()


def known_fields(spec: TableSpec, row: Mapping[str, object]) -> int:
    """Number of known columns whose value is not missing."""
    return sum(1 for column in spec.columns if row.get(column.name) not in (None, ""))


def content_hash_sql(spec: TableSpec) -> str:
    """The DuckDB expression equal to `content_hash`, over columns of the storage types."""
    # `concat` takes a missing value as an empty text, which is what the canonical text wants.
    parts = (column.name if column.kind.textual else f"CAST({column.name} AS VARCHAR)" for column in spec.columns)
    return f"md5(concat({', chr(31), '.join(parts)}))"


def known_fields_sql(spec: TableSpec) -> str:
    """The DuckDB expression equal to `known_fields` (empty texts are stored as missing)."""
    return "(" + " + ".join(f"CAST({name} IS NOT NULL AS INTEGER)" for name in spec.names) + ")"


def month_sql(spec: TableSpec) -> str:
    """The DuckDB expression of the partition: yyyymm of the month column, 0 where there is none."""
    if spec.month_column is None:
        return "CAST(0 AS INTEGER)"
    return f"CAST(coalesce(year({spec.month_column}) * 100 + month({spec.month_column}), 0) AS INTEGER)"
