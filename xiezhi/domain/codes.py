"""Shapes of the national codes (医保信息业务编码), for the validator and for generators.

A shape says what a code looks like, never that it exists in a catalogue: an unknown code of the right shape is loaded and becomes a
data-quality finding. Patterns are full-match regular expressions in the common subset of Python, RE2 (DuckDB) and Java (Spark).
Sources: the 15 national coding standards; the item shapes were checked on the public knowledge-point codes (about 19,800, no failure).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Shape:
    """The shape of one kind of code.

    Attributes:
        pattern: full-match regular expression.
        zh: what is accepted, in Chinese, for messages to users.
        en: the same in English.
        example: one code of this shape (synthetic).
    """

    pattern: str
    zh: str
    en: str
    example: str


WESTERN_DRUG = r"X[A-Z]\d{2}[A-Z]{3}\d{3}[A-Z]\d{12}"
"""Western drug (西药), 23 characters."""
PATENT_DRUG = r"Z[A-Z]\d{2}[A-Z]{3}\d{13}"
"""Chinese patent drug (中成药), 20 characters."""
DECOCTION_PIECE = r"T\d{9}"
"""Decoction piece (中药饮片), 10 characters."""
CONSUMABLE = r"C\d{19}(?:\d{7})?"
"""Consumable (医用耗材): 20 characters at catalogue level, 27 with the registration serial."""
SERVICE_ITEM = r"\d{15}"
"""Medical service item (医疗服务项目), 15 digits."""
OTHER_ITEM = r"[ABD-SU-WY][0-9A-Z]{7,39}"
"""Kinds whose standard is not public (hospital preparations, ethnic medicine, reagents): another leading letter."""
DIAGNOSIS = r"[A-Z]\d{2}(?:\.[0-9xX]\d{0,3})?(?:[xX]\d{3})?[+*]?|[AB]\d{2}(?:\.\d{2}){1,4}|[A-Z]{3,4}\d{2,3}|M\d{5}/\d"
"""Diagnosis: ICD-10 insurance edition (also a category alone), Chinese-medicine disease or pattern, tumour morphology."""
OPERATION = r"\d{2}\.\d{1,4}(?:[xX]\d{3})?"
"""Operation: ICD-9-CM-3 insurance edition."""

SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "institution": Shape(
            r"[HP]\d{11}", "H（医疗机构）或 P（零售药店）加 11 位数字", "H (hospital) or P (pharmacy) and 11 digits", "H99010100001"
        ),
        "item": Shape(
            "|".join((WESTERN_DRUG, PATENT_DRUG, DECOCTION_PIECE, CONSUMABLE, SERVICE_ITEM, OTHER_ITEM)),
            "西药 X 23 位、中成药 Z 20 位、饮片 T 10 位、耗材 C 20 或 27 位、服务项目 15 位数字（含前导零）",
            "drug X 23 or Z 20 characters, piece T 10, consumable C 20 or 27, service item 15 digits (with leading zeros)",
            "001102000010000",
        ),
        "diagnosis": Shape(DIAGNOSIS, "医保版疾病诊断代码", "diagnosis code, insurance edition", "J18.900"),
        "operation": Shape(OPERATION, "医保版手术操作代码", "operation code, insurance edition", "36.0601"),
        "sex": Shape("[0129]", "0 未知、1 男、2 女、9 未说明", "0 unknown, 1 male, 2 female, 9 not stated", "1"),
        "insurance": Shape(r"\d{3}", "3 位险种代码", "3-digit scheme code", "310"),
        "med_type": Shape(r"\d{2,6}", "2 至 6 位医疗类别代码", "care type of 2 to 6 digits", "21"),
        "level": Shape(r"\d{1,2}", "1 至 2 位医院等级代码", "hospital level of 1 or 2 digits", "05"),
        "area": Shape(r"\d{6}", "6 位行政区划代码", "6-digit area code", "990101"),
        "digit": Shape(r"\d", "1 位数字", "one digit", "1"),
        "flag": Shape("[01]", "0 或 1", "0 or 1", "1"),
    }
)
"""Shapes by the name that table columns use."""
