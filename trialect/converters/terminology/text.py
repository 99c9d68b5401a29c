"""`SDTM Terminology.txt`: tab-separated text without quotation marks, a line a row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from trialect.converters.readers.text import bom_of, is_encoding
from trialect.converters.terminology.distribution import Said
from trialect.converters.terminology.gather import Gathered
from trialect.converters.terminology.rows import WIDTH, Row, gather
from trialect.problems import Unusable, rule

FORMAT = "text"

NOT_DECODABLE = rule(
    "CT-ENCODING",
    "error",
    "A terminology is not in the encoding it is read in",
    "byte 0x{byte:02X} is not {encoding}, in {text}.{reading}",
    "Download the file again, or say its encoding with --encoding.",
)
UNKNOWN_ENCODING = rule(
    "CT-ENCODING-UNKNOWN",
    "error",
    "An encoding is not known",
    "{value!r} is no text encoding.",
    "Write utf-8, cp1252 or another name that Python knows.",
)
NO_END = rule(
    "CT-NO-END",
    "warning",
    "A terminology does not end with a line",
    "the last line has no end, as where a download broke off.",
    "Compare the number of codelists and terms with the published one, or download it again.",
)

_WESTERN = "cp1252"
"""What older files of NCI EVS were written in."""


def read(path: Path, encoding: str | None) -> tuple[Gathered, list[Said]]:
    """What a text holds. Raises `Unusable` when it is none or has errors."""
    data = path.read_bytes()
    text = _decoded(data, path.name, encoding)
    found, said = gather(_rows(text), path.name)
    if not text.endswith(("\n", "\r")):
        found.tell(NO_END, {"row": text.count("\n") + 1})
    return found, said


def _rows(text: str) -> Iterator[Row]:
    """The lines as rows, one at a time: a file of line ends alone would fill the memory."""
    start = number = 0
    while start <= len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        number += 1
        yield number, text[start:end].removesuffix("\r").split("\t", WIDTH)
        start = end + 1


def _decoded(data: bytes, file: str, declared: str | None) -> str:
    if declared is not None and not is_encoding(declared):
        raise Unusable(UNKNOWN_ENCODING.problem(file=file, value=declared))
    encoding, mark = bom_of(data[:4]) or (declared or "utf-8", 0)
    try:
        return data[mark:].decode(encoding)
    except UnicodeDecodeError as error:
        at = error.start + mark
        piece = data[max(data.rfind(b"\t", 0, at), data.rfind(b"\n", 0, at)) + 1 : at + 20]
        piece = piece.split(b"\t")[0].split(b"\n")[0]
        western = piece.decode(_WESTERN, errors="replace")
        reading = f" It reads {western!r} as {_WESTERN}." if encoding == "utf-8" else ""
        raise Unusable(
            NOT_DECODABLE.problem(
                file=file,
                row=data.count(b"\n", 0, at) + 1,
                byte=data[at],
                encoding=encoding,
                text=repr(piece)[1:],
                reading=reading,
            )
        ) from None
