"""What if: problems ticked as fixed, and what becomes of the scores and the ranks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import traitlets

from .. import causes
from ..frames import CATEGORIES, require_columns, require_complete
from ..shown import records
from .board import Live
from .page import PAGE, kit
from .rows import WEIGHTS, Problems, Rows

__all__ = ["WEIGHTS", "Fixing", "WhatIf", "what_if"]

_NEEDED = (
    "submission", "instance", "series", "action", "tag_path", "category", "original", "expected", "actual", "state",
    "verdict", "score",
)  # fmt: skip
_FACETS = ("submission", "verdict", "axis", "cause")


def what_if(results: pd.DataFrame, submission: str | None = None) -> WhatIf:
    """A list of problems to tick as fixed, and the scores and ranks that follow.

    Parameters
    ----------
    results
        All checks of one submission, or of several: then the others are what its rank moves among.
    submission
        Whose problems are listed; the first one's by default.

    Returns
    -------
    WhatIf
        ``.scores`` is a frame: submission, before, after, gain, rank_before, rank_after. ``.fixed`` (names of
        problems), ``.submission``, ``.unit`` (instance or series: what counts) and ``.weights`` (by category; empty:
        every check weighs the same, as officially) can be read and set. ``.problems`` are those listed, with their
        gain by these rules. No value of the data is shown.

    Examples
    --------
    >>> widget = what_if(results)
    >>> widget.fixed = widget.problems["problem"].head(3).tolist()
    >>> bool(widget.scores.loc[0, "gain"] > 0)
    True
    """
    return WhatIf(results, submission)


class Fixing(traitlets.HasTraits):
    """The part of a widget in which problems are ticked as fixed."""

    unit = traitlets.Enum(causes.UNITS, "instance").tag(sync=True)
    weights = traitlets.Dict(key_trait=traitlets.Enum(CATEGORIES), value_trait=traitlets.Float(min=0)).tag(sync=True)
    _known: Problems

    def _fixed(self) -> np.ndarray:
        """Which of all problems are fixed."""
        raise NotImplementedError

    @property
    def scores(self) -> pd.DataFrame:
        """submission, before, after, gain, rank_before, rank_after; the best after the fixes first."""
        fixes = self._known.fixes
        scores = pd.DataFrame({"submission": fixes.submissions})
        for name, mask in (("before", np.zeros(len(self._known), dtype=bool)), ("after", self._fixed())):
            scores[name] = causes.weighted(fixes.counts(self.unit, mask), self.weights)
        scores = scores.dropna(subset="submission") if len(scores) > 1 else scores
        scores["gain"] = scores["after"] - scores["before"]
        for name in ("before", "after"):
            scores[f"rank_{name}"] = scores[name].round(12).rank(method="min", ascending=False).astype("Int64")
        return scores.sort_values(["after", "submission"], ascending=[False, True], kind="stable", ignore_index=True)

    @traitlets.default("unit")
    def _first_unit(self) -> str:
        return self._known.unit

    @traitlets.validate("unit")
    def _countable(self, proposal: Any) -> str:
        unit = str(proposal["value"])
        if unit == "series" and unit not in self._known.fixes.countable:
            raise traitlets.TraitError("unit='series' needs the released identifiers, which these results do not have.")
        if unit not in self._known.units and unit != self._known.unit:
            raise traitlets.TraitError(
                f"unit={unit!r} needs passes counted by {unit}, which these results do not have."
            )
        return unit

    @traitlets.validate("weights")
    def _valid_weights(self, proposal: Any) -> dict[str, float]:
        weights = dict(proposal["value"])
        if weights and not 0 < sum(weights.values()) < float("inf"):
            raise traitlets.TraitError("weights are numbers, and at least one of them is above 0.")
        if weights and not self._known.complete:
            raise traitlets.TraitError(
                "weights need all checks: the categories of those that passed are not known here."
            )
        return weights


class WhatIf(Fixing, Live):
    """The widget that `what_if` gives: the explorer shows its problems (scores.js), what is ticked are its traits."""

    name = traitlets.Unicode("what-if").tag(sync=True)
    submission = traitlets.Unicode().tag(sync=True)
    fixed = traitlets.List(traitlets.Unicode()).tag(sync=True)
    page = traitlets.Int(0).tag(sync=True)

    def __init__(self, results: pd.DataFrame, submission: str | None) -> None:
        require_complete(results, "widgets.what_if()")
        require_columns(results, _NEEDED, "widgets.what_if()")
        if not len(results):
            raise ValueError("widgets.what_if() needs at least one check; this frame has none.")
        self._rows = Rows(causes.explained(results), False, facets=_FACETS, covers="problems")
        self._known = self._rows.problems
        self._present = [str(name) for name in self._known.fixes.submissions if name is not None]
        super().__init__(submission=self._present[0] if submission is None else submission)

    # What can be read back

    @property
    def problems(self) -> pd.DataFrame:
        """The problems of the submission, the largest gain first; ``gain`` is by the rules that are set."""
        gains = self._known.fixes.gains(self.unit, self.weights)
        mine = np.flatnonzero(self._mine)
        order = mine[np.argsort(-gains[mine].round(15), kind="stable")]
        return self._known.table.iloc[order].assign(gain=gains[order]).reset_index(drop=True)

    @property
    def _mine(self) -> np.ndarray:
        fixes = self._known.fixes
        return np.asarray(fixes.submission_of == fixes.submissions.index(self.submission))

    def _fixed(self) -> np.ndarray:
        return self._known.table["problem"].isin(self.fixed).to_numpy(dtype=bool) & self._mine

    # State

    @traitlets.validate("submission")
    def _there(self, proposal: Any) -> str:
        if proposal["value"] not in self._present:
            raise traitlets.TraitError(f"submission must be one of {', '.join(self._present)}.")
        return str(proposal["value"])

    @traitlets.validate("fixed")
    def _are_known(self, proposal: Any) -> list[str]:
        wanted = list(dict.fromkeys(proposal["value"]))
        unknown = set(wanted) - set(self._known.table["problem"][self._mine])
        if unknown:
            raise traitlets.TraitError(
                f"{len(unknown)} of {len(wanted)} names are no problems of this submission; take them from .problems."
            )
        return wanted

    @traitlets.validate("page")
    def _in_range(self, proposal: Any) -> int:
        return min(max(int(proposal["value"]), 0), max((int(self._mine.sum()) - 1) // PAGE, 0))

    @traitlets.observe("submission", "fixed", "unit", "weights", "page")
    def _changed(self, change: Any) -> None:
        if change["name"] == "submission":
            self.fixed = []
        if change["name"] in ("submission", "unit", "weights"):
            self.page = 0
        self._changed_looks()

    def hear(self, message: dict[str, Any]) -> None:
        """Sends the problems when a browser asks for them."""
        if message.get("kind") == "ready":
            buffers: list[bytes] = []
            self.send({"kind": "data", "data": self._rows.whole(buffers)}, buffers)

    # Without a kernel

    def _as_html(self) -> str:
        problems = self.problems
        first = problems.head(PAGE).assign(left=problems["rows"], fixed=problems["problem"].isin(self.fixed))
        return kit().wished(self, records(self.scores), records(first), len(problems))
