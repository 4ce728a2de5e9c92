"""What decides a check: one small pure function each, official and strict; `actions` says which action asks which.

A check takes what the released file says (`None` where the attribute is absent), the `Check` of the key and the
`Context` of the submission, and gives an `Outcome`. It reads no file and knows no frame.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .dates import is_date, shift
from .frames import REMOVED
from .text import FAIL, NO_TEXT, PASS, Outcome, bare, blank, burned_in, compare, compare_strict


@dataclass(frozen=True)
class Context:
    """What a check may know beside its attribute: the mappings (old → new)."""

    uids: Mapping[str, str]
    patients: Mapping[str, str] | None


def tag_retained(text: str | None, check: Any, context: Context) -> Outcome:
    """Passes when the attribute is there, even empty."""
    return FAIL if text is None else PASS


def text_notnull(text: str | None, check: Any, context: Context) -> Outcome:
    """Passes when the attribute is there with a value."""
    return PASS if text else FAIL


def text_retained(text: str | None, check: Any, context: Context) -> Outcome:
    """Passes when the attribute is there and keeps every word."""
    return FAIL if text is None else compare(text, check.expected, keep=True)


def text_removed(text: str | None, check: Any, context: Context) -> Outcome:
    """Passes when no word is left."""
    if text is None:
        return PASS
    return compare("" if text == REMOVED else text, check.expected, keep=False)


def changed(text: str | None, check: Any, context: Context) -> Outcome:
    """Passes when the original is no part of the released value (dates and UIDs)."""
    if text is None:
        return PASS
    if check.original is None:
        return NO_ORIGINAL
    return FAIL if bare(check.original) in text.replace("\\", "") else PASS


def uid_consistent(text: str | None, check: Any, context: Context) -> Outcome:
    """Passes when the released UID is the one the mapping gives for the original."""
    return _as_mapped(text, check.original, context.uids)


def patid_consistent(text: str | None, check: Any, context: Context) -> Outcome:
    """Passes when the released patient ID is the one the mapping gives for the original."""
    return NO_PATIENTS if context.patients is None else _as_mapped(text, check.original, context.patients)


def _as_mapped(text: str | None, original: str | None, mapping: Mapping[str, str]) -> Outcome:
    if text is None:
        return PASS
    if original is None or original not in mapping:  # then no value can be the right one, an empty one neither
        return NOT_MAPPED
    return PASS if text == mapping[original] else FAIL


def pixels_retained(digest: str | None, check: Any, context: Context) -> Outcome:
    """Passes when the digest of the stored pixel bytes is the key's."""
    if check.expected is None:
        return NO_TEXT
    return PASS if str(digest) == check.expected.strip("<>") else FAIL


def pixels_hidden(text: str | None, check: Any, context: Context) -> Outcome:
    """Passes when the text recognised in the region holds no word of the planted one."""
    if not text:
        return PASS
    return _or_lost(compare(text, check.expected and burned_in(check.expected), keep=False))


def _or_lost(outcome: Outcome) -> Outcome:
    return outcome._replace(verdict="lost") if outcome.verdict == "blank" else outcome


NO_ORIGINAL = blank("the key has no original value for this check")
#: A failure that is the mapping's: of all failures the only one that comes with a reason.
NOT_MAPPED = FAIL._replace(error="the mapping has no entry for the original")
NO_PATIENTS = blank("no patient mapping was given")


def strict_removed(text: str | None, check: Any, context: Context) -> Outcome:
    """As `text_removed`, but a word counts only as a whole word."""
    if text is None:
        return PASS
    return compare_strict("" if text == REMOVED else text, check.expected, keep=False)


def strict_retained(text: str | None, check: Any, context: Context) -> Outcome:
    """As `text_retained`, but a word counts only as a whole word."""
    return FAIL if text is None else compare_strict(text, check.expected, keep=True)


def strict_date(text: str | None, check: Any, context: Context) -> Outcome:
    """Passes when the date is valid and shifted, whatever the number of days.

    One check cannot see its neighbours: `engine` judges whether the dates of a patient share one shift.
    """
    if not is_date(check.original):  # what was no date cannot be shifted
        return changed(text, check, context)
    return PASS if shift(check.original, text) else FAIL


def strict_uid(text: str | None, check: Any, context: Context) -> Outcome:
    """Passes when the UID is there, valid and new, and the mapped one where the mapping knows the original."""
    if not check.original:
        return changed(text, check, context)
    if text is None or not valid_uid(text) or text == check.original:
        return FAIL
    return PASS if context.uids.get(check.original, text) == text else FAIL


def strict_consistent(text: str | None, check: Any, context: Context) -> Outcome:
    """As `uid_consistent`, but a UID that is gone, invalid or unchanged fails."""
    outcome = strict_uid(text, check, context)
    return uid_consistent(text, check, context) if outcome.verdict == "passed" else outcome


def strict_patient(text: str | None, check: Any, context: Context) -> Outcome:
    """As `patid_consistent`, but an ID that is gone fails."""
    return FAIL if not text else patid_consistent(text, check, context)


def valid_uid(text: str) -> bool:
    """Whether `text` is a UID as PS3.5 section 9 writes one.

    >>> valid_uid("1.2.840.10008.1.2"), valid_uid("1.02.3"), valid_uid("ANON")
    (True, False, False)
    """
    return len(text) <= 64 and re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*))+", text) is not None
