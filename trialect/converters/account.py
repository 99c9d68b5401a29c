"""The account of a conversion: what came in, what became of it, what went out.

It is the source of manifest.json, of the report and of the summary on the screen. For every
form, rows = mapped + rejected; a test holds it to that.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from trialect import __version__
from trialect.converters.explanations import Explanation
from trialect.problems import Problem, Severity
from trialect.trial import Study


@dataclass(slots=True)
class FormAccount:
    """One input: its file, fingerprint, and how many of its rows were mapped or rejected."""

    file: str
    sha256: str
    bytes: int
    rows: int = 0
    mapped: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Output:
    """One file of the package: its path inside it, size, fingerprint and number of records."""

    file: str
    sha256: str
    bytes: int
    records: int | None = None


@dataclass(slots=True)
class Account:
    """The whole of a conversion in numbers.

    `flows` counts the records of each dataset by the form they came from (form "" for records
    that a derivation made); `terminology` is the SHA-256 of what the table of terms holds; `fhir`
    the resources by type; `digests` the SHA-256 of files of the
    package that is known since they were written; `by_rule`, `by_severity` and `by_domain` the
    problems, `explained` those that the study's explanations speak of, and `by_state` all against
    an earlier run.
    """

    study: Study
    targets: tuple[str, ...]
    unblinded: bool
    stamp: str
    subjects: int = 0
    forms: dict[str, FormAccount] = field(default_factory=dict)
    other_inputs: list[Output] = field(default_factory=list)
    terminology: str = ""
    datasets: dict[str, int] = field(default_factory=dict)
    flows: Counter[tuple[str, str]] = field(default_factory=Counter)
    fhir: Counter[str] = field(default_factory=Counter)
    outputs: list[Output] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    by_rule: Counter[str] = field(default_factory=Counter)
    by_severity: Counter[Severity] = field(default_factory=Counter)
    by_domain: Counter[str] = field(default_factory=Counter)
    explanations: tuple[Explanation, ...] = ()
    explained: Counter[Severity] = field(default_factory=Counter)
    by_state: dict[str, int] = field(default_factory=dict)
    told: list[tuple[str, Problem]] = field(default_factory=list)
    """What targets told of facts of the study, each with the target, for the losses."""

    @property
    def standards(self) -> dict[str, str]:
        """The standards that the outputs follow, with their versions."""
        return {
            "SDTMIG": self.study.sdtm.ig,
            "SDTM CT": self.study.sdtm.ct,
            "FHIR": self.study.fhir.release,
            "Define-XML": "2.1",
            "Dataset-JSON": "1.1",
            "XPT": "SAS Transport version 5",
        }

    @property
    def open_errors(self) -> int:
        """The number of findings of severity error that nothing explains."""
        return self.by_severity[Severity.ERROR] - self.explained[Severity.ERROR]

    @property
    def rejected(self) -> int:
        """How many source rows were quarantined."""
        return sum(form.rejected for form in self.forms.values())

    def as_dict(self) -> dict[str, Any]:
        """manifest.json as plain JSON values, in a fixed order."""
        return {
            "trialect": __version__,
            "study": self.study.studyid,
            "invented": self.study.invented,
            "stamp": self.stamp,
            "standards": self.standards,
            "targets": list(self.targets),
            "unblinded": self.unblinded,
            "subjects": self.subjects,
            "inputs": {
                "forms": {
                    name: {
                        "file": form.file,
                        "sha256": form.sha256,
                        "bytes": form.bytes,
                        "rows": form.rows,
                        "mapped": form.mapped,
                        "rejected": form.rejected,
                    }
                    for name, form in sorted(self.forms.items())
                },
                "study": [_output(one) for one in self.other_inputs],
                "terminology": {"version": self.study.sdtm.ct, "sha256": self.terminology},
            },
            "datasets": dict(self.datasets),
            "flows": [
                {"form": form or None, "dataset": dataset, "records": records}
                for (form, dataset), records in sorted(self.flows.items())
            ],
            "fhir": dict(sorted(self.fhir.items())),
            "problems": {
                "by_severity": {s.value: self.by_severity.get(s, 0) for s in Severity},
                "by_rule": dict(sorted(self.by_rule.items())),
                "by_domain": dict(sorted(self.by_domain.items())),
                "explained": {s.value: self.explained.get(s, 0) for s in Severity},
            },
            "outputs": [_output(one) for one in sorted(self.outputs, key=lambda o: o.file)],
        }


def _output(output: Output) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "file": output.file,
        "sha256": output.sha256,
        "bytes": output.bytes,
    }
    if output.records is not None:
        facts["records"] = output.records
    return facts


def write_manifest(path: Path, account: Account) -> None:
    """Write manifest.json; the same account gives the same bytes."""
    path.write_bytes(
        orjson.dumps(account.as_dict(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    )
