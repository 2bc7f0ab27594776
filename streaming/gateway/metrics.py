"""Counts and durations of the gateway in the Prometheus text format. Only the event loop writes them, so there are no locks."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper bounds of the duration buckets in seconds."""

_HELP = {
    "xiezhi_gateway_requests_total": "Requests by transaction and outcome (ok, refused, repeated).",
    "xiezhi_gateway_reminders_total": "Reminders given, by severity.",
    "xiezhi_gateway_not_checked_total": "Requests answered without a full check, by reason.",
    "xiezhi_gateway_persons_total": "Persons of claims, by how what is stored of them was found (kept in memory, read).",
    "xiezhi_gateway_feedback_total": "Feedback received, by what was done (1 went on, 2 changed the order).",
    "xiezhi_gateway_reloads_total": "Loads of rules and knowledge, by outcome (ok, failed).",
    "xiezhi_gateway_log_failures_total": "Messages that could not be put onto the event log.",
}


class Metrics:
    """All counters and one histogram of one gateway."""

    def __init__(self) -> None:
        self._counts: dict[str, Counter[tuple[tuple[str, str], ...]]] = {name: Counter() for name in _HELP}
        self._buckets: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}
        self.in_flight = 0

    def count(self, name: str, by: int = 1, **labels: str) -> None:
        """Add to a counter (short name: without `xiezhi_gateway_` and `_total`)."""
        self._counts[f"xiezhi_gateway_{name}_total"][tuple(labels.items())] += by

    def value(self, name: str, **labels: str) -> int:
        """What a counter stands at."""
        return self._counts[f"xiezhi_gateway_{name}_total"][tuple(labels.items())]

    def took(self, infno: str, seconds: float) -> None:
        """Note the duration of one request."""
        self._buckets.setdefault(infno, [0] * (len(BOUNDS) + 1))[bisect_left(BOUNDS, seconds)] += 1
        self._seconds[infno] = self._seconds.get(infno, 0.0) + seconds

    def text(self) -> str:
        """The page of `/metrics`."""
        lines = []
        for name, help_text in _HELP.items():
            lines += [f"# HELP {name} {help_text}", f"# TYPE {name} counter"]
            for labels, number in sorted(self._counts[name].items()):
                shown = ",".join(f'{key}="{value}"' for key, value in labels)
                lines.append(f"{name}{{{shown}}} {number}" if shown else f"{name} {number}")
        name = "xiezhi_gateway_seconds"
        lines += [f"# HELP {name} Duration of requests.", f"# TYPE {name} histogram"]
        for infno, buckets in sorted(self._buckets.items()):
            total = 0
            for bound, number in zip((*map(str, BOUNDS), "+Inf"), buckets, strict=True):
                total += number
                lines.append(f'{name}_bucket{{infno="{infno}",le="{bound}"}} {total}')
            lines += [f'{name}_sum{{infno="{infno}"}} {self._seconds[infno]:.6f}', f'{name}_count{{infno="{infno}"}} {total}']
        lines += ["# HELP xiezhi_gateway_in_flight Requests being judged.", "# TYPE xiezhi_gateway_in_flight gauge"]
        return "\n".join([*lines, f"xiezhi_gateway_in_flight {self.in_flight}", ""])
