"""What if: problems ticked as fixed, and what becomes of the scores and the ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import traitlets

from .. import causes
from ..causes import UNITS, weighted
from ..frames import CATEGORIES, require_columns, require_complete
from ..vocabulary import words_of
from .board import Board
from .grid import Column, grid, line, pager
from .page import MARKS, Markup, button, count, join, percent, points, signed, tag
from .rows import Problems

__all__ = ["WEIGHTS", "Wishes", "what_if"]

#: Weights of the categories, by the names of the buttons.
WEIGHTS: dict[str, dict[str, float]] = {"equal": {}, "70/20/10": {"hipaa": 70.0, "dicom": 20.0, "tcia": 10.0}}
PAGE = 15

_NEEDED = (
    "submission",
    "instance",
    "series",
    "action",
    "tag_path",
    "category",
    "original",
    "expected",
    "actual",
    "state",
    "verdict",
    "score",
)
_UNITS = {name: words_of("unit", name) for name in ("instance", "series")}


def what_if(results: pd.DataFrame, submission: str | None = None) -> Wishes:
    """A list of problems to tick as fixed, and the scores and ranks that follow.

    Parameters
    ----------
    results
        All checks of one submission, or of several: then the others are what its rank moves among.
    submission
        Whose problems are listed; the first one's by default.

    Returns
    -------
    Wishes
        ``.scores`` is a frame: submission, before, after, gain, rank_before, rank_after. ``.fixed`` (names of
        problems), ``.submission``, ``.unit`` (instance or series: what counts) and ``.weights`` (by category; empty:
        every check weighs the same, as officially) can be read and set. ``.problems`` are those listed, with their
        gain by these rules. No value of the data is shown.

    Examples
    --------
    >>> import midi_nb as mn
    >>> demo = mn.make_demo()
    >>> results = mn.evaluate(demo.submissions["careless"], demo.key, progress=False)
    >>> wishes = what_if(results)
    >>> wishes.fixed = wishes.problems["problem"].head(3).tolist()
    >>> bool(wishes.scores.loc[0, "gain"] > 0)
    True
    """
    return Wishes(results, submission)


class Wishes(Board):
    """The widget that `what_if` gives."""

    submission = traitlets.Unicode()
    fixed = traitlets.List(traitlets.Unicode())
    unit = traitlets.Enum(UNITS, "instance")
    weights = traitlets.Dict(key_trait=traitlets.Enum(CATEGORIES), value_trait=traitlets.Float(min=0))
    page = traitlets.Int(0)

    def __init__(self, results: pd.DataFrame, submission: str | None) -> None:
        require_complete(results, "widgets.what_if()")
        require_columns(results, _NEEDED, "widgets.what_if()")
        explained = causes.explained(results)
        self._all = Problems(explained)
        self._tally = self._all.fixes
        if not len(results):
            raise ValueError("widgets.what_if() needs at least one check; this frame has none.")
        self._present = [str(name) for name in self._tally.submissions if name is not None]
        super().__init__("what-if", {"what_if": "What if"})
        self.submission = self._present[0] if submission is None else submission
        self._rank_problems()
        self._draw()

    # What can be read back

    @property
    def problems(self) -> pd.DataFrame:
        """The problems of the submission, the largest gain first; ``gain`` is by the rules that are set."""
        return self._all.table.iloc[self._listed].assign(gain=self._gains[self._listed]).reset_index(drop=True)

    @property
    def scores(self) -> pd.DataFrame:
        """submission, before, after, gain, rank_before, rank_after; the best after the fixes first."""
        nothing = np.zeros(len(self._all), dtype=bool)
        before, after = (weighted(self._tally.counts(self.unit, mask), self.weights) for mask in (nothing, self._mask))
        keep = [self._tally.submissions.index(name) for name in self._present]
        scores = pd.DataFrame({"submission": self._present, "before": before[keep], "after": after[keep]})
        scores["gain"] = scores["after"] - scores["before"]
        for name in ("before", "after"):
            scores[f"rank_{name}"] = scores[name].round(12).rank(method="min", ascending=False).astype("Int64")
        return scores.sort_values(["after", "submission"], ascending=[False, True], kind="stable", ignore_index=True)

    # State

    @property
    def _mask(self) -> np.ndarray:
        """Which of all problems are fixed: the ticked ones of the submission."""
        table = self._all.table
        ticked = table["problem"].isin(self.fixed).to_numpy(dtype=bool)
        return ticked & (self._tally.submission_of == self._tally.submissions.index(self.submission))

    @traitlets.validate("submission")
    def _there(self, proposal: Any) -> str:
        if proposal["value"] not in self._present:
            raise traitlets.TraitError(f"submission must be one of {', '.join(self._present)}.")
        return str(proposal["value"])

    @traitlets.validate("fixed")
    def _known(self, proposal: Any) -> list[str]:
        wanted = list(dict.fromkeys(proposal["value"]))
        mine = self._all.table["problem"][self._tally.submission_of == self._tally.submissions.index(self.submission)]
        unknown = set(wanted) - set(mine)
        if unknown:
            raise traitlets.TraitError(
                f"{len(unknown)} of {len(wanted)} names are no problems of this submission; take them from .problems."
            )
        return wanted

    @traitlets.validate("page")
    def _in_range(self, proposal: Any) -> int:
        return min(max(int(proposal["value"]), 0), max((len(self._listed) - 1) // PAGE, 0))

    @traitlets.validate("unit")
    def _countable(self, proposal: Any) -> str:
        if proposal["value"] == "series" and "series" not in self._tally.units:
            raise traitlets.TraitError("unit='series' needs the released identifiers, which these results do not have.")
        return str(proposal["value"])

    @traitlets.validate("weights")
    def _weighty(self, proposal: Any) -> dict[str, float]:
        weights = dict(proposal["value"])
        if weights and not 0 < sum(weights.values()) < float("inf"):
            raise traitlets.TraitError("weights are numbers, and at least one of them is above 0.")
        return weights

    @traitlets.observe("submission", "fixed", "unit", "weights", "page")
    def _changed(self, change: Any) -> None:
        if not hasattr(self, "_listed"):
            return
        if change["name"] == "submission":
            self.fixed = []
        if change["name"] in ("submission", "unit", "weights"):
            self._rank_problems()
            self.page = 0
        self._draw()

    def _rank_problems(self) -> None:
        """The problems of the submission, the largest gain by the rules that are set first."""
        self._gains = self._tally.gains(self.unit, self.weights)
        mine = np.flatnonzero(self._tally.submission_of == self._tally.submissions.index(self.submission))
        rows = self._all.table["rows"].to_numpy()
        self._listed = mine[np.lexsort((-rows[mine], -self._gains[mine].round(15)))]

    # What is shown

    def _draw(self) -> None:
        self.show(what_if=join([self._rules(), self._ranks(), self._list()]))

    def _rules(self) -> Markup:
        """What is set: whose problems, what weighs how much, what counts."""
        chosen = next((name for name, weights in WEIGHTS.items() if weights == self.weights), "own")
        weights = _choice(
            "weights",
            {"equal": "Equal (official)", "70/20/10": "HIPAA 70, DICOM 20, TCIA 10", "own": "Own weights"},
            chosen,
        )
        units = _choice("unit", _UNITS, self.unit, off=() if "series" in self._tally.units else ("series",))
        fields = [
            tag("label", f"{name} ", tag(
                "input", type="number", min=0, step=5, value=f"{self.weights.get(name, 0):g}", class_="weight",
                data_act="weight", data_of=name, data_id=f"weight-{name}",
            )) for name in CATEGORIES[:3]
        ]  # fmt: skip
        names = [tag("option", name, value=name, selected=name == self.submission) for name in self._present]
        who = tag("label", "Submission ", tag("select", names, data_act="submission", data_id="submission"))
        parts = [
            who if len(self._present) > 1 else None,
            tag("span", "Weights ", weights),
            fields if chosen != "equal" else None,
            tag("span", "Count ", units),
        ]
        return tag("header", tag("div", parts, class_="line"))

    def _ranks(self) -> Markup:
        """The score before and after, and where it stands among the others."""
        scores = self.scores
        mine = scores[scores["submission"] == self.submission].iloc[0]
        ranks = [f"{mine[name]} of {len(scores)}" for name in ("rank_before", "rank_after") if pd.notna(mine[name])]
        moved = f", rank {' → '.join(dict.fromkeys(ranks))}" if len(scores) > 1 and ranks else ""
        rates = [percent(mine["before"]), *([percent(mine["after"])] if self.fixed else [])]
        head = [
            tag("span", " → ".join(rates), class_="big"),
            tag("span", f"{count(len(self.fixed), 'problem')} fixed{moved}", aria_live="polite"),
            tag("span", button("Clear", "none", disabled=not self.fixed, data_id="none"), class_="end"),
        ]
        low = _below(scores)
        lines = [self._rank(row, low, alone=len(scores) == 1) for row in scores.to_dict("records")]
        scale = tag("span", tag("span", percent(low, 1)), tag("span", "100 %"), class_="scale quiet")
        nothing = tag("span")
        return join(
            [tag("div", head, class_="line"), tag("div", lines, nothing, scale, nothing, nothing, class_="ranks")]
        )

    def _rank(self, row: dict[str, Any], low: float, alone: bool) -> Markup:
        """A submission on the scale from `low` to 1: a tick where it was, a dot where it is; one alone has no rank."""
        own = "mine" if row["submission"] == self.submission else None
        before, after = (
            100 * (row[name] - low) / (1 - low) if low < 1 and pd.notna(row[name]) else 0.0
            for name in ("before", "after")
        )
        marks = [
            tag("span", class_="path", style=f"left:{min(before, after):.2f}%;width:{abs(after - before):.2f}%"),
            tag("span", class_="was", style=f"left:{before:.2f}%"),
            tag("span", class_="now", style=f"left:{after:.2f}%"),
        ]
        known = pd.notna(row["rank_after"]) and not alone
        move = row["rank_before"] - row["rank_after"] if known else 0
        place = f"{row['rank_after']}{f' ▲{move}' if move > 0 else f' ▼{-move}' if move < 0 else ''}" if known else ""
        return join([
            tag("span", row["submission"], class_=own),
            tag("span", marks, class_="track", aria_hidden="true"),
            tag("span", percent(row["after"]), class_=own),
            tag("span", place, class_="quiet"),
        ])  # fmt: skip

    def _list(self) -> Markup:
        if not len(self._listed):
            return tag(
                "p",
                tag("span", MARKS["pass"], class_="sign pass", aria_hidden="true"),
                "This submission has no problem left.",
            )
        shown = self._listed[self.page * PAGE :][:PAGE]
        most = max(float(np.nan_to_num(self._gains[self._listed]).max()), 1e-12)
        lines = [self._line(int(number), most) for number in shown]
        table = grid("Problems, the largest gain first", _COLUMNS, lines)
        return join([table, pager("page", self.page, PAGE, len(self._listed), "page of problems")])

    def _line(self, number: int, most: float) -> Markup:
        row, gain = self._all.table.iloc[number], self._gains[number]
        axis, name, cause = str(row["axis"]), str(row["name"]), words_of("cause", row["cause"])
        ticked = row["problem"] in self.fixed
        box = tag(
            "input", type="checkbox", checked=ticked, data_act="tick", data_of=number, data_id=f"tick{number}",
            data_item=True, aria_label=f"Fix {cause}: {name}",
        )  # fmt: skip
        known = pd.notna(gain)
        length = f"width:{100 * max(gain, 0) / most if known else 0:.1f}%;margin-left:auto"
        cells = [
            box,
            signed(axis, axis, cause),
            tag("span", name, title=name),
            count(row["rows"]),
            count(row["patients"]),
            [points(gain), tag("span", class_=f"bar {axis}", style=length)],
        ]
        return line(_COLUMNS, cells, class_="done" if ticked else None)

    # What is done

    def _act(self, act: str, of: str, value: Any) -> None:
        if act == "tick" and of.isdigit() and int(of) in self._listed:
            name = str(self._all.table["problem"].iloc[int(of)])
            self.fixed = (
                [*self.fixed, name]
                if value and name not in self.fixed
                else [other for other in self.fixed if value or other != name]
            )
        elif act == "none":
            self.fixed = []
        elif act == "page" and of.isdigit():
            self.page = int(of)
        elif act == "unit" and of in UNITS:
            self.unit = of
        elif act == "weights":
            self.weights = WEIGHTS.get(of, {"hipaa": 60.0, "dicom": 20.0, "tcia": 20.0})
        elif act == "weight" and of in CATEGORIES:
            self._weigh(of, value)
        elif act == "submission" and value in self._present:
            self.submission = value

    def _weigh(self, category: str, value: Any) -> None:
        try:
            self.weights = {**self.weights, category: float(value)}
        except (TypeError, ValueError, traitlets.TraitError):
            self._pages["what_if"].refuse()


_COLUMNS = [
    Column("fixed", "Fixed", "64px"),
    Column("cause", "Cause", "40%"),
    Column("name", "Attribute", "60%", spare="anywhere"),
    Column("rows", "Checks", number=True, spare="phone"),
    Column("patients", "Patients", number=True, spare="phone"),
    Column("gain", "Gain (points)", number=True),
]


def _choice(act: str, titles: Mapping[str, str], chosen: str, off: Sequence[str] = ()) -> Markup:
    """Buttons one of which is pressed."""
    buttons = [
        button(
            title, act, name, aria_pressed=str(name == chosen).lower(), disabled=name in off, data_id=f"{act}-{name}"
        )
        for name, title in titles.items()
    ]
    return tag("span", buttons, class_="joined", role="group", aria_label=act.capitalize())


def _below(scores: pd.DataFrame) -> float:
    """Where the scale of scores begins: a round number below all of them."""
    lowest = float(scores[["before", "after"]].min().min())
    if np.isnan(lowest):
        return 0.0
    step = next(
        step for step in (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001) if step <= max(1 - lowest, 0.001)
    )
    return max(0.0, float(np.floor((lowest - 1e-9) / step)) * step)
