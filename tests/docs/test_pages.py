"""The pages of docs/ say all that there is: commands, rules, verbs, keys of the report."""

import json
import re
from pathlib import Path
from types import ModuleType

import pytest
import typer.main
from script_modules import script

from trialect.cli import Exit, app
from trialect.mappings.verbs import NAMES
from trialect.problems import Problem, Severity
from trialect.rulebook import every_rule

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def build_docs() -> ModuleType:
    return script("build_docs")


@pytest.mark.parametrize("name", ["rules.md", "cli.md", "fhir-releases.md", "sdtm-to-fhir.md"])
def test_generated_pages_are_current(build_docs: ModuleType, name: str) -> None:
    assert build_docs.PAGES[name]() == page(name), "run make docs"


def test_every_command_and_option_is_documented(build_docs: ModuleType) -> None:
    text = page("cli.md")
    group = typer.main.get_command(app)
    commands = build_docs.commands()
    assert {"demo", "convert", "validate", "inspect", "trace"} <= set(commands)
    assert {name.split()[0] for name in commands} == set(group.commands)  # type: ignore[attr-defined]
    for name, command in commands.items():
        section = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        assert section, f"{name} is not in cli.md"
        for parameter in command.params:
            if parameter.name != "help":
                assert parameter.help, f"{name} {parameter.name} has no help"
                assert parameter.help in section.replace("\\|", "|")
            for option in parameter.opts:
                if option.startswith("--") and option != "--help":
                    assert f"`{option}`" in section, f"{name} {option} is not in cli.md"


def test_every_exit_code_is_documented() -> None:
    for code in Exit:
        assert f"| {int(code)} |" in page("cli.md")


def test_every_rule_is_documented() -> None:
    text = page("rules.md")
    rules = every_rule()
    assert len(rules) > 400
    missing = [name for name in rules if f"\n| {name} |" not in text]
    assert not missing


def test_every_area_of_rules_has_a_title(build_docs: ModuleType) -> None:
    assert {name.split("-")[0] for name in every_rule()} == set(build_docs.AREAS)


def test_every_verb_is_documented() -> None:
    verbs = page("mapping.md").partition("### Verbs")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in verbs.splitlines() if line.startswith("| ")]
    told = {word.strip() for cell in cells for word in cell.split(",")}
    assert set(NAMES) <= told


def test_every_key_of_a_report_is_documented(tmp_path: Path) -> None:
    from trialect.converters.review import review
    from trialect.converters.writers.report import write_json

    one = Problem("STUDY-STAMP-MISSING", Severity.WARNING, "m", "d", "f", 1, "c", "v", "QS", "S-1")
    write_json(tmp_path / "report.json", review([one.at(seq="1", variable="QSORRES", path="p")]))
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    keys = {*report, *report["summary"], *report["problems"][0], *report["rules"][one.rule]}
    told = set(re.findall(r"`(\w+)`", page("report.md")))
    assert keys <= told


def test_links_between_pages_lead_somewhere() -> None:
    for path in [*DOCS.glob("*.md"), ROOT / "README.md"]:
        for link in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            if "://" not in link:
                assert (path.parent / link).exists(), f"{path.name} links to {link}"
