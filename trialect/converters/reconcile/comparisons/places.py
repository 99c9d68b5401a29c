"""Where the trial takes place: sites and countries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from trialect.converters.reconcile.comparison import (
    Agreement,
    Row,
    Sides,
    Value,
    comparison,
    sides_named,
    weigh,
)
from trialect.converters.reconcile.comparisons.sides import both
from trialect.converters.reconcile.names import all_names, by_name, plain
from trialect.converters.summary import plural
from trialect.mappings.registry.countries import country_code
from trialect.trial import Study

THEME = "Sites"


@comparison(
    "RECONCILE-COUNTRY",
    THEME,
    "error",
    "A country is not on all sides",
    "Add the country's sites to the record and the study file, or correct COUNTRY in DM.",
    "ClinicalTrials.gov, Facility Location: Country; SDTMIG 3.4, DM COUNTRY; ISO 3166-1 alpha-3",
)
def countries(sides: Sides) -> Iterator[Row]:
    """Each country by its ISO 3166 code: locations, sites, COUNTRY of DM."""
    record = _countries(sides.record) if sides.record is not None else {}
    study = _countries(sides.study)
    subjects: Counter[str] = Counter()
    for (_, country), count in sides.data.sites.items():
        if country:
            subjects[country] += count
    data = {
        code: Value(f"{code}: {plural(n, 'subject')}", code) for code, n in sorted(subjects.items())
    }
    lists = {"registry": record, "study": study, "data": data}
    asked = [side for side in (*both(sides), "data") if lists[side]]
    for code in all_names(study, record, data):
        values = {side: known[code] for side, known in lists.items() if code in known}
        without = [side for side in asked if side not in values]
        unread = [value.reason for value in values.values() if value.key is None]
        texts = {side: value.text for side, value in values.items()}
        # A place without subjects yet is none of the data's.
        seen_elsewhere = "data" in values or without != ["data"]
        if unread:
            agreement, why = Agreement.NOT_COMPARED, unread[0]
        elif without and seen_elsewhere:
            agreement, why = (
                Agreement.DIFFER,
                f"{sides_named(without, 'has', 'have')} no such country",
            )
        elif without:
            agreement, why = Agreement.MISSING, "no subject is of this country"
        elif len(asked) < 2:
            agreement, why = Agreement.NOT_COMPARED, "there is nothing to compare it with"
        else:
            agreement, why = Agreement.AGREE, ""
        yield Row(
            "Country",
            code,
            texts.get("registry"),
            texts.get("study"),
            texts.get("data"),
            agreement=agreement,
            why=why,
            field="sites",
            domain="DM",
            variable="COUNTRY",
            odd=tuple(without) if agreement is Agreement.DIFFER else (),
        )


def _countries(study: Study) -> dict[str, Value]:
    """The countries by code; one whose code is not known by its own name, with the reason."""
    counts: Counter[str] = Counter()
    places = [site.country for site in study.sites] or [
        location.country for location in study.locations if location.country
    ]
    found: dict[str, Value] = {}
    for country in places:
        code = country if _is_code(country) else country_code(country)
        counts[code or country] += 1
        found.setdefault(
            code or country,
            Value(country, code)
            if code
            else Value(country, None, f"{country} has no ISO 3166 code that is known here"),
        )
    return {
        code: Value(_sited(value.text, counts[code]), value.key, value.reason)
        for code, value in sorted(found.items())
    }


def _is_code(country: str) -> bool:
    return len(country) == 3 and country.isascii() and country.isupper() and country.isalpha()


def _sited(country: str, count: int) -> str:
    return f"{country}: {plural(count, 'site')}"


@comparison(
    "RECONCILE-SITE",
    THEME,
    "error",
    "A site of the data is none of the study file",
    "Add the site to `sites`, or correct SITEID in DM.",
    "SDTMIG 3.4, DM SITEID",
)
def sites(sides: Sides) -> Iterator[Row]:
    """Each site by SITEID: the study file's sites and DM; and by name against the record."""
    study = {site.id: site for site in sides.study.sites}
    data: Counter[str] = Counter()
    for (siteid, _), count in sides.data.sites.items():
        if siteid:
            data[siteid] += count
    facilities = _facilities(sides.record) if sides.record is not None else {}
    used: set[str] = set()
    for code in all_names(study, dict(sorted(data.items()))):
        site = study.get(code)
        name = plain(site.name) if site else ""
        used |= {name} & set(facilities)
        if site is None and study:
            agreement, why = Agreement.DIFFER, "the study file has no such site"
        elif site is None:
            agreement, why = Agreement.MISSING, "the study file names no sites"
        elif code not in data:
            agreement, why = Agreement.MISSING, "no subject is of this site"
        elif facilities and name not in facilities:
            agreement, why = Agreement.NOT_COMPARED, "the record has no location of this name"
        else:
            agreement, why = Agreement.AGREE, ""
        yield Row(
            "Site",
            code,
            facilities.get(name),
            site.name if site else None,
            plural(data[code], "subject") if code in data else None,
            agreement=agreement,
            why=why,
            field="sites",
            domain="DM",
            variable="SITEID",
        )
    if study:
        for name, facility in facilities.items():
            if name not in used:
                yield Row(
                    "Site",
                    facility,
                    registry=facility,
                    agreement=Agreement.NOT_COMPARED,
                    why="the study file has no site of this name, and registries use their own",
                    field="sites",
                )


def _facilities(record: Study) -> dict[str, str]:
    """The places of a record by their plain names; a record of another kind may know sites."""
    named = [one.facility for one in record.locations if one.facility]
    return by_name(named or [site.name for site in record.sites if site.name], str)


@comparison(
    "RECONCILE-SITE-COUNT",
    THEME,
    "warning",
    "The number of sites differs",
    "Add the sites that are missing in the record or the study file.",
    "ClinicalTrials.gov, Facility Information; SDTMIG 3.4, DM SITEID",
)
def number(sides: Sides) -> Iterator[Row]:
    """How many sites there are: locations of the record, sites, SITEIDs of DM."""
    data = len({site for site, _ in sides.data.sites if site})
    record = _count(sides.record) if sides.record is not None else 0
    study = len(sides.study.sites) or len(sides.study.locations)
    yield from weigh(
        "Number of sites",
        registry=Value(str(record), record) if record else None,
        study=Value(str(study), study) if study else None,
        data=Value(f"{data} with subjects", data) if data else None,
        expected=both(sides),
        field="sites",
        domain="DM",
        variable="SITEID",
    )


def _count(record: Study) -> int:
    return len(record.locations) or len(record.sites)
