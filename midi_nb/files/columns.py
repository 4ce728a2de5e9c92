"""The columns of an official file, each as the distinct texts it holds and a code for every row.

A full run has eight million rows of 29 columns, but each column repeats itself: held as codes the whole is a gigabyte
where rows of texts would be twenty. From a database, columns that vary together are fetched as one text: SQLite puts
them together far faster than Python takes them apart, and each distinct combination is taken apart once.
"""

from __future__ import annotations

import itertools
import sqlite3
import warnings
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..frames import CODES, encode, texts_of
from . import sniff

TABLE = "validation_results"

#: Columns that vary together: a check of the key with its verdict, an instance. (Not the score: SQLite writes a
#: number as text with 15 digits, and a third has more.)
_TOGETHER = (
    ("check_index", "check_passed", "action", "tag", "tag_ds", "tag_name", "prev_cat", *CODES),
    ("modality", "class", "patient", "study", "series", "instance", "file_name", "file_path"),
)
_UNUSED = ("index", "file_index")
_NEXT, _NULL = "\x1f", "\x1e"  # between joined cells, and for a cell that is null: control characters made for it
_CHUNK = 10_000


def columns_of(path: Path) -> dict[str, pd.Categorical]:
    """The columns of an official file of results, by their plain names."""
    if sniff.is_sqlite(path):
        return _of_database(path)
    if sniff.is_xlsx(path):
        header, rows = _sheet(path)
    else:
        header, rows = sniff.table_rows(path)
    _check(path, header)
    names = sniff.plain(header)
    return dict(zip(names, _encoded(_chunks(_even(path, names, rows)), len(names)), strict=True))


def _check(path: Path, header: Sequence[str], place: str = "") -> None:
    kind = sniff.kind_of(header)
    if kind is None or kind.verb != "read_results()":
        raise sniff.wrong(path, "read_results()", "a file of results", header, place)


def _sheet(path: Path) -> tuple[list[str], Iterator[Sequence[Any]]]:
    import openpyxl

    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    try:
        if {"Scoring", "Actions"} <= set(book.sheetnames):
            raise ValueError(f"{path} is a scoring report, which has counts and no checks; read it with read_scores().")
        rows = list(book.worksheets[0].iter_rows(values_only=True))
    finally:
        book.close()
    header = [str(name or "") for name in rows[0]] if rows else []
    return header, iter(rows[1:])


def _even(path: Path, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """The rows that have a cell for each name; empty cells are none."""
    ragged = 0
    for row in rows:
        if len(row) == len(names):
            yield [None if cell == "" else cell for cell in row]
        else:
            ragged += 1
    if ragged:
        warnings.warn(
            f"{path}: {ragged} rows with another number of cells than the header were left out.", stacklevel=5
        )


def _chunks(rows: Iterator[Sequence[Any]]) -> Iterator[Sequence[Sequence[Any]]]:
    while chunk := list(itertools.islice(rows, _CHUNK)):
        yield chunk


def _of_database(path: Path) -> dict[str, pd.Categorical]:
    with sniff.database(path) as connection:
        found = sniff.tables(connection)
        if TABLE not in found:
            for columns in found.values():
                if (kind := sniff.kind_of(columns)) is not None:
                    raise ValueError(f"{path} is {kind.name}, not results; read it with {kind.verb}.")
            raise ValueError(f"{path} has no table {TABLE} (found: {', '.join(found) or 'none'}); it holds no results.")
        _check(path, found[TABLE], f", table {TABLE},")
        names = [name for name in found[TABLE] if name not in _UNUSED]
        groups = [[name for name in group if name in names] for group in _TOGETHER]
        groups = [group for group in groups if group]
        alone = [name for name in names if not any(name in group for group in groups)]
        query = ", ".join([*map(_joined, groups), *map(sniff.quoted, alone)])
        try:
            encoded = _encoded(_rows(connection, query), len(groups) + len(alone))
            apart = [column for group, texts in zip(groups, encoded, strict=False) for column in _apart(group, texts)]
            return dict(zip([*itertools.chain(*groups), *alone], [*apart, *encoded[len(groups) :]], strict=True))
        except _Inseparable:  # a cell holds the very characters that were to stand between cells
            query = ", ".join(map(sniff.quoted, names))
            return dict(zip(names, _encoded(_rows(connection, query), len(names)), strict=True))


def _rows(connection: sqlite3.Connection, query: str) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows of the table, some at a time.

    Texts are decoded by SQLite's own decoder, and by our patient one from where that gives up.
    """
    tolerant, connection.text_factory = connection.text_factory, str
    rows = 0
    try:
        for chunk in _fetched(connection.execute(f"SELECT {query} FROM {TABLE}")):
            rows += len(chunk)
            yield chunk
    except sqlite3.OperationalError as error:
        if "decode" not in str(error):
            raise
        connection.text_factory = tolerant
        yield from _fetched(connection.execute(f"SELECT {query} FROM {TABLE} LIMIT -1 OFFSET {rows}"))


def _fetched(cursor: sqlite3.Cursor) -> Iterator[Sequence[Sequence[Any]]]:
    while chunk := cursor.fetchmany(_CHUNK):
        yield chunk


def _joined(names: Sequence[str]) -> str:
    cells = ", ".join(f"ifnull({sniff.quoted(name)}, '{_NULL}')" for name in names)
    return f"printf('{_NEXT.join(['%s'] * len(names))}', {cells})"


class _Inseparable(Exception):
    """Joined cells that cannot be told apart."""


def _apart(names: Sequence[str], joined: pd.Categorical) -> list[pd.Categorical]:
    """The columns that were fetched as one."""
    rows = [text.split(_NEXT) for text in texts_of(joined)]
    if any(len(row) != len(names) for row in rows):
        raise _Inseparable
    cells = zip(*rows, strict=True) if rows else [()] * len(names)
    return [encode([None if cell == _NULL else cell for cell in column]).take(joined.codes) for column in cells]


class _Numbering(dict[Any, int]):
    """Numbers things in the order they are first asked for."""

    def __missing__(self, thing: Any) -> int:
        number = self[thing] = len(self)
        return number


def _encoded(chunks: Iterable[Sequence[Sequence[Any]]], width: int) -> list[pd.Categorical]:
    """Rows as columns, every cell text; one dictionary a column over the whole stream."""
    places = [_Numbering() for _ in range(width)]
    codes: list[list[Any]] = [[] for _ in range(width)]
    for chunk in chunks:
        for column, place in enumerate(places):
            numbers = map(place.__getitem__, map(itemgetter(column), chunk))
            codes[column].append(np.fromiter(numbers, dtype="int32", count=len(chunk)))
    return [_column(place, parts) for place, parts in zip(places, codes, strict=True)]


def _column(place: dict[Any, int], parts: list[Any]) -> pd.Categorical:
    texts = encode([None if cell is None else cell if isinstance(cell, str) else str(cell) for cell in place])
    if not parts:
        return texts
    new = texts.codes  # as narrow as the number of texts allows
    return pd.Categorical.from_codes(np.concatenate([new[part] for part in parts]), dtype=texts.dtype)
