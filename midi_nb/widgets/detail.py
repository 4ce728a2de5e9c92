"""One check in full: its texts with what is wrong in them marked, why it failed, the rule behind it."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
from markupsafe import Markup

from .. import tags
from ..actions import ACTIONS, KINDS, PIXELS, REGIONS
from ..coded import texts_of
from ..frames import IDENTIFIERS, MASK, VALUES
from ..masking import only_defined
from ..text import marked, marks
from ..vocabulary import WORDS
from .page import kit

__all__ = ["CheckTexts", "absence", "several_sources"]

_STATES = {"empty": "(empty)", **{state: f"({words})" for state, words in WORDS["state"].items()}}
_LONGEST = 3000  # characters of a text that are compared and shown


def several_sources(results: pd.DataFrame) -> bool:
    """Whether the checks come from more than one source, as those of a derived key do."""
    return "source" in results and results["source"].nunique() > 1


def absence(action: str | None, state: str | None) -> str:
    """What is shown where a released value has no text."""
    return "(no text read)" if action in REGIONS and state == "empty" else _STATES.get(state or "", "(no value)")


class CheckTexts:
    """Describes checks, with or without the values of the data."""

    def __init__(self, results: pd.DataFrame, values: bool) -> None:
        self.results, self.values = results if values else only_defined(results), values
        self._columns: dict[str, Any] = {}
        source = ("source",) if several_sources(results) else ()
        self.places = ("submission", "patient", "modality", "scope", "subcategory", *source, "file")

    def say(self, what: str, position: int, *more: Any) -> Markup:
        """What a macro of kit.html makes of a check: `verdict`, `released`, `texts`, `words`, `reasons`, `where`."""
        return getattr(kit(), what)(Check(self, position), *more)

    def at(self, name: str, position: int) -> Any:
        """The value of a cell; None if it is missing."""
        if name not in self._columns:  # a cell of a frame or of Arrow takes long
            column: Any = self.results[name].array if name in self.results else [None] * len(self.results)
            coded = isinstance(column, pd.Categorical)
            self._columns[name] = (column.codes, [*texts_of(column), None]) if coded else (column, None)
        cells, texts = self._columns[name]
        value = cells[position] if texts is None else texts[cells[position]]
        return None if value is None or pd.isna(value) else value

    def cell(self, name: str, position: int) -> str | None:
        """The text of a cell as it may be shown: without values identifiers as numbers, texts as dots."""
        value = self.at(name, position)
        if value is None or self.values or name not in (*IDENTIFIERS, *VALUES, "file"):
            return None if value is None else str(value)
        if name in VALUES:
            return MASK
        return f"{name.replace('_', ' ')} {self.results[name].cat.codes.iloc[position] + 1}"


class Check:
    """A check for the macros of kit.html: its columns, and what they ask of it."""

    def __init__(self, check_texts: CheckTexts, position: int) -> None:
        self._check_texts, self._position, self.places = check_texts, position, check_texts.places

    def __getattr__(self, name: str) -> Any:
        return self._check_texts.at(name, self._position)

    def shown(self, name: str) -> str | None:
        """The text of a cell as it may be shown."""
        return self._check_texts.cell(name, self._position)

    @property
    def attribute(self) -> str | None:
        return self.shown("name") or tags.name(self.tag_path)

    @property
    def released(self) -> str | None:
        return self.shown("actual") if self.state == "value" else None

    @property
    def absence(self) -> str:
        return absence(self.action, self.state)

    def texts(self) -> tuple[list[tuple[str, Any, int]], list[str]]:
        """(label, pieces with their marks, the length if it is cut) of original, expected, released; the marks."""
        asks = ACTIONS.get(self.action)
        original, expected, actual = (str(text or "") for text in (self.original, self.expected, self.actual))
        of = original if asks and asks.column == "original" else expected
        found = marks(asks, of, actual, self.verdict)
        wrong = {**dict.fromkeys(found.left, "mark"), **dict.fromkeys(found.lost, "del")}
        maps = asks is not None and asks.kind == "map"
        asked = expected if asks and (asks.column == "expected" or maps) else ""
        wanted = "Expected" if maps else KINDS[asks.kind].capitalize() if asks else ""
        before = "" if original == asked or self.action in PIXELS else original
        lines = [("Original", "original", before), (wanted, "expected", asked)]
        released = "Read now" if self.action in REGIONS else "Released"
        shown = [line for line in lines if line[2]]
        shown.append((released, "actual", actual if self.state == "value" else ""))
        pieces = [(label, *self.pieces(name, text, wrong)) for label, name, text in shown]
        return pieces, list(dict.fromkeys(wrong.values()))

    def pieces(self, name: str, text: str, wrong: dict[str, str]) -> tuple[list[tuple[str, str | None]], int]:
        """(the text of the cell `name` in pieces with their marks, its length if it is cut)."""
        pieces = marked(text[:_LONGEST], wrong)
        if not self._check_texts.values:
            pieces = [(re.sub(r"\S+", MASK, piece), mark) for piece, mark in pieces]
        return pieces, len(text) if len(text) > _LONGEST else 0
