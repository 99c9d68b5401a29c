"""A Study as a study definition of CDISC's USDM 4.0, and back.

`study_*` modules make instances of a Study's facts, `usdm_*` read them back. What USDM has no
attribute for is carried beside (`carried.py`), so that no fact is lost on the way.
"""
