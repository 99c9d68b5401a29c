"""The example study, and what tells one package from another."""

import hashlib
from pathlib import Path

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "NCT07326982"


def prints(package: Path) -> dict[str, str]:
    """The SHA-256 of every file of a package."""
    return {
        path.relative_to(package).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(package.rglob("*"))
        if path.is_file()
    }
