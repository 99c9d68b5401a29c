"""The words of time frames: units, numbers, events, and what joins or limits them."""

from __future__ import annotations

from fractions import Fraction

UNITS = {
    **dict.fromkeys(("minute", "minutes", "min", "mins"), "minute"),
    **dict.fromkeys(("hour", "hours", "hr", "hrs", "h"), "hour"),
    **dict.fromkeys(("day", "days", "d"), "day"),
    **dict.fromkeys(("week", "weeks", "wk", "wks"), "week"),
    **dict.fromkeys(("month", "months", "mo", "mos"), "month"),
    **dict.fromkeys(("year", "years", "yr", "yrs"), "year"),
}
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NUMBERS = {word: Fraction(number) for number, word in enumerate((*_WORDS, "eleven", "twelve"))}

BASELINE = (
    ("baseline",),
    ("base-line",),
    ("predose",),
    ("pre-dose",),
    ("pre-treatment",),
    ("pretreatment",),
    ("pre-intervention",),
    ("preintervention",),
    ("before", "treatment"),
    ("before", "intervention"),
    ("before", "injection"),
    ("before", "dose"),
    ("before", "start", "of", "therapy"),
    ("before", "start", "of", "treatment"),
)
JOINS = frozenset({",", ";", "and", "&", ".", "(", ")", "[", "]"})
SEPARATORS = JOINS | {":", "-", "–"}
FILLERS = frozenset(
    {
        *("at", "on", "in", "for", "each", "both", "from", "then"),
        *("assessed", "measured", "evaluated", "recorded", "collected"),
    }
)
LIMITS = (
    ("up", "to", "a", "maximum", "of"),
    ("for", "up", "to"),
    ("maximum", "up", "to"),
    ("maximum", "follow-up", "of"),
    ("maximum", "follow-up"),
    ("maximum", "of"),
    ("maximum",),
    ("max", "of"),
    ("max",),
    ("up", "to"),
    ("upto",),
    ("within",),
    ("until",),
    ("through",),
    ("throughout",),
    ("during",),
    ("over",),
    ("by",),
)
TO = frozenset({"to", "through", "until", "till", "-", "–", "thru"})

ORIGINS = frozenset(
    {
        *("treatment", "intervention", "interventions", "randomization", "randomisation", "dose"),
        *("dosing", "injection", "infusion", "vaccination", "surgery", "operation", "procedure"),
        *("administration", "transplant", "transplantation", "baseline", "therapy", "implantation"),
    }
)
"""What study day 1 is: the first treatment, or what stands for it (SDTMIG 4.4.4)."""
OF_ORIGIN = frozenset({"the", "first", "initial", "start", "of", "study", "initiation", "a"})
COUNTED_FROM = frozenset({"after", "post", "following", "from", "since", "post-"})

OPEN = frozenset(
    {
        *("approximately", "approx", "approximate", "about", "around", "~", "average", "mean"),
        *("estimated", "expected", "median"),
    }
)
"""Words that leave a number open."""
BESIDE_OPEN = frozenset({"an", "a", "the", "of", ".", "with", "timeframe", "or", "is", "to", "be"})

EVENTS = tuple(
    sorted(
        (
            tuple(text.split())
            for text in (
                *("screening", "screening visit", "eot", "eos", "end of treatment"),
                *("end of the treatment", "end of treatment visit", "end of study"),
                *("end of the study", "end of trial", "end of the trial", "end of follow-up"),
                *("end of follow up", "study completion", "trial completion", "study end"),
                *("completion of study", "completion of the study", "treatment completion"),
                *("completion of treatment", "treatment discontinuation", "early termination"),
                *("early discontinuation", "relapse", "disease relapse", "progression"),
                *("disease progression", "death", "discharge", "hospital discharge"),
                *("admission", "hospital admission", "follow-up", "follow up", "event driven"),
                *("end of hospitalization", "end of hospitalisation", "unscheduled visit"),
                *("completion of follow-up", "completion of the follow-up visit"),
                *("end of follow-up visit", "follow-up visit", "enrollment", "enrolment"),
            )
        ),
        key=lambda words: (-len(words), words),
    )
)
"""What happens on no planned study day, the longest first."""
