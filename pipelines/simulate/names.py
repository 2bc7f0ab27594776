"""Names, streets and departments: neutral made-up material for people and places of a region that does not exist."""

from __future__ import annotations

import numpy as np

from pipelines.simulate.streams import Arr, digits

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢"
    "姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛"
)
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂英华玉秀珍建国志文红梅春生玲辉宁晨宇涵欣怡佳琪子轩浩然雨桐思远"
STREETS = ("临江路", "文昌街", "南湖路", "新民街", "青松路", "东风街", "和平路", "书院巷", "石桥路", "稻香村", "柳河村", "三岔村")
COUNTIES = ("990101", "990102", "990103", "990104", "990105")
"""Areas of the region; the numbers are not in GB/T 2260."""
COUNTY_NAMES = ("云泽区", "临江区", "青川县", "石桥县", "南湖县")
CITY = "云泽市"
DEPARTMENTS = ("A02", "A03", "A04", "A05", "A07", "A10", "A15", "A19", "A20", "A21", "A50", "A12", "A13", "A27")
"""National department codes: general, internal, surgery, women, children, eye, psychiatry, tumour, emergency, rehabilitation, TCM, mouth,
skin, intensive care."""
DEPT = {code: number for number, code in enumerate(DEPARTMENTS)}


def person_names(keys: Arr) -> Arr:
    """Made-up Chinese names, one for each key, as an array of texts."""
    surname = np.array(list(SURNAMES), dtype=object)[digits(keys, "surname", 9) % len(SURNAMES)]
    given = np.array(list(GIVEN), dtype=object)
    first = given[digits(keys, "given", 9) % len(GIVEN)]
    second = np.where(digits(keys, "two", 2) < 70, given[digits(keys, "given2", 9) % len(GIVEN)], "")
    names: Arr = surname + first + second
    return names


def certificate_numbers(county: Arr, birthday: Arr, sex: Arr, keys: Arr) -> Arr:
    """18-character certificate numbers with the mod-11-2 check; `birthday` in days since 1970-01-01, `sex` 1 or 2."""
    dates = birthday.astype("datetime64[D]")
    years = dates.astype("datetime64[Y]").astype(np.int64) + 1970
    months = dates.astype("datetime64[M]").astype(np.int64) % 12 + 1
    days = (dates - dates.astype("datetime64[M]")).astype(np.int64) + 1
    serial = digits(keys, "serial", 3) // 2 * 2 + (sex == 1)
    body = ((np.array([int(c) for c in COUNTIES])[county] * 10_000 + years) * 10_000 + months * 100 + days) * 1000 + serial
    total = np.zeros(len(body), dtype=np.int64)
    rest = body.copy()
    for weight in (2, 4, 8, 5, 10, 9, 7, 3, 6, 1, 2, 4, 8, 5, 10, 9, 7):
        total += rest % 10 * weight
        rest //= 10
    check = np.array(list("10X98765432"), dtype=object)[total % 11]
    return np.array([f"{b}{c}" for b, c in zip(body.tolist(), check.tolist(), strict=True)], dtype=object)
