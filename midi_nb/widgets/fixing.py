"""What if problems were fixed: the rules by which a score counts, and the scores and ranks that follow."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import traitlets

from ..causes import UNITS, weighted
from ..frames import CATEGORIES
from .rows import Problems

__all__ = ["Fixing"]


class Fixing(traitlets.HasTraits):
    """What a widget has in which problems are ticked as fixed."""

    unit = traitlets.Enum(UNITS, "instance").tag(sync=True)
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
            scores[name] = weighted(fixes.counts(self.unit, mask), self.weights)
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
    def _weighty(self, proposal: Any) -> dict[str, float]:
        weights = dict(proposal["value"])
        if weights and not 0 < sum(weights.values()) < float("inf"):
            raise traitlets.TraitError("weights are numbers, and at least one of them is above 0.")
        if weights and not self._known.complete:
            raise traitlets.TraitError(
                "weights need all checks: the categories of those that passed are not known here."
            )
        return weights
