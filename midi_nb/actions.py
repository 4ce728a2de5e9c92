"""The ten actions, one row each: everything known about what a check requires. Every room takes it from here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from . import checks
from .checks import Context
from .frames import CODES
from .text import FAIL, PASS, Outcome

__all__ = ["ACTIONS", "KINDS", "PIXELS", "REGIONS", "RULES", "Action", "category_of", "named"]

RULES = ("official", "strict")
#: What the actions of a kind ask of what they are about.
KINDS = {
    "keep": "must stay",
    "remove": "must go",
    "change": "must change",
    "map": "must be mapped",
    "present": "must be there",
    "pixels": "must stay",
}
_KEY = "the answer key"
_PS315 = "DICOM PS3.15 Annex E"
_IOD = (("dicom", "dicom_iod"),)
_TCIA = (("tcia", "tcia_p15"), ("tcia", "tcia_ptkb"), ("tcia", "tcia_rev"))


class Action(NamedTuple):
    """One action, as every room knows it."""

    official: Callable[[str | None, Any, Context], Outcome]
    strict: Callable[[str | None, Any, Context], Outcome]
    missing: Outcome  # the official verdict where there is no file
    kind: str  # one of `KINDS`
    about: str  # attribute, text, date, uid, patient; pixels and region: what is looked at is no attribute
    column: str  # with the text that is asked about: expected or original
    category: Sequence[tuple[str, str]]  # with a fixed subcategory, or the column of its code; the first that is set
    phrase: str  # what it asks, in a few words
    rule: tuple[str, str]  # what it asks where no subcategory says more, and the source
    practice: tuple[str, int]  # the practice, and its number in the report of the MIDI Task Group


#: Every action there is, in the order of the official ones. To add one, add a row.
ACTIONS: dict[str, Action] = {
    "tag_retained": Action(
        checks.tag_retained, checks.tag_retained, FAIL, "present", "attribute", "original", _IOD,
        "attribute must stay",
        ("The attribute must still be there, even empty", _KEY),
        ("An object still has to be what its definition says, so required attributes get a dummy or are emptied", 3),
    ),
    "text_notnull": Action(
        checks.text_notnull, checks.text_notnull, FAIL, "present", "attribute", "original", _IOD,
        "must have a value",
        ("The attribute must still be there with a value", _KEY),
        ("An object still has to be what its definition says, so required values get a dummy, not nothing", 3),
    ),
    "text_retained": Action(
        checks.text_retained, checks.strict_retained, FAIL, "keep", "text", "expected", _TCIA,
        "text must stay",
        ("The text is research data and must stay", _KEY),
        ("What a study may need is meant broadly: clean a text word by word, and remove it only where that fails", 2),
    ),
    "text_removed": Action(
        checks.text_removed, checks.strict_removed, PASS, "remove", "text", "expected",
        (("hipaa", "hipaa_m"), ("hipaa", "hipaa_z"), *_TCIA),
        "text must go",
        ("The text identifies somebody and must go", _KEY),
        (
            "Direct and relevant indirect identifiers are removed everywhere; free text is removed, or scanned and "
            "reviewed",
            1,
        ),
    ),
    "date_shifted": Action(
        checks.changed, checks.strict_date, PASS, "change", "date", "original", (("hipaa", "HIPAA-C"),),
        "date must be shifted",
        ("A date must not stand as it was; shifted by one number of days it keeps its meaning in time",
         f"{_PS315}, Retain Modified Dates"),
        ("Absolute dates are replaced, the time between them is kept: one shift for all dates of a patient", 12),
    ),
    "uid_changed": Action(
        checks.changed, checks.strict_uid, PASS, "change", "uid", "original", (("hipaa", "HIPAA-R"),),
        "UID must change",
        ("A UID leads back to the person it was made for and must be replaced", f"{_PS315}, action U"),
        ("UIDs are replaced throughout a set, so that its objects still refer to each other", 3),
    ),
    "pixels_hidden": Action(
        checks.pixels_hidden, checks.pixels_hidden, PASS, "remove", "region", "expected", (("hipaa", "HIPAA-A"),),
        "text in pixels must go",
        ("Text burned into the pixels identifies as well as text in the header", f"{_PS315}, Clean Pixel Data"),
        ("Images of every kind are searched for burned-in text, and a person looks at what was found", 10),
    ),
    "pixels_retained": Action(
        checks.pixels_retained, checks.pixels_retained, FAIL, "pixels", "pixels", "expected",
        (("tcia", "TCIA-P15-PIX-K"),),
        "pixels must stay",
        ("Pixels without burned-in text are research data and stay as they are", f"{_PS315}, Clean Pixel Data"),
        ("Redaction covers the text and no more, for pixels are what the data are shared for", 2),
    ),
    "uid_consistent": Action(
        checks.uid_consistent, checks.strict_consistent, FAIL, "map", "uid", "original",
        (("dicom", "DICOM-P15-BASIC-U"),),
        "UID must match the mapping",
        ("A UID must become the one that the mapping gives, wherever it stands", f"{_PS315}, action U"),
        ("References between objects stay whole: one mapping for all files, sequences included", 3),
    ),
    "patid_consistent": Action(
        checks.patid_consistent, checks.strict_patient, FAIL, "map", "patient", "original",
        (("dicom", "DICOM-P15-BASIC-C"),),
        "patient ID must match the mapping",
        ("A patient's ID must become the one that the mapping gives, in all files", f"{_PS315}, action C"),
        ("A patient's objects stay together under one new identifier", 3),
    ),
}  # fmt: skip


def named(*kinds: str, about: Sequence[str] = ()) -> tuple[str, ...]:
    """The actions of some kinds, about some things; without any, of all.

    >>> named("remove"), named("map", about=["uid"])
    (('text_removed', 'pixels_hidden'), ('uid_consistent',))
    """
    return tuple(
        name
        for name, action in ACTIONS.items()
        if (not kinds or action.kind in kinds) and (not about or action.about in about)
    )


#: The actions that look at pixels, whatever the path; those that read the text in a region.
PIXELS, REGIONS = named(about=("pixels", "region")), named(about=["region"])


def category_of(action: str, codes: Mapping[str, str | None]) -> tuple[str, str | None]:
    """(category, subcategory) of a check by the official rule; ``unknown`` where that has none.

    >>> category_of("text_removed", {"hipaa_z": "HIPAA-A", "tcia_p15": "TCIA-P15-BASIC-X"})
    ('hipaa', 'HIPAA-A')
    """
    for category, code in ACTIONS[action].category if action in ACTIONS else ():
        if code not in CODES:
            return category, code
        if codes.get(code) or code == "dicom_iod":  # which officially is taken even where it is null
            return category, codes.get(code)
    return "unknown", "unknown"
