"""Loads a rating scheme from `rules/credit/<name>.yaml`; all problems of the file are told together."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xiezhi.domain.case import REASONS, Decision
from xiezhi.domain.credit import Deduction, Scheme
from xiezhi.domain.errors import Place, Problem, Problems, UsageError, XiezhiError
from xiezhi.domain.finding import VERDICT_RANK
from xiezhi.domain.money import fen

_Points = Annotated[int, Field(ge=0)]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class DimensionForm(_Form):
    """A dimension: its points and names."""

    points: _Points
    zh: str
    en: str


class GradeForm(_Form):
    """A grade and its least score in permille."""

    grade: str
    least: Annotated[int, Field(ge=0, le=1000)]


class ConfirmedForm(_Form):
    """What a case with confirmed lines costs."""

    dimension: str
    points: _Points
    step_yuan: Annotated[int, Field(ge=1)]
    most: _Points


class RefutedForm(_Form):
    """What a refuted case gives back."""

    dimension: str
    points: _Points


class SchemeForm(_Form):
    """The form of a scheme file."""

    name: str
    title: str
    window_days: Annotated[int, Field(ge=1)]
    dimensions: dict[str, DimensionForm]
    grades: Annotated[list[GradeForm], Field(min_length=2)]
    confirmed: dict[str, ConfirmedForm]
    refuted: RefutedForm
    veto_reasons: list[str]
    queue: dict[str, Annotated[int, Field(ge=1, le=10_000)]]
    exploration: Annotated[int, Field(ge=0, le=500)] = 50


def load_scheme(rules_dir: Path, name: str = "default") -> Scheme:
    """The scheme of a rule base.

    Raises:
        UsageError: there is no such scheme.
        XiezhiError: everything that is wrong with the file, by field.
    """
    path = rules_dir / "credit" / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(each.stem for each in path.parent.glob("*.yaml"))) or "none"
        raise UsageError.of(f"no credit scheme {name}", path=str(path), accepted=known)
    content = path.read_bytes()
    try:
        form = SchemeForm.model_validate(yaml.safe_load(content))
    except yaml.YAMLError as error:
        raise XiezhiError.of(f"not YAML: {error}", path=str(path)) from None
    except ValidationError as error:
        raise XiezhiError(
            Problem(item["msg"], Place(str(path), field=".".join(str(part) for part in item["loc"]))) for item in error.errors()
        ) from None
    _check(form, path)
    return Scheme(
        name=form.name,
        hash=hashlib.sha256(content).hexdigest()[:12],
        window_days=form.window_days,
        dimensions={key: each.points for key, each in form.dimensions.items()},
        grades=tuple((each.grade, each.least) for each in form.grades),
        deductions={
            verdict: Deduction(each.dimension, each.points, fen(Decimal(each.step_yuan)), each.most)
            for verdict, each in form.confirmed.items()
        },
        restore_dimension=form.refuted.dimension,
        restore_points=form.refuted.points,
        veto_reasons=frozenset(form.veto_reasons),
        queue=dict(form.queue),
        labels={key: (each.zh, each.en) for key, each in form.dimensions.items()},
        exploration=form.exploration,
    )


def _check(form: SchemeForm, path: Path) -> None:
    """What the types cannot say: names that must exist, the order of grades."""
    problems = Problems()

    def at(field: str) -> Place:
        return Place(str(path), field=field)

    dimensions = ", ".join(form.dimensions)
    for field, name in [
        ("refuted", form.refuted.dimension),
        *((f"confirmed.{key}", each.dimension) for key, each in form.confirmed.items()),
    ]:
        if name not in form.dimensions:
            problems.add(f"unknown dimension {name!r}", at(f"{field}.dimension"), accepted=dimensions)
    for verdict in sorted(set(form.confirmed) - set(VERDICT_RANK)):
        problems.add(f"unknown verdict {verdict!r}", at(f"confirmed.{verdict}"), accepted=", ".join(VERDICT_RANK))
    least = [each.least for each in form.grades]
    if least != sorted(set(least), reverse=True) or least[-1] != 0:
        problems.add(f"grades with least scores {least}", at("grades"), accepted="falling, the last 0")
    if {each.grade for each in form.grades} != set(form.queue):
        problems.add("queue names other grades", at("queue"), accepted=", ".join(each.grade for each in form.grades))
    confirmed = [code for code, reason in REASONS.items() if reason.decision is Decision.CONFIRMED]
    for code in sorted(set(form.veto_reasons) - set(confirmed)):
        problems.add(f"unknown reason {code!r}", at("veto_reasons"), accepted=", ".join(confirmed))
    problems.raise_if_any()
