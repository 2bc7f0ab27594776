"""The cases of every rule file over the counter: a 3102 carries all that the rules read, and each case comes out as its file says."""

from __future__ import annotations

import json
from collections import Counter

from streaming.gateway.claim import claims
from streaming.gateway.reading import decode, read
from streaming.gateway.sample import request
from xiezhi.domain.finding import Finding
from xiezhi.domain.netting import RawPerson
from xiezhi.ruleset import case_facts
from xiezhi.ruleset.cases import judge
from xiezhi.ruleset.loader import load_rules
from xiezhi.ruleset.points import PointBase
from xiezhi.ruleset.spec import RuleCase, RuleSpec
from xiezhi.services.screen_claim import Known, Screener
from xiezhi.settings import find_rules_dir

RULES = [rule for rule in load_rules(find_rules_dir()).active if "mid" in rule.stages and rule.row_kind != "sale" and not rule.batch]
TABLES_OF = ("lines", "encounters", "settlements", "diagnoses")
COMPARED = ("finding_id", "line_ids", "amount_fen", "fund_amount_fen", "message_zh")


def visits_of(rule: RuleSpec, case: RuleCase) -> tuple[RawPerson, case_facts._Builder]:
    """The raw rows of a case, as they are stored."""
    builder = case_facts._Builder(rule, case.given)
    tables = {"fee_list_d": builder.lines, "mdtrt_d": builder.encounters, "setl_d": builder.settlements}
    rows = [[{"updt_time": None} | case_facts._raw(table, row) for row in found] for table, found in tables.items()]
    return RawPerson(case_facts.PERSON, *rows, builder.diagnoses()), builder


def told(rule: RuleSpec, case: RuleCase) -> tuple[int, list[str]]:
    """How many findings the case has at the counter, and what comes out otherwise than the reference says, visit by visit."""
    points = case_facts.points_of(rule, case)
    wanted = judge(rule, case_facts.case_facts(rule, case))[0]
    raw, builder = visits_of(rule, case)
    screener, lookups, number, wrong = Screener([rule], PointBase.of(points)), builder.lookups(), 0, list[str]()
    for visit in sorted({row["mdtrt_id"] for row in raw.encounters if row["psn_no"] == raw.person and row["begntime"]}):
        (claim,) = claims(read(decode(json.dumps(request(raw, [visit]), ensure_ascii=False).encode()), "3102")[1], "3102")
        rest = {name: [row for row in getattr(raw, name) if row["mdtrt_id"] != visit] for name in TABLES_OF}
        said = {f.finding_id: f for f in screener.screen(claim, Known(RawPerson(raw.person, **rest), lookups)).findings}
        due = {f.finding_id: f for f in wanted if any((f.institution_code, each) in claim.asked for each in f.line_ids)}
        due |= {f.finding_id: f for f in wanted if not f.line_ids and f.encounter_id == visit}
        number += len(due)
        for key in sorted(said.keys() | due.keys()):
            if shown(said.get(key)) != shown(due.get(key)):
                wrong.append(f"{rule.path}:{case.line} {case.name} {visit}: said {shown(said.get(key))}, due {shown(due.get(key))}")
    return number, wrong


def can_be_sent(raw: RawPerson) -> bool:
    """A message is about one person, names the institution's level, and its orders are those of the encounter's institution."""
    places = {row["mdtrt_id"]: row["fixmedins_code"] for row in raw.encounters}
    return (
        all(row["psn_no"] == raw.person for row in (*raw.lines, *raw.encounters))
        and all(row.get("hosp_lv") for row in raw.encounters)
        and all(row["fixmedins_code"] == places.get(row["mdtrt_id"]) for row in raw.lines)
    )


def shown(finding: Finding | None) -> tuple[object, ...] | None:
    return None if finding is None else tuple(getattr(finding, name) for name in COMPARED)


def test_every_case_comes_out_over_the_counter() -> None:
    """Mutants caught: a column that a rule reads and the message loses on the way; a case whose rule the gateway does not judge."""
    found: Counter[str] = Counter()
    wrong: list[str] = []
    for rule in RULES:
        for case in rule.cases:
            if case.kind == "missing" or not can_be_sent(visits_of(rule, case)[0]):
                continue
            number, differences = told(rule, case)
            found[rule.id] += number
            wrong += differences
    assert wrong == []
    silent = [rule.path.split("/")[-1] for rule in RULES if not found[rule.id]]
    assert silent == ["36_correction_to_another_person.yaml"], "its cases are about two persons, a message is about one"
