"""Masks person numbers of leads, also inside their sentences, before a report says anything of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from xiezhi.domain.actor import mask
from xiezhi.domain.signal import Lead, Member, Subject

_NUMBER = re.compile(r"(?<![0-9A-Za-z*])\d{17}[0-9Xx](?![0-9A-Za-z*])")
"""An identity or person number of eighteen places, also of somebody who is no member."""


def masked_lead(lead: Lead) -> Lead:
    """A lead whose person numbers are masked everywhere; relations, which a report does not show, are dropped.

    Raises nothing; masking what is masked changes nothing.
    """
    persons = {member.subject_id for member in lead.members if member.subject is Subject.PERSON}
    # Longest first, or a number that begins like another would be cut in two.
    known = re.compile(
        "|".join(rf"(?<![0-9A-Za-z]){re.escape(each)}(?![0-9A-Za-z])" for each in sorted(persons, key=lambda n: (-len(n), n)))
    )

    def hidden(text: str) -> str:
        found = known.sub(lambda match: mask(match.group()), text) if persons else text
        return _NUMBER.sub(lambda match: mask(match.group()), found)

    def each(texts: Iterable[str]) -> tuple[str, ...]:
        return tuple(hidden(text) for text in texts)

    return replace(
        lead,
        title_zh=hidden(lead.title_zh),
        title_en=hidden(lead.title_en),
        evidence_zh=each(lead.evidence_zh),
        evidence_en=each(lead.evidence_en),
        shared=tuple((name, hidden(value), count) for name, value, count in lead.shared),
        members=tuple(
            Member(one.subject, mask(one.subject_id) if one.subject is Subject.PERSON else one.subject_id, one.role) for one in lead.members
        ),
        relations=(),
    )
