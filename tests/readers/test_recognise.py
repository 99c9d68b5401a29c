import gzip
import json
import zipfile
import zlib

import openpyxl
import pytest

from trialect.converters.recognise import HEAD, Kind, recognise

DATASET = {"datasetJSONVersion": "1.1.0", "name": "DM", "columns": [], "rows": []}
PATIENT = {"resourceType": "Patient", "id": "a"}
BUNDLE = {"resourceType": "Bundle", "entry": [{"resource": PATIENT}]}
DEFINE = '<ODM xmlns:def="http://www.cdisc.org/ns/def/v2.1" ODMVersion="1.3.2"/>'


def line(value):
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!" + b"0" * 30, Kind.XPT5),
        (b"HEADER RECORD*******LIBV8   HEADER RECORD!!!!!!!" + b"0" * 30, Kind.XPT8),
        (
            bytes.fromhex("000000000000000000000000c2ea8160b31411cfbd92080009c7318c181f1011"),
            Kind.SAS7BDAT,
        ),
        (line(DATASET), Kind.DATASET_JSON),
        (b"\xef\xbb\xbf \n" + line(DATASET), Kind.DATASET_JSON),
        (json.dumps(DATASET, indent=2).encode(), Kind.DATASET_JSON),
        (line(DATASET)[:-1] + b"\n" + b" " * HEAD + b"}", Kind.DATASET_JSON),
        (line(DATASET) + b'\n["a"]\n', Kind.DATASET_NDJSON),
        (line({**DATASET, "x": "y" * HEAD}) + b'\n["a"]\n', Kind.DATASET_NDJSON),
        (gzip.compress(line(DATASET), mtime=0), Kind.DSJC),
        (zlib.compress(line(DATASET)), Kind.DSJC),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), Kind.UNKNOWN),
        (DEFINE.encode(), Kind.DEFINE_XML),
        (f'\ufeff<?xml version="1.0"?>\n<!-- x -->\n{DEFINE}'.encode(), Kind.DEFINE_XML),
        (b"<html><body>a,b</body></html>", Kind.UNKNOWN),
        (line(BUNDLE), Kind.FHIR_BUNDLE),
        (json.dumps(BUNDLE, indent=2).encode(), Kind.FHIR_BUNDLE),
        (line({"entry": [{"resource": PATIENT}], "resourceType": "Bundle"}), Kind.FHIR_BUNDLE),
        (line(PATIENT), Kind.FHIR_RESOURCE),
        (json.dumps(PATIENT, indent=2).encode(), Kind.FHIR_RESOURCE),
        (line({"id": "a", "resourceType": "Patient"}), Kind.FHIR_RESOURCE),
        (line(PATIENT) + b"\n" + line(PATIENT) + b"\n", Kind.FHIR_NDJSON),
        (line({"id": "a", **PATIENT}) + b"\n" + line(PATIENT), Kind.FHIR_NDJSON),
        (line(BUNDLE) + b"\n" + line(BUNDLE), Kind.FHIR_NDJSON),
        (b'{"a": 1}', Kind.UNKNOWN),
        (b'{"resourceType": 5}', Kind.UNKNOWN),
        (b"{" * 5000, Kind.UNKNOWN),
        (b"{broken,\n", Kind.UNKNOWN),
        (b"id,a\n1,2\n", Kind.CSV),
        (b"id;a\r\n1;2", Kind.CSV),
        (b"id\ta", Kind.CSV),
        ("id,ä\n1,2\n".encode("utf-16"), Kind.CSV),
        ("id,ä\n1,2\n".encode("cp1252"), Kind.CSV),
        (b"id|a\n\n1|2\n", Kind.CSV),
        (b"just words\nand, words\n", Kind.UNKNOWN),
        (b"id,a\n1,2\x00\n", Kind.UNKNOWN),
        (b"", Kind.UNKNOWN),
        (b"PK\x03\x04nothing", Kind.UNKNOWN),
        (bytes(range(256)), Kind.UNKNOWN),
    ],
)
@pytest.mark.parametrize("name", ["file.csv", "file"])
def test_a_file_is_what_its_content_says(tmp_path, data, kind, name):
    path = tmp_path / name
    path.write_bytes(data)
    assert recognise(path) is kind


def test_a_workbook_is_told_from_other_archives(tmp_path):
    openpyxl.Workbook().save(tmp_path / "a.zip")
    assert recognise(tmp_path / "a.zip") is Kind.EXCEL
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as archive:
        archive.writestr("hello.txt", "x")
    assert recognise(tmp_path / "b.xlsx") is Kind.UNKNOWN


def test_folders(tmp_path):
    for name in ("study", "package", "datasets", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "study" / "study.yaml").touch()
    (tmp_path / "package" / "manifest.json").touch()
    (tmp_path / "datasets" / "dm.XPT").touch()
    (tmp_path / "other" / "dm.csv").touch()
    assert recognise(tmp_path / "study") is Kind.STUDY_FOLDER
    assert recognise(tmp_path / "package") is Kind.PACKAGE
    assert recognise(tmp_path / "datasets") is Kind.PACKAGE
    assert recognise(tmp_path / "other") is Kind.UNKNOWN


def test_what_is_not_there_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        recognise(tmp_path / "nothing")


def test_the_sample_submission(shared):
    kinds = {
        ".xpt": Kind.XPT5,
        ".json": Kind.DATASET_JSON,
        ".ndjson": Kind.DATASET_NDJSON,
        ".dsjc": Kind.DSJC,
        ".xml": Kind.DEFINE_XML,
    }
    files = [path for path in (shared / "sdtm-msg").iterdir() if path.suffix in kinds]
    assert len(files) > 80
    for path in files:
        assert recognise(path) is kinds[path.suffix], path.name
