"""The rule behind a check, and the practice that keeps it: a sentence each, with its source."""

from __future__ import annotations

import re

from ..actions import ACTIONS, named

__all__ = ["practice", "rule"]

_HIPAA = "45 CFR 164.514(b)(2)(i)({})"
_PS315 = "DICOM PS3.15 Annex E"
_TCIA = "TCIA's practice"
_GROUP = "MIDI Task Group, arXiv 2303.10473, best practice {}"

# Letter of an identifier of Safe Harbor → what it is.
_IDENTIFIERS = {
    "A": "names",
    "B": "places smaller than a state",
    "C": "elements of dates but the year, and ages over 89",
    "D": "telephone numbers",
    "E": "fax numbers",
    "F": "e-mail addresses",
    "G": "social security numbers",
    "H": "medical record numbers",
    "I": "health plan numbers",
    "J": "account numbers",
    "K": "certificate and licence numbers",
    "L": "vehicle identifiers",
    "M": "device identifiers and serial numbers",
    "N": "web addresses",
    "O": "IP addresses",
    "P": "biometric identifiers",
    "Q": "full-face photographs",
    "R": "any other number, code or characteristic that is unique to a person, such as UIDs",
}
# Action code of the profile → what it asks.
_PROFILE = {
    "D": "a dummy value instead of this one",
    "Z": "an empty or dummy value instead of this one",
    "X": "this attribute removed",
    "K": "this attribute kept",
    "C": "this value cleaned: identifiers out, the meaning kept",
    "U": "this UID replaced by a new one, the same throughout the set",
    "Z/D": "an empty or a dummy value, as the attribute's type allows",
    "X/Z": "this attribute removed or emptied, as its type allows",
    "X/D": "this attribute removed or given a dummy value, as its type allows",
    "X/Z/D": "this attribute removed, emptied or given a dummy value, as its type allows",
    "X/Z/U*": "this attribute removed, emptied or its UIDs replaced, as its type allows",
}
_OPTIONS = {
    "BASIC": "The Basic Profile",
    "DESC": "The Clean Descriptors option",
    "DEV": "The Retain Device Identity option",
    "MOD": "The Retain Modified Dates option",
    "PAT": "The Retain Patient Characteristics option",
    "PIX": "The Clean Pixel Data option",
}
# Subcategories that are whole sentences.
_WHOLE = {
    "DICOM-IOD-1": (
        "The object's definition makes this a type 1 attribute: it must be there with a value",
        "DICOM PS3.3",
    ),
    "DICOM-IOD-2": (
        "The object's definition makes this a type 2 attribute: it must be there, if need be empty",
        "DICOM PS3.3",
    ),
    "TCIA-PTKB-K": ("TCIA's knowledge base of private elements counts this one as safe to keep", _TCIA),
    "TCIA-PTKB-X": ("TCIA's knowledge base of private elements has this one deleted", _TCIA),
    "TCIA-REV": ("TCIA's curators decided on this value by looking at it", _TCIA),
    "TCIA-P15-PIX-K": ("Pixels without burned-in text are research data and stay as they are", _PS315),
}
_PRIVATE = ("Private elements stay only where they are known to be safe, so a tool needs a list of those that are", 13)


def rule(action: str, subcategory: str | None = None) -> str:
    """The rule that a check goes back to, in a sentence with its source.

    >>> rule("text_removed", "HIPAA-D")
    'Safe Harbor requires telephone numbers to be removed (45 CFR 164.514(b)(2)(i)(D)).'
    >>> rule("text_removed", "TCIA-P15-BASIC-X")
    'The Basic Profile asks for this attribute removed (DICOM PS3.15 Annex E).'
    """
    code = subcategory or ""
    if code in _WHOLE:
        return _cited(*_WHOLE[code])
    known = ACTIONS.get(action)
    about_text = action in named(about=["text"])
    if about_text and action in named("remove") and (letter := re.fullmatch(r"HIPAA-([A-R])", code)):
        return _cited(f"Safe Harbor requires {_IDENTIFIERS[letter[1]]} to be removed", _HIPAA.format(letter[1]))
    if about_text and (parts := re.fullmatch(r"(?:TCIA|DICOM)-P15-([A-Z]+)-(.+)", code)):
        option, asked = _OPTIONS.get(parts[1]), _PROFILE.get(parts[2])
        if option and asked:
            return _cited(f"{option} asks for {asked}", _PS315)
    return _cited(*known.rule) if known else "The answer key asks for something no rule is known of."


def practice(action: str, private: bool = False) -> str:
    """The best practice that a check goes back to, in a sentence with its source.

    >>> practice("date_shifted")
    'Absolute dates are replaced, the time between them is kept: one shift for all dates of a patient \
(MIDI Task Group, arXiv 2303.10473, best practice 12).'
    """
    if action not in ACTIONS:
        return ""
    known = _PRIVATE if private and action in named("keep", "present") else ACTIONS[action].practice
    return _cited(known[0], _GROUP.format(known[1]))


def _cited(sentence: str, source: str) -> str:
    return f"{sentence} ({source})."
