"""The subjects of one partition as the resource files see them: columns ready for the templates.

A resource file asks for a domain and the columns it uses; it gets the records of known subjects,
with the columns in any case, the ids it may refer to, and the blind already kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import orjson
import polars as pl

from trialect.mappings.fhir import blind, datetimes
from trialect.mappings.fhir.identity import Identity
from trialect.mappings.fhir.resource import SubjectResource
from trialect.mappings.fhir.whole_texts import with_whole_texts
from trialect.mappings.sdtm.numbers import number_text
from trialect.problems import Problem, Problems, Rule, rule
from trialect.trial import Study

Codes = Mapping[str, tuple[str | None, str | None]]
"""--TESTCD to its LOINC and SNOMED CT codes."""

NOT_IN_DM = rule(
    "FHIR-NO-SUBJECT",
    "error",
    "A record of a subject that DM does not have",
    "{count} records of {domain} belong to {usubjid}, who is not in DM; no FHIR resource is made"
    " of them.",
    "Map the subject's DM record, or take the records out.",
)
SAME_RECORD = rule(
    "FHIR-SAME-RECORD",
    "error",
    "Two records with the same name",
    "{value} names more than one record; one FHIR resource was made, of the first.",
    "Give each record of a subject its own sequence number (SV: one record a visit).",
    "http://hl7.org/fhir/R4/http.html#trules",
)

NO_NUMBER = rule(
    "FHIR-NO-NUMBER",
    "error",
    "A record that cannot be named",
    "{variable} is missing, which tells the record from the subject's others; no FHIR resource is"
    " made of it.",
    "Give every record its sequence number (SV: VISITNUM).",
)

NO_PARENT = rule(
    "FHIR-NO-PARENT",
    "warning",
    "Records that name no record",
    "{count} records of {name} name records of {domain} by {variable}, which is not there; they"
    " are not in FHIR.",
    "Name the records by a variable that their dataset has (--SEQ).",
)

RECORD = "record"
"""Column: the value of the resource's identifier."""
ID = "id"
"""Column: the id of the resource (UUID)."""
SUBJECT = "subject"
"""Column (UInt32): the subject's place in the partition, from 0, in the order of DM."""

Rows = Callable[["Partition"], pl.DataFrame]
"""A resource's rows of a partition."""

_IDENTIFIERS = frozenset({"STUDYID", "DOMAIN", "USUBJID"})


class Partition:
    """Whole subjects: `frames` hold their SDTM domains; `problems` collects what is found.

    `trial` are the datasets without subjects.
    """

    def __init__(
        self,
        study: Study,
        codes: Codes,
        frames: Mapping[str, pl.DataFrame],
        *,
        unblinded: bool,
        trial: Mapping[str, pl.DataFrame] = MappingProxyType({}),
    ) -> None:
        self.study = study
        self.trial = trial
        self.codes = codes
        self.unblinded = unblinded
        self.identity = Identity(study)
        self.problems = Problems()
        self._frames = frames
        self._hidden = None if unblinded else blind.pattern(blind.telling_words(study))
        self._given = {} if unblinded else blind.given_to(frames)
        self._given_all = sorted(
            {
                form
                for values in self._given.values()
                for value in values
                for form in (value, value.replace(" ", ""))
            }
        )
        self._told: set[Problem] = set()
        self.subjects = self._subjects()
        self._made: dict[Rows, pl.DataFrame] = {}

    def _subjects(self) -> pl.DataFrame:
        dm = self._frames.get("DM", pl.DataFrame(schema={"USUBJID": pl.String}))
        found = with_columns(dm, ("USUBJID", "SITEID", "ARMCD")).filter(
            pl.col("USUBJID").is_not_null()
        )
        twice = found.filter(pl.col("USUBJID").is_duplicated())["USUBJID"].unique().to_list()
        for usubjid in sorted(twice):
            self.tell(SAME_RECORD.problem(domain="DM", usubjid=usubjid, value=usubjid))
        zones = {site.id: site.timezone or None for site in self.study.sites}
        self.zoneless = [code for code, zone in zones.items() if zone is None]
        found = found.unique("USUBJID", keep="first", maintain_order=True)
        return found.with_columns(
            self.identity.ids("Patient", found["USUBJID"]).alias("patient"),
            pl.col("SITEID")
            .replace_strict(zones, default=None, return_dtype=pl.String)
            .alias("zone"),
            pl.int_range(pl.len(), dtype=pl.UInt32).alias(SUBJECT),
            has_arm=pl.col("ARMCD").is_not_null(),
        ).drop("ARMCD")

    def has(self, domain: str) -> bool:
        """Whether the partition holds records of the domain."""
        return any(frame.height for frame in self._parts(domain))

    def _parts(self, domain: str) -> list[pl.DataFrame]:
        """The domain's frame, or those of a split domain (QSPH, QSSL: SDTMIG 4.1.7)."""
        return [
            self._frames[name]
            for name in sorted(self._frames)
            if name == domain or (name[:2] == domain and len(name) in (3, 4))
        ]

    def domain(
        self, domain: str, columns: Sequence[str], numbers: Sequence[str] = ()
    ) -> pl.DataFrame:
        """The records of a domain whose subjects are in DM, in subject order.

        Columns: USUBJID, `columns` (String, null where the domain lacks them), `numbers`
        (Float64), and `subject`, `patient`, `zone`, `SITEID` of the subject. In blinded mode a
        text that tells an arm is null, with a problem.
        """
        wanted = ("USUBJID", *columns, *numbers)
        parts = [with_columns(part, wanted, numbers) for part in self._parts(domain)]
        nothing = pl.DataFrame(schema={"USUBJID": pl.String})
        frame = pl.concat(parts) if parts else with_columns(nothing, wanted, numbers)
        known = self.subjects.select("USUBJID", SUBJECT, "patient", "zone", "SITEID")
        if "SITEID" in wanted:
            known = known.drop("SITEID")
        found = frame.join(known, on="USUBJID", how="left", maintain_order="left")
        lost = found.filter(pl.col(SUBJECT).is_null())
        for usubjid, count in lost.group_by("USUBJID").len().sort("USUBJID").iter_rows():
            self.tell(NOT_IN_DM.problem(domain=domain, usubjid=usubjid or "nobody", count=count))
        if lost.height:
            found = found.filter(pl.col(SUBJECT).is_not_null())
        found = found.sort(SUBJECT, maintain_order=True)
        # HIGH and LOW are words of arms and of normal ranges; the latter tell no arm.
        plain = (*_IDENTIFIERS, f"{domain}NRIND")
        texts = [c for c in columns if not c.endswith("DTC") and c not in plain]
        found = with_whole_texts(found, self.supplemental(domain), domain, texts, self.study)
        return self._masked(found, domain, texts)

    def schema(self, domain: str) -> dict[str, pl.DataType]:
        """The columns of a domain's records, those of all its parts."""
        return {n: t for part in self._parts(domain) for n, t in part.schema.items()}

    def frame(self, domain: str) -> pl.DataFrame:
        """The records of a domain as they are, those of subjects that DM lacks among them."""
        parts = self._parts(domain)
        return pl.concat(parts, how="diagonal") if parts else pl.DataFrame()

    def domains(self) -> list[str]:
        """The domains with subjects that are there, the parts of a split one once."""
        named = [
            str(frame["DOMAIN"][0]) if "DOMAIN" in frame.columns and frame.height else name
            for name, frame in self._frames.items()
            if frame.height and "USUBJID" in frame.columns
        ]
        return sorted(dict.fromkeys(named))

    def hide(self, frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
        """Without the records whose texts tell an arm or a treatment, in blinded mode."""
        for column in columns:
            if column in frame.columns and (tells := self._tells(frame, column)) is not None:
                frame = frame.filter(~tells)
        return frame

    def lose(self, domain: str, name: str, variable: str, count: int) -> None:
        """Tell that records of another dataset name no record of a domain."""
        self.tell(NO_PARENT.problem(domain=domain, variable=variable, count=count, name=name))

    def supplemental(self, domain: str) -> pl.DataFrame | None:
        """The supplemental qualifiers of a domain, if there are any."""
        parts = [
            frame
            for name, frame in sorted(self._frames.items())
            if name == f"SUPP{domain}" or (name[:6] == f"SUPP{domain}" and len(name) <= 8)
        ]
        return pl.concat(parts, how="diagonal") if parts else None

    def _masked(self, frame: pl.DataFrame, domain: str, columns: list[str]) -> pl.DataFrame:
        for column in columns:
            tells = self._tells(frame, column)
            if tells is not None and tells.any():
                self.report(frame.filter(tells), domain, column, blind.TEXT_WITHHELD)
                kept = pl.when(~tells).then(pl.col(column)).alias(column)
                frame = frame.with_columns(kept)
        return frame

    def _tells(self, frame: pl.DataFrame, column: str) -> pl.Series | None:
        """Whether a text names an arm, or what its subject was given; None where all is told."""
        if self.unblinded:
            return None
        texts = frame[column]
        found = pl.repeat(value=False, n=frame.height, eager=True)
        if self._hidden is not None:
            found = texts.str.contains(self._hidden).fill_null(value=False)
        if not self._given_all:
            return found
        near = texts.str.contains_any(self._given_all, ascii_case_insensitive=True)
        near = near.fill_null(value=False) & ~found
        if not near.any():
            return found
        pairs = frame.filter(near).select("USUBJID", text=column)
        sure = [
            blind.names_any(text, self._given.get(usubjid, ()))
            for usubjid, text in pairs.iter_rows()
        ]
        places = near.arg_true().filter(pl.Series(sure, dtype=pl.Boolean))
        return found.scatter(places, True) if len(places) else found

    def named(self, frame: pl.DataFrame, type: str, domain: str, number: str) -> pl.DataFrame:
        """The frame with `record` (`USUBJID.DOMAIN.number`) and `id`; each record once."""
        nameless = frame.filter(pl.col(number).is_null())
        if nameless.height:
            self.report(nameless, domain, number, NO_NUMBER)
            frame = frame.filter(pl.col(number).is_not_null())
        numbers = number_text(frame[number])
        record = pl.concat_str("USUBJID", pl.lit(f".{domain}."), numbers).alias(RECORD)
        frame = frame.with_columns(record)
        again = frame.filter(~pl.col(RECORD).is_first_distinct())
        if again.height:
            for usubjid, value in again.select("USUBJID", RECORD).unique().sort(RECORD).iter_rows():
                self.tell(SAME_RECORD.problem(domain=domain, usubjid=usubjid, value=value))
            frame = frame.filter(pl.col(RECORD).is_first_distinct())
        return frame.with_columns(self.identity.ids(type, frame[RECORD]).alias(ID))

    def tell(self, problem: Problem) -> None:
        """Collect a problem, once: several resources read the same record."""
        if problem not in self._told:
            self._told.add(problem)
            self.problems.add(problem)

    def rows(self, resource: SubjectResource) -> pl.DataFrame:
        """The rows of a resource, made once: others refer to their ids."""
        return self.made(resource.rows)

    def made(self, rows: Rows) -> pl.DataFrame:
        """What a function makes of the partition, made once."""
        if rows not in self._made:
            self._made[rows] = rows(self)
        return self._made[rows]

    def dated(self, frame: pl.DataFrame, domain: str, column: str, name: str) -> pl.DataFrame:
        """The frame with the dateTime of a --DTC column under `name`; null where FHIR has none."""
        plain = pl.col(column).str.contains(datetimes.PLAIN)
        full = pl.col(column).str.len_bytes() == 10
        real = pl.col(column).str.to_date("%Y-%m-%d", strict=False).is_not_null()
        certain = plain & (~full | real) & _month_exists(column)
        frame = frame.with_columns(
            pl.when(certain).then(pl.col(column)).otherwise(_timed(frame, column)).alias(name)
        )
        odd = frame.filter(pl.col(name).is_null() & pl.col(column).is_not_null())
        if not odd.height:
            return frame
        pairs = odd.select(column, "zone").unique()
        made = [datetimes.fhir_datetime(text, zone) for text, zone in pairs.iter_rows()]
        table = pairs.with_columns(
            pl.Series("@made", [value for value, _ in made], dtype=pl.String),
            pl.Series("@rule", [fault and fault.id for _, fault in made], dtype=pl.String),
        )
        frame = frame.join(
            table, on=[column, "zone"], how="left", nulls_equal=True, maintain_order="left"
        ).with_columns(pl.coalesce(name, "@made").alias(name))
        faults = {fault.id: fault for _, fault in made if fault is not None}
        for rule_id, fault in sorted(faults.items()):
            broken = frame.filter(pl.col("@rule") == rule_id)
            if fault is datetimes.NO_ZONE and self.study.fhir.all_variables:
                # Told once of the sites; an extension holds the text.
                broken = broken.filter(~pl.col("SITEID").is_in(self.zoneless).fill_null(False))
            self.report(broken, domain, column, fault, written=name)
        return frame.drop("@made", "@rule")

    def fragments(
        self,
        frame: pl.DataFrame,
        columns: Sequence[str],
        make: Callable[..., Any],
        name: str,
    ) -> pl.DataFrame:
        """The frame with column `name`: the JSON of what `make` gives for the values of `columns`.

        `make` is called once for each combination of values; None leaves the element out.
        """
        table = frame.select(columns).unique(maintain_order=True)
        made = [json_text(make(*values)) for values in table.iter_rows()]
        table = table.with_columns(pl.Series(name, made, dtype=pl.String))
        return frame.join(
            table, on=list(columns), how="left", nulls_equal=True, maintain_order="left"
        )

    def report(
        self, rows: pl.DataFrame, domain: str, variable: str, fault: Rule, written: str = ""
    ) -> None:
        """One problem of a rule for each of the rows."""
        number = "VISITNUM" if domain == "SV" else f"{domain}SEQ"
        for row in rows.iter_rows(named=True):
            seq = row.get(number)
            # The text that would break the blind is not repeated in the report.
            value = None if fault is blind.TEXT_WITHHELD else row[variable]
            self.tell(
                fault.problem(
                    domain=domain,
                    usubjid=row["USUBJID"],
                    seq=None if seq is None else shown(seq),
                    variable=variable,
                    value=value,
                    zone=row.get("zone"),
                    written=(row.get(written) or "nothing") if written else None,
                )
            )


def _timed(frame: pl.DataFrame, column: str) -> pl.Series:
    """Times of days on which the offset of the site's zone does not change; null elsewhere."""
    day = pl.col(column).str.slice(0, 10)
    real = day.str.to_date("%Y-%m-%d", strict=False).is_not_null() & ~day.str.starts_with("0000")
    timed = pl.col(column).str.contains(datetimes.TIMED) & real
    given = frame.select(pl.col(column).alias("text"), day.alias("day"), "zone", timed.alias("is"))
    days = given.filter("is").select("day", "zone").unique()
    offsets = [datetimes.offset_of_day(one, zone) for one, zone in days.iter_rows()]
    known = days.with_columns(pl.Series("offset", offsets, dtype=pl.String))
    minutes = pl.col("text").str.len_bytes() == len("2026-02-01T09:30")
    clock = pl.when(minutes).then(pl.col("text") + ":00").otherwise(pl.col("text"))
    return (
        given.join(known, on=["day", "zone"], how="left", maintain_order="left", nulls_equal=True)
        .select(pl.when("is").then(clock + pl.col("offset")))
        .to_series()
    )


def _month_exists(column: str) -> pl.Expr:
    month = pl.col(column).str.slice(5, 2)
    year = pl.col(column).str.slice(0, 4)
    return (year != "0000") & ((month == "") | month.is_between(pl.lit("01"), pl.lit("12")))


def with_columns(
    frame: pl.DataFrame, columns: Sequence[str], numbers: Sequence[str] = ()
) -> pl.DataFrame:
    """Exactly these columns of a frame, null where it lacks them."""
    return frame.select(
        pl.col(name).cast(pl.Float64 if name in numbers else pl.String)
        if name in frame.columns
        else pl.lit(None, pl.Float64 if name in numbers else pl.String).alias(name)
        for name in columns
    )


def shown(number: float) -> str:
    """A Num value as the shortest decimal text that gives it back."""
    if number == int(number) and abs(number) < 1e16:
        return str(int(number))
    from decimal import Decimal

    return format(Decimal(repr(number)), "f")


def json_text(value: Any) -> str | None:
    """The JSON of a value, compact; None stays None."""
    return None if value is None else orjson.dumps(value).decode()
