"""The tables. What changes over time is changed by a migration in `migrations/versions`; a test keeps the two equal.

Money is fen, factors are permille, moments are local without offset. `decisions`, `credit_events`, `credit_snapshots` and `audit` are
append-only; triggers refuse to change `audit`.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
)

metadata = MetaData()
_Key = BigInteger().with_variant(Integer(), "sqlite")
_Id = String(64)

findings_current = Table(
    "findings_current",
    metadata,
    Column("finding_id", _Id, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("rule_id", String(32), nullable=False),
    Column("institution_code", String(32), nullable=False),
    Column("person_id", _Id),
    Column("case_id", String(32), nullable=False),
    Column("found_at", DateTime),
    Column("kind", String(16), nullable=False),
    Column("theme", String(64), nullable=False),
    Column("counted", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_findings_current_case", "case_id"),
    Index("ix_findings_current_person", "person_id"),
)

cases = Table(
    "cases",
    metadata,
    Column("case_id", String(32), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("institution_code", String(32), nullable=False),
    Column("region", String(6), nullable=False),
    Column("encounter_id", _Id),
    Column("theme", String(64), nullable=False),
    Column("person_id", _Id),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("touched", Boolean, nullable=False),
    Column("assigned_to", String(64), nullable=False),
    Column("outcome", String(24), nullable=False),
    Column("barred", Text, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("findings", Integer, nullable=False),
    Column("undecided", Integer, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("confirmed_fen", BigInteger, nullable=False),
    Column("confidence", Integer, nullable=False),
    Column("credit", Integer, nullable=False),
    Column("age", Integer, nullable=False),
    Column("signal", Integer, nullable=False, server_default="1000"),
    Column("signal_parts", Text, nullable=False, server_default=""),
    Column("explored", BigInteger),
    Column("priority", BigInteger, nullable=False),
    Column("first_service_date", Date),
    Column("opened_at", DateTime, nullable=False),
    Index("ix_cases_priority", "priority", "case_id"),
    Index("ix_cases_state_priority", "state", "priority", "case_id"),
    Index("ix_cases_institution_priority", "institution_code", "priority", "case_id"),
    Index("ix_cases_region_priority", "region", "priority", "case_id"),
)

case_lines = Table(
    "case_lines",
    metadata,
    Column("case_id", String(32), primary_key=True),
    Column("finding_id", _Id, primary_key=True),
    Column("line_id", String(128), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("rule_id", String(32), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("practitioner_code", _Id),
    Column("service_date", Date, nullable=False),
    Column("part_fen", BigInteger, nullable=False),
    Column("counted_fen", BigInteger, nullable=False),
    Column("present", Boolean, nullable=False),
    Column("decision", String(16)),
    Column("reason", String(32), nullable=False),
    Column("decided_by", String(64), nullable=False),
    Column("decided_at", DateTime),
    Column("simulated", Boolean, nullable=False, server_default=false()),
    Column("sample", String(16), nullable=False, server_default=""),
    Index("ix_case_lines_rule", "rule_id", "case_id"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", _Key, primary_key=True, autoincrement=True),
    Column("case_id", String(32), nullable=False),
    Column("case_version", Integer, nullable=False),
    Column("finding_id", _Id, nullable=False),
    Column("line_id", String(128), nullable=False),
    Column("rule_id", String(32), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("decision", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("note", Text, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("at", DateTime, nullable=False),
    Column("simulated", Boolean, nullable=False, server_default=false()),
    Column("sample", String(16), nullable=False, server_default=""),
    Index("ix_decisions_case", "case_id"),
    Index("ix_decisions_rule", "rule_id"),
)

users = Table(
    "users",
    metadata,
    Column("username", String(64), primary_key=True),
    Column("password_hash", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("everything", Boolean, nullable=False),
    Column("regions", Text, nullable=False),
    Column("institutions", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", DateTime),
    Column("created_at", DateTime, nullable=False),
)

credit_events = Table(
    "credit_events",
    metadata,
    Column("seq", _Key, primary_key=True, autoincrement=True),
    Column("subject_kind", String(16), nullable=False),
    Column("subject_id", _Id, nullable=False),
    Column("case_id", String(32), nullable=False),
    Column("finding_id", _Id, nullable=False),
    Column("line_id", String(128), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("on", Date, nullable=False),
    Index("ix_credit_events_subject", "subject_kind", "subject_id"),
    Index("ix_credit_events_case", "case_id"),
)

credit_snapshots = Table(
    "credit_snapshots",
    metadata,
    Column("id", _Key, primary_key=True, autoincrement=True),
    Column("subject_kind", String(16), nullable=False),
    Column("subject_id", _Id, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("scheme", String(64), nullable=False),
    Column("scheme_hash", String(64), nullable=False),
    Column("score", Integer, nullable=False),
    Column("grade", String(8), nullable=False),
    Column("veto", Boolean, nullable=False),
    Column("queue", Integer, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("at", DateTime, nullable=False),
    Index("ix_credit_snapshots_subject", "subject_kind", "subject_id", "id"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", _Key, primary_key=True, autoincrement=False),
    Column("at", DateTime, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("action", String(32), nullable=False),
    Column("subject", String(128), nullable=False),
    Column("detail", Text, nullable=False),
    Column("prev_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_subject", "subject"),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)

scores = Table(
    "scores",
    metadata,
    Column("model", String(64), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("subject", String(16), primary_key=True),
    Column("subject_id", _Id, primary_key=True),
    Column("model_version", String(64), nullable=False),
    Column("permille", Integer, nullable=False),
    Column("probability", Float),
    Column("peer_group", Text, nullable=False),
    Column("peers", Integer, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("run_id", String(64), nullable=False),
    Index("ix_scores_subject", "subject", "subject_id", "model", "month"),
)

leads = Table(
    "leads",
    metadata,
    Column("lead_id", String(32), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("month", String(7), nullable=False),
    Column("strength", Integer, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    Column("first", Date, nullable=False),
    Column("last", Date, nullable=False),
    Column("members", Integer, nullable=False),
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("run_id", String(64), nullable=False),
    Index("ix_leads_kind", "kind", "month", "strength", "lead_id"),
    Index("ix_leads_strength", "strength", "lead_id"),
)

lead_subjects = Table(
    "lead_subjects",
    metadata,
    Column("lead_id", String(32), primary_key=True),
    Column("subject", String(16), primary_key=True),
    Column("subject_id", _Id, primary_key=True),
    Column("region", String(6), nullable=False),
    Index("ix_lead_subjects_subject", "subject", "subject_id"),
)

lead_runs = Table(
    "lead_runs",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("leads", Integer, nullable=False),
)
