"""Facts of TS (SDTMIG 3.4, 7.4.2; the codes of SDTM CT 2025-03-28)."""

from __future__ import annotations

_YES_NO = "C66742"
PARAMETER_CODELISTS = {
    "ADAPT": _YES_NO,
    "ADDON": _YES_NO,
    "BRDNAIND": _YES_NO,
    "BRIND": _YES_NO,
    "DMCIND": _YES_NO,
    "EGCTMON": _YES_NO,
    "EGLEADSM": _YES_NO,
    "EPDISIND": _YES_NO,
    "EXTTIND": _YES_NO,
    "FDADEIND": _YES_NO,
    "FDADRIND": _YES_NO,
    "HLTSUBJI": _YES_NO,
    "ONGOSIND": _YES_NO,
    "PASSIND": _YES_NO,
    "PDPSTIND": _YES_NO,
    "PDSTIND": _YES_NO,
    "PIPIND": _YES_NO,
    "RANDOM": _YES_NO,
    "RDIND": _YES_NO,
    "SSTDYIND": _YES_NO,
    "DOSFRM": "C66726",
    "DOSFRQ": "C71113",
    "DOSU": "C71620",
    "INTMODEL": "C99076",
    "INTTYPE": "C99078",
    "ROUTE": "C66729",
    "SDTIGVER": "C160924",
    "SDTMVER": "C160923",
    "SEXPOP": "C66732",
    "STYPE": "C99077",
    "TBLIND": "C66735",
    "TCNTRL": "C66785",
    "TINDTP": "C66736",
    "TPHASE": "C66737",
    "TTYPE": "C66739",
}
"""The codelist of TSVAL for a parameter (SDTMIG 3.4, TS: trial summary codes)."""
