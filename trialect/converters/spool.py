"""Frames on disk between the steps of a conversion."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import polars as pl


def write_frame(
    frame: pl.DataFrame, path: Path, *, compression: Literal["uncompressed", "lz4"] = "uncompressed"
) -> None:
    """Write a frame as Arrow IPC, which `pl.read_ipc` and `pl.scan_ipc` read back.

    Texts are written one behind the other: that takes half the time of Arrow's views, and less
    room where texts are short.
    """
    frame.write_ipc(path, compression=compression, compat_level=pl.CompatLevel.oldest())
