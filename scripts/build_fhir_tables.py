r"""Write the table of facts that trialect/schemas/fhir checks resources with.

    python scripts/build_fhir_tables.py R4 hl7.fhir.r4.examples@4.0.1
    python scripts/build_fhir_tables.py R5 hl7.fhir.r5.core@5.0.0 \
        hl7.fhir.uv.extensions.r5@5.3.0-ballot-tc1 hl7.terminology.r5@7.0.1

The first package holds the official definitions; later ones only add code systems, value sets and
extensions that the first lacks. A package is the path of an npm archive (.tgz) or `name@version`,
which `npm pack` fetches. Same archives, same bytes: the output carries no time stamp.

What is kept, from the snapshots of all types that are not profiles: for each element its
cardinality, types, reference targets, content reference and binding; the codes of every value set
that a required (or a maximum) binding names, as far as the packages can expand it; the primitive
types' regular expressions; the invariants; the extensions that HL7 defines, with where they may
stand. The layout is described in trialect/schemas/fhir/table.py.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[1] / "trialect" / "schemas" / "fhir"
BASE = "http://hl7.org/fhir/StructureDefinition/"
FHIR_TYPE = BASE + "structuredefinition-fhir-type"
REGEX = BASE + "regex"
IMPLEMENTS = BASE + "structuredefinition-implements"
MAX_VALUE_SET = BASE + "elementdefinition-maxValueSet"
EVERYWHERE = {"ele-1"}  # the walk checks it on every element, so it needs no row

ALSO_ON = {
    # places where the definitions of R4 themselves use an extension beyond its declared context
    "structuredefinition-fhir-type": ["ElementDefinition.type"],
    "regex": ["ElementDefinition.type"],
    "translation": ["ValueSet.expansion.contains"],
    "valueset-concept-comments": ["CodeSystem.concept"],
    "structuredefinition-normative-version": [
        "CodeSystem",
        "ElementDefinition",
        "OperationDefinition",
        "ValueSet",
    ],
}

Json = dict[str, Any]


class Packages:
    """The definitions of some npm packages by canonical URL; earlier packages win."""

    def __init__(self, archives: list[Path]) -> None:
        self.sources: list[Json] = []
        self.structures: dict[str, Json] = {}
        self.value_sets: dict[str, Json] = {}
        self.code_systems: dict[str, Json] = {}
        for first, archive in zip([True] + [False] * len(archives), archives, strict=False):
            self._read(archive, structures=first)

    def _read(self, archive: Path, structures: bool) -> None:
        data = archive.read_bytes()
        with tarfile.open(archive) as tar:
            for member in sorted(tar.getmembers(), key=lambda m: m.name):
                name = member.name.removeprefix("package/")
                file = tar.extractfile(member)
                if file is None or "/" in name:
                    continue
                if name == "package.json":
                    about = json.load(file)
                    self.sources.append(
                        {
                            "package": about["name"],
                            "version": about["version"],
                            "licence": about.get("license", ""),
                            "sha256": hashlib.sha256(data).hexdigest(),
                        }
                    )
                elif name.startswith("StructureDefinition-"):
                    item = json.load(file)
                    if structures or item["type"] == "Extension":
                        self.structures.setdefault(item["url"], item)
                elif name.startswith("ValueSet-"):
                    item = json.load(file)
                    self.value_sets.setdefault(item["url"], item)
                elif name.startswith("CodeSystem-"):
                    item = json.load(file)
                    self.code_systems.setdefault(item["url"], item)

    def codes(self, url: str) -> dict[str, list[str] | None] | None:
        """The codes of a value set by system; None for a system that nobody here enumerates.

        None for the whole when the value set is unknown or has a filter that is not understood.
        """
        value_set = self.value_sets.get(url.split("|")[0])
        if value_set is None:
            return None
        compose = value_set.get("compose", {})
        found: dict[str, set[str] | None] = {}
        for part in compose.get("include", []):
            chosen = self._included(part)
            if chosen is None:
                return None
            for system, codes in chosen.items():
                known = found.setdefault(system, set())
                found[system] = None if codes is None or known is None else known | codes
        for part in compose.get("exclude", []):
            dropped = self._included(part)
            if dropped is None:
                return None
            for system, codes in dropped.items():
                known = found.get(system)
                if known is not None and codes is not None:
                    found[system] = known - codes
        return {s: None if c is None else sorted(c) for s, c in sorted(found.items())}

    def _included(self, part: Json) -> dict[str, set[str] | None] | None:
        chosen: dict[str, set[str] | None] | None = None
        if "system" in part:
            system = part["system"]
            if "concept" in part:
                chosen = {system: {concept["code"] for concept in part["concept"]}}
            else:
                concepts = self._concepts(system)
                for condition in part.get("filter", []):
                    concepts = _filtered(concepts, condition)
                    if concepts is None:
                        return None
                chosen = {system: None if concepts is None else set(concepts)}
        for url in part.get("valueSet", []):
            inner = self.codes(url)
            if inner is None:
                return None
            other = {s: None if c is None else set(c) for s, c in inner.items()}
            chosen = other if chosen is None else _both(chosen, other)
        return chosen

    def _concepts(self, system: str) -> dict[str, list[str]] | None:
        """Every code of a complete code system with its ancestors, nearest first."""
        code_system = self.code_systems.get(system)
        if code_system is None or code_system.get("content") != "complete":
            return None
        parents: dict[str, list[str]] = {}

        def walk(concepts: list[Json], above: list[str]) -> None:
            for concept in concepts:
                extra = [
                    prop["valueCode"]
                    for prop in concept.get("property", [])
                    if prop.get("code") in ("subsumedBy", "parent") and "valueCode" in prop
                ]
                parents[concept["code"]] = above + extra
                walk(concept.get("concept", []), [concept["code"], *above])

        walk(code_system.get("concept", []), [])
        return {code: _ancestors(code, parents) for code in parents}


def _ancestors(code: str, parents: dict[str, list[str]]) -> list[str]:
    seen: list[str] = []
    queue = list(parents.get(code, []))
    while queue:
        above = queue.pop(0)
        if above not in seen:
            seen.append(above)
            queue.extend(parents.get(above, []))
    return seen


def _filtered(
    concepts: dict[str, list[str]] | None, condition: Json
) -> dict[str, list[str]] | None:
    if concepts is None or condition["property"] not in ("concept", "code"):
        return None
    value = condition["value"]
    if condition["op"] == "is-a":
        return {c: a for c, a in concepts.items() if c == value or value in a}
    if condition["op"] == "descendent-of":
        return {c: a for c, a in concepts.items() if value in a}
    if condition["op"] == "is-not-a":
        return {c: a for c, a in concepts.items() if c != value and value not in a}
    return None


def _both(
    one: dict[str, set[str] | None], other: dict[str, set[str] | None]
) -> dict[str, set[str] | None]:
    met: dict[str, set[str] | None] = {}
    for system in one.keys() & other.keys():
        a, b = one[system], other[system]
        met[system] = b if a is None else a if b is None else a & b
    return met


def type_text(element: Json, path: str) -> str:
    """The types of an element as one text: `Quantity{SimpleQuantity} Reference(Patient|Group)`."""
    if "contentReference" in element:
        return "=" + element["contentReference"].rsplit("#", 1)[1]
    texts = []
    for given in element.get("type", []):
        code = given["code"]
        if code.startswith("http://hl7.org/fhirpath/"):
            code = next(
                (e.get("valueUrl") or e.get("valueUri") or e.get("valueString"))
                for e in given["extension"]
                if e["url"] == FHIR_TYPE
            )
            # R4's snapshots say string for the id of a resource, whose text (and R5) says id; R5's
            # say id for that of an ElementDefinition, which may have [x] in it
            if path.endswith(".id") and given is element["type"][0]:
                whole = path.count(".") == 1 and element["base"]["path"] == "Resource.id"
                code = "id" if whole else "string"
        if code in ("BackboneElement", "Element"):
            code = "=" + path
        profiles = [p.rsplit("/", 1)[1] for p in given.get("profile", [])]
        targets = [p.rsplit("/", 1)[1] for p in given.get("targetProfile", [])]
        texts.append(
            code
            + ("{" + "|".join(profiles) + "}" if profiles else "")
            + ("(" + "|".join(targets) + ")" if targets else "")
        )
    return " ".join(texts)


def binding_text(element: Json) -> str:
    """The binding as `required http://...`, or the maximum one of an open binding as `max ...`."""
    binding = element.get("binding")
    if not binding or not binding.get("valueSet"):
        return ""
    for extension in binding.get("extension", []):
        if extension["url"] == MAX_VALUE_SET:
            return "max " + str(extension["valueCanonical"]).split("|")[0]
    for further in binding.get("additional", []):
        if further.get("purpose") == "maximum":
            return "max " + str(further["valueSet"]).split("|")[0]
    return f"{binding['strength']} {binding['valueSet'].split('|')[0]}"


def row(element: Json, path: str) -> list[str]:
    """Cardinality, types, and binding where there is one."""
    cells = [f"{element['min']}..{element['max']}", type_text(element, path), binding_text(element)]
    return cells if cells[2] else cells[:2]


def primitive(structure: Json) -> Json:
    """The base type and the regular expression of a primitive type."""
    facts: Json = {"base": structure["baseDefinition"].rsplit("/", 1)[1]}
    for element in structure["snapshot"]["element"]:
        if element["path"].endswith(".value"):
            for extension in element["type"][0].get("extension", []):
                if extension["url"] == REGEX:
                    facts["regex"] = extension["valueString"]
    return facts


def place(context: Json) -> str:
    """The element that a context names; one that a condition describes may be any."""
    if context["type"] == "extension":
        return "Extension"
    if context["type"] == "fhirpath":
        return "Element"
    return str(context["expression"]).removesuffix("[x]")


def extension_facts(structure: Json) -> Json:
    """Where an HL7 extension may stand, and the values that it and its parts may carry."""
    elements = {element["id"]: element for element in structure["snapshot"]["element"]}
    declared = [place(context) for context in structure.get("context", [])]
    facts: Json = {"on": sorted({*declared, *ALSO_ON.get(structure["id"], [])})}
    facts["modifier"] = bool(elements["Extension"].get("isModifier"))
    value = elements.get("Extension.value[x]")
    if value is not None and value["max"] != "0":
        facts["value"] = row(value, "Extension.value[x]")
    parts = {}
    for key, element in elements.items():
        if key.startswith("Extension.extension:") and key.count(".") == 1:
            url = elements[key + ".url"].get("fixedUri")
            inner = elements.get(key + ".value[x]")
            given = inner is not None and inner["max"] != "0"
            parts[url] = [
                f"{element['min']}..{element['max']}",
                *(row(inner, "Extension.value[x]")[1:] if inner is not None and given else []),
            ]
    if parts:
        facts["parts"] = parts
    return facts


def tables(release: str, packages: Packages) -> Json:
    """All facts of one release."""
    types: Json = {}
    primitives: Json = {}
    extensions: Json = {}
    invariants: Json = {}
    constraints: Json = {}
    wanted: set[str] = set()

    def bound(cells: list[str]) -> None:
        if len(cells) > 2 and cells[2].split()[0] in ("required", "max"):
            wanted.add(cells[2].split()[1])

    for url, structure in sorted(packages.structures.items()):
        if structure["kind"] == "logical" or not url.startswith(BASE):
            continue
        name = structure["type"]
        if structure.get("derivation") == "constraint":
            if name == "Extension":
                extensions[url] = extension_facts(structure)
                bound(extensions[url].get("value", []))
            continue
        if structure["kind"] == "primitive-type":
            primitives[name] = primitive(structure)
            continue
        nodes: Json = {}
        for element in structure["snapshot"]["element"]:
            path = element["path"]
            if "." in path:
                parent, label = path.rsplit(".", 1)
                nodes.setdefault(parent, {})[label] = cells = row(element, path)
                bound(cells)
            for constraint in element.get("constraint", []):
                if constraint["key"] in EVERYWHERE:
                    continue
                # a constraint of the type itself is listed under the type, not under each use
                if constraint.get("source", url) in (url, structure["id"], name) or "." not in path:
                    key = named(constraint, name, invariants)
                    constraints.setdefault(path, []).append(key)
        types[name] = {
            "kind": structure["kind"],
            "abstract": structure["abstract"],
            "base": structure.get("baseDefinition", "").rsplit("/", 1)[-1],
            "nodes": nodes,
        }
        if interfaces := implemented(structure):
            types[name]["implements"] = interfaces
    return {
        "release": release,
        "provenance": packages.sources,
        "primitives": primitives,
        "types": types,
        "constraints": constraints,
        "invariants": dict(sorted(invariants.items())),
        "value_sets": {
            url: codes for url in sorted(wanted) if (codes := packages.codes(url)) is not None
        },
        "unexpanded": [url for url in sorted(wanted) if packages.codes(url) is None],
        "extensions": extensions,
    }


def implemented(structure: Json) -> list[str]:
    """The interfaces of R5 that a type implements: extensions may name them as their place."""
    return sorted(
        str(one["valueUri"]).rsplit("/", 1)[1]
        for one in structure.get("extension", [])
        if one["url"] == IMPLEMENTS
    )


def named(constraint: Json, name: str, invariants: Json) -> str:
    """Keep an invariant and give its key; a key that others use too gets its type's name."""
    facts = [constraint["severity"], constraint["human"], constraint.get("expression", "")]
    key = str(constraint["key"])
    if key.startswith("inv-"):
        key = f"{key}@{name}"
    if invariants.setdefault(key, facts) != facts and not key.startswith("dom-"):
        key = f"{key}@{name}"
        invariants[key] = facts
    return key


def archive(given: str, folder: Path) -> Path:
    """The npm archive: the path itself, or what `npm pack name@version` fetches into `folder`."""
    if Path(given).is_file():
        return Path(given)
    name = subprocess.run(
        ["npm", "pack", "--silent", given],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    return folder / name


def main() -> None:
    """Build the table of one release and write it, compressed, beside the code that reads it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("release", help="R4 or R5: the table is written as r4.json.gz, r5.json.gz")
    parser.add_argument("package", nargs="+", help="name@version or an archive, definitions first")
    parser.add_argument("--to", type=Path, default=TARGET, help="folder to write into")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        packages = Packages([archive(name, Path(folder)) for name in given.package])
    facts = tables(given.release, packages)
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode()
    path = given.to / f"{given.release.lower()}.json.gz"
    path.write_bytes(gzip.compress(text, 9, mtime=0))
    resources = sum(t["kind"] == "resource" for t in facts["types"].values())
    sys.stdout.write(
        f"{path.name}: {len(facts['types'])} types, {resources} of them resources, "
        f"{len(facts['value_sets'])} value sets, {len(facts['extensions'])} extensions, "
        f"{len(text)} bytes, {path.stat().st_size} compressed\n"
    )
    for url in facts["unexpanded"]:
        sys.stdout.write(f"not expanded: {url}\n")


if __name__ == "__main__":
    main()
