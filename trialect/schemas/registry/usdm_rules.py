"""Rules of a study definition that no schema of single attributes says (CDISC CORE, DDF000nn)."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from trialect.problems import Problem, rule
from trialect.schemas.registry.usdm_asking import (
    DESIGNS,
    check,
    code_of,
    list_of,
    text_of,
    texts_of,
)
from trialect.schemas.registry.usdm_facts import classes
from trialect.schemas.registry.usdm_structure import Found, Walked

SPONSOR = "C70793"
OFFICIAL_TITLE = "C207616"
GLOBAL = "C68846"


SAME_NAME = rule(
    "USDM-NAME-TWICE",
    "warning",
    "Two instances of a class have one name",
    "The name {value!r} is that of {count} instances of {of}.",
    "Give each a name of its own; the label may be the same.",
    "DDF00010",
)


@check
def names_are_unique(walked: Walked) -> Iterator[Problem]:
    """Of each class."""
    named: dict[tuple[str, str], list[Found]] = defaultdict(list)
    for one in walked.instances:
        name = text_of(one, "name")
        others = named[one.of, name] if name is not None else []
        if name is not None and (one.id is None or all(o.id != one.id for o in others)):
            others.append(one)
    for (of, name), those in named.items():
        if len(those) > 1:
            yield SAME_NAME.problem(path=those[1].path, value=name, of=of, count=len(those))


ORDER = rule(
    "USDM-ORDER",
    "error",
    "The order of instances does not hold together",
    "{value} comes {way} {other}, which does not say so of it.",
    "Let previousId and nextId say the same order.",
    "DDF00021; DDF00022; DDF00023; DDF00027",
)


@check
def orders_hold_together(walked: Walked) -> Iterator[Problem]:
    """What comes next has what it comes after as its previous one, where both are said."""
    for one in walked.instances:
        for way, back, said in (
            ("nextId", "previousId", "before"),
            ("previousId", "nextId", "after"),
        ):
            other = walked.by_id.get(text_of(one, way) or "")
            if other is None or back not in other.values or other.of != one.of:
                continue
            if other is one or other.get(back) != one.id:
                place = f"{one.path}.{way}"
                yield ORDER.problem(path=place, value=one.id, way=said, other=other.id)


CYCLE = rule(
    "USDM-CYCLE",
    "error",
    "An instance is within itself",
    "{value} is one of its own children, or of theirs.",
    "Take the circle out of childIds.",
    "DDF00018",
)


@check
def children_are_no_circle(walked: Walked) -> Iterator[Problem]:
    """No instance is reached from itself by childIds; one of each circle is told."""
    outer = {one.id: one for one in walked.instances if one.id and "childIds" in one.values}
    done: set[str | None] = set()
    for start in outer:
        open_: dict[str | None, Iterator[str]] = {}
        here: str | None = start
        while here is not None and here not in done:
            inner = open_.setdefault(here, iter(texts_of(outer[here], "childIds")))
            following = next((one for one in inner if one in outer and one not in done), None)
            if following is None:
                done.add(here)
                open_.popitem()
                here = next(reversed(open_), None)
            elif following in open_:
                path = f"{outer[following].path}.childIds"
                yield CYCLE.problem(path=path, value=following)
            else:
                here = following


NOT_ONE_SPONSOR = rule(
    "USDM-SPONSOR",
    "error",
    "A version does not have one sponsor with one identifier",
    "The version has {count} {value}; USDM asks for exactly one.",
    "Give it one role with code C70793, of one organization, whose identifier it is.",
    "DDF00172; DDF00201; DDF00202",
)


@check
def one_sponsor(walked: Walked) -> Iterator[Problem]:
    """One role, of one organization, which gave one identifier."""
    for version in walked.of("StudyVersion"):
        roles = [
            one
            for one in walked.within(version, "StudyRole")
            if code_of(one.get("code")) == SPONSOR
        ]
        them = {one for role in roles for one in texts_of(role, "organizationIds")}
        scopes = [text_of(one, "scopeId") for one in walked.within(version, "StudyIdentifier")]
        counts = {
            "roles of a sponsor": len(roles),
            "organizations of the sponsor's role": len(them),
            "identifiers of the sponsor": sum(one in them for one in scopes),
        }
        for what, count in counts.items():
            if count != 1:
                yield NOT_ONE_SPONSOR.problem(path=version.path, value=what, count=count)
                break


SAME_IDENTIFIER = rule(
    "USDM-IDENTIFIER-TWICE",
    "error",
    "An organization gave one identifier twice",
    "The identifier {value!r} stands twice with the same scope.",
    "Take one out.",
    "DDF00173",
)


@check
def identifiers_are_unique(walked: Walked) -> Iterator[Problem]:
    """Within a version and a scope."""
    for version in walked.of("StudyVersion"):
        seen: set[tuple[str | None, str | None]] = set()
        for one in walked.within(version, "StudyIdentifier"):
            key = (text_of(one, "scopeId"), text_of(one, "text"))
            if key in seen:
                yield SAME_IDENTIFIER.problem(path=one.path, value=key[1])
            seen.add(key)


TITLES = rule(
    "USDM-TITLES",
    "warning",
    "A version has no official title, or two titles of a type",
    "The version has {count} titles of type {value}.",
    "Give it one official title (C207616), and one of each other type at most.",
    "DDF00100; DDF00115",
)


@check
def titles_by_type(walked: Walked) -> Iterator[Problem]:
    """One official title, and no other type twice."""
    for version in walked.of("StudyVersion"):
        types = (code_of(one.get("type")) for one in walked.within(version, "StudyTitle"))
        counts = Counter(one for one in types if one)
        for code, count in {OFFICIAL_TITLE: 0, **counts}.items():
            if count > 1 or (code == OFFICIAL_TITLE and not count):
                yield TITLES.problem(path=f"{version.path}.titles", value=code, count=count)


ROLE = rule(
    "USDM-ROLE",
    "error",
    "A role is of persons and organizations, or of a version and a design",
    "The role {value} {what}.",
    "Make two roles of it.",
    "DDF00189; DDF00190",
)


@check
def roles(walked: Walked) -> Iterator[Problem]:
    """Of persons or organizations, for a version or designs."""
    for role in walked.of("StudyRole"):
        given = {"path": role.path, "value": text_of(role, "name")}
        if list_of(role, "assignedPersons") and list_of(role, "organizationIds"):
            yield ROLE.problem(what="has persons and organizations", **given)
        targets = {
            walked.by_id[one].of for one in texts_of(role, "appliesToIds") if one in walked.by_id
        }
        if "StudyVersion" in targets and targets & set(DESIGNS):
            yield ROLE.problem(what="is of a version and of a design", **given)


SCOPE = rule(
    "USDM-SCOPE",
    "error",
    "A geographic scope and its code do not fit",
    "The scope is {value}.",
    "Give a global scope no code, and any other one the code of its country or region.",
    "DDF00261",
)


@check
def scopes(walked: Walked) -> Iterator[Problem]:
    """A global one has no code, any other has."""
    for one in walked.of("GeographicScope"):
        is_global = code_of(one.get("type")) == GLOBAL
        has_code = one.get("code") is not None
        if is_global == has_code and code_of(one.get("type")) is not None:
            said = "global and has a code" if is_global else "not global and has no code"
            yield SCOPE.problem(path=one.path, value=said)


TWO_RELEASES = rule(
    "USDM-CT-RELEASES",
    "warning",
    "Codes of one system are from several versions of it",
    "Codes of {value} are from its versions {known}.",
    "Write all codes of a system by one version.",
    "DDF00073",
)


@check
def one_release_of_each_system(walked: Walked) -> Iterator[Problem]:
    """Within the whole document."""
    versions: dict[str, set[str]] = defaultdict(set)
    for one in walked.of("Code"):
        system, version = text_of(one, "codeSystem"), text_of(one, "codeSystemVersion")
        if system and version:
            versions[system].add(version)
    for system, those in versions.items():
        if len(those) > 1:
            known = ", ".join(sorted(those))
            yield TWO_RELEASES.problem(path="$.study", value=system, known=known)


TAG = rule(
    "USDM-TAG",
    "error",
    "A tag in a text has no value",
    "The tag {value!r} is in no dictionary of the instance.",
    "Name it in a parameterMap of the dictionary that dictionaryId refers to.",
    "DDF00246",
)
REFERENCE = rule(
    "USDM-REFERENCE",
    "error",
    "A reference in a text leads nowhere",
    "{value} refers to no attribute of an instance.",
    "Write klass, id and attribute of one that is there.",
    "DDF00124; DDF00162; DDF00244",
)

_TAG = re.compile(r"<usdm:tag\b[^<>]*?\bname\s*=\s*[\"']([^\"'<>]*)[\"']")
_REFERENCE = re.compile(r"<usdm:ref\b[^<>]*>")
_PART = re.compile(r"(\w+)\s*=\s*[\"']([^\"']*)[\"']")


@check
def tags_and_references(walked: Walked) -> Iterator[Problem]:
    """Each tag is in the dictionary, each reference leads to an attribute."""
    for one in walked.instances:
        if "dictionaryId" in one.values and (text := text_of(one, "text")) is not None:
            dictionary = walked.by_id.get(text_of(one, "dictionaryId") or "")
            maps = list_of(dictionary, "parameterMaps") if dictionary is not None else []
            known = {m.get("tag") for m in maps if isinstance(m, dict)}
            for name in dict.fromkeys(_TAG.findall(text)):
                if name not in known:
                    yield TAG.problem(path=f"{one.path}.text", value=name)
        for name in ("text", "reference"):
            for reference in _REFERENCE.findall(text_of(one, name) or ""):
                parts = dict(_PART.findall(reference))
                target = walked.by_id.get(parts.get("id", ""))
                fits = target is not None and target.get("instanceType") == parts.get("klass")
                if target is None or not fits or parts.get("attribute") not in classes()[target.of]:
                    yield REFERENCE.problem(path=f"{one.path}.{name}", value=reference)
