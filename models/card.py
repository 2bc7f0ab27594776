"""Model cards: what a model is, what it learned from, how good it is, and whom it must not be used against.

After Mitchell et al., "Model Cards for Model Reporting", FAT* 2019.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from models.detector import Detector
from models.features import Feature

_NEVER = """\
## 不得用于 Must not be used

- 分值是指标（indicator），只用于排序和提出线索；不作为认定依据，不得据此拒付、扣款、公示或处罚。
  A score is an indicator: it orders work and opens leads; it is no ground for denial, deduction, publication or penalty.
- 不得据此判断急诊、转诊、罕见病、器官移植、肿瘤、透析、长期住院等费用天然偏高的人员和收治他们的机构。
  Nobody may be judged by it whose costs are high by nature (emergencies, transfers, rare diseases, transplants, cancer, dialysis, long
  stays), nor the places that treat them.
- 同组不足 5 家或 10 人时，中位数不可靠。Medians of fewer than 5 institutions or 10 people say little.
- 缺失的数据不作不利解释。Missing data counts against nobody.
"""


def model_card(
    name: str,
    detector: Detector,
    *,
    about: tuple[str, str],
    data: Mapping[str, object],
    metrics: Mapping[str, float],
    labels: Mapping[str, object] | None,
    features: Sequence[Feature],
) -> str:
    """The card as Markdown, Chinese first.

    Args:
        name: registered name.
        detector: fitted.
        about: what it says, Chinese and English.
        data: month, rows, data version and the like.
        metrics: by name; NaN = could not be measured.
        labels: how many of which kind, their source, the share that a simulated panel decided; None: there are none.
        features: those it uses, in words.
    """
    lines = [f"# {name}", "", about[0], "", about[1], "", f"- 方法 method: {type(detector).__name__}, seed {detector.seed}"]
    lines += [f"- {key}: {value}" for key, value in data.items()]
    lines += ["", "## 标签 Labels", ""]
    if labels is None:
        lines.append("无标签；只与同组比较。No labels: compared with peers only.")
    else:
        lines += [f"- {key}: {value}" for key, value in labels.items()]
        lines.append(
            "- 标签只来自审核结论；被抽中审核的案件并非总体的随机样本。Labels are decisions; decided cases are no random sample of all."
        )
        if labels.get("simulated_share"):
            lines.append(
                "- **含模拟审核结论，只供演示，不得用于真实数据。Labels of a simulated panel: for demonstration only, not for real data.**"
            )
    lines += ["", "## 指标 Metrics", ""]
    lines += [f"- {key}: {value:.4f}" if value == value else f"- {key}: 无法计算 not measurable" for key, value in metrics.items()]
    if not metrics:
        lines.append("无标签，无法计算。Not measurable without labels.")
    lines += ["", _NEVER, "## 特征 Features", "", "| 名称 name | 含义 meaning | 方向 direction |", "| --- | --- | --- |"]
    lines += [
        f"| {each.name} | {each.zh} {each.en} | {'+' if each.direction > 0 else '−' if each.direction < 0 else '±'} |" for each in features
    ]
    return "\n".join(lines) + "\n"
