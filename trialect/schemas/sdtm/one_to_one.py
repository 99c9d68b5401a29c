"""Variables that name one thing twice: each value of the one has one value of the other.

Such a relation holds over the whole trial, so the pairs are part of the profile, which merges; the
checks read them there (checks/whole.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OneToOne:
    """A relation: the rule that holds it, its two variables (`--` is the domain's prefix), what a
    finding says of it, and its clause.
    """

    rule: str
    name: str
    other: str
    title: str
    mend: str
    source: str

    def variables(self, dataset: str) -> tuple[str, str]:
        """The two variables as a dataset spells them."""
        return _spelled(self.name, dataset), _spelled(self.other, dataset)


def _spelled(name: str, dataset: str) -> str:
    return dataset[:2] + name[2:] if name.startswith("--") else name


ONE_TO_ONE = (
    OneToOne(
        "SDTM-TEST-ONE-TO-ONE",
        "--TESTCD",
        "--TEST",
        "A test has two names",
        "One --TESTCD has one --TEST.",
        "FB0901; SDTMIG 3.4, 4.2.1",
    ),
    OneToOne(
        "SDTM-VISIT-ONE-TO-ONE",
        "VISITNUM",
        "VISIT",
        "VISIT and VISITNUM disagree",
        "One VISITNUM has one VISIT; give an unscheduled visit its own number.",
        "CG0035; FB0919; SDTMIG 3.4, 4.4.5",
    ),
    OneToOne(
        "SDTM-ARM-ONE-TO-ONE",
        "ARMCD",
        "ARM",
        "A planned arm has two names",
        "One ARMCD has one ARM.",
        "FB0902; SDTMIG 3.4, 5.2",
    ),
    OneToOne(
        "SDTM-ACTARM-ONE-TO-ONE",
        "ACTARMCD",
        "ACTARM",
        "An actual arm has two names",
        "One ACTARMCD has one ACTARM.",
        "FB0903; SDTMIG 3.4, 5.2",
    ),
    OneToOne(
        "SDTM-ELEMENT-ONE-TO-ONE",
        "ETCD",
        "ELEMENT",
        "An element has two names",
        "One ETCD has one ELEMENT.",
        "CG0154; FB0914; SDTMIG 3.4, 7.2.2",
    ),
    OneToOne(
        "SDTM-TS-PARM-ONE-TO-ONE",
        "TSPARMCD",
        "TSPARM",
        "A parameter has two names",
        "One TSPARMCD has one TSPARM.",
        "CG0307; FB0916; SDTMIG 3.4, 7.4.2",
    ),
    OneToOne(
        "SDTM-TS-VALCD-ONE-TO-ONE",
        "TSVALCD",
        "TSVAL",
        "A parameter's code has two values",
        "One TSVALCD has one TSVAL.",
        "CG0265; SDTMIG 3.4, 7.4.2",
    ),
    OneToOne(
        "SDTM-QNAM-ONE-TO-ONE",
        "QNAM",
        "QLABEL",
        "A qualifier has two labels",
        "One QNAM has one QLABEL.",
        "FB0920; SDTMIG 3.4, 8.4.1",
    ),
    OneToOne(
        "SDTM-DECOD-ONE-TO-ONE",
        "--DECOD",
        "--PTCD",
        "A preferred term has two codes",
        "One --DECOD has one --PTCD.",
        "CG0049; FB0909; SDTMIG 3.4, 6.2.1",
    ),
    OneToOne(
        "SDTM-BODSYS-ONE-TO-ONE",
        "--BODSYS",
        "--BDSYCD",
        "A body system has two codes",
        "One --BODSYS has one --BDSYCD.",
        "CG0083; FB0910; SDTMIG 3.4, 6.2.1",
    ),
)
"""Every relation, in the order in which its findings are told."""

REFERENCES = ("RDOMAIN", "IDVAR")
"""What a related record points at: not one-to-one, but known from its pairs all the same."""


def pairs_to_profile(dataset: str, columns: Iterable[str]) -> list[tuple[str, str]]:
    """The pairs of variables that a dataset has both of, each once."""
    present = set(columns)
    wanted = [relation.variables(dataset) for relation in ONE_TO_ONE]
    return [pair for pair in dict.fromkeys([*wanted, REFERENCES]) if present.issuperset(pair)]
