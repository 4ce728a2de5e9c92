"""Which failures belong to one problem: what one fix would mend."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from .. import tags
from ..frames import require_columns
from .blocks import Blocks
from .columns import codes_at
from .explaining import NEEDED, explained
from .table import CODES

# Where these hold, the words differ from one bug to the next; elsewhere they only differ from slice to slice.
_TOLD_BY_WORDS = (
    "leak_full",
    "leak_partial",
    "leak_substring",
    "overclean_disputable",
    "overclean_partial",
    "burned_in_partial",
    "ocr_noise",
)
_WHOLE_BLOCK = "private_block_dropped"


class Grouped(NamedTuple):
    """The failing rows of explained results, and which problem each belongs to."""

    results: pd.DataFrame
    rows: np.ndarray
    codes: pd.DataFrame
    problem: np.ndarray
    creators: list[str]


def grouped(results: pd.DataFrame) -> Grouped:
    """The failing rows of `results`, told apart by problem."""
    require_columns(results, [*NEEDED, "instance"], "problems()")
    results = explained(results)
    rows = np.flatnonzero(results["cause"].cat.codes.to_numpy() >= 0)
    codes, creators = _signatures(results, rows)
    local = codes.groupby(["submission", "series", "signature"], sort=False).ngroup().to_numpy()
    grouped = codes.groupby(local, sort=True)
    first = grouped[["submission", "series", "cause", "words", "signature"]].first()
    # To hit one and the same instance is no coincidence worth the name: those stay apart.
    several = grouped["instance"].nunique().to_numpy() > 1
    first["alike"] = np.where(
        several, _multiset(codes["instance"].to_numpy(), local), first["signature"].to_numpy("uint64")
    )
    cluster = first.groupby(["submission", "series", "cause", "words", "alike"], sort=False).ngroup().to_numpy()
    per = pd.DataFrame({"cluster": cluster[local], "fold": codes["fold"].to_numpy()}).drop_duplicates()
    folds = pd.DataFrame({"folds": _multiset(per["fold"].to_numpy(), per["cluster"].to_numpy())})
    whole = first.groupby(cluster, sort=True)[["submission", "cause"]].first().assign(folds=folds["folds"].to_numpy())
    problem = whole.groupby(["submission", "cause", "folds"], sort=False).ngroup().to_numpy()
    return Grouped(results, rows, codes, problem[cluster[local]], creators)


def _multiset(members: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """A number for each group (0, 1, …) that two groups share if they have the same members as often."""
    mixed = members.astype("uint64") + np.uint64(0x9E3779B97F4A7C15)  # splitmix64
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    sums = np.zeros(int(groups.max(initial=-1)) + 1, dtype="uint64")
    np.add.at(sums, groups, mixed)
    return sums


def _signatures(results: pd.DataFrame, rows: np.ndarray) -> tuple[pd.DataFrame, list[str]]:
    """What the failing rows are told apart by, as numbers, and the creators of their blocks.

    ``signature`` is what belongs together within a series, ``fold`` what makes two series fail alike.
    """
    codes = pd.DataFrame(
        {
            name: codes_at(results, name, rows)
            for name in ("submission", "series", "patient", "instance", "cause", "action", "words")
        }
    )
    bare = pd.factorize(
        np.array([tags.without_items(path) for path in results["tag_path"].cat.categories], dtype=object)
    )[0]
    path = codes_at(results, "tag_path", rows)
    codes["path"] = np.where(path < 0, -1, np.append(bare, -1)[path])
    code = {name: place for place, name in enumerate(CODES)}
    missing = (codes["cause"] == code["missing_file"]).to_numpy()
    codes.loc[~codes["cause"].isin([code[name] for name in _TOLD_BY_WORDS]), "words"] = -1
    undecided = codes["cause"].isin([code["not_judged"], code["blank_error"], code["lost_check"]]).to_numpy()
    codes["why"] = np.where(undecided, codes_at(results, "error", rows), -1)
    codes["what"] = np.where(missing, -1, codes["path"])
    codes.loc[missing, "action"] = -1
    codes["signature"] = codes.groupby(["cause", "action", "what", "words", "why"], sort=False).ngroup()
    block = (codes["cause"] == code[_WHOLE_BLOCK]).to_numpy()
    blocks = Blocks(results)
    codes["block"] = -1
    codes.loc[block, "block"] = blocks.numbers(rows[block])
    codes["fold"] = np.where(block, len(codes) + codes["block"], codes["signature"])
    return codes, blocks.creators()
