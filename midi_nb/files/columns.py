"""The columns of an official file, each as the distinct texts it holds and a code for every row.

A full run has eight million rows of 29 columns, but the values of each column repeat: as codes they take a gigabyte, as
rows of texts twenty. A database is read in pages of rows, each column of a page as one long text: SQLite joins its
cells and Arrow splits it again, both in threads and far faster than Python gets one cell at a time.
"""

from __future__ import annotations

import itertools
import secrets
import sqlite3
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .. import sniff
from ..coded import Column
from .threads import ahead

TABLE = "validation_results"

_UNUSED = ("index", "file_index")
_NEXT = "\x1f"  # between cells: a control character made for it
_NULL = f"\x1e{secrets.token_hex(3)}"  # for a cell that is null: nothing that a file can know
_PAGE = 1 << 22  # bytes


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
    return dict(zip(names, _encoded(even(path, names, rows), len(names)), strict=True))


def _check(path: Path, header: Sequence[str], place: str = "") -> None:
    kind = sniff.kind_of(header)
    if kind is None or kind.verb != "read_results()":
        raise sniff.wrong(path, "read_results()", "a file of results", header, place)


def _sheet(path: Path) -> tuple[list[str], Iterator[Sequence[Any]]]:
    import openpyxl

    with open(path, "rb") as file:  # of a path openpyxl would look at the ending
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        if {"Scoring", "Actions"} <= set(book.sheetnames):
            raise ValueError(f"{path} is a scoring report, which has counts and no checks; read it with read_scores().")
        rows = list(book.worksheets[0].iter_rows(values_only=True))
    header = [str(name or "") for name in rows[0]] if rows else []
    return header, iter(rows[1:])


def even(path: Path, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[list[Any]]:
    """The rows that have a cell for each name; empty cells are none, and a row of these is none."""
    ragged = 0
    for row in rows:
        cells = [None if cell == "" else cell for cell in row]
        if len(cells) == len(names) and any(cell is not None for cell in cells):
            yield cells
        elif any(cell is not None for cell in cells):
            ragged += 1
    if ragged:
        warnings.warn(f"{path}: rows with another number of cells than the header, left out: {ragged}.", stacklevel=5)


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
        try:
            columns = _joined(_pages(path, connection, names), len(names))
        except _Inseparable:
            rows = connection.execute(f"SELECT {', '.join(map(sniff.quoted, names))} FROM {TABLE}")
            columns = _encoded(rows, len(names))
    return dict(zip(names, columns, strict=True))


class _Inseparable(Exception):
    """A table whose cells cannot be read as joined texts; row by row they can."""


def _pages(path: Path, connection: sqlite3.Connection, names: Sequence[str]) -> Iterator[list[tuple[Any, Any]]]:
    """Pages of the table in the order of its rows: of each column the distinct texts and a code for every row."""
    try:
        first, last = connection.execute(
            f"SELECT (SELECT min(_rowid_) FROM {TABLE}), (SELECT max(_rowid_) FROM {TABLE})"
        ).fetchone()
    except sqlite3.OperationalError:  # a table made without
        raise _Inseparable from None
    if first is None:  # no rows, or a view
        raise _Inseparable
    row_bytes = path.stat().st_size // (last - first + 1)
    if row_bytes < len(names):  # fewer bytes than cells: most numbers between first and last have no row
        raise _Inseparable
    step = max(_PAGE // row_bytes, 1)
    types = {row[1]: str(row[2]) for row in connection.execute(f"PRAGMA table_info({TABLE})")}
    joined = [f"group_concat({_cell(name, types[name])}, '{_NEXT}')" for name in names]
    query = f"SELECT count(*), {', '.join(joined)} FROM {TABLE} WHERE _rowid_ BETWEEN ? AND ?"

    def page(start: int) -> list[tuple[Any, Any]]:
        with sniff.database(path) as own:
            own.create_function("exact", 1, repr, deterministic=True)
            own.text_factory = bytes
            try:
                rows, *columns = own.execute(query, (start, start + step - 1)).fetchone()
            except sqlite3.DataError:  # a text longer than SQLite makes
                raise _Inseparable from None
        return [_apart(cells, rows) for cells in columns if rows]

    return ahead(page, range(first, last + 1, step))


def _cell(name: str, declared: str) -> str:
    """A cell as SQL text. Numbers as Python writes them: SQLite gives 15 digits, and a third has more."""
    cell = sniff.quoted(name)
    if "TEXT" not in declared.upper():  # where there may be numbers: a column of texts turns them into texts
        cell = f"CASE WHEN typeof({cell}) = 'real' AND {cell} <> 1 THEN exact({cell}) ELSE {cell} END"
    return f"ifnull({cell}, '{_NULL}')"


def _apart(cells: bytes, rows: int) -> tuple[Any, Any]:
    """The distinct texts among joined cells, and a code for every row."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if cells == _NEXT.join([_NULL] * rows).encode():  # a quarter of the columns are empty: nothing to take apart
        return pa.array([_NULL]), np.zeros(rows, dtype="int8")
    try:
        coded = pc.split_pattern(pa.array([cells], pa.string()), _NEXT).flatten().dictionary_encode()
    except pa.ArrowInvalid:  # no UTF-8
        raise _Inseparable from None
    if len(coded) != rows:  # a cell holds the very character between cells
        raise _Inseparable
    return coded.dictionary, coded.indices.to_numpy()


def _joined(pages: Iterable[list[tuple[Any, Any]]], width: int) -> list[pd.Categorical]:
    """Pages as columns; one dictionary a column over all of them."""
    columns = [Column(null=_NULL) for _ in range(width)]
    for page in pages:
        for column, (texts, codes) in zip(columns, page, strict=False):
            column.add(texts, codes)
    return list(ahead(Column.encoded, columns))


def _encoded(rows: Iterable[Sequence[Any]], width: int) -> list[pd.Categorical]:
    """Rows as columns, every cell text."""
    columns = [Column(null=None) for _ in range(width)]
    rows = iter(rows)
    while chunk := list(itertools.islice(rows, 10_000)):
        for column, cells in zip(columns, zip(*chunk, strict=True), strict=True):
            column.add([_text(cell) for cell in cells])
    return [column.encoded() for column in columns]


def _text(cell: Any) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    return cell.decode("utf-8", "surrogateescape") if isinstance(cell, bytes) else str(cell)
