"""The nodes of 3101, 3102 and 3103 as short text: one line a field, `name kind mark aliases`.

Kinds: `C<n>` text of at most n characters, `N<p>,<s>` a number of p digits of which s decimals, `dt` `yyyy-MM-dd HH:mm:ss`, `date`
`yyyy-MM-dd`, `code:<shape>` a shape of `xiezhi.domain.codes`, `<node>[]` a list, `<node>{}` an object. `!` marks what must be given.
Aliases are other spellings in use; the first name is the one that answers and messages of ours use. Wider than the national tables:
code fields of three characters take ten (six-digit med_type, comma lists), item codes have their real shape (23 characters, not 20),
quantities and prices take six decimals (as in 2301), `dscg_date` may be missing for a patient who is still in.
Source: national interface 3101/3102/3103 as several vendors implement it.
"""

from __future__ import annotations

from dataclasses import dataclass

ENVELOPE = """
infno C4 !
msgid C30 !
mdtrtarea_admvs C6 ! mdtrtarea_admdvs
insuplc_admdvs C6 . insuplc_admvs
recer_sys_code C10 !
dev_no C100
dev_safe_info C2000
cainfo C1024
signtype C10
infver C6 !
opter_type C10 !
opter C30 !
opter_name C50 !
inf_time dt !
fixmedins_code code:institution !
fixmedins_name C20 !
sign_no C30
"""

SCREEN = """
syscode C10 !
patient_dtos patient[] !
rule_ids texts
task_id C50 !
trig_scen C30
"""

PATIENT = """
patn_id C50 ! psn_no
patn_name C50 !
gend code:sex !
brdy date !
poolarea C10 !
curr_mdtrt_id C50 !
fsi_encounter_dtos encounter[] !
fsi_his_data_dto any
"""

ENCOUNTER = """
mdtrt_id C50 !
medins_id code:institution ! fixmedins_code
medins_name C200 !
medins_admdvs C6 !
medins_type C10 !
medins_lv code:level !
wardarea_codg C20
wardno C20
bedno C20
adm_date dt !
dscg_date dt
dscg_main_dise_codg code:diagnosis !
dscg_main_dise_name C50 !
fsi_diagnose_dtos diagnose[] !
dr_codg C20 ! dr_code
adm_dept_codg C20 !
adm_dept_name C50 !
dscg_dept_codg C20 !
dscg_dept_name C50 !
med_mdtrt_type C10 !
med_type code:med_type !
fsi_order_dtos order[] !
matn_stas C10 !
medfee_sumamt N16,2 !
ownpay_amt N16,2 !
selfpay_amt N16,2 !
acct_payamt N16,2
ma_amt N16,2
hifp_payamt N16,2
setl_totlnum N4,0 !
insutype code:insurance !
reim_flag C10 !
out_setl_flag C10 !
fsi_operation_dtos operation[]
"""

DIAGNOSE = """
dise_id C50 !
inout_dise_type C10 !
maindise_flag code:flag !
dias_srt_no C10 !
dise_codg code:diagnosis !
dise_name C200 !
dise_date dt !
"""

ORDER = """
rx_id C50 !
rxno C20 !
grpno C20
long_drord_flag C10 !
hilist_type C10 !
chrg_type C10 !
drord_bhvr C10 !
hilist_code code:item ! hilist_codg
hilist_name C50 !
hilist_dosform C50
hilist_lv C10 !
hilist_pric N16,6 !
lv1_hosp_item_pric N16,6
lv2_hosp_item_pric N16,6
lv3_hosp_item_pric N16,6
hilist_memo C200
hosplist_code C20 ! hosplist_codg
hosplist_name C50 !
hosplist_dosform C20
cnt N16,6 !
pric N16,6 !
sumamt N16,2 !
ownpay_amt N16,2 !
selfpay_amt N16,2 !
spec C100 !
spec_unt C20 !
drord_begn_date dt !
drord_stop_date dt
drord_dept_codg C30 !
drord_dept_name C50 !
drord_dr_codg C30 ! drord_dr_code
drord_dr_name C30 !
drord_dr_profttl C10 !
curr_drord_flag code:flag !
"""

OPERATION = """
setl_list_oprn_id C30 !
oprn_code code:operation . oprn_oprt_code
oprn_name C500
main_oprn_flag code:flag !
oprn_date dt
anst_way C30
oper_dr_name C50
oper_dr_code C30
anst_dr_name C50
anst_dr_code C30
"""

FEEDBACK = """
warn_type C10 !
warns warn[] !
"""

WARN = """
warn_rslt_id C50 !
dspo_way C10 !
dspo_way_rea C500
"""


@dataclass(frozen=True)
class Field:
    """One field of a node: `kind` as above, whether it must be given, other spellings."""

    name: str
    kind: str
    required: bool
    aliases: tuple[str, ...] = ()


def parse(text: str) -> tuple[Field, ...]:
    """The fields of a node.

    >>> parse("gend code:sex !")
    (Field(name='gend', kind='code:sex', required=True, aliases=()),)
    """
    rows = [line.split() for line in text.strip().splitlines()]
    return tuple(Field(row[0], row[1], "!" in row[2:], tuple(part for part in row[2:] if part not in "!.")) for row in rows)


NODES = {
    "envelope": parse(ENVELOPE),
    "screen": parse(SCREEN),
    "patient": parse(PATIENT),
    "encounter": parse(ENCOUNTER),
    "diagnose": parse(DIAGNOSE),
    "order": parse(ORDER),
    "operation": parse(OPERATION),
    "feedback": parse(FEEDBACK),
    "warn": parse(WARN),
}
"""All nodes by name."""
