"""The explorer: from a bar to the problem, the row, the words, the image.

A browser filters, counts, sorts and turns pages (explorer.js); the kernel has the frame behind it, images and the words
of a check, and of results with very many failures the rows of each page.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import traitlets
from markupsafe import Markup

from .. import causes
from ..frames import require_columns, scored
from ..shown import records
from .board import Board
from .detail import Check, CheckTexts
from .headers import Lines
from .images import Images
from .lines import VIEWS, sent, views
from .page import PAGE, kit
from .rows import NEEDED, Rows, without_originals
from .whatif import Fixing

__all__ = ["Explorer", "explore"]

TABLES = ("problems", "failures", "checks", "map", *VIEWS)

# In the order in which they are set.
_STATE = ("table", "search", "sort", "page", "picked", "example", "header", "fixed", "unit", "weights")
_SORTABLE = {
    "problems": ("cause", "name", "submission", "rows", "series", "patients", "gain"),
    "failures": ("cause", "action", "name", "expected", "actual", "submission", "patient"),
}


def explore(results: pd.DataFrame, released: Any = None, original: Any = None, *, values: bool = True) -> Explorer:
    """An explorer of results: bars that filter, problems and failures as tables, each check in full.

    Parameters
    ----------
    results
        What ``evaluate``, ``read_results`` or ``explain`` returns; causes are found where they are missing. Millions of
        rows are fine.
    released
        The folder of the released files, a Submission, or a dict of these by the name of the submission: with it
        checks of pixels show their image.
    original
        The folder of the original files, to find causes with them as ``explain`` does, and to show them beside the
        released ones.
    values
        False shows no value of the data: texts as dots, identifiers as numbers, boxes blanked in images. A notebook
        that is saved keeps a picture of the explorer as it stands, values included.

    Returns
    -------
    Explorer
        ``.selection`` is the frame of what is picked, or else of what the filters leave; ``.filtered`` the latter in
        any case. ``.filters`` (column → texts), ``.search``, ``.table`` (problems, failures, checks, map, dates or
        references), ``.sort``, ``.page``, ``.picked`` and ``.header`` can be read and set; ``.pick(axis="privacy")``
        filters and picks the row of the lowest score. ``.fixed`` (rows of ``.problems``), ``.unit`` and ``.weights``
        are what is ticked as fixed and how scores count, and ``.scores`` those that follow, as in ``what_if``.

    Examples
    --------
    >>> explorer = explore(results, demo.submissions["careless"], demo.original)
    >>> explorer.filters = {"action": ["pixels_hidden"]}
    >>> bool((explorer.selection["verdict"] == "passed").any())
    False
    """
    return Explorer(results, released, original, values=values)


class Explorer(Fixing, Board):
    """The widget that `explore` gives."""

    filters = traitlets.Dict(value_trait=traitlets.List(traitlets.Unicode()), key_trait=traitlets.Unicode())
    search = traitlets.Unicode()
    table = traitlets.Enum(TABLES, "problems")
    sort = traitlets.Unicode()  # a column; with a minus, from its end
    page = traitlets.Int(0)
    picked = traitlets.Int(-1)  # a row of `problems` where these are listed, or a position in the results; -1: nothing
    example = traitlets.Int(0)  # which check of the picked problem is shown
    fixed = traitlets.List(traitlets.Int())  # rows of `problems` that are ticked as fixed
    header = traitlets.Bool(False)  # whether the headers of the picked check are shown, original and released

    def __init__(self, results: pd.DataFrame, released: Any, original: Any, *, values: bool = True) -> None:
        require_columns(results, NEEDED, "explore()")
        self.results = causes.explained(results, released, original)
        self.values = values
        self._images = Images(self.results, released, original, values)
        self._check_texts = CheckTexts(self.results, values)
        self._rows = Rows(self.results, values, without_originals(results, original))
        self._known = self._rows.problems
        self._counted = [self._known.unit]  # the units by which the browser can count
        self._imaged: str | None = None
        self._headers: tuple[Any, Lines | None] = (None, None)  # the two files whose headers are shown
        self._views: dict[str, dict[str, Any]] = {}
        self._changing: Any = None  # what changes while several traits are set at once
        self._asked: dict[str, Any] = {}  # which view of the browser changed the state last, and its number for it
        super().__init__("explorer")

    # What can be read back

    @property
    def problems(self) -> pd.DataFrame:
        """The problems, as ``problems(results)`` gives them."""
        return self._known.table

    @property
    def filtered(self) -> pd.DataFrame:
        """The rows of the results that filters and search leave: failing ones, or of all checks if these are shown."""
        return self.results.iloc[self._left]

    @property
    def selection(self) -> pd.DataFrame:
        """The rows of the picked problem, the picked row, or if nothing is picked what the filters leave."""
        if self.picked < 0:
            return self.filtered
        return self.results.iloc[self._rows.problems.of(self.picked) if self.table == "problems" else [self.picked]]

    @property
    def _left(self) -> np.ndarray:
        return self._rows.left(self.table, self.filters, self.search)

    # State

    @traitlets.validate("filters")
    def _filterable(self, proposal: Any) -> dict[str, list[str]]:
        wanted = {name: list(dict.fromkeys(texts)) for name, texts in proposal["value"].items() if texts}
        unknown = [name for name in wanted if name not in self._rows.facets]
        if unknown:
            raise traitlets.TraitError(
                f"explore() has no filter {', '.join(unknown)}; there are {', '.join(self._rows.facets)}."
            )
        for name, texts in wanted.items():
            strange = int((self._rows[name].categories.get_indexer(texts) < 0).sum())
            if strange:
                raise traitlets.TraitError(
                    f"explore(): {strange} of {len(texts)} texts for the filter {name} are not in that column."
                )
        return wanted

    @traitlets.validate("fixed")
    def _fixable(self, proposal: Any) -> list[int]:
        return [number for number in dict.fromkeys(proposal["value"]) if 0 <= number < len(self._known)]

    def _fixed(self) -> np.ndarray:
        return np.isin(np.arange(len(self._known)), self.fixed)

    @traitlets.validate("picked")
    def _there(self, proposal: Any) -> int:
        size = len(self._known) if self.table == "problems" else len(self.results)
        return int(proposal["value"]) if 0 <= proposal["value"] < size else -1

    @traitlets.validate("sort")
    def _sortable(self, proposal: Any) -> str:
        name = proposal["value"].removeprefix("-")
        if name and name not in _SORTABLE["problems" if self.table == "problems" else "failures"]:
            raise traitlets.TraitError(f"explore() cannot sort by {name}: this table has no such column.")
        return str(proposal["value"])

    @traitlets.validate("page")
    def _in_range(self, proposal: Any) -> int:
        return min(int(proposal["value"]), max((len(self._listed) - 1) // PAGE, 0)) if proposal["value"] > 0 else 0

    @traitlets.observe("filters", *_STATE)
    def _changed(self, change: Any) -> None:
        with self._at_once():
            name = change["name"]
            self._changing.add(name)
            if name == "table":
                self.sort = ""
                self._pick_again(change["old"])
            if name in ("filters", "search"):
                self.picked = -1
            if name in ("filters", "search", "table", "sort", "unit", "weights"):
                self.page = 0
            if name == "picked":
                self.example = 0

    def _pick_again(self, before: str) -> None:
        """What was picked in another table is picked in this one too: a check of the problem, or its problem."""
        if self.picked < 0 or "problems" not in (before, self.table):
            return
        if before == "problems":
            rows = self._of_problem(self.picked)
            self.picked = int(rows[min(self.example, len(rows) - 1)])
        else:
            number = np.flatnonzero(self._rows.problems.rows == self.picked)
            position = self.picked
            self.picked = int(self._rows.problems.number[number[0]]) if len(number) else -1
            if self.picked >= 0:
                self.example = int(np.flatnonzero(self._of_problem(self.picked) == position)[0])

    def set(self, **state: Any) -> None:
        """Sets several of the traits, and shows them at once."""
        with self._at_once():
            for name, value in state.items():
                setattr(self, name, value)

    def pick(self, **texts: str) -> None:
        """Filters by a text of each column named and picks the row of the lowest score, say a whole name rather than
        half of one, the first of several; does nothing if there is none.

        >>> explorer = explore(results)
        >>> explorer.pick(axis="privacy", action="pixels_hidden")
        >>> explorer.selection["axis"].unique().tolist()
        ['privacy']
        """
        rows = self._rows
        if any(name in rows.facets and text not in rows[name].categories for name, text in texts.items()):
            return
        before = self.filters
        with self._at_once():
            self.filters = {name: [text] for name, text in texts.items()}
            if len(listed := self._listed):
                checks = self._rows.problems.first[listed] if self.table == "problems" else listed
                self.picked = int(listed[self.results["score"].iloc[checks].fillna(1.0).argmin()])
            else:
                self.filters = before

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        outermost = self._changing is None
        if outermost:
            self._changing = set()
        try:
            yield
        finally:
            if outermost:
                changed, self._changing = self._changing, None
                self._show(changed or set())

    # What is listed and picked

    @property
    def _listed(self) -> np.ndarray:
        """The rows of the table: problems by their number, or positions in the results."""
        if self.table != "problems":
            return self._left
        numbers = self._rows.problem[np.isin(self._rows.failing, self._left, assume_unique=True)]
        return np.unique(numbers[numbers >= 0])

    def _of_problem(self, number: int) -> np.ndarray:
        """The rows of a problem that the filters leave; all of them if they leave none."""
        rows = self._rows.problems.of(number)
        left = rows[np.isin(rows, self._left)]
        return left if len(left) else rows

    @property
    def _position(self) -> int | None:
        """The check whose words and image are shown."""
        if self.picked < 0 or self.table != "problems":
            return self.picked if self.picked >= 0 else None
        rows = self._of_problem(self.picked)
        return int(rows[min(max(self.example, 0), len(rows) - 1)])

    # The browser

    def _show(self, changed: AbstractSet[str]) -> None:
        """Sends what has changed: the state, rows that the browser does not have, the picked check."""
        if self.unit not in self._counted:
            self._counted.append(self.unit)
            buffers: list[bytes] = []
            self.send({"kind": "fixes", "units": self._rows.models([self.unit], buffers)}, buffers)
        self.send({"kind": "explorer", "state": self._state(), **self._asked})
        self._show_listed(changed)

    def _state(self) -> dict[str, Any]:
        """The state as a browser has it: filters by the codes of their texts."""
        rows = self._rows
        filters = {name: (rows[name].categories.get_indexer(of) + 1).tolist() for name, of in self.filters.items()}
        return {name: getattr(self, name) for name in _STATE} | {"filters": filters}

    def _show_listed(self, changed: AbstractSet[str]) -> None:
        """Sends what is listed in the changed state, and the picked check."""
        if changed & {"filters", "search", "table", "sort", "page"}:
            self._show_rows()
        if "table" in changed and self.table in VIEWS:
            self.send({"kind": "lines", "lines": {self.table: self._drawn(self.table)}})
        self._show_check()
        self._changed_looks()

    def _drawn(self, view: str) -> dict[str, Any]:
        """What a view draws, made once, when it is first looked at."""
        if view not in self._views:
            seen = view in views(self.results)
            self._views[view] = sent(view, self.results, self._rows) if seen else {"patients": [], "of": 0, "kinds": []}
        return self._views[view]

    def _show_rows(self) -> None:
        if self._rows.covers in (("all",) if self.table == "checks" else ("all", "failing")):
            return
        left, buffers = self._left, []  # type: ignore[var-annotated]
        answer: dict[str, Any] = {"kind": "rows", "total": len(left)}
        if self.search:
            buffers.append(self._rows.weights(left).astype("<u4").tobytes())
            answer["weights"] = {"buffer": 0, "bytes": 4}
        if self.table in ("failures", "checks"):
            shown = self._rows.sorted(left, self.sort)[self.page * PAGE :][:PAGE]
            answer["rows"] = self._rows.sent(shown, buffers)
        self.send(answer, buffers)

    def _show_check(self) -> None:
        position = self._position
        if position is not None:
            rows = self._of_problem(self.picked) if self.table == "problems" else np.array([position])
            words, reasons = map(str, self._card(position))
            places = {"place": int(np.flatnonzero(rows == position)[0]), "places": len(rows)}
            header = self._images.pair(position) is not None
            check = {"position": position, **places, "header": header, "words": words, "reasons": reasons}
            self.send({"kind": "check", "picked": self.picked, "example": self.example, **check})
        wanted = None if position is None else self._images.key(position)
        if wanted != self._imaged:
            self._imaged = wanted
            self.mount(None if wanted is None or position is None else self._images.viewer(position))
        self._show_header(position)

    def _show_header(self, position: int | None, again: bool = False) -> None:
        """Sends the headers of the image of a check, if they are wanted, and which of their lines it is about."""
        pair = self._images.pair(position) if self.header and position is not None else None
        if pair != self._headers[0] or again:
            self._headers = pair, None if pair is None else self._compared(*pair)
            lines = self._headers[1]
            self.send({"kind": "header", "data": None if lines is None else lines.sent()})
        if position is not None and (lines := self._headers[1]):
            self.send({"kind": "header", "picked": lines.place_of(str(self.results["tag_path"].iloc[position]))})

    def _compared(self, original: Path, released: Path) -> Lines | None:
        try:
            return Lines(original, released, self.results, values=self.values)
        except ValueError:  # a file that is no DICOM any more; its checks say so
            return None

    def _card(self, position: int) -> tuple[Markup, Markup]:
        """A check with its texts, and why it failed."""
        say = self._check_texts.say
        return say("words", position, self._images.note(position)), say("reasons", position) + say("where", position)

    def _ready(self) -> None:
        buffers: list[bytes] = []
        drawn = {"views": views(self.results), "lines": {}}
        data = self._rows.whole(buffers, self._counted) | drawn
        self.send({"kind": "data", "data": data, "state": self._state()}, buffers)
        self._show_listed(set(self.trait_names()))
        self._show_header(self._position, again=self._headers[1] is not None)
        super()._ready()

    def hear(self, message: dict[str, Any]) -> None:
        """Takes over the state of a browser, and all else that a board hears."""
        if message.get("kind") != "explorer":
            super().hear(message)
        elif isinstance(state := message.get("state"), dict):
            self._asked = {name: message.get(name) for name in ("view", "turn")}
            self._take(state)
            self._asked = {}

    def _take(self, state: Mapping[str, Any]) -> None:
        """What a browser changed of the state; what makes no sense in it is left as it was."""
        with self._at_once():
            self._changing |= state.keys()  # the browser waits for rows even if nothing changes here
            if isinstance(codes := state.get("filters"), dict):
                self.filters = {name: self._texts(name, codes[name]) for name in codes if name in self._rows.facets}
            for name in _STATE:
                with suppress(traitlets.TraitError):
                    setattr(self, name, state.get(name, getattr(self, name)))

    def _texts(self, name: str, codes: Any) -> list[str]:
        texts = self._rows[name].categories
        return [str(texts[code - 1]) for code in codes if isinstance(code, int) and 0 < code <= len(texts)]

    # Without a kernel

    def _as_html(self) -> str:
        rows, position, listed = self._rows, self._position, self._listed
        chips = [
            (name, rows.labels(name)[rows[name].categories.get_loc(text)])
            for name, texts in self.filters.items()
            for text in texts
        ]
        if self.search:
            chips.append(("search", self.search))
        of = {
            "complete": self._known.complete,
            "submissions": self.results["submission"].nunique() if "submission" in self.results else 1,
            "size": len(self.results),
            "checks": int(scored(self.results).sum()),
            "failure": rows.failure,
            "failing": int(self.results["verdict"].isin(["failed", "blank"]).sum()),
            "unit": self._known.unit,
            "rates": [*self._known.scores(self._known.unit)] if self._known.units else [],
        }
        card = None if position is None else self._card(position)
        viewer = "" if self.viewer is None else self.viewer._as_html()
        return kit().explored(of, self.table, chips, rows.notes, self._first(listed[:PAGE]), len(listed), card, viewer)

    def _first(self, listed: np.ndarray) -> list[Any]:
        """The first rows of the table."""
        if self.table != "problems":
            return [Check(self._check_texts, int(position)) for position in listed]
        left = [len(self._of_problem(int(number))) for number in listed]
        return records(self._known.listed.iloc[listed].assign(left=left))
