"""The rule behind a check, and the practice that keeps it: a sentence each, with its source."""

from __future__ import annotations

import re

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
    "D": "a dummy value in place of this one",
    "Z": "an empty or dummy value in place of this one",
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
# Action → what its check asks where no subcategory says more.
_ASKED = {
    "tag_retained": ("The attribute must still be there, even empty", "the answer key"),
    "text_notnull": ("The attribute must still be there with a value", "the answer key"),
    "text_retained": ("The text is research data and must stay", "the answer key"),
    "text_removed": ("The text identifies somebody and must go", "the answer key"),
    "date_shifted": (
        "A date must not stand as it was; shifted by one number of days it keeps its meaning in time",
        f"{_PS315}, Retain Modified Dates",
    ),
    "uid_changed": ("A UID leads back to the person it was made for and must be replaced", f"{_PS315}, action U"),
    "uid_consistent": ("A UID must become the one that the mapping gives, wherever it stands", f"{_PS315}, action U"),
    "patid_consistent": (
        "A patient's ID must become the one that the mapping gives, in all files",
        f"{_PS315}, action C",
    ),
    "pixels_hidden": (
        "Text burned into the pixels identifies as well as text in the header",
        f"{_PS315}, Clean Pixel Data",
    ),
    "pixels_retained": (
        "Pixels without burned-in text are research data and stay as they are",
        f"{_PS315}, Clean Pixel Data",
    ),
}
# Action → (the practice, its number in the report of the MIDI Task Group).
_PRACTICES = {
    "tag_retained": (
        "An object still has to be what its definition says, so required attributes get a dummy or are emptied",
        3,
    ),
    "text_notnull": (
        "An object still has to be what its definition says, so required values get a dummy, not nothing",
        3,
    ),
    "text_retained": (
        "What a study may need is meant broadly: clean a text word by word, and remove it only where that fails",
        2,
    ),
    "text_removed": (
        "Direct and relevant indirect identifiers go everywhere; free text is removed, or scanned and looked at",
        1,
    ),
    "date_shifted": (
        "Absolute dates are replaced, the time between them is kept: one shift for all dates of a patient",
        12,
    ),
    "uid_changed": ("UIDs are replaced throughout a set, so that its objects still refer to each other", 3),
    "uid_consistent": ("References between objects stay whole: one mapping for all files, sequences included", 3),
    "patid_consistent": ("A patient's objects stay together under one new identifier", 3),
    "pixels_hidden": ("Images of every kind are searched for burned-in text, and a person looks at what was found", 10),
    "pixels_retained": ("Redaction covers the text and no more, for pixels are what the data are shared for", 2),
}
_PRIVATE = ("Private elements stay only where they are known to be safe, so a tool needs a list of those that are", 13)


def rule(action: str, subcategory: str | None = None) -> str:
    """The rule that a check goes back to, in a sentence with its source.

    >>> rule("text_removed", "HIPAA-D")
    'Safe Harbor wants telephone numbers removed (45 CFR 164.514(b)(2)(i)(D)).'
    >>> rule("text_removed", "TCIA-P15-BASIC-X")
    'The Basic Profile asks for this attribute removed (DICOM PS3.15 Annex E).'
    """
    code = subcategory or ""
    if code in _WHOLE:
        return _cited(*_WHOLE[code])
    if action == "text_removed" and (letter := re.fullmatch(r"HIPAA-([A-R])", code)):
        return _cited(f"Safe Harbor wants {_IDENTIFIERS[letter[1]]} removed", _HIPAA.format(letter[1]))
    if action in ("text_removed", "text_retained") and (
        parts := re.fullmatch(r"(?:TCIA|DICOM)-P15-([A-Z]+)-(.+)", code)
    ):
        option, asked = _OPTIONS.get(parts[1]), _PROFILE.get(parts[2])
        if option and asked:
            return _cited(f"{option} asks for {asked}", _PS315)
    return _cited(*_ASKED[action]) if action in _ASKED else "The answer key asks for something no rule is known of."


def practice(action: str, private: bool = False) -> str:
    """The best practice that a check goes back to, in a sentence with its source.

    >>> practice("date_shifted")
    'Absolute dates are replaced, the time between them is kept: one shift for all dates of a patient \
(MIDI Task Group, arXiv 2303.10473, best practice 12).'
    """
    keeps = action in ("text_retained", "tag_retained", "text_notnull")
    known = _PRIVATE if private and keeps else _PRACTICES.get(action)
    return _cited(known[0], _GROUP.format(known[1])) if known else ""


def _cited(sentence: str, source: str) -> str:
    return f"{sentence} ({source})."
