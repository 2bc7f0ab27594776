"""What was injected: lines, entities and schemes, kept apart from the claims and written only to a folder of its own."""

from __future__ import annotations

import csv
import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pipelines.simulate.fee_table import line_ids
from pipelines.simulate.settings import EPOCH
from pipelines.simulate.streams import Arr
from pipelines.simulate.tables import Claims


@dataclass
class Truth:
    """The book of the schemes.

    Attributes:
        schemes: (scheme, institution, first day, note).
        lines: (scheme, keys of lines, disputed fen of each; -1 = the whole line).
        entities: (scheme, kind, numbers); kinds person, institution, practitioner, stay.
    """

    schemes: list[tuple[str, int, int, str]] = field(default_factory=list)
    lines: list[tuple[str, Arr, Arr]] = field(default_factory=list)
    entities: list[tuple[str, str, Arr]] = field(default_factory=list)

    def begin(self, scheme: str, institution: int, day: int, note: str) -> None:
        """Note that an institution takes part from a day (days since 1970-01-01) on."""
        self.schemes.append((scheme, institution, day, note))
        self.entity(scheme, "institution", np.array([institution]))

    def line(self, scheme: str, keys: Arr, amount: Arr | None = None) -> None:
        """Note false lines; `amount` in fen where only a part of the line is false."""
        self.lines.append((scheme, keys.astype(np.uint64), np.full(len(keys), -1) if amount is None else amount))

    def entity(self, scheme: str, kind: str, numbers: Arr) -> None:
        """Note persons, institutions, practitioners or stays (encounters) by their number."""
        self.entities.append((scheme, kind, np.unique(numbers)))


def write_truth(truth: Truth, claims: Claims, folder: Path) -> int:
    """Write truth_schemes.csv, truth_lines.csv and truth_entities.csv; returns the number of lines.

    Lines that were fully refunded, or so broken that no system can load them, are left out; amounts are what remains after refunds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    care, rows = claims.care, claims.rows
    enc = care.encounters
    inst = care.places.inst["code"].tolist()
    start = {}
    with (folder / "truth_schemes.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("scheme", "institution", "start", "note"))
        for scheme, institution, day, note in truth.schemes:
            out.writerow((scheme, inst[institution], dt.date.fromordinal(day + EPOCH).isoformat(), note))
            start[scheme] = day
    ids = line_ids(claims)
    base = np.flatnonzero((rows["kind"] == 0) & (rows["part"] == 0) & (rows["broken"] == 0))
    order = base[np.argsort(rows["key"][base], kind="stable")]
    keys = rows["key"][order]
    refund = (rows["kind"] == 1) & (rows["ref"] > 0)
    back_keys, back_at = np.unique(rows["ref"][refund], return_inverse=True)
    back = np.bincount(back_at, weights=rows["amount"][refund], minlength=len(back_keys)).astype(np.int64)
    count = 0
    with (folder / "truth_lines.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("scheme", "fixmedins_code", "bkkp_sn", "psn_no", "mdtrt_id", "amount_fen"))
        seen: set[tuple[str, int]] = set()
        for scheme, wanted, amounts in truth.lines:
            found = np.searchsorted(keys, wanted)
            for key, at, amount in zip(wanted.tolist(), found.tolist(), amounts.tolist(), strict=True):
                if at >= len(keys) or int(keys[at]) != key or (scheme, key) in seen:
                    continue
                row = int(order[at])
                hit = int(np.searchsorted(back_keys, np.uint64(key)))
                refunded = int(back[hit]) if hit < len(back_keys) and int(back_keys[hit]) == key else 0
                net = int(rows["amount"][row]) + refunded
                if net <= 0:
                    continue
                seen.add((scheme, key))
                number = int(rows["enc"][row])
                person = claims.person_no[int(claims.slot[number])].as_py()
                money = net if amount < 0 else min(net, amount)
                out.writerow((scheme, inst[int(enc["inst"][number])], ids[row], person, claims.encounter_id[number].as_py(), money))
                count += 1
    with (folder / "truth_entities.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("scheme", "kind", "id"))
        for scheme, kind, numbers in truth.entities:
            for number in numbers.tolist():
                out.writerow((scheme, kind, _identity(claims, kind, number)))
    return count


def _identity(claims: Claims, kind: str, number: int) -> str:
    care = claims.care
    if kind == "person":
        return str(claims.person_no[number].as_py())
    if kind == "stay":
        return str(claims.encounter_id[number].as_py())
    return str((care.places.inst if kind == "institution" else care.places.staff)["code"][number])
