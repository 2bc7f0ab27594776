"""The language in which ordinary care is written down: templates of stays and visits.

A line template says which item is charged, when and how much; chance belongs to the encounter's key, so that lines with the same
`tie` come or stay away together (a contrast agent and its examination).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One template of fee lines.

    Attributes:
        item: key of the catalogue.
        when: `night` every day but the day of discharge · `daily` every day after admission but the last · `hours` like `night`, with
            the hours of that day as quantity · `first`, `second`, `last` · `op` day of the operation · `n:3` the first three
            days · `every:4` the first and then each fourth day.
        count: quantity of one charge.
        chance: chance of each charge (per day for the repeated ones).
        tie: templates with the same tie share one draw.
        need: `l2` secondary and tertiary only · `l2c` the same, and the course does not continue that of a transfer · `adult` by age 15 ·
            `noclop` not with clopidogrel.
        home: taken home at discharge.
    """

    item: str
    when: str = "first"
    count: float = 1
    chance: float = 1.0
    tie: str = ""
    need: str = ""
    home: bool = False


@dataclass(frozen=True)
class Stay:
    """One kind of inpatient stay.

    Attributes:
        key: name.
        main: main diagnoses, one is drawn.
        extra: further diagnoses with their chances (chronic diseases of the person are added).
        dept: department.
        med: encounter type (21, 28 day surgery, 52 birth); emergency: share that becomes 210104.
        place: weights of primary, secondary and tertiary institutions.
        days: shortest, usual and longest length (nights).
        rate: admissions of 1,000 persons a month by age band (0-14, 15-44, 45-64, 65+).
        sex: 0 both, 1 male, 2 female; bit: only persons with this chronic disease.
        operation: ICD-9-CM3 code, empty without; anaesthesia: 1 general, 2 spinal, 3 local.
        death, transfer: chances.
        work: share of work injuries among the employed (insurance 410).
        course: an agreed course, readmissions are ordinary.
    """

    key: str
    main: tuple[str, ...]
    dept: str
    days: tuple[int, int, int]
    rate: tuple[float, float, float, float]
    lines: tuple[Line, ...]
    place: tuple[float, float, float] = (0.2, 0.5, 0.3)
    extra: tuple[tuple[str, float], ...] = ()
    med: str = "21"
    emergency: float = 0.0
    sex: int = 0
    bit: str = ""
    operation: str = ""
    anaesthesia: str = ""
    death: float = 0.0
    transfer: float = 0.0
    work: float = 0.0
    course: bool = False


@dataclass(frozen=True)
class Visit:
    """One kind of outpatient visit; the fields mean what they mean for `Stay`.

    Attributes:
        place: weights of clinics, primary, secondary and tertiary institutions.
        internet: share of internet consultations.
        stock: drugs bought at a pharmacy come from this plan (`med` 41, place is ignored).
    """

    key: str
    main: tuple[str, ...]
    dept: str
    rate: tuple[float, float, float, float]
    lines: tuple[Line, ...]
    place: tuple[float, float, float, float] = (0.3, 0.35, 0.2, 0.15)
    med: str = "11"
    sex: int = 0
    work: float = 0.0
    internet: float = 0.0


DIAGNOSES = {
    "I10.x00": "特发性(原发性)高血压",
    "E11.900": "2型糖尿病",
    "I25.103": "冠状动脉粥样硬化性心脏病",
    "J44.900": "慢性阻塞性肺病",
    "F20.900": "精神分裂症",
    "M06.900": "类风湿性关节炎",
    "B18.107": "慢性乙型病毒性肝炎",
    "C34.900": "支气管或肺恶性肿瘤",
    "C18.900": "结肠恶性肿瘤",
    "C50.900": "乳房恶性肿瘤",
    "N18.001": "慢性肾衰竭尿毒症期",
    "J18.900": "肺炎",
    "J18.000": "支气管肺炎",
    "I63.900": "脑梗死",
    "I20.000": "不稳定性心绞痛",
    "J44.100": "慢性阻塞性肺病急性加重",
    "K35.900": "急性阑尾炎",
    "K80.101": "胆囊结石伴慢性胆囊炎",
    "K40.900": "腹股沟疝",
    "S72.000": "股骨颈骨折",
    "H25.900": "老年性白内障",
    "N83.201": "卵巢囊肿",
    "N40.x00": "前列腺增生",
    "I69.300": "脑梗死后遗症",
    "K29.500": "慢性胃炎",
    "K56.700": "肠梗阻",
    "S82.800": "踝部骨折",
    "M51.202": "腰椎间盘突出",
    "O80.000": "头位顺产",
    "O82.000": "择期剖宫产",
    "P59.900": "新生儿黄疸",
    "Z51.103": "肿瘤化学治疗",
    "Z37.000": "单一活产",
    "J06.900": "急性上呼吸道感染",
    "M54.500": "下背痛",
    "L30.900": "皮炎",
    "N39.000": "泌尿道感染",
    "N76.000": "急性阴道炎",
    "K02.900": "龋病",
    "H10.900": "结膜炎",
    "S61.900": "腕和手的开放性伤口",
    "K30.x00": "消化不良",
    "Z34.900": "正常妊娠监督",
    "J20.900": "急性支气管炎",
    "R07.400": "胸痛",
    "R10.400": "腹痛",
    "O24.900": "妊娠期糖尿病",
    "E78.500": "高脂血症",
    "K76.000": "脂肪肝",
    "N28.101": "肾囊肿",
    "D64.900": "贫血",
    "E87.600": "低钾血症",
    "Z00.000": "健康查体",
    "Z49.100": "血液透析",
    "F41.900": "焦虑状态",
}
"""Diagnoses of the simulated region: code in the shape of the medical-insurance edition, name."""
DIAGNOSIS_CODES = tuple(DIAGNOSES)
DIAGNOSIS = {code: number for number, code in enumerate(DIAGNOSIS_CODES)}
CHRONIC_DIAGNOSIS = {
    "htn": "I10.x00",
    "dm": "E11.900",
    "chd": "I25.103",
    "copd": "J44.900",
    "psy": "F20.900",
    "ra": "M06.900",
    "hbv": "B18.107",
    "ckd": "N18.001",
}
"""The diagnosis of each chronic disease (tumours: by person, see `courses.py`)."""
DISEASE_NO = {
    "htn": "M03900",
    "dm": "M01600",
    "chd": "M04600",
    "copd": "M05300",
    "psy": "M02100",
    "ra": "M06900",
    "hbv": "M00200",
    "tumour": "M00500",
    "ckd": "M07800",
}
"""Registered disease (dise_no) of chronic encounters."""
DISEASES = tuple(DISEASE_NO)
