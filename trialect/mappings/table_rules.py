"""What can be wrong with a line of a mapping table."""

from __future__ import annotations

from trialect.problems import Rule, rule


def _rule(id: str, title: str, message: str, mend: str = "") -> Rule:
    return rule(f"MAP-{id}", "error", title, message, mend)


EMPTY_CELL = _rule(
    "EMPTY-CELL",
    "A cell that is needed is empty",
    "{field} is empty.",
    "docs/mapping.md says what it holds.",
)
EXTRA_CELL = _rule(
    "EXTRA-CELL",
    "A cell is filled that its verb does not read",
    "{verb} does not read {field} here ({value!r}).",
    "Empty the cell, or use another verb.",
)
UNKNOWN_TABLE = _rule(
    "UNKNOWN-TABLE",
    "A mapping table is not known",
    "{value} is no table.{meant}",
    "Tables are sources, items, visits, relations, units, codelists/NAME and one a domain.",
)
NO_SOURCE = _rule(
    "NO-SOURCE",
    "A domain's table has no block",
    "no block of sources.csv feeds {value}.",
    "Add a line to sources.csv, or take the table away.",
)
NO_LINES = _rule(
    "NO-LINES",
    "A domain has blocks and no table",
    "block {value!r} feeds {domain}, and there is no table {table}.",
    "Add the table: a line for each variable.",
)
NO_ITEMS = _rule(
    "NO-ITEMS",
    "A block of items has none",
    "block {value!r} has records = item and no line in items.csv.",
    "Add its items, or write records = row.",
)
NO_TESTS = _rule(
    "NO-TESTS",
    "Items feed a domain that has no tests",
    "{domain} has no {domain}TESTCD, so it takes no items.",
    "Write records = row.",
)
OTHER_DOMAIN = _rule(
    "OTHER-DOMAIN",
    "An item fixes a variable of another domain",
    "{value} is no variable of {domain}, which the item's block feeds.",
    "Empty the cell.",
)
UNKNOWN_DOMAIN = _rule(
    "UNKNOWN-DOMAIN", "A domain is not known", "{value!r} is no dataset of SDTMIG 3.4.{meant}"
)
MADE_DOMAIN = _rule(
    "MADE-DOMAIN",
    "A dataset is not mapped from forms",
    "{value} is not made of forms: {reason}.",
    "Take the line away.",
)
NO_DM = _rule(
    "NO-DM",
    "No block feeds DM",
    "no block feeds DM, so no subject has a USUBJID.",
    "Add a block for DM, one row a subject (SDTMIG 3.4, 5.2).",
)
FORM_WITHOUT_SUBJECTS = _rule(
    "FORM-WITHOUT-SUBJECTS",
    "A form without subjects feeds a domain of subjects",
    "form {value!r} has no subjects (per_subject: false), so its rows are nobody's records.",
    "Look into it from lines of other blocks instead.",
)
UNKNOWN_VERB = _rule(
    "UNKNOWN-VERB", "A verb is not known", "{value!r} is no verb.{meant}", "The verbs are {known}."
)
UNKNOWN_BLOCK = _rule(
    "UNKNOWN-BLOCK",
    "A block is not known",
    "{value!r} is no block of {domain} in sources.csv.{meant}",
)
UNKNOWN_WORD = _rule(
    "UNKNOWN-WORD", "A word is not known", "{value!r} is no {what}.{meant}", "Use one of {known}."
)
BLOCK_TWICE = _rule(
    "BLOCK-TWICE", "A block stands twice", "block {value!r} stands on line {first} already."
)
LINE_TWICE = _rule(
    "LINE-TWICE",
    "A thing is said twice",
    "{value!r} is said on line {first} already.",
    "Keep one of the two.",
)
TARGET_TWICE = _rule(
    "TARGET-TWICE",
    "A line undoes an earlier one",
    "{value} is filled on line {first} already, and this line, without `when`, fills it anew "
    "for every record of block {block}.",
    "Give this line a `when`, or take one of the two away.",
)
UNKNOWN_CODELIST = _rule(
    "UNKNOWN-CODELIST",
    "A codelist is not known",
    "{value!r} is no codelist of the study or of SDTM CT {version}.{meant}",
    "Add mappings/codelists/{value}.csv, or name CDISC's by its NCI code or short name.",
)
IDENTIFIER = _rule(
    "IDENTIFIER",
    "A line fills what is the same in every record",
    "{value} is not filled by a line of this table: {reason}.",
    "Take the line away.",
)
NO_CODELIST = _rule(
    "NO-CODELIST",
    "A term has no codelist",
    "{value} has no codelist in SDTMIG, and the line names none.",
    "Name one in `codelist`, or use assign or hardcode.",
)
NOT_A_TERM = _rule(
    "NOT-A-TERM",
    "A fixed term is not in its codelist",
    "{value!r} is no term of {codelist}{nearest}.",
    "Use a term of the codelist.",
)
SOURCE_COUNT = _rule(
    "SOURCE-COUNT",
    "A verb has too few or too many columns",
    "{verb} reads {expected}, the line names {found}.",
)
NEEDS_FORM = _rule(
    "NEEDS-FORM",
    "A lookup names no form",
    "{verb} looks into another form: write {value} as form.column.",
)
TWO_FORMS = _rule(
    "TWO-FORMS",
    "A line looks into two other forms",
    "{value} stand in different forms.",
    "Fill a working value (its name starts with _) from one of them first.",
)
NO_VISIT_COLUMN = _rule(
    "NO-VISIT-COLUMN",
    "A form's visit is not known",
    "form {form!r} is joined by visit, and study.yaml names no column that holds it.",
    "Write `visit` under records, or under the form in records.forms.",
)
NO_COMMON_KEY = _rule(
    "NO-COMMON-KEY",
    "A form without subjects is joined by nothing else",
    "form {form!r} has no subjects, so `by` needs other columns.",
    "Write in `by` the columns that both forms have.",
)
NO_VISITS = _rule(
    "NO-VISITS",
    "There are no visits to map to",
    "the verb visit needs mappings/visits.csv.",
    "Add the table: a line for each visit code.",
)
WITHOUT_VISITS = _rule(
    "WITHOUT-VISITS",
    "A domain without visits is to have one",
    "the records of {value} belong to no visit (SDTMIG 3.4).",
    "Take the line away.",
)
BAD_FORMAT = _rule("DATE-PATTERN", "A date format is not understood", "{value!r}: {reason}.")
FORMAT_COUNT = _rule(
    "DATE-PATTERNS",
    "Formats and columns do not match",
    "the line has {found} formats for {expected} columns.",
    "Write a format for each column, separated by ;.",
)
BAD_UNITS = _rule(
    "UNIT-PAIR",
    "A pair of units is not understood",
    "{value!r} is no FROM -> TO whose exact factor is known.",
    "docs/mapping.md lists the units; mappings/units.csv adds the study's own pairs.",
)
BAD_NUMBER = _rule("TABLE-NUMBER", "A number is none", "{field} is {value!r}, no number.")
NO_LABEL = _rule(
    "NO-LABEL",
    "A supplemental qualifier has no label",
    "{value} is no variable of {domain}, so it becomes a supplemental qualifier and needs a label."
    "{meant}",
    "Fill `label` (QLABEL, at most 40 characters), or correct the variable's name.",
)
BAD_QNAM = _rule(
    "QNAM",
    "A supplemental qualifier's name is none",
    "{value!r} is no QNAM.",
    "Use at most 8 upper-case letters and digits, starting with a letter (CG0417).",
)
LONG_LABEL = _rule(
    "QLABEL", "A label is too long", "the label {value!r} has more than 40 characters (CG0416)."
)
NO_USUBJID_LINE = _rule(
    "USUBJID-LINE",
    "Nothing says what USUBJID is",
    "dm.csv has no line for USUBJID.",
    "Add one, for example: USUBJID, compute, STUDYID || '-' || subjid.",
)
BAD_BOXES = _rule(
    "TICK-BOXES",
    "Tick boxes and columns do not match",
    "{value} is in source and not in value, or the reverse.",
    "Write value as COLUMN=TERM for each column, separated by ;.",
)
UNKNOWN_DERIVATION = _rule(
    "UNKNOWN-DERIVATION",
    "A derivation is not installed",
    "{value!r} is no derivation that is installed.{meant}",
    "Install the package that offers it under trialect.derivations.",
)
