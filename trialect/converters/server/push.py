"""A package goes to a FHIR server: each bundle stored once, whatever happens on the way.

The study's bundle goes first, then the subjects' on a few connections at once. Bundles are
repeatable (`parcels`), so that one whose answer was lost is sent again; what is stored is written
to a journal, so that a push that was killed goes on where it was.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from trialect.converters.server.answers import moment, not_fhir, resource_of, said
from trialect.converters.server.capability import Server, look_at, push_problems
from trialect.converters.server.channel import Answer
from trialect.converters.server.credentials import Credentials
from trialect.converters.server.journal import Journal, journal_at, peek
from trialect.converters.server.parcels import Parcel, Shipment, entries_of, shipment_of
from trialect.converters.server.session import BUSY_STATUS, Patience, Session
from trialect.converters.server.transaction import Result, refused, results_of
from trialect.problems import Problem, Problems, Unusable, rule

REFUSED = rule(
    "PUSH-REFUSED",
    "error",
    "The server refused a bundle",
    "The server answered {status}: {text} None of its {count} resources is stored.",
    "{advice}",
    "http://hl7.org/fhir/R4/http.html#transaction",
)
RESOURCE_REFUSED = rule(
    "PUSH-RESOURCE-REFUSED",
    "error",
    "The server refused a resource",
    "{text}",
    "`trialect trace` tells where its record comes from. Mend the source or the mapping, convert, "
    "and push again.",
)
NOT_CLEAR = rule(
    "PUSH-NOT-CLEAR",
    "error",
    "The server's answer does not say what it stored",
    "The server answered {status}: {text}",
    "Push again: what is stored already stays as it is.",
)
SEVERAL = rule(
    "PUSH-SEVERAL",
    "error",
    "The server holds a resource more than once",
    "The connection was lost while {file} was stored, and {value} now finds {count} resources.",
    "Remove one set of the resources of this bundle, and push again with --again.",
    "http://hl7.org/fhir/R4/http.html#cond-update",
)
STUDY_REFUSED = rule(
    "PUSH-STUDY-REFUSED",
    "error",
    "The subjects were not sent",
    "{file} is not stored; {count} bundles that refer to it were not sent.",
    "Mend it first.",
)
STOPPED = rule(
    "PUSH-STOPPED",
    "error",
    "The push is not finished",
    "{done} of {count} bundles are stored.",
    "Run the same command again; it goes on where it stopped.",
)

_ADVICE = {
    404: "Check that --server is the base of the server, not of one type.",
    405: "The server takes no transactions there; check that --server is its base.",
    412: "More than one resource there has an identifier of ours; remove what is there twice.",
    413: "Lower fhir.bundle_bytes or fhir.bundle_subjects in study.yaml and convert again.",
    422: "The server asks for more than FHIR does; see what it says of each resource.",
}

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Pushed:
    """What came of a push; of each resource the journal tells (`push_report.rows`).

    `states`: number of resources by type and state. `before`: bundles that an earlier push had
    stored. `sent` is 0 in a dry run.
    """

    server: Server
    shipment: Shipment
    journal: Path
    report: Path
    dry_run: bool = False
    before: int = 0
    sent: int = 0
    states: dict[str, Counter[str]] = field(default_factory=dict)
    problems: Problems = field(default_factory=Problems)

    @property
    def stored(self) -> int:
        """Bundles that are on the server."""
        return self.before + self.sent


def push(
    out: str | Path,
    server: str,
    *,
    credentials: Credentials | None = None,
    ca: str | Path | None = None,
    parallel: int = 2,
    patience: Patience | None = None,
    dry_run: bool = False,
    again: bool = False,
    unblinded: bool = False,
    journal: str | Path | None = None,
    report: str | Path | None = None,
    progress: Progress | None = None,
) -> Pushed:
    """Send a package's FHIR bundles to a server, and tell what it answered.

    A push that was stopped goes on; `again` sends everything anew. `journal` is the folder of
    journals and reports (default: OUT.push beside the package). With `dry_run` the server is asked
    for its capabilities and nothing is sent. Raises `Unusable` when there is nothing to send, when
    the server cannot be used, and when it goes away; what was stored until then is in the journal.
    """
    shipment = shipment_of(out, unblinded=unblinded)
    session = Session(server, credentials, ca=ca, patience=patience)
    with closing(session):
        found = look_at(session)
        problems = push_problems(found, shipment.release, _types(shipment))
        problems.stop_on_errors()
        folder = Path(journal) if journal is not None else _beside(Path(out))
        place = folder / f"{_key(found, shipment)}.jsonl"
        done = Pushed(
            found,
            shipment,
            place,
            Path(report) if report is not None else place.with_suffix(".json"),
            dry_run=dry_run,
            problems=problems,
        )
        if dry_run:
            done.before = 0 if again else len(_stored(peek(place)))
            return done
        of = {"server": found.base.url, "package": shipment.digest}
        with journal_at(place, of, again=again) as open_journal:
            return _Push(session, done, open_journal, of, parallel, progress).run()


def _beside(out: Path) -> Path:
    return out.absolute().with_name(f"{out.absolute().name}.push")


def _key(server: Server, shipment: Shipment) -> str:
    """The name of a journal: one for each server and shipment."""
    host = "".join(one if one.isalnum() else "-" for one in server.base.host)
    url = hashlib.sha256(server.base.below("").url.encode()).hexdigest()
    return f"{host}-{url[:8]}-{shipment.digest[:12]}"


def _types(shipment: Shipment) -> set[str]:
    """The types of the first bundle of each kind; all subjects' bundles hold the same types."""
    return {entry.type for parcel in shipment.parcels[:2] for entry in entries_of(parcel.text())}


def _stored(journal: Journal) -> set[str]:
    return {name for name, one in journal.answered.items() if one.get("stored")}


class _Push:
    """One push: what it knows while bundles are under way."""

    def __init__(
        self,
        session: Session,
        done: Pushed,
        journal: Journal,
        of: Mapping[str, str],
        parallel: int,
        progress: Progress | None,
    ) -> None:
        self._session = session
        self._done = done
        self._journal = journal
        self._of = of
        self._parallel = parallel
        self._tell = progress or _silent
        self._unclear = journal.unclear
        self._since = moment(journal.header.get("since") or done.server.date)

    def run(self) -> Pushed:
        done, journal = self._done, self._journal
        parcels = done.shipment.parcels
        if not journal.header:
            journal.begin({**self._of, "since": done.server.date})
        already = _stored(journal)
        done.before = len(already)
        self._tell("push", done.before, len(parcels))
        waiting = [one for one in parcels if one.name not in already]
        try:
            self._send_all(parcels[0], waiting)
            self._look_for_doubles()
        except Unusable as unusable:
            done.sent = len(_stored(journal)) - done.before
            stop = STOPPED.problem(done=done.stored, count=len(parcels))
            raise Unusable([*unusable.problems, stop]) from None
        finally:
            self._count()
            self._write_report()
        if done.stored == len(parcels):
            journal.finish()
        return done

    def _send_all(self, study: Parcel, waiting: Sequence[Parcel]) -> None:
        """The study alone, then the others a few at a time."""
        if waiting and waiting[0] is study:
            self._send(study)
            self._tell("push", self._done.before + 1, len(self._done.shipment.parcels))
            if not self._journal.answered[study.name]["stored"]:
                if waiting[1:]:
                    problem = STUDY_REFUSED.problem(file=study.name, count=len(waiting) - 1)
                    self._done.problems.add(problem)
                return
            waiting = waiting[1:]
        with ThreadPoolExecutor(self._parallel) as pool:
            try:
                self._send_side_by_side(pool, waiting)
            except Unusable:
                # Bundles under way are answered yet; nobody begins another.
                self._session.stop()
                raise
            except BaseException:
                self._session.close()
                raise

    def _send_side_by_side(self, pool: ThreadPoolExecutor, waiting: Sequence[Parcel]) -> None:
        """Send bundles; no more are held than are under way."""
        under_way: set[Future[None]] = set()
        rest = iter(waiting)
        total = len(self._done.shipment.parcels)
        done = total - len(waiting)
        while True:
            while len(under_way) < self._parallel and (parcel := next(rest, None)) is not None:
                under_way.add(pool.submit(self._send, parcel))
            if not under_way:
                return
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                under_way.discard(future)
                future.result()
                done += 1
                self._tell("push", done, total)

    def _look_for_doubles(self) -> None:
        """A server may have been at work on a bundle still when it was sent once more. All of a
        transaction is stored or nothing, so that its first resource tells of the others.
        """
        for parcel in self._done.shipment.parcels:
            line = self._journal.answered.get(parcel.name, {})
            condition = line.get("look_at")
            if not condition or not line["stored"]:
                continue
            url = quote(condition, safe="?=&%:/,$-._~") + "&_summary=count"
            answer = self._session.ask("GET", self._session.base.below(url)).answer
            found = resource_of(answer) or {}
            if answer.status == 200 and isinstance(total := found.get("total"), int) and total > 1:
                self._done.problems.add(
                    SEVERAL.problem(file=parcel.name, value=condition, count=total)
                )

    def _count(self) -> None:
        """Count what became of the resources, and gather the problems, in the bundles' order."""
        done, journal = self._done, self._journal
        own = list(done.problems)
        done.problems = Problems()
        done.sent = len(_stored(journal)) - done.before
        for parcel in done.shipment.parcels:
            line = journal.answered.get(parcel.name, {})
            for type_, states in line.get("states", {}).items():
                done.states.setdefault(type_, Counter()).update(states)
            done.problems.extend(map(Problem.from_dict, line.get("problems", ())))
        done.problems.extend(own)

    def _send(self, parcel: Parcel) -> None:
        """Send a bundle and write down what came of it."""
        text = parcel.text()
        entries = entries_of(text)
        self._journal.sending(parcel.name)
        asked = self._session.ask(
            "POST",
            self._session.base.below(""),
            body=text,
            headers={"Prefer": "return=OperationOutcome"},
        )
        answer = asked.answer
        unclear = asked.unclear or parcel.name in self._unclear
        results: list[Result] | None
        problems: list[Problem] = []
        if answer.status < 300:
            results = results_of(answer, entries, unclear=unclear, since=self._since)
            if results is None:
                problems.append(self._not_clear(parcel, answer))
                results = refused(answer, entries, "")
        else:
            results = refused(answer, entries, said(answer, self._session.conceal))
            problems.append(self._refused(parcel, answer))
        conceal = self._session.conceal
        results = [
            Result(one.entry, one.state, conceal(one.location), conceal(one.text))
            for one in results
        ]
        states: dict[str, Counter[str]] = {}
        for one in results:
            states.setdefault(one.entry.type, Counter())[one.state] += 1
        stored = not problems and all(one.state != "failed" for one in results)
        for number, one in enumerate(results):
            if one.state == "failed" and one.text:
                problems.append(_resource_refused(parcel, number, one))
        self._journal.answer(
            {
                "answered": parcel.name,
                "stored": stored,
                "status": answer.status,
                "attempts": asked.attempts,
                "look_at": entries[0].url if unclear and "?" in entries[0].url else None,
                "states": states,
                "problems": [one.as_dict() for one in problems],
                "resources": [one.as_list() for one in results],
            }
        )

    def _not_clear(self, parcel: Parcel, answer: Answer) -> Problem:
        if resource_of(answer) is None:
            return not_fhir(answer, self._session.conceal).at(file=parcel.name)
        text = said(answer, self._session.conceal)
        return NOT_CLEAR.problem(file=parcel.name, status=answer.status, text=text)

    def _refused(self, parcel: Parcel, answer: Answer) -> Problem:
        if resource_of(answer) is None and answer.status not in (*_ADVICE, *BUSY_STATUS):
            return not_fhir(answer, self._session.conceal).at(file=parcel.name)
        return REFUSED.problem(
            file=parcel.name,
            status=answer.status,
            text=said(answer, self._session.conceal),
            count=parcel.count,
            advice=_ADVICE.get(answer.status, "See what the server says of each resource."),
        )

    def _write_report(self) -> None:
        from trialect.converters.server.push_report import write

        write(self._done, self._journal)


def _silent(step: str, done: int, total: int) -> None:
    """Progress that nobody is told."""


def _resource_refused(parcel: Parcel, number: int, one: Result) -> Problem:
    """The problem of one resource, with the SDTM record that it was made of."""
    from trialect.converters.server.push_report import record_of

    place = f"Bundle.entry[{number}] ({one.entry.name})"
    return RESOURCE_REFUSED.problem(
        file=parcel.name, path=place, text=f"{one.text.rstrip('.')}.", **record_of(one.entry)
    )
