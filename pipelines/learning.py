"""What training and scoring share: names of models, tables of features, lines of cases, the registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from models.features import CATALOGUE, Feature
from models.graph.features import GRAPH_FEATURES
from models.supervised.cases import CaseLineRow
from pipelines.cases.app import Desk
from pipelines.features import STAMP, ensure_features, last_full_month, read_features, stored_months
from xiezhi.domain.actor import Scope
from xiezhi.domain.errors import UsageError
from xiezhi.domain.signal import Subject
from xiezhi.settings import Settings
from xiezhi.storage.delta import DeltaStore
from xiezhi.storage.sql.decisions import decided_lines

if TYPE_CHECKING:
    import pandas as pd

    from models.registry import Registry

CASES_MODEL = "supervised.case"
"""Chance that a case is confirmed; scores institutions by the expected share of their cases' money."""
ANOMALY_MODELS: Mapping[Subject, str] = {subject: f"anomaly.{subject.value}" for subject in Subject}
"""Names of the models that compare with peers."""
Say = Callable[[str], None]


def anomaly_features(subject: Subject) -> tuple[Feature, ...]:
    """What the anomaly models see: all but the rules' view, which is in the cases already and would count twice."""
    return tuple(each for each in all_features(subject) if each.source != "rules")


def all_features(subject: Subject) -> tuple[Feature, ...]:
    """The catalogue and the features of the graph."""
    return (*CATALOGUE[subject], *GRAPH_FEATURES[subject])


def month_to_use(settings: Settings, month: str | None) -> str:
    """The month asked for, else the last full one (`features.last_full_month`).

    Raises:
        UsageError: no claims are stored, or none of that month.
    """
    store = DeltaStore.of_home(settings.home)
    months = stored_months(store) if "fee_list_d" in store.versions() else []
    if not months:
        raise UsageError.of("no claims are stored yet", todo="xiezhi ingest PATH…")
    if month is not None and month not in months:
        raise UsageError.of(f"month {month} has no stored claims", accepted=f"{months[0]} to {months[-1]}, as YYYY-MM")
    return month or last_full_month(store)


def tables(settings: Settings, months: Sequence[str], say: Say) -> dict[Subject, pd.DataFrame]:
    """Features of all subjects in some months, built where they are missing; every known feature is a column, NaN where it is not there."""
    ensure_features(settings.home, months, rules_dir=settings.rules_dir, threads=settings.threads, say=say)
    store = DeltaStore.of_home(settings.home)
    found = {}
    for subject in Subject:
        frame = read_features(store, subject, months).to_pandas()
        names = [each.name for each in all_features(subject)]
        found[subject] = frame.reindex(columns=["subject_id", "month", "peer_group", "peers", *names, STAMP])
    return found


def recent_months(settings: Settings, month: str, most: int) -> list[str]:
    """The last `most` stored months up to `month`, ascending."""
    return [each for each in stored_months(DeltaStore.of_home(settings.home)) if each <= month][-most:]


def decided(desk: Desk, month: str) -> list[CaseLineRow]:
    """Lines of cases that people or a panel decided, of services up to the end of a month."""
    return [
        CaseLineRow(
            each.case_id,
            each.institution,
            each.practitioner,
            each.person,
            each.rule_id,
            each.verdict,
            each.service_date,
            each.part_fen,
            each.decision,
            each.simulated,
        )
        for each in decided_lines(desk.database)
        if _month(each.service_date) <= month
    ]


def waiting(desk: Desk, month: str) -> list[CaseLineRow]:
    """Lines that nobody has decided of cases that wait, of services up to the end of a month."""
    with desk.store.write() as unit:
        cases = unit.cases(Scope.all(), unit.open_case_ids(Scope.all()))
    return [
        CaseLineRow(
            case_id,
            case.key.institution_code,
            line.practitioner_code,
            case.person_id,
            line.rule_id,
            line.verdict,
            line.service_date,
            line.part_fen,
        )
        for case_id, case in sorted(cases.items())
        for line in sorted(case.present, key=lambda line: line.key)
        if line.decision is None and _month(line.service_date) <= month
    ]


def registry(settings: Settings) -> Registry:
    """The registry of these settings."""
    from models.registry import Registry

    return Registry(settings.home, settings.mlflow.get_secret_value())


def _month(day: date) -> str:
    return day.isoformat()[:7]
