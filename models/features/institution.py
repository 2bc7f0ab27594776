"""Features of institutions: the water-level (水位) metrics of inspection teams and the public topics of screening models."""

from __future__ import annotations

from models.features.feature import RULES, Feature, Row, catalogue
from xiezhi.domain.signal import Subject

VISITS: tuple[Row, ...] = (
    ("visits_per_person", "ratio", 1, "人次比（次/人）", "visits per person"),
    ("stay_ratio", "ratio", 1, "收住率（住院/门诊）", "stays per outpatient visit"),
    ("fee_per_visit", "fen", 1, "次均门诊费用", "mean fee of an outpatient visit"),
    ("fee_per_stay", "fen", 1, "次均住院费用", "mean fee of a stay"),
    ("fund_per_person", "fen", 1, "人均基金支付", "fund payment per person"),
    ("fund_share", "share", 1, "基金支付占比", "share paid by the fund"),
    ("visit_fee_spread", "ratio", -1, "门诊费用离散系数", "coefficient of variation of visit fees"),
    ("busiest_day_ratio", "ratio", 1, "最忙日人次与日均之比", "visits of the busiest day per mean day"),
    ("weekend_share", "share", 0, "周末就诊占比", "share of visits that begin on a weekend"),
    ("night_share", "share", 1, "夜间（22–6 时）就诊占比", "share of visits that begin at night"),
    ("equal_amount_share", "share", 1, "等额就诊占比", "share of visits with the same fee as another person's visit within two days"),
    ("chronic_share", "share", 0, "门慢特就诊占比", "share of visits for chronic-disease benefits"),
    ("many_places_share", "share", 1, "多机构就医人员占比", "share of its persons who used four or more institutions"),
    (
        "together_share",
        "share",
        1,
        "结伴就医人员占比",
        "share of its persons who came together with the same other person on two or more days",
    ),
    ("diagnosis_concentration", "ratio", 0, "诊断集中度", "concentration of main diagnoses (Herfindahl)"),
)
STAYS: tuple[Row, ...] = (
    ("days_per_stay", "days", 0, "平均住院日", "mean length of stay"),
    ("stay_days_spread", "ratio", -1, "住院日离散系数", "coefficient of variation of the length of stay"),
    ("stay_fee_spread", "ratio", -1, "住院费用离散系数", "coefficient of variation of stay fees"),
    ("short_stay_share", "share", 1, "3 日以内住院占比", "share of stays of at most three days"),
    ("readmission_share", "share", 1, "15 日内再入院占比", "share of stays that follow another stay there within 15 days"),
    ("overlap_share", "share", 1, "住院期间外院就医占比", "share of stays during which the person was served at another institution"),
    ("diagnoses_per_stay", "count", 1, "次均诊断数", "diagnoses per stay"),
    ("after_discharge_share", "share", 1, "出院后计费明细占比", "share of inpatient lines dated after the discharge"),
)
MONEY: tuple[Row, ...] = (
    ("drug_share", "share", 1, "药占比", "share of drugs in fees"),
    ("diagnostic_share", "share", 1, "检查检验占比", "share of examinations and laboratory in fees"),
    ("consumable_share", "share", 1, "耗材占比", "share of consumables in fees"),
    ("treatment_share", "share", 1, "治疗占比", "share of treatment in fees"),
    ("scope_share", "share", 0, "政策范围内费用占比", "share of fees inside the benefit scope"),
    ("top_item_share", "share", 1, "首位项目费用占比", "share of the dearest item in fees"),
    ("lines_per_visit", "count", 1, "次均明细数", "fee lines per visit"),
    ("price_ratio", "ratio", 1, "价格与全域中位价之比", "paid per median price of the region for the same items"),
    ("quantity_ratio", "ratio", 1, "数量与全域中位数之比", "billed per median quantity of the region for the same items"),
    ("refund_share", "share", 1, "退费占比", "share of billed money that was refunded"),
    ("unqualified_share", "share", 1, "开单时医师登记不在有效期的费用占比", "share of fees by practitioners not registered on the day"),
    ("top_doctor_share", "share", 0, "首位医师费用占比", "share of the busiest practitioner in fees"),
    ("item_diagnoses", "ratio", 1, "检查项目的诊断分散度", "distinct main diagnoses per visit among users of an examination"),
    ("repeated_trace_share", "share", 1, "追溯码重复销售占比", "share of traced sales whose code was sold before"),
    ("stock_shortfall_share", "share", 1, "进销存缺口占药品耗材费用比", "value billed beyond stock per fees of drugs and consumables"),
)
GROWTH: tuple[Row, ...] = (
    ("fee_growth", "ratio", 1, "当月费用与既往月均之比", "fees of the month per mean of earlier months"),
    ("visit_growth", "ratio", 1, "当月人次与既往月均之比", "visits of the month per mean of earlier months"),
)
FEATURES: tuple[Feature, ...] = (
    *catalogue(Subject.INSTITUTION, (*VISITS, *STAYS, *MONEY, *GROWTH)),
    *catalogue(Subject.INSTITUTION, RULES, "rules"),
)
"""All features of institutions but those of the graph."""
