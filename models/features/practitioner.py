"""Features of practitioners: load, mix of services, and whom they serve, by the lines that they billed."""

from __future__ import annotations

from models.features.feature import RULES, Feature, Row, catalogue
from xiezhi.domain.signal import Subject

LOAD: tuple[Row, ...] = (
    ("visits_per_day", "ratio", 1, "日均诊次", "visits per working day"),
    ("busiest_day_visits", "count", 1, "最忙日诊次", "visits on the busiest day"),
    ("visits_per_person", "ratio", 1, "人次比（次/人）", "visits per person"),
    ("fee_per_visit", "fen", 1, "次均费用", "mean fee of a visit"),
    ("fee_per_person", "fen", 1, "人均费用", "mean fee of a person"),
    ("lines_per_visit", "count", 1, "次均明细数", "fee lines per visit"),
    ("weekend_share", "share", 0, "周末计费占比", "share of fees on weekends"),
    ("night_share", "share", 1, "夜间（22–6 时）计费占比", "share of lines billed at night"),
    ("places", "count", 1, "执业计费机构数", "institutions where services were billed"),
)
MIX: tuple[Row, ...] = (
    ("drug_share", "share", 1, "药占比", "share of drugs in fees"),
    ("diagnostic_share", "share", 1, "检查检验占比", "share of examinations and laboratory in fees"),
    ("top_item_share", "share", 1, "首位项目费用占比", "share of the dearest item in fees"),
    ("quantity_ratio", "ratio", 1, "数量与全域中位数之比", "billed per median quantity of the region for the same items"),
    ("unqualified_share", "share", 1, "登记不在有效期的费用占比", "share of fees on days without registration"),
    ("top_person_share", "share", 1, "首位患者费用占比", "share of the dearest person in fees"),
)
FEATURES: tuple[Feature, ...] = (
    *catalogue(Subject.PRACTITIONER, (*LOAD, *MIX)),
    *catalogue(Subject.PRACTITIONER, RULES, "rules"),
)
"""All features of practitioners but those of the graph."""
