"""Why a row is refused, by ingest and by the stream: a closed list of reasons with their wording in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from xiezhi.domain.tables import Column, Kind


@dataclass(frozen=True)
class Reason:
    """One reason.

    Attributes:
        code: stable name, stored with the row.
        zh: what is wrong and what is accepted, in Chinese.
        en: the same in English.
    """

    code: str
    zh: str
    en: str


_REASONS = (
    Reason("missing", "必填项为空", "a required value is missing"),
    Reason(
        "not_a_number",
        "不是数字，应为不带千位分隔符和货币符号的小数",
        "not a number; a plain decimal without separators or currency is accepted",
    ),
    Reason(
        "too_many_decimals",
        "小数位过多，金额最多 2 位，数量、单价、比例最多 6 位",
        "too many decimals; amounts take 2, quantities, prices and ratios 6",
    ),
    Reason("number_range", "数值超出范围", "the number is out of range"),
    Reason("not_an_integer", "不是整数", "not a whole number"),
    Reason("not_a_date", "不是有效日期，应为 YYYY-MM-DD", "not a date that exists; YYYY-MM-DD is accepted"),
    Reason(
        "not_a_time",
        "不是有效时间，应为 YYYY-MM-DD HH:MM:SS（当地时间，无时区）",
        "not a time that exists; YYYY-MM-DD HH:MM:SS, local, without offset is accepted",
    ),
    Reason("date_range", "日期不合理，应在 1900 至 2100 年之间", "implausible date; years 1900 to 2100 are accepted"),
    Reason("code_shape", "编码形式不符", "the code has another shape"),
    Reason(
        "digits_lost",
        "编码已被电子表格改为科学计数，位数丢失，请以文本格式重新导出",
        "a spreadsheet turned the code into a number and lost digits; export it as text",
    ),
    Reason("broken_characters", "字符编码损坏，无法还原", "characters are broken and cannot be restored"),
    Reason("column_count", "列数与表头不一致", "the number of values differs from the header"),
    Reason("open_quote", "引号没有闭合", "a quote is opened and never closed"),
    Reason("not_a_value", "应为文本或数字，不能是列表或对象", "a text or a number is accepted, not a list or an object"),
)

REASONS: Mapping[str, Reason] = MappingProxyType({reason.code: reason for reason in _REASONS})
"""All reasons by code."""


def wording(code: str, column: Column | None) -> tuple[str, str]:
    """The reason in Chinese and English, with the accepted shape where the column has one."""
    reason = REASONS[code]
    shape = column.code_shape if column is not None else None
    if code == "code_shape" and shape is not None:
        return f"{reason.zh}，应为{shape.zh}，如 {shape.example}", f"{reason.en}; accepted: {shape.en}, such as {shape.example}"
    return reason.zh, reason.en


def type_reason(kind: Kind) -> str:
    """The reason for a text that is not of this kind."""
    if kind is Kind.DATE:
        return "not_a_date"
    if kind is Kind.DATETIME:
        return "not_a_time"
    return "not_an_integer" if kind is Kind.INTEGER else "not_a_number"
