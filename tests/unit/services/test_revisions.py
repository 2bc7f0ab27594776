"""A run appends exactly what changed: nothing twice, revisions on change, superseded where no longer true."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from xiezhi.domain.finding import Finding
from xiezhi.services.revisions import Changes, compare

NOW = datetime(2026, 6, 1, 12)


def finding(**changes: object) -> Finding:
    base = Finding(
        finding_id="f1",
        revision=1,
        rule_id="R",
        rule_version=1,
        rule_hash="h",
        class_no=27,
        verdict="definite",
        stage="post",
        person_id="P",
        institution_code="H1",
        practitioner_code=None,
        encounter_id="M",
        settlement_id=None,
        line_ids=("1",),
        related_line_ids=(),
        service_date=date(2026, 5, 2),
        quantity=None,
        limit_value=None,
        amount_fen=100,
        fund_amount_fen=None,
        line_amounts=(100,),
        message_zh="",
        message_en="",
        law_refs=("L",),
        knowledge_ids=(),
        item_code=None,
        subject=("1",),
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def run(found: list[Finding], stored: dict[str, Finding], month: int = 5) -> Changes:
    return compare(found, stored, lambda f: f.service_date.month == month, data_version="d", found_at=NOW, run_id="r2")


def apply(stored: dict[str, Finding], changes: Changes) -> dict[str, Finding]:
    return {**stored, **{row.finding_id: row for row in changes.rows}}


def test_running_again_adds_nothing() -> None:
    stored = apply({}, run([finding()], {}))
    again = run([finding()], stored)
    assert again.rows == ()
    assert again.unchanged == 1


def test_another_amount_is_the_next_revision() -> None:
    stored = apply({}, run([finding()], {}))
    changes = run([finding(amount_fen=60, line_amounts=(60,))], stored)
    assert [(row.revision, row.amount_fen, row.status) for row in changes.rows] == [(2, 60, "open")]


def test_other_related_lines_are_refreshed_without_a_revision() -> None:
    stored = apply({}, run([finding()], {}))
    changes = run([finding(related_line_ids=("9",))], stored)
    assert [(row.revision, row.related_line_ids) for row in changes.refreshed] == [(1, ("9",))]
    assert not changes.revised


def test_what_is_no_longer_true_ends_and_may_come_back() -> None:
    stored = apply({}, run([finding()], {}))
    stored = apply(stored, run([], stored))
    assert (stored["f1"].status, stored["f1"].revision) == ("superseded", 1)
    assert run([], stored).rows == ()
    stored = apply(stored, run([finding()], stored))
    assert (stored["f1"].status, stored["f1"].revision) == ("open", 2)


def test_findings_outside_the_months_of_the_run_stay() -> None:
    stored = apply({}, run([finding()], {}))
    assert run([], stored, month=6).rows == ()


def test_the_first_stage_stays() -> None:
    stored = {"f1": finding(stage="pre")}
    assert run([finding(amount_fen=1, line_amounts=(1,))], stored).revised[0].stage == "pre"
