"""Time frames that name events: cycles of a known length, and how long something is followed.

What is said of cycles is written as days. Of `time from randomisation to death, up to 16 years` the
limit is understood, and the event that it counts from.
"""

from __future__ import annotations

import re

_LENGTH = re.compile(
    r"[(\[,;]?\s*(?:each|every|1|one|a|cycles?|where|\s|length)*cycles?\s*(?:\d+\s*)?"
    r"(?:is|are|=|lasts?|of)\s*(\d{1,3})\s*-?days?(?:\s+in\s+(?:duration|length)|\s+long)?\s*[)\]]?"
)
_ALONE = r"\b(?!\s*(?:,|and|&|-|–|to|or)\s*(?:and\s*)?\d)"
"""No list of numbers follows."""
_DAY_OF = re.compile(rf"\bday (\d{{1,3}}) (?:of|in) cycle (\d{{1,2}}){_ALONE}")
_SHORT = re.compile(r"\bc(\d{1,2})\s?d(\d{1,3})\b")
_CYCLE_DAY = re.compile(rf"\bcycle (\d{{1,2}}),?\s?\(?day (\d{{1,3}}){_ALONE}\)?")
_END_OF = re.compile(rf"\b(?:the )?end of cycle (\d{{1,2}}){_ALONE}")
_CYCLE = re.compile(r"\bcycle (\d+)")
_CYCLES = re.compile(r"\b(\d{1,2}) cycles\b")


def cycles_as_days(text: str) -> str:
    """A text in lower case with its cycles as study days, where it says how long they are.

    Cycle 1 begins on day 1, however long it is. What cannot be counted stays as it is.
    """
    if "cycle" not in text and not _SHORT.search(text):
        return text
    text = _SHORT.sub(r"cycle \1 day \2", text)
    lengths = {int(one) for one in _LENGTH.findall(text)}
    length = lengths.pop() if len(lengths) == 1 else None
    if length is not None:
        text = _LENGTH.sub(" ", text)

    def day(cycle: str, number: str, whole: str) -> str:
        if cycle == "1":
            return f"day {number}"
        return f"day {(int(cycle) - 1) * length + int(number)}" if length is not None else whole

    several = len(re.findall(r"\bdays?\b", text)) > 1
    if not several or set(_CYCLE.findall(text)) == {"1"}:
        # Of `day 1 and day 8 of cycle 2` both days may be of cycle 2.
        text = _DAY_OF.sub(lambda one: day(one[2], one[1], one[0]), text)
    text = _CYCLE_DAY.sub(lambda one: day(one[1], one[2], one[0]), text)
    if length is not None:
        text = _END_OF.sub(lambda one: f"day {int(one[1]) * length}", text)
        text = _CYCLES.sub(lambda one: f"{int(one[1]) * length} days", text)
    return text


_BEHIND = re.compile(
    r"(?P<events>[^\d;]{3,400}?)[,;(\[:. ]+"
    r"(?:and |assessed |evaluated |followed |for |whichever occurs first[,;]? )*"
    r"(?P<limit>(?:approx(?:imately|\.)? )?(?:up ?to|maximum|max\.?) [^\n]*)"
)
_FROM = re.compile(
    r"(?:(?:time|duration|interval|period) )?(?:of time )?(?:from|since) (?P<origin>.*?)"
    r" (?:until|till|to) .*"
)
_TIMED = re.compile(
    r"\b(?:every|each|baseline|week|weeks|month|months|year|years|day|days|hours?)\b"
)
_VERB = re.compile(r".*\b(?:evaluated|assessed|measured|defined) (?:and presented )?as (?:the )?")
_DAY_1 = re.compile(
    r"(?:the )?(?:date of |time of |day of )?(?:the )?"
    r"(?:(?:first |initial |start of |treatment start|study )*"
    r"(?:treatment|dose|dosing|randomi[sz]ation|intervention)(?: start| initiation)?"
    r"|treatment start|start of treatment)"
)


def limit_of_events(text: str) -> tuple[str, str] | None:
    """The limit of a text in lower case that follows events, and what it counts from.

    `from the date of randomisation until death, up to 2 years` is `("up to 2 years", "")`, since
    randomisation is where days count from. None where the events say any time themselves.
    """
    found = _BEHIND.fullmatch(text.strip())
    if found is None:
        return None
    events = _VERB.sub("", found["events"])
    span = _FROM.fullmatch(events)
    if span is None or _TIMED.search(_DAY_1.sub("", events)):
        return None
    origin = span["origin"].strip()
    return found["limit"], "" if _DAY_1.fullmatch(origin) else origin
