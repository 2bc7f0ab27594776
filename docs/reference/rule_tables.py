"""The generated parts of `rule-language.md`: tables that come from the program itself, put between marks in the written text.

A mark is `<!-- table: name -->` … `<!-- end -->`; `generate.py` writes what stands between.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from xiezhi.domain.knowledge import LIMIT_FIELDS
from xiezhi.ruleset.build import MESSAGE_KEYS, PER_COLUMNS, POINT_KEYS, SUBJECT_KEYS
from xiezhi.ruleset.case_form import CASE_KINDS, ExpectForm, GivenForm
from xiezhi.ruleset.checks.registry import CHECKS
from xiezhi.ruleset.features import LOCAL_SCOPES, ScopeKind
from xiezhi.ruleset.form import FeatureForm, RuleForm
from xiezhi.ruleset.types import OTHER_FIELDS, ROW_FIELDS

PAGE = Path(__file__).resolve().parent / "rule-language.md"
MARK = re.compile(r"(<!-- table: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

ROWS = {
    "line": "费用明细 fee line",
    "encounter": "就诊 encounter",
    "sale": "追溯码销售 sale",
    "stock": "月度进销存 stock",
    "month": "机构月度 month of an institution",
}

KEYS: dict[str, str] = {
    "id": "编号，永不复用：官方编码；新类别写 `XZ-C<类别>`；自有规则写 `XZ-<字母>-<三位数字>`。Id, never reused.",
    "class_no": "规则类别 1–88；自有规则不写。Class; none for a rule of our own.",
    "version": "版本，由 `xiezhi rules lock` 递增。Version, raised by `rules lock`.",
    "title": "中文标题。Title in Chinese.",
    "title_en": "英文标题。Title in English.",
    "status": "`draft` 起草、`shadow` 试运行、`active` 启用、`retired` 停用；只有启用的规则产生疑点。Only active rules make findings.",
    "verdict": "`definite` 明确违规类、`suspicious` 可疑、`indicator` 指标。Kind of finding.",
    "stages": "`pre` 事前、`mid` 事中、`post` 事后，可多选。Where the rule may be asked.",
    "effective": "`{from, to}`，按服务日期，`to` 为最后一日或 null。In force by service date.",
    "law": "`[{law, article}]`，指向 `rules/laws/` 的法规和条款。Articles of laws.",
    "owner": "负责的科室或人。Who answers for it.",
    "why": "给审核人员的一句话：为什么是疑点。One sentence for the auditor.",
    "known_gaps": "已知会误判的情形。What it may get wrong.",
    "triage": "核查要点。What to look at first.",
    "meta": "官方规则释义的其他栏目：`tier` `group` `period` `scenes` `insurance` `institution_levels` `institution_types` "
    "`person_kinds` `note`。Other columns of the official sheet.",
    "batch": "true：只能在全量筛查中判断。Judged by the sweep only.",
    "each": "逐行判断什么：`line` 净额有效的明细（默认）、`billed_line` 所有明细（含退费行）、`encounter`、`sale`、`stock`。"
    "The rows it looks at.",
    "knowledge": "`{class, role, optional}`：与该类知识点按编码关联；`role` a、b 或 any；`optional` 没有知识点的行也判断。"
    "Join with the points of a class.",
    "where": "筛选条件；不为真的行不参与，也不算未知。Filter; other rows are no candidates.",
    "features": "窗口和关联特征，见下。Windowed and related features.",
    "define": "命名的表达式，后面的表达式可以使用。Named expressions.",
    "when": "条件；为真才是疑点，未知只计数。The condition; only true is a finding.",
    "except": "命名的例外，任一为真就不是疑点。Named exceptions.",
    "subject": "主体：主体相同的行合为一个疑点。Rows of one subject are one finding.",
    "lines_offend": "按就诊判断时，其全部有效明细都列为涉及明细。All live lines of the encounter offend.",
    "amount": "一行的涉及金额：金额表达式乘以若干 `share(部分, 整体)`；不写为 0。Money at stake of a row.",
    "credit": "每个主体和知识点扣除一次的金额。Money taken off once.",
    "counted": "实际计得的数，用于疑点和提示。What was counted.",
    "limit": "允许的数。What is allowed.",
    "message": "中文提示。Sentence in Chinese.",
    "message_en": "英文提示。Sentence in English.",
    "cases_given": "全部用例共有的行。Rows that all cases share.",
    "cases": "用例，见下。Cases.",
}

FEATURE_KEYS: dict[str, str] = {
    "sum": "求和，缺失的不计。Sum; missing values are left out.",
    "count": "`rows` 行数；或一个来源的行数。Number of rows, or of another source.",
    "distinct": "不同值的个数。Number of distinct values.",
    "max": "最大值。Greatest.",
    "min": "最小值。Least.",
    "first": "按 `order` 排序的第一行的值。Value of the first row by `order`.",
    "exists": "来源中有没有符合 `if` 的行。Whether the source has such a row.",
    "in": "范围，见下。The scope.",
    "of": "`max`、`min`、`count` 的来源。Source of max, min, count.",
    "per": "窗口中还须相同的列。Further columns that must be equal in the window.",
    "same": "与另一行还须相同的列。Columns equal to those of the other row.",
    "until": "`here` 到本行为止（默认）、`end` 整个范围。Up to this row, or the whole scope.",
    "order": "`first` 的次序，可加 ` desc`。Order for first.",
    "earlier": "只看排在本行之前的行。Only rows before this one.",
    "if": "另一行须满足的条件，用 `other.列`。Condition over other.*.",
}

SCOPES: dict[ScopeKind, str] = {
    ScopeKind.PRESCRIPTION: "同一处方号 one prescription",
    ScopeKind.HOUR: "同一小时 one calendar hour",
    ScopeKind.HOURS: "`hours(n)`：相差不超过 n 小时 within n hours",
    ScopeKind.DAY: "同一服务日期 one service date",
    ScopeKind.ENCOUNTER: "同一次就诊 one encounter",
    ScopeKind.MONTH: "同一自然月 one calendar month",
    ScopeKind.YEAR: "同一自然年 one calendar year",
    ScopeKind.ROLLING: "`rolling(n)`：到本行为止的 n 天 the n days that end at the row",
    ScopeKind.COURSE: "`course(n)`：间隔不超过 n 天的连续使用 uses with gaps of at most n days",
    ScopeKind.ALL: "不限时间 all time",
    ScopeKind.WINDOW: "由知识点的 `window` 决定 as the point's window says",
    ScopeKind.PER: "由知识点的 `per` 决定 as the point's per says",
}

KINDS: dict[str, str] = {
    "hit": "命中 a finding",
    "miss": "相近而不是疑点 close, and none",
    "boundary": "界限的一侧：恰好在内或刚刚超出 one side of a limit",
    "missing": "输入缺失，不是疑点 an input is missing: none",
    "outside": "规则、参数、知识点的期限之外 outside the dates",
    "refunded": "已退费、冲正或退货 refunded, reversed or returned",
    "exception": "某个例外（写明 `exception: 名称`）one of the exceptions",
}

GIVEN: dict[str, str] = {
    "encounter": "唯一的就诊；与 `encounters` 同写时是各行共有的值（表 mdtrt_d）",
    "encounters": "多次就诊",
    "line": "`lines` 各行共有的值（表 fee_list_d）",
    "lines": "明细；不写时每次就诊一条",
    "settlement": "唯一的结算或共有的值（表 setl_d）",
    "settlements": "结算；不写时每次就诊一笔；`[]` 为没有结算",
    "diagnoses": "诊断编码，或表 setl_list_diag_d 的行；首个为主诊断",
    "institution": "机构登记（表 medins_d）",
    "institutions": "多个机构的登记",
    "staff": "执业登记（表 staff_d）",
    "persons_merged": "人员对照（表 psn_map_d）",
    "points": "本规则类别的知识点：`kp_id` `item_name` `limit` `a` `b` `valid_from` `valid_to` `region`；`limit` 用公布的写法",
    "store_from": "库中最早的服务日期",
    "sales": "追溯码销售（表 fsi_3505）",
    "sale_returns": "销售退货（表 fsi_3506）",
    "stocktakes": "盘存（表 fsi_3501）",
    "stock_changes": "库存变更（表 fsi_3502）",
    "purchases": "采购（表 fsi_3503）",
    "purchase_returns": "采购退货（表 fsi_3504）",
}

EXPECT: dict[str, str] = {
    "hits": "疑点个数（必写）number of findings",
    "amount": "涉及金额合计，元 sum in yuan",
    "amount_fen": "涉及金额合计，分 sum in fen",
    "fund": "基金部分合计，元 the fund's part in yuan",
    "unknown": "哪些输入缺失；`[]` 为没有 names that were missing",
    "lines": "涉及明细 offending lines",
    "related": "佐证明细 lines that prove it",
    "message": "每条中文提示都包含的文字 words of every message",
}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    columns = [*head]
    lines = [columns, ["---"] * len(columns), *(["" if cell is None else cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def told(names: Iterable[str], words: Mapping[Any, str]) -> list[tuple[str, str]]:
    """Names with their meaning; a `KeyError` says which one nobody has described."""
    return [(f"`{name}`", words[name]) for name in names]


def names_of(form: Any) -> list[str]:
    """The keys of a form as files write them."""
    return [field.alias or name for name, field in form.model_fields.items()]


def fields_tables() -> str:
    """One table of fields a kind of row."""
    parts = []
    for kind, fields in ROW_FIELDS.items():
        rows = [(f"`{name}`", info.type.value, info.zh) for name, info in fields.items()]
        parts.append(f"### {ROWS[kind]}\n\n" + table(("字段 field", "类型 type", "含义"), rows))
    return "\n".join(parts)


def others_table() -> str:
    """The names of the other row, by its kind."""
    rows = [(ROWS[kind], " ".join(f"`{name}`" for name in fields)) for kind, fields in OTHER_FIELDS.items()]
    return table(("另一行 other row", "字段 fields"), rows)


def tables() -> dict[str, str]:
    """Every generated table by the name of its mark."""
    keys = names_of(RuleForm)
    required = {field.alias or name for name, field in RuleForm.model_fields.items() if field.is_required()}
    limits = [*LIMIT_FIELDS.items(), ("count_a", "int"), ("count_b", "int")]
    return {
        "keys": table(("键 key", "必写", "含义"), ((f"`{key}`", "是" if key in required else "", KEYS[key]) for key in keys)),
        "feature-keys": table(("键 key", "含义"), told(names_of(FeatureForm), FEATURE_KEYS)),
        "scopes": table(
            ("范围 scope", "含义", "同一机构"),
            ((f"`{kind.value}`", SCOPES[kind], "是" if kind in LOCAL_SCOPES else "") for kind in ScopeKind),
        ),
        "columns": table(
            ("行 row", "`per` 和 `same` 的列 columns"),
            ((ROWS[kind], " ".join(f"`{name}`" for name in (*columns, "group"))) for kind, columns in PER_COLUMNS.items()),
        ),
        "subjects": table(
            ("行 row", "`subject` 的键 keys"),
            (
                *((ROWS[kind], " ".join(f"`{name}`" for name in columns)) for kind, columns in SUBJECT_KEYS.items()),
                ("有知识点时 with knowledge", " ".join(f"`{name}`" for name in POINT_KEYS)),
            ),
        ),
        "fields": fields_tables(),
        "others": others_table(),
        "limits": table(("限定 limit", "类型 type"), ((f"`point.{name}`", kind) for name, kind in limits)),
        "placeholders": " ".join(f"`{{{name}}}`" for name in sorted(MESSAGE_KEYS)) + "\n",
        "kinds": table(("种类 kind", "含义"), told(CASE_KINDS, KINDS)),
        "given": table(("键 key", "含义"), told(names_of(GivenForm), GIVEN)),
        "expect": table(("键 key", "含义"), told(names_of(ExpectForm), EXPECT)),
        "checks": table(("检查 check", "要求", "asks that"), ((f"`{check.name}`", check.zh, check.en) for check in CHECKS)),
    }


def page() -> str:
    """The page with all tables as they must be; a mark of an unknown name is a `KeyError`."""
    found = tables()
    return MARK.sub(lambda match: match[1] + "\n" + found[match[2]] + "\n" + match[3], PAGE.read_text("utf-8"))
