"""Cases as rows: what the rules claim, and the features of the institution, practitioner and person in the month of the case.

A case is what people decide, so it is what can be learned. Its label is 1 when a reviewer confirmed any line, 0 when all decided lines
were refuted; what stayed inconclusive teaches nothing. Only decisions are read, never how data were made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from models.detector import Floats, Frame
from models.features import Feature
from xiezhi.domain.signal import Subject

LEAST_RULE_CASES = 10
"""Decided cases of a rule from which on the rule is a feature of its own; below, the model would learn single cases."""
OWN: tuple[Feature, ...] = (
    Feature("case.amount", Subject.INSTITUTION, "fen", "案件金额", "money of the case", 0, "rules"),
    Feature("case.lines", Subject.INSTITUTION, "count", "案件明细数", "lines of the case", 0, "rules"),
    Feature("case.rules", Subject.INSTITUTION, "count", "案件涉及规则数", "rules in the case", 1, "rules"),
    Feature("case.definite", Subject.INSTITUTION, "share", "明确类疑点明细占比", "share of lines of definite rules", 1, "rules"),
    Feature("case.person", Subject.INSTITUTION, "count", "案件针对单次就诊（1 是）", "case is about one encounter (1 yes)", 0, "rules"),
)
"""Features of the case itself."""
_INVOLVED = {
    Subject.INSTITUTION: ("", ""),
    Subject.PRACTITIONER: ("案件相关医师的", "practitioners in its cases: "),
    Subject.PERSON: ("案件相关人员的", "persons in its cases: "),
}


@dataclass(frozen=True, slots=True)
class CaseLineRow:
    """A line of a case, decided or not. `part_fen` is what the finding claims of it; `decision` as in the case, None = open."""

    case_id: str
    institution: str
    practitioner: str | None
    person: str | None
    rule_id: str
    verdict: str
    service_date: date
    part_fen: int
    decision: str | None = None
    simulated: bool = False


@dataclass(frozen=True)
class Cases:
    """Cases with what is known beside their features, in the order of rows.

    Attributes:
        X: features, no peer group: places of all kinds are judged by one model.
        ids, institutions, months (`YYYY-MM` of the last line), dates (of the last line), amounts (fen): one a case.
        labels: 1.0 confirmed, 0.0 refuted, NaN open or inconclusive.
        simulated: whether the simulated panel decided any line.
    """

    X: Frame
    ids: list[str]
    institutions: list[str]
    months: list[str]
    dates: list[date]
    amounts: Floats
    labels: Floats
    simulated: list[bool]

    def take(self, rows: Sequence[int]) -> Cases:
        """Some of the cases, in the given order."""
        chosen = list(rows)
        return Cases(
            self.X.iloc[chosen].reset_index(drop=True),
            [self.ids[i] for i in chosen],
            [self.institutions[i] for i in chosen],
            [self.months[i] for i in chosen],
            [self.dates[i] for i in chosen],
            self.amounts[chosen],
            self.labels[chosen],
            [self.simulated[i] for i in chosen],
        )


def frequent_rules(lines: Iterable[CaseLineRow], least: int = LEAST_RULE_CASES) -> tuple[str, ...]:
    """Rules that occur in at least `least` cases, sorted."""
    seen: dict[str, set[str]] = {}
    for line in lines:
        seen.setdefault(line.rule_id, set()).add(line.case_id)
    return tuple(sorted(rule for rule, ids in seen.items() if len(ids) >= least))


def case_features(features: Mapping[Subject, Sequence[Feature]], rules: Sequence[str]) -> dict[str, Feature]:
    """Features of a case by column: its own, one a rule, and those of its subjects as `subject.name`."""
    found = {each.name: each for each in OWN}
    for rule in rules:
        name = f"rule.{rule}"
        found[name] = Feature(
            name, Subject.INSTITUTION, "count", f"含规则 {rule} 的疑点（1 是）", f"has findings of rule {rule} (1 yes)", 0, "rules"
        )
    for subject, many in features.items():
        zh, en = _INVOLVED[subject]
        for each in many:
            name = f"{subject.value}.{each.name}"
            found[name] = replace(each, name=name, zh=zh + each.zh, en=en + each.en)
    return found


def build_cases(
    lines: Iterable[CaseLineRow],
    tables: Mapping[Subject, pd.DataFrame],
    features: Mapping[Subject, Sequence[Feature]],
    rules: Sequence[str],
) -> Cases:
    """One row a case, by id.

    Args:
        lines: of all cases that are wanted.
        tables: by subject, `subject_id`, `month` and one column a feature; a subject or month that is not there is missing.
        features: which columns of the tables.
        rules: those that are features of their own (`frequent_rules` of the decided cases).
    """
    by_case: dict[str, list[CaseLineRow]] = {}
    for line in lines:
        by_case.setdefault(line.case_id, []).append(line)
    ordered = [(case_id, by_case[case_id]) for case_id in sorted(by_case)]
    dates = [max(line.service_date for line in group) for _, group in ordered]
    months = [day.isoformat()[:7] for day in dates]
    parts: dict[Subject, list[str | None]] = {
        Subject.INSTITUTION: [group[0].institution for _, group in ordered],
        Subject.PRACTITIONER: [_most(group) for _, group in ordered],
        Subject.PERSON: [group[0].person for _, group in ordered],
    }
    columns: dict[str, list[float]] = {
        "case.amount": [float(sum(line.part_fen for line in group)) for _, group in ordered],
        "case.lines": [float(len(group)) for _, group in ordered],
        "case.rules": [float(len({line.rule_id for line in group})) for _, group in ordered],
        "case.definite": [sum(line.verdict == "definite" for line in group) / len(group) for _, group in ordered],
        "case.person": [float(group[0].person is not None) for _, group in ordered],
    }
    columns |= {f"rule.{rule}": [float(any(line.rule_id == rule for line in group)) for _, group in ordered] for rule in rules}
    frames = [pd.DataFrame(columns, dtype=float)]
    for subject, ids in parts.items():
        names = [each.name for each in features.get(subject, ())]
        table = tables[subject].set_index(["subject_id", "month"])[names]
        at = pd.MultiIndex.from_arrays([[each or "" for each in ids], months], names=["subject_id", "month"])
        frames.append(table.reindex(at).reset_index(drop=True).astype(float).add_prefix(f"{subject.value}."))
    return Cases(
        pd.concat(frames, axis=1),
        [case_id for case_id, _ in ordered],
        [group[0].institution for _, group in ordered],
        months,
        dates,
        np.array(columns["case.amount"], dtype=float),
        np.array([_label(group) for _, group in ordered], dtype=float),
        [any(line.simulated for line in group) for _, group in ordered],
    )


def expected_confirmed(cases: Cases, chances: Floats) -> pd.DataFrame:
    """What share of the money of an institution's cases is expected to be confirmed, drawn towards that of all.

    Columns `institution`, `expected_fen` (sum of chance × money), `amount_fen`, `cases`, `share` (0 to 1); by institution. The share is
    (expected + overall share × middle amount) / (amount + middle amount), so that one small certain case does not lead the list.
    """
    table = pd.DataFrame(
        {"institution": cases.institutions, "amount_fen": cases.amounts, "expected_fen": chances * cases.amounts, "cases": 1}
    )
    found = table.groupby("institution", sort=True).sum().reset_index()
    money = float(found["amount_fen"].sum())
    overall = float(found["expected_fen"].sum()) / money if money > 0 else 0.0
    weight = float(found["amount_fen"].median()) if len(found) else 0.0
    below = (found["amount_fen"] + weight).to_numpy(dtype=float)
    above = (found["expected_fen"] + overall * weight).to_numpy(dtype=float)
    found["share"] = np.divide(above, below, out=np.zeros(len(found)), where=below > 0)
    return found


def _label(group: Sequence[CaseLineRow]) -> float:
    said = {line.decision for line in group} - {None, "inconclusive"}
    return float("nan") if not said else float("confirmed" in said)


def _most(group: Sequence[CaseLineRow]) -> str | None:
    """The practitioner with the most money in the case; of equals the first by code."""
    money: dict[str, int] = {}
    for line in group:
        if line.practitioner:
            money[line.practitioner] = money.get(line.practitioner, 0) + line.part_fen
    return min(money, key=lambda code: (-money[code], code)) if money else None
