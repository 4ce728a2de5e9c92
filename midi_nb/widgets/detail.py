"""One check in full: its texts with what is wrong in them marked, why it failed, the rule behind it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from .. import causes, tags
from ..actions import ACTIONS, KINDS, PIXELS, REGIONS
from ..coded import texts_of
from ..frames import IDENTIFIERS, MASK, VALUES
from ..text import marked, marks
from ..vocabulary import WORDS, words_of
from .page import Markup, clipped, count, join, signed, swatch, tag
from .practice import practice, rule

__all__ = ["MEANINGS", "STATES", "Teller", "as_code", "facts", "several_sources"]

#: Verdict → how it looks.
MEANINGS = {"failed": "fail", "blank": "blank", "passed": "pass", "lost": "blank"}

#: State of a released value → what is shown where there is no text.
STATES = {"empty": "(empty)", **{state: f"({words})" for state, words in WORDS["state"].items()}}

_READ = (
    "action", "tag_path", "private", "subcategory", "original", "expected", "actual",
    "state", "verdict", "cause",
)  # fmt: skip
_LONGEST = 3000  # characters of a text that are compared and shown
_CAUSES = {cause.code: cause for cause in causes.CAUSES}


def as_code(name: Any) -> Markup:
    """What columns and calls of the package say for a label: behind it, in grey."""
    return tag("code", name, class_="quiet")


def several_sources(results: pd.DataFrame) -> bool:
    """Whether the checks come from more than one source, as those of a derived key do."""
    return "source" in results and results["source"].nunique() > 1


class Teller:
    """Describes checks, with or without the values of the data."""

    def __init__(self, results: pd.DataFrame, values: bool) -> None:
        self.results = results
        self.values = values
        self._columns: dict[str, Any] = {}
        self._places: tuple[str, ...] = ("submission", "patient", "modality", "scope", "subcategory", "file")
        if several_sources(results):
            self._places = (*self._places[:5], "source", "file")

    def _at(self, name: str, position: int) -> Any:
        if name not in self._columns:  # a cell of a frame or of Arrow takes long
            column = self.results[name].array
            coded = isinstance(column, pd.Categorical)
            self._columns[name] = (column.codes, [*texts_of(column), None]) if coded else (column, None)
        cells, texts = self._columns[name]
        return cells[position] if texts is None else texts[cells[position]]

    def cell(self, name: str, position: int) -> str | None:
        """The text of a cell as it may be shown; None where it is missing."""
        value = self._at(name, position) if name in self.results else None
        if value is None or pd.isna(value):
            return None
        return str(value) if self.values else self.blinded(name, str(value), position)

    def blinded(self, name: str, text: str, position: int) -> str:
        """A cell without its value: identifiers as numbers, texts as dots."""
        if name in IDENTIFIERS or name == "file":
            return f"{name.replace('_', ' ')} {self.results[name].cat.codes.iloc[position] + 1}"
        return MASK if name in VALUES else text

    def _row(self, position: int) -> dict[str, Any]:
        # Not iloc[position] of the frame: to put its cells into one Series pandas first reads all texts of all columns.
        return {name: self._at(name, position) for name in _READ if name in self.results}

    def attribute(self, path: str, name: str | None = None) -> Markup:
        """An attribute by its name, then its path."""
        name = name or tags.name(path)
        return join([tag("span", name, " ") if name else None, tag("span", path, class_="quiet")])

    def cells(self, position: int) -> list[Any]:
        """A check as the cells of a table: verdict or cause, attribute, what was expected, what is released."""
        row = self._row(position)
        verdict, cause = str(row["verdict"]), row.get("cause")
        said = verdict if cause is None or pd.isna(cause) else words_of("cause", cause)
        expected = clipped(self.cell("expected", position) or "")
        name = self.cell("name", position) or self.cell("tag_path", position)
        return [
            signed(MEANINGS[verdict], verdict, said),
            name,
            tag("span", expected, class_="value"),
            self.released(position),
        ]

    def released(self, position: int) -> Markup:
        """The released value, or what is there in its place."""
        text = self.cell("actual", position)
        if text is not None and self._at("state", position) == "value":
            return tag("span", clipped(text, 300), class_="value", title=clipped(text))
        return tag("span", self._absence(position), class_="quiet")

    def _absence(self, position: int) -> str:
        state = self._at("state", position)
        if self._at("action", position) in REGIONS and state == "empty":
            return "(no text read)"
        return STATES.get(state, "(no value)")

    def words(self, position: int) -> Markup:
        """The verdict on a check, and its texts."""
        action, path = str(self._at("action", position)), str(self._at("tag_path", position))
        attribute = self.attribute(path, self.cell("name", position))
        asked = [words_of("action", action), " ", as_code(action), " · ", attribute]
        title = tag("p", self.verdict(position), " · ", asked)
        return join([title, tag("div", self.texts(position), class_="texts")])

    def reasons(self, position: int) -> Markup:
        """Why a check failed, and the rule and the practice behind it."""
        row = self._row(position)
        action = str(row["action"])
        cause = _CAUSES.get(row["cause"]) if "cause" in row and pd.notna(row["cause"]) else None
        subcategory = None if pd.isna(row["subcategory"]) else str(row["subcategory"])
        reasons = [
            ("Why", join([cause.sentence, " ", tag("span", cause.hint, class_="quiet")]) if cause else None),
            ("Error", self.cell("error", position)),
            ("Rule", rule(action, subcategory)),
            ("Practice", practice(action, bool(row["private"]))),
        ]
        return facts(reasons)

    def where(self, position: int) -> Markup:
        """Where a check is."""
        return facts([("Where", self._where(position))])

    def verdict(self, position: int) -> Markup:
        """The verdict and, where it failed, the cause."""
        verdict = str(self._at("verdict", position))
        failed = self._at("cause", position) if "cause" in self.results else None
        label = "" if failed is None or pd.isna(failed) else f": {words_of('cause', str(failed))}"
        score = self._at("score", position)
        part = f" ({score:.0%} of the words right)".replace("%", " %") if 0 < score < 1 else ""
        said = tag("strong", swatch(MEANINGS[verdict]), f"{verdict}{label}{part}")
        return join([said, " ", as_code(failed)]) if label else said

    def _where(self, position: int) -> Markup:
        first = self._named(self._places, position)
        return join(
            [
                first,
                tag(
                    "details",
                    tag("summary", "Study, series, instance", data_id="uids"),
                    self._named(("study", "series", "instance"), position),
                ),
            ]
        )

    def _named(self, names: Sequence[str], position: int) -> Markup:
        named = [(name, text) for name in names if (text := self.cell(name, position))]
        return join(
            [
                " · " if number else None,
                tag("span", tag("span", f"{name} ", class_="quiet"), tag("span", text, class_="value")),
            ]
            for number, (name, text) in enumerate(named)
        )

    def texts(self, position: int) -> Markup:
        """Original, expected and released text, what is wrong in the released one marked by line, box and label."""
        row = self._row(position)
        action = str(row["action"])
        original, expected, actual = (_text(row[name]) for name in ("original", "expected", "actual"))
        there = actual if row["state"] == "value" else ""
        asks = ACTIONS.get(action)
        of = original if asks and asks.column == "original" else expected
        found = marks(asks, of, actual, str(row["verdict"]))
        wrong = {**dict.fromkeys(found.left, "mark"), **dict.fromkeys(found.lost, "del")}
        legend = " · ".join(_LEGENDS[mark] for mark in dict.fromkeys(wrong.values()))
        asked = expected if asks and (asks.column == "expected" or asks.kind == "map") else None
        wanted = "Expected" if asks and asks.kind == "map" else KINDS[asks.kind].capitalize() if asks else ""
        lines = [
            ("Original", self._marked(original, wrong))
            if original and original != asked and action not in PIXELS
            else None,
            (wanted, self._marked(asked, wrong)) if asked else None,
            (
                "Read now" if action in REGIONS else "Released",
                self._marked(there, wrong) if there else tag("span", self._absence(position), class_="quiet"),
            ),
        ]
        present = [line for line in lines if line]
        return join([facts(present), tag("p", legend, class_="quiet") if legend else None])

    def _marked(self, text: str, marks: dict[str, str]) -> Markup:
        return tag(
            "span",
            [self._piece(piece, mark or "") for piece, mark in marked(text[:_LONGEST], marks)],
            f"… ({count(len(text))} characters)" if len(text) > _LONGEST else None,
            class_="value",
        )

    def _piece(self, text: str, mark: str) -> Markup:
        shown = text if self.values else re.sub(r"\S+", MASK, text)
        return (
            tag(mark, tag("span", f"[{_SPOKEN[mark]}: ", class_="unseen"), shown, tag("span", "]", class_="unseen"))
            if mark
            else join([shown])
        )


_SPOKEN = {"del": "lost", "mark": "still there"}
_LEGENDS = {"del": "struck out: lost", "mark": "boxed: still there"}


def facts(pairs: list[tuple[str, Any]]) -> Markup:
    """Names and what is to be said of them, a line each; those with nothing to say are left out."""
    return tag("dl", [(tag("dt", name), tag("dd", said)) for name, said in pairs if said], class_="facts")


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)
