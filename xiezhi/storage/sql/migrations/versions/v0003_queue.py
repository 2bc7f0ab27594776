"""The queue knows signals and exploration; cases of before have neither until they are asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns."""
    op.add_column("cases", sa.Column("signal", sa.Integer(), nullable=False, server_default="1000"))
    op.add_column("cases", sa.Column("signal_parts", sa.Text(), nullable=False, server_default=""))
    op.add_column("cases", sa.Column("explored", sa.BigInteger()))
