"""The table of states: every move that is not in it is refused, and every state can be left."""

from __future__ import annotations

from itertools import product

import pytest

from xiezhi.domain.actor import Role
from xiezhi.domain.case import REASONS, TRANSITIONS, Action, Decision, State, move
from xiezhi.domain.errors import UsageError

TRIPLES = list(product(State, Action, Role))


def test_only_the_table_moves_and_only_its_roles() -> None:
    for state, action, role in TRIPLES:
        allowed = TRANSITIONS.get((state, action))
        if allowed is not None and role in allowed[1]:
            assert move(state, action, role) is allowed[0]
        else:
            with pytest.raises(UsageError):
                move(state, action, role)


def test_every_state_is_reached_and_left() -> None:
    assert {state for state, _ in TRANSITIONS} == set(State)
    assert {target for target, _ in TRANSITIONS.values()} == set(State)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.AUTHOR, Role.CHECKER, Role.DEPLOYER, Role.OFFICER, Role.INSTITUTION, Role.THIRDPARTY])
def test_roles_outside_the_review_move_nothing(role: Role) -> None:
    assert [move for move, (_, roles) in TRANSITIONS.items() if role in roles] == []


def test_the_program_never_decides() -> None:
    assert all(
        Role.SYSTEM not in roles for (_, action), (_, roles) in TRANSITIONS.items() if action in (Action.DECIDE, Action.REOPEN, Action.TAKE)
    )


def test_every_decision_has_reasons() -> None:
    assert {reason.decision for reason in REASONS.values()} == set(Decision)
