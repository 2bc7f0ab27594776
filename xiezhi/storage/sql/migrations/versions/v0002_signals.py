"""Scores and leads; decisions say whether a simulation made them, and how their case was chosen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add tables and columns; what was decided before was decided by people."""
    op.create_table(
        "scores",
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("subject", sa.String(16), nullable=False),
        sa.Column("subject_id", sa.String(64), nullable=False),
        sa.Column("model_version", sa.String(64), nullable=False),
        sa.Column("permille", sa.Integer(), nullable=False),
        sa.Column("probability", sa.Float()),
        sa.Column("peer_group", sa.Text(), nullable=False),
        sa.Column("peers", sa.Integer(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("model", "month", "subject", "subject_id"),
    )
    op.create_index("ix_scores_subject", "scores", ["subject", "subject_id", "model", "month"])
    op.create_table(
        "leads",
        sa.Column("lead_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("strength", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("lead_id"),
    )
    op.create_index("ix_leads_kind", "leads", ["kind", "month", "strength", "lead_id"])
    op.create_index("ix_leads_strength", "leads", ["strength", "lead_id"])
    op.create_table(
        "lead_subjects",
        sa.Column("lead_id", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(16), nullable=False),
        sa.Column("subject_id", sa.String(64), nullable=False),
        sa.Column("region", sa.String(6), nullable=False),
        sa.PrimaryKeyConstraint("lead_id", "subject", "subject_id"),
    )
    op.create_index("ix_lead_subjects_subject", "lead_subjects", ["subject", "subject_id"])
    op.create_table(
        "lead_runs",
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("leads", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "month"),
    )
    for table in ("decisions", "case_lines"):
        op.add_column(table, sa.Column("simulated", sa.Boolean(), nullable=False, server_default=sa.false()))
        op.add_column(table, sa.Column("sample", sa.String(16), nullable=False, server_default=""))
