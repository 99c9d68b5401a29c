from pathlib import Path

import pytest

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture
def shared():
    """The folder of foreign test data beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("no folder shared/data beside the checkout")
    return SHARED
