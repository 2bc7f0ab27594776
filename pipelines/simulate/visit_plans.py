"""Ordinary outpatient care, emergency, internet consultations and purchases at pharmacies, written as plans."""

from __future__ import annotations

from pipelines.simulate.plans import Line, Visit

VISITS: tuple[Visit, ...] = (
    Visit("cold", ("J06.900",), "A03", (0, 70, 90, 110), (
        Line("visit"), Line("cbc", chance=0.55), Line("lhqw", chance=0.6), Line("amox", chance=0.35), Line("ambr", chance=0.4), Line("ibup", chance=0.3),
        Line("lora", chance=0.2), Line("dr", chance=0.1)), place=(0.45, 0.35, 0.12, 0.08), internet=0.05),
    Visit("child cold", ("J06.900", "J20.900"), "A07", (240, 0, 0, 0), (
        Line("visit"), Line("cbc", chance=0.7), Line("chiw", chance=0.6), Line("xeqj", chance=0.5), Line("chim", chance=0.3), Line("ambr", chance=0.4),
        Line("cefi", chance=0.25)), place=(0.3, 0.4, 0.18, 0.12)),
    Visit("stomach", ("K29.500", "K30.x00"), "A03", (5, 35, 60, 70), (
        Line("visit"), Line("omep", chance=0.7, need="noclop"), Line("moxa", chance=0.6), Line("hxzq", chance=0.3), Line("us", chance=0.25), Line("chem", chance=0.15)),
        place=(0.3, 0.35, 0.2, 0.15)),
    Visit("back", ("M54.500",), "A50", (0, 20, 60, 80), (
        Line("visit"), Line("acup", chance=0.7), Line("shtg", chance=0.6), Line("ibup", chance=0.3), Line("dr", chance=0.2)), place=(0.4, 0.35, 0.15, 0.1)),
    Visit("skin", ("L30.900",), "A13", (20, 25, 20, 25), (Line("visit"), Line("momf", chance=0.8), Line("lora", chance=0.6)), internet=0.2, place=(0.3, 0.2, 0.3, 0.2)),
    Visit("urinary", ("N39.000",), "A03", (3, 10, 14, 18), (Line("visit"), Line("urin"), Line("cefi", chance=0.7), Line("us", chance=0.4), Line("crea", chance=0.2))),
    Visit("prostate", ("N40.x00",), "A04", (0, 0, 25, 70), (
        Line("visit"), Line("psa", chance=0.35), Line("qltg", chance=0.5), Line("us", chance=0.3), Line("urin", chance=0.6)), sex=1, place=(0.1, 0.25, 0.35, 0.3)),
    Visit("women", ("N76.000",), "A05", (0, 40, 22, 4), (
        Line("visit"), Line("clot", chance=0.7), Line("fkqj", chance=0.5), Line("prog", chance=0.12), Line("us", chance=0.4)), sex=2, place=(0.1, 0.3, 0.35, 0.25)),
    Visit("teeth", ("K02.900",), "A12", (20, 18, 22, 15), (Line("visit"), Line("dent", count=1), Line("dr", chance=0.3)), place=(0, 0.3, 0.4, 0.3)),
    Visit("eye", ("H10.900",), "A10", (10, 10, 14, 20), (Line("visit"), Line("oflo", chance=0.9)), place=(0.1, 0.3, 0.35, 0.25), internet=0.05),
    Visit("wound", ("S61.900",), "A04", (6, 8, 8, 5), (Line("evisit"), Line("wash"), Line("dr", chance=0.4), Line("syri", count=1)),
        med="13", work=0.35, place=(0, 0.2, 0.5, 0.3)),
    Visit("emergency", ("R07.400", "R10.400"), "A20", (3, 5, 8, 15), (
        Line("evisit"), Line("ecg", chance=0.7), Line("cbc"), Line("chem", chance=0.5), Line("ct", chance=0.3), Line("nacl", count=1, chance=0.5, tie="drip"),
        Line("drip", chance=0.5, tie="drip"), Line("infs", chance=0.5, tie="drip")), med="13", place=(0, 0, 0.6, 0.4)),
    Visit("observation", ("R10.400", "R07.400"), "A20", (1, 1, 2, 5), (
        Line("emon"), Line("cbc"), Line("ecg"), Line("cmon", count=6), Line("drip"), Line("infs"), Line("nacl", count=2), Line("pani", chance=0.6)),
        med="13", place=(0, 0, 0.6, 0.4)),
    Visit("checks", ("E78.500", "K76.000", "Z00.000"), "A03", (2, 15, 40, 45), (
        Line("visit"), Line("chem", chance=0.6), Line("cbc", chance=0.4), Line("us", chance=0.4), Line("ecg", chance=0.3), Line("ct", chance=0.08, need="l2"),
        Line("cte", chance=0.03, tie="contrast", need="l2"), Line("iohe", chance=0.03, tie="contrast", need="l2")), place=(0, 0.2, 0.4, 0.4)),
    Visit("tolerance", ("E78.500",), "A03", (0, 3, 6, 4), (Line("visit"), Line("ogtt"), Line("chem", chance=0.3)), place=(0, 0, 0.5, 0.5)),
    Visit("worry", ("F41.900",), "A15", (0, 8, 12, 10), (Line("visit"), Line("vitc", chance=0.3), Line("ecg", chance=0.4)), place=(0, 0.2, 0.5, 0.3), internet=0.25),
    Visit("decoction", ("K30.x00", "M54.500"), "A50", (4, 20, 45, 60), (
        Line("visit"), *(Line(f"t{i}", count=70 if i % 3 else 105, chance=0.62) for i in range(16))), place=(0.35, 0.35, 0.2, 0.1)),
    Visit("pregnancy", ("Z34.900",), "A05", (0, 9, 0, 0), (Line("visit"), Line("us", chance=0.6), Line("fetm", chance=0.6), Line("cbc"), Line("urin")),
        med="51", sex=2, place=(0, 0.2, 0.4, 0.4)),
    Visit("shop cold", (), "A02", (60, 110, 130, 130), (
        Line("lhqw", chance=0.35), Line("blgk", chance=0.35), Line("ibup", chance=0.2), Line("lora", chance=0.15), Line("vitc", chance=0.25), Line("ambr", chance=0.15)), med="41"),
    Visit("shop family", (), "A02", (10, 100, 140, 160), (
        Line("calc", chance=0.3), Line("vitc", chance=0.3), Line("shtg", chance=0.3), Line("hxzq", chance=0.25), Line("momf", chance=0.15), Line("moxa", chance=0.12)), med="41"),
    Visit("shop child", (), "A02", (90, 0, 0, 0), (Line("chiw", chance=0.7), Line("xeqj", chance=0.4)), med="41"),
)

CHRONIC_VISIT = Visit("chronic", (), "A03", (0, 0, 0, 0), (), med="140104")
DIALYSIS = Visit("dialysis", ("Z49.100",), "A03", (0, 0, 0, 0), (
    Line("hd", chance=0.92, tie="kind"), Line("dial"), Line("hepa"), Line("epoe", chance=0.4), Line("nacl", count=2), Line("syri", count=2)), med="140201")
ALL_VISITS = (*VISITS, CHRONIC_VISIT, DIALYSIS)
VISIT_NUMBER = {plan.key: number for number, plan in enumerate(ALL_VISITS)}
CHRONIC_DRUGS: dict[str, tuple[tuple[str, float], ...]] = {
    "htn": (("amlo", 0.75), ("vals", 0.55)),
    "dm": (("metf", 0.8), ("acar", 0.5), ("insu", 0.3)),
    "chd": (("clop", 1.0), ("ator", 0.8), ("meto", 0.6)),
    "copd": (("tiot", 0.9),),
    "psy": (("olan", 1.0),),
    "ra": (("lefl", 1.0),),
    "hbv": (("heps", 1.0),),
    "tumour": (("targ", 0.4),),
}
"""Long-term drugs of each chronic disease with the share of patients who take them (a patient's drugs do not change)."""
