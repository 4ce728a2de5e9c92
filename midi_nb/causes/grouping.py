"""Which failures belong to one problem: what one rule would fix."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np
import pandas as pd

from .. import tags
from ..coded import codes_at, texts_at
from ..frames import require_columns
from .blocks import Blocks
from .explaining import NEEDED, explained
from .table import CODES

# With these causes, other words mean another bug; elsewhere words only differ from slice to slice.
_BY_WORDS = (
    "leak_full",
    "leak_partial",
    "leak_substring",
    "overclean_disputable",
    "overclean_partial",
    "burned_in_partial",
    "ocr_noise",
)
_UNDECIDED = ("not_judged", "blank_error", "lost_check")
_WHOLE_BLOCK = "private_block_dropped"


class Grouped(NamedTuple):
    """The failing rows of explained results, and which problem each belongs to."""

    results: pd.DataFrame
    rows: np.ndarray
    codes: pd.DataFrame
    problem: np.ndarray
    creators: list[str]


def grouped(results: pd.DataFrame) -> Grouped:
    """The failing rows of `results` with the number of their problem.

    Attributes that fail together, on the same instances of a series, are one problem; series that differ by an
    attribute more or less have the same one. Every attribute is in one problem of its cause, wherever it fails.
    """
    require_columns(results, [*NEEDED, "instance"], "problems()")
    results = explained(results)
    rows = np.flatnonzero(results["cause"].cat.codes.to_numpy() >= 0)
    codes, creators = _coded(results, rows)
    together = pd.concat([_together(codes, ["series"]), _together(codes, []).query("size > 1")])
    return Grouped(results, rows, codes, _united(codes["rule"].to_numpy(), together), creators)


def _coded(results: pd.DataFrame, rows: np.ndarray) -> tuple[pd.DataFrame, list[str]]:
    """What the failing rows are about, as numbers, and the creators of their blocks."""
    names = ("submission", "series", "patient", "instance", "cause", "action", "words")
    codes = pd.DataFrame({name: codes_at(results, name, rows) for name in names})
    code = {name: place for place, name in enumerate(CODES)}
    codes.loc[~codes["cause"].isin([code[name] for name in _BY_WORDS]), "words"] = -1
    undecided = codes["cause"].isin([code[name] for name in _UNDECIDED]).to_numpy()
    codes["why"] = np.where(undecided, codes_at(results, "error", rows), -1)
    bare = np.array([tags.without_items(path) for path in results["tag_path"].cat.categories], dtype=object)
    codes["item"] = codes_at(results, "tag_path", rows)
    codes.loc[codes["cause"] == code["missing_file"], ["action", "item"]] = -1
    codes["path"] = np.append(pd.factorize(bare)[0], -1)[codes["item"]]
    blocks = Blocks(results)
    block = (codes["cause"] == code[_WHOLE_BLOCK]).to_numpy()
    codes["block"] = -1
    codes.loc[block, "block"] = blocks.numbers(rows[block])
    creators = blocks.creators()
    codes["rule"] = _rules(codes, results, rows, creators)
    return codes, creators


def _rules(codes: pd.DataFrame, results: pd.DataFrame, rows: np.ndarray, creators: list[str]) -> np.ndarray:
    """The number of the rule of each failing row, in an order that does not depend on that of the rows.

    A rule is about one cause and one attribute, or private block. What a tool does inside sequences it does in all of
    them, so there the last step of a path counts.
    """
    paths = results["tag_path"].cat.categories
    leaves = [tags.leaf(path) if path == tags.root(path) else f"[]{tags.leaf(path)}" for path in paths]
    leaf, distinct = pd.factorize(np.array(leaves, dtype=object))
    labels = np.array([*distinct, *creators, ""], dtype=object)
    what = np.where(codes["block"] >= 0, len(distinct) + codes["block"], np.append(leaf, -1)[codes["item"]])
    number = (
        codes.assign(what=what).groupby(["submission", "cause", "what", "words", "why"], sort=False).ngroup().to_numpy()
    )
    first = np.flatnonzero(~pd.Series(number).duplicated().to_numpy())
    texts = {"cause": codes["cause"].to_numpy()[first], "what": labels[what[first]]}
    for name, column in (("submission", "submission"), ("words", "words"), ("why", "error")):
        if column in results:
            texts[name] = np.where(codes[name].to_numpy()[first] < 0, "", texts_at(results[column], rows[first]))
    order = pd.DataFrame(texts).sort_values(list(texts)).index
    place = np.empty(len(order), dtype="int64")
    place[order] = np.arange(len(order))
    return place[number]


def _together(codes: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Sets of rules: those that fail on the same instances (of a part, and equally often); a row per set and rule.

    One and the same instance is too little to belong together by.
    """
    distinct = codes.drop_duplicates(["rule", *by, "instance", "item"])
    group = distinct.groupby(["rule", *by], sort=False)
    local = group.ngroup().to_numpy()
    rules = group[["rule", "submission", "cause", "words", "why", *by]].first().reset_index(drop=True)
    rules["instances"] = _multiset(distinct["instance"].to_numpy(), local)
    alone = (group["instance"].nunique() < 2).to_numpy()
    rules["alone"] = np.where(alone, rules["rule"], -1)
    rules["set"] = rules.groupby(
        ["submission", "cause", "words", "why", *by, "instances", "alone"], sort=False
    ).ngroup()
    rules["size"] = rules.groupby("set")["rule"].transform("size")
    return rules[["set", "rule", "size"]].assign(rows=group.size().to_numpy(), level=len(by))


def _united(rule: np.ndarray, together: pd.DataFrame) -> np.ndarray:
    """The number of the problem of each `rule`: sets that have most of their rules in common are one problem.

    Sets of more failures come first; what is new in a set joins the problem that most of the set is in already.
    """
    number = together.groupby(["level", "set"], sort=False).ngroup().to_numpy()
    sets = together.assign(number=number, content=_multiset(together["rule"].to_numpy(), number)[number])
    size = sets.groupby("content")["rows"].sum()
    once = sets[sets["number"] == sets.groupby("content")["number"].transform("first")].sort_values("rule")
    rules = once.groupby("content")["rule"].agg(list)
    problem: dict[int, int] = {}
    for content in sorted(rules.index, key=lambda content: (-size[content], -len(rules[content]), rules[content])):
        members = rules[content]
        known = Counter(problem[one] for one in members if one in problem)
        most = max(known, key=lambda number: (known[number], -number), default=-1)
        if 2 * known[most] <= len(members):
            most = len(problem)  # a number no other problem has: each had fewer rules before it
        problem |= {one: most for one in members if one not in problem}
    of_rule = np.array([problem[one] for one in range(len(problem))], dtype="int64")
    return np.unique(of_rule[rule], return_inverse=True)[1]


def _multiset(members: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """A number for each group (0, 1, …) that two groups share if they have the same members as often."""
    mixed = members.astype("uint64") + np.uint64(0x9E3779B97F4A7C15)  # splitmix64
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    sums = np.zeros(int(groups.max(initial=-1)) + 1, dtype="uint64")
    np.add.at(sums, groups, mixed)
    return sums
