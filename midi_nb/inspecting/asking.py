"""What the standard asks of an attribute, and whether the release does that: checks without an answer key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from .. import tags
from ..actions import ACTIONS
from ..answers.identifiers import asked_to_go
from ..answers.standard import REGISTERED, Asked
from ..text import marks
from .differences import Difference

__all__ = ["Check", "checks_of"]


class Check(NamedTuple):
    """One thing that is asked of an attribute: the verdict, and by which action, code and text it is judged."""

    verdict: str
    action: str
    code: str
    text: str | None


def checks_of(row: Difference, asked: Asked, type_: str, item_stays: bool) -> Iterator[Check]:
    """What PS3.15 and the definition of the object ask of an attribute of the original, with their verdicts.

    `asked` and `type_` are what ``standard.Profile.at`` says of it; what is required is so in an item that stays.
    """
    if row.change == "added" or _is_creator(row):
        return
    if (was := row.original) and not (row.vr == "SQ" and was.startswith("0 ")):
        yield from _by_letter(row, was, asked)
    if type_ == "1" and row.original and item_stays:
        yield Check(_failed(row.change in ("removed", "emptied")), "text_notnull", "DICOM-IOD-1", row.original)
    elif type_ == "2" and item_stays:
        yield Check(_failed(row.change == "removed"), "tag_retained", "DICOM-IOD-2", row.original)


def _by_letter(row: Difference, was: str, asked: Asked) -> Iterator[Check]:
    letter, kept, gone = asked.action, row.change in ("kept", "retyped"), row.change in ("removed", "emptied")
    code = f"DICOM-P15-{asked.code}"
    if row.vr == "SQ":  # what is in its items is judged there
        if letter == "X":
            yield Check(_failed(not gone), "text_removed", code, None)
    elif letter == "U":
        if not was.startswith(REGISTERED):
            yield Check(_failed(kept), "uid_changed", code, was)
    elif letter == "C" and row.vr in ("DA", "DT"):
        yield Check(_failed(kept), "date_shifted", code, was)
    elif letter == "C":  # nobody but a reader knows whether a text that stays has anything to be cleaned of
        yield Check("blank" if kept else "passed", "text_removed", code, None)
    elif letter == "K":
        lost = not kept and bool(marks(ACTIONS["text_retained"], was, row.actual).lost)
        yield Check(_failed(gone or lost), "text_retained", code, was)
    elif letter and (said := asked_to_go(row.vr, was, _keyword(row), letter)):
        left = bool(marks(ACTIONS["text_removed"], said, row.actual).left)
        yield Check(_failed(left), "text_removed", code, said)


def _keyword(row: Difference) -> str:
    from pydicom.datadict import keyword_for_tag

    (step,) = tags.parse(row.tag) or [tags.Step(0, 0)]
    return keyword_for_tag(step.group << 16 | step.element)


def _failed(wrong: bool) -> str:
    return "failed" if wrong else "passed"


def _is_creator(row: Difference) -> bool:
    """Whether an attribute only says how a group is written: what names a private block, or a group length."""
    (step,) = tags.parse(row.tag) or [tags.Step(0, 0)]
    return step.creator is None and (step.element == 0 or (step.group % 2 == 1 and step.element <= 0xFF))
