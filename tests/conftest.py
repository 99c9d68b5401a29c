"""What tests of several folders use. That this file is here puts `script_modules` on their path."""

from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from trialect.cli import app


@pytest.fixture
def run() -> Callable[..., Result]:
    """Runs a command; a Python error in it fails the test."""

    def invoke(*words: object) -> Result:
        result = CliRunner().invoke(app, [str(word) for word in words])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result

    return invoke
