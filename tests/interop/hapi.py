"""HAPI FHIR's server on loopback: fetched through Maven, started with an empty database, stopped.

What is fetched and compiled lies in `.interop/` of the checkout, which git ignores. Where Maven
gets its packages from is its own configuration's business.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import IO

HERE = Path(__file__).resolve().parent
CACHE = HERE.parents[1] / ".interop"
SOURCE = HERE / "server" / "InteropServer.java"
POM = HERE / "server" / "pom.xml"

RELEASES = ("R4", "R5")
OLDEST_JAVA = 17
FETCHING = 900
STARTING = 480
HEAP = "-Xmx1500m"


class UnavailableError(Exception):
    """The server cannot be had on this machine; the text says why."""


def built() -> str:
    """The class path of the server, fetched and compiled unless that was done before.

    Raises `UnavailableError` without Java 17, Maven, or what Maven should fetch.
    """
    for program in ("java", "javac", "mvn"):
        if shutil.which(program) is None:
            raise UnavailableError(f"{program} is not installed")
    said = subprocess.run(["javac", "-version"], capture_output=True, text=True, check=True)
    version = re.search(r"\d+", said.stdout + said.stderr)
    if version is None or int(version[0]) < OLDEST_JAVA:
        raise UnavailableError(f"HAPI FHIR needs Java {OLDEST_JAVA}, not {said.stdout.strip()}")
    classes, listed = CACHE / "classes", CACHE / "classpath.txt"
    if not _newer(listed, POM) or not _all_there(listed.read_text()):
        CACHE.mkdir(exist_ok=True)
        _fetch(listed)
    path = listed.read_text().strip()
    if not _newer(classes / "interop" / "InteropServer.class", SOURCE):
        subprocess.run(["javac", "-d", classes, "-cp", path, SOURCE], check=True)
    return f"{classes}{os.pathsep}{path}"


def _newer(made: Path, source: Path) -> bool:
    return made.exists() and made.stat().st_mtime >= source.stat().st_mtime


def _all_there(path: str) -> bool:
    return all(Path(jar).exists() for jar in path.strip().split(os.pathsep))


def _fetch(listed: Path) -> None:
    goal = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:build-classpath"
    command = ["mvn", "--batch-mode", "--quiet", "--file", str(POM), goal]
    try:
        done = subprocess.run(
            [*command, f"-Dmdep.outputFile={listed}"],
            capture_output=True,
            text=True,
            timeout=FETCHING,
        )
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"Maven did not fetch HAPI FHIR in {FETCHING} s") from None
    if done.returncode:
        listed.unlink(missing_ok=True)
        errors = [line for line in done.stdout.splitlines() if "ERROR" in line]
        raise UnavailableError(f"Maven could not fetch HAPI FHIR: {' '.join(errors[:1])[:400]}")
    listed.touch()  # Maven leaves a file alone that would be the same.


class Server:
    """A running server; `url` waits until it answers."""

    def __init__(self, release: str, class_path: str) -> None:
        self.release = release
        self.log = CACHE / f"{release}.log"
        self._said = ""
        # Its life is too short for the second compiler to pay.
        options = (HEAP, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8")
        level = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                ["java", *options, level, "-cp", class_path, "interop.InteropServer", release, "0"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout is not None
        self._listener = threading.Thread(target=self._listen, args=[self._process.stdout])
        self._listener.daemon = True
        self._listener.start()

    def _listen(self, output: IO[str]) -> None:
        for line in output:
            if line.startswith("ready "):
                self._said = line.split()[1]

    @property
    def url(self) -> str:
        """The base address. Raises `AssertionError` with the end of the log if it never answers."""
        until = time.monotonic() + STARTING
        while not self._said:
            ended = self._process.poll() is not None or time.monotonic() > until
            why = self.log.read_text()[-4000:] if ended else ""
            assert not ended, f"HAPI FHIR {self.release} did not start:\n{why}"
            time.sleep(0.1)
        return self._said

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


if __name__ == "__main__":
    # `make interop` prepares the server once, before a process for each release asks for it; where
    # it cannot be had, the tests say why.
    with contextlib.suppress(UnavailableError):
        built()
