"""Time lines and references of patients as a browser draws them: small data, the worst patients first."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pandas as pd

from ..actions import named
from ..causes.references import LEADS, NEEDED, graph, references
from ..dates import SHIFTS, places, timelines
from ..frames import is_complete
from ..masking import is_masked, only_defined
from ..vocabulary import words_of
from .rows import Rows

__all__ = ["VIEWS", "sent", "views"]

_PATIENTS = 300  # that are sent, and lines of each
_LINES = 400
_WHO = ["submission", "patient"]


def views(results: pd.DataFrame) -> list[str]:
    """The views there is something to see in."""
    if not is_complete(results) or is_masked(results):
        return []
    if not {*_WHO, *NEEDED}.issubset(results.columns):
        return []
    asked = set(results["action"].unique())
    return [name for name, view in VIEWS.items() if asked.intersection(named(about=[view.about]))]


def sent(view: str, results: pd.DataFrame, rows: Rows) -> dict[str, Any]:
    """What the browser draws of a view: ``patients``, how many there are in all (``of``), and the submissions
    ``without`` any.

    `rows` are of the same results, perhaps without values: its codes and its `values` count.
    """
    made, results = VIEWS[view], results if rows.values else only_defined(results)
    codes = {name: _codes(results, rows, name) for name in _WHO}
    patients = []
    frame = made.frame(results)
    groups = frame.groupby(_WHO, observed=True, dropna=False, sort=False)
    for who, own in itertools.islice(groups, _PATIENTS):
        known = {name: codes[name].get(text, 0) for name, text in zip(_WHO, who, strict=True)}
        patients.append({**known, "counts": made.counts(own), **made.card(own, rows.values)})
    kinds = [(look, words_of(made.column, kind)) for kind, look in made.kinds.items()]
    found = set(frame["submission"])
    without = [code for name, code in codes["submission"].items() if name not in found]
    several = results["submission"].nunique() > 1
    return {"patients": patients, "of": groups.ngroups, "kinds": kinds, "several": several, "without": without}


def _codes(results: pd.DataFrame, rows: Rows, name: str) -> dict[Any, int]:
    """Text → the code that the facet `name` has for it in a browser."""
    if name not in rows.facets:
        return {}
    both = pd.DataFrame({"text": results[name].to_numpy(), "code": rows.codes(name) + 1}).dropna().drop_duplicates()
    return dict(both.itertuples(index=False, name=None))


def _time_line(own: pd.DataFrame, values: bool) -> dict[str, Any]:
    """The lines of a patient: what became of the date, start, end, texts, checks, attributes."""
    table = pd.concat([own["shift"].cat.codes, places(own, values), own[["original", "released"]]], axis=1)
    if not values:
        table[["original", "released"]] = None
    merged: dict[tuple[Any, ...], tuple[int, dict[str, None]]] = {}
    cells = table.astype(object).where(table.notna(), None).itertuples(index=False, name=None)
    for line, checks, name in zip(cells, own["checks"], own["name"].astype(str), strict=True):
        before, names = merged.get(line, (0, {}))
        merged[line] = (before + checks, {**names, name: None})
    order = sorted(merged.items(), key=lambda item: item[0][:2])
    listed = [[*map(_plain, line), int(checks), list(names)] for line, (checks, names) in order]
    days = own["usual"].iloc[0]
    known = {"usual": int(days)} if values and pd.notna(days) else {}
    usual = [line for line in listed if line[0] == list(SHIFTS).index("usual")]
    odd = listed[: len(listed) - len(usual)][: _LINES - min(len(usual), -(-_LINES // 10))]
    size = min(len(usual), _LINES - len(odd))
    sample = [usual[at * len(usual) // size] for at in range(size)]  # all over the time line
    return {"lines": odd + sample, "rest": len(listed) - len(odd) - len(sample), **known}


def _plain(cell: Any) -> Any:
    return cell if cell is None or isinstance(cell, str) else int(cell)


def _references(results: pd.DataFrame) -> pd.DataFrame:
    """The references of all submissions, the patients with most that lead nowhere, or to another patient, first."""
    found = references(results).astype(object)
    odd = (
        found["leads"]
        .isin(["dangling", "other patient"])
        .groupby([found[name] for name in _WHO], dropna=False)
        .transform("sum")
    )
    return found.assign(odd=odd).sort_values("odd", ascending=False, kind="stable")


def _web(own: pd.DataFrame, values: bool) -> dict[str, Any]:
    """Studies and series of a patient one below the other, and the references between them as arcs."""
    things, arcs, rest = graph(own)
    named = [
        {"label": label, "study": not series, "uid": (series or study) if values else ""}
        for label, study, series in things
    ]
    kinds = list(LEADS)
    return {"things": named, "arcs": [[*arc[:2], kinds.index(arc.leads), *arc[3:]] for arc in arcs], "rest": rest}


class _View(NamedTuple):
    """What the checks of a view are about, its frame, what is counted in it, and what is sent of it for a patient."""

    about: str
    frame: Callable[[pd.DataFrame], pd.DataFrame]
    column: str
    kinds: Mapping[str, str]
    card: Callable[[pd.DataFrame, bool], dict[str, Any]]

    def counts(self, own: pd.DataFrame) -> list[int]:
        """How many of a patient there are of each kind."""
        weights = own["checks"] if "checks" in own else pd.Series(1, own.index)
        return [int(weights[own[self.column] == kind].sum()) for kind in self.kinds]


#: The views by their names.
VIEWS = {
    "dates": _View("date", timelines, "shift", SHIFTS, _time_line),
    "references": _View("uid", _references, "leads", LEADS, _web),
}
