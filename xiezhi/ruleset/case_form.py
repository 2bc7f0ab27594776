"""The form of the cases at the bottom of a rule file: rows with national column names, and what is expected of them.

Row models are made from the national tables (`xiezhi.domain.tables`), so a misspelt column is a problem with a position and
editors complete the names. Nothing but what a case is about needs to be said: `xiezhi.ruleset.case_facts` has the defaults.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema, create_model, field_validator

from xiezhi.domain.tables import TABLES, Column, Kind

CASE_KINDS = ("hit", "miss", "boundary", "missing", "outside", "refunded", "exception")
"""What a case is there for; `xiezhi rules check` asks for one of each that the rule can have."""

CaseKind = Literal["hit", "miss", "boundary", "missing", "outside", "refunded", "exception"]


def read_moment(value: Any) -> datetime | date:
    """A date (the time of day is then chosen by the defaults) or a local time; raises `ValueError`."""
    if isinstance(value, date):  # a datetime is a date too
        return value
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError("a date or time, 2026-03-10 or 2026-03-10 09:30") from None


Moment = Annotated[datetime | date, PlainValidator(read_moment), WithJsonSchema({"type": "string", "description": "date or time"})]


class CasePart(BaseModel):
    """A part of a case; unknown keys are problems."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    def stated(self) -> dict[str, Any]:
        """The values that the file states, an explicit null among them."""
        return self.model_dump(exclude_unset=True)


def _type(column: Column) -> Any:
    if column.kind.textual:
        return Annotated[str, Field(pattern=rf"^(?:{column.pattern})$")] if column.pattern else str
    if column.kind.scale is not None:
        return Decimal
    return {Kind.INTEGER: int, Kind.DATE: date, Kind.DATETIME: Moment}[column.kind]


def row_form(table: str) -> type[CasePart]:
    """The model of one given row of a national table: no column needs to be said, and null means missing where it may be missing."""
    fields: dict[str, Any] = {
        column.name: (_type(column) | None if column.nullable else _type(column), None) for column in TABLES[table].columns
    }
    return create_model(f"Row_{table}", __base__=CasePart, __doc__=f"A row of {table}: {TABLES[table].title_zh}.", **fields)


if TYPE_CHECKING:
    EncounterRow = CasePart
    LineRow = CasePart
    SettlementRow = CasePart
    DiagnosisRow = CasePart
    InstitutionRow = CasePart
    StaffRow = CasePart
    PersonMapRow = CasePart
    StocktakeRow = CasePart
    StockChangeRow = CasePart
    PurchaseRow = CasePart
    PurchaseReturnRow = CasePart
    SaleRow = CasePart
    SaleReturnRow = CasePart
else:
    EncounterRow, LineRow, SettlementRow, DiagnosisRow = map(row_form, ("mdtrt_d", "fee_list_d", "setl_d", "setl_list_diag_d"))
    InstitutionRow, StaffRow, PersonMapRow = map(row_form, ("medins_d", "staff_d", "psn_map_d"))
    StocktakeRow, StockChangeRow, PurchaseRow = map(row_form, ("fsi_3501", "fsi_3502", "fsi_3503"))
    PurchaseReturnRow, SaleRow, SaleReturnRow = map(row_form, ("fsi_3504", "fsi_3505", "fsi_3506"))


class PointGiven(CasePart):
    """A knowledge point of the rule's class; `limit` in the words of the published points."""

    kp_id: str = ""
    item_name: str = "示例"
    limit: dict[str, Any] = Field(default_factory=dict)
    a: list[str] | None = None
    b: list[str] = Field(default_factory=list)
    valid_from: date = date(2020, 1, 1)
    valid_to: date | None = None
    region: str = ""


class GivenForm(CasePart):
    """The rows of a case.

    Beside a list (`encounters`), the single row (`encounter`) is what all of the list share; alone, it is the only one. A plain code
    stands for a row of `diagnoses`.
    """

    encounter: EncounterRow | None = None
    encounters: list[EncounterRow] | None = None
    line: LineRow | None = None
    lines: list[LineRow] | None = None
    settlement: SettlementRow | None = None
    settlements: list[SettlementRow] | None = None
    diagnoses: list[DiagnosisRow] | None = None
    institution: InstitutionRow | None = None
    institutions: list[InstitutionRow] | None = None
    staff: list[StaffRow] | None = None
    persons_merged: list[PersonMapRow] | None = None
    points: list[PointGiven] | None = None
    store_from: date | None = None
    sales: list[SaleRow] | None = None
    sale_returns: list[SaleReturnRow] | None = None
    stocktakes: list[StocktakeRow] | None = None
    stock_changes: list[StockChangeRow] | None = None
    purchases: list[PurchaseRow] | None = None
    purchase_returns: list[PurchaseReturnRow] | None = None

    @field_validator("diagnoses", mode="before")
    @classmethod
    def _codes(cls, value: Any) -> Any:
        """A plain code means a row with that code."""
        return [{"diag_code": each} if isinstance(each, str) else each for each in value] if isinstance(value, list) else value


class ExpectForm(CasePart):
    """What must come out; what is not said is not looked at, except that `hits` must always be said."""

    hits: Annotated[int, Field(ge=0)]
    amount: Decimal | None = None
    amount_fen: int | None = None
    fund: Decimal | None = None
    unknown: list[str] | None = None
    lines: list[str] | None = None
    related: list[str] | None = None
    message: str | None = None


class CaseForm(CasePart):
    """A test of a rule: rows given, findings expected. `exception` names the exception that a case of that kind is about."""

    name: Annotated[str, Field(min_length=1)]
    kind: CaseKind
    exception: str | None = None
    given: GivenForm = Field(default_factory=GivenForm)
    expect: ExpectForm
