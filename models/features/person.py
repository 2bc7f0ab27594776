"""Features of persons: how often, where, what and how much, against persons of the same age, sex and benefits."""

from __future__ import annotations

from models.features.feature import RULES, Feature, Row, catalogue
from xiezhi.domain.signal import Subject

VISITS: tuple[Row, ...] = (
    ("visits", "count", 1, "就诊次数", "visits"),
    ("places", "count", 1, "就诊机构数", "institutions used"),
    ("busiest_day_visits", "count", 1, "单日最多就诊次数", "visits on the busiest day"),
    ("fee", "fen", 1, "总费用", "fees"),
    ("fund", "fen", 1, "基金支付", "fund payment"),
    ("diagnosis_kinds", "count", 1, "主要诊断类别数", "distinct categories of main diagnoses"),
    ("night_share", "share", 1, "夜间（22–6 时）就诊占比", "share of visits that begin at night"),
    ("equal_amount_share", "share", 1, "等额就诊占比", "share of visits with the same fee as another of the person's visits"),
    ("stays", "count", 1, "住院次数", "stays"),
    ("stay_days", "days", 1, "住院天数", "days in hospital"),
    ("overlap_days", "days", 1, "住院期间外院就医天数", "days in hospital on which another institution served the person"),
)
DRUGS: tuple[Row, ...] = (
    ("purchases", "count", 1, "药店购药次数", "purchases at pharmacies"),
    ("drug_fee", "fen", 1, "药品费用", "fees of drugs"),
    (
        "days_supplied_ratio",
        "ratio",
        1,
        "同一药物供药日数与日历日数之比（最大）",
        "days supplied per calendar day, of the most supplied substance",
    ),
    ("drug_places", "count", 1, "同一药物购药机构数（最大）", "institutions that supplied the same substance, at most"),
    ("repeated_traces", "count", 1, "所购药品追溯码曾被销售数", "traced packages bought whose code was sold before"),
)
FEATURES: tuple[Feature, ...] = (
    *catalogue(Subject.PERSON, (*VISITS, *DRUGS)),
    *catalogue(Subject.PERSON, RULES, "rules"),
)
"""All features of persons but those of the graph."""
