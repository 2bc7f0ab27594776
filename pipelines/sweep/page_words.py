"""Words of the page: codes of the facts in Chinese and English, numbers as people write them, masked person numbers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from xiezhi.domain.actor import mask
from xiezhi.domain.calendar import date_of
from xiezhi.domain.words import MISSING
from xiezhi.domain.words import money as money  # the page's other words are here, so these are too
from xiezhi.domain.words import number as number


class Text(NamedTuple):
    """The same in Chinese and English."""

    zh: str
    en: str


def same(text: str) -> Text:
    """A text that is the same in both languages: a number, a date, a code, a name."""
    return Text(text, text)


VERDICTS: Mapping[str, Text] = {
    "definite": Text("明确", "Definite"),
    "suspicious": Text("可疑", "Suspicious"),
    "indicator": Text("提示", "Indicator"),
}
VERDICT_MEANINGS: Mapping[str, Text] = {
    "definite": Text("数据足以说明", "the data suffice to say so"),
    "suspicious": Text("需材料佐证", "needs records to confirm or clear"),
    "indicator": Text("统计偏离，仅供研判", "a statistical deviation, for guidance"),
}
KINDS: Mapping[str, Text] = {
    "inpatient": Text("住院", "inpatient"),
    "emergency": Text("急诊", "emergency"),
    "outpatient": Text("门诊", "outpatient"),
    "chronic": Text("门慢特", "chronic disease, outpatient"),
    "pharmacy": Text("药店购药", "pharmacy"),
    "home_bed": Text("家庭病床", "home bed"),
}
LEVELS: Mapping[int, Text] = {
    3: Text("三级", "level 3"),
    2: Text("二级", "level 2"),
    1: Text("一级", "level 1"),
    0: Text("未定级", "no level"),
}
SEXES: Mapping[str, Text] = {"1": Text("男", "male"), "2": Text("女", "female")}
INSURANCES: Mapping[str, Text] = {
    "310": Text("职工医保", "employees"),
    "390": Text("居民医保", "residents"),
    "410": Text("工伤保险", "work injury"),
    "510": Text("生育保险", "maternity"),
}
LAPS: Mapping[str, Text] = {
    "facts": Text("整理事实", "facts"),
    "rules": Text("运行规则", "rules"),
    "findings": Text("汇总疑点", "findings"),
    "gate": Text("核对证据", "evidence gate"),
    "store": Text("保存与计入", "store and count"),
}


def cut(text: str, length: int) -> str:
    """A text cut to a length, with an ellipsis; control characters, which HTML forbids, become spaces.

    >>> cut("abcdef", 4)
    'abc…'
    """
    clean = "".join(
        " " if ord(char) < 32 or 127 <= ord(char) < 160 or "\ud800" <= char <= "\udfff" else char for char in text[: length + 1]
    )
    return clean if len(clean) <= length else clean[: length - 1] + "…"


def masked(person: str | None) -> str:
    """A person number with its middle hidden, a dash where there is none.

    >>> masked("99010001002260755952"), masked(None)
    ('99****************52', '—')
    """
    return mask(person) or MISSING


def price(micro: int) -> str:
    """A unit price in millionths of a yuan, with two decimals at least.

    >>> price(1_500_000), price(123_400)
    ('1.50', '0.1234')
    """
    text = number(micro)
    whole, _, part = text.partition(".")
    return f"{whole}.{part.ljust(2, '0')}"


def moment(seconds: int) -> str:
    """Seconds of the facts (local time) as YYYY-MM-DD HH:MM.

    >>> moment(86_400 + 3_660)
    '1970-01-02 01:01'
    """
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M}"


def day(number_of_day: int | None) -> str:
    """A day number as YYYY-MM-DD, or a dash."""
    return "—" if number_of_day is None else date_of(number_of_day).isoformat()


def percent(part: int, whole: int) -> str:
    """A share in percent with one decimal, a dash where there is no whole.

    >>> percent(1, 3), percent(1, 0)
    ('33.3%', '—')
    """
    return f"{part / whole:.1%}" if whole else "—"
