"""The sheets of the monthly workbook."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.report.cells import Column, Kind, Value
from pipelines.report.content import Filled, InstitutionRow, MonthReport, RuleRow, Say
from pipelines.report.facts import FIELDS
from pipelines.report.wording import (
    as_of,
    basis_rows,
    interval,
    lead_evidence,
    lead_kind,
    lead_members,
    measured_note,
    score_text,
    summary_rows,
)
from pipelines.report.workbook import Sheet
from pipelines.sweep.page_words import VERDICTS, Text
from xiezhi.domain.money import yuan
from xiezhi.domain.words import CASE_STATES

MONEY, NUMBER, SHARE = Kind.MONEY, Kind.NUMBER, Kind.SHARE


def sheets(report: MonthReport, say: Say) -> list[Sheet]:
    """All sheets, in order: overview, leads, institutions, rules, cases, data quality, completeness, basis."""
    return [
        _overview(report, say),
        _leads(report, say),
        _institutions(report, say),
        _rules(report, say),
        _cases(report, say),
        _quality(report, say),
        _completeness(report, say),
        _basis(report, say),
    ]


def _overview(report: MonthReport, say: Say) -> Sheet:
    columns = [
        Column(say("项目", "Item")),
        Column(say("数量", "Count"), NUMBER),
        Column(say("金额（元）", "Yuan"), MONEY),
        Column(say("说明", "Meaning"), most=90),
    ]
    about = say(
        "疑点是待核实的线索，不是结论；计入金额：同一笔费用的钱在全部疑点中只计一次。",
        "Doubtful points are to be checked and decide nothing; counted money: each fee line's money once over all of them.",
    )
    return Sheet(
        say("总览", "Overview"), say(f"{report.month} 总览", f"{report.month} overview"), about, columns, summary_rows(report, say)
    )


def _leads(report: MonthReport, say: Say) -> Sheet:
    columns = [
        Column(say("线索编号", "Lead"), fixed=True),
        Column(say("类型", "Kind")),
        Column(say("强度（千分）", "Strength (permille)"), NUMBER),
        Column(say("线索", "What"), most=50),
        Column(say("证据", "Evidence"), most=70),
        Column(say("涉及机构", "Institutions"), most=34),
        Column(say("成员（人员已遮蔽）", "Members (persons masked)"), most=34),
        Column(say("起", "From"), fixed=True),
        Column(say("止", "To"), fixed=True),
        Column(say("相关就诊金额（元）", "Visits concerned (yuan)"), MONEY),
        Column(say("数据月份", "Month"), fixed=True),
    ]
    rows: list[list[Value]] = [
        [
            lead.lead_id,
            lead_kind(lead, say),
            lead.strength,
            say(lead.title_zh, lead.title_en),
            "\n".join(lead_evidence(lead, say)),
            "\n".join(report.names.get(code, code) for code in lead.institutions[:8]),
            lead_members(lead, report.names, say),
            lead.first.isoformat(),
            lead.last.isoformat(),
            lead.amount_fen,
            lead.month,
        ]
        for lead in report.leads
    ]
    about = say(
        f"模型和图谱给出的线索共 {report.leads_total} 条，列出最强的 {len(rows)} 条；线索只用于排定核查顺序，金额不是认定的损失。",
        f"{report.leads_total} leads of models and graph, the strongest "
        f"{len(rows)} are listed; they order work, their money is no loss found.",
    )
    return Sheet(say("线索", "Leads"), say(f"{report.month} 线索", f"{report.month} leads"), about, columns, rows)


def institution_row(row: InstitutionRow, say: Say) -> list[Value]:
    """An institution as a row of the workbook."""
    best = row.scores[0] if row.scores else None
    return [
        row.code,
        row.name,
        say(*row.level),
        row.sums.findings,
        row.rules,
        row.sums.amount,
        row.sums.counted,
        row.open_fen,
        row.confirmed_fen,
        row.waiting,
        row.closed,
        best.permille if best else None,
        score_text(best, say) if best else "",
        len(row.leads),
        row.grade,
        row.rating,
    ]


def _institutions(report: MonthReport, say: Say) -> Sheet:
    columns = [
        Column(say("机构编码", "Code"), fixed=True),
        Column(say("机构名称", "Institution"), most=36),
        Column(say("等级", "Level")),
        Column(say("疑点数", "Findings"), NUMBER),
        Column(say("涉及规则数", "Rules"), NUMBER),
        Column(say("涉及金额（元）", "Amount (yuan)"), MONEY),
        Column(say("计入金额（元）", "Counted (yuan)"), MONEY),
        Column(say("其中未判定（元）", "Undecided (yuan)"), MONEY),
        Column(say("已确认（元）", "Confirmed (yuan)"), MONEY),
        Column(say("待办案件", "Waiting cases"), NUMBER),
        Column(say("已结案件", "Closed cases"), NUMBER),
        Column(say("模型位次（千分）", "Model rank (permille)"), NUMBER),
        Column(say("模型理由", "Reasons of the model"), most=60),
        Column(say("线索数", "Leads"), NUMBER),
        Column(say("信用等级", "Grade")),
        Column(say("信用得分", "Score"), NUMBER),
    ]
    about = say(
        "按计入金额排列；模型位次越高越突出，1000 为最突出；空白为没有数据，不作不利推断。" + as_of(report, say),
        "By counted money; 1000 is the most conspicuous rank; blank means no data and counts for nothing. " + as_of(report, say),
    )
    rows = [institution_row(row, say) for row in report.institutions]
    return Sheet(say("机构", "Institutions"), say(f"{report.month} 机构", f"{report.month} institutions"), about, columns, rows)


def _rules(report: MonthReport, say: Say) -> Sheet:
    columns = [
        Column(say("规则编号", "Rule"), fixed=True),
        Column(say("规则名称", "Title"), most=40),
        Column(say("类别号", "Class"), NUMBER),
        Column(say("结果类型", "Verdict")),
        Column(say("疑点数", "Findings"), NUMBER),
        Column(say("机构数", "Institutions"), NUMBER),
        Column(say("涉及金额（元）", "Amount (yuan)"), MONEY),
        Column(say("计入金额（元）", "Counted (yuan)"), MONEY),
        Column(say("已判定疑点", "Decided"), NUMBER),
        Column(say("确认", "Confirmed"), NUMBER),
        Column(say("排除", "Refuted"), NUMBER),
        Column(say("无法判定", "Inconclusive"), NUMBER),
        Column(say("确认率", "Precision"), SHARE),
        Column(say("95% 区间（Wilson）", "95 % interval (Wilson)"), fixed=True),
        Column(say("模拟判定", "Simulated"), NUMBER),
        Column(say("判定来源", "Who decided"), most=40),
    ]
    rows = [_rule_row(row, say) for row in report.rules]
    about = say(
        f"确认率＝确认 ÷（确认＋排除），按服务日期不晚于 {report.month} "
        "月末的全部判定计算；模拟判定由演示用的模拟专家组作出，不是人的结论。" + as_of(report, say),
        f"Precision = confirmed / (confirmed + refuted), over all decisions about service dates up to the end of {report.month}; "
        "simulated ones come from the panel of a demonstration, no person made them. " + as_of(report, say),
    )
    return Sheet(say("规则", "Rules"), say(f"{report.month} 规则运行", f"{report.month} rules"), about, columns, rows)


def _rule_row(row: RuleRow, say: Say) -> list[Value]:
    rule, measured = row.rule, row.measured
    return [
        rule.id,
        say(rule.title, rule.title_en),
        rule.class_no,
        say(*VERDICTS[rule.verdict]),
        row.sums.findings,
        row.institutions,
        row.sums.amount,
        row.sums.counted,
        measured.decided,
        measured.confirmed,
        measured.refuted,
        measured.inconclusive,
        measured.precision,
        interval(measured),
        measured.simulated,
        measured_note(measured, say),
    ]


def _cases(report: MonthReport, say: Say) -> Sheet:
    columns = [
        Column(say("案件编号", "Case"), fixed=True),
        Column(say("机构编码", "Code"), fixed=True),
        Column(say("机构名称", "Institution"), most=34),
        Column(say("就诊 / 主题", "Visit / theme"), most=30),
        Column(say("参保人（遮蔽）", "Person (masked)"), fixed=True),
        Column(say("状态", "State")),
        Column(say("结果类型", "Verdict")),
        Column(say("疑点数", "Findings"), NUMBER),
        Column(say("未判定行", "Undecided lines"), NUMBER),
        Column(say("金额（元）", "Amount (yuan)"), MONEY),
        Column(say("可信系数", "Confidence"), NUMBER),
        Column(say("信用系数", "Credit"), NUMBER),
        Column(say("账龄系数", "Age"), NUMBER),
        Column(say("线索与模型系数", "Signals"), NUMBER),
        Column(say("优先级（分）", "Priority (fen)"), NUMBER),
        Column(say("抽查位置（分）", "Exploration (fen)"), NUMBER),
        Column(say("排序值（分）", "Order (fen)"), NUMBER),
        Column(say("首个服务日期", "First service date"), fixed=True),
    ]
    rows: list[list[Value]] = [
        [
            case.case_id,
            case.institution_code,
            report.names.get(case.institution_code, case.institution_code),
            case.encounter_id or case.theme,
            case.person_masked,
            say(*CASE_STATES[case.state.value]),
            say(*VERDICTS[case.verdict]),
            case.findings,
            case.undecided,
            case.amount_fen,
            case.factors.confidence,
            case.factors.credit,
            case.factors.age,
            case.factors.signal,
            case.factors.priority,
            case.factors.explored,
            case.priority,
            case.first_service_date.isoformat() if case.first_service_date else "",
        ]
        for case in report.cases
    ]
    about = say(
        f"本月有疑点的待办案件 {report.waiting} 件，列出排序值最高的 {len(rows)} 件。"
        "优先级＝（金额＋100 元）×可信×信用×账龄×线索与模型系数；系数为千分比，1000 为中性。"
        "抽查位置是每日随机抽中的案件所得的位置，排序值取两者中较大的。案件金额含其他月份的行。" + as_of(report, say),
        f"{report.waiting} waiting cases with findings of the month, the first {len(rows)} of the queue are listed. "
        "Priority = (amount + 100 yuan) × confidence × credit × age × signals; factors are permille, 1000 is neutral. Exploration is the "
        "place of a case drawn at random for the day; the order takes the higher of the two. "
        "A case's money includes lines of other months. " + as_of(report, say),
    )
    return Sheet(say("案件", "Cases"), say(f"{report.month} 待办案件", f"{report.month} waiting cases"), about, columns, rows)


def _quality(report: MonthReport, say: Say) -> Sheet:
    columns = [
        Column(say("类别", "Kind"), most=30),
        Column(say("数据表 / 规则", "Table / rule"), most=30),
        Column(say("字段", "Column"), most=30),
        Column(say("原因", "Reason"), most=80),
        Column(say("行数 / 疑点数", "Rows / findings"), NUMBER),
        Column(say("金额（元）", "Yuan"), MONEY),
    ]
    dated = Text("未入库，日期在本月", "not loaded, dated in the month"), Text("未入库，日期无法读出", "not loaded, date unreadable")
    rows: list[list[Value]] = [
        [say(*dated[not row.dated]), row.table, row.column, say(*row.reason), row.rows, None] for row in report.quarantine
    ]
    rows += [
        [
            say("数据质量疑点", "data-quality finding"),
            row.rule.id,
            "",
            say(row.rule.title, row.rule.title_en),
            row.sums.findings,
            row.sums.counted,
        ]
        for row in report.quality
    ]
    about = say(
        "未入库的行在隔离区保留原文和原因，更正后可重新导入；数据缺失不作不利推断。",
        "Rows that were not loaded are kept with their reasons and can be "
        "loaded again once mended; what is missing is held against nobody.",
    )
    return Sheet(say("数据质量", "Data quality"), say(f"{report.month} 数据质量", f"{report.month} data quality"), about, columns, rows)


def _completeness(report: MonthReport, say: Say) -> Sheet:
    columns = [Column(say("机构编码", "Code"), fixed=True), Column(say("机构名称", "Institution"), most=36)]
    columns += [Column(say(*field.label), SHARE) for field in FIELDS]
    rows: list[Sequence[Value]] = []
    for code, fields in report.completeness.items():
        cells = [fields.get(field.name) for field in FIELDS]
        rows.append([code, report.names.get(code, code), *(_share(cell) for cell in cells)])
    about = say(
        "有值的行 ÷ 应有值的行，向下取到 0.1%；不适用的项为空白。",
        "Rows with a value among rows that should have one, rounded down to 0.1 %; blank where it does not apply.",
    )
    return Sheet(say("字段完整率", "Completeness"), say(f"{report.month} 字段完整率", f"{report.month} completeness"), about, columns, rows)


def _share(cell: Filled | None) -> float | None:
    permille = cell.permille if cell else None
    return None if permille is None else permille / 1000


def _basis(report: MonthReport, say: Say) -> Sheet:
    columns = [
        Column(say("类别", "Kind")),
        Column(say("名称", "Name"), most=50),
        Column(say("编号 / 版本", "Number / version"), most=46),
        Column(say("说明", "Meaning"), most=90),
    ]
    about = say(
        f"本月报的依据和版本；相同的数据、规则和判定再次生成，内容相同。未判定金额合计 {yuan(report.open_fen)} 元。",
        f"What the report rests on; the same data, rules and decisions give the same report. Undecided money {yuan(report.open_fen)} yuan.",
    )
    return Sheet(say("依据", "Basis"), say(f"{report.month} 依据", f"{report.month} basis"), about, columns, basis_rows(report, say))
