"""Write the tables of PS3.15 that the package ships, from the DocBook of the standard: what becomes of attributes
(Table E.1-1, midi_nb/data/ps3_15_e1_<edition>.csv) and which private ones are safe (E.3.10-1, ps3_15_e3_10_….csv).

    python tools/make_standard.py part15.xml       (from medical.nema.org, source/docbook/part15)

The edition is read from the file. Rows are sorted by tag, so the same table gives the same bytes. What changed against
the latest edition that is there already is printed. The files that are there, 2024e and 2026d, were not made from the
DocBook but from the facts of the tables, by the functions below; the next edition is this one command.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree

DATA = Path(__file__).parents[1] / "midi_nb" / "data"
COLUMNS = ("tag", "name", "in_standard_iod", "basic", "retain_safe_private", "retain_uids", "retain_device",
"retain_institution", "retain_patient", "retain_full_dates", "retain_modified_dates", "clean_descriptors",
"clean_structured", "clean_graphics")  # fmt: skip
#: How the head of a column starts, as the standard abbreviates it → our column.
HEADS = {
    "attributename": "name",
    "tag": "tag",
    "instd": "in_standard_iod",
    "basicprof": "basic",
    "rtnsafepriv": "retain_safe_private",
    "rtnuids": "retain_uids",
    "rtndev": "retain_device",
    "rtninst": "retain_institution",
    "rtnpat": "retain_patient",
    "rtnlongfull": "retain_full_dates",
    "rtnlongmod": "retain_modified_dates",
    "cleandesc": "clean_descriptors",
    "cleanstruct": "clean_structured",
    "cleangraph": "clean_graphics",
}
PRIVATE = "private"  # in place of "(gggg,eeee) where gggg is odd"
_BOOK = "{http://docbook.org/ns/docbook}"
_ATTRIBUTES, _SAFE = "E.1-1", "E.3.10-1"


def edition_of(book: ElementTree.Element) -> str:
    """The edition a DocBook says it is: 2024e."""
    found = re.search(r"PS3\.15\s+(\d{4}[a-z])", _text(book))
    if found is None:
        raise ValueError("the file does not say which edition of PS3.15 it is.")
    return found[1]


def table(book: ElementTree.Element) -> Iterator[dict[str, str]]:
    """The rows of Table E.1-1, by our columns."""
    heads, *rows = _cells(book, _ATTRIBUTES)
    columns = [_column(head) for head in heads]
    if missing := set(COLUMNS) - set(columns):
        raise ValueError(f"table {_ATTRIBUTES} has no column for {', '.join(sorted(missing))}.")
    for row in rows:
        yield {column: cell for column, cell in zip(columns, row, strict=True) if column}


def safe(book: ElementTree.Element) -> list[tuple[str, str, str]]:
    """(creator, element, keep) of each row of Table E.3.10-1, as derive_key() takes tables of private attributes."""
    heads, *rows = _cells(book, _SAFE)
    element, creator = (heads.index(head) for head in ("Data Element", "Private Creator"))
    return sorted((row[creator], row[element].lower(), "keep") for row in rows)


def _cells(book: ElementTree.Element, label: str) -> Iterator[list[str]]:
    """The texts of a table, row by row, its heads first."""
    found = next((each for each in book.iter(f"{_BOOK}table") if each.get("label") == label), None)
    if found is None:
        raise ValueError(f"the file has no table {label}.")
    yield [_text(cell) for cell in found.iterfind(f"{_BOOK}thead//{_BOOK}th")]
    for row in found.iterfind(f"{_BOOK}tbody/{_BOOK}tr"):
        yield [_text(cell) for cell in row.iterfind(f"{_BOOK}td")]


def _text(node: ElementTree.Element) -> str:
    return " ".join("".join(node.itertext()).replace("\N{ZERO WIDTH SPACE}", "").split())


def _column(head: str) -> str | None:
    plain = re.sub(r"[^a-z]", "", head.lower())
    return next((column for start, column in HEADS.items() if plain.startswith(start)), None)


def write(rows: Iterable[Mapping[str, str]], path: Path) -> Path:
    """The rows as the package ships them, sorted by tag."""
    tidy = sorted(
        ({**row, "tag": _tag(row["tag"]), "name": row["name"].split("\n")[0].split(" (see")[0]} for row in rows),
        key=lambda row: row["tag"],
    )
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(tidy)
    return path


def write_safe(rows: Iterable[tuple[str, str, str]], path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("creator", "element", "disposition"), *rows])
    return path


def _tag(text: str) -> str:
    return PRIVATE if "odd" in text else text.replace(" ", "").lower()


def read(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["tag"]: row for row in csv.DictReader(file)}


def changes(before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """What changed from one edition to another, a line each."""
    for tag in sorted({*before, *after}):
        if tag not in after or tag not in before:
            yield f"{'+' if tag in after else '-'} {tag} {(after.get(tag) or before[tag])['name']}"
            continue
        for column in COLUMNS[3:]:
            if before[tag][column] != after[tag][column]:
                yield f"  {tag} {after[tag]['name']}, {column}: {before[tag][column]!r} → {after[tag][column]!r}"


def main(source: str, folder: Path = DATA) -> Path:
    book = ElementTree.parse(source).getroot()
    there = sorted(folder.glob("ps3_15_e1_*.csv"))
    path = write(table(book), folder / f"ps3_15_e1_{edition_of(book)}.csv")
    write_safe(safe(book), folder / f"ps3_15_e3_10_{edition_of(book)}.csv")
    for line in changes(read(there[-1]), read(path)) if there else ():
        print(line)
    return path


if __name__ == "__main__":
    print(main(*sys.argv[1:2]))
