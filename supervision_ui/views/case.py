"""A case: rules in words, law, lines with the numbers, timeline, history; and what people do with it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from starlette.responses import Response

from supervision_ui.queries.claims import LineKey, StoredLine, stored_lines, stored_visits
from supervision_ui.queries.institutions import institution_names
from supervision_ui.queries.signals import factors_document, signals_document, signals_of
from supervision_ui.queries.timeline import draw
from supervision_ui.visit import Refused, Visit
from xiezhi.domain.actor import REVEALERS, mask
from xiezhi.domain.case import REASONS, TRANSITIONS, Action, Case, CaseLine, Decision, LineId
from xiezhi.domain.case_change import Verdict
from xiezhi.domain.finding import Finding
from xiezhi.ruleset.law import Citation
from xiezhi.ruleset.spec import RuleSpec
from xiezhi.services import decide_case
from xiezhi.services.decide_case import Decided
from xiezhi.services.signals import subjects_of
from xiezhi.storage.sql import credit_rows
from xiezhi.storage.sql.case_reader import PastDecision, load_cases, load_decisions, load_findings

_FOREIGN = re.compile(r"^([HP]\d{11}):(.+)$", re.DOTALL)


@dataclass(frozen=True)
class FindingCard:
    """One finding of the case: its rule (None where the rule base no longer has it), the law, its lines, the lines that prove it."""

    finding: Finding
    rule: RuleSpec | None
    citations: tuple[Citation, ...]
    lines: tuple[tuple[CaseLine, StoredLine | None], ...]
    related: tuple[tuple[str, StoredLine | None], ...]

    @property
    def counted_fen(self) -> int:
        """Money counted of its lines."""
        return sum(line.counted_fen for line, _ in self.lines)


def show(visit: Visit) -> Response:
    """The page of a case."""
    return _page(visit, "")


def decide(visit: Visit) -> Response:
    """Decide the lines that the form gives a reason for."""
    chosen: dict[LineId, Verdict] = {}
    note = visit.form.get("note", "").strip()[:2000]
    for name, code in visit.form.items():
        if name.startswith("reason:") and code:
            finding_id, _, line_id = name.removeprefix("reason:").partition(":")
            if code not in REASONS:
                raise Refused.with_status(422, "未知的理由")
            chosen[finding_id, line_id] = Verdict(REASONS[code].decision, code, note)
    if not chosen:
        raise Refused.with_status(422, "请至少选择一行的结论")
    version = visit.form.get("version", "")
    if not re.fullmatch(r"\d{1,9}", version):
        raise Refused.with_status(400, "表单无法读取")
    actor = visit.reader()
    done = decide_case.decide(visit.desk.store, visit.desk.scheme, actor, _id(visit), chosen, visit.at, int(version))
    return _back(visit, done, visit._("结论已保存"))


def take(visit: Visit) -> Response:
    """Take the case into review."""
    return _back(visit, decide_case.take(visit.desk.store, visit.desk.scheme, visit.reader(), _id(visit), visit.at), visit._("已领取"))


def release(visit: Visit) -> Response:
    """Put the case back into the queue."""
    return _back(visit, decide_case.release(visit.desk.store, visit.desk.scheme, visit.reader(), _id(visit), visit.at), visit._("已退回"))


def reopen(visit: Visit) -> Response:
    """Open a closed case again; the reason is required."""
    note = visit.form.get("note", "").strip()[:2000]
    if not note:
        raise Refused.with_status(422, "重开案件须写明理由")
    done = decide_case.reopen(visit.desk.store, visit.desk.scheme, visit.reader(), _id(visit), note, visit.at)
    return _back(visit, done, visit._("已重开"))


def reveal(visit: Visit) -> Response:
    """The page with the person's number in full; the audit log keeps who saw it."""
    return _page(visit, decide_case.reveal_person(visit.desk.store, visit.reader(), _id(visit), visit.at))


def _id(visit: Visit) -> str:
    return str(visit.request.path_params["case_id"])


def _back(visit: Visit, done: Decided, told: str) -> Response:
    """To the page of the case, with what changed about ratings."""
    notice = [told]
    for change in done.ratings:
        before = f"{change.before.score} {change.before.grade}" if change.before else "—"
        after = f"{change.after.score} {change.after.grade}"
        if change.after.subject_kind == "institution" and before != after:  # its reasons alone may have changed
            notice.append(f"{visit._('机构评分')} {before} → {after}")
    return visit.go(f"/cases/{done.case.case_id}", *notice)


def _page(visit: Visit, revealed: str) -> Response:
    actor, desk = visit.reader(), visit.desk
    with desk.database.read() as connection:
        case = load_cases(connection, actor.scope, [_id(visit)]).get(_id(visit))
        if case is None:
            raise Refused.with_status(404, "没有这个案件")
        findings, past = load_findings(connection, actor.scope, case.case_id), load_decisions(connection, actor.scope, case.case_id)
        signals = signals_of(connection, actor.scope, subjects_of(case)) if visit.sees_signals else None
        rating = credit_rows.ratings(connection, "institution", [case.key.institution_code]).get(case.key.institution_code)
    keys = {line_key(each, line) for each in findings for line in (*each.line_ids, *each.related_line_ids)}
    lines = stored_lines(desk.claims, keys)
    cards = in_order([_card(each, case, desk.rules.rules, lines) for each in findings])
    visits = stored_visits(desk.claims, case.person_id) if case.person_id else []
    own = {case.key.encounter_id, *(lines[key].encounter_id for key in keys if key in lines)} - {None}
    names = institution_names(desk.claims, [case.key.institution_code, *(each.institution_code for each in visits)])
    may = {action for (state, action), (_, roles) in TRANSITIONS.items() if state is case.state and actor.role in roles}
    may_decide = Action.DECIDE in may and bool(case.present) and actor.username not in case.barred
    content = {
        "case": case,
        "person": revealed or mask(case.person_id),
        "revealed": bool(revealed),
        "may_reveal": bool(case.person_id) and actor.role in REVEALERS and not revealed,
        "cards": cards,
        "past": past,
        "rating": rating,
        "signals": signals,
        "institution": names[case.key.institution_code],
        "names": names,
        "visits": visits,
        "own": own,
        "timeline": draw(visits, {each for each in own if each}),
        "may_decide": may_decide,
        "barred": Action.DECIDE in may and actor.username in case.barred,
        "may_take": Action.TAKE in may,
        "may_release": Action.RELEASE in may and case.assigned_to == actor.username,
        "may_reopen": Action.REOPEN in may,
        "reasons": {each: [(code, r) for code, r in REASONS.items() if r.decision is each] for each in Decision},
        "reason_of": REASONS,
    }
    return visit.answer("case.html", _document(case, cards, past, content), content)


def line_key(finding: Finding, line_id: str) -> LineKey:
    """Institution and number of one of the finding's lines; a line of another institution is written `CODE:NUMBER`."""
    match = _FOREIGN.match(line_id)
    return (match.group(1), match.group(2)) if match else (finding.institution_code, line_id)


def in_order(cards: Sequence[FindingCard]) -> list[FindingCard]:
    """Cards as the page has them: what still holds first, findings of one rule together, the most money first."""
    of_rule: Counter[str] = Counter()
    for card in cards:
        of_rule[card.finding.rule_id] += card.counted_fen

    def place(card: FindingCard) -> tuple[bool, int, str, int, str]:
        found = card.finding
        return found.status != "open", -of_rule[found.rule_id], found.rule_id, -card.counted_fen, found.finding_id

    return sorted(cards, key=place)


def _card(finding: Finding, case: Case, rules: Mapping[str, RuleSpec], stored: Mapping[LineKey, StoredLine]) -> FindingCard:
    rule = rules.get(finding.rule_id)
    mine = [line for line in case.lines if line.finding_id == finding.finding_id]
    return FindingCard(
        finding,
        rule,
        tuple(cited for cited in rule.citations if str(cited) in finding.law_refs) if rule else (),
        tuple((line, stored.get(line_key(finding, line.line_id))) for line in mine),
        tuple((line_id, stored.get(line_key(finding, line_id))) for line_id in finding.related_line_ids),
    )


def _document(case: Case, cards: list[FindingCard], past: list[PastDecision], content: Mapping[str, Any]) -> dict[str, Any]:
    """The twin; the person is masked here always."""
    return {
        "case_id": case.case_id,
        **asdict(case.key),
        "person_masked": mask(case.person_id),
        "state": case.state,
        "outcome": case.outcome,
        "version": case.version,
        "assigned_to": case.assigned_to,
        "amount_fen": case.amount_fen,
        "confirmed_fen": case.confirmed_fen,
        "factors": factors_document(case.factors, content["signals"] is not None),
        "exploration": case.factors.explored is not None,
        "signals": signals_document(content["signals"]) if content["signals"] else None,
        "institution": {"name": content["institution"].name, "level": content["institution"].level},
        "rating": {"score": content["rating"].score, "grade": content["rating"].grade} if content["rating"] else None,
        "findings": [_finding_document(card) for card in cards],
        "visits": [asdict(each) for each in content["visits"]],
        "decisions": [asdict(each) for each in past],
    }


def _finding_document(card: FindingCard) -> dict[str, Any]:
    names = ("finding_id", "rule_id", "rule_version", "verdict", "status", "revision", "service_date", "quantity", "limit_value")
    more = ("amount_fen", "fund_amount_fen", "message_zh", "message_en", "law_refs", "knowledge_ids")
    decided = ("line_id", "part_fen", "counted_fen", "present", "decision", "reason", "decided_by", "decided_at", "simulated")
    return {
        **{name: getattr(card.finding, name) for name in (*names, *more)},
        "lines": [
            {**{name: getattr(line, name) for name in decided}, "stored": asdict(stored) if stored else None} for line, stored in card.lines
        ],
        "related": [{"line_id": line_id, "stored": asdict(stored) if stored else None} for line_id, stored in card.related],
    }
