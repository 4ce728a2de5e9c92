"""Private blocks: whether a private attribute went alone, or with its whole block."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from .. import tags
from ..coded import codes_at, texts_at
from ..frames import MASK


def blocks_gone(results: pd.DataFrame, failing: np.ndarray, columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Where a private attribute's whole block is gone from its series.

    A frame of checks does not show the file itself, so this is concluded from the checks: no check of the series finds
    an element of the block, or its creator, and either the creator is among those that fail or two attributes of the
    block are.
    """
    suspect = columns["private"] & (columns["state"] == "absent")
    gone = np.zeros(len(failing), dtype=bool)
    if not suspect.any():
        return gone
    absent = failing[suspect]
    private = [path for path in results["tag_path"].cat.categories if tags.in_private(path)]
    there = results["state"].isin(["value", "empty"]) & results["tag_path"].isin(private)
    there &= results["series"].isin(results["series"].iloc[absent].unique())
    seen = blocks(results, np.append(absent, np.flatnonzero(there))).assign(absent=False)
    seen.loc[: len(absent) - 1, "absent"] = True
    seen["path"] = seen["path"].where(seen["absent"])
    of_block = seen.assign(own=seen["own"] & seen["absent"]).groupby(["submission", "series", "group", "creator"])
    many = of_block["own"].transform("any") | (of_block["path"].transform("nunique") > 1)
    gone[suspect] = (many & of_block["absent"].transform("all") & seen["creator"].notna())[: len(absent)]
    return gone


def blocks(results: pd.DataFrame, rows: np.ndarray) -> pd.DataFrame:
    """The private block that each of `rows` is about: submission, series, path (codes), group and creator.

    What is in a private sequence, public attributes included, is of the block of the outermost one. The creator is
    missing where it has no name. ``own``: whether the row is about the element that holds the creator's name.
    ``named``: whether some path has this creator; what that element alone says may be the name of a person.
    """
    roots = [tags.parse(tags.private_root(path) or "") for path in results["tag_path"].cat.categories]
    steps = [root[0] if root else tags.Step(0, 0) for root in (*roots, ())]  # the last for no path
    known = pd.DataFrame(steps).astype({"creator": object})
    names = known.dropna(subset="creator").drop_duplicates(["group", "creator"]).set_index("group")["creator"]
    only = names[~names.index.duplicated(keep=False)]
    known["own"] = known["creator"].isna() & known["element"].between(0x10, 0xFF)
    # A private sequence of undefined length has its number for a path: of its group's creators only one will do.
    alone = known["creator"].isna() & (known["element"] >= 0x1000)
    known["creator"] = known["creator"].where(~alone, known["group"].map(only))
    path = codes_at(results, "tag_path", rows)
    found = known.iloc[path].reset_index(drop=True).assign(path=path)
    # The element that names a block is known by its value: the key's where it is gone, else what the file says.
    own = np.flatnonzero(found["own"])
    cells = [texts_at(results[name], rows[own]) for name in ("expected", "original", "actual")]
    said = pd.Series([next(filter(None, texts), "").upper() for texts in zip(*cells, strict=True)], own, dtype=object)
    of_path = [only.get(group, MASK) for group in found["group"].iloc[own]]
    found.loc[own, "creator"] = said.where(said != MASK, of_path)  # of masked results only the paths name creators
    named = pd.MultiIndex.from_frame(found[["group", "creator"]]).isin(list(names.items()))
    who = {name: codes_at(results, name, rows) for name in ("submission", "series")}
    return found.assign(named=named, **who)
