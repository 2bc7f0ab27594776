"""Fees, stays and discharges of an institution by month (semantics.md 6, classes 56 to 63); `ruleset/sql/90_months.sql` is the same in SQL.

Fees are the net amounts of live lines by service month. What a line is for follows from its national code, never from what the sender
calls it: drugs X, Z, T; consumables C; of the 15-digit services, whose digits 3 and 4 name the chapter of the price norm: laboratory and
examination 21, 22, 23, 25, 27 (CT 2103, MRI 2102), treatment 24, 31, 32, 34 and traditional medicine 41 to 48. Bed, nursing, transfusion,
anaesthesia and operations count in the total alone, and so do local codes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from xiezhi.domain.calendar import date_of, day_number, first_of_month, month_number
from xiezhi.domain.facts import INPATIENT, Encounter, InstitutionMonth, Line

TESTS = frozenset({"21", "22", "23", "25", "27"})
TREATMENT = frozenset({"24", "31", "32", "34", "41", "42", "43", "44", "45", "46", "47", "48"})
CT, MRI = "2103", "2102"
UNPLANNED = "210104"
"""med_type of an unplanned admission."""
READMITTED_WITHIN = 31
"""Days from discharge to the admission that counts as a readmission, both dates included."""


@dataclass
class _Month:
    stays: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    fees: int = 0
    drugs: int = 0
    tests: int = 0
    consumables: int = 0
    treatment: int = 0
    ct: int = 0
    mri: int = 0
    discharges: int = 0
    readmissions: int = 0


def institution_months(
    institution: str, lines: Iterable[Line], encounters: Iterable[Encounter], region: str | None
) -> tuple[InstitutionMonth, ...]:
    """The months of one institution, in order.

    Args:
        institution: its code.
        lines: fee lines; those of others or not live do not count.
        encounters: encounters; those of others or not live do not count.
        region: region of the institution (medins_d).

    A discharge counts in the month of its date, and as readmitted where the same person began an unplanned stay here on the day of
    discharge or up to `READMITTED_WITHIN` days later.
    """
    months: dict[int, _Month] = defaultdict(_Month)
    for line in lines:
        if line.live and line.institution == institution:
            _charge(months[line.month], line)
    stays = [e for e in encounters if e.live and e.institution == institution and e.kind == INPATIENT]
    begun: dict[str, list[Encounter]] = defaultdict(list)
    for stay in stays:
        if stay.med_type == UNPLANNED and stay.begin_date is not None:
            begun[stay.person].append(stay)
    for stay in stays:
        if (left := stay.end_date) is None:
            continue
        month = months[month_number(date_of(left))]
        month.discharges += 1
        month.readmissions += any(
            other.id != stay.id and other.begin_date is not None and left <= other.begin_date <= left + READMITTED_WITHIN
            for other in begun[stay.person]
        )
    return tuple(
        InstitutionMonth(
            institution,
            month,
            day_number(first_of_month(month)),
            region,
            stays=len(sums.stays),
            fees=sums.fees,
            drugs=sums.drugs,
            tests=sums.tests,
            consumables=sums.consumables,
            treatment=sums.treatment,
            ct=sums.ct,
            mri=sums.mri,
            discharges=sums.discharges,
            readmissions=sums.readmissions,
        )
        for month, sums in sorted(months.items())
    )


def _charge(month: _Month, line: Line) -> None:
    month.fees += line.amount
    if line.kind == INPATIENT:
        month.stays.add((line.person, line.encounter))
    if line.category in ("western", "patent", "piece"):
        month.drugs += line.amount
    elif line.category == "consumable":
        month.consumables += line.amount
    elif line.category == "service":
        chapter, group = line.item[2:4], line.item[2:6]
        month.tests += line.amount if chapter in TESTS else 0
        month.treatment += line.amount if chapter in TREATMENT else 0
        month.ct += line.amount if group == CT else 0
        month.mri += line.amount if group == MRI else 0
