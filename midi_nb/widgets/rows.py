"""Results as numbers: which rows a choice leaves, counted, searched, sorted, a page at a time.

No widget is in here. A frame of millions of rows has few distinct combinations of what one filters by, so a `Lot`
numbers these once; from then on filters and counts are questions to the few thousand combinations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

import numpy as np
import pandas as pd

from .. import causes, tags
from ..coded import encode, first_rows, joint_codes

__all__ = ["FACETS", "Columns", "Lot", "Problems", "sorted_rows"]

#: What one filters by.
FACETS = ("submission", "verdict", "axis", "cause", "action", "category", "scope", "modality", "attribute", "patient")

# What a search looks through; without values only what no patient is told by.
_SEARCHED = (
    "name",
    "tag_path",
    "original",
    "expected",
    "actual",
    "words",
    "patient",
    "study",
    "series",
    "instance",
    "file",
    "error",
)
_SEARCHED_BLIND = ("name", "tag_path", "error")

Choice = Mapping[str, Sequence[str]]


class Columns:
    """The columns of results as categoricals, and one made here: attribute (the path without items)."""

    def __init__(self, results: pd.DataFrame) -> None:
        self.results = results
        self._made: dict[str, pd.Categorical] = {}
        self._lower: dict[str, pd.Series] = {}
        self._ranks: dict[str, np.ndarray] = {}

    def __contains__(self, name: str) -> bool:
        return name == "attribute" or name in self.results

    def __getitem__(self, name: str) -> pd.Categorical:
        if name not in self._made:
            if name == "attribute":
                paths = self.results["tag_path"].array
                bare, found = pd.factorize(
                    np.array([tags.without_items(path) for path in paths.categories], dtype=object)
                )
                self._made[name] = pd.Categorical.from_codes(np.append(bare, -1)[paths.codes], categories=found)
            else:
                column = self.results[name]
                self._made[name] = (
                    column.array if isinstance(column.dtype, pd.CategoricalDtype) else encode(column.astype(object))
                )
        return self._made[name]

    def found(self, name: str, text: str, codes: np.ndarray) -> np.ndarray:
        """Where a category of `name` holds `text` in any case, for categories that `codes` (sorted) names."""
        if len(codes) < len(self[name].categories):
            lower = pd.Series(self[name].categories.take(codes), dtype="str").str.lower()
        else:
            lower = self._lower.setdefault(name, pd.Series(self[name].categories, dtype="str").str.lower())
        return lower.str.contains(text.lower(), regex=False).to_numpy(dtype=bool, na_value=False)

    def ranks(self, name: str) -> np.ndarray:
        """The place of each category of `name` in their order: their own where they have one, else by text."""
        if name not in self._ranks:
            values = self[name]
            own = values.ordered or name in ("verdict", "axis", "category")
            order = (
                np.arange(len(values.categories))
                if own
                else np.argsort(values.categories.astype("str").str.lower(), kind="stable")
            )
            self._ranks[name] = np.empty(len(order), dtype="int64")
            self._ranks[name][order] = np.arange(len(order))
        return self._ranks[name]


class Lot:
    """Some rows of results (all, or those that fail), and what choices leave of them.

    A choice maps facets to the texts wanted of each; `rows` are positions in the frame.
    """

    def __init__(self, columns: Columns, rows: np.ndarray | None = None) -> None:
        self.columns = columns
        self.rows = rows
        self.facets = tuple(name for name in FACETS if name in columns)

    def __len__(self) -> int:
        return len(self.columns.results) if self.rows is None else len(self.rows)

    def codes(self, name: str) -> np.ndarray:
        """The codes of a column at the rows of the lot."""
        codes = np.asarray(self.columns[name].codes)
        return codes if self.rows is None else codes[self.rows]

    @cached_property
    def _kinds(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """(which combination each row is, codes of each facet by combination)."""
        kind = joint_codes([self.codes(name) for name in self.facets], len(self))
        first = first_rows(kind)
        return kind.astype("int32"), {name: self.codes(name)[first] for name in self.facets}

    def _admitted(self, choice: Choice, but: str = "") -> np.ndarray:
        """Which combinations a choice lets in; the facet `but` is not asked."""
        kinds = self._kinds[1]
        admitted = np.ones(len(kinds[self.facets[0]]), dtype=bool)
        for name, wanted in choice.items():
            if name in kinds and name != but and wanted:
                admitted &= np.isin(kinds[name], self.columns[name].categories.get_indexer(list(wanted)))
        return admitted

    def kept(self, choice: Choice, among: np.ndarray | None = None) -> np.ndarray:
        """Mask of the lot: what a choice leaves, of the rows that `among` leaves."""
        if not any(choice.values()):
            return np.ones(len(self), dtype=bool) if among is None else among
        mask = self._admitted(choice)[self._kinds[0]]
        return mask if among is None else mask & among

    def counts(self, choice: Choice, among: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """How many rows each category of each facet has, under the choice made in the other facets."""
        kind, kinds = self._kinds
        sizes = self._sizes if among is None else np.bincount(kind[among], minlength=len(self._sizes))
        told = {}
        for name, codes in kinds.items():
            admitted = self._admitted(choice, but=name) & (codes >= 0)
            counted = np.bincount(
                codes[admitted], weights=sizes[admitted], minlength=len(self.columns[name].categories)
            )
            told[name] = counted.astype("int64")
        return told

    @cached_property
    def _sizes(self) -> np.ndarray:
        return np.bincount(self._kinds[0], minlength=len(self._kinds[1][self.facets[0]]))

    def found(self, text: str, values: bool = True) -> np.ndarray | None:
        """Mask of the lot: rows with a cell that holds `text`, one of values only if `values`; None for no text."""
        text = text.strip()
        if not text:
            return None
        mask = np.zeros(len(self), dtype=bool)
        for name in _SEARCHED if values else _SEARCHED_BLIND:
            if name in self.columns:
                codes = self.codes(name)
                size = len(self.columns[name].categories)
                used = np.arange(size) if self.rows is None else np.unique(codes[codes >= 0])
                hit = np.zeros(size + 1, dtype=bool)
                hit[used] = self.columns.found(name, text, used)
                if hit.any():
                    mask |= hit[codes]
        return mask

    def positions(self, mask: np.ndarray) -> np.ndarray:
        """The rows of the frame at a mask of the lot."""
        return np.flatnonzero(mask) if self.rows is None else self.rows[mask]


def sorted_rows(columns: Columns, rows: np.ndarray, by: str) -> np.ndarray:
    """`rows` in the order of a column, with a leading minus from its end; missing ones last, ties as they were."""
    name = by.removeprefix("-")
    if not name or not len(rows):
        return rows
    if name == "score":
        score = columns.results["score"].to_numpy()[rows]
        key = np.nan_to_num(score, nan=2.0) if not by.startswith("-") else np.nan_to_num(-score, nan=2.0)
        return rows[np.argsort(key, kind="stable")]
    ranks = columns.ranks(name)
    last = len(ranks)
    place = np.append(last - 1 - ranks if by.startswith("-") else ranks, last)[np.asarray(columns[name].codes)[rows]]
    # Place and position in one number: sorting numbers is several times as fast as sorting by them.
    packed = np.sort((place << 32) | rows)
    return packed & 0xFFFFFFFF


class Problems:
    """The problems of explained results, and the rows that belong to each."""

    def __init__(self, results: pd.DataFrame) -> None:
        self.table, self.rows, self.number = causes.numbered(results)  # for each of `rows` its row in `table`
        self.failed = (results["verdict"] == "failed").to_numpy()[self.rows]

    def __len__(self) -> int:
        return len(self.table)

    def of(self, problem: int) -> np.ndarray:
        """The rows of a problem, as positions in the results."""
        return self.rows[self.number == problem]

    def sorted(self, shown: np.ndarray, by: str, counts: np.ndarray) -> np.ndarray:
        """Numbers of problems in the order of a column, from the last with a leading minus; `counts` stand for rows."""
        name = by.removeprefix("-")
        if not name:
            return shown
        column = pd.Series(counts) if name == "rows" else self.table[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            column = column.cat.codes if name in ("axis", "confidence") else column.astype("str").str.lower()
        return (
            column.iloc[shown]
            .sort_values(ascending=not by.startswith("-"), kind="stable", na_position="last")
            .index.to_numpy()
        )
