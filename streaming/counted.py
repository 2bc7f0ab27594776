"""Money counted once for cases that the stream opens: every fee line's money at most once over the findings of one judgement.

All findings of the rules that look at a person share that person's judgement, so their money is counted exactly as the sweep counts it.
Findings about a trace code are a judgement of their own: a line that one of them and a finding of the person both claim counts in both,
until `xiezhi cases open` counts over the whole store.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from xiezhi.domain.counting import Claimed, LineKey, count_parts_once, line_key
from xiezhi.domain.facts import Line
from xiezhi.domain.finding import Finding
from xiezhi.ruleset.assemble import spread


def counted_lines(findings: Sequence[Finding], lines: Iterable[Line]) -> Mapping[str, Mapping[str, int]]:
    """Counted fen by finding id and then by line id as the finding writes it; an empty line id where a finding has no lines.

    Args:
        findings: all open findings of one judgement.
        lines: fee lines of the persons they are about; what a finding of a whole stay claims is spread over the stay's live lines in
            proportion to their net amounts.
    """
    live = sorted((line for line in lines if line.live), key=lambda line: (line.time, line.institution, line.id))
    nets: dict[LineKey, int] = {(line.institution, line.id): line.amount for line in live}
    claims = [Claimed(each.finding_id, each.verdict, each.amount_fen, _parts(each, live)) for each in findings if each.amount_fen > 0]
    given = count_parts_once(claims, nets)
    return {
        each.finding_id: dict(zip(each.line_ids, given.get(each.finding_id, ()), strict=False))
        if each.line_ids
        else {"": sum(given.get(each.finding_id, ()))}
        for each in findings
    }


def _parts(finding: Finding, live: Sequence[Line]) -> list[tuple[LineKey, int]]:
    if finding.line_ids:
        return [(line_key(finding, line), part) for line, part in zip(finding.line_ids, finding.line_amounts, strict=True)]
    stay = [line for line in live if line.encounter == finding.encounter_id and line.person == finding.person_id]
    amounts = [line.amount for line in stay]
    shares = spread(min(finding.amount_fen, sum(amounts)), amounts)
    return [((line.institution, line.id), share) for line, share in zip(stay, shares, strict=True)]
