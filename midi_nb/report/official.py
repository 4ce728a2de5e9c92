"""Reports as the official script writes them, so that its tools and the people used to them can go on.

A room beside `files`, not in it: the scoring workbook needs the denominators of `scoring`.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..actions import REGIONS
from ..coded import coded
from ..files.official import HIDDEN, wrap, written
from ..files.runs import replacing
from ..frames import CODES, RESULTS, require_columns, require_complete, scored
from ..scores.scoring import counted, score

_VERDICT = ("check_passed", "check_score")
_ASKED = ("action", "action_text")
_ATTRIBUTE = ("tag_ds", "tag_name")
_VALUES = ("file_value", "answer_value")
_WHO = ("modality", "class", "patient", "study", "series", "instance")
_FILE = ("file_name", "file_path")
_CATEGORY = ("category", "subcategory")
_REPORT = ("index", *_VERDICT, *_ATTRIBUTE, *_VALUES, *_ASKED, *_CATEGORY, *CODES, "prev_cat", *_WHO, *_FILE)
_INTERNAL_ONLY = ("prev_cat", *CODES, "file_path")
_PIXELS = ("index", *_VERDICT, *_ASKED, "file_path", *_WHO)
_KEPT = ("index", "file_index", "check_index")
_DATABASE = (*_KEPT, *_VERDICT, *_ASKED, *_VALUES, "tag", *_ATTRIBUTE, *_WHO, *_FILE, "prev_cat", *CODES)

#: What no official file has a column for.
_OURS = ("source", "complete")


def write_official(results: pd.DataFrame, folder: str | Path, *, database: bool = False) -> Path:
    """Write the official reports into `folder` and give it back.

    The discrepancy reports (participant and internal), the scoring workbooks (instance and series) and
    ``pixel_validation.xlsx``, whose ``file_path`` names the released file (officially it is empty). Files that are
    there already are not overwritten.

    Parameters
    ----------
    database
        Write ``validation_results.db`` too, which holds every check: what the official ``run_import.py`` goes on from.

    Examples
    --------
    >>> import tempfile
    >>> sorted(path.name for path in mn.write_official(results, tempfile.mkdtemp()).iterdir())
    ['discrepancy_report_internal.csv', 'discrepancy_report_participant.csv', 'pixel_validation.xlsx', \
'scoring_report_instance.xlsx', 'scoring_report_series.xlsx']
    """
    require_complete(results, "write_official()")
    require_columns(results, [name for name in RESULTS if name not in _OURS], "write_official()")
    results = coded(results)
    folder = Path(folder)
    rows = results[scored(results)].reset_index(drop=True)
    participant = [name for name in _REPORT if name not in _INTERNAL_ONLY]
    reports: dict[str, Callable[[Path], None]] = {
        "discrepancy_report_internal.csv": lambda path: _write_discrepancies(path, rows, _REPORT),
        "discrepancy_report_participant.csv": lambda path: _write_discrepancies(path, rows, participant),
        "scoring_report_instance.xlsx": lambda path: _write_scores(path, rows, "instance"),
        "scoring_report_series.xlsx": lambda path: _write_scores(path, rows, "series"),
        "pixel_validation.xlsx": lambda path: write_pixels(rows, path),
    }
    if database:
        reports["validation_results.db"] = lambda path: write_database(path, rows)
    there = [name for name in reports if (folder / name).exists()]
    if there:
        raise ValueError(f"{folder} already holds {', '.join(there)}; give another folder, nothing is overwritten.")
    with ExitStack() as stack:  # all of them or none
        temporaries = {name: stack.enter_context(replacing(folder / name)) for name in reports}
        for name, write in reports.items():
            write(temporaries[name])
    return folder


def write_pixels(results: pd.DataFrame, path: Path) -> None:
    """Write the sheet on which a person judges the pixel checks."""
    import openpyxl

    pixels = results[results["action"].isin(REGIONS)]
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["", *_PIXELS[1:]])
    columns = written(pixels)
    columns["check_passed"] = [None if passed is None else bool(passed) for passed in columns["check_passed"]]
    for row in zip(*(columns[name] for name in _PIXELS), strict=True):
        _append(sheet, row)
    book.save(path)


def _append(sheet: Any, cells: Sequence[Any]) -> None:
    """A row whose texts are texts: a value that starts with = is no formula, and control characters are shown."""
    sheet.append([_text(sheet, cell) if isinstance(cell, str) else cell for cell in cells])


def _text(sheet: Any, text: str) -> Any:
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell

    text = ILLEGAL_CHARACTERS_RE.sub("\ufffd", text)
    if not text.startswith("="):
        return text
    cell = Cell(sheet, row=1, column=1, value=text)  # its place is given when it is appended
    cell.data_type = "s"
    return cell


def _write_discrepancies(path: Path, rows: pd.DataFrame, columns: Sequence[str]) -> None:
    failing = rows[rows["verdict"] != "passed"]
    # As pandas prints whole numbers with blanks among them.
    zero = "0.0" if (failing["verdict"] == "blank").any() else "0"
    shown = written(failing)
    shown["check_passed"] = np.where(pd.isna(shown["check_passed"]), "", zero)
    tables = shown["tag_name"] == "<LUT Data>"  # which officially are not shown
    for name in ("file_value", "answer_value", "action_text"):
        shown[name][tables] = HIDDEN
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*(shown[name] for name in columns), strict=True))


def _write_scores(path: Path, rows: pd.DataFrame, unit: str) -> None:
    import openpyxl

    rows = counted(rows, unit)
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, by in (("Scoring", []), ("Actions", ["action"]), ("Categories", ["category", "subcategory"])):
        sheet = book.create_sheet(title)
        for cells in _sheet(score(rows, by=by), by):
            _append(sheet, cells)
    book.save(path)


_VERDICTS = {"Blank": "blank", "Fail": "failed", "Pass": "passed"}


def _sheet(scores: pd.DataFrame, by: list[str]) -> Iterator[list[Any]]:
    """The rows of one sheet of the scoring workbook."""
    if by:  # officially a null subcategory is left out, and the rest in the order of its text
        scores = scores.dropna(subset=by).astype(dict.fromkeys(by, "str")).sort_values(by)
    shown = [
        title for title, name in _VERDICTS.items() if scores[name].any()
    ]  # a verdict that never occurs has no column
    counts = scores[[_VERDICTS[title] for title in shown]].to_numpy().tolist()
    total = [sum(column) for column in zip(*counts, strict=True)] or [0] * len(shown)
    yield [*(["", *by] if by else ["Category"]), *shown, "Total", *([] if by else ["Score"])]
    if not by:
        rate = scores["score"].iloc[0]
        yield ["All", *total, sum(total), "" if pd.isna(rate) else f"{rate:.2%}"]
        return
    names = scores[by].astype(object).to_numpy().tolist()
    for number, (keys, numbers) in enumerate(zip(names, counts, strict=True)):
        yield [number, *([wrap(key) for key in keys] if by == ["action"] else keys), *numbers, sum(numbers)]
    yield ["Total", *[None] * len(by), *total, sum(total)]


def write_database(path: Path, rows: pd.DataFrame) -> None:
    """Write the results as the database that the official script makes."""
    types = {"index": "INTEGER", "file_index": "INTEGER", "check_passed": "INTEGER", "check_score": "REAL"}
    columns = ", ".join(f'"{name}" {types.get(name, "TEXT")}' for name in _DATABASE)
    connection = sqlite3.connect(path)
    connection.text_factory = str
    try:
        with connection:
            connection.execute(f"CREATE TABLE validation_results ({columns})")
            insert = f"INSERT INTO validation_results VALUES ({', '.join('?' * len(_DATABASE))})"
            for start in range(0, len(rows), _SLICE):
                made = written(rows.iloc[start : start + _SLICE])
                connection.executemany(insert, zip(*(made[name].tolist() for name in _DATABASE), strict=True))
            connection.execute('CREATE INDEX ix_validation_results_index ON validation_results ("index")')
    finally:
        connection.close()


_SLICE = 250_000  # rows: as cells of their own they take many times the memory of the frame


__all__ = ["write_database", "write_official", "write_pixels"]
