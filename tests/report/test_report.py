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
from trialect.converters.closing import place_of
from trialect.converters.review import review
from trialect.converters.writers.findings import FIRST, LONGEST, findings
from trialect.converters.writers.report import write_csv, write_json
from trialect.converters.writers.report_html import write_html
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
    assert len(data_of(page)["cells"]["rule"]) == 20_000
    assert data_of(page)["words"]["message"] == ["message 0"]
    assert len(page) < 100 * 20_000


CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.mark.skipif(CHROMIUM is None, reason="no browser to run the page's script in")
def test_the_page_filters_and_sorts(tmp_path: Path) -> None:
    problems = [
        problem(
            n, usubjid=f"S-{n}", domain="QS" if n % 2 else "AE", value=f"v{n}", file="a.csv", row=n
        )
        for n in range(60)
    ]
    page = page_of(tmp_path, problems)
    # What a person does, and what they then see.
    steps = """
    const out = [], see = name => out.push(name + "=" + document.getElementById("count").textContent
      + ":" + [...document.querySelectorAll("#problems tbody tr")].slice(0, 2)
        .map(tr => tr.cells[3].textContent).join(","));
    const type = (id, text) => { const e = document.getElementById(id); e.value = text;
      e.dispatchEvent(new Event("input")); };
    see("start");
    type("domain", "QS"); see("domain");
    type("text", "V5 message"); see("words");
    document.getElementById("clear").click(); see("clear");
    const heads = document.querySelectorAll("#problems thead button");
    heads[3].click(); see("up"); heads[3].click(); see("down");
    document.querySelector("#problems tbody .pick").click(); see("subject");
    document.getElementById("subject").click(); see("all");
    document.querySelector(".pick[data-filter=rule]").click(); see("rule");
    document.body.innerHTML = out.join("|");
    """
    page = page.replace("</main>", f"</main><script>{steps}</script>")
    (tmp_path / "steps.html").write_text(page, encoding="utf-8")
    done = subprocess.run(
        [
            *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"),
            (tmp_path / "steps.html").as_uri(),
        ],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    body = re.search(r"<body>(.*?)</body>", done.stdout, re.DOTALL)
    assert body is not None
    seen = dict(step.split("=", 1) for step in body[1].strip().split("|"))
    assert seen == {
        "start": "60 of 60:S-0,S-3",
        "domain": "30 of 60:S-3,S-9",
        "words": "6 of 60:S-51,S-57",
        "clear": "60 of 60:S-0,S-3",
        "up": "60 of 60:S-0,S-1",
        "down": "60 of 60:S-59,S-58",
        "subject": "1 of 60:S-59",
        "all": "60 of 60:S-59,S-58",
        "rule": "20 of 60:S-57,S-54",
    }
