"""Words and lines that the workbook and the document share, so that both say the same numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from pipelines.report.cells import Value
from pipelines.report.content import MonthReport, Say
from pipelines.report.measures import Measured
from pipelines.sweep.page_words import VERDICT_MEANINGS, Text
from xiezhi.domain.signal import Lead, Score, Subject
from xiezhi.domain.words import LEAD_KINDS

SUBJECTS: Mapping[Subject, Text] = {
    Subject.INSTITUTION: Text("机构", "institutions"),
    Subject.PRACTITIONER: Text("医务人员", "practitioners"),
    Subject.PERSON: Text("参保人", "insured persons"),
}
MEMBERS = 3


def title(report: MonthReport, say: Say) -> str:
    """The title of the report."""
    year, month = (int(part) for part in report.month.split("-"))
    return say(
        f"{year}年{month}月医保基金智能监管筛查月报", f"Smart supervision of medical-insurance funds: screening report {year}-{month:02d}"
    )


def summary_rows(report: MonthReport, say: Say) -> list[list[Value]]:
    """The overview: label, count, fen, meaning."""
    claims, total = report.claims, report.total
    rows: list[list[Value]] = [
        [say("费用明细", "Fee lines"), claims.lines, claims.amount_fen, say("退费、冲销后的明细和金额", "after refunds and reversals")],
        [say("就诊参保人", "Insured persons"), claims.persons, None, ""],
        [say("有费用的机构", "Institutions with claims"), claims.institutions, None, ""],
        [
            say("基金支付", "Paid by the fund"),
            None,
            claims.fund_fen,
            say("本月开始的就诊的结算", "settlements of visits begun in the month"),
        ],
        [
            say("疑点：涉及金额", "Findings: amount"),
            total.findings,
            total.amount,
            say("各疑点金额之和，有重复", "sum over findings, overlaps included"),
        ],
        [
            say("疑点：计入金额", "Findings: counted"),
            total.findings,
            total.counted,
            say("同一笔费用只计一次", "each fee line's money once"),
        ],
    ]
    rows += [
        [say(f"其中：{name.zh}", f"of these: {name.en}"), sums.findings, sums.counted, say(*VERDICT_MEANINGS[verdict])]
        for verdict, name, sums in report.by_verdict
    ]
    with_hits = sum(1 for row in report.rules if row.sums.findings)
    active = say(f"启用 {len(report.rules)} 条", f"of {len(report.rules)} active")
    unloaded = sum(row.rows for row in report.quarantine)
    unloaded_note = say("含日期无法读出的行；同一行有几个原因时分别计", "unreadable dates included; once for each reason")
    with_findings = sum(1 for row in report.institutions if row.sums.findings)
    rows += [
        [say("未判定的计入金额", "Counted and undecided"), None, report.open_fen, say("尚待人员判定", "waits for a person's decision")],
        [say("已确认金额", "Confirmed"), None, report.confirmed_fen, confirmed_note(report, say)],
        [say("有疑点的机构", "Institutions with findings"), with_findings, None, ""],
        [say("有疑点的规则", "Rules with findings"), with_hits, None, active],
        [say("待办案件", "Waiting cases"), report.waiting, None, ""],
        [say("已结案件", "Closed cases"), report.closed, None, ""],
        [say("线索", "Leads"), report.leads_total, None, say("模型和图谱，仅供研判", "of models and graph, for guidance")],
        [say("未入库的行", "Rows not loaded"), unloaded, None, unloaded_note],
    ]  # fmt: skip
    return rows


def simulated(report: MonthReport) -> tuple[int, int]:
    """Decided findings over all rules, and how many of them a simulated panel decided."""
    return sum(row.measured.decided for row in report.rules), sum(row.measured.simulated for row in report.rules)


def confirmed_note(report: MonthReport, say: Say) -> str:
    """Who confirmed."""
    decided, by_panel = simulated(report)
    if not by_panel:
        return say("由人员判定", "decided by people")
    return say(
        f"已判定疑点 {decided} 个，其中模拟判定 {by_panel} 个", f"{decided} findings decided, {by_panel} of them by a simulated panel"
    )


def interval(measured: Measured) -> str:
    """The interval of the precision in percent; empty without decisions.

    >>> interval(Measured(8, 2)), interval(Measured())
    ('49.0%–94.3%', '')
    """
    if measured.precision is None:
        return ""
    low, high = measured.interval
    return f"{low:.1%}–{high:.1%}"


def measured_note(measured: Measured, say: Say) -> str:
    """Whether people or a simulated panel decided."""
    if not measured.decided:
        return say("尚无判定", "nothing decided yet")
    people = measured.decided - measured.simulated
    if not measured.simulated:
        return say("全部由人员判定", "all by people")
    return say(f"人员 {people}，模拟 {measured.simulated}", f"people {people}, simulated {measured.simulated}")


def score_text(score: Score, say: Say) -> str:
    """A model's rank of a subject with its first three reasons."""
    head = f"{score.model} {score.model_version} · {score.month} · {say('同类', 'peers')} {score.peers}"
    return "\n".join([head, *(say(reason.zh, reason.en) for reason in score.reasons[:3])])


def lead_evidence(lead: Lead, say: Say) -> tuple[str, ...]:
    """The sentences of a lead's evidence."""
    return lead.evidence_zh if say("zh", "en") == "zh" else lead.evidence_en


def lead_kind(lead: Lead, say: Say) -> str:
    """The kind of a lead in words; its code where it has none."""
    return say(*LEAD_KINDS.get(lead.kind, (lead.kind, lead.kind)))


def lead_members(lead: Lead, names: Mapping[str, str], say: Say) -> str:
    """Members by kind, and the first of them; institutions by name."""
    counts = Counter(member.subject for member in lead.members)
    head = say("，", ", ").join(f"{say(*SUBJECTS[kind])} {counts[kind]}" for kind in Subject if counts[kind])
    first = [names.get(member.subject_id, member.subject_id) for member in lead.members[:MEMBERS]]
    left = len(lead.members) - len(first)
    return "\n".join([head, *first, *([say(f"另有 {left} 个", f"and {left} more")] if left > 0 else [])])


def as_of(report: MonthReport, say: Say) -> str:
    """As of when states, decisions and ratings are told: they are the newest ones, not those of the end of the month."""
    if report.as_of is None:
        return say("数据库中尚无案件和判定。", "The database has no cases or decisions yet.")
    number, moment = report.as_of
    rated = say(f"，信用评价截至 {report.rated}", f"; ratings as of {report.rated}") if report.rated else ""
    return say(
        f"案件状态和判定截至 {moment:%Y-%m-%d %H:%M:%S}（审计记录第 {number} 条）{rated}，不是月末的状态。",
        f"States and decisions as of {moment:%Y-%m-%d %H:%M:%S} (audit record {number}){rated}; not those of the end of the month.",
    )


def basis_rows(report: MonthReport, say: Say) -> list[list[Value]]:
    """Articles, rules, versions and runs: kind, name, number or version, meaning."""
    versions, rows = report.versions, list[list[Value]]()
    for cited in report.citations:
        law = cited.law
        number = f"{law.number} · {law.effective_from:%Y-%m-%d}"
        rows.append([say("法规", "law"), f"《{law.title}》{cited.article}", number, cited.gist])
    for row in report.rules:
        if row.sums.findings:
            rule = row.rule
            rows.append(
                [
                    say("规则", "rule"),
                    f"{rule.id} {say(rule.title, rule.title_en)}",
                    f"v{rule.version} · {rule.hash[:12]}",
                    rule.why.strip(),
                ]
            )
    if report.as_of is not None:
        record, moment = report.as_of
        meaning = say("案件状态和判定截至这条审计记录", "states and decisions as of this audit record")
        rows.append([say("版本", "version"), say("案件和判定", "cases and decisions"), f"{record} · {moment:%Y-%m-%d %H:%M:%S}", meaning])
    runs: list[list[Value]] = [[say("运行", "run"), say("筛查", "sweep"), run, ""] for run in versions.runs]
    rows += [
        [say("版本", "version"), say("程序", "program"), versions.program, ""],
        [say("版本", "version"), say("规则库", "rules"), versions.rules, ""],
        [say("版本", "version"), say("知识库", "knowledge"), versions.knowledge, ""],
        [
            say("版本", "version"),
            say("费用数据", "claims"),
            versions.data,
            say("各表的版本，可按版本重读", "versions of the tables, readable later"),
        ],
        *runs,
        [say("命令", "command"), say("重新生成", "repeat"), f"xiezhi report --month {report.month} --date {report.dated:%Y-%m-%d}", ""],
    ]
    return rows
