"""Whether WHO's ICTRP takes a trial: its elements, and the rules beside them.

The table of elements is `ictrp.csv`: order and number are those of WHO's DTD (1.0, of 2009), which
wants elements without content too, and the elements on results and ethics review that came with
the Trial Registration Data Set 1.3; what is required is that data set, of 24 items.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from trialect.mappings.registry.countries import country
from trialect.problems import Problem, rule
from trialect.schemas.registry.asked import Asked, Where, step
from trialect.schemas.registry.forms import hours_of_age, is_partial_date, slashed_date
from trialect.schemas.registry.layout import layout
from trialect.schemas.registry.nodes import Node
from trialect.schemas.registry.structure import check_element

ROOT = "trials"
RECORD = "trial"

STATUS = rule(
    "ICTRP-STATUS",
    "warning",
    "A recruitment status is none of ICTRP's",
    "{value} is no recruitment status of ICTRP: {words}.",
    "Use one of its words.",
    "WHO ICTRP DTD, recruitment_status; WHO Trial Registration Data Set, item 18",
)
CONTACT = rule(
    "ICTRP-CONTACT",
    "error",
    "A contact that ICTRP asks for is not said",
    "There is no {value} contact with a name{reach}.",
    "Name one in the study file.",
    "WHO Trial Registration Data Set, items 7 and 8",
)
RETROSPECTIVE = rule(
    "ICTRP-RETROSPECTIVE",
    "note",
    "The trial was registered after its first enrolment",
    "The trial was registered on {value}, after its first enrolment ({before}).",
    "Nothing can be mended; journals ask for registration before it.",
    "WHO Trial Registration Data Set, items 2 and 16",
)
AGE_ORDER = rule(
    "ICTRP-AGE-ORDER",
    "error",
    "The minimum age is above the maximum age",
    "The minimum age {value} is above the maximum age {maximum}.",
    "Correct one of them.",
    "WHO Trial Registration Data Set, item 14",
)
PENDING = rule(
    "ICTRP-PENDING",
    "warning",
    "A trial that does not recruit yet has enrolled",
    "The recruitment status is Pending, and the date of first enrolment is actual.",
    "Correct one of them.",
    "WHO Trial Registration Data Set, items 16 and 18",
)
COUNTRY = rule(
    "ICTRP-COUNTRY",
    "warning",
    "A country is not known",
    "{value} is no country that is known here.",
    "Write its English name.",
    "ISO 3166-1",
)
REPEATED = rule(
    "ICTRP-REPEATED",
    "warning",
    "A value of a list stands twice",
    "{value} stands {count} times in {name}.",
    "Leave one of them.",
    "WHO Trial Registration Data Set",
)

SUPPORT = rule(
    "ICTRP-SUPPORT",
    "warning",
    "Who supports the trial is not said",
    "source_support names nobody, and who pays for a trial is no fact of a study here.",
    "Write it into the file: the agency, foundation, company or institution.",
    "WHO Trial Registration Data Set, item 4",
)
PARTIAL = rule(
    "ICTRP-DATE-PARTIAL",
    "warning",
    "A date has no day, and ICTRP takes days",
    "{name} is {value}, without a day; none is added here, since nobody said it.",
    "Say the day in the study file.",
    "WHO ICTRP DTD: dd/mm/yyyy",
)

STATUSES = ("Pending", "Recruiting", "Suspended", "Complete", "Other")
_LISTS = {
    "countries": "country2",
    "secondary_sponsor": "sponsor_name",
    "source_support": "source_name",
    "primary_outcome": "prim_outcome",
    "secondary_outcome": "sec_outcome",
    "health_condition_code": "hc_code",
    "health_condition_keyword": "hc_keyword",
    "intervention_keyword": "i_keyword",
}


def check_record(
    trial: Node,
    number: int = 1,
    field: Callable[[str, str | None], str | None] | None = None,
    merges: bool = False,
) -> list[Problem]:
    """What ICTRP does not take of a trial, the `number`th of its file.

    `field` gives the Study's path for the names of a place and the fact that it was written from;
    with `merges`, what is so of many elements alike is one finding.
    """
    type_ = trial.said("main/study_type").lower()
    asked = Asked(frozenset((type_,)), False, f"/{ROOT}", field, merges)
    where: Where = (None, RECORD, number if number > 1 else 0, None)
    check_element(trial, layout("ictrp", RECORD), where, asked)
    _status(trial, where, asked)
    _dates(trial, where, asked)
    _contacts(trial, where, asked)
    _support(trial, where, asked)
    _ages(trial, where, asked)
    _lists(trial, where, asked)
    return asked.close()


def _status(trial: Node, where: Where, asked: Asked) -> None:
    status = trial.said("main/recruitment_status")
    place = step(where, "main")
    if status and status.lower() not in {one.lower() for one in STATUSES}:
        shown = status if len(status) <= 80 else f"{status[:77]}..."
        at = step(place, "recruitment_status")
        asked.tell(STATUS, trial, at, value=shown, words=", ".join(STATUSES))
    actual = trial.said("main/type_enrolment").lower() == "actual"
    if status.lower() == "pending" and actual:
        asked.tell(PENDING, trial, step(place, "type_enrolment"))
    registered = slashed_date(trial.said("main/date_registration"))
    enrolled = slashed_date(trial.said("main/date_enrolment"))
    if registered and enrolled and actual and registered > enrolled:
        at = step(place, "date_registration")
        asked.tell(RETROSPECTIVE, trial, at, value=registered, before=enrolled)


_DATES = ("date_registration", "date_enrolment", "results_date_completed")


def _dates(trial: Node, where: Where, asked: Asked) -> None:
    for name in _DATES:
        text = trial.said(f"main/{name}")
        if text and is_partial_date(text):
            asked.tell(PARTIAL, trial, step(step(where, "main"), name), name=name, value=text)


def _contacts(trial: Node, where: Where, asked: Asked) -> None:
    found = {"public": False, "scientific": False}
    contacts = trial.part("contacts")
    for one in contacts.all("contact") if contacts is not None else ():
        type_ = one.said("type").lower()
        named = one.said("lastname") or one.said("firstname")
        reached = type_ != "public" or any(map(one.said, ("email", "telephone", "address")))
        if type_ in found and named and reached:
            found[type_] = True
    for type_, is_there in found.items():
        if not is_there:
            reach = " and a way to reach it" if type_ == "public" else ""
            fact = "contacts" if type_ == "public" else "officials"
            at = step(where, "contacts", 0, fact)
            asked.tell(CONTACT, trial, at, value=type_, reach=reach)


def _support(trial: Node, where: Where, asked: Asked) -> None:
    support = trial.part("source_support")
    if support is not None and not any(one.text.strip() for one in support.all("source_name")):
        asked.tell(SUPPORT, support, step(where, "source_support"))


def _ages(trial: Node, where: Where, asked: Asked) -> None:
    low, high = trial.said("criteria/agemin"), trial.said("criteria/agemax")
    first, last = hours_of_age(low), hours_of_age(high)
    if first is not None and last is not None and first > last:
        at = step(step(where, "criteria"), "agemin")
        asked.tell(AGE_ORDER, trial, at, value=low, maximum=high)


def _lists(trial: Node, where: Where, asked: Asked) -> None:
    for around, name in _LISTS.items():
        holder = trial.part(around)
        if holder is None:
            continue
        seen: Counter[str] = Counter()
        texts = [one.text.strip() for one in holder.all(name)]
        for number, text in enumerate(texts, 1):
            at = step(step(where, around), name, number)
            seen[text] += 1
            if text and seen[text] == 2:
                count, shown = texts.count(text), text[:80]
                asked.tell(REPEATED, holder, at, value=shown, count=count, name=around)
            if text and around == "countries" and country(text) is None:
                asked.tell(COUNTRY, holder, at, value=text[:80])
