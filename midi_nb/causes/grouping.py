"""Which failures belong to one problem: what one rule would fix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from .. import tags
from ..answers.standard import family_of
from ..coded import codes_at, joint_codes, texts_at
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
    number = joint_codes([codes[name].to_numpy() for name in ("submission", "cause", "what", "why")], len(codes))
    first = np.flatnonzero(~pd.Series(number).duplicated().to_numpy())
    texts = {"cause": codes["cause"].to_numpy()[first], "what": labels[codes["what"].to_numpy()[first]]}
    for name, column in (("submission", "submission"), ("why", "error")):
        if column in results:
            texts[name] = np.where(codes[name].to_numpy()[first] < 0, "", texts_at(results[column], rows[first]))
    order = pd.DataFrame(texts).sort_values(list(texts)).index
    place = np.empty(len(order), dtype="intp")
    place[order] = np.arange(len(order))
    return place[number]


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
        asked = _joint(results, {"submission": None, "tag_path": units.unit, "action": None}, rows)
        files = _joint(results, {"submission": None, "instance": None}, rows)
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
        self._failing, self._passing = (self._by_family(part) for part in (failing, passed))

    def _by_family(self, pairs: pd.DataFrame) -> list[tuple[np.ndarray, np.ndarray]]:
        """(rule, kind of file) of each family."""
        rule, kind = pairs["rule"].to_numpy(), pairs["kind"].to_numpy()
        family = self.family[rule]
        order = np.argsort(family, kind="stable")
        cuts = np.searchsorted(family[order], np.arange(1, int(self.family.max(initial=0)) + 1))
        return [(rule[part], kind[part]) for part in np.split(order, cuts)]

    def families(self) -> Iterator[np.ndarray]:
        """Rules of one submission, cause and family, those with the most failures first, where there are several."""
        order = np.lexsort((-self.rows, self.family))
        families = np.split(order, np.flatnonzero(np.diff(self.family[order])) + 1)
        yield from (family for family in families if len(family) > 1)

    def agreement(self, rules: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """For each two of a family: files in which both fail, and files in which one fails and the other passes."""
        parts = self._failing[self.family[rules[0]]], self._passing[self.family[rules[0]]]
        kinds = np.unique(parts[0][1])
        place, column = np.full(len(self.rows), -1), np.full(len(self._files), -1)
        place[rules], column[kinds] = np.arange(len(rules)), np.arange(len(kinds))
        fail, passed = (np.zeros((len(rules), len(kinds) + 1), dtype="float32") for _ in parts)
        for matrix, (rule, kind) in zip((fail, passed), parts, strict=True):
            matrix[place[rule], column[kind]] = 1  # the last column is for files in which nothing of the family fails
        fail, passed = fail[:, :-1], passed[:, :-1]
        passed = 1 - fail if self._listed else passed * (1 - fail)
        weighed = fail * self._files[kinds]
        apart = weighed @ passed.T
        return weighed @ fail.T, apart + apart.T


def _joint(results: pd.DataFrame, columns: Mapping[str, np.ndarray | None], rows: np.ndarray) -> np.ndarray:
    """A number for what every row says in `columns`, -1 where none of `rows` says so.

    A column may come with what to count for each of its codes.
    """
    numbers = np.zeros(len(results), dtype="int64")
    known = np.ones(len(results), dtype=bool)
    for name, labels in columns.items():
        if name not in results:
            continue
        codes = results[name].cat.codes.to_numpy()
        labels = np.append(np.arange(len(results[name].cat.categories)), -1) if labels is None else labels
        distinct = np.unique(labels[codes[rows]])
        place = np.where(np.isin(labels, distinct), np.searchsorted(distinct, labels), -1).astype("int32")
        said = place[codes]
        numbers *= len(distinct)
        numbers += said
        known &= said >= 0
    numbers[~known] = -1
    return numbers


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
