"""The review deck: one region after another, judged by a person with three keys."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import traitlets
from markupsafe import Markup

from ..actions import REGIONS
from ..amounts import count
from ..coded import coded
from ..files import read_results
from ..frames import is_complete, require_columns, scored
from ..report.official import write_pixels
from ..scores.scoring import score
from .board import Board
from .detail import Check, CheckTexts
from .images import Images, pictured
from .page import MEANINGS, kit, macros
from .verdicts import VERDICTS, Log, identities, judged, numbered

__all__ = ["Deck", "review"]

LOG = "midi_nb_review.jsonl"

_BOX = ("x0", "y0", "x1", "y1")
_NEEDED = ("instance", "released", "check", "action", "expected", "actual", "state", "verdict", "score", "file", *_BOX)
#: What can be done → the key that does it.
_KEYS = {
    "hidden": "h", "visible": "v", "unsure": "u", "undo": "z", "previous": "ArrowLeft", "next": "ArrowRight",
    "contrast": "c", "whole": "w", "back": ",", "on": ".",
}  # fmt: skip
#: What a button does → its label.
_LABELS = {
    "hidden": "Hidden", "visible": "Visible", "unsure": "Unsure",
    "undo": "Undo", "contrast": "Contrast", "whole": "Whole image",
}  # fmt: skip
_MAPPED = 120  # more buttons than these are no map
_USED = r' (data-[a-z]+|type|tabindex|role)="[^"]*"'  # attributes of what can be used
_TRIED = 20  # images that are read to find one that can be shown


def review(
    results: pd.DataFrame, released: Any = None, original: Any = None, *, log: str | Path = LOG, values: bool = True
) -> Deck:
    """A deck of the checks of burned-in text, for a person to judge: blank ones first, then failed, then passed.

    Keys: h hidden, v visible, u unsure, z undo, arrows previous and next, c contrast, w whole image, comma and full
    stop the frames of a multi-frame image. The scorer's verdict is shown once the check has been judged.

    Parameters
    ----------
    results
        What ``evaluate`` or ``read_results`` returns.
    released
        The folder of the released files, a Submission, or a dict of these by the name of the submission.
    original
        The folder of the original files, to show each region as it was.
    log
        The file that keeps the verdicts. It only grows; a deck that finds it goes on where the last one stopped. It
        names checks by digests and holds no value of the data.
    values
        False leaves out the texts, the identifiers, the region of the original and the other regions of the image.
        The region itself is what there is to judge, so it stays.

    Returns
    -------
    Deck
        ``.results`` is the results with the verdicts that stand, ``.checks`` the deck in its order with the verdict on
        each; ``.judge("hidden")``, ``.undo()``, ``.write_sheet("pixel_validation.xlsx")`` and ``.read_sheet(…)`` do
        what their keys and names say; ``.place``, ``.frame`` and ``.contrast`` can be read and set.

    Examples
    --------
    >>> import tempfile
    >>> deck = review(results, demo.submissions["careless"], log=tempfile.mkdtemp() + "/verdicts.jsonl")
    >>> deck.judge("visible")
    >>> int((deck.results["judged"] == "visible").sum())
    1
    """
    return Deck(results, released, original, log=log, values=values)


class Deck(Board):
    """The widget that `review` gives."""

    place = traitlets.Int(0)  # which check of the deck; their number: the card at the end
    frame = traitlets.Int(0)  # which frame of its image
    contrast = traitlets.Bool(False)  # whether the region uses the whole range of grey
    whole = traitlets.Bool(False)  # whether the whole image is shown below

    def __init__(self, results: pd.DataFrame, released: Any, original: Any, *, log: str | Path, values: bool) -> None:
        require_columns(results, _NEEDED, "review()")
        self._given = results = coded(results)
        self._images = Images(results, released, original, values)
        self._positions = _in_order(results, self._images)
        self._names = self._in_frame_order(identities)
        self._log = Log(log)
        self._check_texts = CheckTexts(results, values)
        self._trouble = ""
        self._shown: tuple[str | None, bool] = None, False  # the whole image, and whether with verdicts
        super().__init__("deck")
        self.markup = Markup()
        self.place = self._first()
        self._draw()

    # What can be read back

    @property
    def log(self) -> Path:
        """The file that keeps the verdicts."""
        return self._log.path

    @property
    def checks(self) -> pd.DataFrame:
        """The checks of the deck in its order, with the verdict of a person on each (column judged)."""
        return self.results.iloc[self._positions]

    @property
    def results(self) -> pd.DataFrame:
        """The results with the present verdicts of people."""
        standing = self._log.standing()
        found = [
            (int(row), standing[name].verdict)
            for row, name in zip(self._positions, self._names, strict=True)
            if name in standing
        ]
        return judged(self._given, [row for row, _ in found], [verdict for _, verdict in found])

    # What can be done

    def judge(self, verdict: str) -> None:
        """Writes the verdict on the check that is shown (hidden, visible or unsure) and shows the next unjudged one."""
        if not self._names:
            raise ValueError("review() found no check of hidden pixels in these results, so there is nothing to judge.")
        if self._at_end:
            raise ValueError("This is the end of the deck; set .place to the check to judge.")
        self._log.add(self._names[self.place], verdict, self._images.digest(self._position))
        self._go(self._unjudged(self.place + 1)[0])

    def undo(self) -> None:
        """Takes back the last verdict on a check of this deck, and shows that check."""
        name = self._log.undo(self._names)
        self._go(self.place if name is None else self._names.index(name))

    @property
    def _at_end(self) -> bool:
        return self.place == len(self._names)

    def _unjudged(self, start: int = 0) -> list[int]:
        """The places of the checks that nobody judged, from `start` on and then from the first; then the end."""
        standing = self._log.standing()
        places = [*range(start, len(self._names)), *range(start)]
        return [*(place for place in places if self._names[place] not in standing), len(self._names)]

    def _first(self) -> int:
        """The place at which a deck opens: the first unjudged check whose picture can be seen; of the next few."""
        places = self._unjudged()
        seen = (place for place in places[:-1][:_TRIED] if self._images.digest(int(self._positions[place])))
        return next(seen, places[0])

    def _go(self, place: int) -> None:
        if place == self.place:
            self._draw()
        self.place = place

    def write_sheet(self, path: str | Path) -> Path:
        """Writes the official ``pixel_validation.xlsx`` with the verdicts, for ``run_import.py`` to go on from."""
        target = Path(path)
        if target.exists():
            raise ValueError(f"{path} is there already; nothing is overwritten.")
        target.parent.mkdir(parents=True, exist_ok=True)
        # Officially a check that left no row has none to import either, and rows go by their number among the others.
        write_pixels(self.results[scored(self._given)].reset_index(drop=True), target)
        return target

    def read_sheet(self, path: str | Path) -> int:
        """Takes over the verdicts of an official ``pixel_validation.xlsx`` that differ from ours; how many did."""
        sheet = read_results(path)
        theirs = dict(zip(_places(sheet), sheet["verdict"], strict=True))
        places, verdicts = self._in_frame_order(_places), self.checks["verdict"]
        if not any(place in theirs for place in places):
            raise ValueError(
                f"{path} and these results have no pixel check in common ({len(sheet)} and {len(places)} checks)."
            )
        changes = 0
        words = {verdict: word for word, verdict in VERDICTS.items() if verdict != "blank"}
        for name, place, verdict in zip(self._names, places, verdicts, strict=True):
            said = theirs.get(place)
            if said in words and said != verdict:
                self._log.add(name, words[said])
                changes += 1
        self._draw()
        return changes

    def _in_frame_order(self, describe: Callable[[pd.DataFrame], list[Any]]) -> list[Any]:
        """What `describe` says of each check, called in the order of the frame, so that copies keep their numbers."""
        rows = np.sort(self._positions)
        said = dict(zip(rows, describe(self._given.iloc[rows]), strict=True))
        return [said[row] for row in self._positions]

    # State

    @traitlets.validate("place")
    def _in_deck(self, proposal: Any) -> int:
        return min(max(int(proposal["value"]), 0), len(self._names))

    @traitlets.validate("frame")
    def _in_image(self, proposal: Any) -> int:
        last = 0 if self._at_end else self._images.frames(self._position) - 1
        return min(max(int(proposal["value"]), 0), last)

    @traitlets.observe("place", "frame", "contrast", "whole")
    def _changed(self, change: Any) -> None:
        if change["name"] == "place":
            self.frame = 0
        self._draw()

    def act(self, act: str, of: Any = "", value: Any = None) -> None:
        """Does what a key, a button or the slider does; unknown acts are ignored."""
        self._trouble = ""
        try:
            if act in VERDICTS and not self._at_end:
                self.judge(act)
            elif act == "undo":
                self.undo()
            elif act == "unjudged":
                self.place = self._unjudged()[0]
        except OSError as error:
            self._trouble = f"The verdict was not kept: {error.strerror}. Give another file by log=…"
            self._draw()
        number = next((int(one) for one in (of, value) if str(one).isdigit()), 0)
        moves = {
            "previous": ("place", self.place - 1),
            "next": ("place", self.place + 1),
            "go": ("place", number),
            "back": ("frame", self.frame - 1),
            "on": ("frame", self.frame + 1),
            "frame": ("frame", number),
            "contrast": ("contrast", not self.contrast),
            "whole": ("whole", not self.whole),
        }
        if act in moves:
            setattr(self, *moves[act])

    # What is shown

    def hear(self, message: dict[str, Any]) -> None:
        """Does what was done in the browser; a new view there is sent the page and the viewer."""
        kind, act = message.get("kind"), message.get("act")
        if kind == "act" and isinstance(act, str):
            self.act(act, message.get("of"), message.get("value"))
            return
        if kind == "ready":
            self._send_page()
        super().hear(message)

    def _send_page(self) -> None:
        """Sends the page, as a plain string: marimo takes subclasses of `str` apart."""
        self.send({"kind": "page", "html": str(self.markup)})

    def _draw(self) -> None:
        """Makes the page, and sends it if it is another one."""
        before, self.markup = self.markup, self._page()
        if self.markup != before:
            self._send_page()
        if self._names:
            self._show_whole()
        self._changed_looks()

    def _page(self) -> Markup:
        if not self._names:
            return kit().note("These results have no check of hidden pixels.")
        standing = self._log.standing()
        said = [standing[name].verdict if name in standing else "" for name in self._names]
        unread = f"{count(self._log.unreadable, 'line')} of {self.log.name} cannot be read; the others count."
        known = said, self.place, self.log, [self._trouble, unread if self._log.unreadable else ""]
        if self._at_end:
            return _kit().ended(*known, self._changes(), self._scores())
        entry, position = standing.get(self._names[self.place]), self._position
        names = ("submission", "modality", "patient", "file")
        shown = {
            "where": " · ".join(text for name in names if (text := self._check_texts.cell(name, position))),
            "changed": entry is not None and entry.pixels not in (None, self._images.digest(position)),
            "picture": pictured(self._images, position, self.frame, self.contrast),
            "frame": self.frame,
            "frames": self._images.frames(position),
            "expected": self._check_texts.cell("expected", position),
            "check": Check(self._check_texts, position),
        }
        pressed = {"contrast": self.contrast, "whole": self.whole, **{one: one == said[self.place] for one in VERDICTS}}
        return _kit().shown(*known, shown, pressed)

    def _changes(self) -> list[tuple[str, str, int]]:
        """(verdict of the scorer, another one of the person, how many)."""
        before, after = self._given["verdict"].iloc[self._positions], self.checks["verdict"]
        pairs = Counter(zip(before, after, strict=True))
        return [(old, new, number) for (old, new), number in pairs.items() if old != new]

    def _scores(self) -> list[float]:
        """The score before and after; nothing where the results hold no passes to count."""
        frames = (self._given, self.results) if is_complete(self._given) else ()
        return [float(score(frame)["score"].iloc[0]) for frame in frames]

    @property
    def _position(self) -> int:
        return int(self._positions[self.place])

    def _show_whole(self) -> None:
        shown = self._images.key(self._position) if self.whole and not self._at_end else None
        judged = shown is not None and self._names[self.place] in self._log.standing()
        if (shown, judged) == self._shown:
            return
        self._shown = (shown, judged)
        self.mount(self._images.viewer(self._position, verdicts=judged) if shown else None)

    def _as_html(self) -> str:
        viewer = "" if self.viewer is None else self.viewer._as_html()
        return str(kit().framed(_still(self.markup), viewer))


@cache
def _kit() -> Any:
    """The macros of deck.html."""
    meant = {verdict: MEANINGS[of] for verdict, of in VERDICTS.items()}
    return macros("deck.html", meant=meant, keys=_KEYS, labels=_LABELS, mapped=_MAPPED)


def _still(markup: str) -> str:
    """Markup without anything to use: without inputs, and with buttons that are none."""
    for control, instead in ((r"<input[^>]*>", ""), (r"<(/?)button\b", r"<\1span"), (_USED, "")):
        markup = re.sub(control, instead, markup)
    return markup


def _in_order(results: pd.DataFrame, images: Images) -> np.ndarray:
    """The positions of the checks of hidden pixels: with an image before those without, blank, failed, passed, lost."""
    rows = np.flatnonzero(results["action"].isin(REGIONS).to_numpy(dtype=bool))
    order = pd.Index(["blank", "failed", "passed", "lost"]).get_indexer(results["verdict"].iloc[rows])
    unseen = np.array([images.key(int(row)) is None for row in rows], dtype=bool)
    return rows[np.lexsort((order, unseen))]


def _places(checks: pd.DataFrame) -> list[tuple[Any, ...]]:
    """What a check is known by in an official sheet: its file, its region, and which of several such it is."""
    uid = checks["released"].astype(object).where(checks["released"].notna(), checks["instance"].astype(object))
    return [(*row, number) for row, number in numbered(checks.assign(released=uid), ("released", *_BOX))]
