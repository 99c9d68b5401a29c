"""What the fixtures of these tests give."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fhir_server import FhirServer

from trialect.converters.server.session import Patience

Start = Callable[..., FhirServer]


@dataclass
class Waits:
    """Patience that waits for nothing, and the waits that it was asked for."""

    asked: list[float]

    def patience(self, attempts: int = 8) -> Patience:
        return Patience(attempts=attempts, answer=5.0, sleep=self.asked.append)


@dataclass
class Certificates:
    """A CA's certificate, and a server's context for 127.0.0.1 and for another name."""

    ca: Path
    good: ssl.SSLContext
    other_name: ssl.SSLContext
