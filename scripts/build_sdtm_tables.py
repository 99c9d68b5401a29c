"""Builds the compact tables of SDTMIG and SDTM CT facts that the package ships.

Usage: python scripts/build_sdtm_tables.py VARIABLES.csv DATASETS.csv CT.csv

VARIABLES and DATASETS are the facts of SDTMIG 3.4 (name, label, type, role, core, codelists) as
CSV; CT is the SDTM controlled terminology of NCI EVS (public domain) as CSV, one line a term.
The output is the same bytes for the same input.
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
from pathlib import Path

from trialect.schemas.ct import Codelist, Term
from trialect.schemas.ct.places import table_file
from trialect.schemas.ct.table import pack

SCHEMAS = Path(__file__).parent.parent / "trialect" / "schemas"


def rows(path: str) -> list[dict[str, str]]:
    """The lines of a CSV file by their header."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path: Path, lines: list[object]) -> None:
    """One JSON value a line, gzip without a time stamp."""
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


def sdtmig(variables: str, datasets: str) -> list[object]:
    """A head with the provenance, then one line a dataset with its variables in order."""
    by_dataset: dict[str, list[list[str]]] = {}
    for row in sorted(rows(variables), key=lambda r: (r["dataset"], int(r["order"]))):
        by_dataset.setdefault(row["dataset"], []).append(
            [
                row["variable"],
                row["label"],
                row["type"],
                row["role"],
                row["core"],
                row["codelist_codes"],
                row["described_value_domain"],
            ]
        )
    head = {
        "standard": "SDTMIG",
        "version": "3.4",
        "provenance": "facts of the CDISC SDTMIG 3.4 (dataset and variable metadata)",
    }
    return [
        head,
        *(
            {
                "name": row["dataset"],
                "label": row["label"],
                "class": row["class"],
                "structure": row["structure"],
                "variables": by_dataset.get(row["dataset"], []),
            }
            for row in rows(datasets)
        ),
    ]


def terminology(path: str, version: str) -> bytes:
    """The table of a version of SDTM CT."""
    terms: dict[str, list[Term]] = {}
    named: dict[str, dict[str, str]] = {}
    for row in rows(path):
        named.setdefault(row["codelist_code"], row)
        synonyms = tuple(word.strip() for word in row["synonyms"].split(";") if word.strip())
        term = Term(row["submission_value"], row["term_code"], row["preferred_term"], synonyms)
        terms.setdefault(row["codelist_code"], []).append(term)
    codelists = (
        Codelist(
            code, row["codelist"], row["codelist_name"], row["extensible"] == "Y", tuple(found)
        )
        for code, found in terms.items()
        for row in [named[code]]
    )
    return pack(version, codelists)


def main(variables: str, datasets: str, ct: str) -> None:
    """Build both tables."""
    write(SCHEMAS / "sdtm" / "sdtmig-3.4.jsonl.gz", sdtmig(variables, datasets))
    version = "-".join(Path(ct).stem.rsplit("-", 3)[-3:])
    table_file(SCHEMAS / "ct", version).write_bytes(terminology(ct, version))


if __name__ == "__main__":
    main(*sys.argv[1:])
