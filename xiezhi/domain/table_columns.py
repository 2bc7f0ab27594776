"""The columns of the national tables as short text: one line a column, `name kind marks`.

Kinds are those of `tables.Kind`, or the name of a shape in `codes.SHAPES` (then the kind is code).
Marks: `!` the column and its value are required, `°` the column is required and its value may be missing.
Every table also has `updt_time` at its end; it is added by `tables`. Source: national warehouse and interface field lists.
"""

from __future__ import annotations

FEE_LIST_D = """
bkkp_sn text !
mdtrt_id text !
psn_no text !
fixmedins_code institution !
fee_ocur_time datetime !
med_type med_type !
med_list_codg item !
cnt quantity !
pric price !
det_item_fee_sumamt money !
setl_id text
rx_drord_no text
chrg_bchno text
pric_uplmt_amt price
selfpay_prop ratio
fulamt_ownpay_amt money
overlmt_selfpay money
preselfpay_amt money
inscp_amt money
chrgitm_lv text
list_type text
med_chrgitm_type text
medins_list_codg text
medins_list_name text
hilist_name text
spec text
bilg_dept_codg text
bilg_dr_code text
acord_dept_codg text
acord_dr_code text
sin_dos_dscr text
used_frqu_dscr text
prd_days quantity
tcmdrug_used_way text
dise_codg text
oprn_oprt_code text
init_feedetl_sn text
dscg_tkdrug_flag digit
rx_circ_flag digit
hosp_appr_flag digit
drug_trac_codg text
"""

MDTRT_D = """
mdtrt_id text !
psn_no text !
gend sex °
brdy date °
insutype insurance °
fixmedins_code institution !
hosp_lv level °
begntime datetime !
med_type med_type !
certno text
psn_name text
tel text
addr text
emp_no text
emp_name text
insu_admdvs area
fixmedins_name text
fix_blng_admdvs area
endtime datetime
adm_dept_codg text
dscg_dept_codg text
adm_caty text
chfpdr_code text
dscg_maindiag_code diagnosis
dise_no text
dscg_way digit
die_date date
matn_stas digit
fetus_cnt integer
refl_old_mdtrt_id text
ipt_days integer
internet_flag flag
hosp_infect_flag flag
"""

SETL_D = """
setl_id text !
mdtrt_id text !
psn_no text !
fixmedins_code institution !
setl_time datetime !
medfee_sumamt money !
fund_pay_sumamt money !
insutype insurance
med_type med_type
refd_setl_flag flag
init_setl_id text
psn_setlway text
hifp_pay money
acct_pay money
psn_pay money
cash_payamt money
inscp_amt money
fulamt_ownpay_amt money
overlmt_selfpay money
preselfpay_amt money
out_setl_flag digit
"""

SETL_LIST_DIAG_D = """
mdtrt_id text !
diag_code diagnosis !
maindiag_flag flag !
setl_list_diag_id text
setl_id text
psn_no text
diag_type text
diag_name text
adm_cond_type text
"""

SETL_LIST_OPRN_D = """
mdtrt_id text !
oprn_oprt_code operation !
main_oprn_flag flag !
oprn_oprt_date date !
setl_list_oprn_id text
setl_id text
psn_no text
oprn_oprt_begntime datetime
oprn_oprt_endtime datetime
anst_way text
anst_begntime datetime
anst_endtime datetime
oper_dr_code text
anst_dr_code text
"""

_STOCK_ITEM = """
fixmedins_code institution !
med_list_codg item !
fixmedins_hilist_id text
fixmedins_hilist_name text
fixmedins_bchno text
manu_lotnum text
rx_flag text
manu_date date
expy_end enddate
"""

FSI_3501 = (
    _STOCK_ITEM
    + """
invdate datetime !
inv_cnt quantity !
memo text
drug_trac_codg text
"""
)

FSI_3502 = (
    _STOCK_ITEM
    + """
inv_chg_type text !
pric price
cnt quantity !
inv_chg_time datetime !
memo text
drug_trac_codg text
"""
)

_PURCHASE = """
dynt_no text
spler_name text
spler_pmtno text
prodentp_name text
aprvno text
finl_trns_pric price
purc_retn_cnt quantity !
purc_invo_codg text
purc_invo_no text
purc_retn_stoin_time datetime !
purc_retn_opter_name text
"""

FSI_3503 = (
    _STOCK_ITEM
    + _PURCHASE
    + """
prod_geay_flag text
memo text
drug_trac_codg text
"""
)

FSI_3504 = (
    _STOCK_ITEM
    + _PURCHASE
    + """
purc_retn_rea text
memo text
drug_trac_codg text
"""
)

_SALE = """
prsc_dr_cert_type text
prsc_dr_certno text
prsc_dr_name text
phar_cert_type text
phar_certno text
phar_name text
phar_prac_cert_no text
hi_feesetl_type text
setl_id text
mdtrt_sn text
psn_no text
psn_cert_type text
certno text
psn_name text
trdn_flag flag
finl_trns_pric price
rxno text
rx_circ_flag digit
rtal_docno text
stoout_no text
bchno text
drug_prod_barc text
shelf_posi text
sel_retn_cnt quantity !
sel_retn_time datetime !
sel_retn_opter_name text
memo text
mdtrt_setl_type digit
drug_trac_codg text
"""

FSI_3505 = _STOCK_ITEM + _SALE

FSI_3506 = _STOCK_ITEM + _SALE

MEDINS_D = """
fixmedins_code institution !
fixmedins_name text
hosp_lv level
medins_type text
fix_blng_admdvs area
aprv_bed_cnt integer
begndate date
enddate enddate
"""

STAFF_D = """
staff_code text !
fixmedins_code institution !
name text
dr_profttl text
caty text
status digit
begndate date
enddate enddate
"""

PSN_MAP_D = """
old_psn_no text !
psn_no text !
"""

IDTY_CHECK_D = """
psn_no text !
fixmedins_code institution !
check_time datetime !
rslt flag !
mdtrt_id text
way text
"""
