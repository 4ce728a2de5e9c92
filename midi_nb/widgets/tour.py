"""The tour: which image still shows a name, how it looked before, why, what fixing it gains; then the explorer."""

from __future__ import annotations

import re
import zlib
from functools import cache
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import traitlets
from markupsafe import Markup

from .. import causes
from ..actions import PIXELS, REGIONS
from ..amounts import count, gained
from ..causes import Region
from ..engine import pixels
from ..engine.crops import Crop
from ..frames import is_complete, scored
from ..vocabulary import words_of
from .detail import Check
from .explorer import Explorer
from .images import picture
from .page import clipped, macros

__all__ = ["Tour", "tour"]

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six")
_STEPS = ("Find", "Compare", "Why", "Fix")
_TRIED = 60  # checks whose images are opened to choose from
_LONGER = 560  # CSS pixels of the longer side of an image


def tour(results: pd.DataFrame | None = None, released: Any = None, original: Any = None) -> Tour:
    """A tour in four steps: find the image that still shows a name, compare, why, what fixing it gains.

    It ends in the explorer, opened on the check that the tour is about. The tour shows what can be read in the images:
    keep it as safe as these.

    Parameters
    ----------
    results, released, original
        As in ``widgets.explore``, of one submission; without results, the demo.

    Returns
    -------
    Tour
        An explorer with the tour before it. ``.step`` (0 to 3; 4: the explorer is open) can be read and set.

    Examples
    --------
    >>> mn.tour().selection["action"].tolist()
    ['pixels_hidden']
    """
    if results is None:
        from .. import evaluate, make_demo

        demo = make_demo()
        released, original = demo.submissions["careless"], demo.original
        results = evaluate(released, demo.key, progress=False)
    causes.require_one_submission(results, "tour()")
    return Tour(results, released, original)


class Tour(Explorer):
    """The widget that `tour` gives."""

    step = traitlets.Int(0, min=0, max=len(_STEPS)).tag(sync=True)

    def __init__(self, results: pd.DataFrame, released: Any, original: Any) -> None:
        super().__init__(results, released, original)
        self.name = "tour"
        region = self._legible()
        if region is None:
            why = "no released image, with its original beside it, in which a text can still be read"
        elif not (clean := self._clean()):
            why = "no image to show beside the one in which a text can still be read"
        else:
            self._content = self._shown_of(region, clean)
            return
        self._content = {"title": f"There is no tour of these results: they have {why}.", "choices": [], "steps": []}

    def content(self, explorer: str = "") -> dict[str, Any]:
        """What the browser shows. `explorer` is the address of a page of ``write_page`` to end in."""
        state = urlencode({**self.filters, "row": self.picked}, doseq=True)
        return self._content | {"link": f"{explorer}#{state}" if explorer and self.picked >= 0 else explorer}

    # Which images

    def _legible(self) -> Region | None:
        """The region of the check whose text is still legible though most of it was painted over; it becomes the picked
        check."""
        rows = np.flatnonzero(self._asks(REGIONS) & (self.results["verdict"] == "failed").to_numpy())
        scores = self.results["score"].to_numpy(dtype="float64")
        best: tuple[tuple[float, float], int, Region] | None = None
        for row in rows[np.argsort(scores[rows], kind="stable")][:_TRIED].tolist():
            region = self._region(row)
            legible, covered = _left(region) if region else (np.nan, np.nan)
            if region and legible > pixels.LEGIBLE and (best is None or (scores[row], -covered) < best[0]):
                best = (scores[row], -covered), row, region
        if best is None:
            return None
        filters = {name: [str(self.results[name].iloc[best[1]])] for name in ("axis", "action")}
        self.set(filters=filters, table="failures", picked=best[1])
        return best[2]

    def _clean(self) -> dict[int, pixels.Plane]:
        """Five images without a failed check of pixels: of the same modality first, of these the redacted ones."""
        instances, redacted, asked = self.results["instance"], self._asks(REGIONS), self._asks(PIXELS)
        passed = (self.results["verdict"] == "passed").to_numpy()
        rows = np.flatnonzero(asked & ~instances.isin(instances[asked & ~passed]).to_numpy())
        kinds = self.results.get("modality", self.results["instance"])  # not all results have modalities
        alike = (kinds == self._of("modality")).to_numpy(dtype=bool)
        rows = rows[np.lexsort((~redacted[rows], ~alike[rows]))]
        clean: dict[int, pixels.Plane] = {}
        for row in rows[~instances.iloc[rows].duplicated().to_numpy()][:_TRIED]:
            if len(clean) < 5 and (seen := self._seen(row, redacted[row])):
                clean[int(row)] = seen
        return clean

    def _seen(self, row: int, redacted: bool) -> pixels.Plane | None:
        """The image of a check that passed; None if it cannot be shown, or if its text can be read all the same."""
        if redacted:
            region = self._region(row)
            return region.after if region and _left(region)[0] <= pixels.LEGIBLE else None
        try:
            return pixels.plane(path) if (path := self._images.path(row)) else None
        except (ValueError, FileNotFoundError):
            return None

    def _region(self, row: int) -> Region | None:
        try:
            return self._images.region(row)
        except (ValueError, FileNotFoundError):
            return None

    def _asks(self, actions: tuple[str, ...]) -> np.ndarray:
        return self.results["action"].isin(actions).to_numpy(dtype=bool)

    def _of(self, name: str) -> str:
        """The value of a column for the check that the tour is about."""
        return self._check_texts.cell(name, self.picked) or ""

    # What is said

    def _shown_of(self, region: Region, clean: dict[int, pixels.Plane]) -> dict[str, Any]:
        images = {self.picked: region.after, **clean}
        order = sorted(images, key=lambda row: zlib.crc32(str(self.results["instance"].iloc[row]).encode()))
        scale = _LONGER / max(region.after.stored.shape[:2])
        sides = {
            name: picture(Crop(pixels.shown(seen), region.box), scale, name)
            for name, seen in (("original", region.before), ("released", region.after))
            if seen
        }
        say, shows = _kit(), self._shows()
        texts = {
            f"One of these {_NUMBERS[len(images)]} images still shows {shows}. Which?": say.find(shows),
            f"“{clipped(self._of('actual').strip(), 60)}” can still be read": say.compare(
                self._of("submission") or "the tool"
            ),
            words_of("cause", self._of("cause")): say.why(Check(self._check_texts, self.picked)),
            "What fixing it gains": self._gains(),
        }
        steps = ((name, *text) for name, text in zip(_STEPS, texts.items(), strict=True))
        return {
            "choices": [self._choice(row, images[row]) for row in order],
            "sides": sides,
            "steps": [{"name": name, "title": title, "html": html} for name, title, html in steps],
        }

    def _choice(self, row: int, seen: pixels.Plane) -> dict[str, str]:
        redacted = self.results["action"].iloc[row] in REGIONS
        why = "No text can be read in this one: it is covered."
        if not redacted:
            why = "The key knows of no text in this one, and its pixels are unchanged."
        says = "" if row == self.picked else f"{why} Try another one."
        return {
            "picture": Crop(pixels.shown(seen), ()).png,
            "label": self._check_texts.cell("modality", row) or "",
            "says": says,
        }

    def _shows(self) -> str:
        of_patient = (self.results["patient"] == self._of("patient")) & (self.results["tag_path"] == "(0010,0010)")
        names = " ".join(self.results["original"][of_patient].dropna().astype(str)).lower()
        read = set(re.findall(r"\w{3,}", self._of("actual").lower()))
        return "a name" if read & set(re.findall(r"\w{3,}", names)) else "what had to be hidden"

    def _gains(self) -> Markup:
        """What the score gains by the problem of the check, and by the problems that gain most."""
        if not is_complete(self.results):
            return _kit().fix(None, [], "")
        first = causes.to_fix(self.results)[1].iloc[0]
        gains = self.problems["gain" if first["unit"] == "instance" else "gain_series"]
        before, number = first["before"], self._rows.problem[self._rows.failing == self.picked][0]
        ways = {"This problem": before + gains[number]}
        if first["fixes"] > 1:
            ways[f"The {_NUMBERS[first['fixes']]} that gain most"] = first["after"]
        checks = count(int(scored(self.results).sum()), "check")
        in_all = f"{count(len(self.problems), 'problem')} in {checks}; this one is number {number + 1} by gain."
        return _kit().fix(before, [(name, after, gained(before, after)) for name, after in ways.items()], in_all)

    # The browser

    def hear(self, message: dict[str, Any]) -> None:
        """Sends the tour when a browser asks for it, and does all that an explorer does."""
        if message.get("kind") == "tour":
            self.send({"kind": "tour", "data": self.content()})
        else:
            super().hear(message)

    def _as_html(self) -> str:
        sides, title = self._content.get("sides", {}), self._content.get("title")
        explorer = super()._as_html() if self.step == len(_STEPS) else ""
        return f"{_kit().still(self._content['steps'], sides.values(), title)}{explorer}"


@cache
def _kit() -> Any:
    """The macros of tour.html."""
    return macros("tour.html")


def _left(region: Region) -> tuple[float, float]:
    """How much of the text of a region is legible, and how much was painted over; NaN without an original of the same
    shape."""
    if region.before is None:
        return np.nan, np.nan
    x0, y0, x1, y1 = region.box
    before, after = (plane.stored[y0:y1, x0:x1] for plane in (region.before, region.after))
    if before.shape != after.shape:
        return np.nan, np.nan
    return pixels.legible(before, after), pixels.coverage(before, after)
