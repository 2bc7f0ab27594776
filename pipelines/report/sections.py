"""The text of the Word report: six sections with their tables. Neutral words: doubtful points and leads to be checked, nothing decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipelines.report.content import Filled, InstitutionRow, MonthReport, Say
from pipelines.report.facts import FIELDS
from pipelines.report.measures import Advice
from pipelines.report.template import Columns
from pipelines.report.wording import as_of, interval, lead_evidence, lead_kind, simulated
from pipelines.sweep.page_words import money, percent

MOST_LEADS, MOST_INSTITUTIONS, MOST_RULES = 5, 10, 12
Section = dict[str, Any]
_NUMERALS = "一二三四五六"
_ENGLISH = ("I", "II", "III", "IV", "V", "VI")


def tables(say: Say) -> dict[str, Columns]:
    """The tables of the report by name; widths are mm of the 156 mm between the margins."""
    name = say("机构名称", "Institution")
    yuan = say("计入金额（元）", "Counted (yuan)")
    findings = say("疑点数", "Findings")
    return {
        "totals": [
            (say("结果类型", "Verdict"), "name", 40, False),
            (findings, "findings", 30, True),
            (say("涉及金额（元）", "Amount (yuan)"), "amount", 43, True),
            (yuan, "counted", 43, True),
        ],
        "institutions": [
            (name, "name", 41, False),
            (findings, "findings", 17, True),
            (yuan, "counted", 31, True),
            (say("未判定（元）", "Undecided (yuan)"), "open", 27, True),
            (say("模型位次", "Rank"), "rank", 20, True),
            (say("信用等级", "Grade"), "grade", 20, True),
        ],
        "rules": [
            (say("规则", "Rule"), "name", 48, False),
            (findings, "findings", 17, True),
            (yuan, "counted", 31, True),
            (say("已判定", "Decided"), "decided", 17, True),
            (say("确认率（95% 区间）", "Precision (95 %)"), "precision", 43, True),
        ],
        "advice": [
            (say("序号", "No."), "number", 12, True),
            (name, "name", 46, False),
            (say("未判定（元）", "Undecided (yuan)"), "open", 28, True),
            (say("建议理由", "Reasons"), "reasons", 70, False),
        ],
    }


def sections(report: MonthReport, say: Say) -> list[Section]:
    """The sections in order, as the template reads them."""
    parts = (_situation, _leads, _institutions, _rules, _quality, _advice)
    made = [part(report, say) for part in parts]
    for at, section in enumerate(made):
        section["heading"] = say(f"{_NUMERALS[at]}、", f"{_ENGLISH[at]}. ") + section["heading"]
    return made


def _section(
    heading: str,
    paragraphs: Sequence[tuple[str, str]],
    table: str = "",
    caption: str = "",
    rows: Sequence[dict[str, str]] = (),
    after: Sequence[tuple[str, str]] = (),
) -> Section:
    def parts(given: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
        return [{"lead": lead, "text": text} for lead, text in given]

    shown = table if rows else ""
    return {
        "heading": heading,
        "paragraphs": parts(paragraphs),
        "table": shown,
        "caption": caption,
        "rows": list(rows),
        "after": parts(after),
    }


def _situation(report: MonthReport, say: Say) -> Section:
    claims, total = report.claims, report.total
    with_findings = sum(1 for row in report.institutions if row.sums.findings)
    text = say(
        f"本月纳入筛查的费用明细 {claims.lines:,} 条，涉及参保人 {claims.persons:,} 人、机构 {claims.institutions:,} 家，"
        f"退费、冲销后金额 {money(claims.amount_fen)} 元，基金支付 {money(claims.fund_fen)} 元。"
        f"筛查发现疑点 {total.findings:,} 个，分布在 {with_findings:,} 家机构，涉及金额 {money(total.amount)} 元；"
        f"同一笔费用只计一次后，计入金额 {money(total.counted)} 元，其中尚未判定 {money(report.open_fen)} 元。",
        f"{claims.lines:,} fee lines of {claims.persons:,} persons at "
        f"{claims.institutions:,} institutions were screened; after refunds they come "
        f"to {money(claims.amount_fen)} yuan, of which the fund paid {money(claims.fund_fen)} yuan. {total.findings:,} doubtful points at "
        f"{with_findings:,} institutions concern {money(total.amount)} yuan; with each fee line counted once {money(total.counted)} yuan, "
        f"of which {money(report.open_fen)} yuan are undecided.",
    )
    cases = say(
        f"待办案件 {report.waiting:,} 件，已结案件 {report.closed:,} 件，已确认金额 {money(report.confirmed_fen)} 元。"
        f"{as_of(report, say)}{_who(report, say)}"
        "疑点是待核实的线索，在人员判定之前不作为任何认定。",
        f"{report.waiting:,} cases wait, {report.closed:,} are closed, "
        f"{money(report.confirmed_fen)} yuan are confirmed. {as_of(report, say)} {_who(report, say)}"
        "Doubtful points are to be checked; before a person decides they establish nothing.",
    )
    rows = [_totals_row(say(*name), sums.findings, sums.amount, sums.counted) for _, name, sums in report.by_verdict]
    rows.append(_totals_row(say("合计", "Total"), total.findings, total.amount, total.counted))
    caption = say("表1  疑点按结果类型", "Table 1  Findings by verdict")
    return _section(say("总体情况", "Overall situation"), [("", text), ("", cases)], "totals", caption, rows)


def _totals_row(name: str, findings: int, amount: int, counted: int) -> dict[str, str]:
    return {"name": name, "findings": f"{findings:,}", "amount": money(amount), "counted": money(counted)}


def _who(report: MonthReport, say: Say) -> str:
    decided, by_panel = simulated(report)
    if not by_panel:
        return ""
    return say(
        f"累计已判定疑点 {decided:,} 个，其中 {by_panel:,} 个由演示用的模拟专家组判定，不是人的结论。",
        f"Of {decided:,} findings decided so far, {by_panel:,} were decided by the simulated panel of a demonstration, not by people. ",
    )


def _leads(report: MonthReport, say: Say) -> Section:
    heading = say("重点线索", "Leads")
    if not report.leads:
        return _section(heading, [("", say("截至本月，模型和图谱没有给出线索。", "Models and graph gave no leads up to this month."))])
    intro = say(
        f"模型和图谱共给出线索 {report.leads_total:,} 条，按强度列出前 "
        f"{min(MOST_LEADS, len(report.leads))} 条。线索说明某种关系或偏离值得一看，不说明原因。",
        f"Models and graph gave {report.leads_total:,} leads; the strongest "
        f"{min(MOST_LEADS, len(report.leads))} follow. A lead says that something is worth a look, not why.",
    )
    paragraphs = [("", intro)]
    for at, lead in enumerate(report.leads[:MOST_LEADS]):
        kind = lead_kind(lead, say)
        number = say(f"（{'一二三四五'[at]}）", f"({at + 1}) ")
        evidence = " ".join(lead_evidence(lead, say)) if say("zh", "en") == "en" else "".join(lead_evidence(lead, say))
        title = say(lead.title_zh, lead.title_en).rstrip("。.")
        paragraphs.append((f"{number}{kind}{say('。', '. ')}", f"{title}{say('。', '. ')}{evidence}"))
    return _section(heading, paragraphs)


def _institutions(report: MonthReport, say: Say) -> Section:
    chosen = [row for row in report.institutions if row.sums.findings][:MOST_INSTITUTIONS]
    heading = say("重点机构", "Institutions")
    if not chosen:
        return _section(heading, [("", say("本月没有发现疑点。", "No doubtful points were found this month."))])
    share = percent(sum(row.sums.counted for row in chosen), report.total.counted)
    text = say(
        f"按计入金额列出前 {len(chosen)} 家，合计占全部计入金额的 {share}。"
        "模型位次为千分位，1000 为最突出；“—”表示没有数据，不作不利推断。",
        f"The {len(chosen)} institutions with the most counted money make up {share} of "
        "it. Ranks are permille, 1000 is the most conspicuous; a dash means no data.",
    )
    rows = [
        {
            "name": row.name,
            "findings": f"{row.sums.findings:,}",
            "counted": money(row.sums.counted),
            "open": money(row.open_fen),
            "rank": str(row.scores[0].permille) if row.scores else "—",
            "grade": row.grade or "—",
        }
        for row in chosen
    ]
    return _section(heading, [("", text)], "institutions", say("表2  计入金额较高的机构", "Table 2  Institutions by counted money"), rows)


def _rules(report: MonthReport, say: Say) -> Section:
    hit = [row for row in report.rules if row.sums.findings]
    text = say(
        f"本月启用规则 {len(report.rules)} 条，其中 {len(hit)} "
        "条发现疑点。确认率＝确认÷（确认＋排除），按服务日期不晚于本月末的全部判定计算，"
        f"区间为 95% Wilson 区间。{_who(report, say)}",
        f"{len(report.rules)} rules are active, {len(hit)} of them found doubtful "
        "points. Precision = confirmed / (confirmed + refuted) over all decisions "
        f"about service dates up to the end of the month, with the 95 % Wilson interval. {_who(report, say)}",
    )
    rows = [
        {
            "name": f"{row.rule.id} {say(row.rule.title, row.rule.title_en)}",
            "findings": f"{row.sums.findings:,}",
            "counted": money(row.sums.counted),
            "decided": str(row.measured.decided),
            "precision": "—" if row.measured.precision is None else f"{row.measured.precision:.1%} ({interval(row.measured)})",
        }
        for row in hit[:MOST_RULES]
    ]
    caption = say("表3  计入金额较高的规则", "Table 3  Rules by counted money")
    return _section(say("规则运行", "Rules"), [("", text)], "rules", caption, rows)


def _quality(report: MonthReport, say: Say) -> Section:
    dated = sum(row.rows for row in report.quarantine if row.dated)
    undated = sum(row.rows for row in report.quarantine) - dated
    found = sum(row.sums.findings for row in report.quality)
    lowest = []
    for field in FIELDS:
        cells = [fields[field.name] for fields in report.completeness.values() if field.name in fields]
        share = Filled(sum(cell.present for cell in cells), sum(cell.whole for cell in cells)).permille
        if share is not None and share < 1000:
            lowest.append((share, say(*field.label), percent(share, 1000)))
    shares = say("、", ", ").join(f"{label} {share}" for _, label, share in sorted(lowest)[:4])
    text = say(
        f"本月日期的数据有 {dated:,} 行未入库，另有 {undated:,} 行日期无法读出；"
        f"原文和原因保存在隔离区，更正后可重新导入。数据质量规则发现疑点 {found:,} 个。",
        f"{dated:,} rows dated in the month were not loaded, and {undated:,} more "
        "have no readable date; they are kept with their reasons and can be "
        f"loaded once mended. Rules about data quality found {found:,} doubtful points.",
    )
    second = (
        say(
            f"完整率较低的字段：{shares}。字段缺失时规则不作判断，不作不利推断。",
            f"Fields with the most gaps: {shares}. Where a field is missing rules do not judge.",
        )
        if shares
        else say("所列关键字段均完整。", "The key fields are complete.")
    )
    return _section(say("数据质量", "Data quality"), [("", text), ("", second)])


def reasons(row: InstitutionRow, factors: Advice, say: Say) -> str:
    """Why an institution is advised to be inspected: only what is known and raises it."""
    parts = []
    if row.sums.findings:
        parts.append(say(f"疑点 {row.sums.findings:,} 个，涉及 {row.rules} 条规则", f"{row.sums.findings:,} findings of {row.rules} rules"))
    if row.waiting:
        parts.append(say(f"待办案件 {row.waiting:,} 件", f"{row.waiting:,} waiting cases"))
    if row.leads:
        parts.append(
            say(
                f"线索 {len(row.leads)} 条，最强 {row.leads[0].strength}‰",
                f"{len(row.leads)} leads, the strongest {row.leads[0].strength}‰",
            )
        )
    if row.scores and row.scores[0].permille > 500:
        best = row.scores[0]
        why = say(best.reasons[0].zh, best.reasons[0].en).rstrip("。.") if best.reasons else ""
        parts.append(say(f"模型位次 {best.permille}‰", f"model rank {best.permille}‰") + (say(f"（{why}）", f" ({why})") if why else ""))
    if row.grade:
        parts.append(say(f"信用等级 {row.grade}（系数 {factors.credit}‰）", f"grade {row.grade} (factor {factors.credit}‰)"))
    return say("；", "; ").join(parts)


def _advice(report: MonthReport, say: Say) -> Section:
    heading = say("下一步核查建议", "Advice for inspections")
    if not report.advice:
        return _section(
            heading, [("", say("本月没有未判定的疑点金额和线索，暂无核查建议。", "Nothing is undecided; no inspection is advised."))]
        )
    text = say(
        f"建议核查下列 {len(report.advice)} 家机构。次序按“未判定计入金额×线索与模型系数×信用系数”排列，没有模型、线索或评价的按中性计。"
        "建议只用于安排核查，由核查人员依证据判定。",
        f"It is advised to inspect these {len(report.advice)} institutions, ordered "
        "by undecided counted money × factor of leads and models × factor of the "
        "rating; what is missing is neutral. Advice arranges work; inspectors decide on evidence.",
    )
    rows = [
        {"number": str(at), "name": row.name, "open": money(row.open_fen), "reasons": reasons(row, factors, say)}
        for at, (row, factors) in enumerate(report.advice, 1)
    ]
    caption = say("表4  建议核查的机构", "Table 4  Institutions advised to be inspected")
    return _section(heading, [("", text)], "advice", caption, rows)
