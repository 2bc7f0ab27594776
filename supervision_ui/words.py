"""Words of the pages: Chinese is the source, `locale/en.json` has the English; codes in words; numbers as people write them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from xiezhi.domain.words import CASE_STATES, LEAD_KINDS
from xiezhi.domain.words import money as money  # the pages' other words are here, so these are too
from xiezhi.domain.words import number as number

LANGUAGES = ("zh", "en")

WORDS: Mapping[str, Mapping[str, str]] = {
    "state": {code: zh for code, (zh, _) in CASE_STATES.items()},
    "verdict": {"definite": "明确", "suspicious": "可疑", "indicator": "提示"},
    "decision": {"confirmed": "确认", "refuted": "排除", "inconclusive": "存疑", "reversed": "撤销"},
    "outcome": {"confirmed": "全部确认", "partly_confirmed": "部分确认", "refuted": "排除", "inconclusive": "存疑"},
    "kind": {"encounter": "单次就诊", "theme": "机构主题"},
    "role": {
        "inspector": "初审员",
        "reviewer": "复审员",
        "supervisor": "稽核",
        "author": "规则编写",
        "checker": "规则复核",
        "deployer": "规则发布",
        "panel": "合议专家",
        "officer": "举报受理",
        "institution": "定点机构",
        "thirdparty": "第三方",
        "admin": "管理员",
    },
    "visit": {
        "inpatient": "住院",
        "emergency": "急诊",
        "outpatient": "门诊",
        "chronic": "门慢特",
        "pharmacy": "药店",
        "home_bed": "家庭病床",
        "other": "其他",
    },
    "level": {"3": "三级", "2": "二级", "1": "一级", "0": "未定级"},
    "subject": {"institution": "定点机构", "practitioner": "医师", "person": "参保人"},
    "lead": {code: zh for code, (zh, _) in LEAD_KINDS.items()},
    "member": {"member": "成员", "carrier": "可能的持卡人", "hub": "集中机构", "elsewhere": "其他就诊机构", "origin": "来源机构"},
    "attribute": {"phone": "电话", "address": "住址", "employer": "单位", "tel": "电话"},
    "relation": {
        "same_phone": "同一电话",
        "same_address": "同一住址",
        "same_employer": "同一单位",
        "same_time_visits": "同时就诊",
        "trace_codes": "同一追溯码",
        "treated_by": "由其诊治",
        "visits": "就诊",
    },
    "measure": {
        "lift": "提升倍数",
        "p": "p 值",
        "q": "q 值（多重检验校正）",
        "density": "关系密度",
        "persons": "人数",
        "visits": "就诊次数",
        "days": "天数",
        "codes": "追溯码数",
        "sales": "销售次数",
        "fetches": "取药次数",
        "substances": "药品种数",
        "supply_ratio": "供药天数与日历天数之比",
        "other_contacts": "其他共用信息",
    },
    "sample": {"random": "随机样本", "top": "待办前列样本"},
    "status": {"open": "有效", "superseded": "已被替代", "withdrawn": "已撤回"},
}
"""Chinese words by kind of code and code."""


@cache
def english() -> Mapping[str, str]:
    """English by Chinese."""
    found: dict[str, str] = json.loads((Path(__file__).parent / "locale" / "en.json").read_text("utf-8"))
    return found


def translate(text: str, lang: str) -> str:
    """A Chinese text in a language; raises KeyError where the catalogue lacks it, so that no page is half translated.

    >>> translate("待办", "en"), translate("待办", "zh")
    ('Queue', '待办')
    """
    return text if lang == "zh" else english()[text]


def word(kind: str, code: object, lang: str) -> str:
    """A code in words; itself where it has none.

    >>> word("state", "open", "en"), word("state", "else", "zh")
    ('Open', 'else')
    """
    found = WORDS[kind].get(str(code))
    return str(code) if found is None else translate(found, lang)


def factor(permille: int) -> str:
    """A factor of the priority.

    >>> factor(1300)
    '1.30'
    """
    return f"{permille / 1000:.2f}"


def measure(value: float | None) -> str:
    """A measured number, short; very small ones with their power of ten.

    >>> measure(1234.5), measure(3.0), measure(0.00012), measure(None), measure(0.257)
    ('1,234.5', '3', '1.2e-04', '—', '0.257')
    """
    if value is None:
        return "—"
    if value and abs(value) < 0.001:
        return f"{value:.1e}"
    return f"{value:,.3f}".rstrip("0").rstrip(".")
