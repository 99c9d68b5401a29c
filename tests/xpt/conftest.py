from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"


@pytest.fixture
def sdtm_msg() -> Path:
    """CDISC's sample submission: 27 datasets as XPT and as Dataset-JSON."""
    folder = SHARED / "data" / "sdtm-msg"
    if not folder.is_dir():
        pytest.skip("CDISC's sample submission is not beside the checkout (shared/data/sdtm-msg)")
    return folder
