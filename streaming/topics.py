"""The topics of the log, and which national tables an event of a topic may carry.

An event is a JSON object in UTF-8: `{"schema": 1, "tables": {"<table>": [{…national fields…}, …], …}}`. Further members and fields
are kept. The key is the insured person (the institution for inventory, the row's own identity for the registry), so all events of one
person lie in one partition, in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SCHEMA_VERSION = 1
"""Version of the payload; a reader refuses a version that it does not know."""

PRECHECKS = "claims.prechecks"
SETTLEMENTS = "claims.settlements"
REVERSALS = "claims.reversals"
INVENTORY = "claims.inventory"
REGISTRY = "claims.registry"
DEAD_LETTERS = "claims.dead-letter"
FINDINGS = "findings"
ALERTS = "alerts"
CASE_EVENTS = "cases.events"

PERSON_TABLES = ("mdtrt_d", "fee_list_d", "setl_d", "setl_list_diag_d", "setl_list_oprn_d", "idty_check_d")
"""Tables whose rows are about one person."""
INVENTORY_TABLES = ("fsi_3501", "fsi_3502", "fsi_3503", "fsi_3504", "fsi_3505", "fsi_3506")
"""Tables whose rows are about an institution's stock."""
REGISTRY_TABLES = ("medins_d", "staff_d", "psn_map_d")
"""Tables that many persons lean on."""

ALLOWED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {SETTLEMENTS: PERSON_TABLES, REVERSALS: ("setl_d", "fee_list_d"), INVENTORY: INVENTORY_TABLES, REGISTRY: REGISTRY_TABLES}
)
"""Tables by topic. `claims.registry` (institutions, practitioners, merged persons) is an addition of ours to the topics."""
CLAIM_TOPICS = tuple(ALLOWED)
"""What the consumer reads."""
ALL_TOPICS = (PRECHECKS, *CLAIM_TOPICS, DEAD_LETTERS, FINDINGS, ALERTS, CASE_EVENTS)
"""Every topic of the program."""
