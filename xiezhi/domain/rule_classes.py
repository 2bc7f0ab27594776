"""The 88 rule classes of the national rule base (2025 edition): number, official code, name, tier, group, usual verdict.

Names and codes are public facts of the framework; the verdict is our default, every rule file may state its own.
Classes that are new in 2025 have no official code; they are written `XZ-C<nn>`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Tier = Literal["政策", "管理", "医疗"]
Group = Literal["药品", "项目", "耗材", "数据", "主体", "指标"]
Verdict = Literal["definite", "suspicious", "indicator"]


@dataclass(frozen=True)
class RuleClass:
    """One class of the rule base.

    Attributes:
        no: number in the 2025 edition, 1 to 88.
        code: official 16-character code of framework 1.0, or None for a class that is new in 2025.
        name: official Chinese name.
        tier: 政策 (policy), 管理 (management) or 医疗 (medical).
        group: 药品 drugs, 项目 service items, 耗材 consumables, 数据 data, 主体 actors, 指标 indicators.
        verdict: default verdict of a finding: definite, suspicious or indicator.
    """

    no: int
    code: str | None
    name: str
    tier: Tier
    group: Group
    verdict: Verdict


_ALL = (
    RuleClass(1, "GZ10000101001000", "药品限工伤保险", "政策", "药品", "definite"),
    RuleClass(2, "GZ10000101002000", "药品限生育保险", "政策", "药品", "definite"),
    RuleClass(3, "GZ10000101003000", "中药饮片单复方均不予支付", "政策", "药品", "definite"),
    RuleClass(4, "GZ10000101004000", "中药饮片单方使用不予支付", "政策", "药品", "definite"),
    RuleClass(5, "GZ10000101005000", "药品限二线使用", "政策", "药品", "suspicious"),
    RuleClass(6, "GZ10000101006000", "药品限新生儿使用", "政策", "药品", "definite"),
    RuleClass(7, "GZ10000101007000", "药品限儿童使用", "政策", "药品", "definite"),
    RuleClass(8, "GZ10000101008000", "药品限适应症", "政策", "药品", "suspicious"),
    RuleClass(9, "GZ10000101009000", "药品限最大开药天数/开药量", "政策", "药品", "definite"),
    RuleClass(10, "GZ10000101010000", "药品限支付疗程", "政策", "药品", "definite"),
    RuleClass(11, "GZ10000101011000", "药品超限定病种目录范围使用", "政策", "药品", "definite"),
    RuleClass(12, "GZ10000101012000", "药品限医疗机构级别", "政策", "药品", "definite"),
    RuleClass(13, None, "药品限就医方式", "政策", "药品", "definite"),
    RuleClass(14, "GZ10000102001000", "医疗服务项目超限定单价收费", "政策", "项目", "definite"),
    RuleClass(15, "GZ10000102002000", "手术项目未按规定折价收费", "政策", "项目", "definite"),
    RuleClass(16, "GZ10000102003000", "医疗服务项目限工伤保险", "政策", "项目", "definite"),
    RuleClass(17, "GZ10000102004000", "医疗服务项目限生育保险", "政策", "项目", "definite"),
    RuleClass(18, "GZ10000102005000", "医疗服务项目限新生儿使用", "政策", "项目", "definite"),
    RuleClass(19, "GZ10000102006000", "医疗服务项目限儿童使用", "政策", "项目", "definite"),
    RuleClass(20, "GZ10000102007000", "医疗服务项目限适应症", "政策", "项目", "suspicious"),
    RuleClass(21, "GZ10000102008000", "医疗服务项目限科室使用", "政策", "项目", "suspicious"),
    RuleClass(22, "GZ10000102009000", "医疗服务项目限就医方式", "政策", "项目", "definite"),
    RuleClass(23, "GZ10000102010000", "医疗服务项目限支付疗程", "政策", "项目", "definite"),
    RuleClass(24, "GZ10000102011000", "医疗服务项目限医疗机构级别", "政策", "项目", "definite"),
    RuleClass(25, "GZ10000102012000", "医疗服务项目重复收费", "政策", "项目", "definite"),
    RuleClass(26, "GZ10000102013000", "医疗服务项目分解收费", "政策", "项目", "suspicious"),
    RuleClass(27, "GZ10000102014000", "医疗服务项目限定频次", "政策", "项目", "definite"),
    RuleClass(28, "GZ10000102015000", "医疗服务项目超限定报销总额", "政策", "项目", "definite"),
    RuleClass(29, None, "医疗服务项目限年龄", "政策", "项目", "definite"),
    RuleClass(30, None, "医疗服务项目与医用耗材重复收费", "政策", "项目", "definite"),
    RuleClass(31, None, "医疗服务项目周期超频次", "政策", "项目", "definite"),
    RuleClass(32, "GZ10000103001000", "耗材限新生儿使用", "政策", "耗材", "definite"),
    RuleClass(33, "GZ10000103002000", "耗材限儿童使用", "政策", "耗材", "definite"),
    RuleClass(34, "GZ10000103003000", "耗材超限定报销总额", "政策", "耗材", "definite"),
    RuleClass(35, "GZ10000201001000", "医保结算清单信息异常", "管理", "数据", "suspicious"),
    RuleClass(36, "GZ10000201002000", "结算明细信息异常", "管理", "数据", "suspicious"),
    RuleClass(37, "GZ10000201003000", "疾病诊断编码异常", "管理", "数据", "suspicious"),
    RuleClass(38, "GZ10000201004000", "手术操作编码异常", "管理", "数据", "suspicious"),
    RuleClass(39, "GZ10000201005000", "手术操作编码与性别不符", "管理", "数据", "definite"),
    RuleClass(40, "GZ10000201006000", "诊断编码与手术操作编码不符", "管理", "数据", "suspicious"),
    RuleClass(41, "GZ10000201007000", "就诊数据非实时上传监管", "管理", "数据", "suspicious"),
    RuleClass(42, "GZ10000201008000", "计费日期与住院时间不符", "管理", "数据", "definite"),
    RuleClass(43, "GZ10000202001000", "药品进销存异常", "管理", "药品", "suspicious"),
    RuleClass(44, "GZ10000202002000", "围手术期抗菌药物预防性应用监管", "管理", "药品", "suspicious"),
    RuleClass(45, "GZ10000202003000", "抗菌药物分级使用管理", "管理", "药品", "suspicious"),
    RuleClass(46, "GZ10000202004000", "药品种类超标", "管理", "药品", "suspicious"),
    RuleClass(47, None, "超互联网医院药品支付范围", "管理", "药品", "definite"),
    RuleClass(48, "GZ10000203001000", "医用耗材进销存异常", "管理", "耗材", "suspicious"),
    RuleClass(49, "GZ10000204001000", "分解住院", "管理", "主体", "suspicious"),
    RuleClass(50, "GZ10000204002000", "频繁门诊", "管理", "主体", "suspicious"),
    RuleClass(51, "GZ10000204003000", "频繁购药", "管理", "主体", "suspicious"),
    RuleClass(52, "GZ10000204004000", "频繁住院", "管理", "主体", "suspicious"),
    RuleClass(53, "GZ10000204005000", "无指征住院（低标准入院）", "管理", "主体", "suspicious"),
    RuleClass(54, "GZ10000204006000", "诊断与患者性别不符", "管理", "主体", "definite"),
    RuleClass(55, "GZ10000204007000", "诊断与患者年龄不符", "管理", "主体", "definite"),
    RuleClass(56, "ZB10000205001000", "药费占比统计", "管理", "指标", "indicator"),
    RuleClass(57, "ZB10000205002000", "检验检查占比统计", "管理", "指标", "indicator"),
    RuleClass(58, "ZB10000205003000", "耗材占比统计", "管理", "指标", "indicator"),
    RuleClass(59, "ZB10000205004000", "治疗占比统计", "管理", "指标", "indicator"),
    RuleClass(60, "ZB10000205005000", "CT检查占比统计", "管理", "指标", "indicator"),
    RuleClass(61, "ZB10000205006000", "核磁检查占比统计", "管理", "指标", "indicator"),
    RuleClass(62, "ZB10000205007000", "院内感染发生率统计", "管理", "指标", "indicator"),
    RuleClass(63, "ZB10000205008000", "非计划再入院率统计", "管理", "指标", "indicator"),
    RuleClass(64, "GZ10000301001000", "药品与医疗服务项目不符", "医疗", "药品", "suspicious"),
    RuleClass(65, "GZ10000301002000", "药品儿童专用", "医疗", "药品", "suspicious"),
    RuleClass(66, "GZ10000301003000", "药品儿童禁用", "医疗", "药品", "suspicious"),
    RuleClass(67, "GZ10000301004000", "药品区分性别使用", "医疗", "药品", "definite"),
    RuleClass(68, "GZ10000301005000", "超说明书用量开药", "医疗", "药品", "suspicious"),
    RuleClass(69, "GZ10000301006000", "重复开药", "医疗", "药品", "suspicious"),
    RuleClass(70, "GZ10000301007000", "超说明书适应症用药", "医疗", "药品", "suspicious"),
    RuleClass(71, "GZ10000301008000", "药品禁忌症", "医疗", "药品", "suspicious"),
    RuleClass(72, "GZ10000301009000", "老年人用药安全", "医疗", "药品", "suspicious"),
    RuleClass(73, "GZ10000301010000", "妊娠期及哺乳期用药安全", "医疗", "药品", "suspicious"),
    RuleClass(74, "GZ10000301011000", "药品相互作用", "医疗", "药品", "suspicious"),
    RuleClass(75, "GZ10000301012000", "中药饮片配伍禁忌", "医疗", "药品", "suspicious"),
    RuleClass(76, None, "中药饮片超大处方", "医疗", "药品", "suspicious"),
    RuleClass(77, None, "中药饮片超量上传", "医疗", "药品", "suspicious"),
    RuleClass(78, "GZ10000302001000", "无指征检验检查", "医疗", "项目", "suspicious"),
    RuleClass(79, "GZ10000302002000", "无指征治疗", "医疗", "项目", "suspicious"),
    RuleClass(80, "GZ10000302003000", "医疗服务项目儿童专用", "医疗", "项目", "suspicious"),
    RuleClass(81, "GZ10000302004000", "医疗服务项目区分性别使用", "医疗", "项目", "definite"),
    RuleClass(82, "GZ10000302005000", "医疗服务项目禁忌症", "医疗", "项目", "suspicious"),
    RuleClass(83, "GZ10000302006000", "医疗服务项目超适应症使用", "医疗", "项目", "suspicious"),
    RuleClass(84, "GZ10000303001000", "医用耗材与医疗服务项目不符", "医疗", "耗材", "suspicious"),
    RuleClass(85, "GZ10000303002000", "医用耗材与科室不符", "医疗", "耗材", "suspicious"),
    RuleClass(86, "GZ10000303003000", "医用耗材数量超标", "医疗", "耗材", "definite"),
    RuleClass(87, None, "医用耗材与性别不符", "医疗", "耗材", "definite"),
    RuleClass(88, None, "医用耗材限疾病使用", "医疗", "耗材", "suspicious"),
)

RULE_CLASSES: MappingProxyType[int, RuleClass] = MappingProxyType({each.no: each for each in _ALL})
"""All classes by number."""

_OTHER_NAMES = {"药品限最大支付天数/开药量": 9, "无指征住院": 53, "低标准入院": 53}


def _plain_name(name: str) -> str:
    """A class name without blanks and with one kind of brackets, so that copies of the notices compare equal."""
    return re.sub(r"\s+", "", name).replace("(", "（").replace(")", "）")


_BY_NAME = {_plain_name(each.name): each.no for each in _ALL} | _OTHER_NAMES
_BY_ID = {each.code or f"XZ-C{each.no:02d}": each.no for each in _ALL}


def rule_id(no: int) -> str:
    """The identifier of class `no` in answers and findings: the official code, or `XZ-C<nn>` where there is none.

    Raises:
        KeyError: `no` is not 1 to 88.

    >>> rule_id(7), rule_id(13)
    ('GZ10000101007000', 'XZ-C13')
    """
    return RULE_CLASSES[no].code or f"XZ-C{no:02d}"


def class_of_name(name: str) -> int | None:
    """The class number of a Chinese class name, or None where no class has that name.

    >>> class_of_name("药品限适应症")
    8
    """
    return _BY_NAME.get(_plain_name(name))


def class_of_id(code: str) -> int | None:
    """The class number of an official code or `XZ-C<nn>`, or None where there is none.

    >>> class_of_id("GZ10000102012000")
    25
    """
    return _BY_ID.get(code.strip().upper())
