"""Who acts, in which role, and which institutions the organisation behind the account may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Roles of accounts; `system` is the program itself and has no account."""

    INSPECTOR = "inspector"
    REVIEWER = "reviewer"
    SUPERVISOR = "supervisor"
    AUTHOR = "author"
    CHECKER = "checker"
    DEPLOYER = "deployer"
    PANEL = "panel"
    OFFICER = "officer"
    INSTITUTION = "institution"
    THIRDPARTY = "thirdparty"
    ADMIN = "admin"
    SYSTEM = "system"


READERS = frozenset({Role.INSPECTOR, Role.REVIEWER, Role.SUPERVISOR, Role.PANEL, Role.INSTITUTION, Role.SYSTEM})
"""Roles that may read cases, within their scope."""
REVEALERS = frozenset({Role.INSPECTOR, Role.REVIEWER, Role.SUPERVISOR, Role.PANEL})
"""Roles that may see a person's number in full; every reveal is logged."""


def region_of(institution_code: str) -> str:
    """The region (admdvs, six digits) inside an institution's code, empty where it has none.

    >>> region_of("H33010600012")
    '330106'
    """
    digits = institution_code[1:7]
    return digits if len(digits) == 6 and digits.isdigit() else ""


def region_prefix(region: str) -> str:
    """What the codes inside a region begin with: a province has two digits, a prefecture four, a county six.

    >>> region_prefix("330000"), region_prefix("330100"), region_prefix("330106")
    ('33', '3301', '330106')
    """
    while len(region) > 2 and region.endswith("00"):
        region = region[:-2]
    return region


@dataclass(frozen=True, slots=True)
class Scope:
    """What an organisation may see: everything, or the institutions of its regions, or only the institutions named.

    A scope without regions and institutions sees nothing. Where institutions are named they bound the view, and regions do not widen it.
    """

    everything: bool = False
    regions: frozenset[str] = frozenset()
    institutions: frozenset[str] = frozenset()

    @classmethod
    def all(cls) -> Scope:
        """The scope of the program itself and of accounts of the whole area."""
        return cls(everything=True)

    @classmethod
    def of(cls, regions: Iterable[str] = (), institutions: Iterable[str] = ()) -> Scope:
        """A bounded scope."""
        return cls(False, frozenset(regions), frozenset(institutions))

    def allows(self, institution_code: str) -> bool:
        """Whether rows of an institution may be seen.

        >>> Scope.of(regions=["330100"]).allows("H33010600012"), Scope.of().allows("H33010600012")
        (True, False)
        """
        if self.everything:
            return True
        if self.institutions:
            return institution_code in self.institutions
        own = region_of(institution_code)
        return any(own.startswith(region_prefix(region)) for region in self.regions if region)


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in account, or the program."""

    username: str
    role: Role
    scope: Scope


SYSTEM = Actor("system", Role.SYSTEM, Scope.all())
"""The program itself."""


def mask(identity: str | None) -> str:
    """A person's number with its middle hidden; what is too short is hidden whole.

    >>> mask("330106199001011234"), mask("P12"), mask(None)
    ('33**************34', '***', '')
    """
    if not identity:
        return ""
    return "*" * len(identity) if len(identity) < 6 else identity[:2] + "*" * (len(identity) - 4) + identity[-2:]
