"""The form of a rule file, as pydantic models: what keys there are, and the JSON schema for editors."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from xiezhi.ruleset.case_form import CaseForm, GivenForm

Text = Annotated[str, Field(min_length=1)]
ExpressionText = Annotated[
    str, Field(min_length=1, coerce_numbers_to_str=True, description="expression, see docs/reference/rule-language.md")
]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=False, populate_by_name=True)


class EffectiveForm(_Form):
    """Service dates for which the rule may be judged; `to` is the last day or empty."""

    from_: date = Field(alias="from")
    to: date | None = None


class LawForm(_Form):
    """An article of a law of rules/laws/."""

    law: Text
    article: Annotated[str, Field(min_length=1, coerce_numbers_to_str=True)]


class KnowledgeForm(_Form):
    """The class of knowledge points and the role whose codes select the rows."""

    class_: Annotated[int, Field(alias="class", ge=1, le=88)]
    role: Literal["a", "b", "any"] = "a"
    optional: bool = False


class FeatureForm(_Form):
    """A window (`in`) or related (`of`, or `exists: partner(b)`) feature; exactly one of the aggregates."""

    sum: ExpressionText | None = None
    count: Text | None = None
    distinct: ExpressionText | None = None
    max: ExpressionText | None = None
    min: ExpressionText | None = None
    first: ExpressionText | None = None
    exists: Text | None = None
    in_: Text | None = Field(default=None, alias="in")
    of: Text | None = None
    per: list[Text] = Field(default_factory=list)
    same: list[Text] = Field(default_factory=list)
    until: Literal["here", "end"] = "here"
    order: list[Text] = Field(default_factory=list)
    earlier: bool = False
    if_: ExpressionText | None = Field(default=None, alias="if")


class MetaForm(_Form):
    """Metadata of the official 规则分类与释义 (domain.md 1.2)."""

    tier: Text | None = None
    group: Text | None = None
    period: Text | None = None
    scenes: list[Text] = Field(default_factory=list)
    insurance: list[Text] = Field(default_factory=list)
    institution_levels: list[Text] = Field(default_factory=list)
    institution_types: list[Text] = Field(default_factory=list)
    person_kinds: list[Text] = Field(default_factory=list)
    note: Text | None = None


class RuleForm(_Form):
    """A rule file (form: docs/reference/rule-language.md)."""

    id: Annotated[str, Field(pattern=r"^((GZ|ZB)10000[123]0[1-5]\d{3}000|XZ-C\d{2}|XZ-[A-Z]{1,4}-\d{3})$")]
    class_no: Annotated[int, Field(ge=1, le=88)] | None = None
    version: Annotated[int, Field(ge=1)]
    title: Text
    title_en: Text
    status: Literal["draft", "shadow", "active", "retired"]
    verdict: Literal["definite", "suspicious", "indicator"]
    stages: list[Literal["pre", "mid", "post"]] = Field(min_length=1)
    effective: EffectiveForm
    law: list[LawForm] = Field(min_length=1)
    owner: Text
    why: Text
    known_gaps: list[Text] = Field(default_factory=list)
    triage: list[Text] = Field(default_factory=list)
    meta: MetaForm = Field(default_factory=MetaForm)
    batch: bool = False
    each: Literal["line", "billed_line", "encounter", "sale", "stock", "month"] = "line"
    knowledge: KnowledgeForm | None = None
    where: ExpressionText | None = None
    features: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], FeatureForm] = Field(default_factory=dict)
    define: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], ExpressionText] = Field(default_factory=dict)
    when: ExpressionText
    except_: dict[Text, ExpressionText] = Field(default_factory=dict, alias="except")
    subject: list[Text] = Field(min_length=1)
    lines_offend: bool = False
    amount: ExpressionText | None = None
    credit: ExpressionText | None = None
    counted: ExpressionText | None = None
    limit: ExpressionText | None = None
    message: Text
    message_en: Text
    cases_given: GivenForm = Field(default_factory=GivenForm)
    cases: list[CaseForm] = Field(default_factory=list)


def json_schema() -> dict[str, Any]:
    """The JSON schema of a rule file, written to rules/schema/rule.schema.json for editors."""
    schema = RuleForm.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "xiezhi-rule.schema.json", **schema}
