"""Leads `shared_contact`: one phone or address for persons of many households, who all go to the same places (住院异常聚集, 收卡)."""

from __future__ import annotations

import duckdb

from models.graph.candidates import Candidate, Habits, core, rows
from models.graph.edges import Bounds
from models.graph.words import ATTRIBUTES, day_text, masked

KIND = "shared_contact"
_GROUPS = """
WITH wide AS (
  SELECT attribute, value, persons FROM graph_contacts
  WHERE persons BETWEEN {contact} AND {crowd} AND (attribute = 'phone' OR (attribute = 'address' AND persons > {household}))
  GROUP BY ALL
)
SELECT w.attribute, w.value, MIN(c.first) AS first, MAX(c.last) AS last, SUM(c.visits)::BIGINT AS visits,
  LIST(DISTINCT c.person ORDER BY c.person)
FROM wide AS w JOIN graph_contacts AS c USING (attribute, value) GROUP BY ALL ORDER BY w.attribute, w.value
"""
_OTHER = {"phone": "address", "address": "phone"}


def shared_contact(con: duckdb.DuckDBPyConnection, bounds: Bounds, habits: Habits) -> list[Candidate]:
    """Contacts whose persons differ in everything else, and gather at places beyond what their visits and the places' size explain.

    A phone counts whose persons name at least `group` addresses, an address whose persons name at least `group` phones.
    """
    groups = rows(con, _GROUPS.format(contact=bounds.contact, crowd=bounds.crowd, household=bounds.household))
    institutions = rows(con, "SELECT COUNT(DISTINCT institution) FROM graph_places")[0][0]
    found = []
    for attribute, value, first, last, visits, persons in groups:
        other = rows(
            con,
            "SELECT COUNT(DISTINCT value) FROM graph_contacts AS c WHERE attribute = ? AND list_contains(?, person)"
            " AND NOT EXISTS (SELECT 1 FROM graph_contacts AS d WHERE d.attribute = c.attribute AND d.value = c.value AND d.persons > ?)",
            [_OTHER[attribute], persons, bounds.household],
        )[0][0]
        if other < bounds.group:
            continue
        went: dict[str, set[str]] = {person: set() for person in persons}
        for person, place in rows(con, "SELECT person, institution FROM graph_places WHERE list_contains(?, person)", [persons]):
            went[person].add(place)
        meeting = core({person: frozenset(places) for person, places in went.items()}, None, habits, institutions)
        if meeting is None:
            continue
        zh, en = ATTRIBUTES[attribute]
        other_zh, other_en = ATTRIBUTES[_OTHER[attribute]]
        shown, size, there = masked(attribute, value), len(persons), len(meeting.persons)
        found.append(
            Candidate(
                kind=KIND,
                persons=dict.fromkeys(persons, "member"),
                places=dict.fromkeys(meeting.places, "hub"),
                first=first,
                last=last,
                observed=there,
                expected=meeting.expected,
                p=meeting.p,
                tests=len(groups),
                title=(
                    f"{size} 人共用一个{zh}（{shown}），就诊集中于 {len(meeting.places)} 家机构",
                    f"{size} persons with one {en} ({shown}), gathered at {len(meeting.places)} places",
                ),
                evidence=(
                    (
                        f"{day_text(first)}至{day_text(last)}，{visits} 次就诊登记了同一个{zh} {shown}，"
                        f"涉及 {size} 人，另有 {other} 个不同{other_zh}。",
                        f"From {day_text(first)} to {day_text(last)}, {visits} visits name the same {en} {shown} "
                        f"for {size} persons, who name {other} different {other_en}s.".replace("addresss", "addresses"),
                    ),
                    (
                        f"其中 {there} 人到过下列机构中的至少 {meeting.need} 家；"
                        f"按各人就诊次数和机构规模，偶然应为 {meeting.expected:.1f} 人。",
                        f"{there} of them came to at least {meeting.need} of the places below; "
                        f"visits and size of places explain {meeting.expected:.1f}.",
                    ),
                    (
                        "养老机构、学校、集体宿舍或村医代办也会出现共用电话、住址，请先核实。",
                        "Care homes, schools, dormitories or a village doctor who registers others share contacts too: ask first.",
                    ),
                ),
                measures={"persons": size, "other_contacts": other, "visits": visits},
            )
        )
    return found
