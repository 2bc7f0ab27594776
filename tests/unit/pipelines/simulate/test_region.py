"""The written region as a whole: the same for a seed, money that adds up, real code shapes, and an honest mess at the stated rates."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines.simulate.catalogue import catalogue
from pipelines.simulate.points import POINTS
from pipelines.simulate.run import run
from xiezhi.domain.errors import UsageError

SHAPES = (
    r"X[A-Z]\d{2}[A-Z]{3}\d{3}[A-Z]\d{3}\d{2}\d{2}\d{5}",
    r"Z[A-Z]\d{2}[A-Z]{3}\d{4}\d{2}\d{2}\d{5}",
    r"T\d{9}",
    r"C\d{19}",
    r"\d{15}",
)


def digest(folder: Path) -> dict[str, str]:
    """A hash of every file of a folder."""
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*")) if p.is_file()}


def scan(folder: Path, table: str) -> str:
    return f"read_parquet('{folder / table}.parquet')"


def one(sql: str) -> tuple[Any, ...]:
    return tuple(duckdb.execute(sql).fetchall()[0])


def test_same_seed_same_bytes_other_seed_other_bytes(tmp_path: Path) -> None:
    small: dict[str, Any] = {"persons": 300, "months": 2}
    run(tmp_path / "a", seed=3, **small)
    run(tmp_path / "b", seed=3, **small)
    run(tmp_path / "c", seed=4, **small)
    a, b, c = (digest(tmp_path / name) for name in "abc")
    assert a == b
    assert a["fee_list_d.parquet"] != c["fee_list_d.parquet"]


def test_csv_has_the_rows_of_parquet(tmp_path: Path) -> None:
    run(tmp_path / "p", persons=200, months=1, seed=5)
    run(tmp_path / "c", persons=200, months=1, seed=5, form="csv")
    for table in ("fee_list_d", "mdtrt_d", "setl_d", "fsi_3505"):
        left = f"select columns(*)::varchar from {scan(tmp_path / 'p', table)}"
        right = f"select * from read_csv('{tmp_path / 'c' / table}.csv', all_varchar=true)"
        assert one(f"select count(*) from (({left}) except ({right}))") == (0,), table
        assert one(f"select count(*) from (({right}) except ({left}))") == (0,), table


def test_schemes_leave_other_people_alone(clean: Path, dirty: tuple[Path, Path]) -> None:
    out, truth = dirty
    involved = (
        f"select id from '{truth}/truth_entities.csv' where kind = 'institution' union select fixmedins_code from '{truth}/truth_lines.csv'"
    )
    # a broken institution code belongs to nobody
    rows = "select * from {} where regexp_full_match(fixmedins_code, '[HP][0-9]{{11}}') and fixmedins_code not in (" + involved + ")"
    before, after = rows.format(scan(clean, "fee_list_d")), rows.format(scan(out, "fee_list_d"))
    assert one(f"select count(*) from ({before})")[0] > 10_000
    assert one(f"select count(*) from (({before}) except all ({after}))") == (0,)
    assert one(f"select count(*) from (({after}) except all ({before}))") == (0,)


def test_nothing_gives_the_truth_away(dirty: tuple[Path, Path]) -> None:
    out, truth = dirty
    schemas = {path.name: set(pq.read_schema(path).names) for path in out.glob("*.parquet")}
    assert not any(re.search("scheme|truth|fraud|ghost|label", name) for names in schemas.values() for name in names)
    assert not [p for p in out.rglob("*") if "truth" in p.name]
    # false lines do not stand together, nor at the end, nor in a range of identities of their own
    false = f"select bkkp_sn from '{truth}/truth_lines.csv'"
    place = f"select row_number() over () / (select count(*) from {scan(out, 'fee_list_d')}) as pos, bkkp_sn from {scan(out, 'fee_list_d')}"
    low, high = one(
        f"select quantile_cont(pos, 0.1), quantile_cont(pos, 0.9) from ({place}) where bkkp_sn in (select bkkp_sn::varchar from ({false}))"
    )
    assert 0.1 < low < 0.6
    assert high > 0.8
    spread = one(f"select quantile_cont((bkkp_sn % 1000000000000) / 1e12, [0.1, 0.5, 0.9]) from '{truth}/truth_lines.csv'")[0]
    assert all(abs(found - wanted) < 0.05 for found, wanted in zip(spread, (0.1, 0.5, 0.9), strict=True))


def test_money_adds_up(clean: Path) -> None:
    settled, lines = scan(clean, "setl_d"), scan(clean, "fee_list_d")
    assert one(f"select count(*) from {settled} where medfee_sumamt <> fund_pay_sumamt + psn_pay or psn_pay <> acct_pay + cash_payamt") == (
        0,
    )
    assert one(
        f"select count(*) from {settled} where medfee_sumamt <> fulamt_ownpay_amt + overlmt_selfpay + preselfpay_amt + inscp_amt"
    ) == (0,)
    assert one(
        f"""select count(*) from {settled} where refd_setl_flag = '0' and (fund_pay_sumamt < 0 or fund_pay_sumamt >
                greatest(medfee_sumamt, 0))"""
    ) == (0,)
    wrong, every = one(f"select count(*) filter (round(cnt * pric, 2) <> det_item_fee_sumamt), count(*) from {lines} where cnt is not null")
    assert 0 < wrong < every * 0.0006
    assert one(
        f"select count(*) from {lines} where det_item_fee_sumamt <> fulamt_ownpay_amt + overlmt_selfpay + preselfpay_amt + inscp_amt"
    ) == (0,)
    # a settlement is the sum of its lines: every version but the last, and exact copies, left out
    difference = one(f"""with latest as (select distinct on (fixmedins_code, bkkp_sn) * from {lines} order by fixmedins_code, bkkp_sn,
        updt_time desc nulls last),
        sums as (select setl_id, sum(det_item_fee_sumamt) s, bool_or(psn_no is null or cnt is null or not fixmedins_code ~
        '^[HP][0-9]+$') odd from latest group by all)
        select count(*) from {settled} join sums using (setl_id) where s <> medfee_sumamt and not odd""")
    assert difference == (0,)


def test_codes_have_the_real_shapes(clean: Path) -> None:
    assert all(any(re.fullmatch(shape, item.code) for shape in SHAPES) for item in catalogue().items)
    for table, column, shape, share in (
        ("fee_list_d", "med_list_codg", "|".join(f"({s})" for s in SHAPES), 0.001),
        ("fee_list_d", "fixmedins_code", r"[HP]\d{11}", 0.001),
        ("mdtrt_d", "certno", r"\d{17}[0-9X]", 0),
        ("mdtrt_d", "fixmedins_code", r"[HP]99\d{9}", 0),
        ("staff_d", "staff_code", r"D99\d{10}", 0),
        ("setl_list_diag_d", "diag_code", r"[A-Z]\d{2}\.[0-9x]\d{2}(x\d{3})?", 0),
        ("setl_list_oprn_d", "oprn_oprt_code", r"\d{2}\.\d{2}(\d{2})?(x\d{3})?", 0),
        ("fsi_3505", "drug_trac_codg", r"8\d{19}", 0),
        ("mdtrt_d", "dise_no", r"M\d{5}", 0),
    ):
        bad, every = one(
            f"""select count(*) filter (not regexp_full_match({column}, '{shape}')), count(*) from {scan(clean, table)} where {column}
                    is not null"""
        )
        assert bad <= every * share, (table, column)


def test_identities_are_unique(clean: Path) -> None:
    for table, columns in (
        ("mdtrt_d", "mdtrt_id"),
        ("setl_d", "setl_id"),
        ("setl_list_diag_d", "setl_list_diag_id"),
        ("staff_d", "staff_code, begndate"),
    ):
        assert one(f"select count(*) from (select {columns} from {scan(clean, table)} group by all having count(*) > 1)") == (0,), table
    assert one(
        f"""select count(*) from (select mdtrt_id from {scan(clean, "setl_list_diag_d")} where maindiag_flag = '1' group by all having
                count(*) > 1)"""
    ) == (0,)


def test_the_honest_mess_is_there(clean: Path) -> None:
    lines = scan(clean, "fee_list_d")
    linked = f"""select l.cnt, l.det_item_fee_sumamt, -r.cnt as back, r.updt_time < l.updt_time as early
        from (select distinct * from {lines} where cnt < 0) r join (select distinct * from {lines} where cnt > 0) l
        on r.init_feedetl_sn = l.bkkp_sn and r.fixmedins_code = l.fixmedins_code and r.psn_no = l.psn_no"""
    full, partial, early, over = one(
        f"""select count(*) filter (back = cnt), count(*) filter (back < cnt), count(*) filter (early), count(*) filter (back > cnt)
                from ({linked})"""
    )
    assert min(full / 10, partial, early, over * 2) > 5
    unlinked, corrected, doubled = one(f"""select (select count(*) from {lines} where cnt < 0 and init_feedetl_sn is null),
        (select count(*) from (select fixmedins_code, bkkp_sn from {lines} group by all having count(distinct (cnt, pric)) > 1)),
        (select count(*) from (select fixmedins_code, bkkp_sn from {lines} group by all having count(*) > 1 and count(distinct (cnt,
        pric, updt_time)) = 1))""")
    assert unlinked > 0
    assert min(corrected, doubled) > 50
    broken, every = one(
        f"""select count(*) filter (psn_no is null or cnt is null or length(med_list_codg) < 10 or year(fee_ocur_time) < 1900),
                count(*) from {lines}"""
    )
    assert 0 < broken < every * 0.001
    reversal = one(
        f"""select count(*) from {scan(clean, "setl_d")} a join {scan(clean, "setl_d")} b on a.init_setl_id = b.setl_id where
                a.medfee_sumamt = -b.medfee_sumamt"""
    )
    assert reversal[0] > 5
    late = one(f"select count(*) from {lines} where updt_time > fee_ocur_time + interval 48 hours and year(fee_ocur_time) > 2000")
    assert late[0] > 20
    assert one(f"select count(distinct way) from {scan(clean, 'idty_check_d')}")[0] == 3
    stays = one(
        f"""select count(*) filter (dscg_way = '2'), count(*) filter (refl_old_mdtrt_id is not null), count(*) filter (dscg_way = '5'),
                count(*) filter (endtime is null) from {scan(clean, "mdtrt_d")}"""
    )
    assert all(found > 0 for found in stays), stays


def test_inventory_balances(clean: Path) -> None:
    """Opening + bought − returned ± changes − billed (net of refunds) is what the last stocktake counts."""
    wrong = one(f"""
        with billed as (
            select fixmedins_code, med_list_codg, sum(cnt) s from (select distinct on (fixmedins_code, bkkp_sn) * from
            {scan(clean, "fee_list_d")}
                order by fixmedins_code, bkkp_sn, updt_time desc nulls last)
            where setl_id is null or setl_id not in (select setl_id from {scan(clean, "setl_d")} where refd_setl_flag = '1') group by all),
        count as (select fixmedins_code, med_list_codg, arg_min(inv_cnt, invdate) o, arg_max(inv_cnt, invdate) c from
        {scan(clean, "fsi_3501")} group by all),
        bought as (select fixmedins_code, med_list_codg, sum(purc_retn_cnt) b from {scan(clean, "fsi_3503")} group by all),
        back as (select fixmedins_code, med_list_codg, sum(purc_retn_cnt) r from {scan(clean, "fsi_3504")} group by all),
        change as (select fixmedins_code, med_list_codg, sum(cnt) h from {scan(clean, "fsi_3502")} group by all)
        select count(*) filter (abs(o + coalesce(b, 0) - coalesce(r, 0) + coalesce(h, 0) - s - c) > 0), count(*) from count join billed
        using (fixmedins_code, med_list_codg)
        left join bought using (fixmedins_code, med_list_codg) left join back using (fixmedins_code, med_list_codg) left join change
        using (fixmedins_code, med_list_codg)""")
    # broken rows cannot be loaded, so a few pairs miss a package
    assert wrong[0] < wrong[1] * 0.1, wrong


def test_knowledge_is_written(clean: Path) -> None:
    points, codes = clean / "knowledge" / "points.csv", clean / "knowledge" / "codes.csv"
    assert one(f"select count(*), count(distinct kp_id), min(kp_id)[:7] from '{points}'") == (len(POINTS), len(POINTS), "KP-sim-")
    assert one(f"select count(*) from '{codes}' anti join '{points}' using (kp_id)") == (0,)
    assert {row[0] for row in duckdb.execute(f"select distinct role from '{codes}'").fetchall()} == {"a", "b"}


def test_wrong_use_is_refused(tmp_path: Path) -> None:
    for wrong in ({"schemes": "nonsense"}, {"form": "xlsx"}, {"persons": 3}, {"start": "2026-13"}, {"truth": tmp_path / "truth"}):
        with pytest.raises(UsageError):
            run(tmp_path, **wrong)  # type: ignore[arg-type]
    assert not list(tmp_path.rglob("*.parquet"))
