"""trialect trace: what a data manager reads, from every kind of cell."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

import trialect
from trialect.converters.trace import trace

Run = Callable[..., Result]

SUBJECT = "USUBJID=CTFPIRHD2025-01-001"


def lines(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [line.strip() for line in result.stdout.splitlines()]


def test_a_collected_cell_shows_its_place_and_text(run: Run, package: Path, study: Path) -> None:
    where = f"{SUBJECT} & QSSEQ=1"
    told = lines(run("trace", package, "QS", "--where", where, "QSORRES", "--study", study))
    assert told == [
        "QS  USUBJID=CTFPIRHD2025-01-001, QSSEQ=1",
        "QSORRES = 6",
        'records/diagnostic.csv, row 2, column pain_pre: "6"',
        "item (mappings/items.csv, line 7)",
    ]


def test_the_variable_may_stand_before_or_behind_the_condition(run: Run, package: Path) -> None:
    where = ["--where", f"{SUBJECT} & QSSEQ=3"]
    before = run("trace", package, "QS", "QSORRES", *where)
    behind = run("trace", package, "qs", *where, "qsorres")
    assert before.stdout == behind.stdout
    assert "QSORRES = 100.0" in before.stdout


def test_of_two_items_only_the_records_own_is_told(run: Run, package: Path) -> None:
    # Score and reduction one hour after the injection are two items of one block.
    told = {}
    for number in (2, 3):
        where = f"{SUBJECT} & QSSEQ={number}"
        for variable in ("QSORRES", "QSTESTCD"):
            told[number, variable] = run("trace", package, "QS", "-w", where, variable).stdout
    assert "column pain_1h" in told[2, "QSORRES"]
    assert "column red_1h" in told[3, "QSORRES"]
    for text in told.values():
        assert text.count("items.csv") == 1


def test_a_derived_cell_tells_what_it_was_made_of(run: Run, package: Path, study: Path) -> None:
    told = lines(run("trace", package, "DM", "AGE", "--where", SUBJECT, "--study", study))
    assert told[1] == "AGE = 29"
    assert told[2].startswith("derived (age): Completed years")
    assert told[3:] == [
        'from BRTHDTC = 1996-08-20, records/screening.csv, row 2, column birth_date: "20-AUG-1996"',
        "from RFICDTC = 2025-12-25T08:39, derived (informed_consent)",
        "from RFSTDTC = 2026-01-05T09:58, derived (reference_period)",
    ]


def test_inputs_of_other_domains_are_those_of_the_subject(run: Run, package: Path) -> None:
    told = lines(run("trace", package, "DM", "RFXSTDTC", "--where", SUBJECT))
    made = "from EX.EXSTDTC (EXSEQ=1) = 2026-01-05T09:58, records/treatment.csv, row 2, "
    assert told[-1] == made + "columns trt_date; trt_start"


def test_a_derivation_of_many_variables_names_those_that_are_filled(
    run: Run, package: Path
) -> None:
    told = lines(run("trace", package, "QS", "QSSEQ", "--where", f"{SUBJECT} & QSSEQ=1"))
    names = told[-1].removeprefix("from ").split(", ")
    assert {"USUBJID", "QSDTC", "QSTESTCD"} <= set(names)
    assert "QSOBJ" not in names


def test_of_several_instructions_each_is_told(run: Run, package: Path) -> None:
    told = lines(run("trace", package, "QS", "QSSTRESC", "--where", f"{SUBJECT} & QSSEQ=3"))
    assert told[1:5] == [
        "QSSTRESC = 100.0",
        "by one of these:",
        "- records/diagnostic.csv, row 2, column red_1h",
        "assign_ct (mappings/qs.csv, line 2)",
    ]
    assert sum(line.startswith("- ") for line in told) == 2


def test_usubjid_is_traced_to_the_subjects_own_row(run: Run, package: Path) -> None:
    where = "USUBJID=CTFPIRHD2025-01-012 & QSSEQ=1"
    told = lines(run("trace", package, "QS", "USUBJID", "--where", where))
    assert "records/screening.csv, row 13, column subjid" in told


def test_a_supplemental_qualifier_is_a_variable_of_its_domain(run: Run, package: Path) -> None:
    asked = lines(run("trace", package, "DM", "AFFSIDE", "--where", SUBJECT))
    direct = lines(run("trace", package, "SUPPDM", "QVAL", "-w", f"{SUBJECT} & QNAM=AFFSIDE"))
    assert asked == direct
    assert asked[1] == "QVAL = RIGHT"


def test_a_supplemental_qualifier_of_one_record(run: Run, package: Path) -> None:
    where = "USUBJID=CTFPIRHD2025-01-012 & QSSEQ=6"
    told = lines(run("trace", package, "QS", "ASSUNBL", "--where", where))
    assert told[0] == (
        "SUPPQS  RDOMAIN=QS, USUBJID=CTFPIRHD2025-01-012, IDVAR=QSSEQ, IDVARVAL=6, QNAM=ASSUNBL"
    )
    assert sum(line.startswith("QVAL") for line in told) == 1
    none = run("trace", package, "QS", "ASSUNBL", "--where", f"{SUBJECT} & QSSEQ=1")
    assert none.exit_code == 2
    assert "No record of QS has ASSUNBL" in none.stderr


def test_related_records_name_each_other(run: Run, package: Path) -> None:
    where = f"{SUBJECT} & RELID=REDDX-1 & IDVARVAL=3"
    told = lines(run("trace", package, "RELREC", "--where", where))
    assert "from QS.QSTESTCD (QSSEQ=3) = PR0101, item" in told
    assert "from QS.QSTESTCD (QSSEQ=1) = PI0101, item" in told
    assert "from QS.QSTESTCD (QSSEQ=2) = PI0101, item" in told


def test_what_was_spelled_in_ascii_is_shown_as_collected(run: Run, package: Path) -> None:
    told = lines(
        run("trace", package, "AE", "AETERM", "-w", "AETERM='Igne yerinde agri (soreness)'")
    )
    assert told.count("collected as: İğne yerinde ağrı (soreness)") == 2


@pytest.mark.parametrize("type_", ["Observation", "Encounter", "Patient", "AdverseEvent"])
@pytest.mark.parametrize("form", ["{type}/{id}", "{id}", "urn:uuid:{id}", "{identifier}"])
def test_a_resource_is_traced_to_its_record(run: Run, package: Path, type_: str, form: str) -> None:
    with (package / f"fhir/ndjson/{type_}.ndjson").open(encoding="utf-8") as file:
        resource = json.loads(next(file))
    identifier = resource["identifier"]
    value = (identifier[0] if isinstance(identifier, list) else identifier)["value"]
    asked = form.format(type=type_, id=resource["id"], identifier=value)
    told = lines(run("trace", package, asked))
    assert told[0] == f"{asked} stands for this record:"
    usubjid = re.search(r"USUBJID=([^,]+)", told[1])
    assert usubjid is not None
    assert value.startswith(usubjid[1])


def test_several_records_are_told_the_first_of_them_only(run: Run, package: Path) -> None:
    result = run("trace", package, "QS", "QSORRES")
    assert sum(line.startswith("QS  ") for line in lines(result)) == 20
    assert re.search(r"^\.\.\. and \d+ more records", result.stdout, re.MULTILINE)
    whole = run("trace", package, "QS", "QSORRES", "--all")
    assert sum(line.startswith("QS  ") for line in lines(whole)) > 600


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ("QSSEQ=1", 49),
        ("QSSEQ=1.0 & USUBJID = 'CTFPIRHD2025-01-001'", 1),
        ('USUBJID=="CTFPIRHD2025-01-001" & qstestcd=PR0101 & VISITNUM=2', 1),
        ("QSORRES=100.0 & USUBJID=CTFPIRHD2025-01-001 & VISITNUM=2", 1),
        ("USUBJID=CTFPIRHD2025-01-001 & QSDRVFL= & VISITNUM=2", 2),
    ],
)
def test_conditions(package: Path, where: str, count: int) -> None:
    cells = trace(package, "QS", where, "QSSEQ")
    assert len({(cell.keys["USUBJID"], cell.keys["QSSEQ"]) for cell in cells}) == count


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["XX"], "XX is not in"),
        (["QS", "QSMOOD"], "QS has no QSMOOD"),
        (["QS", "-w", "QSMOOD=1"], "QS has no QSMOOD"),
        (["QS", "-w", "QSSEQ"], "'QSSEQ' is no condition"),
        (["QS", "-w", "QSSEQ=1 & or so"], "'or so' is no condition"),
        (["QS", "-w", "QSSEQ=1 2"], "No record of QS"),
        (["QS", "-w", "QSSEQ=99999"], "No record of QS has QSSEQ=99999"),
        (["Observation/nothing"], "has the id Observation/nothing"),
    ],
)
def test_what_is_not_there_is_told(run: Run, package: Path, words: list[str], message: str) -> None:
    result = run("trace", package, *words)
    assert result.exit_code == 2
    assert message in result.stderr


def test_an_export_that_changed_is_not_read(
    run: Run, package: Path, study: Path, tmp_path: Path
) -> None:
    shutil.copytree(study, tmp_path / "study")
    file = tmp_path / "study" / "records" / "screening.csv"
    file.write_bytes(file.read_bytes().replace(b"01-001", b"01-999"))
    result = run("trace", package, "DM", "SEX", "-w", SUBJECT, "--study", tmp_path / "study")
    assert result.exit_code == 2
    assert "records/screening.csv: the file has another SHA-256" in result.stderr
    file.unlink()
    result = run("trace", package, "DM", "SEX", "-w", SUBJECT, "--study", tmp_path / "study")
    assert result.exit_code == 2
    assert "records/screening.csv" in result.stderr


@pytest.mark.parametrize("target", ["fhir", "dataset-json"])
def test_a_package_without_xpt_can_be_traced(
    run: Run, study: Path, tmp_path: Path, target: str
) -> None:
    trialect.convert(study, tmp_path / "out", to=[target])
    told = lines(run("trace", tmp_path / "out", "QS", "QSORRES", "-w", f"{SUBJECT} & QSSEQ=3"))
    value = "(not in this package)" if target == "fhir" else "100.0"
    assert told[1] == f"QSORRES = {value}"
    assert told[2] == "records/diagnostic.csv, row 2, column red_1h"


def test_every_source_cell_that_is_shown_stands_in_the_export(package: Path, study: Path) -> None:
    shown = 0
    for dataset in ("DM", "EX", "QS"):
        where = "USUBJID=CTFPIRHD2025-01-003"
        for cell in trace(package, dataset, where, study=study):
            for step in cell.steps:
                if step.texts is None:
                    continue
                text = (study / str(step.file)).read_text(encoding="utf-8")
                row = text.splitlines()[(step.row or 0) - 1]
                assert all(one is None or one in row for one in step.texts)
                shown += len(step.texts)
    assert shown > 100


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"study": 1}'])
def test_a_broken_manifest_is_no_package(run: Run, tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text, encoding="utf-8")
    result = run("trace", tmp_path, "DM")
    assert result.exit_code == 2
    assert "no manifest.json and lineage that can be read" in result.stderr


def test_a_computed_item_tells_the_columns_of_its_expression(
    run: Run, tiny: Path, tmp_path: Path
) -> None:
    (tiny / "records" / "people.csv").write_text("id,sex,kg,cm\n1,F,81,180\n", encoding="utf-8")
    mappings = tiny / "mappings"
    (mappings / "sources.csv").write_text(
        "domain,block,from,records\nDM,people,people,row\nVS,signs,people,item\n", encoding="utf-8"
    )
    (mappings / "items.csv").write_text(
        "block,column,testcd,test,unit\nsigns,kg,WEIGHT,Weight,kg\n"
        "signs,=CAST(kg AS DOUBLE) / CAST(cm AS DOUBLE),RATIO,Ratio,\n",
        encoding="utf-8",
    )
    (mappings / "vs.csv").write_text(
        "target,verb,source,value\nVSSTRESC,assign,@value,\n", encoding="utf-8"
    )
    run("convert", tiny, "-o", tmp_path / "out")
    for variable in ("VSORRES", "VSSTRESC"):
        where = "VSTESTCD=RATIO"
        told = run("trace", tmp_path / "out", "VS", variable, "-w", where, "--study", tiny).stdout
        assert f"{variable} = 0.45" in told
        assert 'records/people.csv, row 2, columns cm: "180"; kg: "81"' in told
