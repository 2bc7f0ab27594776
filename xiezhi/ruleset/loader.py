"""Loads the rule base from a folder: laws, parameters, rules. Every problem of every file is reported together.

base = load_rules(Path("rules"))
base.rules["GZ10000102014000"].title
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from xiezhi.domain.errors import Place, Problem, Problems, XiezhiError
from xiezhi.ruleset import expr as x
from xiezhi.ruleset.build import Builder
from xiezhi.ruleset.case_text import with_common, with_written_codes
from xiezhi.ruleset.features import Related
from xiezhi.ruleset.form import RuleForm
from xiezhi.ruleset.law import Citation, Law, load_laws
from xiezhi.ruleset.marks import Document, read_yaml
from xiezhi.ruleset.parameters import Parameter, load_parameters
from xiezhi.ruleset.spec import Knowledge, RuleCase, RuleSpec


@dataclass(frozen=True)
class RuleBase:
    """All rules, laws and parameters of one folder."""

    folder: Path
    rules: Mapping[str, RuleSpec]
    laws: Mapping[str, Law]
    parameters: Mapping[str, Parameter]

    @property
    def active(self) -> tuple[RuleSpec, ...]:
        """Rules that make findings, by id."""
        return tuple(rule for _, rule in sorted(self.rules.items()) if rule.status == "active")

    @property
    def version(self) -> str:
        """Short hash of the content of all rules and parameter values."""
        digest = hashlib.sha256()
        for _, rule in sorted(self.rules.items()):
            digest.update(f"{rule.id}:{rule.version}:{rule.hash}:{rule.status}\n".encode())
        for name, parameter in sorted(self.parameters.items()):
            digest.update(f"{name}:{parameter.national}:{sorted(parameter.regional.items())}\n".encode())
        return digest.hexdigest()[:12]


def load_rules(folder: Path) -> RuleBase:
    """Load a rules folder; raises `XiezhiError` with all problems."""
    if not (folder / "catalogue").is_dir():
        raise XiezhiError.of(
            "no rules here", path=str(folder), accepted="a folder with catalogue/, laws/, parameters/", todo="set XIEZHI_RULES_DIR"
        )
    problems = Problems()
    laws: dict[str, Law] = {}
    parameters: dict[str, Parameter] = {}
    with problems.catching():
        laws = load_laws(folder / "laws")
    with problems.catching():
        parameters = load_parameters(folder / "parameters", folder / "regions")
    rules: dict[str, RuleSpec] = {}
    for path in sorted((folder / "catalogue").rglob("*.yaml")):
        with problems.catching():
            rule = load_rule(path, laws, parameters)
            if rule.id in rules:
                problems.add(f"rule id {rule.id!r} stands in {rules[rule.id].path} too", Place(str(path)), "every id once, never reused")
            rules[rule.id] = rule
    problems.raise_if_any()
    return RuleBase(folder, rules, laws, parameters)


def load_rule(path: Path, laws: Mapping[str, Law], parameters: Mapping[str, Parameter]) -> RuleSpec:
    """Load one rule file; raises `XiezhiError` with all its problems."""
    return read_rule(read_yaml(path), laws, parameters)


def read_rule(document: Document, laws: Mapping[str, Law], parameters: Mapping[str, Parameter]) -> RuleSpec:
    """Read a rule from a parsed file."""
    problems = Problems()
    try:
        form = RuleForm.model_validate(with_written_codes(document))
    except ValidationError as error:
        raise XiezhiError([_form_problem(item, document) for item in error.errors()]) from error
    citations = []
    for index, cited in enumerate(form.law):
        law = laws.get(cited.law)
        if law is None:
            problems.add(f"unknown law {cited.law!r}", document.place(("law", index, "law")), ", ".join(sorted(laws)))
        elif cited.article not in law.articles:
            problems.add(
                f"{cited.law} has no article {cited.article!r}", document.place(("law", index, "article")), ", ".join(law.articles)
            )
        else:
            citations.append(Citation(law, cited.article))
    if citations and not any(c.law.effective_from <= form.effective.from_ for c in citations):
        earliest = min(c.law.effective_from for c in citations)
        problems.add(
            f"in force from {form.effective.from_}, before any cited law", document.place(("effective", "from")), f"{earliest} or later"
        )
    built = Builder(document, form, parameters, problems).build()
    problems.raise_if_any()
    assert built is not None  # no problem means everything was built
    spec = RuleSpec(
        id=form.id,
        class_no=form.class_no,
        version=form.version,
        hash=content_hash(document.data),
        title=form.title,
        title_en=form.title_en,
        status=form.status,
        verdict=form.verdict,
        stages=tuple(form.stages),
        effective_from=form.effective.from_,
        effective_to=form.effective.to,
        citations=tuple(citations),
        owner=form.owner,
        why=form.why,
        known_gaps=tuple(form.known_gaps),
        triage=tuple(form.triage),
        each=form.each,
        knowledge=Knowledge(form.knowledge.class_, form.knowledge.role, form.knowledge.optional) if form.knowledge else None,
        where=built.where,
        features=built.features,
        when=built.when,
        exceptions=built.exceptions,
        subject=tuple(form.subject),
        lines_offend=form.lines_offend,
        amount=built.amount,
        credit=built.credit,
        counted=built.counted,
        limit=built.limit,
        message=form.message,
        message_en=form.message_en,
        batch=form.batch,
        parameters={},
        cases=tuple(
            RuleCase(
                case.name,
                case.kind,
                case.exception,
                with_common(form.cases_given.stated(), case.given.stated()),
                case.expect.stated(),
                document.place(("cases", index)).line or 0,
            )
            for index, case in enumerate(form.cases)
        ),
        path=str(document.path),
        meta=form.meta.model_dump(exclude_none=True, exclude_defaults=True),
    )
    used = {node.name for top in spec.expressions() for node in top.walk() if isinstance(node, x.Param)}
    for feature in spec.features.values():
        if isinstance(feature, Related) and feature.of == "sales" and spec.row_kind != "sale":
            problems.add("sales belong to rules over sales", document.place(("features",)), "each: sale")
    problems.raise_if_any()
    object.__setattr__(spec, "parameters", {name: parameters[name] for name in sorted(used)})
    return spec


def content_hash(data: Any) -> str:
    """SHA-256 of a rule's content without its version and cases: what decides about findings."""
    content = {key: value for key, value in data.items() if key not in ("version", "cases", "cases_given", "status")}
    text = json.dumps(
        content, ensure_ascii=False, sort_keys=True, default=lambda value: value.isoformat() if isinstance(value, date) else str(value)
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _form_problem(item: Any, document: Document) -> Problem:
    location = tuple(part if isinstance(part, int) else str(part) for part in item["loc"])
    known = {"extra_forbidden": "unknown key", "missing": "missing key"}
    what = known.get(item["type"], str(item["msg"]))
    if item["type"] in known:
        what += f" {location[-1]!r}"
    elif "input" in item:
        what += f", found {item['input']!r:.80}"
    at = (*location, "key") if item["type"] == "extra_forbidden" else location
    accepted = ", ".join(_keys_at(location[:-1])) if item["type"] == "extra_forbidden" else ""
    return Problem(what, document.place(at, ".".join(str(part) for part in location)), accepted)


def _keys_at(location: tuple[str | int, ...]) -> list[str]:
    """The keys that the form accepts at a place."""
    model: Any = RuleForm
    for part in (part for part in location if isinstance(part, str)):
        field = next((f for name, f in model.model_fields.items() if part in (name, f.alias)), None)
        model = _model_in(field.annotation) if field is not None else model
        if model is None:
            return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> Any:
    """The form inside an annotation such as `list[CaseForm]` or `CaseForm | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)
