"""The domains of whole subjects while derivations complete them, and what a derivation is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from trialect.mappings.expressions import ExpressionError, evaluate
from trialect.mappings.sdtm.iso8601 import pick
from trialect.metadata import Origin, Provenance
from trialect.problems import Problem, Rule, rule
from trialect.protocol import Event
from trialect.schemas.sdtm import Dataset, dataset
from trialect.trial import BLOCK, FORM, ROW, Study, is_lineage

SUBJECT = "USUBJID"
_PREFIXED = re.compile("--(?=[A-Z])")

BAD_WHERE = rule(
    "DERIVE-WHERE",
    "error",
    "An expression that chooses records cannot be evaluated",
    "{value} cannot be evaluated over {domain}: {why}.",
    "Correct the expression in study.yaml or relations.csv.",
)


class Supplemental(Protocol):
    """What the tables say of a supplemental qualifier."""

    @property
    def label(self) -> str:
        """QLABEL."""

    @property
    def origin(self) -> str:
        """QORIG, in Define-XML's words."""

    @property
    def evaluator(self) -> str | None:
        """QEVAL."""


class Relation(Protocol):
    """A line of relations.csv."""

    @property
    def relation(self) -> str:
        """The prefix of RELID."""

    @property
    def role(self) -> str:
        """`anchor` or `related`."""

    @property
    def domain(self) -> str:
        """The dataset whose records are meant."""

    @property
    def where(self) -> str | None:
        """The expression that chooses them."""

    @property
    def by(self) -> Sequence[str]:
        """The variables besides the subject that join related records to their anchor."""

    @property
    def reltype(self) -> str | None:
        """RELTYPE."""


class Tables(Protocol):
    """What derivations need of the mapping tables."""

    @property
    def relations(self) -> Sequence[Relation]:
        """The lines of relations.csv."""

    @property
    def supplemental(self) -> Mapping[tuple[str, str], Supplemental]:
        """The supplemental qualifiers by (domain, QNAM)."""

    @property
    def provenance(self) -> Sequence[Provenance]:
        """How each block fills each variable."""


@dataclass(frozen=True, slots=True)
class _NoTables:
    """No mapping tables, as for the datasets of the protocol."""

    relations: Sequence[Relation] = ()
    supplemental: Mapping[tuple[str, str], Supplemental] = field(default_factory=dict)
    provenance: Sequence[Provenance] = ()


NO_TABLES: Tables = _NoTables()


@dataclass(frozen=True, slots=True)
class Output:
    """A variable that a derivation fills: `--DY` and `EPOCH` in every domain that has it, `DM.AGE`
    in one. `method` is the text that Define-XML prints and trace shows.
    """

    variable: str
    inputs: tuple[str, ...]
    method: str
    origin: Origin = field(default_factory=lambda: Origin("Derived", "Sponsor"))

    def fills(self, domain: str, variable: str) -> bool:
        """Whether this is the output for a variable of a domain."""
        where, dot, name = self.variable.partition(".")
        if dot:
            return domain == where and variable == name
        return variable == _spell(domain, where)

    def provenance(self, domain: str, variable: str, derivation: str) -> Provenance:
        """How the derivation fills the variable of the domain, in the domain's own names."""
        method, inputs = self.method, self.inputs
        if "." not in self.variable:
            # Where the output is of one domain, --DTC in its text means that of every other one.
            method = _PREFIXED.sub(domain[:2], method)
            inputs = tuple(_spell(domain, name) for name in inputs)
        return Provenance(
            domain=domain,
            variable=variable,
            block=derivation,
            verb=f"derive:{derivation}",
            origin=self.origin,
            method=method,
            inputs=inputs,
        )


@dataclass(frozen=True, slots=True)
class Derivation:
    """A step that completes the domains: its name, what it fills, and the function that does it."""

    name: str
    outputs: tuple[Output, ...]
    apply: Callable[[Draft], None]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Everything that its outputs are made from, each once."""
        return tuple(dict.fromkeys(name for output in self.outputs for name in output.inputs))

    def output(self, domain: str, variable: str) -> Output:
        """The declared output behind a variable. Raises KeyError when it was not declared."""
        for output in self.outputs:
            if output.fills(domain, variable):
                return output
        raise KeyError(f"{self.name} does not declare {domain}.{variable}")


@dataclass(slots=True)
class Derived:
    """Complete domains, the problems found, and how each derived variable was filled."""

    frames: dict[str, pl.DataFrame]
    problems: list[Problem]
    provenance: list[Provenance]


@dataclass(slots=True)
class Draft:
    """Domains being completed. A value that the tables mapped is never replaced."""

    study: Study
    tables: Tables
    frames: dict[str, pl.DataFrame]
    problems: list[Problem] = field(default_factory=list)
    provenance: dict[tuple[str, str, str], Provenance] = field(default_factory=dict)

    def subject_datasets(self) -> list[tuple[str, Dataset]]:
        """The datasets at hand that SDTMIG knows and that hold records of subjects."""
        found = [(name, dataset(name)) for name in self.frames]
        return [
            (name, model)
            for name, model in found
            if model is not None and model.has_subjects and SUBJECT in self.frames[name].columns
        ]

    def has(self, name: str, *variables: str) -> bool:
        """Whether a dataset is at hand and has these columns."""
        return name in self.frames and set(variables) <= set(self.frames[name].columns)

    def fill(self, by: Derivation, name: str, variable: str, values: pl.Expr | pl.Series) -> None:
        """Give a variable values where it has none; it is added when it is not there.

        What was filled is remembered as provenance; nothing is when no value came.
        """
        frame = self.frames[name]
        model = dataset(name)
        known = model.allowed(variable) if model is not None else None
        dtype = pl.Float64 if known is not None and known.type == "Num" else pl.String
        empty_before = frame.height
        if isinstance(values, pl.Series):
            values = pl.lit(values)
        if variable in frame.columns:
            empty_before = frame[variable].null_count()
            values = pl.coalesce(variable, values)
        frame = frame.with_columns(values.cast(dtype).alias(variable))
        if frame[variable].null_count() < empty_before:
            self.note(by, name, variable)
        self.frames[name] = frame

    def note(self, by: Derivation, name: str, variable: str) -> None:
        """Remember that a derivation filled a variable."""
        key = (by.name, name, variable)
        if key not in self.provenance:
            output = by.output(name, variable)
            self.provenance[key] = output.provenance(name, variable, by.name)

    def note_continuation(self, by: str, name: str, variable: str, base: str) -> None:
        """Remember that a variable goes on with the text of another one."""
        self.provenance[by, name, variable] = Provenance(
            domain=name,
            variable=variable,
            block=by,
            verb=f"derive:{by}",
            method=f"Goes on with the text of {base}, which is longer than 200 characters: the "
            "pieces join with a space after one shorter than 200 characters, without one after "
            "a piece of 200.",
            inputs=(base,),
        )

    def report(
        self,
        rule: Rule,
        name: str,
        rows: pl.DataFrame,
        variable: str | None = None,
        given: Mapping[str, str] | None = None,
    ) -> None:
        """A problem for each row of a dataset; `given` names the columns that fill its text."""
        for row in rows.iter_rows(named=True):
            place = {
                "domain": name,
                "usubjid": row.get(SUBJECT),
                "file": row.get(FORM),
                "row": row.get(ROW),
                "variable": variable,
            }
            texts = {word: row[column] for word, column in (given or {}).items()}
            self.problems.append(rule.problem(**place, **texts))

    def subjects(self, *columns: str) -> pl.DataFrame:
        """USUBJID and these columns of DM, one row a subject; one that DM lacks is all null."""
        schema = {SUBJECT: pl.String, **dict.fromkeys(columns, pl.String)}
        if not self.has("DM", SUBJECT):
            return pl.DataFrame(schema=schema)
        dm = self.frames["DM"]
        absent = [pl.lit(None, pl.String).alias(c) for c in columns if c not in dm.columns]
        return dm.with_columns(absent).select(SUBJECT, *columns).unique(SUBJECT, keep="first")

    def by_subject(self, name: str, values: pl.DataFrame, column: str) -> pl.Series:
        """A column of `values` (one row a USUBJID) for each record of a dataset."""
        keys = self.frames[name].select(SUBJECT)
        joined = keys.join(values.select(SUBJECT, column), SUBJECT, "left", maintain_order="left")
        return joined[column]

    def add(self, by: Derivation, name: str, records: pl.DataFrame) -> None:
        """Add derived records to a dataset, with the derivation as their block."""
        records = records.with_columns(
            pl.lit(None, pl.String).alias(FORM),
            pl.lit(None, pl.Int64).alias(ROW),
            pl.lit(by.name).alias(BLOCK),
        )
        for variable in records.columns:
            if not is_lineage(variable) and records[variable].null_count() < records.height:
                self.note(by, name, variable)
        before = self.frames.get(name)
        self.frames[name] = (
            records if before is None else pl.concat([before, records], how="diagonal")
        )

    def event(self, event: Event) -> pl.DataFrame:
        """The date of an event by subject, as far as it is certain: USUBJID, date."""
        if not self.has(event.domain, SUBJECT, event.date):
            return pl.DataFrame(schema={SUBJECT: pl.String, "date": pl.String})
        frame = self.chosen(event.domain, event.where)
        return pick(frame, SUBJECT, event.date, event.pick)

    def chosen(self, name: str, where: str | None) -> pl.DataFrame:
        """The records of a dataset that an expression of the study chooses; all without one.

        An expression that cannot be evaluated chooses nothing and is a problem.
        """
        frame = self.frames[name]
        if not where:
            return frame
        try:
            values, failed = evaluate(frame.select(c for c in frame.columns if c[0] != "@"), where)
        except ExpressionError as error:
            problem = BAD_WHERE.problem(domain=name, value=where, why=str(error))
            if problem not in self.problems:
                self.problems.append(problem)
            return frame.clear()
        places = [place for place, _ in failed]
        reasons = pl.Series("@why", [why for _, why in failed], pl.String)
        told = frame[places].with_columns(reasons, pl.lit(where).alias("@where"))
        self.report(BAD_WHERE, name, told, given={"value": "@where", "why": "@why"})
        return frame.filter(values.cast(pl.Boolean, strict=False).fill_null(value=False))


def _spell(domain: str, variable: str) -> str:
    """`--DY` as a domain spells it; a name with a dot or without dashes as it is."""
    return domain[:2] + variable[2:] if variable.startswith("--") else variable
