"""Each scheme leaves in the tables the traces of the behaviour it describes, and the truth names exactly rows that exist."""

from __future__ import annotations

import ast
from pathlib import Path

import duckdb
import pytest

import pipelines.simulate
from pipelines.simulate.schemes import SCHEMES


@pytest.fixture(scope="session")
def db(dirty: tuple[Path, Path]) -> duckdb.DuckDBPyConnection:
    """All tables, `truth`, `entity`, and `injected` = the true lines as they were billed."""
    out, truth = dirty
    con = duckdb.connect()
    for path in sorted(out.glob("*.parquet")):
        con.execute(f"create view {path.stem} as select * from read_parquet('{path}')")
    con.execute(
        f"""create view truth as select * from read_csv('{truth}/truth_lines.csv',
                types={{'bkkp_sn': 'varchar', 'psn_no': 'varchar', 'mdtrt_id': 'varchar'}})"""
    )
    con.execute(f"create view entity as select * from read_csv('{truth}/truth_entities.csv', all_varchar=true)")
    con.execute("""create table injected as select t.scheme, t.amount_fen, l.*, e.begntime, e.endtime, e.tel, e.gend, e.brdy
        from truth t join (select distinct on (fixmedins_code, bkkp_sn) * from fee_list_d where cnt > 0 order by fixmedins_code,
        bkkp_sn, updt_time desc) l
        using (fixmedins_code, bkkp_sn) join mdtrt_d e on e.mdtrt_id = l.mdtrt_id""")
    return con


def count(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    return int(con.execute(f"select count(*) from {sql}").fetchall()[0][0])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_truth_names_existing_lines(db: duckdb.DuckDBPyConnection, scheme: str) -> None:
    assert count(db, f"truth where scheme = '{scheme}'") == count(db, f"injected where scheme = '{scheme}'") > 20
    assert (
        count(db, "truth t join injected f using (scheme, fixmedins_code, bkkp_sn) where t.psn_no <> f.psn_no or t.mdtrt_id <> f.mdtrt_id")
        == 0
    )
    assert count(db, f"injected where scheme = '{scheme}' and (amount_fen <= 0 or amount_fen > det_item_fee_sumamt * 100)") == 0
    assert count(db, f"entity where scheme = '{scheme}' and kind = 'institution' and id not in (select fixmedins_code from medins_d)") == 0


TRACES = {
    "after_discharge": "fee_ocur_time::date > endtime::date",
    "card_lending": """exists (from mdtrt_d s where s.psn_no = injected.psn_no and s.fixmedins_code <> injected.fixmedins_code and
            s.med_type in ('21', '210104', '28', '52')"""
    " and fee_ocur_time::date > s.begntime::date and fee_ocur_time::date < s.endtime::date)",
    "split_stays": """exists (from mdtrt_d s where s.psn_no = injected.psn_no and s.fixmedins_code = injected.fixmedins_code and
            s.mdtrt_id <> injected.mdtrt_id"""
    " and s.endtime::date = injected.begntime::date)",
    "unbundling": "hilist_name like '生化全套分项%'",
    "resale_ring": "exists (from injected o where o.scheme = 'resale_ring' and o.tel = injected.tel and o.psn_no <> injected.psn_no)",
    "trace_resale": "exists (from fsi_3505 s where s.drug_trac_codg = injected.drug_trac_codg and s.mdtrt_sn <> injected.mdtrt_id)",
    "inflated_quantities": "cnt > 24 or pric > pric_uplmt_amt or hilist_name like '%级护理'",
    "unqualified": """not exists (from staff_d s where s.staff_code = bilg_dr_code and s.status = '1' and fee_ocur_time::date between
            s.begndate and"""
    " coalesce(s.enddate, date '2999-01-01')) or hilist_name in ('妇科千金片', '克霉唑阴道片', '小儿氨酚黄那敏颗粒', '小儿清热颗粒',"
    " '前列通片', '非那雄胺片', '丹红注射液')",
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_behaviour_leaves_its_trace(db: duckdb.DuckDBPyConnection, scheme: str) -> None:
    every = count(db, f"injected where scheme = '{scheme}'")
    assert count(db, f"injected where scheme = '{scheme}' and ({TRACES[scheme]})") > every * 0.4


def test_schemes_are_a_small_part_of_life(db: duckdb.DuckDBPyConnection) -> None:
    assert 0.005 < count(db, "truth") / count(db, "fee_list_d") < 0.10


def test_schemes_know_nothing_of_rules() -> None:
    for path in Path(pipelines.simulate.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        names = [n.module or "" for n in ast.walk(ast.parse(text)) if isinstance(n, ast.ImportFrom)]
        assert not [n for n in names if n.startswith(("xiezhi.ruleset", "models", "xiezhi.storage"))], path
        assert "GZ1" not in text, path
        assert "XZ-" not in text, path
