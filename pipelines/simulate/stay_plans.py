"""Ordinary inpatient care, written as plans: what a ward charges for each kind of stay."""

from __future__ import annotations

from pipelines.simulate.plans import Line, Stay


def _ward(nursing: str = "nur2", drip: float = 0.9) -> tuple[Line, ...]:
    return (
        Line("bed", "night"), Line("ward", "night"), Line(nursing, "night"),
        Line("cbc", "every:4", chance=0.92), Line("urin", "first", chance=0.75), Line("chem", "every:7", chance=0.9),
        Line("ecg", "first", chance=0.8), Line("us", "second", chance=0.45), Line("glu", "daily", chance=0.35),
        Line("drip", "daily", 1, drip), Line("infs", "daily", 1, drip), Line("syri", "daily", 3, 0.8),
        Line("nacl", "daily", 2, drip), Line("gluc", "daily", 1, drip * 0.6), Line("inj", "daily", 2, 0.6), Line("crea", "every:5", 1, 0.5),
        Line("pota", "daily", 1, drip * 0.4), Line("vitb", "daily", 2, drip * 0.5), Line("oxyg", "daily", 6, 0.25), Line("nebu", "daily", 2, 0.3),
        Line("cann", "every:3", 1, drip), Line("film", "every:3", 1, drip), Line("tube", "daily", 2, 0.5), Line("oral", "daily", 1, 0.12), Line("wash", "every:4", 1, 0.1), Line("vitc", "last", 1, 0.2, home=True),
    )


def _surgery(item: str, anaesthetic: str, *more: Line) -> tuple[Line, ...]:
    return (
        Line(item, "op"), Line(anaesthetic, "op"), Line("prop", "op", 2), Line("cefx", "op", 2, 0.9), Line("syri", "op", 6), Line("cath", "op", 1, 0.5),
        Line("amon", "op", 2), Line("wash", "every:3", 1, 0.7), *more,
    )


_MONITOR = (Line("cmon", "hours", 1, 0.85, tie="monitor"), Line("spo2", "hours", 1, 0.85, tie="monitor"))
_CONTRAST = (Line("cte", "second", 1, 0.22, tie="contrast"), Line("iohe", "second", 1, 0.22, tie="contrast"))

STAYS: tuple[Stay, ...] = (
    Stay("pneumonia", ("J18.900",), "A03", (4, 8, 16), (5, 0.8, 2.2, 8), (
        *_ward(), *_CONTRAST, Line("dr", "first", chance=0.6), Line("ct", "first", chance=0.5, need="l2"), Line("ptct", "every:5", chance=0.6),
        Line("ceft", "daily", 2, 0.95), Line("ambr", "last", 1, 0.6, home=True), Line("bude", "daily", 2, 0.6), Line("doxo", "daily", 1, 0.5, need="adult"),
        ), extra=(("E87.600", 0.12), ("D64.900", 0.1)), emergency=0.25, death=0.012, transfer=0.03),
    Stay("bronchopneumonia", ("J18.000", "J20.900"), "A07", (3, 6, 10), (9, 0, 0, 0), (
        *_ward(), Line("dr", "first", chance=0.6), Line("cefx", "daily", 1, 0.9), Line("bude", "daily", 2, 0.9), Line("xeqj", "last", 1, 0.5, home=True),
        ), place=(0.3, 0.5, 0.2), emergency=0.2),
    Stay("stroke", ("I63.900",), "A03", (7, 11, 18), (0, 0.1, 2.3, 7), (
        *_ward("nur1"), *_MONITOR, Line("ct", "first", chance=0.9), Line("mri", "second", chance=0.6, need="l2"), Line("edar", "n:13", 2, 0.95, need="l2"),
        Line("dhzs", "n:10", 2, 0.6, need="l2"), Line("balt", "daily", 1, 0.4, need="l2"), Line("join", "daily", 1, 0.3, need="l2"),
        ), extra=(("I10.x00", 0.5), ("E78.500", 0.3)), emergency=0.4, death=0.02, transfer=0.05),
    Stay("angina", ("I20.000", "I25.103"), "A03", (4, 8, 14), (0, 0.1, 2.2, 7), (
        *_ward("nur1"), *_MONITOR, Line("isos", "daily", 1, 0.9), Line("hepa", "n:5", 2, 0.6), Line("dhzs", "n:8", 2, 0.4, need="l2"),
        Line("ecg", "every:2", chance=0.4),
        ), extra=(("I10.x00", 0.5), ("E78.500", 0.4)), emergency=0.3, death=0.012, transfer=0.05),
    Stay("pci", ("I20.000",), "A03", (4, 6, 9), (0, 0.05, 0.8, 1.6), (
        *_ward("nur1"), *_MONITOR, Line("stent", "op"), Line("sten", "op", 1), Line("sten", "op", 1, 0.35), Line("hepa", "n:4", 2),
        ), place=(0, 0.2, 0.8), extra=(("I10.x00", 0.5),), operation="36.0600", anaesthesia="3", death=0.008),
    Stay("copd", ("J44.100",), "A03", (5, 9, 15), (0, 0, 0.8, 5), (
        *_ward(), Line("ct", "first", chance=0.4, need="l2"), Line("doxo", "daily", 1, 0.9), Line("bude", "daily", 2, 0.9), Line("ceft", "daily", 2, 0.8),
        Line("spo2", "hours", 1, 0.5), Line("ptct", "first", chance=0.5),
        ), bit="", emergency=0.3, death=0.015, transfer=0.03),
    Stay("respiratory failure", ("J44.100",), "A27", (6, 10, 15), (0, 0, 0.1, 0.9), (
        Line("bedicu", "night"), Line("ward", "night"), Line("icu", "hours"), Line("vent", "hours", 1, 0.8), Line("cmon", "hours"), Line("resc", "first", 1, 0.5),
        Line("cbc", "every:2"), Line("chem", "every:3"), Line("ceft", "daily", 2), Line("pani", "daily", 1), Line("fatm", "daily", 1, 0.6),
        Line("nacl", "daily", 3), Line("infs", "daily"), Line("drip", "daily"),
        ), place=(0, 0.3, 0.7), emergency=0.8, death=0.14),
    Stay("diabetes", ("E11.900",), "A03", (5, 8, 12), (0, 0.2, 2.2, 4), (
        *_ward(), Line("insr", "every:3", 1, 0.9), Line("crea", "every:4", chance=0.6), Line("us", "second", chance=0.5),
        ), extra=(("I10.x00", 0.4), ("E78.500", 0.3))),
    Stay("appendicitis", ("K35.900",), "A04", (3, 6, 9), (0.5, 0.8, 0.5, 0.3), (
        *_ward("nur1"), *_surgery("appx", "spin", Line("adhe", "op", 0.5, 0.2), Line("ceft", "daily", 2, 0.9), Line("troc", "op", 3, 0.5))),
        operation="47.0900", anaesthesia="2", emergency=0.7, place=(0.1, 0.6, 0.3)),
    Stay("gallstones", ("K80.101",), "A04", (4, 7, 11), (0, 0.5, 1.0, 1.0), (
        *_ward("nur1"), *_surgery("chol", "anes", Line("lbio", "op", 0.5, 0.1), Line("hemo", "op", 1, 0.5), Line("troc", "op", 4, 0.8), Line("ceft", "n:3", 2))),
        operation="51.2300", anaesthesia="1", place=(0, 0.55, 0.45), extra=(("K76.000", 0.2),)),
    Stay("hernia", ("K40.900",), "A04", (2, 4, 6), (0.3, 0.1, 0.5, 1.0), (*_ward("nur2", 0.4), *_surgery("hern", "spin", Line("mesh", "op", 1, 0.9))),
        operation="53.0000", anaesthesia="2", sex=1, place=(0.1, 0.6, 0.3)),
    Stay("hip fracture", ("S72.000",), "A04", (9, 13, 20), (0, 0.1, 0.4, 2), (
        *_ward("nur1"), *_surgery("orif", "spin", Line("plat", "op"), Line("hemo", "op", 1, 0.4), Line("hepa", "daily", 1, 0.9)),
        Line("calc", "last", 1, 0.7, home=True)), operation="79.3500", anaesthesia="2", place=(0, 0.55, 0.45), work=0.2, death=0.006),
    Stay("cataract", ("H25.900",), "A10", (1, 1, 2), (0, 0, 0.6, 3.2), (
        Line("bed", "night"), Line("ward", "night"), Line("nur3", "night"), Line("phac", "op"), Line("lens", "op"), Line("oflo", "last", 1, home=True),
        Line("cbc", "first"), Line("glu", "first"), Line("us", "first"),
        ), med="28", operation="13.4100", anaesthesia="3", place=(0, 0.6, 0.4)),
    Stay("ovarian cyst", ("N83.201",), "A05", (4, 6, 9), (0, 0.9, 0.4, 0.1), (
        *_ward("nur1"), *_surgery("ocys", "anes", Line("orep", "op", 0.5, 0.35), Line("troc", "op", 3, 0.8), Line("hemo", "op", 1, 0.4)),
        Line("fkqj", "last", 1, 0.5, home=True)), operation="65.2900", anaesthesia="1", sex=2, place=(0, 0.5, 0.5)),
    Stay("prostate", ("N40.x00",), "A04", (5, 8, 12), (0, 0, 0.5, 3), (
        *_ward("nur1"), *_surgery("turp", "spin", Line("ceft", "n:3", 2)), Line("birr", "n:3"), Line("psa", "first", chance=0.9),
        Line("qltg", "last", 1, 0.5, home=True)), operation="60.2900", anaesthesia="2", sex=1, place=(0, 0.5, 0.5)),
    Stay("rehabilitation", ("I69.300",), "A21", (10, 16, 22), (0, 0.1, 0.8, 2.5), (
        *_ward("nur2", 0.2), Line("reha", "every:15"), Line("balt", "daily", 1, 0.85), Line("hand", "daily", 1, 0.7), Line("join", "daily", 1, 0.7),
        Line("acup", "daily", 1, 0.5)), place=(0.15, 0.6, 0.25), course=True),
    Stay("gastritis", ("K29.500", "K30.x00"), "A03", (3, 6, 9), (0.5, 0.6, 1.5, 3), (*_ward(), Line("pani", "daily", 1, 0.9), Line("ct", "second", chance=0.2, need="l2"))),
    Stay("ileus", ("K56.700",), "A04", (4, 7, 11), (0.1, 0.1, 0.3, 1), (
        *_ward("nur1"), Line("gdec", "n:3"), Line("fatm", "n:4", 1, 0.7), Line("pani", "daily"), Line("ct", "first", chance=0.8, need="l2"), Line("ceft", "daily", 2, 0.8)),
        emergency=0.6, death=0.01),
    Stay("ankle fracture", ("S82.800",), "A04", (5, 8, 13), (0.3, 0.6, 0.6, 0.5), (*_ward(), Line("dr", "every:5"), Line("tram", "last", 1, 0.5, home=True), Line("wash", "every:2")),
        work=0.5, place=(0.15, 0.6, 0.25)),
    Stay("back pain", ("M51.202",), "A50", (6, 9, 14), (0, 0.4, 2, 3), (
        *_ward("nur3", 0.5), Line("mri", "second", chance=0.35, need="l2"), Line("acup", "daily", 1, 0.9), Line("shtg", "last", 1, 0.6, home=True)), place=(0.4, 0.45, 0.15)),
    Stay("psychiatric course", ("F20.900",), "A15", (18, 28, 40), (60, 60, 60, 60), (
        Line("bed", "night"), Line("ward", "night"), Line("nurp", "night"), Line("psyd", "every:3"), Line("work", "daily", 1, 0.7), Line("cbc", "every:7"),
        Line("chem", "every:14"), Line("ecg", "every:7")), place=(0, 0.8, 0.2), bit="psy", course=True),
)

NATURAL_BIRTH = Stay("natural birth", ("O80.000",), "A05", (2, 3, 5), (0, 0, 0, 0), (
    Line("bed", "night"), Line("ward", "night"), Line("nur1", "night"), Line("deli", "op"), Line("oxyt", "op", 1, 0.8),
    Line("cbc", "first"), Line("urin", "first"), Line("chem", "first"), Line("nacl", "daily", 1, 0.5), Line("us", "first"),
    ), extra=(("Z37.000", 1.0), ("O24.900", 0.1)), med="52", place=(0.05, 0.55, 0.4), sex=2)
CAESAREAN = Stay("caesarean", ("O82.000",), "A05", (4, 6, 8), (0, 0, 0, 0), (
    *_ward("nur1"), *_surgery("cesa", "spin", Line("ceft", "n:2", 2)), Line("oxyt", "op", 1, 0.9), Line("fetm", "first", 1, 0.8),
    ), extra=(("Z37.000", 1.0), ("O24.900", 0.12)), med="52", operation="74.1000", anaesthesia="2", place=(0, 0.5, 0.5), sex=2)
NEONATE = Stay("neonatal jaundice", ("P59.900",), "A07", (3, 6, 10), (0, 0, 0, 0), (
    Line("bed", "night"), Line("ward", "night"), Line("nurn", "night"), Line("pho", "daily", 8, 0.8), Line("cbc", "every:3"), Line("chem", "every:4"),
    Line("gluc", "daily", 1, 0.7), Line("vitk", "first")), place=(0, 0.5, 0.5))
CHEMOTHERAPY = Stay("chemotherapy", ("Z51.103",), "A19", (2, 3, 5), (0, 0, 0, 0), (
    *_ward("nur2"), Line("onda", "daily", 2, 0.9), Line("peme", "second", 2, 0.5, tie="drug"), Line("oxal", "second", 3, 0.6), *_CONTRAST),
    place=(0, 0.35, 0.65), course=True, death=0.004)
ALL_STAYS = (*STAYS, NATURAL_BIRTH, CAESAREAN, NEONATE, CHEMOTHERAPY)
STAY_NUMBER = {plan.key: number for number, plan in enumerate(ALL_STAYS)}
