"""Reasons as sentences: the value, that of the peers beside it, and how many peers it exceeds. Numbers only, no verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from models.detector import Explanation, Floats, Frame
from models.features import Feature
from models.frame import peer_groups
from xiezhi.domain.signal import ScoreReason, Subject

KINDS = {
    Subject.INSTITUTION: ("机构", "institutions"),
    Subject.PRACTITIONER: ("医师", "practitioners"),
    Subject.PERSON: ("人员", "persons"),
}
"""What peers are called, Chinese and English."""


def sentences(
    X: Frame, explanations: Sequence[Explanation], features: Mapping[str, Feature], subject: Subject, *, most: int = 6
) -> list[tuple[ScoreReason, ...]]:
    """Reasons of every row in words, at most `most` a row, by falling absolute share.

    Args:
        X: the explained rows with all their peers, also those that need no words; `PEER_GROUP` says who is whose peer.
        explanations: one a row of `X`; empty ones make no sentences.
        features: by column; columns that are not there are named as they are.
        subject: what the rows are.
        most: reasons a row.
    """
    keys = np.array(peer_groups(X), dtype=object)
    members = {key: np.flatnonzero(keys == key) for key in sorted(set(keys.tolist()))}
    columns: dict[str, Floats] = {}
    out = []
    for row, each in enumerate(explanations):
        said = []
        for reason in each.reasons[:most]:
            if reason.feature not in columns:
                columns[reason.feature] = X[reason.feature].to_numpy(dtype=np.float64, na_value=np.nan)
            column = columns[reason.feature]
            peers = column[members[keys[row]]]
            value = float(column[row])
            peer = reason.peer if reason.peer is not None else _median(peers)
            feature = features.get(reason.feature) or _unknown(reason.feature, subject)
            zh, en = sentence(feature, None if np.isnan(value) else value, peer, _below(value, peers), _above(value, peers), subject)
            said.append(ScoreReason(reason.feature, None if np.isnan(value) else value, peer, reason.share, zh, en))
        out.append(tuple(said))
    return out


def sentence(
    feature: Feature, value: float | None, peer: float | None, below: float | None, above: float | None, subject: Subject
) -> tuple[str, str]:
    """One sentence in Chinese and in English.

    Args:
        feature: name and unit of the value.
        value: in the unit; None where missing.
        peer: median of the peers, in the unit.
        below: share of peers with a lower value, 0 to 1; `above` with a higher one. None where there are no peers.
        subject: whose value it is.

    >>> f = Feature("fee", Subject.INSTITUTION, "fen", "次均费用", "mean fee", 1)
    >>> sentence(f, 123450.0, 45600.0, 0.97, 0.02, Subject.INSTITUTION)[0]
    '次均费用 1,234.50 元，同组中位数 456.00 元，高于 97% 的同组机构'
    >>> sentence(f, 123450.0, 45600.0, 0.97, 0.02, Subject.INSTITUTION)[1]
    'mean fee 1,234.50 yuan, peer median 456.00 yuan, above 97% of peer institutions'
    """
    if value is None:
        return f"{feature.zh}缺失，按中位数计", f"{feature.en} missing, read as the median"
    zh, en = f"{feature.zh} {shown(feature, value, 'zh')}", f"{feature.en} {shown(feature, value, 'en')}"
    if peer is not None:
        zh += f"，同组中位数 {shown(feature, peer, 'zh')}"
        en += f", peer median {shown(feature, peer, 'en')}"
    many_zh, many_en = KINDS[subject]
    if below is not None and above is not None and max(below, above) >= 0.5:
        word_zh, word_en, part = ("高于", "above", below) if below >= above else ("低于", "below", above)
        percent = int(part * 100)
        zh += f"，{word_zh} {percent}% 的同组{many_zh}"
        en += f", {word_en} {percent}% of peer {many_en}"
    return zh, en


def shown(feature: Feature, value: float, lang: str) -> str:
    """A value with its unit.

    >>> shown(Feature("s", Subject.PERSON, "share", "占比", "share", 1), 0.1234, "zh")
    '12.3%'
    """
    if feature.unit == "fen":
        return f"{value / 100:,.2f} {'元' if lang == 'zh' else 'yuan'}"
    if feature.unit == "share":
        return f"{value:.1%}"
    if feature.unit == "days":
        return f"{value:,.1f} {'天' if lang == 'zh' else 'days'}"
    return f"{value:,.0f}" if feature.unit == "count" and float(value).is_integer() else f"{value:,.2f}"


def permilles(scores: Floats) -> list[int]:
    """Place of each score among all, 0 to 1000; equal scores share the middle place. A single one has nobody beside it: 0.

    >>> permilles(np.array([0.5, 0.1, 0.9]))
    [500, 0, 1000]
    """
    if len(scores) < 2:
        return [0] * len(scores)
    known = np.sort(scores)
    middle = (np.searchsorted(known, scores, "left") + np.searchsorted(known, scores, "right") - 1) / 2
    return [round(1000 * place / (len(scores) - 1)) for place in middle.tolist()]


def _unknown(name: str, subject: Subject) -> Feature:
    return Feature(name, subject, "ratio", name, name, 0)


def _median(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else None


def _below(value: float, peers: Floats) -> float | None:
    known = peers[~np.isnan(peers)]
    return float((known < value).sum() / (len(known) - 1)) if len(known) > 1 else None


def _above(value: float, peers: Floats) -> float | None:
    known = peers[~np.isnan(peers)]
    return float((known > value).sum() / (len(known) - 1)) if len(known) > 1 else None
