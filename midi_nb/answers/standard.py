"""What the standard asks: Table E.1-1 of PS3.15 for a profile and its options, and the types that PS3.3 gives."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from .. import tags

__all__ = ["OPTIONS", "Asked", "Profile", "editions", "family_of", "read_private", "safe_private", "type_of"]

_DATA = Path(__file__).parents[1] / "data"
_REMEMBERED = 2**16

#: Option of the Basic Profile → (its part of a code, as keys write it; its column in the table, if it has one).
OPTIONS: Mapping[str, tuple[str, str | None]] = {
    "clean_pixel_data": ("PIX", None),
    "clean_recognizable": ("FACE", None),
    "clean_graphics": ("GRAPH", "clean_graphics"),
    "clean_structured": ("STRUCT", "clean_structured"),
    "clean_descriptors": ("DESC", "clean_descriptors"),
    "retain_full_dates": ("FULL", "retain_full_dates"),
    "retain_modified_dates": ("MOD", "retain_modified_dates"),
    "retain_patient": ("PAT", "retain_patient"),
    "retain_device": ("DEV", "retain_device"),
    "retain_uids": ("UID", "retain_uids"),
    "retain_safe_private": ("PRIV", None),  # decided attribute by attribute, see `safe_private`
    "retain_institution": ("INST", "retain_institution"),
}
#: Option of the Basic Profile → what the attributes are that its column of the table is about; the first that is set.
_FAMILIES: Mapping[str, str] = {
    "retain_uids": "UID",
    "retain_modified_dates": "date",
    "retain_device": "device detail",
    "retain_institution": "institution detail",
    "retain_patient": "patient detail",
    "clean_descriptors": "description",
    "clean_structured": "structured content",
    "clean_graphics": "graphic",
}
#: UIDs of the standard itself, which are the same in all files of the world, start so.
REGISTERED = "1.2.840.10008."
_BASIC = "basic"
_SAFE = "ps3_15_e3_10_"


class Asked(NamedTuple):
    """What becomes of an attribute: a letter of PS3.15 (X Z D K C U), and who says so (BASIC-X)."""

    action: str
    code: str


_UNTOUCHED = Asked("", "BASIC-K")  # no row of the table is about it
_KEPT_SAYS = "kept: "
_KEPT = Asked("K", "OWN-K")  # whatever the table says of it


@cache
def editions() -> list[str]:
    """The editions of the table that are shipped, the latest last."""
    return sorted(path.stem.removeprefix("ps3_15_e1_") for path in _DATA.glob("ps3_15_e1_*.csv"))


class Profile:
    """The Basic Profile with options, in one edition; `keep` are attributes that one's own policy keeps all the same.

    >>> profile = Profile("basic+retain_modified_dates", "2024e")
    >>> profile.asked("(0010,0010)", "2"), profile.asked("(0008,0022)", "3"), profile.asked("(0018,0060)", "3")
    (Asked(action='Z', code='BASIC-Z'), Asked(action='C', code='MOD-C'), Asked(action='', code='BASIC-K'))
    """

    def __init__(self, profile: str, edition: str, keep: Sequence[str] = ()) -> None:
        if edition not in editions():
            raise ValueError(f"edition must be one of {', '.join(editions())}, got {edition!r}.")
        names = [name.strip() for name in str(profile).split("+")]
        if names[0] != _BASIC or set(names[1:]) - set(OPTIONS):
            raise ValueError(
                f"profile must be basic, or basic with options joined by +: {', '.join(OPTIONS)}; got {profile!r}."
            )
        self.options = tuple(name for name in OPTIONS if name in names)
        if {"retain_full_dates", "retain_modified_dates"} <= set(self.options):
            raise ValueError("profile: retain_full_dates and retain_modified_dates exclude each other; choose one.")
        self.edition = edition
        self.keep = _labels([keep] if isinstance(keep, str) else keep)

    def __str__(self) -> str:
        kept = f"; {_KEPT_SAYS}" + ", ".join(tags.name(label) or label for label in self.keep) if self.keep else ""
        return f"PS3.15 {self.edition}, {'+'.join([_BASIC, *self.options])}{kept}"

    @classmethod
    def of(cls, text: str) -> Profile:
        """The profile named `text`, in the form that derived keys use.

        >>> str(Profile.of("PS3.15 2024e, basic+retain_uids; kept: Station Name"))
        'PS3.15 2024e, basic+retain_uids; kept: Station Name'
        """
        said, *more = text.removeprefix("PS3.15 ").split("; ")
        edition, _, profile = said.partition(", ")
        kept = [name for each in more if each.startswith(_KEPT_SAYS) for name in each[len(_KEPT_SAYS) :].split(", ")]
        return cls(profile, edition, kept)

    @lru_cache(_REMEMBERED)  # noqa: B019  # a few profiles, each as long as the process
    def at(self, path: str, sop_class: str) -> tuple[Asked, str]:
        """(what is asked of the attribute at `path`, its type) in an object of this class.

        Nothing stays in a sequence that is removed, and a private attribute is removed unless a table says that it is
        safe; in a private sequence that is safe, standard attributes are treated as anywhere else.

        >>> profile = Profile("basic", "2024e")
        >>> profile.at("(0008,1140)[0](0008,1155)", "1.2.840.10008.5.1.4.1.1.2")
        (Asked(action='U', code='BASIC-U'), '3')
        >>> profile.at('(0019,"GEMS_ACQU_01",23)', "1.2.840.10008.5.1.4.1.1.2")
        (Asked(action='X', code='BASIC-X'), '3')
        """
        if tags.in_private(path):
            letter = disposition(safe_private()[1] if "retain_safe_private" in self.options else {}, path)
            if letter == "X" or tags.in_private(tags.leaf(path)):
                return Asked(letter, "BASIC-X" if letter == "X" else "PRIV-C"), "3"
        labels = [tags.show([step._replace(item=None)]) for step in tags.parse(path) or ()]
        around = [self.asked(label, "3") for label in labels[:-1]]
        type_ = "3" if any(asked.action in "XZD" for asked in around if asked.action) else type_of(sop_class, path)
        gone = next((asked for asked in around if asked.action == "X"), None)
        return gone or (self.asked(labels[-1], type_) if labels else _UNTOUCHED), type_

    def asked(self, label: str, type_: str) -> Asked:
        """What is asked of the attribute with this label, of this type (1, 2 or 3) in its object."""
        if label in self.keep:
            return _KEPT
        row = _row(self.edition, label)
        if row is None:
            return _UNTOUCHED
        chosen = [(code, row[column]) for code, column in map(OPTIONS.__getitem__, self.options) if column]
        for letter in "KC":  # what is retained as it is needs no cleaning
            for code, action in chosen:
                if action == letter:
                    return Asked(letter, f"{code}-{letter}")
        return Asked(_resolved(row["basic"], type_), f"BASIC-{row['basic']}")


#: A `Profile`, one for all who ask for it: what it has looked up it knows.
profile_of = lru_cache(8)(Profile)


@lru_cache(_REMEMBERED)
def family_of(path: str) -> str:
    """The family of the attribute at `path`: the options of PS3.15 define the families.

    Attributes of the table without an option identify directly. Attributes in a sequence that are not in the table
    belong to the family of the sequence; private ones, and those in a private sequence, are private.

    >>> family_of("(0008,0020)"), family_of("(0010,0010)"), family_of("(0040,0275)[0](0008,0104)")
    ('date', 'identifier', 'description')
    >>> family_of('(0027,"GEMS_IMAG_01",33)'), family_of("(0018,0050)")
    ('private attribute', 'attribute')
    """
    if tags.private_root(path):
        return "private attribute"
    rows = (_row(editions()[-1], label) for label in reversed(tags.labels(path)))
    row = next(filter(None, rows), None)
    if row is None:
        return "attribute"
    return next((family for option, family in _FAMILIES.items() if row[option]), "identifier")


def _labels(keep: Sequence[str]) -> tuple[str, ...]:
    """The labels of attributes, each written in any way that means one."""
    labels = [tags.understood(str(each)) or tags.of_name(str(each)) for each in keep]
    if unknown := [each for each, label in zip(keep, labels, strict=True) if label is None or tags.is_nested(label)]:
        raise ValueError(
            f"keep: {', '.join(map(repr, unknown))} is no attribute; write a name, a keyword or a tag: 'Station Name', "
            "'StationName', '(0008,1010)'."
        )
    return tuple(sorted({label for label in labels if label}))


def _row(edition: str, label: str) -> Mapping[str, str] | None:
    """The row of the table that an attribute is in, by itself or in a range such as (50xx,xxxx)."""
    table = _table(edition)
    return table.get(label) or table.get(f"{label[:3]}xx,{label[6:]}") or table.get(f"{label[:3]}xx,xxxx)")


def _resolved(action: str, type_: str) -> str:
    """A compound action resolved by the type of the attribute, so that the object stays valid.

    >>> _resolved("X/Z/D", "1"), _resolved("X/Z/D", "2"), _resolved("X/Z", "3"), _resolved("Z/D", "3")
    ('D', 'Z', 'X', 'Z')
    """
    actions = action.rstrip("*").split("/")
    if "U" in actions:
        return "U"
    wanted = {"1": "DZX", "2": "ZDX"}.get(type_, "XZD")
    return next((letter for letter in wanted if letter in actions), action)


@cache
def _table(edition: str) -> dict[str, dict[str, str]]:
    with (_DATA / f"ps3_15_e1_{edition}.csv").open(encoding="utf-8", newline="") as file:
        return {row["tag"]: row for row in csv.DictReader(file)}


@lru_cache(_REMEMBERED)
def type_of(sop_class: str, path: str) -> str:
    """The type of the attribute at `path` in an object of this class: 1, 2, or 3 for all that may be left out.

    >>> type_of("1.2.840.10008.5.1.4.1.1.2", "(0010,0010)"), type_of("1.2.840.10008.5.1.4.1.1.2", "(0028,0010)")
    ('2', '1')
    """
    return _types(sop_class).get(tags.without_items(path), "3")


@cache
def _types(sop_class: str) -> dict[str, str]:
    """Path without items → type; where modules differ, the stricter one."""
    from pydicom.datadict import tag_for_keyword

    tables, found = _iods(), dict[str, str]()
    for module in tables["iods"].get(tables["classes"].get(sop_class), ()):
        for type_, paths in tables["modules"][module].items():
            for path in paths:
                numbers = [tag_for_keyword(keyword) or 0 for keyword in path.split(".")]
                label = "".join(f"({number >> 16:04x},{number & 0xFFFF:04x})" for number in numbers)
                found[label] = min(type_, found.get(label, type_))
    return found


@cache
def _iods() -> Any:
    return json.loads((_DATA / "iod_types.json").read_text("utf-8"))


@cache
def safe_private() -> tuple[str, dict[tuple[str, str], str]]:
    """The edition and the table (in the form of `read_private`) of the private attributes that PS3.15 E.3.10 lists as
    safe.

    >>> edition, table = safe_private()
    >>> edition, table["ELSCINT1", "01f126"]
    ('2026d', 'K')
    """
    path = max(_DATA.glob(f"{_SAFE}*.csv"))
    return path.stem.removeprefix(_SAFE), read_private(path)


_DISPOSITIONS = {"keep": "K", "delete": "X", "remove": "X", "hash": "X", "offset": "C"}


def read_private(table: Any) -> dict[tuple[str, str], str]:
    """(creator in capitals, group and last two digits of the element, or *) → K, X or C (a date to shift).

    From a CSV file or a frame with the columns creator, element (``(0019,xx23)``, ``0019,23`` or ``*``) and
    disposition: keep, delete, remove, hash or offset.
    """
    import pandas as pd

    from .. import sniff
    from ..amounts import count

    if isinstance(table, str | Path):
        header, rows = sniff.table_rows(sniff.existing(table, "The table of private attributes"))
        table = pd.DataFrame(list(rows), columns=sniff.plain(header))
    if not isinstance(table, pd.DataFrame):
        raise TypeError(f"private must be a path or a frame, got {type(table).__name__}.")
    if lacking := [name for name in ("creator", "element", "disposition") if name not in table.columns]:
        raise ValueError(f"private needs the columns creator, element, disposition; there is no {', '.join(lacking)}.")
    dispositions = table["disposition"].astype(str).str.strip().str.lower()
    if unknown := int((~dispositions.isin(_DISPOSITIONS)).sum()):
        raise ValueError(
            f"private: {unknown:,} of {len(table):,} rows have a disposition that is none of "
            f"{', '.join(_DISPOSITIONS)}."
        )
    elements = [_element(str(each)) for each in table["element"]]
    if unknown := elements.count(""):
        raise ValueError(
            f"private: {unknown:,} of {len(table):,} rows have an element that is none; "
            "write (0019,xx23), 0019,23 or *."
        )
    creators = table["creator"].astype(str).str.strip().str.upper()
    said: set[tuple[str, str, str]] = set(zip(creators, elements, dispositions.map(_DISPOSITIONS), strict=True))
    found = {(creator, element): letter for creator, element, letter in said}
    if contradicted := len(said) - len(found):
        raise ValueError(
            f"private: the table says different things of {count(contradicted, 'attribute')}; leave one row of each."
        )
    return found


_ELEMENT = re.compile(r"\(?([0-9a-f]{3}[13579bdf])\s*,?\s*(?:xx|[0-9a-f]{2})?([0-9a-f]{2})\)?")


def _element(text: str) -> str:
    """Group and last two digits of an element, or *; empty where it is none."""
    found = _ELEMENT.fullmatch(text.strip().lower())
    return "*" if text.strip() == "*" else found[1] + found[2] if found else ""


def disposition(private: Mapping[tuple[str, str], str], path: str) -> str:
    """What the table says of the private attribute (or the first private sequence) in `path`; X if nothing."""
    step = next(step for step in tags.parse(path) or () if step.group % 2)
    creator, element = step.creator or "", f"{step.group:04x}{step.element & 0xFF:02x}"
    keys: Sequence[tuple[str, str]] = ((creator, element), (creator, "*"), ("*", element), ("*", "*"))
    return next((private[key] for key in keys if key in private), "X")
