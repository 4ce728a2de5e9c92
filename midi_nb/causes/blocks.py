"""Private blocks: whether a private attribute went alone, or with its whole block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property

import numpy as np
import pandas as pd

from .. import tags
from ..coded import codes_at, joint_keys, texts_at
from ..frames import MASK


def blocks_gone(results: pd.DataFrame, failing: np.ndarray, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Where a private attribute's whole block is gone from its series.

    A frame of checks cannot see a file, so this is what its checks say: no check of the series finds an element of
    the block, or its creator, and either the creator is among those that fail or two attributes of the block are.
    """
    suspects = columns["private"] & (columns["state"] == "absent")
    gone = np.zeros(len(failing), dtype=bool)
    if not suspects.any():
        return gone
    blocks = Blocks(results)
    rows = failing[suspects]
    series = blocks.series(rows)
    absent = pd.DataFrame(
        {
            "place": blocks.places(rows),
            "path": results["tag_path"].cat.codes.to_numpy()[rows],
            "creator": blocks.is_creator(rows),
        }
    )
    many = absent.groupby("place").agg(paths=("path", "nunique"), creator=("creator", "any"))
    lost = many.index[(many["creator"] | (many["paths"] > 1)) & (many.index >= 0)].to_numpy()
    there = blocks.rows_in(np.unique(series))
    state = results["state"].cat.categories.get_indexer(["value", "empty"])
    there = there[np.isin(results["state"].cat.codes.to_numpy()[there], state)]
    lost = np.setdiff1d(lost, blocks.places(there))
    gone[suspects] = np.isin(absent["place"].to_numpy(), lost)
    return gone


_PUBLIC = tags.Step(0, 0)


class Blocks:
    """The private block that each check of a frame is about: a number for submission, series, group and creator.

    What is in a private sequence, public attributes included, is of the block of the outermost one.
    """

    def __init__(self, results: pd.DataFrame) -> None:
        self._path = results["tag_path"].cat.codes.to_numpy()
        self._results = results
        roots = [tags.parse(tags.private_root(path) or "") or (_PUBLIC,) for path in results["tag_path"].cat.categories]
        steps = [root[0] for root in roots]
        named = [(step.group, step.creator) if step.creator else None for step in steps]
        self._groups = [step.group for step in steps]
        self._creators = np.array([not step.creator and 0x10 <= step.element <= 0xFF for step in steps], dtype=bool)
        self._names = {name: number for number, name in enumerate(dict.fromkeys(n for n in named if n))}
        many = Counter(group for group, _ in self._names)
        self._only = {name[0]: name for name in self._names if many[name[0]] == 1}
        # A private sequence of undefined length has its number for a path: of its group's creators only one will do.
        self._named = [
            name or (self._only.get(step.group) if step.element >= 0x1000 else None)
            for name, step in zip(named, steps, strict=True)
        ]
        self._private = np.array([name is not None for name in self._named], dtype=bool) | self._creators

    def series(self, rows: np.ndarray) -> np.ndarray:
        """The series of each row, one number for submission and series."""
        return self._series[rows]

    @cached_property
    def _series(self) -> np.ndarray:
        columns = [codes_at(self._results, name, slice(None)) for name in ("submission", "series")]
        return joint_keys(columns, len(self._results))

    def rows_in(self, series: np.ndarray) -> np.ndarray:
        """The rows about private attributes in one of `series`."""
        if not len(self._private):
            return np.array([], dtype="int64")
        rows = np.flatnonzero(self._private[self._path] & (self._path >= 0))
        return rows[np.isin(self.series(rows), series)]

    def is_private(self, rows: np.ndarray) -> np.ndarray:
        """Whether each row is about a private attribute, or one in a private sequence."""
        return np.append(self._private, False)[self._path[rows]]

    def is_creator(self, rows: np.ndarray) -> np.ndarray:
        """Whether each row is about a private creator element."""
        return self._creators[self._path[rows]]

    def numbers(self, rows: np.ndarray) -> np.ndarray:
        """A number for group and creator of each row; -1 where the row is about none that has a name."""
        path = self._path[rows]
        numbers = np.array([self._names[name] if name else -1 for name in self._named], dtype="int64")[path]
        # A creator element is known by its value: the key's where it is gone, else what the file says.
        creators = np.flatnonzero(self._creators[path])
        cells = [texts_at(self._results[name], rows[creators]) for name in ("expected", "original", "actual")]
        for row, *values in zip(creators, *cells, strict=True):
            name = (self._groups[path[row]], next((value.upper() for value in values if value), ""))
            if MASK in name:  # then only the paths name creators
                name = self._only.get(name[0], name)
            numbers[row] = self._names.setdefault(name, len(self._names))
        return numbers

    def creators(self, rows: np.ndarray) -> tuple[np.ndarray, list[str]]:
        """The number of the creator of each row, and the creators.

        The number is -1 where no path has the creator: the value of a creator element may be somebody's name.
        """
        of_block, creators = pd.factorize(np.array([creator for _, creator in self._names], dtype=object))
        numbers = self.numbers(rows)
        return np.append(of_block, -1)[np.where(numbers < len(of_block), numbers, -1)], list(creators)

    def places(self, rows: np.ndarray) -> np.ndarray:
        """A number for series, group and creator of each row; -1 where the row is about none that has a name."""
        numbers = self.numbers(rows)
        return np.where(numbers < 0, -1, self.series(rows) * 2**31 + numbers)
