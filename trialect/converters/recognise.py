"""What a file or folder is, told by its content; its name is not looked at."""

from __future__ import annotations

import json
import re
import zlib
from enum import StrEnum
from itertools import islice
from pathlib import Path

from trialect.converters.package import MANIFEST
from trialect.converters.xml_root import root_of, xml_beginning

HEAD = 2**16
"""Bytes that are looked at first."""

WHOLE = 64 * 2**20
"""Bytes of a JSON file at most that is read whole where its beginning does not tell its kind."""


PROLOG = 4 * 2**20
"""Bytes of an XML file at most in which its root is looked for."""

LOOKED_AT = 200
"""Files of a folder that are looked at to guess what the others are."""

DATASETS = ("m5", "dataset-json")
"""Folders of a package that hold datasets."""


class Kind(StrEnum):
    """The kinds of input that trialect knows."""

    XPT5 = "xpt5"
    XPT8 = "xpt8"
    SAS7BDAT = "sas7bdat"
    DATASET_JSON = "dataset-json"
    DATASET_NDJSON = "dataset-ndjson"
    DSJC = "dsjc"
    DEFINE_XML = "define-xml"
    FHIR_BUNDLE = "fhir-bundle"
    FHIR_RESOURCE = "fhir-resource"
    FHIR_NDJSON = "fhir-ndjson"
    CSV = "csv"
    EXCEL = "excel"
    STUDY_FOLDER = "study-folder"
    PACKAGE = "package"
    REGISTRY_PAGE = "registry-page"
    REGISTRY_RECORDS = "registry-records"
    TRIALS = "trials"
    PRS_XML = "prs-xml"
    ICTRP_XML = "ictrp-xml"
    USDM = "usdm"
    UNKNOWN = "unknown"


_SAS7BDAT = bytes.fromhex("000000000000000000000000c2ea8160b31411cfbd92080009c7318c181f1011")
_XPT = b"HEADER RECORD*******"
_RESOURCE = re.compile(rb'^\s*\{\s*"resourceType"\s*:\s*"([A-Za-z]+)"')
_DATASET = re.compile(rb'"datasetJSONVersion"\s*:')
_RECORDS = re.compile(rb'"(?:protocolSection|ProtocolSection|FullStudiesResponse)"\s*:')
_DEFINE = re.compile(rb"https?://www\.cdisc\.org/ns/def/v")
_TRIALS = re.compile(rb'^\s*\{\s*"trialect": "[^"]*",\s*"kind": "trials"')
_ROOTS = {b"study_collection": Kind.PRS_XML, b"trials": Kind.ICTRP_XML}
"""Registries' files by the names of their roots."""
_USDM = re.compile(rb'^\s*\{\s*"(study|clinicalStudy)"\s*:\s*\{|^\s*\{\s*"usdmVersion"\s*:')
_USDM_VERSION = re.compile(rb'"usdmVersion"\s*:')
_DELIMITED = re.compile(rb"[,;\t|]")


def recognise(path: Path) -> Kind:
    """The kind of a file or folder. Raises OSError when it is not there or cannot be read."""
    if path.is_dir():
        return _folder(path)
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head.startswith(_SAS7BDAT):
        return Kind.SAS7BDAT
    if head.startswith(_XPT):
        return Kind.XPT8 if head[20:25] == b"LIBV8" else Kind.XPT5
    if head.startswith(b"PK\x03\x04"):
        return _zip(path)
    if packed := unpacked_head(head):
        if _RECORDS.search(packed):
            return Kind.REGISTRY_RECORDS
        if _DATASET.search(packed):
            return Kind.DSJC
        xml = xml_beginning(packed)
        return _of_registry(xml) if xml is not None else Kind.UNKNOWN
    if (xml := xml_beginning(head)) is not None:
        return _xml(path, xml, whole=len(head) < HEAD)
    text = _utf8(head)
    if (text is None or text.lstrip()[:1] not in (b"{", b"[", b"<")) and _is_page(head):
        return Kind.REGISTRY_PAGE
    if text is None:
        return Kind.UNKNOWN
    start = text.lstrip()[:1]
    if start in (b"{", b"[") and _RECORDS.search(text):
        return Kind.REGISTRY_RECORDS
    if start == b"{":
        return _json(path, text, whole=len(head) < HEAD)
    return Kind.CSV if _is_table(text) else Kind.UNKNOWN


def is_text(path: Path) -> bool:
    """Whether a file begins as text does (in UTF-8, UTF-16 or a one-byte encoding)."""
    with path.open("rb") as file:
        return _utf8(file.read(HEAD)) is not None


def may_hold_datasets(path: Path) -> bool:
    """Whether a file, or one of the first of a folder, looks as datasets or define.xml do.

    That is a guess from its beginning, for who has to prepare for them; False where there is none.
    """
    try:
        if path.is_file():
            return _may_be_dataset(path)
        if (path / MANIFEST).is_file():
            return any((path / name).is_dir() for name in DATASETS)
        files = (one for one in path.rglob("*") if one.is_file())
        return any(map(_may_be_dataset, islice(files, LOOKED_AT)))
    except OSError:
        return False


def _may_be_dataset(path: Path) -> bool:
    if path.suffix.lower() == ".csv":
        return True
    with path.open("rb") as file:
        head = file.read(HEAD)
    if head.startswith(_XPT):
        return True
    text = (unpacked_head(head) or _utf8(head) or b"").lstrip()
    return text[:1] == b"<" or (text[:1] == b"{" and b'"resourceType"' not in text)


def unpacked_head(head: bytes, size: int = HEAD) -> bytes | None:
    """The beginning of what a gzip or zlib stream holds; None when it is neither."""
    if head.startswith(b"\x1f\x8b"):
        bits = zlib.MAX_WBITS | 16
    elif len(head) > 2 and head[0] & 0x0F == 8 and (head[0] << 8 | head[1]) % 31 == 0:
        bits = zlib.MAX_WBITS
    else:
        return None
    try:
        return zlib.decompressobj(bits).decompress(head, size)
    except zlib.error:
        return None


def _folder(path: Path) -> Kind:
    if (path / "study.yaml").is_file():
        return Kind.STUDY_FOLDER
    if _is_trials(path / MANIFEST):
        return Kind.TRIALS
    if (path / MANIFEST).is_file() or any(one.suffix.lower() == ".xpt" for one in path.iterdir()):
        return Kind.PACKAGE
    return Kind.UNKNOWN


def _is_trials(manifest: Path) -> bool:
    """Whether a manifest begins as that of a folder of trials does."""
    if not manifest.is_file():
        return False
    with manifest.open("rb") as file:
        return _TRIALS.search(file.read(1000)) is not None


def _zip(path: Path) -> Kind:
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception:  # zipfile raises what its parsing of a damaged archive stumbles over
        return Kind.UNKNOWN
    if "xl/workbook.xml" in names:
        return Kind.EXCEL
    from trialect.converters.readers.ctgov_records import recognise as holds_records

    return Kind.REGISTRY_RECORDS if holds_records(path) else Kind.UNKNOWN


def _xml(path: Path, text: bytes, whole: bool) -> Kind:
    """The kind of an XML file by its root element; what stands before that is passed over."""
    if b"<ODM" in text and _DEFINE.search(text):
        return Kind.DEFINE_XML
    if root_of(text) is None and not whole:
        with path.open("rb") as file:
            text = xml_beginning(file.read(PROLOG)) or b""
    return _of_registry(text)


def _of_registry(text: bytes) -> Kind:
    return _ROOTS.get(root_of(text) or b"", Kind.UNKNOWN)


def _utf8(head: bytes) -> bytes | None:
    """The head without its byte order mark, as UTF-8 where it is UTF-16; None when no text."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) & ~1].decode("utf-16", errors="ignore").encode()
    if any(byte < 0x20 and byte not in b"\t\n\r\f" for byte in set(head)):
        return None
    return head.removeprefix(b"\xef\xbb\xbf")


def _json(path: Path, head: bytes, whole: bool) -> Kind:
    lines = _is_lines(path, head, whole)
    if _DATASET.search(head):
        return Kind.DATASET_NDJSON if lines else Kind.DATASET_JSON
    found = _RESOURCE.match(head)
    type_ = found[1].decode() if found else None
    if type_ is None and not lines and (_USDM.match(head) or _USDM_VERSION.search(head)):
        return Kind.USDM
    if type_ is None and lines:
        type_ = _resource_type(head[: head.find(b"\n")])
    elif type_ is None and path.stat().st_size <= WHOLE:
        data = path.read_bytes()
        if _DATASET.search(data):
            return Kind.DATASET_JSON
        if _USDM_VERSION.search(data):
            return Kind.USDM
        type_ = _resource_type(data)
    if type_ is None:
        return Kind.UNKNOWN
    if lines:
        return Kind.FHIR_NDJSON
    return Kind.FHIR_BUNDLE if type_ == "Bundle" else Kind.FHIR_RESOURCE


def _is_lines(path: Path, head: bytes, whole: bool) -> bool:
    """Whether the first line is a JSON value by itself and another one follows."""
    line, newline, rest = head.lstrip().partition(b"\n")
    if not newline:
        if whole:
            return False
        with path.open("rb") as file:
            line, rest = file.readline(WHOLE), file.read(1)
    if not rest.strip() or (len(line) >= WHOLE and not line.endswith(b"\n")):
        return False
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _resource_type(data: bytes) -> str | None:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    found = value.get("resourceType") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def _is_page(head: bytes) -> bool:
    """Whether lines are the labels of a registry's page, whatever else stands among them."""
    from trialect.mappings.registry.page_lines import looks_like_page

    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    return looks_like_page(head.decode("utf-16" if wide else "utf-8-sig", errors="replace"))


def _is_table(head: bytes) -> bool:
    """Whether a delimiter divides the first line, and the second if there is one."""
    lines = [line for line in head.splitlines() if line.strip()][:2]
    return bool(lines) and any(
        all(sign in line for line in lines) for sign in set(_DELIMITED.findall(lines[0]))
    )


__all__ = ["Kind", "is_text", "may_hold_datasets", "recognise", "unpacked_head"]
