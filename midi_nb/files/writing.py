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
from ..answers.published import cells
from ..coded import tidy
from ..frames import ANSWERS, CODES, require_columns
from . import runs

__all__ = ["write_key"]

_WHO = {"modality": "Modality", "sop_class": "SOPClassUID", "patient": "PatientID", "study": "StudyInstanceUID",
"series": "SeriesInstanceUID", "instance": "SOPInstanceUID"}  # fmt: skip


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
    >>> import tempfile, midi_nb as mn
    >>> answers = mn.read_key(mn.make_demo().key)
    >>> path = mn.write_key(answers, tempfile.mkdtemp() + "/key.db")
    >>> len(mn.read_key(path)) == len(answers)
    True
    """
    path = Path(path)
    if path.exists():
        raise ValueError(f"{path} is already there; give another name, nothing is overwritten.")
    parts: Iterable[pd.DataFrame] = [answers] if isinstance(answers, pd.DataFrame) else _kept(answers)
    with runs.replacing(path) as temporary, closing(sqlite3.connect(temporary)) as connection, connection:
        texts = ", ".join(f"{name} TEXT" for name in (*_WHO.values(), "AnswerData"))
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
        frame = pd.read_parquet(part)
        if "verdict" in frame:
            raise TypeError(
                f"{folder} holds results; write_key() needs an answers frame, or the folder of derive_key(out=…)."
            )
        yield tidy({name: frame[name].array for name in frame.columns}, ANSWERS, len(frame))


def _rows(answers: pd.DataFrame) -> Iterator[tuple[Any, ...]]:
    """The rows of the table: one an instance, more only where numbers of its checks repeat."""
    require_columns(answers, ["instance", "action", "tag_path"], "write_key()")
    if answers["instance"].isna().any():
        raise ValueError("write_key() needs to know which instance each check is about: the column instance.")
    given = {name: cells(answers[name], kind) for name, kind in ANSWERS.items() if name in answers.columns}
    frame = tidy(given, ANSWERS, len(answers))
    for _, part in frame.groupby("instance", observed=True, sort=False):
        plain = part.astype(object).where(part.notna(), None)
        who = tuple(plain.iloc[0][list(_WHO)])
        entries: dict[str, Any] = {}
        for place, row in enumerate(plain.to_dict("records")):
            number = str(place) if row["check"] is None else str(row["check"])
            if number in entries:
                yield *who, json.dumps(entries)
                entries = {}
            entries[number] = _entry(row)
        yield *who, json.dumps(entries)


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    """A check as the official key writes it; `source` and `scope` are ours, which the official script does not read."""
    path = row["tag_path"]
    entry = {
        "tag": _wrapped(path and tags.to_official(tags.leaf(path))[1:-1]),
        "tag_ds": None if path is None else tags.to_official(path),
        "tag_name": f"<{row['name'] or ''}>",
        "value": _wrapped(row["original"]),
        "action": _wrapped(row["action"]),
        "action_text": _wrapped(_region(row) if row["action"] in REGIONS else row["expected"]),
        "answer_category_v2": {
            "prev_cat": row["prev_cat"],
            **{
                branch: {name.split("_")[1]: row[name] for name in CODES if name.startswith(branch)}
                for branch in ("hipaa", "dicom", "tcia")
            },
        },
        "scope": _wrapped(row["scope"]),
    }
    if row["source"] not in (None, "published"):
        entry["source"] = row["source"]
    return entry


def _wrapped(text: str | None) -> str | None:
    return None if text is None else f"<{text}>"


def _region(row: dict[str, Any]) -> str | None:
    """A region as the official key writes it, in JSON; one that could not be read stays as it was."""
    if row["expected"] is None or row["x0"] is None:
        return row["expected"]
    box = [int(row[name]) for name in ("x0", "y0", "x1", "y1")]
    return json.dumps({"text": row["expected"], "top_left": box[:2], "bottom_right": box[2:]})
