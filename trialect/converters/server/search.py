"""A study's resources as a server's searches give them, a page after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from urllib.parse import quote

from trialect.converters.server.answers import is_refusal, said, sentences_of
from trialect.converters.server.capability import Server
from trialect.converters.server.compartment import OF_A_PATIENT
from trialect.converters.server.page import Line, line_of, page_of
from trialect.converters.server.session import Session
from trialect.problems import Problems, Unusable, rule

REFUSED = rule(
    "PULL-REFUSED",
    "error",
    "The server does not answer a search",
    "To {value} the server answered {status}: {text}",
    "What it would have found is missing in what was pulled.",
)
ELSEWHERE = rule(
    "PULL-LINK",
    "error",
    "The next page is on another host",
    "The server names {value} as the next page; what it may see goes to {host} alone.",
    "The server does not know its own address (often behind a proxy): its operator can set it.",
)
CIRCLE = rule(
    "PULL-CIRCLE",
    "error",
    "The pages have no end",
    "The server names {value} as the next page once more.",
    "Ask who runs the server; --export may do.",
)
SAID = rule(
    "PULL-SAID",
    "warning",
    "The server has something to say on a search",
    "To {value} the server remarks: {text}",
)
FEWER = rule(
    "PULL-TOTAL",
    "warning",
    "The server gave fewer resources than it counted",
    "Of {value} the server counts {total} and gave {count}.",
    "Pull again; resources may have been removed meanwhile.",
)

PATIENTS_AT_ONCE = 20
IDS_AT_ONCE = 50
_PAGE = 250


class SearchSource:
    """The server as a source of a study; what goes wrong is in `problems`."""

    method = "search"

    def __init__(self, session: Session, server: Server) -> None:
        self._session = session
        self._server = server
        self.base = session.base.below("").url.rstrip("/")
        self.problems = Problems()

    @property
    def types(self) -> list[str]:
        """The types of a patient's resources that the server knows."""
        known = self._server.types
        return [one for one in OF_A_PATIENT if not known or one in known]

    def studies(self, name: str) -> Iterator[Line]:
        """The ResearchStudy with an identifier (`value` or `system|value`), else with an id."""
        found = list(self._pages("ResearchStudy", f"identifier={_quoted(name)}"))
        if found or "|" in name:
            yield from found
            return
        answer = self._session.ask(
            "GET", self._session.base.below(f"ResearchStudy/{quote(name, safe='')}")
        ).answer
        if answer.status == 200:
            self._session.expect(answer, "ResearchStudy")
            yield line_of(answer.body)

    def subjects(self, study: str) -> Iterator[Line]:
        """The ResearchSubjects of a study (`ResearchStudy/ID`)."""
        yield from self._pages("ResearchSubject", f"study={study}", needed=True)

    def of_patients(self, type_: str, patients: Sequence[str]) -> Iterator[Line]:
        """Resources of a type that are about one of the patients (`Patient/ID`)."""
        for some in _batches(patients, PATIENTS_AT_ONCE):
            yield from self._pages(type_, f"{OF_A_PATIENT[type_]}={','.join(some)}")

    def with_ids(self, type_: str, ids: Iterable[str]) -> Iterator[Line]:
        """Resources of a type by their ids."""
        for some in _batches(sorted(ids), IDS_AT_ONCE):
            yield from self._pages(type_, f"_id={','.join(some)}")

    def with_urls(self, type_: str, urls: Iterable[str]) -> Iterator[Line]:
        """Definitions of a type by their canonical URLs."""
        for url in sorted(urls):
            yield from self._pages(type_, f"url={_quoted(url)}")

    def _pages(self, type_: str, query: str, *, needed: bool = False) -> Iterator[Line]:
        """What a search finds. A search that is refused is a problem, or `Unusable` if needed."""
        session = self._session
        address = session.base.below(f"{type_}?{query}&_count={_PAGE}")
        what = f"{type_}?{query}"[:200]
        seen = {address.url}
        count, total = 0, None
        while True:
            # A server that does not know a parameter may not leave it out (R4 search 3.1.1.1.3).
            headers = {"Prefer": "handling=strict"}
            answer = session.ask("GET", address, headers=headers).answer
            if answer.status >= 300 or is_refusal(answer):
                text = said(answer, session.conceal)
                problem = REFUSED.problem(value=what, status=answer.status, text=text)
                if needed:
                    raise Unusable(problem)
                self.problems.add(problem)
                return
            session.expect(answer, "Bundle")
            page = page_of(answer.body)
            for outcome in page.outcomes:
                text = session.conceal("; ".join(sentences_of(outcome)))
                self.problems.add(SAID.problem(value=what, text=text))
            total = page.total if total is None else total
            for line in page.lines:
                count += line.type == type_
                yield line
            if not page.next:
                break
            try:
                onward = address.resolve(page.next)
            except ValueError:
                raise Unusable(ELSEWHERE.problem(value="what is no URL", host=self.base)) from None
            if onward.origin != session.base.origin:
                raise Unusable(ELSEWHERE.problem(value=onward.origin, host=session.base.origin))
            if onward.url in seen:
                raise Unusable(CIRCLE.problem(value=what))
            seen.add(onward.url)
            address = onward
        if total is not None and count < total:
            self.problems.add(FEWER.problem(value=what, total=total, count=count))


def _quoted(value: str) -> str:
    return quote(value, safe="/:")


def _batches(values: Sequence[str], size: int) -> Iterator[list[str]]:
    rest = iter(values)
    while some := list(islice(rest, size)):
        yield some
