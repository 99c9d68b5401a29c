"""No rule without a test: each id stands in a test that shows it firing, or in a table of one."""

from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import trialect
from trialect.problems import RULES

TESTS = Path(__file__).resolve().parents[1]


def test_every_rule_is_named_in_a_test() -> None:
    for module in walk_packages(trialect.__path__, "trialect."):
        import_module(module.name)
    files = [path for path in TESTS.rglob("*") if path.suffix in (".py", ".csv", ".json")]
    files.remove(Path(__file__).resolve())
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    assert sorted(id_ for id_ in RULES if id_ not in text) == []
