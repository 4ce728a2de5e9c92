"""Time lines and references of patients as a browser draws them: small data, the worst patients first.

Without values there is neither a date nor a number of days: places are those in the order of the dates. Days would be
enough to restore dates, for where one date was not shifted, the days between it and the others give these too.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ..actions import named
from ..causes.references import LEADS, references
from ..dates import SHIFTS, timelines
from ..frames import is_complete
from ..masking import is_masked
from .rows import Rows

__all__ = ["VIEWS", "sent", "views"]

_PATIENTS = 300  # that are sent, and lines of each
_LINES = 400
_WHO = ["submission", "patient"]


def views(results: pd.DataFrame) -> list[str]:
    """The views there is something to see in."""
    if not is_complete(results) or is_masked(results):
        return []
    return [name for name, (about, _, _) in VIEWS.items() if results["action"].isin(named(about=[about])).any()]


def sent(view: str, results: pd.DataFrame, rows: Rows) -> dict[str, Any]:
    """What the browser draws of a view: ``patients``, and of ``of`` how many they are.

    `rows` are of the same results, perhaps without values: its codes and its `values` count.
    """
    _, frame_of, card = VIEWS[view]
    codes = {name: _codes(results, rows, name) for name in _WHO}
    patients = []
    groups = frame_of(results).groupby(_WHO, observed=True, dropna=False, sort=False)
    for who, own in itertools.islice(groups, _PATIENTS):
        known = {name: codes[name].get(text, 0) for name, text in zip(_WHO, who, strict=True)}
        patients.append({**known, **card(own, rows.values)})
    return {"patients": patients, "of": groups.ngroups}


def _codes(results: pd.DataFrame, rows: Rows, name: str) -> dict[Any, int]:
    """Text → the code that the facet `name` has for it in a browser."""
    if name not in rows.facets:
        return {}
    both = pd.DataFrame({"text": results[name].to_numpy(), "code": rows.codes(name) + 1}).dropna().drop_duplicates()
    return dict(both.itertuples(index=False, name=None))


def _time_line(own: pd.DataFrame, values: bool) -> dict[str, Any]:
    """The lines of a patient: from, to (missing where there is no date), what became of it, checks, attributes, texts.

    A line is upright where the date was shifted as usual.
    """
    start = own["was"].astype("float64")
    end = (own["now"] - own["usual"].fillna(0)).astype("float64")
    shift = own["shift"].cat.codes
    if not values:
        end = end.where(own["shift"] != "kept")  # how far it is off would be the usual shift
        places = np.unique(pd.concat([start, end]).dropna())
        start, end = (pd.Series(np.searchsorted(places, one), one.index).where(one.notna()) for one in (start, end))
    table = pd.DataFrame({"start": start, "end": end, "shift": shift, "name": own["name"], "checks": own["checks"]})
    table[["before", "after"]] = own[["original", "released"]] if values else None
    by = ["shift", "start", "end", "before", "after"]
    lines = table.groupby(by, dropna=False).agg(
        checks=("checks", "sum"), names=("name", lambda names: list(dict.fromkeys(names)))
    )
    listed = [
        [*_plain(key), int(checks), list(map(str, names))]
        for key, checks, names in lines.reset_index().set_index(by).itertuples()
    ]
    dates = {SHIFTS[code]: int(some) for code, some in own.groupby(shift)["checks"].sum().items()}
    days = own["usual"].iloc[0]
    known = {"usual": int(days)} if values and pd.notna(days) else {}
    return {"lines": listed[:_LINES], "rest": max(len(listed) - _LINES, 0), "dates": dates, **known}


def _plain(cells: Any) -> list[Any]:
    return [None if pd.isna(cell) else cell if isinstance(cell, str) else int(cell) for cell in cells]


def _references(results: pd.DataFrame) -> pd.DataFrame:
    """The references of all submissions, the patients with most dangling ones first."""
    runs = results["submission"].dropna().unique() if "submission" in results else []
    parts = [references(results[results["submission"] == run]) for run in runs] or [references(results)]
    found = pd.concat([part.astype(object) for part in parts], ignore_index=True)
    odd = (found["leads"] == "dangling").groupby([found[name] for name in _WHO], dropna=False).transform("sum")
    return found.assign(odd=odd).sort_values("odd", ascending=False, kind="stable")


def _graph(own: pd.DataFrame, values: bool) -> dict[str, Any]:
    """Studies and series of a patient one below the other, and the references between them as pairs of their places.

    A reference to no object, or to another patient's, has no second place.
    """
    ends = [own[["study", "series", "modality"]]]
    inside = own["leads"] == "inside"
    ends.append(own.loc[inside, ["to_study", "to_series", "to_modality"]].set_axis(ends[0].columns, axis=1))
    things = pd.concat(ends).drop_duplicates(["study", "series"]).fillna("").sort_values(["study", "series"])
    listed: list[dict[str, Any]] = []
    place: dict[tuple[str, str], int] = {}
    for number, (study, series) in enumerate(things.groupby("study", sort=False), start=1):
        place[str(study), ""] = len(listed)
        listed.append({"label": f"Study {number}", "study": True, "uid": study if values else ""})
        for count, (_, uid, modality) in enumerate(series[series["series"] != ""].itertuples(index=False), start=1):
            place[str(study), uid] = len(listed)
            listed.append({"label": f"{modality} series {count}".strip(), "uid": uid if values else ""})
    arcs: dict[tuple[Any, ...], list[Any]] = {}
    for row in own.fillna("").itertuples():
        start = place[row.study, row.series]
        end = place[row.to_study, row.to_series] if row.leads == "inside" else None
        arc = arcs.setdefault((start, end, row.leads), [start, end, LEADS.index(row.leads), 0, []])
        arc[3] += 1
        arc[4] += [row.name] if row.name not in arc[4] else []
    order = sorted(arcs.values(), key=lambda arc: arc[2])
    totals = {name: int(some) for name, some in own["leads"].value_counts().items() if some}
    return {"things": listed, "arcs": order[:_LINES], "rest": max(len(order) - _LINES, 0), "leads": totals}


_Drawn = tuple[str, Callable[[pd.DataFrame], pd.DataFrame], Callable[[pd.DataFrame, bool], dict[str, Any]]]
#: View → what the checks it shows are about, its frame, and what is sent of that for a patient.
VIEWS: dict[str, _Drawn] = {"dates": ("date", timelines, _time_line), "references": ("uid", _references, _graph)}
