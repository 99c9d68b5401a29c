"""The compact table in which a version of terminology is kept: the same bytes for the same facts.

JSON lines in gzip: a head with the provenance and the codelists' names, then a line a codelist.
Codelists stand in the order of their NCI codes and so do the terms in each, so that the order of
a distribution does not show. Definitions are not kept.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from trialect.problems import Unusable, rule

if TYPE_CHECKING:
    from trialect.schemas.ct.codelists import Codelist

STANDARD = "SDTM CT"
PROVENANCE = "NCI Enterprise Vocabulary Services, CDISC SDTM Terminology; public domain"
UNPACKED_LIMIT = 200_000_000
"""Bytes that a table may unpack to; that of 2025-03-28 has 4 million."""

DAMAGED = rule(
    "CT-DAMAGED",
    "error",
    "An installed terminology cannot be read",
    "{file} is no table of terminology as `trialect terminology install` writes it: {reason}.",
    "Install the version again with --replace, or remove the file.",
)


def pack(version: str, codelists: Iterable[Codelist]) -> bytes:
    """The table of a version (its release date) with these codelists."""
    ordered = sorted(codelists, key=lambda one: one.code)
    head = {
        "standard": STANDARD,
        "version": version,
        "provenance": PROVENANCE,
        "codelists": [[one.code, one.short] for one in ordered],
    }
    lines = [head, *map(_facts, ordered)]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    return gzip.compress(text.encode(), compresslevel=9, mtime=0)


def _facts(one: Codelist) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "code": one.code,
        "short": one.short,
        "name": one.name,
        "extensible": one.extensible,
        "terms": [
            [term.value, term.code, term.preferred, "; ".join(term.synonyms)]
            for term in sorted(one.terms, key=lambda term: (term.code, term.value))
        ],
    }
    if one.package is not None:
        facts["package"] = one.package
    return facts


def unpack(packed: bytes, file: str) -> tuple[dict[str, Any], list[bytes]]:
    """The head of a table, and its lines of codelists as they stand.

    Raises `Unusable` for bytes that are no table; `file` is what the problem calls them.
    """
    text = _text(packed, file)
    first, *lines = text.removesuffix(b"\n").split(b"\n")
    try:
        head = json.loads(first)
        wanted = {"standard": str, "version": str, "provenance": str, "codelists": list}
        for key, kind in wanted.items():
            if not isinstance(head[key], kind):
                raise TypeError(key)
        if head["standard"] != STANDARD or len(head["codelists"]) != len(lines):
            raise ValueError("its head does not fit its lines")
        for code, short in head["codelists"]:
            if not (isinstance(code, str) and isinstance(short, str)):
                raise TypeError("codelists")
    except (ValueError, KeyError, TypeError) as error:
        raise Unusable(DAMAGED.problem(file=file, reason=f"its head is wrong ({error})")) from error
    return head, lines


def fingerprint(packed: bytes, file: str) -> str:
    """SHA-256 of what a table holds, whichever zlib packed it. Raises `Unusable` as `unpack`."""
    return hashlib.sha256(_text(packed, file)).hexdigest()


def _text(packed: bytes, file: str) -> bytes:
    reader = zlib.decompressobj(wbits=31)
    try:
        text = reader.decompress(packed, UNPACKED_LIMIT)
    except zlib.error as error:
        raise Unusable(DAMAGED.problem(file=file, reason=str(error))) from error
    if reader.unconsumed_tail:
        reason = f"unpacked, it is larger than {UNPACKED_LIMIT:,} bytes"
        raise Unusable(DAMAGED.problem(file=file, reason=reason))
    if not reader.eof or reader.unused_data:
        reason = "it is cut" if not reader.eof else "something follows its end"
        raise Unusable(DAMAGED.problem(file=file, reason=reason))
    return text
