"""How Alembic runs here: on the connection that `xiezhi.storage.sql.migrate` opened."""

from __future__ import annotations

from alembic import context

from xiezhi.storage.sql.models import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
context.run_migrations()
