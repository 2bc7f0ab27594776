"""What every ward charges: bed, nursing, laboratory, infusions; and what every operation charges."""

from __future__ import annotations

from pipelines.simulate.plans import Line


def ward(nursing: str = "nur2", drip: float = 0.9) -> tuple[Line, ...]:
    """Lines of an ordinary ward; `nursing` is the key of the nursing level, `drip` the chance of infusions a day."""
    return (
        Line("bed", "night"),
        Line("ward", "night"),
        Line(nursing, "night"),
        Line("cbc", "every:4", chance=0.92),
        Line("urin", "first", chance=0.75),
        Line("chem", "every:7", chance=0.9),
        Line("ecg", "first", chance=0.8),
        Line("us", "second", chance=0.45),
        Line("glu", "daily", chance=0.35),
        Line("drip", "daily", 1, drip),
        Line("infs", "daily", 1, drip),
        Line("syri", "daily", 3, 0.8),
        Line("nacl", "daily", 2, drip),
        Line("gluc", "daily", 1, drip * 0.6),
        Line("inj", "daily", 2, 0.6),
        Line("crea", "every:5", 1, 0.5),
        Line("pota", "daily", 1, drip * 0.4),
        Line("vitb", "daily", 2, drip * 0.5),
        Line("oxyg", "daily", 6, 0.25),
        Line("nebu", "daily", 2, 0.3),
        Line("cann", "every:3", 1, drip),
        Line("film", "every:3", 1, drip),
        Line("tube", "daily", 2, 0.5),
        Line("oral", "daily", 1, 0.12),
        Line("wash", "every:4", 1, 0.1),
        Line("vitc", "last", 1, 0.2, home=True),
    )


def surgery(item: str, anaesthetic: str, *more: Line) -> tuple[Line, ...]:
    """Lines of an operation `item` (a catalogue key) under `anaesthetic`, and `more` of its own."""
    return (
        Line(item, "op"),
        Line(anaesthetic, "op"),
        Line("prop", "op", 2),
        Line("cefx", "op", 2, 0.9),
        Line("syri", "op", 6),
        Line("cath", "op", 1, 0.5),
        Line("amon", "op", 2),
        Line("wash", "every:3", 1, 0.7),
        *more,
    )


MONITOR = (Line("cmon", "hours", 1, 0.85, tie="monitor"), Line("spo2", "hours", 1, 0.85, tie="monitor"))
"""Heart and oxygen monitoring, by the hour."""
CONTRAST = (Line("cte", "second", 1, 0.22, tie="contrast"), Line("iohe", "second", 1, 0.22, tie="contrast"))
"""An enhanced scan with its contrast agent: both or neither."""
