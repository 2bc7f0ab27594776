"""Facts: what rules see, after versions, corrections, refunds and reversals are settled (semantics.md 1 and 2).

Every fact is a plain value; dates are day numbers (days since 1970-01-01), times are seconds since then in local time,
money is fen, quantities and unit prices are millionths. `None` is "missing". The same names are columns of the SQL
form (`xiezhi.ruleset.facts_sql`); a test proves that both forms hold the same values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

INPATIENT, EMERGENCY, OUTPATIENT, CHRONIC, PHARMACY, HOME_BED = "inpatient", "emergency", "outpatient", "chronic", "pharmacy", "home_bed"

ENCOUNTER_KINDS: Mapping[str, str] = {
    "21": INPATIENT,
    "210104": INPATIENT,
    "28": INPATIENT,
    "52": INPATIENT,
    "13": EMERGENCY,
    "120": EMERGENCY,
    "11": OUTPATIENT,
    "12": OUTPATIENT,
    "51": OUTPATIENT,
    "14": CHRONIC,
    "140104": CHRONIC,
    "140201": CHRONIC,
    "140401": CHRONIC,
    "41": PHARMACY,
    "71": HOME_BED,
}
"""med_type (domain.md 6.10) to the kind of encounter; other codes are unknown, never guessed."""

HOSPITAL_LEVELS: Mapping[str, int] = {
    **dict.fromkeys(("01", "02", "03", "04", "12"), 3),
    **dict.fromkeys(("05", "06", "07", "13"), 2),
    **dict.fromkeys(("08", "09", "10", "14"), 1),
    "11": 0,
}
"""hosp_lv (domain.md 6.10) to the level: 3 三级, 2 二级, 1 一级, 0 none (knowledge.md, classes 12 and 24)."""


@dataclass(frozen=True, slots=True)
class Encounter:
    """A visit or stay in its newest version (mdtrt_d), with what settlements and lines say about it.

    `live` is true while at least one line of it is not refunded or reversed; `settled` while a settlement of it is not
    reversed. `fund` and `total` (fen) are the sums of its settlements that are not reversed, missing where none is.
    `moved` is true where the patient was transferred in (refl_old_mdtrt_id) or out (dscg_way 2).
    """

    id: str
    person: str
    institution: str
    kind: str | None = None
    med_type: str | None = None
    sex: str | None = None
    birth_date: int | None = None
    insurance: str | None = None
    level: int | None = None
    region: str | None = None
    begin_time: int | None = None
    begin_date: int | None = None
    end_date: int | None = None
    month: int | None = None
    department: str | None = None
    disease: str | None = None
    main_diagnosis: str | None = None
    main_category: str | None = None
    maternity: str | None = None
    internet: bool | None = None
    moved: bool | None = None
    settled: bool = False
    live: bool = False
    fund: int | None = None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A fee line in its newest version, with the fields of its encounter, institution, practitioner and settlement.

    `quantity`, `amount`, `in_scope` are what is left after refunds; `billed_quantity`, `billed_amount` what was billed.
    `live` is false where nothing is left or the settlement was reversed. `refund` is '' for a charge and otherwise
    how the refund line is linked: linked, pending (its line is not there yet), unlinked, foreign.
    """

    institution: str
    id: str
    person: str
    encounter: str
    settlement: str | None
    time: int
    date: int
    hour: int
    month: int
    year: int
    item: str
    category: str | None
    substance: str | None
    quantity: int
    price: int
    amount: int
    billed_quantity: int
    billed_amount: int
    in_scope: int | None
    price_limit: int | None
    usual_price: int | None
    prescription: str | None
    department: str | None
    doctor: str | None
    days_supplied: int | None
    use_end: int
    taken_home: bool | None
    name: str | None
    live: bool
    refund: str
    over_refunded: bool
    person_conflict: bool
    kind: str | None
    med_type: str | None
    sex: str | None
    birth_date: int | None
    age_years: int | None
    age_days: int | None
    insurance: str | None
    level: int | None
    region: str | None
    disease: str | None
    maternity: str | None
    internet: bool | None
    begin_date: int | None
    end_date: int | None
    settled: bool
    death_date: int | None
    qualified: bool | None
    title: str | None
    caty: str | None
    fund: int | None
    total: int | None

    @property
    def order(self) -> tuple[int, str, str]:
        """The order of semantics.md 2: service time, institution, line id."""
        return (self.time, self.institution, self.id)


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale of one traced package (fsi_3505), not reversed by a return (fsi_3506).

    `line` is the fee line it belongs to (rtal_docno), where one exists; `amount` its net amount or price × quantity.
    """

    trace: str
    institution: str
    id: str
    person: str | None
    encounter: str | None
    item: str
    time: int
    date: int
    month: int
    year: int
    quantity: int
    amount: int
    split: bool | None
    line: str | None
    insured: bool | None


@dataclass(frozen=True, slots=True)
class Stock:
    """One item of one institution in one month: the running balance since the last stocktake (semantics.md 4).

    `shortfall` (millionths) is how far the balance at a checkpoint of this month (its end, or just before a stocktake)
    lies below zero, beyond what earlier months since the same stocktake already showed; missing where no stocktake is
    known. `billed` is the net quantity billed since that stocktake, `value` the shortfall in fen at the mean billed price.
    """

    institution: str
    item: str
    category: str | None
    month: int
    date: int
    region: str | None
    billed: int
    shortfall: int | None
    value: int | None


@dataclass(frozen=True, slots=True)
class InstitutionMonth:
    """One institution in one month: net fees (fen) by what they are for, stays billed in it, discharges and unplanned readmissions."""

    institution: str
    month: int
    date: int
    region: str | None
    stays: int
    fees: int
    drugs: int
    tests: int
    consumables: int
    treatment: int
    ct: int
    mri: int
    discharges: int
    readmissions: int


@dataclass(frozen=True)
class PersonFacts:
    """Everything rules may see of one person. `diagnoses` is by encounter id; lines are in order (semantics.md 2)."""

    person: str
    lines: tuple[Line, ...]
    encounters: tuple[Encounter, ...]
    diagnoses: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    earliest_date: int | None = None


@dataclass(frozen=True)
class PartitionFacts:
    """Rows of another partition than the person: the sales of one trace code, the stock or the months of one institution."""

    sales: tuple[Sale, ...] = ()
    stock: tuple[Stock, ...] = ()
    months: tuple[InstitutionMonth, ...] = ()


AnyFacts = PersonFacts | PartitionFacts
"""The facts of one partition: all that a rule may see at once."""
