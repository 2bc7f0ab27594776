"""Types of the rule language and the catalogue of fields a rule may name.

All numbers are integers (`xiezhi.domain.money`): a quantity or price is in millionths, money in fen, a date is a day
number. Types keep them apart, so that yuan are never compared with pieces.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    """A value type. `INT` counts days, people, lines; `SHARE` exists in amounts only."""

    BOOL = "bool"
    TEXT = "text"
    INT = "int"
    QTY = "quantity"
    PRICE = "price"
    FEN = "fen"
    DATE = "date"
    TIME = "time"
    SHARE = "share"


NUMERIC = frozenset({Type.INT, Type.QTY, Type.PRICE, Type.FEN})
MICRO_TYPES = frozenset({Type.QTY, Type.PRICE})


@dataclass(frozen=True)
class FieldInfo:
    """One field of the catalogue: the column of the facts it reads, its type, its Chinese name."""

    column: str
    type: Type
    zh: str


def _fields(prefix: str, rows: str) -> dict[str, FieldInfo]:
    result = {}
    for row in rows.strip().splitlines():
        name, column, kind, zh = row.split()
        result[f"{prefix}.{name}"] = FieldInfo(column, Type(kind), zh)
    return result


_LINE = _fields(
    "line",
    """
    id id text 明细流水号
    item item text 医保目录编码
    name name text 项目名称
    category category text 目录类别
    substance substance text 同成分键
    quantity quantity quantity 净数量
    price price price 单价
    amount amount fen 净金额
    billed_quantity billed_quantity quantity 原始数量
    billed_amount billed_amount fen 原始金额
    in_scope in_scope fen 符合范围金额
    price_limit price_limit price 定价上限
    usual_price usual_price price 本机构常用单价
    prescription prescription text 处方号
    department department text 开单科室
    doctor doctor text 开单医师
    days_supplied days_supplied quantity 开药天数
    use_end use_end date 用药截止日
    taken_home taken_home bool 出院带药
    refund refund text 退费关联状态
    over_refunded over_refunded bool 超额退费
    person_conflict person_conflict bool 更正改人
    live live bool 净额有效
    date date date 服务日期
    time time time 服务时间
    hour hour int 服务小时
    month month int 服务月
    year year int 服务年
    """,
)
_ENCOUNTER_OF_LINE = _fields(
    "encounter",
    """
    id encounter text 就诊号
    kind kind text 就医方式
    med_type med_type text 医疗类别
    begin_date begin_date date 入院日期
    end_date end_date date 出院日期
    insurance insurance text 险种
    disease disease text 门慢特病种
    maternity maternity text 生育状态
    internet internet bool 互联网诊疗
    settled settled bool 已结算
    """,
)
_PERSON = _fields(
    "person",
    """
    id person text 参保人
    sex sex text 性别
    age_years age_years int 周岁
    age_days age_days int 日龄
    death_date death_date date 死亡日期
    """,
)
_INSTITUTION = _fields("institution", "code institution text 机构\nlevel level int 机构级别\nregion region text 统筹区")
_PRACTITIONER = _fields("practitioner", "qualified qualified bool 执业资格有效\ntitle title text 职称\ncaty caty text 专业科别")
_SETTLEMENT = _fields("settlement", "id settlement text 结算号\nfund fund fen 基金支付\ntotal total fen 总费用")

_ENCOUNTER_ROW = _fields(
    "encounter",
    """
    id id text 就诊号
    kind kind text 就医方式
    med_type med_type text 医疗类别
    begin_date begin_date date 入院日期
    begin_time begin_time time 入院时间
    end_date end_date date 出院日期
    month month int 就诊月
    department department text 科别
    disease disease text 门慢特病种
    main_diagnosis main_diagnosis text 主诊断
    main_category main_category text 主诊断类目
    insurance insurance text 险种
    maternity maternity text 生育状态
    moved moved bool 转院
    settled settled bool 已结算
    fund fund fen 基金支付
    total total fen 总费用
    """,
)
_PERSON_ROW = _fields("person", "id person text 参保人\nsex sex text 性别")
_SALE = _fields(
    "sale",
    """
    id id text 销售记录
    trace trace text 追溯码
    item item text 医保目录编码
    date date date 销售日期
    time time time 销售时间
    month month int 销售月
    quantity quantity quantity 数量
    amount amount fen 金额
    split split bool 拆零
    insured insured bool 医保结算
    """,
)
_STOCK = _fields(
    "stock",
    """
    item item text 医保目录编码
    category category text 目录类别
    month month int 月份
    billed billed quantity 计费数量
    shortfall shortfall quantity 短缺数量
    value value fen 短缺金额
    """,
)

_MONTH = _fields(
    "month",
    """
    number month int 月份
    stays stays int 计费的住院人次
    total fees fen 全部费用
    drugs drugs fen 药品费用
    tests tests fen 检验检查费用
    consumables consumables fen 耗材费用
    treatment treatment fen 治疗费用
    ct ct fen CT费用
    mri mri fen 核磁费用
    discharges discharges int 出院人次
    readmissions readmissions int 出院后非计划再入院人次
    """,
)

ROW_FIELDS: Mapping[str, Mapping[str, FieldInfo]] = {
    "line": {**_LINE, **_ENCOUNTER_OF_LINE, **_PERSON, **_INSTITUTION, **_PRACTITIONER, **_SETTLEMENT},
    "encounter": {
        **_ENCOUNTER_ROW,
        **_PERSON_ROW,
        **_fields("institution", "code institution text 机构\nlevel level int 机构级别\nregion region text 统筹区"),
    },
    "sale": {**_SALE, **_fields("institution", "code institution text 机构"), **_fields("person", "id person text 参保人")},
    "stock": {**_STOCK, **_fields("institution", "code institution text 机构\nregion region text 统筹区")},
    "month": {**_MONTH, **_fields("institution", "code institution text 机构\nregion region text 统筹区")},
}
"""Fields by the kind of row a rule looks at (`each`)."""

OTHER_FIELDS: Mapping[str, Mapping[str, FieldInfo]] = {
    kind: {f"other.{name.split('.')[1] if name.startswith(_OWN[kind]) else info.column}": info for name, info in fields.items()}
    for _OWN in ({"line": "line.", "encounter": "encounter.", "sale": "sale.", "stock": "stock.", "month": "month."},)
    for kind, fields in ROW_FIELDS.items()
}
"""The same fields, flat, of the other row in a related feature (`other.use_end`)."""

DATE_COLUMN: Mapping[str, str] = {"line": "date", "encounter": "begin_date", "sale": "date", "stock": "date", "month": "date"}
"""The date by which rules, points and parameters are in force, by kind of row."""
