"""The flat key of the MIDI workshop, which has no column for the instance: whom a row names, and for whom it holds.

The slide shows the rows of one instance. Its own row uid_changed (0008,0018) names it, and the scope of a row says how
far it holds: for the instance, or for all instances of its series, study or patient. What the slide leaves open is our
reading; data/README.md states it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from ..actions import named
from ..frames import ANSWERS

#: The source of such checks: they hold for a level, and their attribute stands anywhere in a file.
SOURCE = "workshop"

Identity = tuple[str | None, str | None, str | None, str]

_LEVELS = ("patient", "study", "series", "instance")
_NEW_UID = named(about=["uid"])
# What a row quotes as the original there is the identifier of one of these levels.
_NAMES = {
    "(0010,0020)": ("patient", ("text_removed", "patid_consistent")),
    "(0020,000d)": ("study", _NEW_UID),
    "(0020,000e)": ("series", _NEW_UID),
    "(0008,0018)": ("instance", _NEW_UID),
}
_DEPTH = {"Patient": 0, "Study": 0, "Series": 1, "Instance": 2}


def identities(checks: Sequence[Any], rows: Callable[[int, int], str]) -> list[Identity] | None:
    """For each row (patient, study, series, instance) as the rows about its instance name them; None if none does.

    `rows` says where the rows from one number to another stand. Raises a ValueError where it cannot be said which
    instance they are about.
    """
    uids = {uid for check in checks if (uid := _named(check).get("instance"))}
    if not uids:
        return None
    starts = _starts(checks) if len(uids) > 1 else iter([0])
    found: list[Identity] = []
    for first, after in pairwise([*starts, len(checks)]):
        names: dict[str, set[str]] = {level: set() for level in _LEVELS}
        for check in checks[first:after]:
            for level, name in _named(check).items():
                names[level].add(name)
        if len(names["instance"]) != 1:
            raise ValueError(
                f"{rows(first, after - 1)}: they name {len(names['instance']) or 'no'} instances (uid_changed of "
                "(0008,0018)). Without a column SOPInstanceUID the rows of an instance stand together, those of its "
                "patient and study first, and one of them names it; add that column."
            )
        found += [tuple(ids.pop() if len(ids) == 1 else None for ids in names.values())] * (after - first)  # type: ignore[list-item]
    return found


def _named(check: Any) -> dict[str, str]:
    """Level → identifier, if the check names one."""
    level, actions = _NAMES.get(check.spec.tag_path, ("", ()))
    return {level: check.original} if check.original and check.spec.action in actions else {}


def _starts(checks: Sequence[Any]) -> Iterator[int]:
    """Where the rows of each instance start: where the scope goes up again, or where a row names the next instance.

    A row that names the next instance counts only if its scope is Instance and no row of that scope came before the
    first name.
    """
    depth, uid, nameless = 0, None, False
    yield 0
    for row, check in enumerate(checks):
        before, depth, name = depth, _DEPTH[check.spec.scope], _named(check).get("instance")
        if depth < before or (depth == 2 and uid and name and name != uid and not nameless):
            yield row
            uid, nameless = None, False
        uid = uid or name
        nameless = nameless or (depth == 2 and uid is None)


def placed(answers: pd.DataFrame, named: Mapping[str, Any], everyone: Mapping[str, Any]) -> tuple[dict, dict]:
    """(instance → who it is, instance → its rows) of a frame with rows that hold for a level.

    `named` are the instances of the frame, `everyone` those there are; both as `keys.Instance` by UID.
    """
    whos = _identified(named, everyone)
    level = answers["scope"].astype(object).str.lower().where(answers["source"] == SOURCE).fillna("instance")
    names_itself = answers["tag_path"].isin([path for path, (what, _) in _NAMES.items() if what == "instance"])
    level = level.where(~(names_itself & answers["action"].isin(_NEW_UID)), "instance")
    instance = answers["instance"].astype(object)
    of = [getattr(whos[uid], name) for uid, name in zip(instance, level, strict=True)]
    rows = answers[[name for name in ANSWERS if name not in ("check", "modality", "sop_class", *_LEVELS)]].assign(
        level=level.where(pd.notna(pd.Series(of, index=level.index, dtype=object)), "instance"),
        of=[one or uid for one, uid in zip(of, instance, strict=True)],
    )
    repeated = rows.duplicated() & (rows["level"] != "instance")  # the next instance's rows repeat those of its series
    groups = rows[~repeated].groupby(["level", "of"], sort=False).groups
    found = {
        uid: np.sort(np.concatenate(parts))
        for uid, who in whos.items()
        if (parts := [groups[key] for level in _LEVELS if (key := (level, getattr(who, level))) in groups])
    }
    return {uid: whos[uid] for uid in found}, found


def _identified(named: Mapping[str, Any], everyone: Mapping[str, Any]) -> dict[str, Any]:
    """All instances, with what the key (`named`) and the files (`everyone`) know, and what follows from both."""
    known = {
        uid: type(who)(*(mine or other for mine, other in zip(who, everyone.get(uid, who), strict=True)))
        for uid, who in named.items()
    }
    studies = {who.series: who.study for who in known.values() if who.series and who.study}
    patients = {who.study: who.patient for who in known.values() if who.study and who.patient}

    def filled(who: Any) -> Any:
        study = who.study or studies.get(who.series)
        return who._replace(study=study, patient=who.patient or patients.get(study))

    return {uid: filled(who) for uid, who in {**everyone, **known}.items()}
