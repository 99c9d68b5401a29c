"""Frames on disk between the steps of a conversion."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import polars as pl


def write_frame(
    frame: pl.DataFrame, path: Path, *, compression: Literal["uncompressed", "lz4"] = "uncompressed"
) -> None:
    """Write a frame as Arrow IPC, which `pl.read_ipc` and `pl.scan_ipc` read back.

    Texts are written one behind the other instead of as Arrow's views: what Polars leaves in the
    view of a missing text is whatever lay in memory, and it refuses to read that back.
    """
    frame.write_ipc(path, compression=compression, compat_level=pl.CompatLevel.oldest())
