"""Precision of a rule from decisions, and the order in which institutions are worth an inspection. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xiezhi.domain.interval import wilson
from xiezhi.domain.priority import BASE_FEN


@dataclass(frozen=True, slots=True)
class Measured:
    """Decided findings of a rule; `simulated` counts those decided by the panel of a demonstration, which no person saw."""

    confirmed: int = 0
    refuted: int = 0
    inconclusive: int = 0
    simulated: int = 0

    @property
    def decided(self) -> int:
        """All of them."""
        return self.confirmed + self.refuted + self.inconclusive

    @property
    def precision(self) -> float | None:
        """Confirmed among confirmed and refuted, None while there is neither."""
        judged = self.confirmed + self.refuted
        return self.confirmed / judged if judged else None

    @property
    def interval(self) -> tuple[float, float]:
        """The Wilson interval of `precision`."""
        return wilson(self.confirmed, self.confirmed + self.refuted)

    def plus(self, decisions: Iterable[str], simulated: bool) -> Measured:
        """These and one more finding, from the decisions about its lines.

        A finding with a confirmed line is confirmed; without one, it is inconclusive where a line is, else refuted.

        >>> Measured().plus(["refuted", "confirmed"], False).precision
        1.0
        """
        found = set(decisions)
        kind = "confirmed" if "confirmed" in found else "inconclusive" if "inconclusive" in found else "refuted"
        return Measured(
            self.confirmed + (kind == "confirmed"),
            self.refuted + (kind == "refuted"),
            self.inconclusive + (kind == "inconclusive"),
            self.simulated + simulated,
        )


@dataclass(frozen=True, slots=True)
class Advice:
    """The factors behind advising to inspect an institution; `signals` and `credit` are permille, 1000 = neutral."""

    open_fen: int
    signals: int
    credit: int

    @property
    def weight(self) -> int:
        """Their product in fen, as the queue of cases builds its priority.

        >>> Advice(90_000, 1500, 1000).weight
        150000
        """
        return (self.open_fen + BASE_FEN) * self.signals * self.credit // 1_000_000


def signal_factor(rank: int | None, strength: int | None) -> int:
    """Permille from 1000 to 2000: half from a model's rank above the middle of all institutions, half from the strongest lead.

    Args:
        rank: highest rank by a model, permille; None where no model has scored it.
        strength: of the strongest lead, permille; None where there is none.

    What is missing is neutral: nobody moves up because nothing is known about them, nor down.

    >>> signal_factor(None, None), signal_factor(400, None), signal_factor(1000, 1000)
    (1000, 1000, 2000)
    """
    return 1000 + max(0, (rank if rank is not None else 500) - 500) + (strength or 0) // 2
