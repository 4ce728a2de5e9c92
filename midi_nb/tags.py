"""Attribute paths as the answer key writes them: parse, show, name, private, nested, scope.

A path is a chain of labels, with the item entered between two of them: ``(0008,1140)[0](0008,1155)``. A label is
``(gggg,eeee)``, or ``(gggg,"CREATOR",ee)`` for a private attribute whose creator is known. Only one spelling is
canonical: lower-case hex, no spaces, the creator in capitals. Any other never matches a file, so `parse` refuses it;
what is for display answers nevertheless, and `understood` reads what people write instead. The room knows nothing of
values or files.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

__all__ = [
    "Step",
    "from_official",
    "in_private",
    "is_nested",
    "is_private",
    "labels",
    "leaf",
    "name",
    "of_name",
    "parse",
    "private_root",
    "root",
    "same",
    "scope",
    "short",
    "show",
    "to_official",
    "understood",
    "without_items",
]

# Bounds the memory of an open-ended session; a full benchmark has some thousand distinct paths.
_REMEMBERED = 2**16

# Both patterns read the official wrappers and sloppy spellings as well: canonical is what show() would write the same.
_BETWEEN = re.compile(r"(?<=[0-9a-f]\))(?:>?\[<?\d{1,9}>?\]<?|>?<?)(?=\([0-9a-f]{4},)", re.IGNORECASE)
_JOINT = re.compile(r"(?<=[0-9a-f]\))>?\[<?(\d{1,9})>?\]<?(?=\([0-9a-f]{4},)", re.IGNORECASE)
_LABEL = re.compile(r'<?\(([0-9a-f]{4}),\s*(?:([0-9a-f]{4})|"(.+)",\s*([0-9a-f]{2}))\)>?', re.DOTALL | re.IGNORECASE)

# What people write: a number without its brackets or comma, and anything between an item and the next label.
_NUMBER = re.compile(r"[(\[]?\s*(?:0x)?([0-9a-f]{4})(?:\s*,\s*|\s)?(?:0x)?([0-9a-f]{4})\s*[)\]]?", re.IGNORECASE)
_ITEM = re.compile(r"\s*>?\s*\[\s*<?([0-9]{1,9})>?\s*\]\s*[./]?\s*<?\s*")
_OUTSIDE = frozenset([0x0000, 0x0002, 0xFFFE, 0xFFFF])  # commands, file meta information, delimiters


class Step(NamedTuple):
    """One label of a path, and the item entered after it (None on the leaf).

    `element` has all 16 bits, or the low byte where there is a `creator`.
    """

    group: int
    element: int
    creator: str | None = None
    item: int | None = None


def parse(path: str) -> tuple[Step, ...] | None:
    """Steps of a canonical path; None for any other text, which officially never matches anything.

    >>> parse("(0008,1140)[0](0008,1155)")
    (Step(group=8, element=4416, creator=None, item=0), Step(group=8, element=4437, creator=None, item=None))
    >>> parse('(0027,"GEMS_IMAG_01",33)')
    (Step(group=39, element=51, creator='GEMS_IMAG_01', item=None),)
    >>> parse("(0008,103E)") is None
    True
    """
    steps = _read(path)
    return steps if steps and show(steps) == path else None


@lru_cache(_REMEMBERED)
def understood(text: str) -> str | None:
    """Canonical path of a text that means exactly one attribute of a data set, however it is spelled; None for others.

    A label may be in any case, with or without brackets, comma, ``<…>`` or blanks, and a DICOM keyword; a path needs
    the number of an item after each sequence. What is in no data set has no meaning: file meta information (group
    0002), or an item of an attribute that is no sequence.

    >>> [understood(text) for text in ("0010,0010", "00100010", "(0010, 0010)", "PatientName")]
    ['(0010,0010)', '(0010,0010)', '(0010,0010)', '(0010,0010)']
    >>> understood("ReferencedStudySequence[0].ReferencedSOPInstanceUID")
    '(0008,1110)[0](0008,1155)'
    >>> understood("ReferencedStudySequence.ReferencedSOPInstanceUID") is None
    True
    """
    steps = _read(text.strip()) or _spelled(text.strip(" \t\r\n<>"))
    if not steps or any(step.group in _OUTSIDE for step in steps) or not all(map(_has_items, steps[:-1])):
        return None
    return show(steps)


def show(steps: Iterable[Step]) -> str:
    """Canonical path of the steps, the inverse of `parse`.

    >>> show([Step(0x0008, 0x1140, item=0), Step(0x0008, 0x1155)])
    '(0008,1140)[0](0008,1155)'
    """
    return _spell(steps, "{}", "[{}]")


def from_official(text: str) -> str:
    """Path of an official text; one that is not canonical only loses its outermost `<` and `>`.

    >>> from_official("<(0008,1140)>[<0000>]<(0008,1155)>")
    '(0008,1140)[0](0008,1155)'
    >>> from_official("<(0008,103E)>")
    '(0008,103E)'
    """
    steps = _read(text)
    if steps and _official(steps) == text:
        return show(steps)
    return text[1:-1] if text.startswith("<") and text.endswith(">") else text


def to_official(path: str) -> str:
    """Official text of a path, the inverse of `from_official`.

    >>> to_official("(0008,1140)[0](0008,1155)")
    '<(0008,1140)>[<0000>]<(0008,1155)>'
    >>> to_official("(0008,103E)")
    '<(0008,103E)>'
    """
    steps = parse(path)
    if steps:
        return _official(steps)
    return path if path.startswith("<") and not path.endswith(">") else f"<{path}>"


def labels(path: str) -> list[str]:
    """Labels of a path, as they are written, without the numbers of its items.

    >>> labels("(0008,1140)[0](0008,1155)")
    ['(0008,1140)', '(0008,1155)']
    """
    return _BETWEEN.split(path)


def leaf(path: str) -> str:
    """Last label of a path: the attribute itself.

    >>> leaf("(0008,1140)[0](0008,1155)"), leaf("(0008,1140)(0008,1155)")
    ('(0008,1155)', '(0008,1155)')
    """
    return labels(path)[-1]


def root(path: str) -> str:
    """First label of a path: the attribute of the main data set it belongs to.

    >>> root("(0008,1140)[0](0008,1155)")
    '(0008,1140)'
    """
    return labels(path)[0]


@lru_cache(_REMEMBERED)
def private_root(path: str) -> str | None:
    """First private label of a path: the attribute, or the outermost private sequence it is in; None without any.

    >>> private_root('(0040,0275)[0](0029,"SIEMENS MEDCOM HEADER",40)[0](0008,0104)'), private_root("(0008,0104)")
    ('(0029,"SIEMENS MEDCOM HEADER",40)', None)
    """
    return next((label for label in labels(path) if is_private(label)), None)


def without_items(path: str) -> str:
    """Path less its item numbers, the same for all items of a sequence: a key to group by.

    >>> without_items("(0008,1140)[0](0008,1155)")
    '(0008,1140)(0008,1155)'
    """
    return "".join(labels(path))


def short(path: str, most: int = 30) -> str:
    """Path in a few characters: the middle of a long one is cut.

    >>> short("(0008,1140)(0008,1155)")
    '(0008,1140)(0008,1155)'
    >>> short('(200d,"PHILIPS US IMAGING DD 109",0d)(200d,"PHILIPS US IMAGING DD 109",02)')
    '(200d,"PHILI…AGING DD 109",02)'
    """
    return path if len(path) <= most else f"{path[: most * 2 // 5]}…{path[-(most * 3 // 5 - 1) :]}"


def is_nested(path: str) -> bool:
    """Whether the attribute is inside a sequence.

    >>> is_nested("(0008,1140)[0](0008,1155)"), is_nested("(0008,1140)")
    (True, False)
    """
    return len(labels(path)) > 1


def is_private(path: str) -> bool:
    """Whether the attribute itself is private, its group being odd.

    >>> is_private('(0027,"GEMS_IMAG_01",33)'), is_private("(0029,0010)"), is_private("(0008,0050)")
    (True, True, False)
    """
    step = _step(leaf(path))
    return step is not None and step.group % 2 == 1


def same(one: str, other: str) -> bool:
    """Whether two paths can name one attribute: a private step has its creator, or where it has none its number.

    Officially a private sequence has its creator if its length is written, and its number if it is undefined, so that
    the same attributes have two paths.

    >>> same('(0029,"SIEMENS MEDCOM HEADER",40)[0](0008,0104)', "(0029,1040)[0](0008,0104)")
    True
    >>> same('(0029,"SIEMENS MEDCOM HEADER",40)', '(0029,"SIEMENS CSA HEADER",40)')
    False
    """
    if one == other:
        return True
    steps, others = parse(one) or (), parse(other) or ()
    return bool(steps) and len(steps) == len(others) and all(map(_same, steps, others))


def _same(one: Step, other: Step) -> bool:
    if one == other:
        return True
    named, numbered = (other, one) if one.creator is None else (one, other)
    return (
        named.creator is not None
        and numbered.creator is None
        and (named.group, named.item) == (numbered.group, numbered.item)
        and numbered.element >= 0x1000
        and numbered.element & 0xFF == named.element
    )


def in_private(path: str) -> bool:
    """Whether the attribute or a sequence it is in is private.

    >>> in_private("(0029,1040)[0](0008,0104)"), in_private("(0008,1140)[0](0008,1155)")
    (True, False)
    """
    return any(step.group % 2 for step in parse(path) or ())


@lru_cache(_REMEMBERED)
def name(path: str) -> str | None:
    """Name of the attribute in pydicom's dictionaries, private ones included; None if they have none.

    >>> name("(0008,1140)[0](0008,1155)")
    'Referenced SOP Instance UID'
    >>> name('(0019,"GEMS_ACQU_01",23)')
    'Table Speed [mm/rotation]'
    >>> name("(0029,0010)")
    'Private Creator'
    """
    step = _step(leaf(path))
    if step is None:
        return None
    return _public_name(step.group, step.element) if step.creator is None else _private_name(step)


def of_name(text: str) -> str | None:
    """Label of the one attribute of the standard that has this name, the inverse of `name`; None where none or several
    have it.

    >>> of_name("station name"), of_name("no such name")
    ('(0008,1010)', None)
    """
    tag = _tags_by_name().get(text.strip().lower())
    return None if tag is None else show([Step(tag >> 16, tag & 0xFFFF)])


@lru_cache(_REMEMBERED)
def scope(path: str) -> str:
    """Level of the information entity that holds the attribute in the DICOM model, one of `frames.SCOPES`.

    Nested attributes have the scope of their root. All others are Instance, private attributes included: most of these
    describe the acquisition, and their standard siblings (KVP, Repetition Time) belong to the image.

    >>> [scope(path) for path in ("(0010,0010)", "(0008,1030)", "(0018,1030)", "(7fe0,0010)")]
    ['Patient', 'Study', 'Series', 'Instance']
    >>> scope("(0040,0275)[0](0040,0007)")
    'Series'
    """
    step = _step(root(path))
    if step is None or step.creator is not None:
        return "Instance"
    table, label = _scopes(), _label(step)
    return next((table[key] for key in (label, f"{label[:8]}xx)", f"{label[:6]}xxxx)") if key in table), "Instance")


@lru_cache(_REMEMBERED)
def _read(path: str) -> tuple[Step, ...] | None:
    """Steps of a path in any spelling; None if one of its labels cannot be read."""
    parts = _JOINT.split(path)
    labels, items = parts[::2], [*map(int, parts[1::2]), None]
    steps = tuple(step for label, item in zip(labels, items, strict=True) if (step := _step(label, item)))
    return steps if len(steps) == len(labels) else None


def _spelled(text: str) -> tuple[Step, ...] | None:
    """Steps of a path as people write it; None if one of its labels has no meaning, or more than one."""
    parts = _ITEM.split(text)
    items = [*map(int, parts[1::2]), None]
    steps = [_meant(label, item) for label, item in zip(parts[::2], items, strict=True)]
    return None if None in steps else tuple(step for step in steps if step)


def _has_items(step: Step) -> bool:
    """Whether an attribute may be a sequence: private ones may, and those the dictionary does not know."""
    from pydicom.datadict import dictionary_VR

    try:
        return step.group % 2 == 1 or "SQ" in dictionary_VR((step.group, step.element))
    except KeyError:
        return True


def _meant(label: str, item: int | None) -> Step | None:
    """The step that a number or a keyword means."""
    from pydicom.datadict import tag_for_keyword

    if number := _NUMBER.fullmatch(label):
        return Step(int(number[1], 16), int(number[2], 16), None, item)
    tag = tag_for_keyword(label) if label else None  # pydicom's dictionary has an entry without a keyword
    return _step(label, item) if tag is None else Step(tag >> 16, tag & 0xFFFF, None, item)


def _step(label: str, item: int | None = None) -> Step | None:
    """The step that a label names, in any spelling; None if it cannot be read."""
    match = _LABEL.fullmatch(label)
    if match is None:
        return None
    group, element, creator, low_byte = match.groups()
    step = Step(int(group, 16), int(element or low_byte, 16), creator, item)
    return step if creator is None or step.group % 2 else None


def _label(step: Step) -> str:
    """Canonical label of a step."""
    if step.creator is None:
        return f"({step.group:04x},{step.element:04x})"
    return f'({step.group:04x},"{step.creator.upper()}",{step.element:02x})'


def _spell(steps: Iterable[Step], label: str, item: str) -> str:
    """Path of the steps, its labels and items written by the two formats."""
    return "".join(label.format(_label(s)) + ("" if s.item is None else item.format(s.item)) for s in steps)


def _official(steps: Iterable[Step]) -> str:
    """Official text of the steps."""
    return _spell(steps, "<{}>", "[<{:04d}>]")


def _public_name(group: int, element: int) -> str | None:
    """Name in the standard's dictionary, repeating groups included."""
    from pydicom.datadict import dictionary_description
    from pydicom.tag import Tag

    tag = Tag(group, element)
    if tag.is_private_creator:
        return "Private Creator"
    try:
        return dictionary_description(tag) or None
    except KeyError:
        return None if element else "Group Length"


def _private_name(step: Step) -> str | None:
    """Name in the private dictionaries; some of their entries hold for a range of groups."""
    names, creator, low_byte = _private_names(), str(step.creator).upper(), f"{step.element:02X}"
    group = f"{step.group:04X}"
    return names.get((creator, group + low_byte)) or names.get((creator, f"{group[:2]}xx{low_byte}"))


@cache
def _tags_by_name() -> dict[str, int]:
    """Tags by their name in small letters, where only one has it."""
    from pydicom.datadict import DicomDictionary

    names = [(entry[2].lower(), tag) for tag, entry in DicomDictionary.items() if entry[2]]
    often = Counter(name for name, _ in names)
    return {name: tag for name, tag in names if often[name] == 1}


@cache
def _private_names() -> dict[tuple[str, str], str]:
    """Names by creator in capitals, and group with low byte: a label does not say the block."""
    from pydicom.datadict import private_dictionaries  # type: ignore[attr-defined]

    # Reversed, a tag with its block comes after the same with xx: pydicom prefers it too.
    return {
        (creator.upper(), tag[:4] + tag[6:]): entry[2]
        for creator, entries in private_dictionaries.items()
        for tag, entry in sorted(entries.items(), reverse=True)
        if entry[2] not in ("", "Unknown")
    }


def without_own_creators(path: str, mask: str) -> str:
    """A path with `mask` for each creator that no private dictionary has: such a name can be anybody's.

    >>> without_own_creators('(0019,"DR DOE",01)', "•••"), without_own_creators('(0029,"SIEMENS CSA HEADER",10)', "•••")
    ('(0019,"•••",01)', '(0029,"SIEMENS CSA HEADER",10)')
    """
    return re.sub(r'"([^"]*)"', lambda name: name[0] if is_known_creator(name[1]) else f'"{mask}"', path)


def is_known_creator(name: str) -> bool:
    """Whether a private dictionary has a creator, in whatever case."""
    return name.upper() in _creators()


@cache
def _creators() -> set[str]:
    return {creator for creator, _ in _private_names()}


@cache
def _scopes() -> dict[str, str]:
    """Scopes by label, or by range of labels such as (0010,xxxx); tools/make_scopes.py writes the table."""
    with (Path(__file__).parent / "data" / "scopes.csv").open(encoding="utf-8", newline="") as file:
        return {row["tag"]: row["scope"] for row in csv.DictReader(file)}
