"""The reference of the rule language names every key, field, function, scope, parameter form and check there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from xiezhi.ruleset.case_form import CASE_KINDS, CaseForm, ExpectForm, GivenForm, PointGiven
from xiezhi.ruleset.checks.registry import CHECKS
from xiezhi.ruleset.features import ScopeKind
from xiezhi.ruleset.form import EffectiveForm, FeatureForm, KnowledgeForm, LawForm, MetaForm, RuleForm
from xiezhi.ruleset.lexer import KEYWORDS
from xiezhi.ruleset.parameters import TYPES
from xiezhi.ruleset.types import OTHER_FIELDS, ROW_FIELDS

pytestmark = pytest.mark.checkout

FORMS: list[type[BaseModel]] = [
    RuleForm,
    EffectiveForm,
    LawForm,
    KnowledgeForm,
    FeatureForm,
    MetaForm,
    CaseForm,
    GivenForm,
    ExpectForm,
    PointGiven,
]
FUNCTIONS = {"fen", "quantity", "share", "least", "greatest", "first_known", "full_months"}


def test_the_reference_is_complete(checkout: Path) -> None:
    text = (checkout / "docs" / "reference" / "rule-language.md").read_text("utf-8")
    words = set(re.findall(r"[A-Za-z_][\w.-]*", text))
    wanted = {field.alias or name for form in FORMS for name, field in form.model_fields.items()}
    wanted |= {name for fields in (*ROW_FIELDS.values(), *OTHER_FIELDS.values()) for name in fields}
    wanted |= {*CASE_KINDS, *TYPES, *KEYWORDS, *FUNCTIONS, *(check.name for check in CHECKS), *(kind.value for kind in ScopeKind)}
    assert sorted(wanted - words - {"true", "false"}) == []


def test_every_field_has_a_chinese_name() -> None:
    nameless = [name for fields in ROW_FIELDS.values() for name, info in fields.items() if not re.search(r"[\u4e00-\u9fff]", info.zh)]
    assert nameless == []
