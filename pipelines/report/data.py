"""Gathers a month from the stored claims, findings, cases, ratings, scores and leads.

report = gather(settings, month_number, dated=…)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from importlib.metadata import version

import duckdb

from pipelines.cases.app import Desk
from pipelines.report import facts
from pipelines.report.content import InstitutionRow, MonthReport, RuleRow, Versions
from pipelines.report.masking import masked_lead
from pipelines.report.measures import Advice, Measured, signal_factor
from pipelines.sweep.counted import counted_lines
from pipelines.sweep.page_cards import level_text
from pipelines.sweep.page_data import Sums
from pipelines.sweep.page_evidence import institution_names
from pipelines.sweep.page_words import VERDICTS
from pipelines.sweep.run import month_text
from xiezhi.domain.actor import Scope
from xiezhi.domain.calendar import first_of_month, month_number
from xiezhi.domain.case import confirmed_amounts
from xiezhi.domain.credit import INSTITUTION, Rating
from xiezhi.domain.errors import UsageError
from xiezhi.domain.finding import VERDICT_RANK, Finding
from xiezhi.domain.queue import QueueRow
from xiezhi.domain.signal import Lead, Score
from xiezhi.ruleset.law import Citation
from xiezhi.ruleset.loader import RuleBase, load_rules
from xiezhi.settings import Settings
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.duckdb_facts import open_facts
from xiezhi.storage.findings import FindingStore
from xiezhi.storage.knowledge import KnowledgeBase
from xiezhi.storage.sql.case_reader import load_cases
from xiezhi.storage.sql.credit_rows import ratings
from xiezhi.storage.sql.decisions import DecidedLine, decided_lines
from xiezhi.storage.sql.report_rows import (
    CaseCount,
    cases_by_institution,
    decided_cases,
    institution_scores,
    last_record,
    month_leads,
    waiting_cases,
)

MOST_CASES, MOST_LEADS, MOST_ADVICE = 500, 2000, 10
QUALITY = "XZ-DQ-"
"""Beginning of the ids of rules about data quality."""


@dataclass(frozen=True)
class Desktop:
    """What the database says about the month."""

    counts: Mapping[str, CaseCount]
    cases: Sequence[QueueRow]
    ratings: Mapping[str, Rating]
    scores: Mapping[str, Sequence[Score]]
    leads: Sequence[Lead]
    leads_total: int
    decided: Sequence[DecidedLine]
    confirmed: Mapping[str, int]
    as_of: tuple[int, datetime] | None


def last_day(month: int) -> date:
    """The last day of a month number."""
    return first_of_month(month + 1) - timedelta(days=1)


def gather(settings: Settings, month: int, *, dated: date | None = None) -> MonthReport:
    """The content of the report of a month number; `dated` is the date of issue, the last day of the month unless given.

    Raises:
        UsageError: there are no claims, or none of that month (the months that exist are listed).
        ServiceUnreachable: the database does not answer.
    """
    store = DeltaStore.of_home(settings.home)
    if "fee_list_d" not in store.versions():
        raise UsageError.of("no claims are stored yet", todo="xiezhi ingest PATH…, then xiezhi sweep")
    base = load_rules(settings.rules_dir)
    with open_facts(store, threads=settings.threads) as con:
        months = facts.stored_months(con)
        if month not in months:
            known = ", ".join(month_text(each) for each in months)
            raise UsageError.of(f"--month {month_text(month)}: no claims of this service month", accepted=known or "no month is stored")
        return _gather(settings, base, store, con, month, dated or last_day(month))


def _gather(settings: Settings, base: RuleBase, store: DeltaStore, con: duckdb.DuckDBPyConnection, month: int, dated: date) -> MonthReport:
    still_open = [finding for finding in FindingStore(store, con).current().values() if finding.status == "open"]
    counted = counted_lines(con, still_open, base.rules)
    findings = [
        replace(finding, counted_amount_fen=sum(counted[finding.finding_id].values()))
        for finding in still_open
        if month_number(finding.service_date) == month and finding.rule_id in base.rules
    ]
    desk = _desktop(settings, month)
    done = {(line.finding_id, line.line_id) for line in desk.decided}
    undecided = {
        finding.finding_id: sum(
            fen for line, fen in counted[finding.finding_id].items() if (finding.finding_id, line) not in done
        )
        for finding in findings
    }  # fmt: skip
    named = institution_names(con)
    institutions = _institutions(named, findings, undecided, desk)
    rules = _rules(base, findings, desk.decided)
    total = _sums(findings)
    advice = [(row, _advice(row, desk.ratings.get(row.code))) for row in institutions if row.open_fen or row.leads]
    return MonthReport(
        month=month_text(month),
        dated=dated,
        issuer=settings.issuer,
        addressee=settings.addressee,
        names={code: name or code for code, (name, _) in sorted(named.items())},
        as_of=desk.as_of,
        rated=max((desk.ratings[row.code].as_of for row in institutions if row.code in desk.ratings), default=None),
        claims=facts.claims_of_month(con, month),
        total=total,
        by_verdict=tuple(
            (verdict, VERDICTS[verdict], _sums(f for f in findings if f.verdict == verdict))
            for verdict in sorted(VERDICTS, key=VERDICT_RANK.__getitem__)
        ),
        institutions=tuple(institutions),
        rules=tuple(rules),
        cases=tuple(desk.cases),
        waiting=sum(count.waiting for count in desk.counts.values()),
        closed=sum(count.closed for count in desk.counts.values()),
        open_fen=sum(undecided.values()),
        confirmed_fen=sum(desk.confirmed.values()),
        leads=tuple(desk.leads),
        leads_total=desk.leads_total,
        quarantine=tuple(facts.quarantined(con, store, month_text(month))),
        quality=tuple(row for row in rules if row.rule.id.startswith(QUALITY)),
        completeness=facts.completeness(con, month),
        citations=_citations(rules),
        versions=Versions(
            version("xiezhi"),
            base.version,
            KnowledgeBase(settings.home, settings.rules_dir).version(),
            store.data_version(),
            tuple(sorted({finding.run_id for finding in findings})),
        ),
        advice=tuple(sorted(advice, key=lambda pair: (-pair[1].weight, pair[0].code))[:MOST_ADVICE]),
    )


def _desktop(settings: Settings, month: int) -> Desktop:
    first, last = first_of_month(month), last_day(month)
    database = Desk.of(settings).database
    try:
        decided = [line for line in decided_lines(database) if line.service_date <= last]
        with database.read() as connection:
            scores = institution_scores(connection, month_text(month))
            leads, leads_total = month_leads(connection, month_text(month), MOST_LEADS)
            confirmed: dict[str, int] = defaultdict(int)
            for case in load_cases(connection, Scope.all(), decided_cases(connection, first, last)).values():
                on = {line.key: line.service_date for line in case.lines}
                for key, fen in confirmed_amounts(case.lines).items():
                    if first <= on[key] <= last:
                        confirmed[case.key.institution_code] += fen
            return Desktop(
                cases_by_institution(connection, first, last),
                waiting_cases(connection, first, last, MOST_CASES),
                ratings(connection, INSTITUTION),
                scores,
                [masked_lead(lead) for lead in leads],
                leads_total,
                decided,
                confirmed,
                last_record(connection),
            )
    finally:
        database.dispose()


def _sums(findings: Iterable[Finding]) -> Sums:
    result = Sums()
    for finding in findings:
        result = result.plus(finding)
    return result


def _institutions(
    names: Mapping[str, tuple[str | None, int | None]], findings: Sequence[Finding], undecided: Mapping[str, int], desk: Desktop
) -> list[InstitutionRow]:
    at: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        at[finding.institution_code].append(finding)
    leads: dict[str, list[Lead]] = defaultdict(list)
    for lead in desk.leads:
        for code in sorted(set(lead.institutions)):
            leads[code].append(lead)
    rows = []
    for code in sorted({*at, *leads, *desk.counts}):
        name, level = names.get(code, (None, None))
        count, rating = desk.counts.get(code, CaseCount(0, 0)), desk.ratings.get(code)
        rows.append(
            InstitutionRow(
                code=code,
                name=name or code,
                level=level_text(level),
                rules=len({finding.rule_id for finding in at[code]}),
                sums=_sums(at[code]),
                open_fen=sum(undecided[finding.finding_id] for finding in at[code]),
                confirmed_fen=desk.confirmed.get(code, 0),
                waiting=count.waiting,
                closed=count.closed,
                grade=rating.grade if rating else "",
                rating=rating.score if rating else None,
                scores=tuple(desk.scores.get(code, ())),
                leads=tuple(leads[code]),
            )
        )
    return sorted(rows, key=lambda row: (-row.sums.counted, -row.sums.amount, -row.sums.findings, row.code))


def _rules(base: RuleBase, findings: Sequence[Finding], decided: Sequence[DecidedLine]) -> list[RuleRow]:
    by_rule: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_rule[finding.rule_id].append(finding)
    lines: dict[tuple[str, str], list[DecidedLine]] = defaultdict(list)
    for line in decided:
        lines[line.rule_id, line.finding_id].append(line)
    measured: dict[str, Measured] = defaultdict(Measured)
    for (rule_id, _), of_finding in sorted(lines.items()):
        measured[rule_id] = measured[rule_id].plus((line.decision for line in of_finding), all(line.simulated for line in of_finding))
    rows = [
        RuleRow(base.rules[rule_id], _sums(by_rule[rule_id]), len({f.institution_code for f in by_rule[rule_id]}), measured[rule_id])
        for rule_id in sorted({rule.id for rule in base.active} | set(by_rule))
    ]
    return sorted(rows, key=lambda row: (-row.sums.counted, -row.sums.amount, -row.sums.findings, row.rule.id))


def _citations(rules: Sequence[RuleRow]) -> tuple[Citation, ...]:
    cited = {(c.law.effective_from, c.law.id, c.article): c for row in rules if row.sums.findings for c in row.rule.citations}
    return tuple(cited[key] for key in sorted(cited))


def _advice(row: InstitutionRow, rating: Rating | None) -> Advice:
    rank = max((score.permille for score in row.scores), default=None)
    strength = max((lead.strength for lead in row.leads), default=None)
    return Advice(row.open_fen, signal_factor(rank, strength), rating.queue if rating else 1000)
