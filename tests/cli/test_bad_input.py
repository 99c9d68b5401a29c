"""Bad input through the command line: the exit code, and a message that names the place and the
way out. Nothing ends in a traceback, and nothing is left behind.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from trialect.cli import Exit, app

FILES = {
    "study.yaml": """\
studyid: TINY
title: A tiny trial
sponsor: {name: A Sponsor, type: INDUSTRY}
start: {date: "2026-01-05"}
records:
  subject: SUBJ
outputs: [dataset-json]
""",
    "records/demog.csv": "SUBJ,SITE,SEX,BORN\n1,01,F,1980-01-02\n2,01,M,1981-02-03\n",
    "records/ae.csv": "SUBJ,TERM,SEV,ON\n1,Headache,mild,2026-01-05\n2,Rash,severe,2026-01-06\n",
    "mappings/sources.csv": "domain,block,from\nDM,demography,demog\nAE,events,ae\n",
    "mappings/dm.csv": """\
target,verb,source,value,codelist,format
USUBJID,compute,,STUDYID || '-' || SUBJ,,
SUBJID,assign,SUBJ,,,
SITEID,assign,SITE,,,
SEX,assign_ct,SEX,,SEX,
BRTHDTC,assign_date,BORN,,,yyyy-mm-dd
COUNTRY,hardcode,,TUR,,
ARMNRS,hardcode_ct,,NOT ASSIGNED,,
""",
    "mappings/ae.csv": """\
target,verb,source,value,codelist,format
AETERM,assign,TERM,,,
AEDECOD,assign,TERM,,,
AESEV,assign_ct,SEV,,severity; AESEV,
AESTDTC,assign_date,ON,,,yyyy-mm-dd
""",
    "mappings/codelists/severity.csv": "source,term\nmild,MILD\n",
}


class Study:
    """A study folder to break, and what the command line says of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.out = folder.parent / "out"
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name: str, data: str | bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)

    def change(self, name: str, old: str, new: str) -> None:
        text = FILES[name]
        assert old in text
        self.write(name, text.replace(old, new))

    def add(self, name: str, text: str | bytes) -> None:
        self.write(name, FILES[name].encode() + (text.encode() if isinstance(text, str) else text))

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()

    def convert(self) -> Result:
        arguments = ["convert", str(self.folder), "-o", str(self.out), "--jobs", "1"]
        return CliRunner().invoke(app, arguments)

    def says(self, code: Exit, *words: str) -> str:
        """What it prints, which holds these words; the exit code is `code`."""
        result = self.convert()
        text = result.output
        assert result.exception is None or isinstance(result.exception, SystemExit), (
            result.exception
        )
        assert result.exit_code == code, text
        assert "Traceback" not in text
        for word in words:
            assert word in text, text
        beside = {path.name for path in self.folder.parent.iterdir()}
        assert beside == {self.folder.name} | ({"out"} if code != Exit.UNUSABLE else set())
        return text


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return Study(tmp_path / "home" / "study")


def test_the_study_itself_is_clean(study: Study) -> None:
    study.says(Exit.CLEAN, "2 subjects", "0 rows rejected")


UNUSABLE: dict[str, tuple[Callable[[Study], None], tuple[str, ...]]] = {
    "no study file": (
        lambda study: study.remove("study.yaml"),
        ("there is no study.yaml", "Name the study folder"),
    ),
    "no export": (
        lambda study: study.remove("records/ae.csv"),
        ("records:", "form 'ae'", "the folder holds demog.csv", "Add the export"),
    ),
    "export under another name": (
        lambda study: (study.folder / "records/ae.csv").rename(study.folder / "records/AE.csv"),
        ("form 'ae'", "Did you mean AE.csv?"),
    ),
    "no folder of exports": (
        lambda study: study.change("study.yaml", "subject: SUBJ", "folder: exports"),
        ("exports: the folder does not exist", "records.folder"),
    ),
    "no mapping tables": (
        lambda study: study.remove("mappings/sources.csv"),
        ("mappings", "sources.csv"),
    ),
    "wrong column": (
        lambda study: study.change("mappings/ae.csv", "AETERM,assign,TERM", "AETERM,assign,TREM"),
        ("mappings/ae.csv:2: source: form ae has no column 'TREM'", "TERM", "Its columns are"),
    ),
    "wrong subject column": (
        lambda study: study.change("study.yaml", "subject: SUBJ", "subject: SUBJECT"),
        ("records/ae.csv: form 'ae' has no column 'SUBJECT'", "SUBJ", "records.forms"),
    ),
    "unknown verb": (
        lambda study: study.change("mappings/ae.csv", "AETERM,assign,", "AETERM,asign,"),
        ("mappings/ae.csv:2: verb: 'asign' is no verb", "assign", "The verbs are"),
    ),
    "unknown key": (
        lambda study: study.change("study.yaml", "subject: SUBJ", "subjekt: SUBJ"),
        ("study.yaml:6:", "subjekt", "subject"),
    ),
    "unknown codelist": (
        lambda study: study.change("mappings/ae.csv", "severity; AESEV", "severty; AESEV"),
        (
            "mappings/ae.csv:4: codelist: 'severty' is no codelist",
            "severity",
            "codelists/severty.csv",
        ),
    ),
    "unknown variable": (
        lambda study: study.change("mappings/ae.csv", "AEDECOD,", "AEDECODE,"),
        ("mappings/ae.csv:3: target: AEDECODE is no variable of AE", "AEDECOD", "label"),
    ),
    "unknown domain": (
        lambda study: study.change("mappings/sources.csv", "AE,events", "AX,events"),
        ("mappings/sources.csv:3: domain: 'AX' is no dataset of SDTMIG 3.4",),
    ),
    "unknown table column": (
        lambda study: study.change(
            "mappings/sources.csv", "domain,block,from", "domain,block,form"
        ),
        ("mappings/sources.csv:1:", "'form'", "from"),
    ),
    "expression that reaches out": (
        lambda study: study.change("mappings/dm.csv", "STUDYID || '-' || SUBJ", "MAX(SUBJ)"),
        (
            "mappings/dm.csv:2: value: 'MAX(SUBJ)'",
            "no function that it may call",
            "docs/mapping.md",
        ),
    ),
    "export that is not UTF-8": (
        lambda study: study.add("records/ae.csv", "2,Ağrı,mild,2026-01-05\n".encode("cp1254")),
        ("records/ae.csv:4", "utf-8", "Ağrı", "cp1254", "encoding"),
    ),
    "table that is not UTF-8": (
        lambda study: study.add("mappings/codelists/severity.csv", b"hafif \xfe,MILD\n"),
        ("mappings/codelists/severity.csv", "UTF-8", "Save the table as CSV UTF-8"),
    ),
    "study file that is not UTF-8": (
        lambda study: study.add("study.yaml", b"acronym: \xfe\n"),
        ("study.yaml:8", "0xFE is not UTF-8", "Save the file as UTF-8"),
    ),
    "empty export": (
        lambda study: study.write("records/ae.csv", ""),
        ("records/ae.csv: the file is empty: it has no header",),
    ),
    "empty table": (
        lambda study: study.write("mappings/sources.csv", ""),
        ("mappings/sources.csv:1: the column 'domain' is missing", "Add it to the header"),
    ),
    "empty study file": (
        lambda study: study.write("study.yaml", ""),
        ("study.yaml",),
    ),
    "NUL bytes in an export": (
        lambda study: study.add("records/ae.csv", b"2,Ra\0sh,mild,2026-01-05\n"),
        ("records/ae.csv:4", "NUL byte"),
    ),
    "NUL bytes in a table": (
        lambda study: study.add("mappings/codelists/severity.csv", b"har\0d,SEVERE\n"),
        ("mappings/codelists/severity.csv:3", "NUL"),
    ),
    "NUL bytes in the study file": (
        lambda study: study.add("study.yaml", b"acronym: a\0b\n"),
        ("study.yaml:8", "U+0000", "Take it out"),
    ),
    "a huge cell in a table": (
        lambda study: study.add("mappings/codelists/severity.csv", "x" * 200_000 + ",MILD\n"),
        ("mappings/codelists/severity.csv:3", "more than 131,072 characters"),
    ),
    "a quote that is never closed in a table": (
        lambda study: study.add("mappings/ae.csv", 'AESER,hardcode,,"N,,\nAEOUT,assign,TERM,,,\n'),
        ("mappings/ae.csv:6", "a quote is opened and never closed"),
    ),
    "a quote that is never closed in an export": (
        lambda study: study.add("records/ae.csv", '2,"Rash,mild,2026-01-05\n'),
        ("records/ae.csv:4", "never closed"),
    ),
    "YAML that grows": (
        lambda study: study.write(
            "study.yaml",
            "a: &a [x, x, x, x, x, x, x, x, x]\n"
            + "".join(
                f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n"
                for n in range(9)
            ),
        ),
        ("study.yaml:1:", "&a is an anchor or alias", "Write the text out"),
    ),
    "YAML that is deep": (
        lambda study: study.write("study.yaml", "studyid: " + "[" * 10_000 + "]" * 10_000),
        ("study.yaml:1", "deep"),
    ),
    "YAML that runs code": (
        lambda study: study.add("study.yaml", "acronym: !!python/object/apply:os.system [true]\n"),
        ("study.yaml:8", "is a tag", "Take it out"),
    ),
    "a study file of many megabytes": (
        lambda study: study.add("study.yaml", "# " + "x" * 2_000_000),
        ("study.yaml", "2000", "Check that this is the study file"),
    ),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_what_cannot_be_used_ends_with_2(study: Study, case: str) -> None:
    breaks, words = UNUSABLE[case]
    breaks(study)
    study.says(Exit.UNUSABLE, *words)
    assert not study.out.exists()


OUTSIDE: dict[str, tuple[Callable[[Study], None], tuple[str, ...]]] = {
    "a form by its path": (
        lambda study: study.change("mappings/sources.csv", "events,ae", "events,../ae"),
        ("form '../ae'",),
    ),
    "a form by its name in study.yaml": (
        lambda study: (
            study.add("study.yaml", ""),
            study.change(
                "study.yaml",
                "subject: SUBJ",
                "subject: SUBJ\n  forms: {../../ae: {file: ae.csv}}",
            ),
            study.change("mappings/sources.csv", "events,ae", "events,../../ae"),
        ),
        ("study.yaml:7", "../../ae"),
    ),
    "a form's file": (
        lambda study: study.change(
            "study.yaml", "subject: SUBJ", "subject: SUBJ\n  forms: {ae: {file: ../../ae.csv}}"
        ),
        ("study.yaml:7", "../../ae.csv", "Name a place inside it"),
    ),
    "a form's file by its whole path": (
        lambda study: study.change(
            "study.yaml", "subject: SUBJ", "subject: SUBJ\n  forms: {ae: {file: /etc/passwd}}"
        ),
        ("study.yaml:7", "/etc/passwd", "Name a place inside it"),
    ),
    "the folder of the exports": (
        lambda study: study.change("study.yaml", "subject: SUBJ", "folder: ../../etc"),
        ("study.yaml:6", "../../etc"),
    ),
    "a link out of the folder": (
        lambda study: (
            study.remove("records/ae.csv"),
            (study.folder.parent.parent / "ae.csv").write_text(FILES["records/ae.csv"]),
            (study.folder / "records/ae.csv").symlink_to(study.folder.parent.parent / "ae.csv"),
        ),
        ("form 'ae'", "leads out of records"),
    ),
    "a dataset": (
        lambda study: study.change("mappings/sources.csv", "AE,events", "../AE,events"),
        ("mappings/sources.csv:3: domain", "'../AE' is no dataset"),
    ),
}


@pytest.mark.parametrize("case", OUTSIDE)
def test_nothing_is_read_or_written_outside_the_folders(study: Study, case: str) -> None:
    breaks, words = OUTSIDE[case]
    breaks(study)
    study.says(Exit.UNUSABLE, *words)


def test_a_studyid_names_no_other_folder(study: Study) -> None:
    study.change("study.yaml", "studyid: TINY", "studyid: ../../../TINY")
    study.says(Exit.UNUSABLE, "study.yaml:1: studyid", "cannot be the name of a folder")


def test_a_field_that_is_too_long_is_told_by_its_row(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trialect.converters.readers.csv.RECORD_LIMIT", 2**20)
    study.add("records/ae.csv", f'2,"{"x" * 3 * 2**20}",mild,2026-01-05\n')
    study.says(
        Exit.UNUSABLE, "records/ae.csv:4", "longer than 1 MB", "column 'TERM'", "never closed"
    )


def test_a_file_of_two_gigabytes_of_nothing_is_refused_at_once(study: Study) -> None:
    study.add("records/ae.csv", "2,Ra")
    os.truncate(study.folder / "records/ae.csv", 2**31)
    study.says(Exit.UNUSABLE, "records/ae.csv:4", "NUL byte")


FINDINGS: dict[str, tuple[Callable[[Study], None], tuple[str, ...]]] = {
    "a subject twice": (
        lambda study: study.add("records/demog.csv", "2,02,M,1981-02-03\n"),
        (
            "MAP-DUPLICATE-SUBJECT",
            "records/demog.csv:4",
            "subject 2 has its record for DM from row 3 already",
            "Keep one row a subject",
        ),
    ),
    "a subject in one file only": (
        lambda study: study.add("records/ae.csv", "3,Rash,mild,2026-01-05\n"),
        ("MAP-SUBJECT-NOT-IN-DM", "records/ae.csv:4", "subject 3", "Add the subject"),
    ),
    "a row without a subject": (
        lambda study: study.add("records/ae.csv", ",Rash,mild,2026-01-05\n"),
        ("STAGE-NO-SUBJECT", "records/ae.csv:4: SUBJ", "names no subject", "Fill the column"),
    ),
    "a row with too many fields": (
        lambda study: study.add("records/ae.csv", "2,Rash,mild,2026-01-05,more\n"),
        ("READ-RAGGED-ROW", "records/ae.csv:4", "5 fields where the header has 4"),
    ),
    "an impossible date": (
        lambda study: study.add("records/ae.csv", "2,Rash,mild,2026-02-30\n"),
        ("MAP-DATE-IMPOSSIBLE", "records/ae.csv:4: ON", "2026-02-30", "Correct the date"),
    ),
    "a date in another format": (
        lambda study: study.add("records/ae.csv", "2,Rash,mild,30/01/2026\n"),
        ("MAP-DATE-FORMAT", "records/ae.csv:4: ON", "30/01/2026", "yyyy-mm-dd"),
    ),
    "a term that is none": (
        lambda study: study.add("records/ae.csv", "2,Rash,mildish,2026-01-05\n"),
        ("MAP-TERM-UNKNOWN", "records/ae.csv:4: SEV", "mildish", "nearest: MILD", "codelist"),
    ),
    "two subjects with one USUBJID": (
        lambda study: study.change("mappings/dm.csv", "STUDYID || '-' || SUBJ", "STUDYID || SITE"),
        ("MAP-SAME-USUBJID", "records/demog.csv:3", "TINY01", "subject 1's already"),
    ),
}


@pytest.mark.parametrize("case", FINDINGS)
def test_what_is_wrong_with_a_record_ends_with_1_and_stands_in_the_report(
    study: Study, case: str
) -> None:
    breaks, words = FINDINGS[case]
    breaks(study)
    study.says(Exit.FINDINGS)
    result = CliRunner().invoke(app, ["validate", str(study.out)])
    assert "Traceback" not in result.output
    report = (study.out / "report.json").read_text(encoding="utf-8")
    import json

    found = [one for one in json.loads(report)["problems"] if one["rule"] == words[0]]
    assert found
    told = " | ".join(
        f"{one.get('file')}:{one.get('row')}: {one.get('field')} {one['message']} {one['mend']}"
        for one in found
    )
    for word in words[1:]:
        assert word in told


def test_every_message_is_one_line_with_its_place_first(study: Study) -> None:
    study.change("mappings/ae.csv", "AETERM,assign,TERM", "AETREM,asign,TREM")
    study.change("mappings/dm.csv", "SUBJID,assign,SUBJ", "SUBJID,assign,SUBJECT\nSEX,hardcode,,")
    text = study.says(Exit.UNUSABLE)
    assert all(re.match(r"mappings/\w+\.csv:\d+: \w+: ", line) for line in text.splitlines())
