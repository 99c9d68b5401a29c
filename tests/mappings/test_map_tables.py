"""Mapping tables: every mistake is told with its table, line and the word that was meant."""

# ruff: noqa: E501 # a case is easier to read in one line

import pickle

import openpyxl
import pytest

from trialect.problems import RULES, Unusable
from trialect.study_options import FormFile

GOOD = {
    "sources": "domain,block,from,where,records,note\n"
    "DM,dm,screening,,,\n"
    "AE,ae,events,,,\n"
    "VS,vs,vitals,wt IS NOT NULL,item,\n"
    ",no_ae,events,yn = 'N',none,No event\n",
    "dm": "block,target,verb,source,value,codelist,format,where,by,when,label,evaluator,origin,note\n"
    ",USUBJID,compute,,STUDYID || '-' || SUBJID,,,,,,,,,\n"
    ",SEX,assign_ct,sex,,sexes; SEX,,,,,,,Collected; Subject,\n"
    ",RACE,assign_multiple,r1; r2,r1=WHITE; r2=ASIAN,,,,,,,,,\n"
    ",BRTHDTC,assign_date,birth,,,dd/mm/yyyy,,,,,,,\n"
    ",ARM,first,vitals.arm,,,,arm IS NOT NULL,subject,,,,,\n"
    ",HAIRCOL,assign,hair,,,,,,,Hair Colour,INVESTIGATOR,,\n",
    "ae": "block,target,verb,source,value\n"
    "ae,AETERM,assign,term,\n"
    ",AESEV,hardcode_ct,,MILD\n"
    ",,not_submitted,who; site,Staff\n",
    "vs": "target,verb,source,value\nVISIT,visit,v,\nVSSTRESC,convert_unit,@value,LB -> kg\n",
    "items": "block,column,testcd,test,unit,codelist,loinc,when,VSPOS,VSTPTNUM\n"
    "vs,wt,WEIGHT,Weight,LB,VSTESTCD; VSTEST,29463-7,,SITTING,1\n",
    "visits": "form,code,VISITNUM,VISIT,VISITDY,EPOCH\n,BL,1,BASELINE,1,\nvitals,BL,1,BASELINE,1,\n",
    "relations": "relation,role,domain,where,by,reltype\nR,anchor,AE,AESEV = 'MILD',,\nR,related,VS,,subject,\n",
    "units": "from,to,factor,offset,note\nmg/dL,mmol/L,1/18,0,Glucose\n",
    "codelists/sexes": "source,term,decode,note\nmann,M,Male,\n",
}


def told(desk, tables):
    """The problems of the tables, as a person reads them."""
    with pytest.raises(Unusable) as unusable:
        desk.tables(tables, {"screening": "", "events": "", "vitals": ""})
    return [str(one) for one in unusable.value.problems], [
        one.rule for one in unusable.value.problems
    ]


def changed(name, old, new):
    assert old in GOOD[name], (name, old)
    return GOOD | {name: GOOD[name].replace(old, new, 1)}


def test_good_tables_are_read(desk):
    tables = desk.tables(GOOD, {"screening": "", "events": "", "vitals": ""})
    assert list(tables.problems) == []
    assert tables.forms == ("screening", "events", "vitals")
    assert tables.item_codes == {"WEIGHT": ("29463-7", None)}
    assert tables.supplemental["DM", "HAIRCOL"].label == "Hair Colour"
    assert tables.supplemental["DM", "HAIRCOL"].evaluator == "INVESTIGATOR"
    assert tables.supplemental["DM", "RACE2"].label == "Race 2"
    assert [list(map(str, one.columns)) for one in tables.not_submitted] == [["who", "site"]]
    assert tables.relations[1].role == "related"
    assert tables.units["mg/dL", "mmol/L"] == ("1/18", "0")
    sex = next(line for line in tables.lines if line.target == "SEX")
    assert (sex.origin.type, sex.origin.source) == ("Collected", "Subject")
    assert (sex.table, sex.line, sex.codelist) == ("mappings/dm.csv", 3, ("sexes", "SEX"))
    again = pickle.loads(pickle.dumps(tables))
    assert (again.lines, again.items, again.codelists) == (
        tables.lines,
        tables.items,
        tables.codelists,
    )


@pytest.mark.parametrize(
    ("tables", "rule", "message"),
    [
        (changed("ae", "AETERM,assign,term", "AETERM,asign,term"), "MAP-UNKNOWN-VERB",
         "mappings/ae.csv:2: verb: 'asign' is no verb. Did you mean 'assign'?"),
        (changed("ae", "ae,AETERM", "aes,AETERM"), "MAP-UNKNOWN-BLOCK",
         "mappings/ae.csv:2: block: 'aes' is no block of AE in sources.csv. Did you mean 'ae'?"),
        (changed("ae", "AETERM", "AETREM"), "MAP-NO-LABEL",
         "mappings/ae.csv:2: target: AETREM is no variable of AE, so it becomes a supplemental "
         "qualifier and needs a label. Did you mean 'AETERM'?"),
        (changed("ae", "AETERM", ""), "MAP-EMPTY-CELL", "mappings/ae.csv:2: target: target is empty."),
        (changed("ae", "hardcode_ct,,MILD", "hardcode_ct,,Mild"), "MAP-NOT-A-TERM",
         "mappings/ae.csv:3: value: 'Mild' is no term of"),
        (changed("ae", "hardcode_ct,,MILD", "hardcode_ct,,"), "MAP-EMPTY-CELL",
         "mappings/ae.csv:3: value: value is empty."),
        (changed("ae", "hardcode_ct,,MILD", "hardcode_ct,term,MILD"), "MAP-SOURCE-COUNT",
         "mappings/ae.csv:3: source: hardcode_ct reads 0 columns, the line names 1."),
        (changed("ae", "assign,term,", "assign,term,x"), "MAP-EXTRA-CELL",
         "mappings/ae.csv:2: value: assign does not read value here ('x')."),
        (changed("ae", "ae,AETERM,assign,term,", ",AETERM,assign_ct,term,"), "MAP-NO-CODELIST",
         "mappings/ae.csv:2: codelist: AETERM has no codelist"),
        (changed("ae", ",,not_submitted,who; site,Staff", ",AETERM,hardcode,,X"), "MAP-TARGET-TWICE",
         "mappings/ae.csv:4: target: AETERM is filled on line 2 already"),
        (changed("ae", "assign,term,", "first,term,"), "MAP-NEEDS-FORM",
         "mappings/ae.csv:2: source: first looks into another form: write term as form.column."),
        (changed("ae", "assign,term,", "concat,vitals.a; screening.b,"), "MAP-TWO-FORMS",
         "mappings/ae.csv:2: source: vitals.a; screening.b stand in different forms."),
        (changed("ae", "assign,term,", "derive,,twice"), "MAP-UNKNOWN-DERIVATION",
         "mappings/ae.csv:2: value: 'twice' is no derivation that is installed."),
        (changed("ae", "assign,term,", "compute,,SUM(term)"), "MAP-EXPRESSION",
         "mappings/ae.csv:2: value: 'SUM(term)': SUM is no function that it may call"),
        (changed("ae", "block,target,verb", "block,target,verbs"), "MAP-TABLE-COLUMN",
         "mappings/ae.csv:1: there is no column 'verbs'. Did you mean 'verb'?"),
        (changed("ae", "block,target,verb", "block,target,verbs"), "MAP-TABLE-COLUMN-MISSING",
         "mappings/ae.csv:1: the column 'verb' is missing."),
        (changed("ae", "assign,term,", "assign,term,,surplus"), "MAP-TABLE-CELLS",
         "mappings/ae.csv:2: the line has 6 cells, the header 5."),
        (changed("sources", "AE,ae", "ADV,ae"), "MAP-UNKNOWN-DOMAIN",
         "mappings/sources.csv:3: domain: 'ADV' is no dataset of SDTMIG 3.4."),
        (changed("sources", "AE,ae", "TS,ae"), "MAP-MADE-DOMAIN",
         "mappings/sources.csv:3: domain: TS is not made of forms"),
        (changed("sources", "AE,ae", "RELREC,ae"), "MAP-MADE-DOMAIN", "relations.csv says"),
        (changed("sources", "AE,ae", "SUPPAE,ae"), "MAP-MADE-DOMAIN", "by itself"),
        (changed("sources", "AE,ae", "AE,dm"), "MAP-BLOCK-TWICE",
         "mappings/sources.csv:3: block: block 'dm' stands on line 2 already."),
        (changed("sources", "AE,ae,events,,,", "AE,ae,events,,rows,"), "MAP-UNKNOWN-WORD",
         "mappings/sources.csv:3: records: 'rows' is no records. Did you mean 'row'?"),
        (changed("sources", "AE,ae,events,,,", "CE,ce,events,,,"), "MAP-NO-LINES",
         "mappings/sources.csv:3: block 'ce' feeds CE, and there is no table mappings/ce.csv."),
        (changed("sources", "AE,ae,events,,,", "CE,ce,events,,,"), "MAP-NO-SOURCE",
         "mappings/ae.csv: no block of sources.csv feeds AE."),
        (changed("sources", "AE,ae,events,,,", "AE,ae,events,,item,"), "MAP-NO-ITEMS",
         "mappings/sources.csv:3: block 'ae' has records = item and no line in items.csv."),
        (changed("sources", "AE,ae,events,,,", "AE,ae,events,,item,"), "MAP-NO-TESTS",
         "mappings/sources.csv:3: AE has no AETESTCD, so it takes no items."),
        (changed("sources", "DM,dm,screening,,,\n", ""), "MAP-NO-DM",
         "mappings/sources.csv: no block feeds DM"),
        (changed("sources", "wt IS NOT NULL", "wt IS NOT"), "MAP-EXPRESSION",
         "mappings/sources.csv:4: where: 'wt IS NOT'"),
        (changed("sources", "none,No event", "none,"), "MAP-EMPTY-CELL",
         "mappings/sources.csv:5: note: note is empty."),
        (changed("dm", ",USUBJID,compute,,STUDYID || '-' || SUBJID,,,,,,,,,\n", ""), "MAP-USUBJID-LINE",
         "mappings/dm.csv: dm.csv has no line for USUBJID."),
        (changed("dm", "sexes; SEX", "sexe; SEX"), "MAP-UNKNOWN-CODELIST",
         "mappings/dm.csv:3: codelist: 'sexe' is no codelist of the study or of SDTM CT 2025-03-28. "
         "Did you mean 'sexes'?"),
        (changed("dm", "Collected; Subject", "Gathered"), "MAP-UNKNOWN-WORD",
         "mappings/dm.csv:3: origin: 'Gathered' is no origin."),
        (changed("dm", "Collected; Subject", "Collected; Nobody"), "MAP-UNKNOWN-WORD",
         "'Nobody' is no origin's source."),
        (changed("dm", "r1=WHITE; r2=ASIAN", "r1=WHITE; r3=ASIAN"), "MAP-TICK-BOXES",
         "mappings/dm.csv:4: value: r2 is in source and not in value"),
        (changed("dm", "r2=ASIAN", "r2=MARTIAN"), "MAP-NOT-A-TERM",
         "mappings/dm.csv:4: value: 'MARTIAN' is no term of Race (C74457)"),
        (changed("dm", "r2=ASIAN,,,,,,,,,", "r2=ASIAN,,,,,," + "R" * 39 + ",,,"), "MAP-QLABEL",
         "has more than 40 characters"),
        (changed("dm", "USUBJID,compute,,STUDYID || '-' || SUBJID,", "USUBJID,hardcode_ct,,W,sexes"),
         "MAP-NOT-A-TERM", "mappings/dm.csv:2: value: 'W' is no term of sexes."),
        (changed("dm", "dd/mm/yyyy", "dd/mm/yy"), "MAP-DATE-PATTERN",
         "mappings/dm.csv:5: format: 'dd/mm/yy': a year needs its four digits"),
        (changed("dm", "dd/mm/yyyy", "dd/mm/yyyy; hh:mi"), "MAP-DATE-PATTERNS",
         "mappings/dm.csv:5: format: the line has 2 formats for 1 columns."),
        (changed("dm", "arm IS NOT NULL,subject", "arm IS NOT NULL,visit"), "MAP-NO-VISIT-COLUMN",
         "mappings/dm.csv:6: by: form 'screening' is joined by visit"),
        (changed("dm", "HAIRCOL,assign,hair,,,,,,", "HAIRCOL,assign,hair,,,,sex = 'M',,"), "MAP-EXTRA-CELL",
         "mappings/dm.csv:7: where: assign does not read where here"),
        (changed("dm", "HAIRCOL", "HAIRCOLOUR"), "MAP-QNAM", "'HAIRCOLOUR' is no QNAM."),
        (changed("dm", "HAIRCOL", "haircol"), "MAP-QNAM", "'haircol' is no QNAM."),
        (changed("dm", "Hair Colour", "H" * 41), "MAP-QLABEL", "more than 40 characters"),
        (changed("vs", "LB -> kg", "LB -> cm"), "MAP-UNIT-PAIR",
         "mappings/vs.csv:3: value: 'LB -> cm' is no FROM -> TO"),
        (changed("vs", "LB -> kg", "LB"), "MAP-UNIT-PAIR", "'LB' is no FROM -> TO"),
        ({k: v for k, v in GOOD.items() if k != "visits"}, "MAP-NO-VISITS",
         "mappings/vs.csv:2: verb: the verb visit needs mappings/visits.csv."),
        (changed("items", "vs,wt", "vss,wt"), "MAP-UNKNOWN-BLOCK",
         "mappings/items.csv:2: block: 'vss' is no block of records = item in sources.csv. Did you mean 'vs'?"),
        (changed("items", "VSTESTCD; VSTEST", "C105134; C105133"), "MAP-NOT-A-TERM",
         "mappings/items.csv:2: testcd: 'WEIGHT' is no term of"),
        (changed("items", "SITTING,1", "SITTING,first"), "MAP-TABLE-NUMBER",
         "mappings/items.csv:2: VSTPTNUM: VSTPTNUM is 'first', no number."),
        (changed("items", "VSPOS,VSTPTNUM", "VSPSO,VSTPTNUM"), "MAP-TABLE-COLUMN",
         "there is no column 'VSPSO'. Did you mean 'VSPOS'?"),
        (changed("items", "vs,wt,", "vs,=MAX(wt),"), "MAP-EXPRESSION", "MAX is no function"),
        (changed("visits", ",BL,1,", ",BL,one,"), "MAP-TABLE-NUMBER",
         "mappings/visits.csv:2: VISITNUM: VISITNUM is 'one', no number."),
        (changed("visits", "vitals,BL", ",BL"), "MAP-LINE-TWICE",
         "mappings/visits.csv:3: code: 'BL' is said on line 2 already."),
        (changed("visits", "BASELINE", ""), "MAP-EMPTY-CELL", "VISIT is empty."),
        (changed("relations", "R,anchor,AE", "R,ankor,AE"), "MAP-UNKNOWN-WORD",
         "mappings/relations.csv:2: role: 'ankor' is no role. Did you mean 'anchor'?"),
        (changed("relations", "R,anchor,AE", "R,anchor,AAE"), "MAP-UNKNOWN-DOMAIN",
         "'AAE' is no dataset"),
        (changed("units", "1/18", "1/0"), "MAP-TABLE-NUMBER",
         "mappings/units.csv:2: factor: factor is '1/0', no number."),
        (changed("units", "1/18", "0"), "MAP-TABLE-NUMBER", "factor is '0'"),
        (changed("codelists/sexes", "mann,M,Male,\n", "mann,M,Male,\nmann,F,,\n"), "MAP-LINE-TWICE",
         "mappings/codelists/sexes.csv:3: source: 'mann' is said on line 2 already."),
        (changed("codelists/sexes", "mann,M,", "mann,MAN,"), "MAP-NOT-A-TERM",
         "mappings/dm.csv:3: codelist sexes: 'MAN' is no term of Sex (C66731)"),
        (GOOD | {"item": GOOD["items"]}, "MAP-UNKNOWN-TABLE",
         "mappings/item.csv: item is no table. Did you mean 'items'?"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_what_was_meant(desk, tables, rule, message):
    messages, rules = told(desk, tables)
    assert rule in rules
    if message is not None:
        assert any(message in one for one in messages), messages


def test_all_mistakes_are_told_at_once(desk):
    tables = changed("ae", "AETERM,assign", "AETREM,assign") | {"vs": "target,verb\nX,y\n,z\n"}
    _, rules = told(desk, tables)
    assert len(rules) >= 3


def test_a_form_without_subjects_feeds_no_domain_and_is_joined_by_other_columns(desk):
    desk.set_records(
        forms={
            "events": FormFile("events.csv", per_subject=False),
            "vitals": FormFile("vitals.csv", per_subject=False),
        }
    )
    messages, rules = told(desk, GOOD)
    assert "MAP-FORM-WITHOUT-SUBJECTS" in rules
    assert "MAP-NO-COMMON-KEY" in rules
    assert any("form 'events' has no subjects (per_subject: false)" in one for one in messages)


def test_a_study_without_tables_is_told(desk):
    messages, rules = told(desk, {})
    assert rules == ["MAP-NO-TABLES"]
    assert "docs/mapping.md" in messages[0]


def test_tables_of_other_encodings_and_separators(desk):
    semicolons = {name: text for name, text in GOOD.items() if name != "visits"}
    semicolons["visits"] = "\ufeff" + GOOD["visits"].replace(",", ";")
    assert desk.tables(semicolons, {"vitals": ""}).visits[0].name == "BASELINE"
    (desk.folder / "mappings" / "visits.csv").write_bytes(b"code,VISITNUM,VISIT\nA,1,D\xe9but\n")
    with pytest.raises(Unusable, match=r"mappings/visits.csv: byte 26 is no UTF-8") as unusable:
        desk.tables({})
    assert unusable.value.problems[0].rule == "MAP-TABLE-ENCODING"


def test_a_file_that_is_no_csv_is_told(desk):
    desk.write(GOOD | {"visits": 'code,VISITNUM,VISIT\n"' + "x" * 200_000 + '"\n'})
    with pytest.raises(Unusable, match="a cell has more than 131,072 characters") as unusable:
        desk.tables({})
    assert unusable.value.problems[0].rule == "MAP-TABLE-CSV"


def test_a_test_that_an_extensible_codelist_does_not_know_is_a_warning(desk):
    tables = changed("items", "WEIGHT,Weight", "WEIHGT,Weight")
    read = desk.tables(tables, {"screening": "", "events": "", "vitals": ""})
    assert [(one.rule, one.severity, one.row) for one in read.problems] == [
        ("MAP-TERM-NEW", "warning", 2)
    ]


def workbook(desk, tables):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, text in tables.items():
        sheet = book.create_sheet(name.replace("codelists/", "codelist."))
        for line in text.splitlines():
            sheet.append(
                [float(cell) if cell in ("1", "2.5") else cell or None for cell in line.split(",")]
            )
    path = desk.folder / "mappings" / "mapping.xlsx"
    path.parent.mkdir(exist_ok=True)
    book.save(path)
    return path


def test_a_workbook_is_as_good_as_files(desk, tmp_path):
    from_files = desk.tables(GOOD, {"screening": "", "events": "", "vitals": ""})
    for path in sorted((desk.folder / "mappings").rglob("*.csv")):
        path.unlink()
    workbook(desk, GOOD)
    from_sheets = desk.tables({}, {})
    assert from_sheets.visits == from_files.visits
    assert from_sheets.codelists == from_files.codelists
    assert from_sheets.units == from_files.units
    assert [(one.target, one.verb, one.value) for one in from_sheets.lines] == [
        (one.target, one.verb, one.value) for one in from_files.lines
    ]
    assert from_sheets.lines[0].table == "mappings/mapping.xlsx[dm]"


def test_a_table_that_is_there_twice_is_told(desk):
    workbook(desk, GOOD)
    _, rules = told(desk, {"visits": GOOD["visits"]})
    assert rules == ["MAP-TABLE-TWICE"]


def test_a_formula_of_a_workbook_is_told(desk):
    path = workbook(desk, GOOD | {"visits": "code,VISITNUM,VISIT\nBL,=1+1,X\n"})
    messages, rules = told(desk, {})
    assert "MAP-TABLE-FORMULA" in rules
    assert any("cell B2 is a formula" in one for one in messages)
    path.write_bytes(b"no workbook")
    assert "MAP-WORKBOOK" in told(desk, {})[1]


def test_visits_take_their_names_from_the_study_where_the_table_has_none(desk):
    from dataclasses import replace

    from trialect.protocol import Visit

    desk.study = replace(desk.study, visits=(Visit(1.0, "BASELINE", 1), Visit(2.0, "WEEK 1", 8)))
    tables = GOOD | {"visits": "code,VISITNUM,VISIT,VISITDY\nBL,1,,\nW1,2,HOME,\n"}
    visits = desk.tables(tables, {"vitals": ""}).visits
    assert [(one.name, one.day) for one in visits] == [("BASELINE", 1), ("HOME", None)]


def test_every_rule_of_the_tables_has_a_case():
    import inspect
    import sys

    from trialect.mappings import lines, table_rules

    here = inspect.getsource(sys.modules[__name__])
    declared = {
        one.id
        for module in (table_rules, lines)
        for one in vars(module).values()
        if one in RULES.values()
    }
    others = {
        "MAP-OTHER-DOMAIN",
        "MAP-WITHOUT-VISITS",
        "MAP-IDENTIFIER",
        "MAP-TABLE-COLUMN-TWICE",
    }
    assert sorted(one for one in declared - others if one not in here) == []
