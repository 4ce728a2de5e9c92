"""Results as a browser filters them: coded columns, and how many checks there are of each kind.

A frame of millions of rows has few kinds: distinct combinations of the columns that can be filtered. Filters, bars and
scores are computed from these. Only failing rows are sent to the browser one by one; of a small frame, or one with few
failures, all rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .. import causes, tags
from ..coded import codes_at, encode, first_rows, joint_codes, texts_of, verdicts
from ..frames import CATEGORIES, IDENTIFIERS, MASK, VALUES, VERDICTS, complete_rows, is_complete, origin, scored
from ..masking import only_defined
from ..scores import same_checks
from ..shown import records
from ..vocabulary import WORDS, head_of, words_of
from .detail import absence, several_sources
from .page import MEANINGS

__all__ = ["FACETS", "MANY", "NEEDED", "WEIGHTS", "Problems", "Rows", "without_originals"]

#: What one filters by.
FACETS = (
    "submission", "also_fails_in", "passes_in", "verdict", "axis", "cause", "action", "category", "source", "scope",
    "modality", "attribute", "patient",
)  # fmt: skip
#: Weights of the categories that buttons offer, by their names.
WEIGHTS: dict[str, dict[str, float]] = {"equal": {}, "70/20/10": {"hipaa": 70.0, "dicom": 20.0, "tcia": 10.0}}
#: What only a check that failed has: filtered by it, all other checks count as passed, as in ``score(by="cause")``.
OF_FAILURES = ("verdict", "axis", "cause", "also_fails_in", "passes_in")

#: Columns that an explorer needs.
NEEDED = (
    "patient", "series", "instance", "action", "tag_path", "name", "private", "subcategory", "original", "expected",
    "actual", "state", "verdict", "score",
)  # fmt: skip
_TEXTS = ("name", "tag_path", "original", "expected", "actual", "study", "series", "instance", "file", "error")
_SEARCHED = (*_TEXTS, "patient")
_SEARCHED_BLIND = ("name", "tag_path", "error")  # what no value of the data is in
_OWN_ORDER = ("verdict", "axis", "category", "source", "scope")
#: Facet → text → the meaning whose colour its bar takes; others have no colour of their own.
_MEANINGS = {
    "cause": {cause.code: cause.axis for cause in causes.CAUSES},
    "axis": {axis: axis for axis in causes.AXES},
    "verdict": MEANINGS,
}
_PASSED = VERDICTS.index("passed")

_FEW = 50_000  # checks that go to the browser all, passes included
MANY = 200_000  # failing checks that go there; of more, each page is asked for

Choice = Mapping[str, Sequence[str]]


def without_originals(results: pd.DataFrame, original: Any) -> str:
    """A sentence where causes that are found now could be more exact with the original files."""
    blind = original is None and "cause" not in results and causes.could_say_more(results)
    return "Causes were found without the original files; with these some could be more exact." if blind else ""


class Problems:
    """The problems of explained results, and the rows that belong to each."""

    def __init__(self, results: pd.DataFrame) -> None:
        # `number` is for each of `rows` its row in the table
        self.listed, self.rows, self.number, self.fixes = causes.numbered(results)
        self.first = self.rows[np.unique(self.number, return_index=True)[1]]  # of each problem
        self.complete, known = is_complete(results), self.fixes.countable
        #: The units of which scores are known.
        self.units = [unit for unit in known if self.complete or not np.isnan(self.scores(unit)).all()]
        #: The unit that counts first: every check, or what a scoring workbook counts.
        self.unit = next((unit for unit in (*self.fixes.units, *causes.UNITS) if unit in self.units), causes.UNITS[0])
        self.listed = self.listed.assign(gain=self.fixes.gains(self.unit))

    def __len__(self) -> int:
        return len(self.listed)

    @cached_property
    def table(self) -> pd.DataFrame:
        """As ``problems(results)`` gives it."""
        return causes.in_full(self.listed.assign(gain=self.fixes.gains("instance")), self.fixes)

    def scores(self, unit: str) -> np.ndarray:
        """The scores of the submissions before any fix."""
        return causes.weighted(self.fixes.counts(unit, np.zeros(len(self), dtype=bool)))

    def of(self, problem: int) -> np.ndarray:
        """The rows of a problem, as positions in the results."""
        return self.rows[self.number == problem]


class Sets(NamedTuple):
    """A column whose cells hold several texts each, or none: the set of each row, and which texts a set has."""

    codes: np.ndarray
    members: np.ndarray  # sets × texts
    categories: pd.Index

    def having(self, texts: Sequence[str]) -> np.ndarray:
        """The codes of the sets that have one of some texts."""
        return np.flatnonzero(self.members[:, self.categories.get_indexer(list(texts))].any(axis=1))


ONLY = "only here"  # others were judged on this check, and in none of them it fails
UNJUDGED = "not judged elsewhere"


def _others(results: pd.DataFrame, failing: np.ndarray) -> dict[str, Sets]:
    """In which other submissions the same check fails, and in which it passes, of the failing rows.

    Nothing where a submission shares no check with the others: they were judged on different checks, or name instances
    by their released UIDs.
    """
    if "submission" not in results or "check" not in results or results["submission"].nunique() < 2:
        return {}
    positions, check = same_checks(results, failing)
    names = results["submission"].cat.categories
    submission, verdict = codes_at(results, "submission", positions), verdicts(results)[positions]
    fails, passes = (np.zeros((int(check.max(initial=-1)) + 1, len(names)), dtype=bool) for _ in "fp")
    for marks, rows in ((fails, verdict != _PASSED), (passes, verdict == _PASSED)):
        marks[check[rows & (submission >= 0)], submission[rows & (submission >= 0)]] = True
    own = codes_at(results, "submission", failing)
    there = fails | passes
    if not there[there.sum(axis=1) > 1].any(axis=0)[own[own >= 0]].all():
        return {}
    listed = np.setdiff1d(codes_at(results, "submission", ~complete_rows(results)), [-1])
    passes[:, listed] |= ~fails[:, listed]  # a list of failures: what it does not hold passed
    of = check[np.searchsorted(positions, failing)]
    found = {}
    fails, passes = fails[of], passes[of]
    for marks in (fails, passes):
        marks[own >= 0, own[own >= 0]] = False
    alone, judged = ~fails.any(axis=1), passes.any(axis=1)
    special = [f"{text}*" if text in names else text for text in (ONLY, UNJUDGED)]  # a submission may be called so
    also = np.column_stack([alone & judged, alone & ~judged, fails]), pd.Index([*special, *names])
    for name, (marks, texts) in (("also_fails_in", also), ("passes_in", (passes, names))):
        code = joint_codes(list(marks.T), len(failing))
        codes = np.full(len(results), -1)
        codes[failing] = code
        found[name] = Sets(codes, marks[first_rows(code)], texts)
    return found


class Rows:
    """Explained results: their columns as categoricals, which rows a choice leaves, and all of it for the browser."""

    def __init__(
        self, results: pd.DataFrame, values: bool, note: str = "", facets: Sequence[str] = FACETS, covers: str = ""
    ) -> None:
        self.results, self.values = results if values else only_defined(results), values
        self.problems = Problems(results)
        self.verdict = verdicts(results)
        self.failing = np.flatnonzero(self.verdict != _PASSED)
        #: What a row that did not pass is called.
        self.failure = "failed or blank check" if scored(results).all() else "failed, blank or lost check"
        self.problem = np.full(len(self.failing), -1)  # of each failing row
        self.problem[np.searchsorted(self.failing, self.problems.rows)] = self.problems.number
        several = _others(results, self.failing) if "passes_in" in facets else {}
        self._made: dict[str, pd.Categorical | Sets] = {**several}
        self._lower: dict[str, pd.Series] = {}
        self._last: tuple[Any, np.ndarray] = (None, np.empty(0, dtype="int64"))
        self.facets = tuple(name for name in facets if name in self and (name != "source" or several_sources(results)))
        known = origin(results)
        derived = f"The key is derived, nobody published it: {known}." if known else ""
        self.notes = [said for said in (derived, note) if said]
        few = "all" if len(results) <= _FEW else "failing"
        #: Which rows the browser has: all, failing, none; or problems, where only these are listed.
        self.covers = covers or (few if len(self.failing) <= MANY else "none")

    def __contains__(self, name: str) -> bool:
        return name in (*self._made, "attribute") or name in self.results

    def __getitem__(self, name: str) -> Any:
        """A column; ``attribute``, made here, is the path without items."""
        if name not in self._made:
            self._made[name] = self._attributes() if name == "attribute" else _categorical(self.results[name])
        return self._made[name]

    def _attributes(self) -> pd.Categorical:
        paths = self.results["tag_path"].array
        bare, found = pd.factorize(np.array([tags.without_items(path) for path in paths.categories], dtype=object))
        return pd.Categorical.from_codes(np.append(bare, -1)[paths.codes], categories=found)

    def codes(self, name: str, rows: Any = slice(None)) -> np.ndarray:
        """The codes of a column at `rows`."""
        return np.asarray(self[name].codes)[rows]

    def labels(self, name: str) -> list[str]:
        """What the categories of a facet are called."""
        texts = [str(text) for text in self[name].categories]
        if not self.values and name in IDENTIFIERS:
            return [f"{name} {number}" for number in range(1, len(texts) + 1)]
        return [_attribute(text) if name == "attribute" else words_of(name, text) for text in texts]

    # What a choice leaves

    def left(self, table: str, choice: Choice, search: str = "") -> np.ndarray:
        """Positions of the rows that a choice (facet → texts) and a search leave, of all checks or the failing ones."""
        asked = (table == "checks", {name: tuple(texts) for name, texts in choice.items()}, search)
        if self._last[0] != asked:
            self._last = (asked, self._chosen(table, choice, search))
        return self._last[1]

    def _chosen(self, table: str, choice: Choice, search: str) -> np.ndarray:
        rows = slice(None) if table == "checks" else self.failing
        kept = np.ones(len(self.results) if table == "checks" else len(self.failing), dtype=bool)
        for name, wanted in choice.items():
            if wanted:
                column = self[name]
                found = column.having(wanted) if isinstance(column, Sets) else column.categories.get_indexer([*wanted])
                kept &= np.isin(self.codes(name, rows), found)
        if text := search.strip().lower():
            kept &= self._found(text, rows, len(kept))
        return np.flatnonzero(kept) if table == "checks" else self.failing[kept]

    def _found(self, text: str, rows: Any, count: int) -> np.ndarray:
        """Which rows have a cell that holds `text` in any case."""
        found = np.zeros(count, dtype=bool)
        for name in _SEARCHED if self.values else _SEARCHED_BLIND:
            if name in self:
                if name not in self._lower:  # by Python, whose lower case is the browser's; Arrow's is another one
                    lower = [str(one).lower() for one in texts_of(self[name])]
                    self._lower[name] = pd.Series(lower, dtype="str")
                hit = self._lower[name].str.contains(text, regex=False).to_numpy(dtype=bool, na_value=False)
                if hit.any():
                    found |= np.append(hit, False)[self.codes(name, rows)]
        return found

    def sorted(self, rows: np.ndarray, by: str) -> np.ndarray:
        """`rows` in the order of a column, with a leading minus from its end; missing ones last, ties as they were."""
        name = by.removeprefix("-")
        if not name:
            return rows
        labels = self.labels(name) if name in FACETS else [str(text) for text in self[name].categories]
        ranks = np.arange(len(labels))
        if name not in _OWN_ORDER:
            ranks[np.argsort(np.array([label.lower() for label in labels], dtype=object), kind="stable")] = ranks.copy()
        place = np.append(ranks[::-1].max(initial=0) - ranks if by.startswith("-") else ranks, len(ranks))
        return rows[np.argsort(place[self.codes(name, rows)], kind="stable")]

    # For the browser

    @cached_property
    def _kinds(self) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray, int]:
        """(kind of each row, codes of each facet and the problem by kind, checks of each kind, kinds that fail).

        Kinds of failing checks come first.
        """
        common = [name for name in self.facets if name not in OF_FAILURES]
        group = joint_codes([self.codes(name) for name in common], len(self.results))
        of_failures = [name for name in self.facets if name in OF_FAILURES]
        own = [group[self.failing], self.problem, *(self.codes(name, self.failing) for name in of_failures)]
        kind_of_failing = joint_codes(own, len(self.failing))
        fails = first_rows(kind_of_failing)
        passes = np.bincount(group)
        passes -= np.bincount(group[self.failing], minlength=len(passes))
        first, kept = first_rows(group), passes > 0
        kind = (np.cumsum(kept) - 1 + len(fails)).astype("int32")[group]
        kind[self.failing] = kind_of_failing
        start = np.concatenate([self.failing[fails], first[kept]])
        codes = {name: self.codes(name, start) for name in self.facets}
        codes["problem"] = np.append(self.problem[fails], np.full(int(kept.sum()), -1))
        for name in of_failures:
            codes[name] = np.array(codes[name])
            codes[name][len(fails) :] = _PASSED if name == "verdict" else -1
        return kind, codes, np.append(np.bincount(kind_of_failing), passes[kept]), len(fails)

    def weights(self, positions: np.ndarray) -> np.ndarray:
        """How many of some rows there are of each kind."""
        return np.bincount(self._kinds[0][positions], minlength=len(self._kinds[2]))

    def sent(self, positions: np.ndarray, buffers: list[bytes]) -> dict[str, Any]:
        """Rows for the browser: codes go to `buffers`; 0 is a missing text."""
        columns = {name: self._column(name, positions) for name in _TEXTS if name in self}
        columns["absence"] = self._absences(positions)
        return {
            "position": _buffer(positions, buffers),
            "kind": _buffer(self._kinds[0][positions], buffers),
            "columns": {
                name: {"codes": _buffer(codes + 1, buffers), "texts": [None, *texts]}
                for name, (codes, texts) in columns.items()
            },
        }

    def whole(self, buffers: list[bytes], units: Sequence[str] | None = None) -> dict[str, Any]:
        """All that a browser filters by: kinds, problems, rows that go there one by one; what `units` count by."""
        _, kinds, counts, failing = self._kinds
        whole, none = np.arange(len(self.results)), np.empty(0, dtype="int64")
        rows = {"all": whole, "failing": self.failing}.get(self.covers, none)
        return {
            "facets": {name: self._facet(name, kinds[name], buffers) for name in self.facets},
            "kinds": {
                "count": _buffer(counts, buffers),
                "problem": _buffer(kinds["problem"] + 1, buffers),
                "failing": failing,
            },
            "rows": self.sent(rows, buffers),
            "covers": self.covers,
            "searched": _SEARCHED if self.values else _SEARCHED_BLIND,
            "problems": self._problems(),
            "total": len(self.results),
            "failure": self.failure,
            "notes": self.notes,
            "values": self.values,
            "complete": self.problems.complete,
            "words": _WORDS,
            "presets": WEIGHTS,
            "fixes": self._fixes(units or self.problems.units, buffers) if self.problems.units else None,
        }

    def _fixes(self, units: Sequence[str], buffers: list[bytes]) -> dict[str, Any]:
        """What scores after fixes need: of each problem and model the submission, as its place in `codes`."""
        fixes = self.problems.fixes
        known = self["submission"].categories.get_indexer(fixes.submissions) if "submission" in self else [-1]
        return {
            "codes": [int(code) + 1 for code in known],
            "of": _buffer(fixes.submission_of, buffers),
            "unit": self.problems.unit,
            "units": {**dict.fromkeys(self.problems.units), **self.models(units, buffers)},
        }

    def models(self, units: Sequence[str], buffers: list[bytes]) -> dict[str, Any]:
        """By unit what its scores after fixes are counted by, where these are known."""
        return {
            unit: {
                name: [None if np.isnan(one) else float(one) for one in numbers]
                if name == "passed"
                else _buffer(numbers, buffers)
                for name, numbers in self.problems.fixes.model(unit)._asdict().items()
            }
            for unit in units
            if unit in self.problems.units
        }

    def _facet(self, name: str, codes: np.ndarray, buffers: list[bytes]) -> dict[str, Any]:
        labels, texts = self.labels(name), [str(text) for text in self[name].categories]
        hidden = not self.values and name in IDENTIFIERS
        return {
            "codes": _buffer(codes + 1, buffers),
            "texts": [None, *(labels if hidden else texts)],
            "labels": [None, *labels],
            "meanings": [None, *(_MEANINGS.get(name, {}).get(text, "") for text in texts)],
            "own": name in _OWN_ORDER,
            "sets": [[], *([*map(int, np.flatnonzero(row) + 1)] for row in self[name].members)]
            if isinstance(self[name], Sets)
            else None,
        }

    def _problems(self) -> list[dict[Any, Any]]:
        names = ["problem", "cause", "axis", "submission", "rows", "series", "patients", "name", "gain"]
        shown = self.problems.listed[names]
        return records(shown.assign(label=[words_of("cause", code) for code in shown["cause"]]))

    def _column(self, name: str, rows: np.ndarray) -> tuple[np.ndarray, list[str]]:
        """(codes, texts) of a column at `rows`, with the texts in use alone, as they may be shown."""
        codes = self.codes(name, rows).astype("int64")
        used = np.unique(codes[codes >= 0])
        place = np.full(len(self[name].categories) + 1, -1)
        place[used] = np.arange(len(used))
        if self.values or name not in (*IDENTIFIERS, *VALUES, "file"):
            return place[codes], [*map(str, self[name].categories.take(used).to_numpy(object))]
        if name in VALUES:
            return np.minimum(codes, 0), [MASK]
        return place[codes], [f"{name} {code + 1}" for code in used]

    def _absences(self, rows: np.ndarray) -> tuple[np.ndarray, list[str]]:
        """What is said where a released value has no text; missing where it has one."""
        actions, states = ([*texts_of(self[name]), None] for name in ("action", "state"))
        said = np.array([absence(action, state) for action in actions for state in states], dtype=object)
        codes, texts = pd.factorize(said)
        found = codes.reshape(len(actions), len(states))[self.codes("action", rows), self.codes("state", rows)]
        found[(texts == absence(None, "value"))[found] & (self.codes("actual", rows) >= 0)] = -1
        return found, [*texts]


_HEADS = ("rows", "series", "patients", "gain", "fixed", "score", "rank", "selected", "failing", "only_here")
#: What the browser calls columns, categories and units.
_WORDS = {
    "heads": {name: head_of(name) for name in (*FACETS, *_TEXTS, *_HEADS)},
    "category": {name: words_of("category", name) for name in CATEGORIES[:3]},
    "unit": {unit: WORDS["unit"][unit] for unit in causes.UNITS},
}


def _categorical(column: pd.Series) -> pd.Categorical:
    return column.array if isinstance(column.dtype, pd.CategoricalDtype) else encode(column.astype(object))


def _buffer(numbers: np.ndarray, buffers: list[bytes]) -> dict[str, int]:
    """Puts numbers (0 or more) with as few bytes each as they need, and says where they are."""
    width = 1 if numbers.max(initial=0) < 2**8 else 2 if numbers.max(initial=0) < 2**16 else 4
    buffers.append(numbers.astype(f"<u{width}").tobytes())
    return {"buffer": len(buffers) - 1, "bytes": width}


def _attribute(path: str) -> str:
    return f"{tags.name(path)} {path}" if tags.name(path) else path
