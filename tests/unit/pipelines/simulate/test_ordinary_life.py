"""Nobody in ordinary life breaks a definite rule; each test is one kind of rule, asked in SQL over the written tables."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from pipelines.simulate.catalogue import catalogue

DAYS = "fee_ocur_time::date"


@pytest.fixture(scope="session")
def db(clean: Path) -> duckdb.DuckDBPyConnection:
    """Netted lines `line` (latest version, after refunds, without reversed settlements) joined to their encounters, and the tables."""
    con = duckdb.connect()
    for path in sorted(clean.glob("*.parquet")):
        con.execute(f"create view {path.stem} as select * from read_parquet('{path}')")
    con.execute("""
        create table line as
        with latest as (
            select distinct on (fixmedins_code, bkkp_sn) * from fee_list_d
            where psn_no is not null and cnt is not null and fixmedins_code ~ '^[HP][0-9]{11}$' and year(fee_ocur_time) > 2000 and
            length(med_list_codg) > 9
            order by fixmedins_code, bkkp_sn, updt_time desc nulls last),
        back as (select fixmedins_code, init_feedetl_sn as bkkp_sn, sum(cnt) as cnt from latest where cnt < 0 group by all),
        gone as (select setl_id from setl_d where refd_setl_flag = '1' union select init_setl_id from setl_d where init_setl_id is not null)
        select l.* exclude (cnt, med_type), l.cnt + coalesce(b.cnt, 0) as cnt, e.gend, e.brdy, e.insutype, e.hosp_lv, e.begntime,
        e.endtime, e.med_type,
            e.die_date, e.internet_flag, date_diff('year', brdy, fee_ocur_time::date) - (strftime(fee_ocur_time, '%m%d') <
            strftime(brdy, '%m%d'))::int as age
        from latest l left join back b using (fixmedins_code, bkkp_sn) join mdtrt_d e using (mdtrt_id)
        where l.cnt > 0 and l.cnt + coalesce(b.cnt, 0) > 0 and (l.setl_id is null or l.setl_id not in (from gone))""")
    return con


def codes(*keys: str) -> str:
    """A SQL list of the codes of catalogue keys."""
    items = catalogue()
    return "(" + ", ".join(f"'{items.items[items.index[key]].code}'" for key in keys) + ")"


def none_of(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    """The query must return nothing."""
    rows = con.execute(sql + " limit 5").fetchall()
    assert rows == [], rows


LIMITS = {
    "sex": f"""med_list_codg in {codes("fina", "qltg", "turp")} and gend <> '1' or med_list_codg in
            {codes("prog", "clot", "fkqj", "oxyt", "ocys", "orep", "deli", "cesa", "fetm")} and gend <> '2'""",
    "child": f"med_list_codg in {codes('chiw', 'chim', 'xeqj')} and age > 14",
    "newborn": f"med_list_codg in {codes('nurn', 'pho')} and date_diff('day', brdy, {DAYS}) > 28",
    "maternity": f"med_list_codg in {codes('oxyt')} and insutype <> '510' and med_type not in ('51', '52')",
    "level": f"med_list_codg in {codes('dhzs', 'edar', 'targ')} and hosp_lv in ('08', '09', '10', '11', '14')",
    "inpatient": f"med_list_codg in {codes('fatm')} and med_type not in ('21', '210104', '28', '52')",
    "days": "prd_days > case when med_type = '13' then 3 when med_type in ('140104', '140201') then 84 else 30 end",
    "price": "pric > pric_uplmt_amt",
    "outside the stay": """med_type in ('21', '210104', '28', '52') and (fee_ocur_time::date < begntime::date or fee_ocur_time::date >
            endtime::date)""",
    "after death": "fee_ocur_time::date > die_date",
}


@pytest.mark.parametrize("name", LIMITS)
def test_every_line_keeps_the_limits(db: duckdb.DuckDBPyConnection, name: str) -> None:
    none_of(db, f"select bkkp_sn, med_list_codg, med_type, age, gend, insutype, hosp_lv from line where {LIMITS[name]}")


def test_limited_items_are_really_used(db: duckdb.DuckDBPyConnection) -> None:
    used = {row[0] for row in db.execute("select distinct med_list_codg from line").fetchall()}
    items = catalogue()
    wanted = (
        "fina",
        "qltg",
        "clot",
        "fkqj",
        "oxyt",
        "chiw",
        "dhzs",
        "edar",
        "fatm",
        "iohe",
        "cte",
        "hemo",
        "sten",
        "insu",
        "clop",
        "omep",
        "ogtt",
        "hba1c",
        "reha",
    )
    missing = [key for key in wanted if items.items[items.index[key]].code not in used]
    assert missing in ([], ["fina"]), missing


@pytest.mark.parametrize(
    ("limit", "keys"),
    [
        (1, ("ward", "bed", "bedicu", "nur1", "nur2", "nur3", "nurn", "nurp", "emon", "gdec", "birr", "psyd", "work")),
        (24, ("cmon", "spo2", "vent", "amon", "eeg")),
    ],
)
def test_quantity_a_day(db: duckdb.DuckDBPyConnection, limit: int, keys: tuple[str, ...]) -> None:
    none_of(
        db,
        f"""select psn_no, fixmedins_code, med_list_codg, {DAYS} d, sum(cnt) s from line where med_list_codg in {codes(*keys)} group by
                all having s > {limit}""",
    )


@pytest.mark.parametrize(("keys", "days"), [(("hba1c",), 15), (("reha",), 14), (("fruc",), 7)])
def test_period_frequency(db: duckdb.DuckDBPyConnection, keys: tuple[str, ...], days: int) -> None:
    none_of(
        db,
        f"""select a.psn_no, a.fee_ocur_time, b.fee_ocur_time from line a join line b on a.psn_no = b.psn_no and a.med_list_codg =
            b.med_list_codg
        and (a.fixmedins_code, a.bkkp_sn) <> (b.fixmedins_code, b.bkkp_sn) and b.fee_ocur_time::date - a.fee_ocur_time::date between 0
        and {days - 1}
        where a.med_list_codg in {codes(*keys)}""",
    )


@pytest.mark.parametrize(
    ("main", "contained"),
    [
        ("emon", "evisit"),
        ("emon", "bed"),
        ("emon", "nur1"),
        ("emon", "nur2"),
        ("emon", "bedicu"),
        ("icu", "oral"),
        ("resc", "resm"),
        ("ogtt", "glu"),
        ("hp", "hd"),
        ("stent", "cag"),
        ("deli", "fetm"),
        ("deli", "peri"),
        ("clop", "omep"),
    ],
)
def test_items_that_exclude_each_other(db: duckdb.DuckDBPyConnection, main: str, contained: str) -> None:
    scope = f"a.{DAYS} = b.{DAYS} and a.fixmedins_code = b.fixmedins_code" if main != "clop" else "true"
    none_of(
        db,
        f"""select a.psn_no, a.fee_ocur_time from line a join line b on a.psn_no = b.psn_no and {scope}
        where a.med_list_codg in {codes(main)} and b.med_list_codg in {codes(contained)}""",
    )


def test_courses_of_fourteen_days(db: duckdb.DuckDBPyConnection) -> None:
    none_of(
        db,
        f"""with used as (select distinct psn_no, med_list_codg, {DAYS} d from line where med_list_codg in {codes("dhzs", "edar")}),
        gaps as (select *, coalesce(d - lag(d) over w > 14, true)::int as fresh from used window w as (partition by psn_no,
        med_list_codg order by d)),
        course as (select *, sum(fresh) over (partition by psn_no, med_list_codg order by d) as no from gaps)
        select psn_no, med_list_codg, no, count(*) n from course group by all having n > 14""",
    )


def test_second_operation_at_half_and_caps(db: duckdb.DuckDBPyConnection) -> None:
    none_of(db, f"select bkkp_sn, cnt from line where med_list_codg in {codes('adhe', 'lbio', 'orep')} and cnt > 0.5")
    for key, cap in (("hemo", 1500), ("sten", 2400)):
        none_of(db, f"select mdtrt_id, sum(inscp_amt) s from line where med_list_codg in {codes(key)} group by all having s > {cap}")


def test_packages_companions_and_prescriptions(db: duckdb.DuckDBPyConnection) -> None:
    none_of(db, f"select bkkp_sn from line where med_list_codg in {codes('chm1', 'chm2', 'chm3', 'chm4')}")
    none_of(
        db,
        f"""select a.mdtrt_id, a.fee_ocur_time from line a anti join (select * from line where med_list_codg in {codes("cte")}) b
        on a.mdtrt_id = b.mdtrt_id and a.{DAYS} = b.{DAYS} where a.med_list_codg in {codes("iohe")}""",
    )
    none_of(
        db,
        "select fixmedins_code, rx_drord_no, count(distinct med_list_codg) n from line where list_type = '101' group by all having n > 5",
    )


def test_indications(db: duckdb.DuckDBPyConnection) -> None:
    for key, shape in (("insu", "E1[01]|O24"), ("targ", "C34|C18|C50"), ("tiot", "J44"), ("heps", "B18")):
        none_of(
            db,
            f"""select l.mdtrt_id from line l anti join (select mdtrt_id from setl_list_diag_d where diag_code ~ '^({shape})') d using
                (mdtrt_id)
            where med_list_codg in {codes(key)}""",
        )


def test_no_care_elsewhere_during_a_stay_and_few_early_returns(db: duckdb.DuckDBPyConnection) -> None:
    stay = "med_type in ('21', '210104', '28', '52')"
    none_of(
        db,
        f"""select l.psn_no, l.fee_ocur_time, s.begntime, s.endtime from line l join (select * from mdtrt_d where {stay}) s on l.psn_no
            = s.psn_no
        and l.fixmedins_code <> s.fixmedins_code and {DAYS} > s.begntime::date and {DAYS} < s.endtime::date""",
    )
    stays, returns = db.execute(f"""with stay as (select * from mdtrt_d where {stay}), back as (select a.mdtrt_id from stay a join stay b
        on a.psn_no = b.psn_no and a.fixmedins_code = b.fixmedins_code and a.mdtrt_id <> b.mdtrt_id and b.begntime >= a.endtime
        and b.begntime::date - a.endtime::date <= 15 and a.dscg_maindiag_code[:3] = b.dscg_maindiag_code[:3]
        where a.dscg_maindiag_code[:3] <> 'Z51' and coalesce(b.refl_old_mdtrt_id, '') = '')
        select (select count(*) from stay), (select count(*) from back)""").fetchall()[0]
    # a few honest relapses look like split stays
    assert 0 < returns < stays * 0.02


def test_double_supply_is_rare(db: duckdb.DuckDBPyConnection) -> None:
    fetched, early = db.execute(f"""with used as (select psn_no, mdtrt_id, med_list_codg, {DAYS} d, cast(prd_days as int) n
        from line where prd_days > 7)
        select (select count(*) from used),
        (select count(*) from used a join used b on a.psn_no = b.psn_no and a.med_list_codg = b.med_list_codg
        and a.mdtrt_id <> b.mdtrt_id and b.d >= a.d and least(a.d + a.n, b.d + b.n) - b.d > 7)""").fetchall()[0]
    # a few honest early refills
    assert 0 < early < fetched * 0.015


def test_purchases_and_visits_stay_moderate(db: duckdb.DuckDBPyConnection) -> None:
    none_of(db, "select psn_no, begntime::date d, count(*) n from mdtrt_d where med_type = '41' group by all having n > 2")
    none_of(db, "select psn_no, date_trunc('month', begntime) m, count(*) n from mdtrt_d where med_type = '41' group by all having n > 15")


def test_doctors_are_qualified_on_the_day(db: duckdb.DuckDBPyConnection) -> None:
    none_of(
        db,
        f"""select l.bilg_dr_code, l.fee_ocur_time from line l anti join staff_d s on s.staff_code = l.bilg_dr_code and
            s.fixmedins_code = l.fixmedins_code
        and s.status = '1' and {DAYS} >= s.begndate and {DAYS} <= coalesce(s.enddate, date '2999-01-01') where l.bilg_dr_code is not
        null""",
    )
    assert db.execute("select count(*) from staff_d where status <> '1'").fetchall()[0][0] > 0


def test_trace_codes_are_sold_once(db: duckdb.DuckDBPyConnection) -> None:
    none_of(db, "select drug_trac_codg, count(*) n from fsi_3505 where trdn_flag = '0' group by all having n > 1")


def test_opened_packages_share_their_code_and_say_so(db: duckdb.DuckDBPyConnection) -> None:
    opened, sold_again = db.execute("""select sum(n), count(*) filter (n > 1) from
        (select drug_trac_codg, count(*) n from fsi_3505 where trdn_flag = '1' group by all)""").fetchall()[0]
    assert opened > 50
    assert sold_again > 0
    none_of(db, "select rtal_docno, drug_trac_codg, count(*) n from fsi_3505 group by all having n > 1")
    none_of(
        db,
        """select f.bkkp_sn from fee_list_d f join fsi_3505 s on s.rtal_docno = f.bkkp_sn and s.fixmedins_code = f.fixmedins_code
        group by f.bkkp_sn, f.drug_trac_codg having f.drug_trac_codg is not null
        and not list_contains(list(s.drug_trac_codg), f.drug_trac_codg)""",
    )
