"""The comparisons, theme by theme. A new one is a decorated function in one of these modules.

A new module is a line in `MODULES`; the order here is that of the table.
"""

from importlib import import_module

MODULES = (
    "identity",
    "design",
    "progress",
    "dates",
    "enrolment",
    "arms",
    "treatments",
    "places",
    "subjects",
    "criteria",
    "outcomes",
    "summary",
)

for _name in MODULES:
    import_module(f"{__name__}.{_name}")
