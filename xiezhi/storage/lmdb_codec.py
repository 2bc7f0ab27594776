"""How the history keeps rows: keys that sort by owner, values as JSON lists of the columns that facts need."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson

from xiezhi.domain.tables import TABLES, Kind, canonical
from xiezhi.domain.versions import Row

_META = ("updt_time", "content_hash", "known_fields")
_SALE = (
    "fixmedins_code med_list_codg fixmedins_hilist_id fixmedins_bchno mdtrt_sn rtal_docno sel_retn_time drug_trac_codg psn_no sel_retn_cnt "
    "finl_trns_pric trdn_flag mdtrt_setl_type"
)
_COLUMNS = {
    "fee_list_d": (
        "fixmedins_code bkkp_sn mdtrt_id setl_id psn_no fee_ocur_time med_type med_list_codg cnt pric det_item_fee_sumamt inscp_amt "
        "pric_uplmt_amt rx_drord_no bilg_dept_codg bilg_dr_code prd_days dscg_tkdrug_flag medins_list_name hilist_name init_feedetl_sn"
    ),
    "mdtrt_d": (
        "mdtrt_id psn_no fixmedins_code med_type gend brdy insutype hosp_lv fix_blng_admdvs begntime endtime adm_caty dise_no "
        "dscg_maindiag_code dscg_way die_date matn_stas internet_flag refl_old_mdtrt_id"
    ),
    "setl_d": "setl_id mdtrt_id psn_no refd_setl_flag init_setl_id fund_pay_sumamt medfee_sumamt",
    "setl_list_diag_d": "mdtrt_id diag_code maindiag_flag",
    "medins_d": "fixmedins_code hosp_lv fix_blng_admdvs",
    "staff_d": "staff_code fixmedins_code dr_profttl caty status begndate enddate",
    "psn_map_d": "old_psn_no psn_no",
    "fsi_3505": _SALE,
    "fsi_3506": _SALE,
}
COLUMNS: Mapping[str, tuple[str, ...]] = {table: (*text.split(), *_META) for table, text in _COLUMNS.items()}
"""Columns of each table that facts are made of; everything else of a row lies in the claim store only."""
FORMAT = hashlib.md5(orjson.dumps(COLUMNS), usedforsecurity=False).hexdigest()
"""Changes with `COLUMNS`; a history of another format must be built anew."""
CODES = {table: bytes([65 + number]) for number, table in enumerate(COLUMNS)}
"""One byte a table, in keys."""

_LONGEST_PART = 100


def part(text: str) -> bytes:
    """A piece of a key: the text itself, or its hash where it is too long for a key. No text of a row holds a zero character."""
    data = text.encode()
    return data if len(data) <= _LONGEST_PART else b"\x01" + hashlib.md5(data, usedforsecurity=False).hexdigest().encode()


def key(*parts: str | None) -> bytes:
    """Pieces joined so that no key of several pieces is the beginning of another of as many."""
    return b"".join(part(each or "") + b"\0" for each in parts)


def _decimal(text: str) -> Decimal:
    return Decimal(text)


def _decoder(table: str, name: str) -> Callable[[Any], Any] | None:
    if name in ("content_hash", "known_fields"):
        return None
    kind = TABLES[table].column(name).kind
    if kind is Kind.DATETIME:
        return datetime.fromisoformat
    if kind is Kind.DATE:
        return date.fromisoformat
    return _decimal if kind.scale is not None else None


_DECODERS = {table: tuple((name, _decoder(table, name)) for name in columns) for table, columns in COLUMNS.items()}


def encode_row(table: str, row: Row) -> bytes:
    """The columns of `COLUMNS` as a JSON list of canonical texts; missing is null."""
    spec = TABLES[table]
    values: list[object] = []
    for name in COLUMNS[table]:
        value = row.get(name)
        if value is None or name in ("content_hash", "known_fields"):
            values.append(value)
        else:
            values.append(canonical(spec.column(name), value))
    return orjson.dumps(values)


def decode_row(table: str, data: bytes) -> dict[str, Any]:
    """The inverse of `encode_row`."""
    values = orjson.loads(data)
    return {
        name: value if value is None or decode is None else decode(value)
        for (name, decode), value in zip(_DECODERS[table], values, strict=True)
    }
