"""Categorical columns of results at some rows: their texts, each looked at once, and their codes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from ..coded import encode


def texts_at(column: pd.Series, rows: np.ndarray) -> np.ndarray:
    """The texts of a categorical column at `rows`, None where missing; only those in use are touched."""
    used, place = distinct_texts(column, rows)
    return column_of(used)[place]


def distinct_texts(column: pd.Series, rows: np.ndarray) -> tuple[list[str | None], np.ndarray]:
    """The texts of a column that occur at `rows`, and which of them each row has."""
    values = column.array[rows] if isinstance(column.dtype, pd.CategoricalDtype) else encode(column.iloc[rows])
    codes, place = np.unique(values.codes, return_inverse=True)
    gone = int((codes < 0).sum())
    return [None] * gone + list(values.categories.take(codes[gone:])), place


def of_paths(results: pd.DataFrame, rows: np.ndarray, says: Callable[[str], bool]) -> np.ndarray:
    """What `says` says of the tag path of each row."""
    paths, place = distinct_texts(results["tag_path"], rows)
    return np.array([path is not None and says(path) for path in paths], dtype=bool)[place]


def codes_at(frame: pd.DataFrame, name: str, rows: Any) -> np.ndarray:
    """The codes of a categorical column at `rows`; -1 throughout where there is no such column."""
    if name not in frame:
        return np.full(len(frame), -1, dtype="int64")[rows]
    return frame[name].cat.codes.to_numpy()[rows].astype("int64")


def column_of(values: Iterable[Any]) -> np.ndarray:
    """Any objects as a one-dimensional array: tuples and lists stay what they are."""
    values = list(values)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def sparse(length: int, rows: np.ndarray, codes: np.ndarray, dtype: pd.CategoricalDtype) -> pd.Categorical:
    """A categorical that is missing but at `rows`."""
    full = np.full(length, -1, dtype=np.min_scalar_type(-max(len(dtype.categories), 1)))
    full[rows] = codes
    return pd.Categorical.from_codes(full, dtype=dtype)
