"""Answers as an answer key in the official layout, which the official validator reads."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd

from .. import tags
from ..actions import REGIONS
from ..answers.published import IDENTITY, cells
from ..coded import recode, tidy
from ..frames import ANSWERS, CODES, require_columns
from . import runs
from .official import wrap, written

__all__ = ["write_key"]


def write_key(answers: Any, path: str | Path) -> Path:
    """The answer key at `path`: the official SQLite layout.

    Parameters
    ----------
    answers
        An answers frame, or the folder in which ``derive_key(out=…)`` kept one, which is written part by part.
    path
        The database to write; it must not be there yet.

    Examples
    --------
    >>> import tempfile
    >>> answers = mn.read_key(demo.key)
    >>> path = mn.write_key(answers, tempfile.mkdtemp() + "/key.db")
    >>> len(mn.read_key(path)) == len(answers)
    True
    """
    path = Path(path)
    if path.exists():
        raise ValueError(f"{path} is already there; give another name, nothing is overwritten.")
    parts: Iterable[pd.DataFrame] = [answers] if isinstance(answers, pd.DataFrame) else _kept(answers)
    with runs.replacing(path) as temporary, closing(sqlite3.connect(temporary)) as connection, connection:
        texts = ", ".join(f"{name} TEXT" for name in (*(IDENTITY[name] for name in _WHO), "AnswerData"))
        connection.execute(f'CREATE TABLE answer_data ("index" INTEGER, "group" INTEGER, {texts})')
        rows = (row for part in parts for row in _rows(part))
        marks = ", ".join("?" * (len(_WHO) + 3))
        connection.executemany(
            f"INSERT INTO answer_data VALUES ({marks})", ((number, 1, *row) for number, row in enumerate(rows))
        )
    return path


def _kept(folder: Any) -> Iterator[pd.DataFrame]:
    """The answers in the parts of a finished run of `derive_key`."""
    if not isinstance(folder, str | Path) or not runs.is_run(Path(folder)):
        raise TypeError("write_key() needs an answers frame, or the folder of derive_key(out=…).")
    for part in runs.parts_of(Path(folder)):
        frame = runs.read_parquet(part, types=ANSWERS, verb="write_key()")
        if "verdict" in frame:
            raise TypeError(
                f"{folder} holds results; write_key() needs an answers frame, or the folder of derive_key(out=…)."
            )
        yield frame


def _rows(answers: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """The rows of the table: one an instance, more only where numbers of its checks repeat."""
    require_columns(answers, ["instance", "action", "tag_path"], "write_key()")
    if answers["action"].isin(REGIONS).any():
        require_columns(answers, ["expected", "x0", "y0", "x1", "y1"], "write_key()")
    if answers["instance"].isna().any():
        raise ValueError("write_key() needs to know which instance each check is about: the column instance.")
    given = {name: cells(answers[name], kind) for name, kind in ANSWERS.items() if name in answers.columns}
    frame = tidy(given, ANSWERS, len(answers))
    official = written(frame.assign(tag=recode(frame["tag_path"], tags.leaf)))
    official["scope"] = [None if pd.isna(scope) else wrap(scope) for scope in frame["scope"]]
    own = {name: frame[name].astype(object).where(frame[name].notna(), None).to_numpy() for name in _PLAIN}
    columns = official | own
    for rows in frame.groupby("instance", observed=True, sort=False).indices.values():
        who = tuple(own[name][rows[0]] for name in _WHO)
        entries: dict[str, Any] = {}
        for place, row in enumerate(rows):
            number = str(place) if own["check"][row] is None else str(own["check"][row])
            if number in entries:
                yield *who, json.dumps(entries)
                entries = {}
            entries[number] = _entry(columns, row)
        yield *who, json.dumps(entries)


_WHO = ("modality", "sop_class", "patient", "study", "series", "instance")
_PLAIN = (*_WHO, "check", "source", "prev_cat")


def _entry(columns: dict[str, Any], row: int) -> dict[str, Any]:
    """A check as the official key writes it; `source` and `scope` are ours, which the official script does not read."""
    codes: dict[str, Any] = {"prev_cat": columns["prev_cat"][row], "hipaa": {}, "dicom": {}, "tcia": {}}
    for name in CODES:
        branch, leaf = name.split("_")
        codes[branch][leaf] = columns[name][row]
    entry = {name: columns[official][row] for name, official in _ENTRY.items()} | {"answer_category_v2": codes}
    entry["scope"] = columns["scope"][row]
    if columns["source"][row] not in (None, "published"):
        entry["source"] = columns["source"][row]
    return entry


#: What an entry of the key calls the columns of official results.
_ENTRY = {
    **{name: name for name in ("tag", "tag_ds", "tag_name")},
    "value": "answer_value",
    **{name: name for name in ("action", "action_text")},
}
