"""Checks a document of USDM against the classes of the model: what CDISC's schema says, and more.

Beyond the published schema: attributes that a class has not, ids, references that lead to an
instance of the class that they name, and codes against their codelists. Paths are JSON paths.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from math import isfinite
from typing import Any

from trialect.problems import Problem, rule
from trialect.schemas.registry.usdm_facts import Attribute, classes, extensible, terms

CDISC = "http://www.cdisc.org"
UNKNOWN = "C17998"
"""NCI's concept for what is not known."""

NEVER_EMPTY = ("id", "name", "abbreviatedText", "expandedText")
"""Attributes of which the published schema asks for one character at least (minLength)."""

DEPTH = 60
"""How deep instances may be nested; those of the model need about a dozen."""

MISSING = rule(
    "USDM-MISSING",
    "error",
    "An attribute that USDM requires is missing",
    "{of} has no {value}, which USDM requires.",
    "Add it.",
    "USDM 4.0 API; DDF00125",
)
EMPTY = rule(
    "USDM-EMPTY",
    "error",
    "A text that USDM requires is empty",
    "{of}.{value} is empty, and USDM requires a text.",
    "Write it.",
    "USDM 4.0 API (minLength 1)",
)
EMPTY_TEXT = rule(
    "USDM-EMPTY-TEXT",
    "warning",
    "A text that USDM requires says nothing",
    "{of}.{value} is there and empty.",
    "Write what it is to say.",
    "USDM 4.0 UML (cardinality 1)",
)
EMPTY_LIST = rule(
    "USDM-EMPTY-LIST",
    "warning",
    "A list that must have something in it is empty",
    "{of}.{value} is empty; USDM asks for one at least.",
    "Add what it is to hold.",
    "USDM 4.0 UML (1..*); DDF00126",
)
WRONG_TYPE = rule(
    "USDM-TYPE",
    "error",
    "A value is of another type than USDM's",
    "{value} is expected, {actual} stands there.",
    "Write it as USDM's schema has it.",
    "USDM 4.0 API; DDF00081; DDF00082",
)
TOO_MANY = rule(
    "USDM-TOO-MANY",
    "error",
    "A list has more than USDM allows",
    "{of}.{value} has {actual} items; {most} are allowed.",
    "Take the others out.",
    "USDM 4.0 API (maxItems)",
)
INSTANCE_TYPE = rule(
    "USDM-INSTANCE-TYPE",
    "error",
    "An instance says that it is of another class",
    "instanceType {value!r} stands where {wanted} is expected.",
    "Write the class that the place asks for.",
    "USDM 4.0 API (instanceType)",
)
NOT_AN_ATTRIBUTE = rule(
    "USDM-ATTRIBUTE",
    "warning",
    "A class has no such attribute",
    "{of} has no attribute {value!r}; what stands there is not read.",
    "Take it out, or carry it in extensionAttributes.",
    "DDF00125",
)
NOT_A_DATE = rule(
    "USDM-DATE",
    "error",
    "A date is none",
    "{value!r} is no date of the form YYYY-MM-DD.",
    "Write the whole date.",
    "USDM 4.0 API (format: date)",
)
ID_TWICE = rule(
    "USDM-ID-TWICE",
    "error",
    "An id stands twice",
    "The id {value!r} is that of {other} already.",
    "Give each instance an id of its own.",
    "DDF00083",
)
SAME_INSTANCE = rule(
    "USDM-INSTANCE-TWICE",
    "warning",
    "An instance stands twice, each time the same",
    "What has the id {value!r} stands at {other} already, alike.",
    "Write it once, or give each an id of its own.",
    "DDF00083",
)
ID_SPACE = rule(
    "USDM-ID-SPACE",
    "warning",
    "An id has spaces",
    "The id {value!r} has spaces.",
    "Leave them out, also where it is referred to.",
    "DDF00260",
)
DANGLING = rule(
    "USDM-DANGLING",
    "error",
    "A reference leads nowhere",
    "No instance has the id {value!r}.",
    "Name the id of {wanted}.",
    "USDM 4.0 UML (Ref)",
)
WRONG_CLASS = rule(
    "USDM-WRONG-CLASS",
    "error",
    "A reference leads to an instance of another class",
    "{value!r} is the id of a {actual}; {wanted} is expected.",
    "Name the id of one of that class.",
    "USDM 4.0 UML (Ref)",
)
NO_SUCH_CODE = rule(
    "USDM-CODE",
    "error",
    "A code is not in its codelist",
    "{value} ({decode}) is no term of {codelist}, and terms may not be added to it.",
    "Write one of its terms: {known}.",
    "USDM CT",
)
OTHER_CODE = rule(
    "USDM-OTHER-CODE",
    "warning",
    "A code of a closed codelist says that it is not known, or is of another system",
    "{value} ({decode}) is no term of {codelist}, to which terms may not be added.",
    "Write one of its terms where it is known: {known}.",
    "USDM CT",
)
WRONG_DECODE = rule(
    "USDM-DECODE",
    "warning",
    "A code and its name do not belong together",
    "{value} is {known} in {codelist}; {decode!r} stands there.",
    "Write the name that belongs to the code, or the code that belongs to the name.",
    "USDM CT; DDF00035",
)
NO_RELEASE = rule(
    "USDM-CT-VERSION",
    "warning",
    "The version of CDISC's terminology is no date",
    "codeSystemVersion {value!r} is no date of a release (YYYY-MM-DD).",
    "Write the date of the release that the code is from.",
    "DDF00155",
)
TOO_DEEP = rule(
    "USDM-DEPTH",
    "error",
    "Instances are nested too deep",
    "Here are more than {value} levels; what is within is not looked at.",
    "No class of USDM is nested so deep: look at how the file was made.",
)


@dataclass(slots=True)
class Found:
    """An instance, the class that its place asks for, and where it stands.

    `first` and `last` bound what stands within it, in the order of all instances.
    """

    values: dict[str, Any]
    of: str
    path: str
    first: int = 0
    last: int = 0

    def get(self, name: str) -> Any:
        """The value of an attribute."""
        return self.values.get(name)

    @property
    def id(self) -> str | None:
        """Its id, where that is a text."""
        found = self.values.get("id")
        return found if isinstance(found, str) else None


@dataclass(slots=True)
class Walked:
    """What a document holds: instances in order, the first of each id, and what was found."""

    instances: list[Found] = field(default_factory=list)
    by_class: dict[str, list[Found]] = field(default_factory=dict)
    by_id: dict[str, Found] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def of(self, *names: str) -> Iterator[Found]:
        """The instances of classes."""
        return (one for name in names for one in self.by_class.get(name, ()))

    def within(self, outer: Found, *names: str) -> Iterator[Found]:
        """The instances of classes that stand in another one."""
        inner = self.instances[outer.first : outer.last]
        return (one for one in inner if one.of in names)


def walk(document: Any) -> Walked:
    """Look at every instance of a document; `problems` are what is wrong with its structure."""
    walked = Walked()
    _instance(document, ("Wrapper",), "$", walked, 0)
    for one in walked.instances:
        _references(one, walked)
    return walked


def _instance(value: Any, types: tuple[str, ...], path: str, walked: Walked, depth: int) -> None:
    say = walked.problems.append
    if not isinstance(value, dict):
        say(_type_problem(" or ".join(types), value, path))
        return
    if depth > DEPTH:
        say(TOO_DEEP.problem(path=path, value=DEPTH))
        return
    said = value.get("instanceType")
    of = types[0]
    if of != "Wrapper":
        if isinstance(said, str) and said in types:
            of = said
        elif isinstance(said, str):
            wanted = " or ".join(types)
            say(INSTANCE_TYPE.problem(path=path, value=said, wanted=wanted))
    found = Found(value, of, path)
    walked.instances.append(found)
    walked.by_class.setdefault(of, []).append(found)
    found.first = len(walked.instances)
    _id(found, walked)
    attributes = classes()[of]
    for name, attribute in attributes.items():
        if name in value:
            _attribute(found, attribute, walked, depth)
        elif attribute.is_required:
            say(MISSING.problem(path=path, of=of, value=name))
    for name in value:
        if name not in attributes:
            say(NOT_AN_ATTRIBUTE.problem(path=path, of=of, value=name))
    found.last = len(walked.instances)


def _id(found: Found, walked: Walked) -> None:
    if found.id is None or not found.id:
        return
    first = walked.by_id.setdefault(found.id, found)
    if first is not found:
        twice = SAME_INSTANCE if first.values == found.values else ID_TWICE
        other = first.path if twice is SAME_INSTANCE else f"{first.of} ({first.path})"
        walked.problems.append(twice.problem(path=found.path, value=found.id, other=other))
    if " " in found.id:
        walked.problems.append(ID_SPACE.problem(path=found.path, value=found.id))


def _attribute(found: Found, attribute: Attribute, walked: Walked, depth: int) -> None:
    value, path = found.values[attribute.name], f"{found.path}.{attribute.name}"
    say = walked.problems.append
    if attribute.is_list:
        if not isinstance(value, list):
            say(_type_problem("a list", value, path))
            return
        if not value and attribute.is_required:
            say(EMPTY_LIST.problem(path=path, of=found.of, value=attribute.name))
        if attribute.at_most is not None and len(value) > attribute.at_most:
            given = {"of": found.of, "value": attribute.name, "most": attribute.at_most}
            say(TOO_MANY.problem(path=path, actual=len(value), **given))
        for place, one in enumerate(value):
            _value(found, attribute, one, f"{path}[{place}]", walked, depth)
    elif value is None:
        if attribute.is_required:
            say(MISSING.problem(path=found.path, of=found.of, value=attribute.name))
    else:
        _value(found, attribute, value, path, walked, depth)


def _value(
    found: Found, attribute: Attribute, value: Any, path: str, walked: Walked, depth: int
) -> None:
    type_ = attribute.types[0]
    say = walked.problems.append
    if type_[0].isupper():
        _instance(value, attribute.types, path, walked, depth + 1)
        if attribute.codelist is not None and isinstance(value, dict):
            walked.problems.extend(_code(value, attribute.codelist, path))
        if type_ == "Code" and isinstance(value, dict):
            walked.problems.extend(_release(value, path))
    elif not _is_of(type_, value):
        say(_type_problem(TYPES[type_], value, path))
    elif value == "" and attribute.is_required:
        empty = EMPTY if attribute.name in NEVER_EMPTY else EMPTY_TEXT
        say(empty.problem(path=path, of=found.of, value=attribute.name))
    elif type_ == "date" and not _is_date(value):
        say(NOT_A_DATE.problem(path=path, value=value))


TYPES = {
    "string": "a text",
    "date": "a date",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
}


def _is_of(type_: str, value: Any) -> bool:
    if type_ in ("string", "date"):
        return isinstance(value, str)
    if type_ == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    if isinstance(value, float) and not isfinite(value):
        return False
    return type_ == "number" or value == int(value)


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _type_problem(wanted: str, value: Any, path: str) -> Problem:
    kinds: dict[type, str] = {
        **{dict: "an object", list: "a list", str: "a text", bool: "true or false"},
        **{int: "a number", float: "a number", type(None): "null"},
    }
    return WRONG_TYPE.problem(path=path, value=wanted, actual=kinds.get(type(value), "a value"))


def _code(value: dict[str, Any], codelist: str, path: str) -> Iterator[Problem]:
    code = value.get("standardCode", value)
    if not isinstance(code, dict):
        return
    said, decode, system = code.get("code"), code.get("decode"), code.get("codeSystem")
    known = terms(codelist)
    if not (isinstance(said, str) and isinstance(decode, str) and known):
        return
    given: dict[str, Any] = {"path": path, "value": said, "decode": decode, "codelist": codelist}
    term = next((one for one in known if one.code == said), None)
    if term is not None:
        if decode.casefold() not in (term.decode.casefold(), term.name.casefold()):
            yield WRONG_DECODE.problem(known=term.decode, **given)
        return
    name = decode.casefold()
    named = (one for one in known if name in (one.decode.casefold(), one.name.casefold()))
    meant = next(named, None)
    if meant is not None and system == CDISC:
        yield WRONG_DECODE.problem(known=f"not {meant.decode}, which is {meant.code},", **given)
        return
    if codelist in extensible():
        return
    is_other = said == UNKNOWN or system != CDISC
    listed = ", ".join(f"{one.code} ({one.decode})" for one in known)
    yield (OTHER_CODE if is_other else NO_SUCH_CODE).problem(known=listed, **given)


def _release(code: dict[str, Any], path: str) -> Iterator[Problem]:
    version = code.get("codeSystemVersion")
    if code.get("codeSystem") == CDISC and isinstance(version, str) and not _is_date(version):
        yield NO_RELEASE.problem(path=path, value=version)


def _references(found: Found, walked: Walked) -> None:
    for name, attribute in classes()[found.of].items():
        if not attribute.refers_to:
            continue
        value = found.values.get(name)
        for place, one in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(one, str) or not one:
                continue
            where = f"{found.path}.{name}{f'[{place}]' if attribute.is_list else ''}"
            target = walked.by_id.get(one)
            wanted = " or ".join(attribute.refers_to).replace("*", "an instance")
            if target is None:
                problem = DANGLING.problem(path=where, value=one, wanted=wanted)
                walked.problems.append(problem)
            elif "*" not in attribute.refers_to and target.of not in attribute.refers_to:
                given = {"value": one, "actual": target.of, "wanted": wanted}
                walked.problems.append(WRONG_CLASS.problem(path=where, **given))
