"""`check_detector`: what every detector must keep, whoever wrote it; in the manner of scikit-learn's check_estimator.

Checks run on made-up rows, a second or two a detector. Each problem names the promise that is broken, so that a newcomer knows what
to mend; all of them are told at once.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from models.detector import PEER_GROUP, Detector, Floats, Frame
from xiezhi.domain.errors import Problem, UsageError, XiezhiError

NAMES = ("a_high", "b_low", "c_both", "d_sparse", "e_high", "f_missing")
SAME = 1e-9


def check_detector(detector: Detector, *, seed: int = 7) -> None:
    """Check an unfitted detector whose directions are free to set; it is copied, not changed.

    Args:
        detector: made with its parameters, not fitted.
        seed: of the made-up rows.

    Raises:
        XiezhiError: one problem for each broken promise.
    """
    problems: list[Problem] = []
    for name, check in CHECKS.items():
        try:
            problems += [Problem(f"{name}: {text}") for text in check(detector, seed)]
        except Exception as error:  # whatever it raises, the author should hear of the other checks too
            problems.append(Problem(f"{name}: raised {type(error).__name__}: {error}"))
    if problems:
        raise XiezhiError(problems)


def example(seed: int, rows: int = 240) -> tuple[Frame, Floats, list[str]]:
    """Made-up rows: six features with gaps in three peer groups, labels that depend on them, and groups for validation."""
    random = np.random.default_rng(seed)
    group = random.integers(0, 3, rows)
    values = random.normal(size=(rows, len(NAMES))) * (1 + group[:, None]) + 10 * group[:, None]
    values[:, 3] = np.where(random.random(rows) < 0.8, 0.0, random.exponential(3.0, rows))
    chance = values[:, 0] - 10 * group - (values[:, 1] - 10 * group) + values[:, 3] + random.normal(size=rows)
    y = (chance > np.quantile(chance, 0.75)).astype(float)
    values[:, 5] = np.where(random.random(rows) < 0.5, np.nan, values[:, 5])
    values[random.random(values.shape) < 0.03] = np.nan
    frame = pd.DataFrame(values, columns=list(NAMES))
    frame[PEER_GROUP] = [f"group {each}" for each in group]
    return frame, y, [f"institution {each}" for each in random.integers(0, 30, rows)]


def _fitted(detector: Detector, seed: int, frame: Frame | None = None) -> tuple[Detector, Frame]:
    X, y, groups = example(seed)
    return copy.deepcopy(detector).fit(X if frame is None else frame, y, groups), X


def _differs(one: Floats, other: Floats) -> bool:
    return one.shape != other.shape or not np.allclose(one, other, rtol=SAME, atol=SAME)


def _scores(detector: Detector, seed: int) -> Iterator[str]:
    fitted, X = _fitted(detector, seed)
    found = fitted.score(X)
    if np.shape(found) != (len(X),):
        yield f"score gives shape {np.shape(found)} for {len(X)} rows"
    elif not np.isfinite(found).all():
        yield "score gives values that are not finite"
    elif np.ptp(found) == 0:
        yield "score gives the same value for all rows"


def _pickles(detector: Detector, seed: int) -> Iterator[str]:
    fitted, X = _fitted(detector, seed)
    before = fitted.score(X)
    if _differs(before, pickle.loads(pickle.dumps(fitted)).score(X)):
        yield "scores differ after a pickle round trip"


def _repeats(detector: Detector, seed: int) -> Iterator[str]:
    one, X = _fitted(detector, seed)
    other, _ = _fitted(detector, seed)
    if _differs(one.score(X), other.score(X)):
        yield "the same seed and rows give other scores"
    if _differs(one.score(X), one.score(X)):
        yield "scoring twice gives other scores"


def _columns(detector: Detector, seed: int) -> Iterator[str]:
    fitted, X = _fitted(detector, seed)
    before = fitted.score(X)
    turned = X[[*reversed(NAMES), PEER_GROUP]]
    if _differs(before, fitted.score(turned)):
        yield "scores depend on the order of columns when scoring"
    if _differs(before, _fitted(detector, seed, turned)[0].score(X)):
        yield "scores depend on the order of columns when fitting"
    if _differs(before, fitted.score(X.assign(zzz=1.0))):
        yield "scores depend on a column that was not there when fitting"


def _names(detector: Detector, seed: int) -> Iterator[str]:
    fitted, X = _fitted(detector, seed)
    for what, frame, word in (
        ("a missing column", X.drop(columns="c_both"), "c_both"),
        ("a column of text", X.assign(c_both="x"), "c_both"),
        ("an infinite value", X.assign(c_both=np.inf), "c_both"),
    ):
        try:
            fitted.score(frame)
        except UsageError as error:
            if word not in str(error):
                yield f"the error for {what} does not name it: {error}"
        else:
            yield f"{what} raises no UsageError"
    if fitted.features != tuple(sorted(NAMES)):
        yield f"features is {fitted.features}, not the sorted names of the columns"


def _missing(detector: Detector, seed: int) -> Iterator[str]:
    fitted, X = _fitted(detector, seed)
    empty = X.assign(**dict.fromkeys(NAMES, np.nan))
    for what, frame in (("all values missing", empty), ("a peer group never seen", X.assign(**{PEER_GROUP: "elsewhere"}))):
        if not np.isfinite(fitted.score(frame)).all():
            yield f"{what}: the score is not finite"
    if not np.isfinite(fitted.score(X.drop(columns=PEER_GROUP))).all():
        yield "no column of peer groups: the score is not finite"
    if len(fitted.score(X.iloc[:0])) or len(fitted.explain(X.iloc[:0])):
        yield "no rows give scores"


def _batch(detector: Detector, seed: int) -> Iterator[str]:
    fitted, X = _fitted(detector, seed)
    whole = fitted.score(X)
    rows = list(range(0, len(X), 17))
    if _differs(whole[rows], np.array([fitted.score(X.iloc[[row]])[0] for row in rows])):
        yield "rows scored one by one have other scores than together"
    alone = [next(iter(fitted.explain(X.iloc[[row]]))) for row in rows]
    together = fitted.explain(X)
    for row, one in zip(rows, alone, strict=True):
        other = together[row]
        names = {r.feature: r.share for r in one.reasons}, {r.feature: r.share for r in other.reasons}
        if any(abs(names[0].get(n, 0.0) - names[1].get(n, 0.0)) > 1e-7 for n in {*names[0], *names[1]}):
            yield f"row {row} explained alone has other shares than together"
            return


def _untouched(detector: Detector, seed: int) -> Iterator[str]:
    X, y, groups = example(seed)
    kept, kept_y = X.copy(deep=True), y.copy()
    fitted = copy.deepcopy(detector).fit(X, y, groups)
    fitted.score(X)
    fitted.explain(X)
    if not X.equals(kept) or not np.array_equal(y, kept_y):
        yield "the rows or labels it was given were changed"


def _direction(detector: Detector, seed: int) -> Iterator[str]:
    signed = copy.deepcopy(detector)
    for name, sign in (("a_high", 1), ("e_high", 1), ("b_low", -1)):
        signed.directions[name] = sign
    fitted, X = _fitted(signed, seed)
    before = fitted.score(X)
    allowed = fitted.slack * float(before.std()) + SAME
    for name, sign in (("a_high", 1), ("e_high", 1), ("b_low", -1)):
        for step in (0.5, 3.0, 30.0):
            fall = before - fitted.score(X.assign(**{name: X[name] + sign * step}))
            if fall.max() > allowed:
                yield f"{name} {sign * step:+} lowers a score by {fall.max():.4g}, more than its slack allows ({allowed:.4g})"
                return


def _explains(detector: Detector, seed: int) -> Iterator[str]:
    fitted, X = _fitted(detector, seed)
    score, found = fitted.score(X), fitted.explain(X)
    if len(found) != len(X):
        yield f"{len(found)} explanations for {len(X)} rows"
        return
    if not any(each.reasons for each in found):
        yield "no row has a reason"
    for row, each in enumerate(found):
        shares = [reason.share for reason in each.reasons]
        if [abs(s) for s in shares] != sorted((abs(s) for s in shares), reverse=True):
            yield f"reasons of row {row} are not by falling absolute share"
            return
        if unknown := {reason.feature for reason in each.reasons} - set(NAMES):
            yield f"reasons of row {row} name {sorted(unknown)}, no features"
            return
        if each.total is not None and abs(each.base + sum(shares) - each.total) > 1e-6:
            yield f"shares of row {row} add up to {each.base + sum(shares):.6g}, not to {each.total:.6g}"
            return
    totals = [each.total for each in found]
    if all(total is not None for total in totals):
        order = np.argsort(np.array(totals, dtype=float), kind="stable")
        if (np.diff(score[order]) < -1e-6).any():
            yield "the score is no rising function of the total that its explanation claims"


CHECKS: dict[str, Callable[[Detector, int], Iterator[str]]] = {
    "scores": _scores,
    "pickle": _pickles,
    "seed": _repeats,
    "columns": _columns,
    "names": _names,
    "missing": _missing,
    "batch": _batch,
    "input": _untouched,
    "direction": _direction,
    "explanation": _explains,
}
"""By name; the order is that of the report."""
