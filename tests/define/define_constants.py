"""What the define.xml of the tests is written with besides its study and datasets."""

from __future__ import annotations

from datetime import datetime

STAMP = datetime(2026, 6, 30, 12, 0)
FILES = {"QS": ["qs1.xpt", "qs2.xpt"]}
DOCUMENTS = {"csdrg.pdf": "Reviewer's Guide"}
