"""Knowledge points of the synthetic catalogue: what its drugs, packages and consumables are limited to, in the two-table form.

Published points about service items are not repeated here; they come with the rule base.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

from pipelines.simulate.catalogue import catalogue


@dataclass(frozen=True)
class Point:
    """One point: class number, text, official phrase, limit and the codes of both roles (item keys, or diagnoses in `partners`)."""

    rule_no: int
    name: str
    constraint: str
    logic: str
    limit: dict[str, str]
    items: tuple[str, ...]
    partners: tuple[str, ...] = ()


_SEX = "与限定性别不符"
POINTS: tuple[Point, ...] = (
    Point(2, "卡贝缩宫素注射液", "限生育保险", "参保人险种非生育保险", {"insurance": "生育"}, ("oxyt",)),
    Point(7, "小儿氨酚黄那敏颗粒", "限儿童", "参保人年龄超出儿童年龄限制", {"max_age_years": "14"}, ("chiw", "chim")),
    Point(7, "小儿清热颗粒", "限儿童", "参保人年龄超出儿童年龄限制", {"max_age_years": "14"}, ("xeqj",)),
    Point(8, "德谷胰岛素注射液", "限糖尿病患者", "疾病诊断不符合限定支付适应症", {}, ("insu",), ("E10", "E11", "O24")),
    Point(8, "阿美替尼片", "限恶性肿瘤患者", "疾病诊断不符合限定支付适应症", {}, ("targ",), ("C34", "C18", "C50")),
    Point(8, "噻托溴铵粉吸入剂", "限慢性阻塞性肺疾病", "疾病诊断不符合限定支付适应症", {}, ("tiot",), ("J44",)),
    Point(8, "恩替卡韦胶囊", "限慢性病毒性肝炎", "疾病诊断不符合限定支付适应症", {}, ("heps",), ("B18",)),
    Point(10, "依达拉奉注射液", "支付不超过14天", "使用药品的日期总计超过限制天数", {"course": "14天"}, ("edar",)),
    Point(10, "丹红注射液", "支付不超过14天", "使用药品的日期总计超过限制天数", {"course": "14天"}, ("dhzs",)),
    Point(12, "丹红注射液", "限二级及以上医疗机构", "使用药品的医疗机构级别低于限定级别", {"level": "二级"}, ("dhzs",)),
    Point(12, "依达拉奉注射液", "限二级及以上医疗机构", "使用药品的医疗机构级别低于限定级别", {"level": "二级"}, ("edar",)),
    Point(12, "阿美替尼片", "限二级及以上医疗机构", "使用药品的医疗机构级别低于限定级别", {"level": "二级"}, ("targ",)),
    Point(13, "中长链脂肪乳注射液", "限住院患者", "使用药品的就医方式不符合限定就医方式", {"encounter": "住院"}, ("fatm",)),
    Point(
        26,
        "生化全套",
        "各分项同日全部收取应按全套收费",
        "套餐各分项同日全部收取而未按套餐收费",
        {"window": "单日"},
        ("chem",),
        ("chm1", "chm2", "chm3", "chm4"),
    ),
    Point(34, "可吸收止血材料", "单次住院支付不超过1500元", "超过限定支付总额", {"max_amount": "1500", "per": "encounter"}, ("hemo",)),
    Point(
        34, "冠状动脉药物洗脱支架", "单次住院支付不超过2400元", "超过限定支付总额", {"max_amount": "2400", "per": "encounter"}, ("sten",)
    ),
    Point(64, "碘海醇注射液", "应与增强扫描同日使用", "缺少对应的医疗服务项目", {"window": "单日"}, ("iohe",), ("cte",)),
    Point(67, "非那雄胺片", "限男性", _SEX, {"sex": "男"}, ("fina",)),
    Point(67, "前列通片", "限男性", _SEX, {"sex": "男"}, ("qltg",)),
    Point(67, "黄体酮胶囊", "限女性", _SEX, {"sex": "女"}, ("prog",)),
    Point(67, "克霉唑阴道片", "限女性", _SEX, {"sex": "女"}, ("clot",)),
    Point(67, "妇科千金片", "限女性", _SEX, {"sex": "女"}, ("fkqj",)),
    Point(67, "卡贝缩宫素注射液", "限女性", _SEX, {"sex": "女"}, ("oxyt",)),
    Point(74, "氯吡格雷片", "避免与奥美拉唑合用", "存在不良相互作用的药品同期使用", {}, ("clop",), ("omep",)),
)


def write_points(folder: Path) -> int:
    """Write points.csv and codes.csv into `folder`; returns the number of points."""
    folder.mkdir(parents=True, exist_ok=True)
    items = catalogue()
    head = (
        "kp_id",
        "rule_no",
        "item_name",
        "constraint",
        "detect_logic",
        "limit",
        "batch",
        "published_at",
        "supersedes",
        "source_url",
        "source_file",
        "valid_from",
    )
    with (
        (folder / "points.csv").open("w", encoding="utf-8", newline="") as points,
        (folder / "codes.csv").open("w", encoding="utf-8", newline="") as codes,
    ):
        point_rows, code_rows = csv.writer(points, lineterminator="\n"), csv.writer(codes, lineterminator="\n")
        point_rows.writerow(head)
        code_rows.writerow(("kp_id", "role", "code", "name"))
        for number, point in enumerate(POINTS, start=1):
            name = f"KP-sim-{number:03d}"
            limit = json.dumps(point.limit, ensure_ascii=False) if point.limit else ""
            point_rows.writerow(
                (name, point.rule_no, point.name, point.constraint, point.logic, limit, "", "2024-01-01", "", "", "", "2024-01-01")
            )
            for key in point.items:
                item = items.items[items.index[key]]
                code_rows.writerow((name, "a", item.code, item.name))
            for key in point.partners:
                partner = items.items[items.index[key]] if key in items.index else None
                code_rows.writerow((name, "b", partner.code if partner else key, partner.name if partner else ""))
    return len(POINTS)
