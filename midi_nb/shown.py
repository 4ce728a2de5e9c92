"""table(): a frame as people read it, in a notebook and in plain text; and the templates of all our HTML."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from html import escape
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from . import tags
from .amounts import count, percent, points
from .coded import utf8
from .frames import IDENTIFIERS, require_frame
from .vocabulary import WORDS, code_of, head_of, words_of

__all__ = ["Table", "records", "table", "template"]

_SHARES = ("share", "rate", "coverage", "legible", "untouched", "p_first", "p_better")
_RATES = frozenset(("score", "low", "high", "before", "after", *_SHARES))
_GAINS = frozenset(("gain", "gain_series", "difference"))
_UIDS = tuple(name for name in IDENTIFIERS if "patient" not in name)
_MISSING = "–"
_LENGTH = 600  # characters of a cell: a protocol dump in a private attribute has thousands


def table(frame: pd.DataFrame | pd.Series, *, rows: int = 20, empty: str = "No rows.") -> Table:
    """`frame` as people read it: the notebooks show every frame so.

    Texts stand left and whole, numbers right; rates are percent and gains points of a percent; ✓, ✗ and – are true,
    false and missing. Codes and columns go by their words, the code or the name of the column in grey below. A UID is
    the number of its series or instance in all results, and itself when pointed at. The index is hidden unless it has a
    name or texts, or is all there is.

    Parameters
    ----------
    frame
        Any frame, or a Series; a column that is none of ours keeps its name.
    rows
        How many are shown; how many more there are stands below.
    empty
        What a frame without rows says.

    Returns
    -------
    Table
        A rich table in a notebook, a plain one elsewhere.

    Examples
    --------
    >>> table(pd.DataFrame({"action": ["text_removed", None], "failed": [1234, 0], "score": [0.98765, 1.0]}))
    Action                      Failed   Score
    text must go (text_removed)  1,234 98.77 %
    –                                0   100 %
    >>> table(pd.DataFrame({"cause": []}), empty="Nothing failed.")
    Nothing failed.
    """
    if isinstance(frame, pd.Series):
        frame = frame.to_frame("value" if frame.name is None else frame.name)
    require_frame(frame, "table()")
    return Table(frame, rows, empty)


class Table:
    """A frame to be shown; `table` makes it."""

    def __init__(self, frame: pd.DataFrame, rows: int, empty: str) -> None:
        telling = any(name is not None for name in frame.index.names) or not pd.api.types.is_integer_dtype(frame.index)
        named = telling or not frame.shape[1]
        whole = frame.reset_index(names=[name or "" for name in frame.index.names]) if named and len(frame) else frame
        self.heads = [_head(name, whole.columns.names) for name in whole.columns]
        self.columns = [_column(whole, place, rows) for place in range(whole.shape[1])]
        self.numbers = [_is_number(whole.iloc[:, place]) for place in range(whole.shape[1])]
        self.more = max(len(frame) - rows, 0)
        self.sentence = None if len(frame) else empty

    def __repr__(self) -> str:
        if self.sentence is not None:
            return self.sentence
        lines = []
        for (head, _, _), column, number in zip(self.heads, self.columns, self.numbers, strict=True):
            texts = [head, *(" ".join((f"{text} ({code})" if code else text).split()) for text, code, _ in column)]
            put = str.rjust if number else str.ljust
            lines.append([put(text, max(map(len, texts))) for text in texts])
        rest = [self._rest()] if self.more else []
        return "\n".join([*(" ".join(line).rstrip() for line in zip(*lines, strict=True)), *rest])

    def _repr_html_(self) -> str:
        if self.sentence is not None:
            return f"<p>{escape(self.sentence)}</p>"
        rows = zip(*self.columns, strict=True)
        shown = template(Path(__file__).with_name("shown.html")).module
        return str(shown.table(self.heads, self.numbers, rows, self._rest() if self.more else ""))

    def _rest(self) -> str:
        return f"… {self.more:,} more"


_Cell = tuple[str, str, str]  # what is shown, the code in grey below it, and what is behind it


def _head(column: Any, names: Sequence[Any]) -> _Cell:
    """The head of a column; levels that are codes of their name, as after a pivot, go by their words."""
    levels = [(level, name) for level, name in zip_longest(_levels(column), names) if level != ""]
    words = [words_of(name, level) if name in WORDS else head_of(level) for level, name in levels]
    own = ", ".join(str(level) for level, _ in levels)
    said = ", ".join(map(str, words))
    return said, "" if said.lower().replace("_", " ") == own.lower().replace("_", " ") else own, ""


def _column(frame: pd.DataFrame, place: int, rows: int) -> list[_Cell]:
    """The cells of one column, as far as shown."""
    name, column = frame.columns[place], frame.iloc[:, place]
    if name in _UIDS and not _is_number(column):  # counts of series have its name too
        return _uids(frame, column, rows)
    write = _writer(name, column)
    values = column.iloc[:rows].astype(object)
    return [(_MISSING, "", "") if _is_missing(value) else (write(value), code_of(name, value), "") for value in values]


def _is_missing(value: Any) -> bool:
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def _is_number(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype))


def _levels(name: Any) -> tuple[Any, ...]:
    """The name of a column by its levels, mostly one."""
    return name if isinstance(name, tuple) else (name,)


def _writer(name: Any, column: pd.Series) -> Callable[[Any], str]:
    """How the values of a column are written."""
    if not _is_number(column):
        return lambda value: _text(words_of(name, value))
    if not _GAINS.isdisjoint(_levels(name)):
        return points
    known = column.dropna()
    if not _RATES.isdisjoint(_levels(name)) and known.between(0, 1).all():
        return percent
    whole = bool(np.isfinite(known.astype(float)).all() and (known % 1 == 0).all())
    return (lambda value: f"{value:,.0f}") if whole else (lambda value: f"{value:,.4g}")


def _text(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "✓" if value else "✗"
    text = str(value)
    return text if len(text) <= _LENGTH else f"{text[:_LENGTH]} … {len(text) - _LENGTH:,} more characters"


def _uids(frame: pd.DataFrame, column: pd.Series, rows: int) -> list[_Cell]:
    """UIDs by their numbers, with modality and patient where the frame has them: ``series 7 (CT, patient 2)``."""
    what = head_of(column.name).lower()
    notes = [frame[name].astype(object) for name in ("modality",) if name in frame.columns]
    known = [_MISSING if code < 0 else f"{what} {code + 1}" for code in _codes(column)[:rows]]
    patients: Sequence[int] = _codes(frame["patient"])[:rows] if "patient" in frame.columns else [-1] * len(known)
    cells: list[_Cell] = []
    for row, (text, patient) in enumerate(zip(known, patients, strict=True)):
        beside = [str(note.iloc[row]) for note in notes if not _is_missing(note.iloc[row])]
        beside += [f"patient {patient + 1}"] if patient >= 0 else []
        missing = text == _MISSING
        cells.append((text if missing or not beside else f"{text} ({', '.join(beside)})", "",
                      "" if missing else str(column.iloc[row])))  # fmt: skip
    return cells


def _codes(column: pd.Series) -> Any:
    return column.astype("category").cat.codes.to_numpy()


def records(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    """The rows of a frame, for a template or a browser; what is missing is None."""
    objects = frame.astype(object)
    return objects.where(frame.notna(), None).to_dict("records")


@cache
def template(path: Path) -> Any:
    """An HTML template, which escapes every text on its way in and has the words and the numbers of this package."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    pages = Environment(
        loader=FileSystemLoader([path.parent, Path(__file__).parent]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: utf8(value) if type(value) is str else value,
    )
    pages.filters |= {"percent": percent, "points": points, "count": count, "head": head_of, "short": tags.short}
    pages.globals["words_of"] = words_of
    return pages.get_template(path.name)
