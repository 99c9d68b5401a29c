"""Text of a rule to a `CoreRule`, or to a `BrokenRule` that says why it cannot run.

A rule is refused here for what it says by itself: YAML that is none, keys that are missing, an
operator, operation or rule type that is unknown, a regular expression that cannot be used.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast, get_args

from trialect.schemas.core.not_run import (
    unknown_operation,
    unknown_operator,
    unknown_rule_type,
)
from trialect.schemas.core.operations import OPERATIONS
from trialect.schemas.core.operators import OPERATORS
from trialect.schemas.core.patterns import BadPattern, pattern
from trialect.schemas.core.plain_json import plain_json
from trialect.schemas.core.plain_yaml import SIZE_LIMIT, NotPlain, plain_yaml
from trialect.schemas.core.rule import (
    BrokenRule,
    Check,
    Condition,
    CoreRule,
    Group,
    Listed,
    MatchDataset,
    Operation,
    Scope,
    Sensitivity,
    Severity,
    conditions,
)
from trialect.schemas.core.rule_types import RULE_TYPES

SUFFIXES = (".yml", ".yaml", ".json")
"""The files of a folder that are taken for rules."""

_LEAF_KEYS = frozenset({"name", "operator", "value"})
_OPERATION_KEYS = frozenset({"id", "operator", "name", "domain", "group"})
_OVERREPORTING = "Overreporting"
"""What Executability says of a rule that may also tell of what is in order."""
_GROUPS = ("all", "any", "not")
_DOMAINS = ("Domains", "Datasets", "Dataset_or_Domain_or_Item_Group")
"""The key of a scope that names datasets, and its names of before."""


class _Broken(ValueError):  # noqa: N818 # a rule is broken; the program is not
    """What is wrong with a rule."""


def load_rules(folder: Path) -> list[CoreRule | BrokenRule]:
    """Every rule of a folder (and its sub-folders) or of one file, in the order of their ids.

    Of rules with the same id all but the first are broken. Raises OSError when the folder cannot
    be read.
    """
    files = (
        [folder]
        if folder.is_file()
        else sorted(one for one in folder.rglob("*") if one.suffix.lower() in SUFFIXES)
    )
    found = [load_file(file) for file in files]
    found.sort(key=lambda one: (one.id, one.file))
    seen: set[str] = set()
    loaded: list[CoreRule | BrokenRule] = []
    for one in found:
        if one.id in seen and isinstance(one, CoreRule):
            one = BrokenRule(one.id, one.file, "another rule has this id")
        seen.add(one.id)
        loaded.append(one)
    return loaded


def load_file(file: Path) -> CoreRule | BrokenRule:
    """The rule of a file."""
    if file.stat().st_size > 4 * SIZE_LIMIT:
        return BrokenRule(file.stem, file.name, f"the file is larger than {4 * SIZE_LIMIT} bytes")
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return BrokenRule(file.stem, file.name, f"byte {error.start + 1} is not UTF-8")
    return load_rule(text, file.name)


def load_rule(text: str, file: str = "") -> CoreRule | BrokenRule:
    """The rule that a text says; `file` names it in reports."""
    name = Path(file).stem
    try:
        given = plain_json(text) if file.lower().endswith(".json") else plain_yaml(text)
    except NotPlain as error:
        return BrokenRule(name, file, f"it is no YAML for a rule: {error.reason}", error.line)
    except ValueError as error:
        return BrokenRule(name, file, f"it is no JSON: {error}")
    return rule_of(given, file)


def rule_of(given: Any, file: str = "") -> CoreRule | BrokenRule:
    """The rule that plain values say."""
    name = Path(file).stem
    try:
        if not isinstance(given, dict):
            raise _Broken("a rule is a mapping of keys")
        top = _underscored(given)
        core = _mapping(top.get("Core"), "Core")
        name = str(core.get("Id") or name)
        return _rule(top, name, file)
    except _Broken as error:
        return BrokenRule(name, file, str(error))


def _rule(top: Mapping[str, Any], id: str, file: str) -> CoreRule:
    if not id:
        raise _Broken("Core.Id is missing")
    rule_type = str(top.get("Rule_Type") or "")
    if rule_type not in RULE_TYPES:
        raise _Broken(unknown_rule_type(rule_type) if rule_type else "no Rule Type")
    sensitivity = top.get("Sensitivity")
    if sensitivity not in get_args(Sensitivity):
        raise _Broken(f"sensitivity {sensitivity!r} is not known")
    outcome = _mapping(top.get("Outcome"), "Outcome")
    if not outcome.get("Message"):
        raise _Broken("Outcome.Message is missing")
    check = _check(top.get("Check"))
    for condition in conditions(check):
        _check_condition(condition)
    own = _mapping(top.get("Trialect"), "Trialect")
    may_be_none = _OVERREPORTING in str(top.get("Executability") or "")
    severity = _severity(own.get("Severity") or ("warning" if may_be_none else "error"))
    alone = _severity(own["Alone"]) if own.get("Alone") else None
    core = _mapping(top.get("Core"), "Core")
    grouping = _texts(top.get("Grouping_Variables"))
    if sensitivity == "Group" and not grouping:
        raise _Broken("sensitivity Group needs Grouping Variables")
    return CoreRule(
        id=id,
        rule_type=rule_type,
        check=check,
        sensitivity=cast(Sensitivity, sensitivity),
        message=str(outcome["Message"]),
        description=str(top.get("Description") or ""),
        status=str(core.get("Status") or ""),
        executability=str(top.get("Executability") or ""),
        output_variables=_texts(outcome.get("Output_Variables")),
        grouping_variables=grouping,
        scope=_scope(_mapping(top.get("Scope"), "Scope")),
        operations=tuple(_operation(one) for one in _list(top.get("Operations"), "Operations")),
        match_datasets=tuple(_match(one) for one in _list(top.get("Match_Datasets"), "Match")),
        authorities=tuple(_list(top.get("Authorities"), "Authorities")),
        severity=severity,
        alone=alone,
        mend=str(own.get("Mend") or ""),
        replaces=_texts(own.get("Replaces")),
        file=file,
    )


def _severity(given: Any) -> Severity:
    severity = str(given).lower()
    if severity not in get_args(Severity):
        raise _Broken(f"severity {severity!r} is not error, warning or note")
    return cast(Severity, severity)


def _check(given: Any) -> Check:
    """A check tree; one level of it has one of all, any and not."""
    if not isinstance(given, dict) or not given:
        raise _Broken("Check is missing or no mapping")
    kinds = [kind for kind in _GROUPS if kind in given]
    if len(kinds) > 1 or (kinds and len(given) > 1):
        raise _Broken(f"{' and '.join(map(str, given))} stand beside each other in Check")
    if not kinds:
        return _condition(given)
    kind = kinds[0]
    if kind == "not":
        return Group("not", (_check(given["not"]),))
    members = given[kind]
    if not isinstance(members, list) or not members:
        raise _Broken(f"{kind} in Check is no list of conditions")
    return Group(cast(Any, kind), tuple(_check(member) for member in members))


def _condition(given: Mapping[str, Any]) -> Condition:
    operator = given.get("operator")
    if not isinstance(operator, str):
        raise _Broken("a condition has no operator")
    name = given.get("name")
    options = {key: value for key, value in given.items() if key not in _LEAF_KEYS}
    return Condition(operator, None if name is None else str(name), given.get("value"), options)


def _check_condition(condition: Condition) -> None:
    operator = OPERATORS.get(condition.operator)
    if operator is None:
        raise _Broken(unknown_operator(condition.operator))
    for option in operator.needs:
        if option == "value":
            if condition.value is None:
                raise _Broken(f"operator {condition.operator} needs a value")
        elif condition.options.get(option) is None:
            raise _Broken(f"operator {condition.operator} needs {option!r}")
    text = condition.value if operator.value_is_pattern else condition.options.get("regex")
    if isinstance(text, list) and text:
        text = text[0]
    if text is None:
        return
    try:
        pattern(str(text))
    except BadPattern as error:
        raise _Broken(str(error)) from error


def _operation(given: Any) -> Operation:
    given = _mapping(given, "an operation")
    operator, name_of = given.get("operator"), given.get("id")
    if not isinstance(operator, str) or not isinstance(name_of, str):
        raise _Broken("an operation has no id or no operator")
    if operator not in OPERATIONS:
        raise _Broken(unknown_operation(operator))
    options = {key: value for key, value in given.items() if key not in _OPERATION_KEYS}
    if options.get("regex") is not None:
        try:
            pattern(str(options["regex"]))
        except BadPattern as error:
            raise _Broken(str(error)) from error
    name, domain = given.get("name"), given.get("domain")
    return Operation(
        id=name_of,
        operator=operator,
        name=None if name is None else str(name),
        domain=None if domain is None else str(domain),
        group=_texts(given.get("group")),
        options=options,
    )


def _match(given: Any) -> MatchDataset:
    given = _underscored(_mapping(given, "Match Datasets"))
    name = given.get("Name")
    if not isinstance(name, str):
        raise _Broken("a dataset of Match Datasets has no Name")
    join = str(given.get("Join_Type") or "inner")
    if join not in ("inner", "left"):
        raise _Broken(f"join type {join!r} is not inner or left")
    return MatchDataset(
        name=name,
        keys=tuple(_key(key) for key in _list(given.get("Keys"), "Keys")),
        child=bool(given.get("Child")),
        wildcard=str(given.get("Wildcard") or "**"),
        join=cast(Any, join),
    )


def _key(given: Any) -> tuple[str, str]:
    if isinstance(given, dict):
        sides = {str(side).lower(): str(name) for side, name in given.items()}
        if not {"left", "right"} <= sides.keys():
            raise _Broken("a key of Match Datasets has no Left or no Right")
        return sides["left"], sides["right"]
    return str(given), str(given)


def _scope(given: Mapping[str, Any]) -> Scope:
    subclasses = _listed(given.get("Subclasses"))
    if subclasses and "ALL" not in subclasses.include:
        raise _Broken("Scope.Subclasses names classes of ADaM, which are not told apart here")
    domains = next((_mapping(given[key], f"Scope.{key}") for key in _DOMAINS if given.get(key)), {})
    split = domains.get("include_split_datasets")
    return Scope(
        classes=_listed(given.get("Classes")),
        domains=_listed(domains),
        split=None if split is None else bool(split),
        data_structures=_listed(given.get("Data_Structures")),
        entities=_listed(given.get("Entities")),
        use_cases=tuple(
            word.strip() for word in str(given.get("Use_Case") or "").split(",") if word.strip()
        ),
    )


def _listed(given: Any) -> Listed:
    given = _mapping(given, "Scope")
    return Listed(_texts(given.get("Include")), _texts(given.get("Exclude")))


def _underscored(given: Any) -> Any:
    """Keys as both spellings of the language are read: `Rule Type` and `Rule_Type`."""
    if isinstance(given, dict):
        return {
            str(key).replace(" ", "_"): value
            if key in ("Check", "Operations", "Authorities")
            else _underscored(value)
            for key, value in given.items()
        }
    if isinstance(given, list):
        return [_underscored(one) for one in given]
    return given


def _mapping(given: Any, what: str) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise _Broken(f"{what} is no mapping")
    return given


def _list(given: Any, what: str) -> list[Any]:
    if given is None:
        return []
    if not isinstance(given, list):
        raise _Broken(f"{what} is no list")
    return given


def _texts(given: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    return tuple(str(one) for one in (given if isinstance(given, list) else [given]))
