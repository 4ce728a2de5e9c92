"""problems() and what_if(): the few things worth fixing, and the scores without them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from .. import tags
from ..amounts import count
from ..answers.standard import family_of
from ..coded import encode, sparse, texts_at
from ..frames import require_columns, require_complete
from .explaining import NEEDED
from .gains import Fixes, weighted
from .grouping import Grouped, grouped
from .table import CODES, KEY, NONE, said_by

#: The columns of ``problems``.
PROBLEMS = (
    "problem", "cause", "axis", "confidence", "action", "tag", "rows", "series", "patients", "share", "gain", "example",
    "gain_series", "name", "tags", "submission",
)  # fmt: skip


def problems(results: pd.DataFrame) -> pd.DataFrame:
    """The few things worth fixing: one row for what one rule would fix, the largest gain first.

    Failures of one cause and one attribute, or one private block, belong together. So do those of one family, as the
    options of PS3.15 make them (dates, UIDs, direct identifiers, descriptions, private attributes, …), that fail
    wherever the key asks: the tool has no rule for them. What fails at times joins what it mostly fails together with.

    Parameters
    ----------
    results
        All checks, passes included, else no gain is known. ``explain`` is called where its columns are missing.

    Returns
    -------
    DataFrame
        problem (a name that holds no value, for ``what_if``), cause, axis, confidence, action, tag (without items; of
        several the one that fails most often), rows, series, patients, share (of all failed and blank checks), gain
        and gain_series (what the score would gain, with every instance or every series counted), example (label of a
        row of `results`), name, tags (how many), submission.

    Examples
    --------
    >>> found = mn.problems(results)
    >>> bool(found["rows"].sum() == (results["verdict"] != "passed").sum())
    True
    """
    table, _, _, fixes = numbered(results)
    return in_full(table, fixes)


def in_full(table: pd.DataFrame, fixes: Fixes) -> pd.DataFrame:
    """The problems of `numbered` with the gain by series."""
    return table.assign(gain_series=fixes.gains("series"))[list(PROBLEMS)]


def numbered(results: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, Fixes]:
    """(the problems, the failing rows, the place of each row's problem in the table, what counts fixes).

    The gain by series is left out, as it takes as long as everything else together; `in_full` adds it.
    """
    failures, table = _described(results)
    fixes = Fixes(failures.results, failures.rows, failures.problem, len(table))
    known = table["gain"] = fixes.gains("instance")
    if np.isnan(known).any():  # of some results only the other one is known
        known = np.where(np.isnan(known), fixes.gains("series"), known)
    table["share"] = table["rows"] / table.groupby("submission", observed=True, dropna=False)["rows"].transform("sum")
    table = table.assign(known=known).sort_values(
        ["known", "rows", "problem"], ascending=[False, False, True], kind="stable"
    )
    order = table.index.to_numpy()
    place = np.argsort(order)
    table = table.drop(columns="known").reset_index(drop=True)
    return table, failures.rows, place[failures.problem], fixes.ordered(order)


def to_fix(results: pd.DataFrame, most: int = 5) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The problems in the order to fix them, and what the first of them bring: a row per submission.

    Problems that no score counts are left out; problems that are no fault of the tool come last, and never among the
    first.

    Returns
    -------
    tuple of DataFrame
        The columns of ``problems``; and submission, unit, fixes (how many come first, `most` at most), rows (the checks
        that they repair), before, after (the score; missing where it is not known).
    """
    table, _, _, fixes = numbered(results)
    unit = next(iter(fixes.units), "instance")
    table = in_full(table, fixes)
    gain = table["gain" if unit == "instance" else "gain_series"]
    of_tool = ~table["axis"].isin([KEY, NONE])
    first = table[of_tool & ~(gain <= 0)].groupby("submission", observed=True, dropna=False, sort=False).head(most)
    fixed = np.isin(np.arange(len(table)), first.index)
    brought = first.groupby(fixes.submission_of[first.index])["rows"].agg(fixes="size", rows="sum")
    found = brought.reindex(range(len(fixes.submissions)), fill_value=0)
    found.insert(0, "submission", fixes.submissions)
    found.insert(1, "unit", unit)
    found["before"], found["after"] = (weighted(fixes.counts(unit, mask)) for mask in (np.zeros_like(fixed), fixed))
    ordered = table.assign(gain=gain, of_tool=of_tool)[table["cause"] != "lost_check"]
    ordered = ordered.sort_values("of_tool", ascending=False, kind="stable")
    return ordered[list(PROBLEMS)].reset_index(drop=True), found


def what_if(results: pd.DataFrame, fixed: str | Sequence[str]) -> pd.DataFrame:
    """The scores if these problems were gone.

    Parameters
    ----------
    results
        All checks.
    fixed
        Names of problems as ``problems(results)`` gives them, or codes of causes; a name stands for the problem of
        that name in every submission.

    Returns
    -------
    DataFrame
        unit (``instance`` or ``series``: what the score counts), before, after, gain; a row per submission and unit,
        submission. Of passes that a scoring workbook counted, there is its unit alone.

    Examples
    --------
    >>> bool((mn.what_if(results, fixed=["missing_file"])["gain"] > 0).all())
    True
    """
    require_complete(results, "what_if()", or_counts=True)
    require_columns(results, [*NEEDED, "instance"], "what_if()")
    failures, table = _described(results)
    wanted = {fixed} if isinstance(fixed, str) else set(fixed)
    hit = (table["problem"].isin(wanted) | table["cause"].isin(wanted)).to_numpy(dtype=bool)
    unknown = wanted - set(table["problem"]) - set(CODES)
    if unknown:
        raise ValueError(
            f"what_if() finds {len(unknown)} of the {len(wanted)} problems to fix neither among problems(results) "
            "nor among the causes; take names from the column problem."
        )
    fixes = Fixes(failures.results, failures.rows, failures.problem, len(table))
    parts = []
    for unit in fixes.units:
        before, after = (weighted(fixes.counts(unit, mask)) for mask in (np.zeros(len(table), dtype=bool), hit))
        part = pd.DataFrame({"unit": unit, "before": before, "after": after, "gain": after - before})
        parts.append(part.assign(submission=fixes.submissions).sort_values("submission", kind="stable"))
    return pd.concat(parts, ignore_index=True)


def problem_of(results: pd.DataFrame) -> pd.Series:
    """The name of the problem that each check belongs to, as ``problems`` names it; missing where a check passed.

    Examples
    --------
    >>> worst = mn.problems(results).loc[0]
    >>> bool(mn.problem_of(results).eq(worst["problem"]).sum() == worst["rows"])
    True
    """
    failures, table = _described(results)
    names = encode(table["problem"].to_numpy()[failures.problem])
    return pd.Series(sparse(len(results), failures.rows, names.codes, names.dtype), index=results.index, name="problem")


def _described(results: pd.DataFrame) -> tuple[Grouped, pd.DataFrame]:
    """The failing rows with the number of their problem, and what each problem is, in the order of their numbers."""
    failures = grouped(results)
    explained, rows, codes, problem, _ = failures
    _, first = np.unique(problem, return_index=True)
    groups = codes.groupby(problem, sort=True)
    who = codes[["series", "patient"]]
    distinct = who.where(who >= 0).groupby(problem, sort=True).nunique()  # checks of no patient are no patient
    members = _members(failures, first)
    table = pd.DataFrame(
        {
            **said_by(codes["cause"].to_numpy()[first]),
            "action": encode([", ".join(group.actions) or None for group in members]),
            "tag": encode([group.paths[0] if group.paths else None for group in members]),
            "rows": groups.size().to_numpy(),
            "series": distinct["series"].to_numpy(),
            "patients": distinct["patient"].to_numpy(),
            "example": explained.index[rows[first]],
            "name": encode([_name(group) for group in members]),
            "tags": [len(group.paths) for group in members],
            "submission": encode(
                texts_at(explained["submission"], rows[first]) if "submission" in explained else [None] * len(first)
            ),
        }
    )
    table["problem"] = _ids(table, members)
    alike = table.duplicated(["submission", "cause", "name"], keep=False)
    names = [
        _in_sequence(group) if same else name for group, same, name in zip(members, alike, table["name"], strict=True)
    ]
    return failures, table.assign(name=encode(names))


class _Members(NamedTuple):
    """What the failures of a problem are about, in an order that does not depend on the order of the failures."""

    paths: list[str]  # those that fail most often first; of private blocks those of the first
    names: list[str]
    actions: list[str]
    creators: list[str]
    why: str
    content: tuple[tuple[str, ...], ...]


def _members(failures: Grouped, first: np.ndarray) -> list[_Members]:
    explained, rows, codes, problem, creators = failures
    of_path = codes.assign(problem=problem)
    one = np.flatnonzero(~of_path.duplicated(["problem", "rule", "path", "action"]).to_numpy())
    often = of_path.groupby(["problem", "path"])["rule"].transform("size").to_numpy()[one]
    texts = {
        name: np.where(codes[name].to_numpy()[one] < 0, "", texts_at(explained[column], rows[one]))
        for name, column in (("action", "action"), ("path", "tag_path"), ("why", "error"))
        if column in explained
    }
    known = texts_at(explained["name"], rows[one]) if "name" in explained else np.full(len(one), None, dtype=object)
    found: list[set[tuple[str, ...]]] = [set() for _ in first]
    blocks: list[Counter[str]] = [Counter() for _ in first]
    paths: list[dict[str, int]] = [{} for _ in first]
    names: dict[str, str] = {}
    owner: dict[str, str] = {}  # path → its private block
    blocked = codes["block"].to_numpy()[one]
    for place, block, name, rows_of_path, action, path, *rest in zip(
        problem[one], blocked, known, often, *texts.values(), strict=True
    ):
        bare = tags.without_items(path)
        if bare not in names:
            names[bare] = name or tags.name(path) or bare
        found[place].add((bare, action, *rest))
        paths[place] |= {bare: -rows_of_path} if bare else {}
        if block_name := creators[block] if block >= 0 else tags.private_root(bare):
            blocks[place][block_name] += rows_of_path
            owner[bare] = block_name
    described = []
    for content, creator, counts in zip(found, blocks, paths, strict=True):
        blocks_first = sorted(creator, key=lambda each: (-creator[each], each))
        ordered = sorted(
            counts, key=lambda path: (bool(creator) and owner.get(path) != blocks_first[0], counts[path], path)
        )
        actions = sorted({action for _, action, *_ in content if action})
        why = min((row[-1] for row in content), default="") if "why" in texts else ""
        described.append(
            _Members(ordered, [names[path] for path in ordered], actions, blocks_first, why, tuple(sorted(content)))
        )
    return described


def _and_more(names: Sequence[str], noun: str = "") -> str:
    """The first of several names, and how many more there are."""
    others = len(names) - 1
    return f"{names[0]} and {count(others, f'more {noun}') if noun else f'{others} more'}" if others else names[0]


def _name(group: _Members) -> str:
    """What people call a problem: by its attributes, or by its private blocks and how many attributes they are."""
    if not group.paths:
        return "whole instances"
    family = family_of(group.paths[0])
    if not group.creators:
        return _and_more(group.names, family)
    known = len(group.paths) == 1 and group.names[0] != group.paths[0]
    return f"{_and_more(group.creators, 'block')}: {group.names[0] if known else count(len(group.paths), family)}"


def _in_sequence(group: _Members) -> str:
    """A name for one of several problems of the same name: with the sequence of its first attribute."""
    name, path = _name(group), next(iter(group.paths), "")
    sequence = tags.root(path)
    return f"{name} in {tags.name(sequence) or sequence}" if tags.is_nested(path) else name


def _about(group: _Members) -> str | None:
    """What a problem is about, in a few words: its blocks, or its attributes."""
    labels = [path if name == path else f"{name} {path}" for name, path in zip(group.names, group.paths, strict=True)]
    return _and_more(group.creators or labels) if labels else None


def _ids(table: pd.DataFrame, members: Sequence[_Members]) -> list[str]:
    """A name for each problem: its cause and what it is about; where that is the same, the reason or a number too."""
    order = pd.DataFrame({"submission": table["submission"].cat.codes, "content": [group.content for group in members]})
    order["stem"] = [
        f"{cause}: {about}" if (about := _about(group)) else str(cause)
        for cause, group in zip(table["cause"], members, strict=True)
    ]
    alike = order.duplicated(["submission", "stem"], keep=False)
    order["stem"] += [
        f", {group.why}" if same and group.why else "" for same, group in zip(alike, members, strict=True)
    ]
    ordered = order.sort_values("content", kind="stable").groupby(["submission", "stem"], sort=False)
    number = ordered.cumcount().sort_index()
    return [f"{stem} #{n + 1}" if n else stem for stem, n in zip(order["stem"], number, strict=True)]
