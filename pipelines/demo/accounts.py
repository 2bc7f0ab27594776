"""The demo users: one account a role, all with one password, which is told once and stored nowhere but as hashes."""

from __future__ import annotations

import os
import secrets

from xiezhi.domain.actor import Role, region_of
from xiezhi.domain.errors import UsageError

VARIABLE = "XIEZHI_DEMO_PASSWORD"
LEAST = 10
"""Characters; `xiezhi user add` refuses shorter ones, but only after the chain has run."""
ROLES = tuple(role for role in Role if role is not Role.SYSTEM)
"""The accounts are called like their roles (contracts of the web interface)."""
_REGIONAL = frozenset({Role.INSPECTOR, Role.REVIEWER, Role.PANEL, Role.OFFICER, Role.THIRDPARTY})


def demo_password() -> str:
    """The password of the environment, else a random one.

    Raises:
        UsageError: the one of the environment is too short.
    """
    given = os.environ.get(VARIABLE)
    if given and len(given) < LEAST:
        raise UsageError.of(f"{VARIABLE} is too short", accepted=f"at least {LEAST} characters, or unset: a random one")
    return given or secrets.token_urlsafe(12)


def scope_arguments(role: Role, institution: str) -> tuple[str, ...]:
    """What an account may see, as arguments of `xiezhi user add`.

    Those who work cases see the prefecture of the institution, the institution itself only its own, the others the whole.

    >>> scope_arguments(Role.INSPECTOR, "H99010100012"), scope_arguments(Role.INSTITUTION, "H99010100012")
    (('--region', '990100'), ('--institution', 'H99010100012'))
    """
    if role is Role.INSTITUTION:
        return ("--institution", institution)
    if role in _REGIONAL:
        return ("--region", f"{region_of(institution)[:4]}00")
    return ("--everything",)
