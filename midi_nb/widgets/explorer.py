"""The explorer: from a bar to the problem, the row, the words, the image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
import traitlets

from .. import causes, tags
from ..coded import verdicts
from ..frames import VERDICTS, is_complete, require_columns, scored
from .board import Board
from .detail import Teller, about, as_code, cause_label, phrase
from .facets import facet
from .grid import Column, grid, line, pager, steps
from .images import Images
from .page import Markup, bar, button, clipped, count, join, percent, points, signed, swatch, tag
from .rows import Columns, Lot, Problems, sorted_rows

__all__ = ["Explorer", "explore"]

TABLES = ("problems", "failures", "checks")
PAGE = 12

_NEEDED = (
    "patient", "series", "instance", "action", "tag_path", "name", "private", "subcategory", "original", "expected",
    "actual", "state", "verdict", "score",
)  # fmt: skip
_TITLES = {"problems": "Problems", "failures": "Failures", "checks": "All checks"}


def explore(results: pd.DataFrame, released: Any = None, original: Any = None, *, values: bool = True) -> Explorer:
    """An explorer of results: bars that filter, problems and failures as tables, each check in full.

    Parameters
    ----------
    results
        What ``evaluate``, ``read_results`` or ``explain`` returns; causes are found where they lack. Millions of rows
        are fine.
    released
        The folder of the released files, a Submission, or a dict of these by the name of the submission: with it
        checks of pixels show their image.
    original
        The folder of the original files, to show them beside the released ones.
    values
        False shows no value of the data: texts as dots, identifiers as numbers, boxes blanked in images. A notebook
        that is saved keeps the page as it stands, values included.

    Returns
    -------
    Explorer
        ``.selection`` is the frame of what is picked, or else of what the filters leave; ``.filtered`` the latter in
        any case. ``.filters`` (column → texts), ``.search``, ``.table``, ``.sort``, ``.page`` and ``.picked`` can be
        read and set; ``.pick(axis="privacy")`` filters and picks the first row.

    Examples
    --------
    >>> import midi_nb as mn
    >>> demo = mn.make_demo()
    >>> results = mn.evaluate(demo.submissions["careless"], demo.key, progress=False)
    >>> explorer = explore(results, demo.submissions["careless"], demo.original)
    >>> explorer.filters = {"action": ["pixels_hidden"]}
    >>> bool((explorer.selection["verdict"] == "passed").any())
    False
    """
    return Explorer(results, released, original, values=values)


class Explorer(Board):
    """The widget that `explore` gives."""

    filters = traitlets.Dict(value_trait=traitlets.List(traitlets.Unicode()), key_trait=traitlets.Unicode())
    search = traitlets.Unicode()
    table = traitlets.Enum(TABLES, "problems")
    sort = traitlets.Unicode()  # a column; with a minus, from its end
    page = traitlets.Int(0)
    picked = traitlets.Int(-1)  # a row of `problems`, or a position in the results; -1: nothing
    example = traitlets.Int(0)  # which check of the picked problem is shown

    def __init__(self, results: pd.DataFrame, released: Any, original: Any, *, values: bool = True) -> None:
        require_columns(results, _NEEDED, "explore()")
        self.results = causes.explained(results)
        self.values = values
        self._images = Images(self.results, released, original, values)
        self._teller = Teller(self.results, values)
        self._columns = Columns(self.results)
        self._all = Lot(self._columns)
        verdict = verdicts(self.results)
        self._failing = Lot(self._columns, np.flatnonzero(verdict != VERDICTS.index("passed")))
        self._problems = Problems(self.results)
        self._number = np.full(len(self._failing), -1)  # the problem of each failing row
        self._number[np.searchsorted(np.asarray(self._failing.rows), self._problems.rows)] = self._problems.number
        self._submissions = _submissions(self.results)
        self._present = np.unique(self._submissions).tolist() or [0]
        self._several = len(self._present) > 1
        self._verdict, self._scored = verdict, np.asarray(scored(self.results))
        self._context = 0
        self._imaged: str | None = None
        self._still = False
        super().__init__("explorer", {"head": "Scores and search", "side": "Filters", "main": "Results"})
        self._find()
        self._draw()

    # What can be read back

    @property
    def problems(self) -> pd.DataFrame:
        """The problems, as ``problems(results)`` gives them."""
        return self._problems.table

    @property
    def filtered(self) -> pd.DataFrame:
        """The rows of the results that filters and search leave: failing ones, or of all checks if these are shown."""
        return self.results.iloc[self._shown_rows]

    @property
    def selection(self) -> pd.DataFrame:
        """The rows of the picked problem, the picked row, or if nothing is picked what the filters leave."""
        if self.picked < 0:
            return self.filtered
        return self.results.iloc[self._problems.of(self.picked) if self.table == "problems" else [self.picked]]

    # State

    @traitlets.validate("filters")
    def _known(self, proposal: Any) -> dict[str, list[str]]:
        wanted = {name: list(dict.fromkeys(texts)) for name, texts in proposal["value"].items() if texts}
        unknown = [name for name in wanted if name not in self._all.facets]
        if unknown:
            raise traitlets.TraitError(
                f"explore() has no filter {', '.join(unknown)}; there are {', '.join(self._all.facets)}."
            )
        for name, texts in wanted.items():
            strange = int((self._columns[name].categories.get_indexer(texts) < 0).sum())
            if strange:
                raise traitlets.TraitError(
                    f"explore(): {strange} of {len(texts)} texts for the filter {name} are not in that column."
                )
        return wanted

    @traitlets.validate("picked")
    def _there(self, proposal: Any) -> int:
        size = len(self._problems) if self.table == "problems" else len(self.results)
        return int(proposal["value"]) if 0 <= proposal["value"] < size else -1

    @traitlets.validate("sort")
    def _sortable(self, proposal: Any) -> str:
        name = proposal["value"].removeprefix("-")
        if name and name not in (self.problems if self.table == "problems" else self._columns):
            raise traitlets.TraitError(f"explore() cannot sort by {name}: this table has no such column.")
        return str(proposal["value"])

    @traitlets.validate("page")
    def _in_range(self, proposal: Any) -> int:
        return min(max(int(proposal["value"]), 0), max((len(self._listed) - 1) // PAGE, 0))

    @traitlets.observe("filters", "search", "table", "sort", "page", "picked", "example")
    def _changed(self, change: Any) -> None:
        with self._drawn_once():
            name = change["name"]
            if name == "table":
                self.sort, self.picked = "", -1
            if name in ("filters", "search", "table"):
                self.page, self.picked = 0, -1
                self._find()
            if name == "sort":
                self.page = 0
                self._order()
            if name == "picked":
                self.example = self._context = 0

    def set(self, **state: Any) -> None:
        """Sets several of the traits at once, and draws once."""
        with self._drawn_once():
            for name, value in state.items():
                setattr(self, name, value)

    def pick(self, **texts: str) -> None:
        """Filters by a text of each column named and picks the first row left; does nothing if there is none.

        >>> import midi_nb as mn
        >>> demo = mn.make_demo()
        >>> explorer = explore(mn.evaluate(demo.submissions["careless"], demo.key, progress=False))
        >>> explorer.pick(axis="privacy", action="pixels_hidden")
        >>> explorer.selection["axis"].unique().tolist()
        ['privacy']
        """
        if any(name in self._all.facets and text not in self._columns[name].categories for name, text in texts.items()):
            return
        before = self.filters
        with self._drawn_once():
            self.filters = {name: [text] for name, text in texts.items()}
            if len(self._listed):
                self.picked = int(self._listed[0])
            else:
                self.filters = before

    @contextmanager
    def _drawn_once(self) -> Iterator[None]:
        outermost, self._still = not self._still, True
        try:
            yield
        finally:
            self._still = not outermost
        if outermost:
            self._draw()

    # What is shown

    @property
    def _lot(self) -> Lot:
        return self._all if self.table == "checks" else self._failing

    def _find(self) -> None:
        """Which rows filters and search leave, and how many there are of each kind."""
        lot, self._found_anew = self._lot, True
        found = lot.found(self.search, self.values)
        mask = lot.kept(self.filters, found)
        self._counts = lot.counts(self.filters, found)
        self._tally = self._counted()
        self._shown_rows = lot.positions(mask)
        if self.table == "problems":
            numbers = self._number[mask]
            self._of_problem = np.bincount(numbers[numbers >= 0], minlength=len(self._problems))
        self._order()

    def _order(self) -> None:
        """The numbers of what the table lists, in its order: problems, or positions of rows."""
        if self.table == "problems":
            self._listed = self._problems.sorted(np.flatnonzero(self._of_problem), self.sort, self._of_problem)
        else:
            self._listed = sorted_rows(self._columns, self._shown_rows, self.sort)

    def _draw(self) -> None:
        if self._found_anew:
            facets = (name for name in self._all.facets if self._worth(name))
            self.show(head=tag("header", self._summary(), self._chips()), side=join(map(self._facet, facets)))
            self._found_anew = False
        turn = pager("page", self.page, PAGE, len(self._listed))
        self.show(main=join([self._tabs(), self._list(), turn, self._detail()]))
        self._show_image()

    def _counted(self) -> np.ndarray:
        """Failed, blank and passed checks of each submission (rows) that the filters leave.

        A filter by axis or cause is about failures: all others count as passed, as in ``score(by="cause")``. Search,
        verdict and submission are not asked.
        """
        asked = {name: texts for name, texts in self.filters.items() if name not in ("submission", "verdict")}
        rows = self._scored & self._all.kept({name: asked[name] for name in asked if name not in _OF_FAILURES})
        passed = VERDICTS.index("passed")
        verdict = np.where(self._all.kept(asked), self._verdict, passed)[rows]
        size = int(self._submissions.max(initial=0)) + 1
        return np.bincount(3 * self._submissions[rows] + verdict, minlength=3 * size).reshape(size, 3)

    def _summary(self) -> Markup:
        hint = "Search tags, values, patients" if self.values else "Search tags and names"
        field = tag(
            "input", type="search", data_act="search", data_id="search", value=self.search, placeholder=hint,
            aria_label="Search", autocomplete="off", spellcheck="false",
        )  # fmt: skip
        failed, blank, passed = (int(number) for number in self._tally[self._chosen].sum(axis=0))
        total = failed + blank + passed
        numbers = ((passed, "pass", "passed"), (failed, "fail", "failed"), (blank, "blank", "blank"))
        pooled = self._several and len(self._chosen) != 1
        if not is_complete(self.results):
            big = count(len(self.results), "failed or blank check")
            told: list[Any] = ["these results hold failures only, so there is no score"]
        elif not total:
            big, told = "No checks", []
        else:
            big = count(len(self._chosen), "submission") if pooled else f"Score {percent(passed / total)}"
            told = [f"{count(total, 'check')}{self._which()}:"]
            told += [join([swatch(meaning), f"{count(number)} {word}"]) for number, meaning, word in numbers]
            if self._which() and not pooled:
                every = self._verdict[self._scored & np.isin(self._submissions, self._chosen)]
                told.append(f"all checks: {percent((every == VERDICTS.index('passed')).mean())}")
        parts = [tag("span", class_=f"bar {meaning}", style=f"flex:{number}") for number, meaning, _ in numbers]
        filters = sum(len(texts) for texts in self.filters.values())
        fold = button(f"Filters ({filters})" if filters else "Filters", "fold", data_fold=True, class_="fold",
                      aria_expanded="false", data_id="fold")  # fmt: skip
        return join([
            tag("div", tag("span", big, class_="big"), [tag("span", text) for text in told],
                tag("span", fold, field, class_="end line"), class_="line"),
            self._scores() if self._several and is_complete(self.results) else None,
            tag("div", parts, class_="stack", aria_hidden="true") if total and not pooled else None,
        ])  # fmt: skip

    @property
    def _chosen(self) -> list[int]:
        """The submissions that the filters leave, by their codes."""
        wanted = self.filters.get("submission")
        return self._columns["submission"].categories.get_indexer(wanted).tolist() if wanted else self._present

    def _which(self) -> str:
        """Which checks the score counts."""
        if any(name in _OF_FAILURES for name in self.filters):
            return " selected, no other failure counted"
        return " selected" if any(name not in ("submission", "verdict") for name in self.filters) else ""

    def _scores(self) -> Markup:
        """The score of each submission, the best first; a click shows one alone."""
        share = {code: self._tally[code, 2] / total for code in self._present if (total := self._tally[code].sum())}
        buttons = []
        for code in sorted(share, key=lambda code: -share[code])[:_SCORES]:
            name = self._columns["submission"].categories[code]
            face = [tag("span", name), tag("span", percent(share[code]), class_="number"), bar(share[code])]
            chosen = str(name in self.filters.get("submission", [])).lower()
            buttons.append(button(face, "toggle", f"submission:{code}", aria_pressed=chosen, data_id=f"score-{code}"))
        return tag("div", buttons, class_="scores", role="group", aria_label="Score by submission")

    def _chips(self) -> Markup | None:
        """The filters that are set, each a button that drops it."""
        cross = tag("span", " ×", aria_hidden="true")
        chips = []
        for name, text in ((name, text) for name, texts in self.filters.items() for text in texts):
            told = f"{name}: {self._label(name, text)}"
            of = f"{name}:{self._columns[name].categories.get_loc(text)}"
            chips.append(button(join([told, cross]), "toggle", of, class_="chip", aria_label=f"Remove filter {told}"))
        if self.search:
            told = f"search: {clipped(self.search, 30)}"
            chips.append(button(join([told, cross]), "clear-search", class_="chip"))
        return tag("div", chips, button("Clear all", "clear", class_="hint"), class_="line") if chips else None

    def _worth(self, name: str) -> bool:
        """Whether there is anything to choose in a facet."""
        if name == "verdict":
            return self.table == "checks"
        return name != "submission" or self._several

    def _label(self, name: str, text: str) -> str:
        if name == "cause":
            return cause_label(text)
        if name == "action":
            return phrase(text)
        if name == "attribute":
            return f"{tags.name(text)} {text}" if tags.name(text) else text
        return self._teller.label(name, text, self._columns[name].categories.get_loc(text))

    def _facet(self, name: str) -> Markup:
        texts = self._columns[name].categories
        chosen = {int(code) for code in texts.get_indexer(self.filters.get(name, []))}
        return facet(name, texts, self._counts[name], chosen, lambda text: self._label(name, text))

    def _tabs(self) -> Markup:
        problems = self.table == "problems"
        total = count(len(self._problems if problems else self._lot), "problem" if problems else "check")
        told = f"{count(len(self._listed))} of {total}" if self.filters or self.search else total
        if problems:
            told += f" ({count(len(self._shown_rows), 'failed or blank check')})"
        tabs = [
            button(_TITLES[name], "table", name, aria_pressed=str(name == self.table).lower(), data_id=f"table-{name}")
            for name in TABLES
        ]
        choice = tag("span", tabs, class_="joined", role="group", aria_label="What to list")
        return tag("div", choice, tag("span", told, class_="quiet", aria_live="polite"), class_="line tabs")

    def _list(self) -> Markup:
        if not len(self._listed):
            return tag("p", self._nothing(), class_="note")
        columns = [c for c in _COLUMNS[self.table == "problems"] if c.name != "submission" or self._several]
        start = self.page * PAGE
        lines = [
            line(columns, self._cells(int(number), columns), data_act="pick", data_of=int(number), data_item=True,
                 tabindex=0, data_id=f"row-{start + place}", aria_selected=str(int(number) == self.picked).lower())
            for place, number in enumerate(self._listed[start : start + PAGE])
        ]  # fmt: skip
        return grid(_TITLES[self.table], columns, lines, self.sort, len(self._listed))

    def _nothing(self) -> str:
        if self.filters or self.search:
            return "Nothing is left under these filters."
        return f"All {count(len(self.results), 'check')} passed." if len(self.results) else "There are no checks."

    def _cells(self, number: int, columns: Sequence[Column]) -> list[Any]:
        if self.table != "problems":
            return self._teller.cells(number, [column.name for column in columns])
        row = self._problems.table.iloc[number]
        name = about(row)
        rows, left = int(row["rows"]), int(self._of_problem[number])
        axis = str(row["axis"])
        told = {
            "cause": signed(axis, axis, cause_label(row["cause"])),
            "name": tag("span", name, title=name),
            "submission": str(row["submission"]),
            "rows": count(left) if left == rows else f"{count(left)} of {count(rows)}",
            "series": count(row["series"]),
            "patients": count(row["patients"]),
            "gain": points(row["gain"]),
        }
        return [told[column.name] for column in columns]

    # What is picked

    @property
    def _position(self) -> int | None:
        """The check whose detail is shown."""
        if self.picked < 0 or self.table != "problems":
            return self.picked if self.picked >= 0 else None
        rows = self._of_picked()
        return int(rows[min(max(self.example, 0), len(rows) - 1)])

    def _of_picked(self) -> np.ndarray:
        """The rows of the picked problem that the filters leave; all of them if they leave none."""
        rows = self._problems.of(self.picked)
        left = rows[np.isin(rows, self._shown_rows)]
        return left if len(left) else rows

    def _detail(self) -> Markup | None:
        position = self._position
        if position is None:
            what = "a problem" if self.table == "problems" else "a check"
            hint = f"Pick {what} to see its words, its rule and its image."
            return tag("p", hint, class_="quiet tabs hint") if len(self._listed) else None
        problem = self.table == "problems"
        note = self._images.note(position)
        parts = [
            self._problem() if problem else None,
            self._teller.card(position, with_cause=not problem),
            self._suggestions(position),
            self._others(position),
            tag("p", note, class_="note") if note else None,
        ]
        return tag("section", parts, class_="card", aria_label="Detail", data_detail=f"{self.table} {self.picked}")

    def _problem(self) -> Markup:
        """The picked problem, and the buttons that go through its checks."""
        rows, row = self._of_picked(), self._problems.table.iloc[self.picked]
        place = min(max(self.example, 0), len(rows) - 1)
        told = f"{count(row['rows'], 'check')} in {count(row['series'])} series of {count(row['patients'], 'patient')}"
        gain = f", {points(row['gain'])} points if fixed" if pd.notna(row["gain"]) else ""
        turn = [
            tag("span", f"check {count(place + 1)} of {count(len(rows))} ", class_="quiet"),
            steps("example", place, len(rows), "check of this problem"),
        ]
        title = join([tag("h4", cause_label(row["cause"]), ": ", about(row)), as_code(row["cause"])])
        return tag(
            "div", title, tag("span", told, gain, class_="quiet"), tag("span", turn, class_="end"), class_="line"
        )

    def _suggestions(self, position: int) -> Markup:
        """Filters that the check suggests."""
        buttons = [button("List its checks", "list", data_id="list")] if self.table == "problems" else []
        for name in ("attribute", "patient", "cause"):
            code = int(self._columns[name].codes[position])
            if code >= 0 and self._columns[name].categories[code] not in self.filters.get(name, []):
                buttons.append(button(f"Only this {name}", "toggle", f"{name}:{code}", data_id=f"only-{name}"))
        return tag("div", buttons, class_="line")

    def _others(self, position: int) -> Markup:
        """Every other check on the same attribute, those of the same instance first, then the failing ones."""
        codes = {name: np.asarray(self._columns[name].codes) for name in ("attribute", "instance", "verdict")}
        same = codes["attribute"] == codes["attribute"][position]
        if self._several:
            runs = np.asarray(self._columns["submission"].codes)
            same &= runs == runs[position]
        same[position] = False
        rows = np.flatnonzero(same)
        if not len(rows):
            return tag("p", "This is the only check on this attribute.", class_="quiet")
        elsewhere = codes["instance"][rows] != codes["instance"][position]
        rows = rows[np.lexsort((codes["verdict"][rows], elsewhere))]
        self._context = min(self._context, (len(rows) - 1) // _OTHERS)
        shown = rows[self._context * _OTHERS :][:_OTHERS]
        lines = [
            line(_OTHER_COLUMNS, [*self._teller.cells(int(row), [c.name for c in _OTHER_COLUMNS[:-1]]),
                                  "same" if codes["instance"][row] == codes["instance"][position] else "other"])
            for row in shown
        ]  # fmt: skip
        failing = int((codes["verdict"][rows] < 2).sum())
        told = f"{count(len(rows), 'other check')} on this attribute, {count(failing)} of them failed or blank"
        table = grid("Other checks on this attribute", _OTHER_COLUMNS, lines)
        turn = pager("context", self._context, _OTHERS, len(rows), "page of other checks")
        head = tag("summary", told, data_id="others")
        return tag("details", head, table, turn, class_="facet", data_id="others-of")

    def _show_image(self) -> None:
        position = self._position
        wanted = None if position is None else self._images.key(position)
        if wanted == self._imaged:
            return
        self._imaged = wanted
        self.mount(None if wanted is None or position is None else self._images.viewer(position))

    # What is done

    def _act(self, act: str, of: str, value: Any) -> None:
        number = int(of) if of.isdigit() else None
        if act == "toggle":
            self._toggle(of)
        elif act == "clear":
            self.set(filters={}, search="")
        elif act in ("search", "clear-search"):
            self.search = str(value or "")
        elif act == "table" and of in TABLES:
            self.table = of
        elif act == "sort" and of in [column.name for column in _COLUMNS[self.table == "problems"]]:
            self.sort = _next_sort(self.sort, of)
        elif act == "list" and self.table == "problems" and self.picked >= 0:
            self._list_checks()
        elif act == "context" and number is not None:
            self._context = number
            self._draw()
        elif act in ("page", "example") and number is not None:
            self.set(**{act: number})
        elif act == "pick" and number is not None:
            self.picked = -1 if number == self.picked else number

    def _toggle(self, of: str) -> None:
        name, _, code = of.partition(":")
        if name in self._all.facets and code.isdigit() and int(code) < len(self._columns[name].categories):
            text = str(self._columns[name].categories[int(code)])
            texts = self.filters.get(name, [])
            texts = [other for other in texts if other != text] if text in texts else [*texts, text]
            self.filters = {**self.filters, name: texts}

    def _list_checks(self) -> None:
        """The failures of the picked problem as a table: its cause, action and attributes become the filter."""
        rows = self._problems.of(self.picked)
        columns = {name: self._columns[name][rows].dropna() for name in ("cause", "attribute", "action")}
        wanted = {name: sorted({str(text) for text in column}) for name, column in columns.items()}
        self.set(table="failures", filters={**self.filters, **wanted})


_OTHERS = 6
_SCORES = 12  # submissions whose score is in the head; the facet has all
_OF_FAILURES = ("axis", "cause")
_COLUMNS = {
    True: [
        Column("cause", "Cause", "40%"),
        Column("name", "Attribute", "60%"),
        Column("submission", "Submission", "14%"),
        Column("rows", "Checks", number=True, spare="phone"),
        Column("series", "Series", number=True, spare="narrow"),
        Column("patients", "Patients", number=True, spare="phone"),
        Column("gain", "Gain (points)", number=True),
    ],
    False: [
        Column("cause", "Verdict", "25%"),
        Column("action", "Requirement", "13%", spare="narrow"),
        Column("name", "Attribute", "17%"),
        Column("expected", "Expected", "17%", spare="phone"),
        Column("actual", "Released"),
        Column("submission", "Submission", "10%"),
        Column("patient", "Patient", "11%", spare="phone"),
    ],
}
_OTHER_COLUMNS = [
    Column("cause", "Verdict", "25%"),
    Column("action", "Requirement", "13%", spare="narrow"),
    Column("expected", "Expected", "19%"),
    Column("actual", "Released"),
    Column("patient", "Patient", "13%", spare="phone"),
    Column("", "Image", "11%"),
]
_SORTABLE = {column.name: column for columns in _COLUMNS.values() for column in columns}


def _next_sort(sort: str, name: str) -> str:
    """The order a click on a heading asks for: numbers from the largest first, texts from A; again: the other way."""
    first, second = (f"-{name}", name) if _SORTABLE[name].number else (name, f"-{name}")
    return second if sort == first else first


def _submissions(results: pd.DataFrame) -> np.ndarray:
    """The code of each row's submission; 0 where there is but one, without a name."""
    if "submission" not in results:
        return np.zeros(len(results), dtype="int64")
    return np.maximum(np.asarray(results["submission"].cat.codes).astype("int64"), 0)
