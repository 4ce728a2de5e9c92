"""Which object refers to which by its UID, and which references lead to no released object."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from .. import tags
from ..actions import named
from ..coded import asked, coded, tidy
from ..engine.released import Released, files_below, readable
from ..folders import Submission
from ..frames import require_columns, require_complete
from ..masking import is_masked
from .evidence import by_instance, folder_of_submission, require_one_submission

__all__ = ["LEADS", "NEEDED", "NOWHERE", "Arc", "Web", "among", "graph", "owners", "references", "resolved"]

#: What the leaf of a reference names: (where the thing itself says it, what that is).
_NAMED = {
    "(0008,1155)": ("(0008,0018)", "instance"),
    "(0020,000e)": ("(0020,000e)", "series"),
    "(0020,000d)": ("(0020,000d)", "study"),
    "(3006,0024)": ("(0020,0052)", "frame of reference"),
    "(0020,0052)": ("(0020,0052)", "frame of reference"),
}
_OWN = tuple(dict.fromkeys(own for own, _ in _NAMED.values()))
#: Studies, procedure steps and patients as objects: never files.
_NO_FILES = ("(0008,1110)", "(0008,1111)", "(0008,1120)")

#: Where a reference leads, the worst first → how it looks.
LEADS = {
    "dangling": "fail",
    "other patient": "linkage",
    "dangling perhaps before": "blank",
    "dangling before": "blank",
    "inside": "pass",
}
NOWHERE = ("dangling", "dangling perhaps before", "dangling before")
_UIDS = named(about=["uid"])
_WHO = ("submission", "patient", "study", "series", "instance", "modality")
_TO = ("patient", "study", "series", "modality")
_COLUMNS = {
    **dict.fromkeys((*_WHO, "tag_path", "name"), "category"),
    "kind": pd.CategoricalDtype(["instance", "series", "study", "frame of reference"]),
    "leads": pd.CategoricalDtype(list(LEADS)),
    **dict.fromkeys(("target", *(f"to_{name}" for name in _TO)), "category"),
}


class Who(NamedTuple):
    """The owner of an object as the results name it, and the name of its file."""

    submission: str | None = None
    patient: str | None = None
    study: str | None = None
    series: str | None = None
    instance: str | None = None
    modality: str | None = None
    file: str | None = None


def owners(results: pd.DataFrame) -> dict[str, Who]:
    """The owner of each released object, by its SOP Instance UID."""
    objects = results.reindex(columns=["released", *_WHO]).dropna(subset="released").drop_duplicates("released")
    plain = objects.astype(object).where(objects.notna(), None)
    return {uid: Who(*cells) for uid, *cells in plain.itertuples(index=False, name=None)}


_Led = Callable[[tuple[str | None, str]], bool | None]


class Web:
    """Objects, and the references between them. A `place` is the owner of an object: anything with an ``instance``."""

    def __init__(self) -> None:
        self._there: dict[str, dict[str, Any]] = defaultdict(dict)
        self._references: list[tuple[Any, str, str, str]] = []

    def add(self, file: Released, place: Any) -> None:
        """Takes in one file."""
        elements = ((path, element.value) for path, element in file.elements() if tags.leaf(path) in _NAMED)
        self.take(place, {own: file.text(own) for own in _OWN}, ((path, str(uid)) for path, uid in elements if uid))

    def take(self, place: Any, own: Mapping[str, str | None], references: Iterable[tuple[str, str]]) -> None:
        """Takes in an object: its own UIDs by their attributes, and (path, UID) of those it names."""
        for attribute, uid in own.items():
            if uid:
                self._there[attribute].setdefault(uid, place)
        for path, uid in references:
            leaf = tags.leaf(path)
            if (path != leaf or leaf == "(3006,0024)") and tags.root(path) not in _NO_FILES:
                self._references.append((place, path, leaf, uid))

    def __iter__(self) -> Iterator[tuple[Any, str, str, str, Any]]:
        """(place, path, kind, UID, owner of the object with this UID) of each reference; the owner is None if there is
        no such object."""
        for place, path, leaf, uid in self._references:
            own, kind = _NAMED[leaf]
            yield place, path, kind, uid, self._there[own].get(uid)

    def resolved(self) -> set[tuple[str | None, str]]:
        """(instance, path) of the references that lead to an object."""
        return {(place.instance, path) for place, path, _, _, to in self if to is not None}


def resolved(originals: Mapping[str, Path]) -> set[tuple[str | None, str]]:
    """(instance, path) of the references of the original files that lead somewhere."""
    web, uid_of = Web(), {path: uid for uid, path in originals.items()}
    for path, file in readable(uid_of):
        web.add(file, Who(instance=uid_of[path]))
    return web.resolved()


def among(places: set[tuple[Any, ...]], instance: str | None, path: str) -> bool:
    """Whether the attribute of an instance is among `places`, in either spelling of its path."""
    return (instance, path) in places or (
        tags.in_private(path) and any(who == instance and tags.same(path, other) for who, other in places)
    )


def references(
    results: pd.DataFrame,
    released: str | Path | Submission | None = None,
    original: str | Path | Mapping[str, str | Path] | None = None,
) -> pd.DataFrame:
    """The references between released objects by UID, one a row, and where each leads.

    Parameters
    ----------
    results
        What ``evaluate`` or ``read_results`` returns. Alone it shows the references that a check is about; those whose
        original UID is of no object in the results led nowhere before.
    released
        The submission or its folder (then `results` must be of that one): all references of its files.
    original
        Folder of the original files, or instance UID → path: a reference that led nowhere there is marked.

    Returns
    -------
    DataFrame
        submission, patient, study, series, instance, modality, tag_path, name; kind (what is named: instance, series,
        study, frame of reference); leads (inside, dangling, dangling before: in the original too, dangling perhaps
        before: the results cannot say it, other patient); target (the UID), to_patient, to_study, to_series,
        to_modality. Identifiers are those of the results.

    Examples
    --------
    >>> sorted(mn.references(results)["leads"].unique())
    ['dangling', 'dangling before', 'inside']
    """
    if released is None:
        require_complete(results, "references()")
        require_columns(results, [*NEEDED, *_TEXTS], "references()")
        if is_masked(results):
            raise ValueError("references() needs UIDs, and these results are without values; give the released files.")
        needed = coded(results[[*NEEDED, *_TEXTS]])
        runs = [run for _, run in needed.groupby("submission", observed=True, dropna=False, sort=False)]
        webs: _Webs = [(_of_results(run, _RELEASED, "actual"), _led(run).get) for run in runs]
    else:
        require_columns(results, NEEDED, "references()")
        require_one_submission(results, "references(released=...)")
        webs = [(_of_files(coded(results), folder_of_submission(results, released)), lambda place: True)]
    if original is not None:
        before = resolved(by_instance(original))
        webs = [(web, lambda place: among(before, *place)) for web, _ in webs]
    rows = [
        (*place[: len(_WHO)], path, tags.name(path), kind, *_end(place, path, kind, uid, to, led))
        for web, led in webs
        for place, path, kind, uid, to in web
    ]
    return tidy(dict(zip(_COLUMNS, zip(*rows, strict=True), strict=False)), _COLUMNS, len(rows))


_Webs = list[tuple[Web, _Led]]


def _end(place: Who, path: str, kind: str, uid: str, to: Who | None, led: _Led) -> tuple[Any, ...]:
    """The columns about where a reference leads; `led` says whether the original's reference led to an object."""
    if to is not None:
        leads = "inside" if to.patient == place.patient else "other patient"
        return (
            leads,
            uid,
            *(getattr(to, name) if kind != "study" or name in ("patient", "study") else None for name in _TO),
        )
    nowhere = {True: "dangling", False: "dangling before", None: "dangling perhaps before"}
    return nowhere[led((place.instance, path))], uid, *[None] * len(_TO)


class Arc(NamedTuple):
    """References from one series to another of its patient (or to a study, or to nothing there): how many, by which
    attributes. ``start`` and ``end`` are places in the list of these."""

    start: int
    end: int | None
    leads: str
    size: int
    names: list[str]


def graph(own: pd.DataFrame, limit: int = 60) -> tuple[list[tuple[str, str, str]], list[Arc], int]:
    """Studies and series of a patient as (label, study, series), the arcs between them, and how many arcs are left out.

    `own` are the `references` of one patient. Those that lead nowhere come first; a study has no series.
    """
    ends = ["study", "series", "modality", "to_study", "to_series", "to_modality"]
    plain = own[[*ends, "leads", "name"]].astype(object).fillna("")
    plain["worst"] = plain["leads"].map(list(LEADS).index)
    if (elsewhere := plain["leads"] != "inside").any():
        plain.loc[elsewhere, ends[3:]] = ""
    links = plain.groupby(["worst", "leads", *ends], sort=True)["name"].agg(["size", "unique"]).reset_index()
    shown = links.head(limit)
    inside = shown.loc[shown["leads"] == "inside", ends[3:]].set_axis(ends[:3], axis=1)
    series = pd.concat([shown[ends[:3]], inside]).drop_duplicates(ends[:2]).sort_values(ends[:2])
    things: list[tuple[str, str, str]] = []
    for number, (study, of) in enumerate(series.groupby("study"), start=1):
        things.append((f"Study {number}", str(study), ""))
        known = of[of["series"] != ""].itertuples(index=False)
        things += [
            (f"{row.modality} series {n}".strip(), str(study), row.series) for n, row in enumerate(known, start=1)
        ]
    place = {thing[1:]: number for number, thing in enumerate(things)}
    arcs = [
        Arc(
            place[row.study, row.series],
            place[row.to_study, row.to_series] if row.leads == "inside" else None,
            row.leads, int(row.size_), list(row.unique),
        )
        for row in shown.rename(columns={"size": "size_"}).itertuples()
    ]  # fmt: skip
    return things, arcs, len(links) - len(shown)


NEEDED: tuple[str, ...] = (*_WHO, "released", "released_study", "released_series")
_RELEASED = {"released": "(0008,0018)", "released_study": "(0020,000d)", "released_series": "(0020,000e)"}


_ORIGINAL = {"instance": "(0008,0018)", "study": "(0020,000d)", "series": "(0020,000e)"}
_TEXTS = ("action", "tag_path", "original", "actual")


def _led(results: pd.DataFrame) -> dict[tuple[str | None, str], bool | None]:
    """Whether the original of a reference led to an object; None where the results of a submission cannot say it.

    Official results without a mapping name instances by their new UIDs; a frame of reference may have no check.
    """
    own = results.loc[results["tag_path"] == "(0008,0018)", "original"].astype(object)
    objects = results[["instance", "released"]].drop_duplicates().astype(object)
    old = bool(((objects["instance"] != objects["released"]) | objects["instance"].isin(own)).all())
    return {
        (place.instance, path): True if to else False if old and kind != "frame of reference" else None
        for place, path, kind, _, to in _of_results(results, _ORIGINAL, "original")
    }


def _of_results(results: pd.DataFrame, own: Mapping[str, str], column: str) -> Web:
    """The references that the checks of a submission are about, as they are in the texts of a column.

    `own` are the columns with the UIDs of the objects themselves, and the attributes that these are.
    """
    web = Web()
    objects = results[list(dict.fromkeys((*_WHO, *own)))].drop_duplicates().dropna(subset="instance").astype(object)
    places: dict[Any, Who] = {}
    for cells in objects.where(objects.notna(), None).to_dict("records"):
        place = places.setdefault(cells["instance"], Who(*(cells[name] for name in _WHO)))
        web.take(place, {attribute: cells[name] for name, attribute in own.items()}, ())
    rows = np.flatnonzero((results["action"].isin(_UIDS) & results[column].notna()).to_numpy())
    rows = rows[asked(results["tag_path"], rows, lambda path: tags.leaf(path) in _NAMED)]
    texts = results[["instance", "tag_path", column]].iloc[rows].astype(object).drop_duplicates()
    for instance, path, uid in texts.itertuples(index=False, name=None):
        if uid and instance in places:
            web.take(places[instance], {path: uid} if path in _OWN else {}, [(path, uid)])
    return web


def _of_files(results: pd.DataFrame, folder: Path) -> Web:
    """The references of all files, with the identifiers of the results where those know the file."""
    known = owners(results)
    name = next(iter(results["submission"].dropna()), None)
    web = Web()
    for _, file in readable(files_below(folder)):
        own = (file.text(tag) for tag in ("(0010,0020)", "(0020,000d)", "(0020,000e)", "(0008,0018)", "(0008,0060)"))
        stranger = Who(name, *own)
        web.add(file, known.get(stranger.instance or "", stranger))
    return web
