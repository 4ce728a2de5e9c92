"""Which failures belong to one problem: what one rule would fix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from .. import tags
from ..answers.standard import family_of
from ..coded import codes_at, joint_codes, joint_keys, texts_at
from ..frames import is_complete, require_columns
from .blocks import blocks
from .explaining import NEEDED, explained
from .table import CODES

_UNDECIDED = ("not_judged", "blank_error", "lost_check")


class Grouped(NamedTuple):
    """The failing rows of explained results, and which problem each belongs to."""

    results: pd.DataFrame
    rows: np.ndarray
    codes: pd.DataFrame
    problem: np.ndarray
    creators: list[str]


def grouped(results: pd.DataFrame) -> Grouped:
    """The failing rows of `results` with the number of their problem.

    A rule is one cause and one attribute, or one private block. Only rules of one cause and one family are one problem:
    dates, UIDs, direct identifiers, private attributes, … (`family_of`), for a de-identifier has a rule for each. Of a
    family those are one problem that fail wherever the key asks (the tool has no rule), and those that fail alike
    wherever the key asks about both. A list of failures does not say where the key asks: there, what does not fail
    counts as passed.
    """
    require_columns(results, [*NEEDED, "instance"], "problems()")
    results = explained(results)
    rows = np.flatnonzero(results["cause"].cat.codes.to_numpy() >= 0)
    units = _units(results)
    codes, creators = _coded(results, rows, units)
    problem = _united(_Rules(results, rows, codes, units))[codes["rule"].to_numpy()]
    return Grouped(results, rows, codes, np.unique(problem, return_inverse=True)[1], creators)


class _Units(NamedTuple):
    """For each path of the results, and at the end for none: the number of what a rule is about, and of its family."""

    unit: np.ndarray
    labels: list[str]
    family: np.ndarray


def _units(results: pd.DataFrame) -> _Units:
    """What the rules of a tool are about: attributes and private blocks.

    What a tool does inside sequences it does in all of them, so there the last step of a path counts.
    """
    paths = results["tag_path"].cat.categories
    families = [family_of(path) for path in paths]
    unit, labels = pd.factorize(np.array([*map(_unit, paths, families)], dtype=object))
    return _Units(np.append(unit, -1), list(labels), np.append(pd.factorize(np.array(families, dtype=object))[0], -1))


def _unit(path: str, family: str) -> str:
    if root := tags.private_root(path):
        return root[root.index('"') : root.rindex(",")] if '"' in root else root
    return tags.leaf(path) if path == tags.root(path) else f"[]{tags.leaf(path)}, {family}"


def _coded(results: pd.DataFrame, rows: np.ndarray, units: _Units) -> tuple[pd.DataFrame, list[str]]:
    """What the failing rows are about, as numbers, and the creators of their blocks."""
    names = ("submission", "series", "patient", "instance", "cause", "action")
    codes = pd.DataFrame({name: codes_at(results, name, rows) for name in names})
    code = {name: place for place, name in enumerate(CODES)}
    undecided = codes["cause"].isin([code[name] for name in _UNDECIDED]).to_numpy()
    codes["why"] = np.where(undecided, codes_at(results, "error", rows), -1)
    bare = np.array([tags.without_items(path) for path in results["tag_path"].cat.categories], dtype=object)
    codes["item"] = codes_at(results, "tag_path", rows)
    codes.loc[codes["cause"] == code["missing_file"], ["action", "item"]] = -1
    codes["path"] = np.append(pd.factorize(bare)[0], -1)[codes["item"]]
    block = blocks(results, rows)
    creators = list(block["creator"][block["named"]].unique())
    codes["family"] = units.family[codes["item"]]
    codes["block"] = np.where(
        block["named"] & (codes["item"] >= 0), pd.Index(creators).get_indexer(block["creator"]), -1
    )
    what = np.where(codes["block"] >= 0, len(units.labels) + codes["block"], units.unit[codes["item"]])
    labels = np.array([*units.labels, *creators, ""], dtype=object)
    codes["rule"] = _numbered(codes.assign(what=what), results, rows, labels)
    return codes, creators


def _numbered(codes: pd.DataFrame, results: pd.DataFrame, rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The number of the rule of each failing row, in an order that does not depend on that of the rows."""
    texts = {"cause": codes["cause"].to_numpy(), "what": labels[codes["what"].to_numpy()]}
    for name, column in (("submission", "submission"), ("why", "error")):
        if column in results:
            texts[name] = np.where(codes[name] < 0, "", texts_at(results[column], rows))
    return pd.DataFrame(texts).groupby(list(texts)).ngroup().to_numpy()


class _Rules:
    """The rules that failed: how often, whether everywhere, and how they agree with one another.

    Files (of a submission) in which the same rules fail and pass are one kind, so that few have to be compared.
    """

    def __init__(self, results: pd.DataFrame, rows: np.ndarray, codes: pd.DataFrame, units: _Units) -> None:
        rule = codes["rule"].to_numpy()
        by_rule = codes.groupby("rule")
        self.rows = by_rule.size().to_numpy()
        one = by_rule[["submission", "cause", "why", "family"]].first()
        self.family = joint_codes([column.to_numpy() for _, column in one.items()], len(one))
        path, action, instance = (results[name].cat.codes.to_numpy() for name in ("tag_path", "action", "instance"))
        run = [results["submission"].cat.codes.to_numpy()] if "submission" in results else []
        asked, files = _joint([*run, units.unit[path], action], rows), _joint([*run, instance], rows)
        passing = (asked >= 0) & (results["verdict"] == "passed").to_numpy()
        pairs = pd.DataFrame({"rule": rule, "asked": asked[rows]}).drop_duplicates()
        passes = np.bincount(asked[passing].astype("intp", copy=False), minlength=int(asked.max(initial=-1)) + 1) > 0
        self._listed = not is_complete(results)
        self.always = ~np.bincount(rule, weights=passes[asked[rows]]).astype(bool) & (not self._listed)
        passing = np.flatnonzero(passing & (files >= 0))
        of_passing, file, file_of_passing = asked[passing], files[rows], files[passing]
        members = np.concatenate([rule, of_passing + len(one)])
        kind, first = np.unique(
            multiset(members, np.concatenate([file, file_of_passing])), return_index=True, return_inverse=True
        )[1:][::-1]
        self._files = np.bincount(kind).astype("float32")
        shown = np.zeros(len(kind), dtype=bool)
        shown[first] = True
        failing = pd.DataFrame({"rule": rule, "kind": kind[file]})[shown[file]]
        passed = pd.DataFrame({"asked": of_passing, "kind": kind[file_of_passing]})[shown[file_of_passing]]
        passed = passed.drop_duplicates().merge(pairs, on="asked")
        self._failing, self._passing = (
            dict(iter(part.groupby(self.family[part["rule"]]))) for part in (failing, passed)
        )

    def families(self) -> Iterator[np.ndarray]:
        """Rules of one submission, cause and family, those with the most failures first, where there are several."""
        order = np.argsort(-self.rows, kind="stable")
        of_family = pd.Series(order).groupby(self.family[order])
        yield from (family.to_numpy() for _, family in of_family if len(family) > 1)

    def agreement(self, rules: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For each two of a family: files in which both fail, and files in which one fails and the other passes."""
        family = self.family[rules[0]]
        failing = self._failing[family]
        parts = failing, self._passing.get(family, failing.iloc[:0])
        kinds = np.unique(failing["kind"])
        place, column = np.full(len(self.rows), -1), np.full(len(self._files), -1)
        place[rules], column[kinds] = np.arange(len(rules)), np.arange(len(kinds))
        fail, passed = (np.zeros((len(rules), len(kinds) + 1), dtype="float32") for _ in parts)
        for matrix, pairs in zip((fail, passed), parts, strict=True):
            # The last column is for files in which nothing of the family fails.
            matrix[place[pairs["rule"]], column[pairs["kind"]]] = 1
        fail, passed = fail[:, :-1], passed[:, :-1]
        passed = 1 - fail if self._listed else passed * (1 - fail)
        weighed = fail * self._files[kinds]
        apart = weighed @ passed.T
        return weighed @ fail.T, apart + apart.T


def _joint(columns: Sequence[np.ndarray], rows: np.ndarray) -> np.ndarray:
    """A number for each combination of some codes that one of `rows` has; -1 for all others."""
    key = joint_keys(columns, len(columns[-1]))
    found = pd.unique(key[rows])
    number = np.full(int(key.max(initial=-1)) + 1, -1)
    number[found] = np.arange(len(found))
    return number[key]


def _united(rules: _Rules) -> np.ndarray:
    """The number of the problem of each rule."""
    problem = np.arange(len(rules.rows))
    for family in rules.families():
        both, apart = rules.agreement(family)
        always = rules.always[family]
        group = np.full(len(family), -1)
        for rule in range(len(family)):
            group[rule] = rule
            known = group[:rule]
            if always[rule] and (first := np.flatnonzero(always[:rule])).size:
                group[rule] = known[first[0]]
                continue
            enough = both[rule, :rule] > 1  # to fail once together is no coincidence worth the name
            with_group, from_group = (np.bincount(known, weights=part[rule, :rule]) for part in (both, apart))
            share = with_group / np.maximum(with_group + from_group, 1)
            share[np.bincount(known, weights=enough) == 0] = 0
            if rule and share.max() > 0.5:
                group[rule] = share.argmax()
        problem[family] = family[group]
    return problem


def multiset(members: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """A number for each group (0, 1, …) that two groups share if they have the same members as often."""
    mixed = np.arange(int(members.max(initial=-1)) + 1, dtype="uint64") + np.uint64(0x9E3779B97F4A7C15)  # splitmix64
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    sums = np.zeros(int(groups.max(initial=-1)) + 1, dtype="uint64")
    np.add.at(sums, groups, mixed[members])
    return sums
