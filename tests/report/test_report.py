"""report.json, the CSV, and the page: complete, in order, and safe to open."""

import csv
import json
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import trialect
from trialect.converters.account import Account
from trialect.converters.baseline import Baseline, read_baseline
from trialect.converters.explanations import Explanation
from trialect.converters.review import place_of, review
from trialect.converters.rules_run import RuleRun, RunStatus
from trialect.converters.writers.findings import FIRST, LONGEST, findings
from trialect.converters.writers.heat_map import LEVELS, heat_map, shade
from trialect.converters.writers.report import write_csv, write_json
from trialect.converters.writers.report_html import write_html
from trialect.converters.writers.report_xlsx import write_xlsx
from trialect.problems import Problem, Severity

MESSAGES = st.text(max_size=30)


def problem(number: int, **place: object) -> Problem:
    severity = list(Severity)[number % 3]
    return Problem(f"AREA-{number % 3}", severity, f"message {number}", "mend it", **place)  # type: ignore[arg-type]


def page_of(tmp_path: Path, problems: list[Problem], account: Account | None = None) -> str:
    write_html(tmp_path / "report.html", review(problems, account=account))
    return (tmp_path / "report.html").read_text(encoding="utf-8")


def data_of(page: str) -> dict[str, dict[str, list[str]]]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    data: dict[str, dict[str, list[str]]] = json.loads(found[1])
    return data


def test_the_json_counts_what_it_lists(tmp_path: Path) -> None:
    problems = [problem(n, domain="QS", usubjid=f"S-{n % 2}", file="a.csv") for n in range(7)]
    problems.append(problem(7))
    write_json(tmp_path / "report.json", review(problems))
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert [Problem.from_dict(one) for one in report["problems"]] == sorted(problems, key=place_of)
    assert report["study"] is None
    summary = report["summary"]
    assert summary["by_severity"] == Counter(one.severity.value for one in problems)
    assert summary["by_rule"] == Counter(one.rule for one in problems)
    assert summary["by_domain"] == {"QS": 7}
    assert summary["by_subject"] == {"S-0": 4, "S-1": 3}
    assert summary["by_file"] == {"a.csv": 7}
    assert set(report["rules"]) == {one.rule for one in problems}


def test_nothing_found_is_a_report_too(tmp_path: Path, account: Account) -> None:
    write_json(tmp_path / "report.json", review([], account=account))
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["problems"] == []
    assert report["study"] == "S1"
    assert report["summary"]["by_severity"] == {"error": 0, "warning": 0, "note": 0}
    assert "None: nothing is wrong" in page_of(tmp_path, [], account)


def test_a_rule_of_another_process_keeps_its_title(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trialect.problems import RULES
    from trialect.rulebook import every_rule

    one = every_rule()["XPT-TRANSLITERATED"].problem(value="ş", domain="AE")
    known = {name: rule for name, rule in RULES.items() if not name.startswith("XPT")}
    monkeypatch.setattr("trialect.rulebook.RULES", known)
    monkeypatch.setattr("trialect.rulebook.every_rule", lambda: dict(RULES))
    write_json(tmp_path / "report.json", review([one]))
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert report["rules"][one.rule]["title"] == RULES[one.rule].title


def test_the_csv_is_what_excel_opens(tmp_path: Path) -> None:
    problems = [problem(1, value="ağrı; 1,5", row=3), problem(2)]
    write_csv(tmp_path / "found.csv", review(problems))
    assert (tmp_path / "found.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    with (tmp_path / "found.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["rule"] for row in rows] == ["AREA-1", "AREA-2"]
    assert (rows[0]["value"], rows[0]["row"], rows[0]["severity"]) == ("ağrı; 1,5", "3", "warning")


def test_a_text_that_is_none_is_written_out(tmp_path: Path) -> None:
    told = review([problem(1, file="a\udcff.xpt", row=1, domain="AE"), problem(2, value="\ud800")])
    write_json(tmp_path / "found.json", told)
    write_csv(tmp_path / "found.csv", told)
    write_html(tmp_path / "found.html", told)
    write_xlsx(tmp_path / "found.xlsx", told)
    report = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert report["problems"][0]["file"] == "a\\udcff.xpt"
    assert "a\\udcff.xpt" in (tmp_path / "found.csv").read_text(encoding="utf-8-sig")
    page = (tmp_path / "found.html").read_text(encoding="utf-8")
    assert data_of(page)["words"]["value"] == ["", "\\ud800"]
    assert read_baseline(tmp_path / "found.json").problems


def test_the_page_loads_nothing(converted: trialect.Conversion) -> None:
    page = (converted.out / "report.html").read_text(encoding="utf-8")
    assert re.findall(r"\bsrc\s*=", page) == []
    assert "@import" not in page
    assert "url(" not in page
    assert "default-src 'none'" in page
    links = re.findall(r'href="([^"]+)"', page)
    assert links
    for link in links:
        assert (converted.out / link).is_file(), link


def test_the_page_says_that_the_records_are_invented(tmp_path: Path, account: Account) -> None:
    banner = '<p class="invented"><b>Invented data.</b> Nobody in it exists.</p>'
    assert banner in page_of(tmp_path, [problem(1)], account)
    assert 'class="invented"' not in page_of(tmp_path, [problem(1)])


def test_texts_of_the_input_cannot_become_markup(tmp_path: Path, account: Account) -> None:
    evil = "</script><script>alert(1)</script>\u2028<img src=x onerror=alert(1)>"
    page = page_of(tmp_path, [problem(1, value=evil, usubjid=evil, file=evil)], account)
    assert "<script>alert" not in page
    assert "<img" not in page
    assert data_of(page)["words"]["value"] == [evil]
    assert "A &lt;study&gt; &amp; more" in page


def test_the_worst_is_listed_first(tmp_path: Path) -> None:
    found = findings(review([problem(n) for n in range(9)]))
    assert [one["severity"] for one in found.first()] == sorted(
        (one["severity"] for one in found.first()),
        key=[severity.value for severity in Severity].index,
    )
    page = page_of(tmp_path, [problem(n) for n in range(9)])
    assert page.count('<td class="error">error</td><td>AREA') == 3


def test_words_are_sorted_as_people_do() -> None:
    subjects = ["S-10", "S-2", "S-1", "s-3", ""]
    found = findings(review([problem(1, usubjid=one) for one in subjects]))
    assert found.words["subject"] == ["", "S-1", "S-2", "s-3", "S-10"]


@given(st.lists(st.tuples(MESSAGES, MESSAGES, st.sampled_from(list(Severity))), max_size=20))
def test_every_finding_can_be_read_back(texts: list[tuple[str, str, Severity]]) -> None:
    problems = [Problem("R-1", severity, m, value=v) for m, v, severity in texts]
    found = findings(review(problems))
    rows = [
        {column: words[found.cells[column][at]] for column, words in found.words.items()}
        for at in range(len(found))
    ]
    assert sorted((r["message"], r["value"], r["severity"]) for r in rows) == sorted(
        (p.message, p.value or "", p.severity.value) for p in problems
    )


@given(st.dictionaries(st.sampled_from("ABCDEF"), st.integers(1, 40)), st.integers(6, 60))
def test_a_list_that_is_too_long_has_a_share_of_each_rule(
    counts: dict[str, int], listed: int
) -> None:
    problems = [
        Problem(rule, Severity.NOTE, str(n)) for rule, count in counts.items() for n in range(count)
    ]
    found = findings(review(problems), listed)
    assert len(found) <= max(listed, 0)
    shown = Counter(found.words["rule"][cell] for cell in found.cells["rule"])
    if len(problems) <= listed:
        assert shown == counts
        assert found.per_rule is None
    else:
        assert found.per_rule is not None
        assert shown == {rule: min(count, found.per_rule) for rule, count in counts.items()}


def test_a_long_text_is_shortened_on_the_page_only(tmp_path: Path) -> None:
    one = Problem("R-1", Severity.ERROR, "x" * 5000)
    assert len(findings(review([one])).first()[0]["message"]) == LONGEST + 2
    write_json(tmp_path / "report.json", review([one]))
    assert "x" * 5000 in (tmp_path / "report.json").read_text(encoding="utf-8")


def test_many_findings_are_held_as_numbers(tmp_path: Path) -> None:
    problems = [
        problem(0, usubjid=f"S-{n % 500}", row=n, file="a.csv", domain="QS") for n in range(20_000)
    ]
    page = page_of(tmp_path, problems)
    assert page.count("<td>AREA-0</td>") == FIRST
    assert len(data_of(page)["cells"]["subject"]) == 20_000
    # A column of one word needs no numbers.
    assert data_of(page)["cells"]["rule"] == 20_000
    assert data_of(page)["words"]["message"] == ["message 0"]
    assert len(page) < 100 * 20_000


def test_the_picture_counts_every_finding(tmp_path: Path) -> None:
    problems = [problem(n, domain="QS" if n % 2 else "AE") for n in range(30)]
    problems += [problem(0), *(problem(1, domain="DM") for _ in range(100))]
    found = heat_map(problems, [("AREA-0", "error", "A"), ("AREA-1", "warning", "B")])
    assert found.datasets == ("AE", "DM", "QS", "")
    assert found.totals == (15, 100, 15, 1)
    assert [row.rule for row in found.rows] == ["AREA-0", "AREA-1"]
    first, second = found.rows
    assert [count for count, _ in first.fields] == [5, 0, 5, 1]
    assert [count for count, _ in second.fields] == [5, 100, 5, 0]
    assert (first.total, second.total) == (11, 110)
    assert [level for _, level in first.fields] == [2, 0, 2, 1]
    assert [level for _, level in second.fields] == [2, LEVELS, 2, 0]
    page = page_of(tmp_path, problems)
    assert '<td class="warning-5"><button type="button" data-domain="DM">100</button></td>' in page
    assert '<td class="error-1"><button type="button" data-domain="-">1</button></td>' in page


@given(st.integers(1, 10**7), st.integers(0, 10**7))
def test_more_findings_are_never_lighter(most: int, count: int) -> None:
    count = min(count, most)
    assert (shade(count, most) == 0) is (count == 0)
    assert shade(count, most) <= shade(min(count + 1, most), most) <= LEVELS


def test_what_was_run_and_what_explains_stands_on_the_page(tmp_path: Path) -> None:
    runs = [
        RuleRun("AREA-0", "Zero", Severity.ERROR, "CG0001", datasets=("AE", "DM")),
        RuleRun("AREA-8", "Eight", Severity.ERROR, "", RunStatus.SKIPPED, "No LB <here>."),
        RuleRun("AREA-9", "Nine", Severity.WARNING, "", RunStatus.NOT_RUN, "Its regex is broken."),
    ]
    why = [Explanation("AREA-0", "Agreed & <kept>.", 2, dataset="A*")]
    found = review(
        [problem(0, domain="AE"), problem(3)],
        runs=runs,
        explanations=why,
        baseline=Baseline("old.json", (problem(0, domain="AE"), problem(6, usubjid="S-1"))),
    )
    write_html(tmp_path / "report.html", found)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for told in (
        "<p>1 run, 1 skipped, 1 not run.</p>",
        "No LB &lt;here&gt;.",
        "Its regex is broken.",
        "<td>AE, DM</td>",
        "Agreed &amp; &lt;kept&gt;.",
        "<td>dataset A*</td>",
        "errors, 1 explained",
        '<td class="n">1</td><td class="n">1</td><td class="n">2</td></tr>',
        "against old.json",
        '<div class="explained">Explained: Agreed',
    ):
        assert told in page, told
    states = data_of(page)["words"]["state"]
    assert states == ["gone", "new", "remaining"]
    # Without runs and explanations nothing is said of them.
    plain = page_of(tmp_path, [problem(0)])
    assert "Rules that were run" not in plain
    assert "<h2>Explanations" not in plain


CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def seen_after(tmp_path: Path, page: str, steps: str) -> dict[str, str]:
    """What a person sees after each step: how many findings, and the subjects of the first two."""
    script = """
    const out = [], see = name => out.push(name + "=" + document.getElementById("count").textContent
      + ":" + [...document.querySelectorAll("#problems tbody tr")].slice(0, 2)
        .map(tr => (tr.cells[3] || tr.cells[0]).textContent).join(","));
    const type = (id, text) => { const e = document.getElementById(id); e.value = text;
      e.dispatchEvent(new Event("input")); };
    const click = what => document.querySelector(what).click();
    """
    end = 'document.body.innerHTML = out.join("|");'
    page = page.replace("</main>", f"</main><script>{script}{steps}{end}</script>")
    (tmp_path / "steps.html").write_text(page, encoding="utf-8")
    done = subprocess.run(
        [
            *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"),
            (tmp_path / "steps.html").as_uri(),
        ],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=True,
    )
    body = re.search(r"<body>(.*?)</body>", done.stdout, re.DOTALL)
    assert body is not None
    return dict(step.split("=", 1) for step in body[1].strip().split("|"))


@pytest.mark.skipif(CHROMIUM is None, reason="no browser to run the page's script in")
def test_the_page_filters_and_sorts(tmp_path: Path) -> None:
    problems = [
        problem(
            n, usubjid=f"S-{n}", domain="QS" if n % 2 else "AE", value=f"v{n}", file="a.csv", row=n
        )
        for n in range(60)
    ]
    steps = """
    see("start");
    type("domain", "QS"); see("domain");
    type("text", "V5 message"); see("words");
    click("#clear"); see("clear");
    const heads = document.querySelectorAll("#problems thead button");
    heads[3].click(); see("up"); heads[3].click(); see("down");
    click("#problems tbody .pick"); see("subject");
    click("#subject"); see("all");
    click(".rules .pick[data-filter=rule]"); see("rule");
    click("#clear"); click(".heat [data-domain=QS]"); see("field");
    """
    assert seen_after(tmp_path, page_of(tmp_path, problems), steps) == {
        "start": "60 of 60:S-0,S-3",
        "domain": "30 of 60:S-3,S-9",
        "words": "6 of 60:S-51,S-57",
        "clear": "60 of 60:S-0,S-3",
        "up": "60 of 60:S-0,S-1",
        "down": "60 of 60:S-59,S-58",
        "subject": "1 of 60:S-59",
        "all": "60 of 60:S-59,S-58",
        "rule": "20 of 60:S-57,S-54",
        "field": "10 of 60:S-3,S-9",
    }


@pytest.mark.skipif(CHROMIUM is None, reason="no browser to run the page's script in")
def test_the_page_gathers_and_tells_states(tmp_path: Path) -> None:
    problems = [problem(n, usubjid=f"S-{n % 4}", domain="AE", row=n) for n in range(300)]
    problems += [problem(3, row=n, usubjid="S-9") for n in range(3)]
    earlier = [*problems[:290], *(problem(1, usubjid="S-8", row=n) for n in range(5))]
    found = review(
        problems,
        baseline=Baseline("old.json", tuple(earlier)),
        explanations=[Explanation("AREA-0", "why", 2, usubjid="S-0")],
    )
    write_html(tmp_path / "report.html", found)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    steps = """
    see("start");
    type("state", "new"); see("new");
    type("state", "gone"); see("gone");
    type("state", ""); type("explained", "yes"); see("explained");
    type("explained", "no"); see("unexplained");
    click("#clear"); type("domain", "-"); see("none");
    click("#clear"); type("group", "subject"); see("groups");
    click("#problems [data-group]"); see("opened");
    out.push("filled=" + document.querySelectorAll("#problems tr").length);
    click("#problems [data-group]"); see("closed");
    """
    seen = seen_after(tmp_path, page, steps)
    filled = int(seen.pop("filled"))
    assert seen == {
        "start": "303 of 308:S-9,S-0",
        "new": "13 of 308:S-9,S-9",
        "gone": "5 of 308:S-8,S-8",
        "explained": "25 of 308:S-0,S-0",
        "unexplained": "278 of 308:S-9,S-9",
        "none": "3 of 308:S-9,S-9",
        "groups": "303 of 308:S-0 25 errors, 25 warnings, 25 notes,"
        "S-1 25 errors, 25 warnings, 25 notes",
        "opened": "303 of 308:S-0 25 errors, 25 warnings, 25 notes,S-0",
        "closed": "303 of 308:S-0 25 errors, 25 warnings, 25 notes,"
        "S-1 25 errors, 25 warnings, 25 notes",
    }
    # The head, five groups and the findings of one.
    assert filled == 1 + 5 + 75


@pytest.mark.skipif(CHROMIUM is None, reason="no browser to run the page's script in")
def test_the_page_holds_few_rows_at_a_time(tmp_path: Path) -> None:
    page = page_of(tmp_path, [problem(0, row=n, usubjid=f"S-{n}") for n in range(10_000)])
    steps = """
    see("start");
    const rows = document.querySelectorAll("#problems tr").length;
    out.push("rows=" + (rows < 1000)); out.push("high=" + (document.body.scrollHeight > 100000));
    dispatchEvent(new Event("beforeprint"));
    out.push("printed=" + [...document.querySelectorAll("#problems tr")].filter(
      tr => tr.cells.length > 1 && !tr.parentNode.hidden).length);
    out.push("said=" + document.getElementById("rest").textContent);
    """
    assert seen_after(tmp_path, page, steps) == {
        "start": "10,000 of 10,000:S-0,S-1",
        "rows": "true",
        "high": "true",
        "printed": "5001",
        "said": "Printed are the first 5,000 of 10,000 lines.",
    }
