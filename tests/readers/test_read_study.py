import dataclasses
import re
from pathlib import Path

import pytest

from trialect.converters.readers import study_references, study_values, yaml_tree
from trialect.converters.readers.study_yaml import assumption_problems, read_study, study_of
from trialect.converters.readers.typed import build
from trialect.problems import Unusable
from trialect.protocol import ArmElement, Element, Event
from trialect.trial import Study

LEAST = "studyid: X1\ntitle: A trial\nsponsor: {name: Somebody}\n"


def refused(text):
    """The problems of a study file, as `line: rule`."""
    with pytest.raises(Unusable) as refusal:
        study_of(text.encode() if isinstance(text, str) else text)
    return refusal.value.problems


def broken(text):
    return [(problem.row, problem.rule) for problem in refused(text)]


def of_least(text):
    """What is wrong with lines added to the least study file; lines count from 1 behind it."""
    return [
        (row - 3, rule, str(p)) for p in refused(LEAST + text) for row, rule in [(p.row, p.rule)]
    ]


# --- what is right -----------------------------------------------------------------------------


def test_the_least_study():
    study = study_of(LEAST.encode())
    assert (study.studyid, study.title, study.sponsor.name) == ("X1", "A trial", "Somebody")
    assert study.records.folder == "records"
    assert assumption_problems(study) == []


def test_scalars_are_typed_by_the_annotation_and_else_stay_text():
    study = study_of(
        f"""{LEAST}
brief_title: 0123
status:
acronym: ~
invented: "null"
start: {{date: 2026-02}}
eligibility: {{healthy_volunteers: no, minimum_age: 18 Years}}
enrolment: {{planned: 42}}
visits:
  - {{num: 2.1, name: NO, day: -7, start_rule: on}}
parameters: [{{code: ADDON, value: N}}, {{code: LENGTH, value: 1e3}}]
conditions: [1.0, yes]
summary: >
  folded
  text
description: "  as quoted  "
records:
  missing: [NA, " "]
  forms:
    sites: {{file: sub/sites.csv, per_subject: false, delimiter: "\\t"}}
""".encode()
    )
    assert study.brief_title == "0123"
    assert study.status is None
    assert study.acronym is None
    assert study.invented == "null"
    assert study.start.date == "2026-02"
    assert study.eligibility.healthy_volunteers is False
    assert study.enrolment.planned == 42
    assert study.visits[0].num == 2.1
    assert (study.visits[0].name, study.visits[0].day) == ("NO", -7)
    assert [one.value for one in study.parameters] == ["N", "1e3"]
    assert study.conditions == ("1.0", "yes")
    assert study.summary == "folded text"
    assert study.description == "  as quoted  "
    assert study.records.missing == ("NA", " ")
    assert study.records.forms["sites"].delimiter == "\t"
    assert study.records.forms["sites"].per_subject is False


def test_a_field_added_to_a_dataclass_is_read_without_more_ado():
    @dataclasses.dataclass(frozen=True)
    class Wider(Element):
        ordinal: int | None = None
        places: tuple[ArmElement, ...] = ()

    text = b"{code: A, name: b, start_rule: c, ordinal: 3, places: [{element: A, epoch: E}]}"
    problems = []
    made = build(Wider, yaml_tree.parse(text, "f"), "f", problems)
    assert problems == []
    assert made == Wider("A", "b", "c", ordinal=3, places=(ArmElement("A", "E"),))


def test_a_folder_and_its_file_give_the_same(tmp_path):
    (tmp_path / "study.yaml").write_bytes(b"\xef\xbb\xbf" + LEAST.encode())
    assert read_study(tmp_path) == read_study(tmp_path / "study.yaml") == study_of(LEAST.encode())


def test_no_study_file(tmp_path):
    with pytest.raises(Unusable, match=r"there is no study\.yaml"):
        read_study(tmp_path)


# --- what is no YAML for people ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: [1\nb: 2\n", [(2, "YAML-SYNTAX")]),
        ("a: 'open\n", [(2, "YAML-SYNTAX")]),
        ("a: 1\n\tb: 2\n", [(2, "YAML-SYNTAX")]),
        ("a: &x 1\nb: *x\n", [(1, "YAML-ALIAS"), (2, "YAML-ALIAS")]),
        ("a: !!python/object:os.system {}\n", [(1, "YAML-TAG")]),
        ("a: 1\nb: 2\na: 3\n", [(3, "YAML-DUPLICATE-KEY")]),
        ("? [a, b]\n: 1\n", [(1, "YAML-KEY")]),
        ("a: 1\n---\nb: 1\n", [(None, "YAML-DOCUMENTS")]),
        ("", [(None, "YAML-DOCUMENTS")]),
        ("# nothing\n", [(None, "YAML-DOCUMENTS")]),
        ("a:\n  b: " + "[" * 30 + "]" * 30, [(2, "YAML-DEPTH")]),
        (b"a: 1\nb: \xff\n", [(2, "YAML-ENCODING")]),
        (b"a: 1\nb: \x07\n", [(2, "YAML-CHARACTER")]),
        ("a: " + "x" * 2**20, [(None, "YAML-SIZE")]),
    ],
)
def test_yaml_that_is_refused(text, found):
    assert broken(text) == found


def test_a_bomb_of_anchors_is_refused_at_once():
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    problems = refused("\n".join(lines))
    assert {problem.rule for problem in problems} == {"YAML-ALIAS"}
    assert "&a0 is an anchor or alias" in problems[0].message


def test_a_very_deep_file_is_no_recursion():
    assert broken("a: " + "[" * 200_000)[-1][1] == "YAML-DEPTH"


# --- what does not fit the dataclasses ---------------------------------------------------------


def test_unknown_keys_ask_for_the_one_that_was_meant():
    (found,) = of_least("titel: x\n")
    assert found[:2] == (1, "STUDY-UNKNOWN-KEY")
    assert found[2].startswith("study.yaml:4: the study file has no key 'titel'. Did you mean")
    (found,) = of_least("arms:\n  - code: A\n    name: b\n    kode: x\n")
    assert found[0] == 4
    assert "arms.0: this part has no key 'kode'. Did you mean 'code'?" in found[2]


def test_missing_keys():
    assert broken("studyid: X\n") == [(1, "STUDY-MISSING-KEY")] * 2
    (found,) = of_least("arms:\n  - {code: A, name: b}\n  - {code: A}\n")
    assert found[:2] == (3, "STUDY-MISSING-KEY")
    assert "needs 'name'" in found[2]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("acronym: [a]\n", "a text is expected, a list stands there"),
        ("acronym: {a: b}\n", "a text is expected, a mapping stands there"),
        ("start:\n  date:\n", "a text is expected, nothing stands there"),
        ("conditions: Pain\n", "a list is expected, 'Pain' stands there. Write [Pain]"),
        ("start: 2026\n", "a mapping is expected, '2026' stands there"),
        ("enrolment: {planned: 4.5}\n", "a whole number is expected, '4.5' stands there"),
        ("visits: [{num: one, name: A}]\n", "a number is expected, 'one' stands there"),
        ("visits: [{num: nan, name: A}]\n", "a number is expected, 'nan' stands there"),
        ("eligibility: {healthy_volunteers: maybe}\n", "true or false is expected, 'maybe'"),
        ("sdtm: {lengths: [8]}\n", "a mapping is expected, a list stands there"),
    ],
)
def test_values_of_the_wrong_form(text, wanted):
    ((_, rule, message),) = of_least(text)
    assert rule == "STUDY-TYPE"
    assert wanted in message


def test_a_literal_takes_its_words_only():
    ((line, rule, message),) = of_least("start:\n  date: 2026\n  type: ESTIMATE\n")
    assert (line, rule) == (3, "STUDY-WORD")
    assert "Did you mean 'ESTIMATED'? Write one of ESTIMATED, ACTUAL." in message


def test_all_mistakes_are_told_at_once_in_the_order_of_the_lines():
    found = of_least("titel: a\nvisits: [{num: x, name: A}]\nenrolment: {planned: many}\nfoo: 1\n")
    assert [row for row, _, _ in found] == [1, 2, 3, 4]


# --- what the file must hold true --------------------------------------------------------------

ARMS = """arms:
  - {code: A, name: a, interventions: [Drug], elements: [{element: S, epoch: SCREENING}]}
elements: [{code: S, name: s, start_rule: r}]
interventions: [{name: Drug}]
"""


@pytest.mark.parametrize(
    ("rule", "right", "wrong", "says"),
    [
        ("STUDY-WORD", "status: COMPLETED\n", "status: DONE\n", "'DONE' is not known"),
        ("STUDY-WORD", "outputs: [fhir]\n", "outputs: [fihr]\n", "Did you mean 'fhir'?"),
        (
            "STUDY-WORD",
            "design: {masking: SINGLE, masked: [PARTICIPANT]}\n",
            "design: {masked: [PATIENT]}\n",
            "'PATIENT' is not known",
        ),
        ("STUDY-DATE", "start: {date: 2024-02-29}\n", "start: {date: 2026-02-30}\n", "2026-02-30"),
        ("STUDY-DATE", "start: {date: 2024}\n", "start: {date: 24-02-2026}\n", "24-02-2026"),
        (
            "STUDY-AGE",
            "eligibility: {minimum_age: 6 Months}\n",
            "eligibility: {minimum_age: 18}\n",
            "",
        ),
        (
            "STUDY-STAMP",
            "sdtm: {stamp: 2026-07-01T00:00:00Z}\n",
            "sdtm: {stamp: 2026-07-01T25:00:00Z}\n",
            "2026-07-01T25:00:00Z",
        ),
        ("STUDY-REFERENCE", ARMS, ARMS.replace("element: S", "element: SC"), "'SC' is none of the"),
        ("STUDY-REFERENCE", ARMS, ARMS.replace("[Drug]", "[Drugs]"), "Did you mean 'Drug'?"),
        (
            "STUDY-REFERENCE",
            ARMS + "visits: [{num: 1, name: V, epoch: SCREENING, arm: A}]\n",
            ARMS + "visits: [{num: 1, name: V, epoch: SCREENING, arm: B}]\n",
            "'B' is none of the arms",
        ),
        (
            "STUDY-REFERENCE",
            "sdtm: {reference: {start: {domain: EX, date: EXSTDTC}}}\n",
            "sdtm: {reference: {start: {domain: XX, date: EXSTDTC}}}\n",
            "'XX' is none of the datasets of SDTMIG",
        ),
        (
            "STUDY-REFERENCE",
            "sdtm: {reference: {start: {domain: EX, date: EXENDTC}}}\n",
            "sdtm: {reference: {start: {domain: EX, date: EXSTDAT}}}\n",
            "'EXSTDAT' is none of the variables of EX. Did you mean 'EXSTDTC'?",
        ),
        (
            "STUDY-REFERENCE",
            "elements: [{code: S, name: s, start_rule: r, start: {domain: VS, date: VSENDTC}}]\n",
            "elements: [{code: S, name: s, start_rule: r, start: {domain: VS, date: VSENTDC}}]\n",
            "'VSENTDC' is none of the variables of VS",
        ),
        (
            "STUDY-DATE-FORMAT",
            "records: {date_format: dd.mm.yyyy}\n",
            "records: {date_format: dd.mm.yy}\n",
            "'dd.mm.yy' is no format of dates: a year needs its four digits",
        ),
        (
            "STUDY-TWICE",
            "visits: [{num: 1, name: a}, {num: 1.1, name: a}]\n",
            "visits: [{num: 1, name: a}, {num: 1.0, name: b}]\n",
            "visit number '1' is there 2 times",
        ),
        (
            "STUDY-DAY-ZERO",
            "visits: [{num: 1, name: a, day: -1}]\n",
            "visits: [{num: 1, name: a, day: 0}]\n",
            "there is no study day 0",
        ),
        (
            "STUDY-TIMEZONE",
            "sites: [{id: 1, name: a, country: TUR, timezone: Europe/Istanbul}]\n",
            "sites: [{id: 1, name: a, country: TUR, timezone: Europe/Istambul}]\n",
            "Did you mean 'Europe/Istanbul'?",
        ),
        (
            "STUDY-RANGE",
            "sdtm: {lengths: {QSTEST: 40}}\n",
            "sdtm: {lengths: {QSTEST: 201}}\n",
            "201",
        ),
        ("STUDY-RANGE", "fhir: {bundle_subjects: 1}\n", "fhir: {bundle_subjects: 0}\n", "1 to"),
        ("STUDY-VERSION", "sdtm: {ct: 2025-03-28}\n", "sdtm: {ct: 2020-03-27}\n", "2025-03-28"),
        ("STUDY-VERSION", 'sdtm: {ig: "3.4"}\n', 'sdtm: {ig: "3.3"}\n', "SDTMIG"),
        ("STUDY-OUTSIDE", "records: {folder: data/raw}\n", "records: {folder: ../raw}\n", "../raw"),
        ("STUDY-OUTSIDE", "records: {folder: .}\n", "records: {folder: /etc}\n", "/etc"),
        (
            "STUDY-OUTSIDE",
            "records: {forms: {a: {file: x/a.csv}}}\n",
            "records: {forms: {a: {file: x/../../a.csv}}}\n",
            "x/../../a.csv",
        ),
        (
            "STUDY-OUTSIDE",
            "records: {forms: {a b: {file: a.csv}}}\n",
            "records: {forms: {../a: {file: a.csv}}}\n",
            "../a",
        ),
        (
            "STUDY-ENCODING",
            "records: {forms: {a: {file: a.csv, encoding: windows-1254}}}\n",
            "records: {forms: {a: {file: a.csv, encoding: windows-9999}}}\n",
            "windows-9999",
        ),
        ("STUDY-URL", "fhir: {base: https://a.org/x}\n", "fhir: {base: a.org}\n", "no http(s) URL"),
        (
            "STUDY-TRANSLITERATION",
            'sdtm: {transliterate: {"≥": ">="}}\n',
            'sdtm: {transliterate: {"≥": "≧"}}\n',
            "not ASCII either",
        ),
        (
            "STUDY-PATH",
            "sources: [{name: page, facts: [sponsor.name, title]}]\n",
            "sources: [{name: page, facts: [design.masking]}]\n",
            "'design' is not there",
        ),
        (
            "STUDY-PATH",
            "assumptions: [{about: design.masking, text: x}]\n",
            "assumptions: [{about: design.maskng, text: x}]\n",
            "'maskng' is not there",
        ),
    ],
)
def test_a_check_fires_and_does_not_fire(rule, right, wrong, says):
    study_of((LEAST + right).encode())
    found = of_least(wrong)
    assert [one[1] for one in found] == [rule]
    assert says in found[0][2]
    assert found[0][0] >= 1


def test_the_study_identifier_names_a_folder():
    for wrong in ("../up", "a/..", "a\\..\\b", "..", "§/§"):
        assert broken(LEAST.replace("X1", wrong)) == [(1, "STUDY-ID")]
    # Sponsors' identifiers have them; folders are named by their letters and digits.
    for right in ("a/b", "a\\b", "C:x"):
        assert study_of(LEAST.replace("X1", right).encode()).studyid == right


def test_names_that_interventions_share_are_told():
    one = study_of(f"{LEAST}interventions: [{{name: A}}, {{name: B}}]\n".encode())
    assert assumption_problems(one) == []
    both = study_of(f"{LEAST}interventions: [{{name: A, type: DRUG}}, {{name: A}}]\n".encode())
    assert [(p.rule, p.field) for p in assumption_problems(both)] == [
        ("STUDY-SAME-NAME", "interventions.1.name")
    ]


def test_nothing_written_for_a_date_type_says_that_it_is_not_known():
    dated = study_of(f"{LEAST}start: {{date: '2026', type: null}}\n".encode()).start
    assert dated is not None
    assert dated.type is None
    assert study_of(f"{LEAST}start: {{date: '2026'}}\n".encode()).start.type == "ESTIMATED"


def test_every_check_of_facts_is_tried_above():
    modules = [Path(one.__file__) for one in (study_references, study_values)]
    text = "".join(one.read_text("utf-8") for one in modules)
    declared = re.findall(r'"(STUDY-[A-Z-]+)",\n', text)
    tried = re.findall(r'"(STUDY-[A-Z-]+)"', Path(__file__).read_text("utf-8"))
    assert len(declared) > 10
    assert set(declared) <= set(tried)


@pytest.mark.parametrize(
    "path",
    [
        "arms",
        "arms.A.elements",
        "arms.0.elements.0.epoch",
        "arms.*.elements.*.element",
        "arms.A.interventions.Drug",
        "elements.S.name",
        "criteria.I1.version",
        "records.forms.x.file",
        "records.forms.x.encoding",
        "responsible.name",
        "sdtm.reference.start.domain",
        "enrolment.actual",
    ],
)
def test_paths_of_assumptions_may_lead_to_what_is_not_written(path):
    more = "criteria: [{code: I1, category: INCLUSION, text: t}]\n"
    more += "records: {forms: {x: {file: x.csv}}}\n"
    study_of(f"{LEAST}{ARMS}{more}assumptions: [{{about: '{path}', text: x}}]\n".encode())


@pytest.mark.parametrize(
    "path", ["", "arms.B", "arms.1", "arms.A.elements.5", "title.x", "records.forms.y", "foo", "*"]
)
def test_paths_that_lead_nowhere(path):
    found = of_least(f"{ARMS}assumptions: [{{about: '{path}', text: x}}]\n")
    assert [one[:2] for one in found] == [(5, "STUDY-PATH")]


# --- what the file admits ----------------------------------------------------------------------


def test_each_assumption_is_a_warning():
    study = study_of(
        f"{LEAST}assumptions: [{{about: title, text: The title is not known.}}]\n".encode()
    )
    (problem,) = assumption_problems(study)
    assert (problem.rule, problem.severity.value) == ("STUDY-ASSUMPTION", "warning")
    assert str(problem) == (
        "study.yaml: title: assumed: The title is not known; confirm with the sponsor."
    )


@pytest.mark.parametrize(
    ("design", "says"),
    [
        ("masking: DOUBLE, masked: [OUTCOMES_ASSESSOR]", "which is 2 roles, and 1 role is named"),
        ("masking: DOUBLE", "0 roles are named as masked."),
        ("masking: SINGLE, masked: [PARTICIPANT, INVESTIGATOR]", "which is 1 role, and 2 roles"),
        ("masking: NONE, masked: [PARTICIPANT]", "which is 0 roles, and 1 role is named"),
        ("masking: DOUBLE, masked: [PARTICIPANT, INVESTIGATOR]", None),
        ("masking: NONE", None),
        ("allocation: RANDOMIZED", None),
    ],
)
def test_double_blind_and_one_blinded_assessor_contradict_each_other(design, says):
    found = assumption_problems(study_of(f"{LEAST}design: {{{design}}}\n".encode()))
    assert [problem.rule for problem in found] == (["STUDY-CONTRADICTION"] if says else [])
    if says:
        assert says in found[0].message


def test_a_parameter_that_cdisc_does_not_know_is_a_warning():
    text = f"{LEAST}parameters: [{{code: TTYPE, value: EFFICACY}}, {{code: MYPARM, value: x}}]\n"
    (problem,) = assumption_problems(study_of(text.encode()))
    assert (problem.rule, problem.value) == ("STUDY-PARAMETER", "MYPARM")


def test_an_event_is_as_it_was_written():
    text = f"""{LEAST}elements:
  - code: S
    name: s
    start_rule: r
    start: {{domain: DS, date: DSSTDTC, where: "DSDECOD = 'X'", pick: latest}}
"""
    (element,) = study_of(text.encode()).elements
    assert element.start == Event("DS", "DSSTDTC", "DSDECOD = 'X'", "latest")
    assert isinstance(study_of(text.encode()), Study)


def test_without_arms_the_epoch_of_a_visit_stands_by_itself():
    study_of(f"{LEAST}visits: [{{num: 1, name: V, epoch: SCREENING}}]\n".encode())


def test_the_documentation_of_records_is_a_study_file():
    page = Path(__file__).parents[2] / "docs" / "records.md"
    (snippet,) = re.findall(r"```yaml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    records = study_of((LEAST + snippet).encode()).records
    assert records.missing == ("NA", ".")
    assert records.forms["visits"].delimiter == "semicolon"
