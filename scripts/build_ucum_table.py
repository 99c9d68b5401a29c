"""Write the table of UCUM's units that trialect/schemas/fhir checks codes with.

    python scripts/build_ucum_table.py [org.fhir:ucum:1.0.10]

The argument is an artefact of Maven Central that holds ucum-essence.xml, which Maven fetches, or
the path of such a jar. Same jar, same bytes. Kept are, of the essence, the codes alone: the
prefixes, and the atoms, apart as a prefix may stand before them or not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import tempfile
import zipfile
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

TARGET = Path(__file__).parents[1] / "trialect" / "schemas" / "fhir" / "ucum.json"
GOAL = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"
ESSENCE = "ucum-essence.xml"

NOTICE = (
    "This table includes all or a portion of the UCUM table, UCUM codes, and UCUM definitions or"
    " is derived from it, subject to a license from Regenstrief Institute, Inc. and The UCUM"
    " Organization. Your use of the UCUM table, UCUM codes, UCUM definitions also is subject to"
    " this license, a copy of which is available at https://ucum.org/license. The UCUM table (UCUM"
    " codes, names, and definitions) and the UCUM Specification are copyright 1999-2024,"
    " Regenstrief Institute, Inc. and the Unified Codes for Units of Measures (UCUM) Organization."
    " All rights reserved."
)
"""What UCUM's licence asks for wherever its codes are."""


def fetched(artefact: str, folder: Path) -> Path:
    """The artefact's jar, copied into the folder by Maven."""
    asked = ["mvn", "--batch-mode", "--quiet", GOAL, f"-Dartifact={artefact}"]
    subprocess.run([*asked, f"-DoutputDirectory={folder}"], check=True, cwd=folder)
    (jar,) = folder.glob("*.jar")
    return jar


def table(jar: Path, artefact: str) -> dict[str, Any]:
    """The codes of the essence in the jar."""
    with zipfile.ZipFile(jar) as packed:
        text = packed.read(ESSENCE)
    root = ElementTree.fromstring(text)
    codes: dict[str, list[str]] = {"prefixes": [], "metric": [], "other": []}
    for one in root:
        kind = one.tag.rpartition("}")[2]
        metric = kind == "base-unit" or one.get("isMetric") == "yes"
        where = "prefixes" if kind == "prefix" else "metric" if metric else "other"
        codes[where].append(one.attrib["Code"])
    return {
        "provenance": {
            "source": f"{ESSENCE} of {artefact} (Maven Central)",
            "version": root.attrib["version"],
            "date": root.attrib["revision-date"],
            "sha256": hashlib.sha256(text).hexdigest(),
            "license": "https://ucum.org/license",
            "notice": NOTICE,
        },
        **{where: " ".join(sorted(found)) for where, found in codes.items()},
    }


def main() -> None:
    """Fetch the artefact that the command line names, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("artefact", nargs="?", default="org.fhir:ucum:1.0.10")
    artefact = parser.parse_args().artefact
    with tempfile.TemporaryDirectory() as folder:
        jar = Path(artefact)
        if not jar.is_file():
            jar = fetched(artefact, Path(folder))
        named = jar.name if jar == Path(artefact) else artefact
        TARGET.write_text(json.dumps(table(jar, named), indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
