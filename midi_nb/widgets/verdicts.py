"""The log of human verdicts: a file that is only appended to, one verdict a line; the last verdict on a check counts.

The file is the state: nothing is kept in memory that is not in it, so that neither a restart nor a second notebook
loses a verdict. A check is named by a digest; no line holds a value of the data.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .. import causes
from ..coded import encode

__all__ = ["VERDICTS", "Entry", "Log", "identities", "judged", "numbered"]

#: What a person can say → the verdict on the check.
VERDICTS = {"hidden": "passed", "visible": "failed", "unsure": "blank"}
_SCORES = {"passed": 1.0, "failed": 0.0, "blank": np.nan}

_UNSURE = "a person was not sure"
_NAMED_BY = ("submission", "instance", "released", "check", "action", "tag_path", "x0", "y0", "x1", "y1")


class Entry(NamedTuple):
    """A verdict that was not taken back."""

    verdict: str
    pixels: str | None  # digest of the region that was seen


class Log:
    """The verdicts in a file of one JSON object a line. The file is made with the first verdict."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).absolute()
        if self.path.is_dir():
            raise ValueError(f"The log of verdicts {path} is a folder; give a file, such as verdicts.jsonl in it.")
        self.unreadable = 0
        self._seen: tuple[int, int] | None = None
        self._entries: list[dict[str, Any]] = []

    def add(self, check: str, verdict: str, pixels: str | None = None) -> None:
        """Writes a verdict; it is on the disk when this returns."""
        if verdict not in VERDICTS:
            raise ValueError(f"A verdict is one of {', '.join(VERDICTS)}, got {verdict!r}.")
        self._write({"check": check, "verdict": verdict, "pixels": pixels})

    def undo(self, checks: Iterable[str]) -> str | None:
        """Takes back the last standing verdict on any of `checks`; says on which, None if there is none."""
        among = set(checks)
        last = next((check for check, _ in reversed(self._standing()) if check in among), None)
        if last is not None:
            self._write({"check": last, "undo": True})
        return last

    def standing(self) -> dict[str, Entry]:
        """The present verdict on each check that has one."""
        return dict(self._standing())

    def _standing(self) -> list[tuple[str, Entry]]:
        """The verdicts that were not taken back, in their order."""
        found: list[tuple[str, Entry]] = []
        for entry in self.entries():
            if "verdict" in entry:
                found.append((entry["check"], Entry(entry["verdict"], entry.get("pixels"))))
            else:
                places = [place for place, (check, _) in enumerate(found) if check == entry["check"]]
                if places:
                    del found[places[-1]]
        return found

    def entries(self) -> list[dict[str, Any]]:
        """The lines of the file; what is no line of ours is counted in `unreadable`."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return []
        if self._seen != (status.st_size, status.st_mtime_ns):
            entries = [_entry(line) for line in self.path.read_bytes().splitlines() if line.strip()]
            self._entries = [entry for entry in entries if entry is not None]
            self.unreadable = len(entries) - len(self._entries)
            self._seen = (status.st_size, status.st_mtime_ns)
        return self._entries

    def _write(self, entry: Mapping[str, Any]) -> None:
        dated = {**entry, "at": datetime.now(UTC).isoformat(timespec="seconds")}
        with open(self.path, "a+b") as file:
            # A line that a crash cut short must not swallow this one.
            file.seek(0, os.SEEK_END)
            if file.tell():
                file.seek(-1, os.SEEK_END)
                whole = file.read(1) == b"\n"
            else:
                whole = True
            file.write((b"" if whole else b"\n") + json.dumps(dated).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def _entry(line: bytes) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
        if isinstance(entry["check"], str) and (entry.get("undo") is True or entry["verdict"] in VERDICTS):
            return dict(entry)
    except (ValueError, KeyError, TypeError):
        pass
    return None


def identities(checks: pd.DataFrame) -> list[str]:
    """A digest for each check, the same whatever the order of the rows; copies of one are numbered."""
    found = []
    for row, number in numbered(checks, _NAMED_BY):
        text = json.dumps([None if cell is None else str(cell) for cell in row])
        found.append(hashlib.sha256(f"{text}{number}".encode("utf-8", "backslashreplace")).hexdigest()[:20])
    return found


def numbered(checks: pd.DataFrame, names: Sequence[str]) -> Iterator[tuple[tuple[Any, ...], int]]:
    """(the cells of each row in these columns, None where one is missing; which of the rows alike it is)."""
    columns = [checks[name].astype(object).where(checks[name].notna(), None) for name in names if name in checks]
    seen: Counter[Any] = Counter()
    for row in zip(*columns, strict=True):
        seen[row] += 1
        yield row, seen[row]


def judged(results: pd.DataFrame, rows: Sequence[int], verdicts: Sequence[str]) -> pd.DataFrame:
    """`results` with the verdicts of a person at the positions `rows`.

    Returns
    -------
    DataFrame
        verdict, score and error as the person decided (unsure is blank), cause, axis, confidence and words to match
        where they are there, and a column judged: hidden, visible, unsure, missing where nobody looked.
    """
    after = results.copy(deep=False)
    places = np.asarray(rows, dtype="int64")
    said = [VERDICTS[verdict] for verdict in verdicts]
    codes = np.full(len(results), -1, dtype="int8")
    codes[places] = [list(VERDICTS).index(verdict) for verdict in verdicts]
    after["judged"] = pd.Categorical.from_codes(codes, dtype=pd.CategoricalDtype(list(VERDICTS)))
    if not len(places):
        return after
    score = results["score"].to_numpy("float64").copy()
    score[places] = [_SCORES[verdict] for verdict in said]
    after["verdict"], after["score"] = _put(results["verdict"], places, said), score
    if "error" in results:
        after["error"] = _put(results["error"], places, [_UNSURE if verdict == "blank" else None for verdict in said])
    return _explained(results, after, places) if "cause" in results else after


def _explained(before: pd.DataFrame, after: pd.DataFrame, places: np.ndarray) -> pd.DataFrame:
    """`after` with the causes of the rows at `places` found anew where their verdict is another than before."""
    old, new = (frame["verdict"].iloc[places].to_numpy(dtype=object) for frame in (before, after))
    changed = places[old != new]
    explained = causes.explain(
        after.iloc[changed].drop(columns=["cause", "axis", "confidence", "words"], errors="ignore")
    )
    for name in ("cause", "axis", "confidence", "words"):
        if name in after:
            after[name] = _put(after[name], changed, [None if pd.isna(text) else str(text) for text in explained[name]])
    return after


def _put(column: pd.Series, places: np.ndarray, texts: Sequence[str | None]) -> pd.Categorical:
    """A categorical column with other texts at `places`."""
    values = column.array if isinstance(column.dtype, pd.CategoricalDtype) else encode(column.astype(object))
    new = [text for text in dict.fromkeys(texts) if text is not None and text not in values.categories]
    values = values.add_categories(new) if new else values.copy()
    values[places] = [np.nan if text is None else text for text in texts]
    return values
