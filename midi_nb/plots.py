"""Figures: a computed frame in, an Axes out.

Every plot takes its frame first and the rest by keyword. It draws on `ax`, on the current Axes if empty, or on a
new figure sized for what it shows, and returns the Axes. The title states the finding, rates stand beside their
counts, and what does not fit is folded into one row that says so. Colours, hatches and markers have one meaning each,
those of `looks`.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import PowerNorm
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, PathPatch
from matplotlib.path import Path
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation
from matplotlib.ticker import FixedLocator, FuncFormatter, Locator, MaxNLocator
from matplotlib.transforms import Bbox

from . import tags
from .actions import ACTIONS, named
from .amounts import count, percent
from .causes import AXES
from .causes.references import LEADS, NOWHERE, Arc, graph
from .dates import SHIFTS, places, shifts
from .frames import EXPLAINED, MASK, require_columns, require_complete, scored
from .looks import LOOKS, PALETTE
from .scores import scoring
from .text import Marks, diff, marked, marks
from .vocabulary import WORDS, words_of

__all__ = [
    "LOOKS",
    "PALETTE",
    "causes",
    "changes",
    "date_shifts",
    "heatmap",
    "pareto",
    "partial_scores",
    "ranking",
    "references",
    "score",
    "timelines",
    "tradeoff",
    "word_diff",
]


_WIDTH = 8.5  # inches: what a notebook has beside the file browser at 1280 pixels


def score(scores: pd.DataFrame, *, ax: Axes | None = None, limit: int = 30) -> Axes:
    """Score with its interval, one row a category, the lowest on top. A single patient has no interval.

    Parameters
    ----------
    scores
        What ``score(results, by=...)`` returns.
    limit
        Rows beyond so many are folded into one, whose score is that of their checks together.

    Examples
    --------
    >>> score(mn.score(results, by="category")).get_title("left").replace("\\n", " ")
    'TCIA scores lowest: 93.40 % (... of ... checks failed, 1 blank)'
    """
    require_columns(scores, _SCORES, "plots.score()")
    if not len(scores):
        return _says(ax, "No scores in this frame")
    by = [name for name in scores.columns if name not in (*_SCORES, "patients")]
    rows = _folded(scores.sort_values("score", kind="stable"), limit, by, dict.fromkeys(_COUNTS, "sum"))
    rows["score"] = rows["score"].fillna(rows["passed"] / rows["total"].where(rows["total"] > 0))
    y = np.arange(len(rows))
    ax = _axes(ax, len(rows))
    ax.hlines(y, rows["low"], rows["high"], color=_ink(), linewidth=1.5, alpha=0.7)
    ax.plot(rows["score"], y, linestyle="", marker="o", markersize=7, color=PALETTE["pass"], markeredgecolor=_ink())
    _rows(ax, rows["label"], [_shortfall(row) for row in rows.to_dict("records")])
    _percent_axis(ax, rows)
    alone = ", none for a single patient" if rows["low"].isna().any() else ""
    ax.set_xlabel(f"score: passed of all checks (line: interval{alone})")
    if not (scores["failed"] + scores["blank"]).sum():
        return _title(ax, f"All {count(scores['total'].sum(), 'check')} passed")
    worst = rows.iloc[0]
    subject = f"{worst['label']} scores{' lowest:' if len(rows) > 1 else ''}" if by else "The score is"
    return _title(ax, f"{subject} {percent(worst['score'])} ({_shortfall(worst.to_dict())})")


def causes(results: pd.DataFrame, *, ax: Axes | None = None, limit: int = 40) -> Axes:
    """Failed and blank checks by cause, coloured by the axis they touch, the most frequent on top.

    Parameters
    ----------
    results
        What ``explain(results)`` returns.

    Examples
    --------
    >>> causes(mn.explain(results)).get_title("left").replace("\\n", " ")
    'Private block dropped is the most frequent of ... causes: ... of ... failed or blank checks (... %)'
    """
    columns = ["cause", "axis", "series", "patient"]
    require_columns(results, columns, "plots.causes()")
    failing = results.loc[results["cause"].notna() & scored(results), columns]
    if not len(failing):
        return _says(ax, f"None of {count(len(results), 'check')} failed" if len(results) else _NOTHING)
    groups = failing.groupby("cause", observed=True)
    distinct = {name: groups[one].nunique() for name, one in _DISTINCT.items()}
    tally = pd.DataFrame({"rows": groups.size(), "axis": groups["axis"].first(), **distinct})
    tally = tally.sort_values("rows", ascending=False, kind="stable").reset_index()
    rows = _folded(tally, limit, ["cause"], {"rows": "sum"})
    ax = _axes(ax, len(rows))
    _bars(ax, rows["rows"], rows["axis"])
    _rows(ax, rows["label"], [_extent(row, len(failing)) for row in rows.to_dict("records")])
    bent = _bent(ax, rows["rows"])
    _count_axis(ax.xaxis, bool(bent))
    ax.set_xlabel(f"failed or blank checks{bent}")
    _legend(ax, [axis for axis in AXES if (rows["axis"] == axis).any()])
    most = f"{_share(rows['rows'][0], len(failing), 'failed or blank check')}"
    return _title(ax, f"{rows['label'][0]} is the most frequent of {count(len(tally), 'cause')}: {most}", legend=True)


def pareto(problems: pd.DataFrame, *, ax: Axes | None = None, limit: int = 20) -> Axes:
    """Share of all failures by problem (bars) and of the problems so far together (line), the largest on top.

    Parameters
    ----------
    problems
        What ``problems(results)`` returns.

    Examples
    --------
    >>> pareto(mn.problems(results)).get_title("left").replace("\\n", " ")
    '11 of 46 problems make 80... % of ... failed or blank checks'
    """
    require_columns(problems, ["cause", "name", "axis", "rows", "series", "patients"], "plots.pareto()")
    total = int(problems["rows"].sum())
    if not total:
        return _says(ax, "No problems in this frame: no check failed")
    ordered = problems.sort_values("rows", ascending=False, kind="stable")
    rows = _folded(ordered, limit, [*_runs_of(problems), "cause", "name"], {"rows": "sum"})
    ax = _axes(ax, len(rows))
    _bars(ax, rows["rows"] / total, rows["axis"])
    ax.plot(rows["rows"].cumsum() / total, rows.index, color=_ink(), marker="o", markersize=3, linewidth=1)
    _rows(ax, rows["label"], [_extent(row) for row in rows.to_dict("records")])
    bent = _bent(ax, rows["rows"])
    ax.set_xlim(0, 1.03)
    ax.xaxis.set_major_locator(_RootTicks() if bent else FixedLocator([0, 0.25, 0.5, 0.75, 1]))
    ax.xaxis.set_major_formatter(FuncFormatter(_tick))
    ax.set_xlabel(f"share of failed or blank checks (line: up to here){bent}", loc="right")
    _legend(ax, [axis for axis in AXES if (rows["axis"] == axis).any()])
    together = (ordered["rows"].cumsum() / total).to_numpy()
    enough = int(np.argmax(together >= 0.8)) + 1
    makes = f"{count(len(problems), 'problem')} {'makes' if enough == 1 else 'make'}"
    share = f"{percent(together[enough - 1])} of {count(total, 'failed or blank check')}"
    return _title(ax, f"{enough:,} of {makes} {share}", legend=True)


def heatmap(
    results: pd.DataFrame, *, rows: str = "tag", columns: str = "modality", ax: Axes | None = None, limit: int = 30
) -> Axes:
    """Failure rate by two columns, normalised by opportunity: failed checks of all checks of a cell, both shown in it.

    Parameters
    ----------
    results
        What ``evaluate`` or ``read_results`` returns.
    rows, columns
        Names of two of its columns, in their own order (scope) or with most failures first.
    limit
        Rows beyond so many are folded into one; so are columns beyond twelve, or beyond what `ax` has room for.

    Examples
    --------
    >>> heatmap(results).get_title("left").replace("\\n", " ")
    'Most failures: Convolution Kernel (0018,1210) in CT (19 of 19, 100 %); overall ... of ... checks (... %)'
    """
    require_complete(results, "plots.heatmap()")
    require_columns(results, dict.fromkeys([rows, columns, "verdict"]), "plots.heatmap()")
    checks, failed = _crossed(results, rows, columns)
    if not checks.size:
        return _says(ax, _NOTHING)
    order = [_ordered(failed, results[rows]), _ordered(failed.T, results[columns])]
    inches = 5.2 if ax is None else ax.get_window_extent().width / ax.figure.dpi  # for all columns
    across = 12 if ax is None else min(12, max(2, int(inches)))
    limits = ((rows, limit), (columns, across))
    checks, failed = (_squared(table.loc[order[0], order[1]], limits) for table in (checks, failed))
    rate = failed / checks.where(checks > 0)
    roomy, wide = len(rate) <= 14, inches / rate.shape[1] > 0.8
    pairs = zip(failed.to_numpy(), checks.to_numpy(), strict=True)
    notes = [[_cell(*cell, roomy, wide) for cell in zip(*pair, strict=True)] for pair in pairs]
    longest = max(map(len, rate.columns))
    aslant = (
        0.05 * longest if 0.085 * longest > inches / rate.shape[1] else 0.0
    )  # inches that labels take when they stand aslant
    ax = _axes(ax, len(rate), width=min(_WIDTH, 5 + 0.85 * rate.shape[1]), row=0.46 if roomy else 0.27, below=aslant)
    sns.heatmap(
        rate, ax=ax, annot=np.array(notes, dtype=object), fmt="", annot_kws={"fontsize": 9},
        cmap=sns.blend_palette(["white", PALETTE["fail"]], as_cmap=True),
        norm=PowerNorm(0.5, 0, 1),  # the square root shows one failure in a thousand beside a tag that always fails
        linewidths=0.5, linecolor="#DDDDDD", xticklabels=list(rate.columns), yticklabels=list(rate.index),
        cbar_ax=ax.inset_axes((1.015, 0, 0.02, 1)),
        cbar_kws={"ticks": [0, 0.01, 0.1, 0.25, 0.5, 1], "format": FuncFormatter(_tick)},
    )  # fmt: skip
    untested = bool(rate.isna().to_numpy().any())
    scale = ax.collections[0].colorbar
    scale.set_label(f"failed of all checks{' (grey: no checks)' if untested else ''}")  # type: ignore[union-attr]
    ax.set_facecolor(PALETTE["blank"])
    ax.set(xlabel=columns, ylabel=rows)
    ax.tick_params(axis="y", rotation=0, length=0, labelsize=9)
    ax.tick_params(axis="x", length=0, labelsize=9)
    plt.setp(
        ax.get_xticklabels(), rotation=35 if aslant else 0, ha="right" if aslant else "center", rotation_mode="anchor"
    )
    wrong, total = int(_failed(results)[scored(results)].sum()), int(scored(results).sum())
    overall = f"overall {_share(wrong, total, 'check')}" if wrong else f"None of {count(total, 'check')} failed"
    return _title(ax, f"Most failures: {_hottest(failed, checks)}; {overall}" if wrong else overall)


def tradeoff(results: pd.DataFrame, *, interval: float = 0.95, ax: Axes | None = None, limit: int = 12) -> Axes:
    """Privacy against utility failures per 1,000 checks: one point a submission, with its name and its intervals.

    Parameters
    ----------
    results
        What ``explain(results)`` returns, of one or several submissions.
    interval
        Coverage of the whiskers, each of one rate as in ``score``. They come from the differences between patients,
        so a submission of a single patient has none.
    limit
        Submissions beyond so many are small grey dots; those with the fewest failures are named.

    Examples
    --------
    >>> tradeoff(mn.explain(results)).get_title("left").replace("\\n", " ")
    'careless: ... privacy, ... utility failures per 1,000 checks'
    """
    require_complete(results, "plots.tradeoff()")
    require_columns(results, ["submission", "patient", "axis"], "plots.tradeoff()")
    if not 0 < interval < 1:
        raise ValueError(f"interval must lie between 0 and 1, got {interval}.")
    found = {axis: _rates(results, axis, interval) for axis in ("privacy", "utility")}
    rates, highs = (pd.DataFrame({axis: one[name] for axis, one in found.items()}) for name in ("rate", "high"))
    if not len(rates):
        return _says(ax, _NOTHING)
    rates = rates.loc[rates.sum(axis=1).sort_values(kind="stable").index]
    named, rest = (rates, rates.iloc[:0]) if len(rates) <= limit + 1 else (rates.iloc[:limit], rates.iloc[limit:])
    ax = _axes(ax, 16)
    if len(rest):
        small: dict[str, Any] = {"s": 14, "color": _ink(), "alpha": 0.35, "zorder": 2}
        ax.scatter(rest["privacy"], rest["utility"], label=f"other ({len(rest):,})", **small)
        ax.legend(loc="upper right", frameon=False)
    point: dict[str, Any] = {"marker": "o", "markersize": 6, "color": _ink(), "clip_on": False, "zorder": 6}
    whiskers: dict[str, Any] = {"ecolor": _ink(), "elinewidth": 1.2, "alpha": 0.45, "capsize": 3, "clip_on": False}
    for name, rate in named.iterrows():
        ax.plot(*rate, label=f"{_label(name, 30)}: {_per_mille(rate)}", **point)
        across, up = (one.loc[[name], ["below", "above"]].T for one in found.values())
        ax.errorbar(rate["privacy"], rate["utility"], xerr=across, yerr=up, fmt="none", **whiskers)
    ends = np.concatenate([highs.loc[named.index].fillna(0), rates])
    words = _from_zero(ax, ends, rates.to_numpy())
    ax.set(xlabel=f"privacy failures per 1,000 checks{words}", ylabel=f"utility failures per 1,000 checks{words}")
    _name_points(ax, named)
    return _title(ax, _frontier(rates))


def ranking(ranking: pd.DataFrame, *, ax: Axes | None = None, limit: int = 30) -> Axes:
    """Scores of several submissions with their intervals, the best on top, its score drawn through as a reference line.

    A draw is a resample of the patients with replacement: how often a submission is first shows how much that depends
    on who the patients are.

    Parameters
    ----------
    ranking
        What ``rank(results)`` returns.

    Examples
    --------
    >>> runs = [mn.evaluate(demo.submissions[name], demo.key, progress=False) for name in ("careless", "reference")]
    >>> ranking(mn.rank(mn.concat(runs))).get_title("left").replace("\\n", " ")
    'reference ranks first of 2 submissions with 100 %, in every draw of patients'
    """
    require_columns(ranking, _RANKS, "plots.ranking()")
    if not len(ranking):
        return _says(ax, "No submissions in this frame")
    ordered = ranking.sort_values("rank", kind="stable")
    best = ordered.iloc[0]
    rows = _folded(ordered, limit, ["submission"], {"low": "min", "high": "max"})
    ax = _axes(ax, len(rows))
    ax.axvline(best["score"], color=_ink(), linewidth=0.8, linestyle=":", alpha=0.7)
    ax.hlines(rows.index, rows["low"], rows["high"], color=_ink(), linewidth=7, alpha=0.25)
    ax.plot(rows["score"], rows.index, linestyle="", marker="|", markersize=13, markeredgewidth=2, color=_ink())
    _rows(ax, rows["label"], [_ranked(row) for row in rows.to_dict("records")])
    _percent_axis(ax, rows[rows["score"].notna()])
    ax.set_xlabel("score (bar: interval over patients; dotted: the best)")
    draws = "every draw" if best["p_first"] == 1 else f"{percent(best['p_first'])} of the draws"
    subject = f"{rows['label'][0]} ranks first of {count(len(ranking), 'submission')}"
    beats, apart = best.get("beats_next", True), ""
    if len(rows) > 1 and pd.isna(beats):
        apart = f"; patients are too few to test whether it beats {rows['label'][1]}"
    elif len(rows) > 1 and not beats:
        apart = f"; {rows['label'][1]} cannot be distinguished from it"
    return _title(ax, f"{subject} with {percent(best['score'])}, in {draws} of patients{apart}")


def changes(comparison: pd.DataFrame, *, by: str = "tag", ax: Axes | None = None, limit: int = 20) -> Axes:
    """Checks fixed (right) and regressed (left) between two runs by a column, the most changed on top.

    Parameters
    ----------
    comparison
        What ``compare(before, after)`` returns.
    by
        One of its columns.

    Examples
    --------
    >>> fixed = mn.evaluate(demo.submissions["reference"], demo.key, progress=False)
    >>> changes(mn.compare(results, fixed)).get_title("left").replace("\\n", " ")
    '... fixed, 0 regressed of ... checks: ... failures fewer'
    """
    require_columns(comparison, [by, "change"], "plots.changes()")
    groups = _filled(comparison[by])
    kinds = {name: groups[comparison["change"] == name].value_counts() for name in ("fixed", "regressed")}
    tally = pd.DataFrame({**kinds, "checks": groups.value_counts()}).fillna(0).astype("int64").rename_axis(by)
    changed = tally["fixed"] + tally["regressed"]
    tally = tally.loc[changed[changed > 0].sort_values(ascending=False, kind="stable").index].reset_index()
    if not len(tally):
        return _says(ax, f"None of {count(len(comparison), 'check')} was fixed, none regressed")
    rows = _folded(tally, limit, [by], dict.fromkeys(["fixed", "regressed", "checks"], "sum"))
    ax = _axes(ax, len(rows))
    _bars(ax, rows["fixed"], ["pass"] * len(rows))
    _bars(ax, -rows["regressed"], ["fail"] * len(rows))
    _rows(ax, rows["label"], [f"+{row.fixed:,} −{row.regressed:,} of {row.checks:,}" for row in rows.itertuples()])
    ax.axvline(0, color=_ink(), linewidth=0.8)
    fixed, regressed = int(rows["fixed"].sum()), int(rows["regressed"].sum())
    reach = 1.05 * rows[["fixed", "regressed"]].to_numpy().max()
    ax.set_xlim(-reach if regressed else -0.2 * reach, reach if fixed else 0.2 * reach)
    bent = _bent(ax, rows[["fixed", "regressed"]].max(axis=1))
    _count_axis(ax.xaxis, bool(bent))
    ax.set_xlabel(f"checks: ← regressed | fixed →{bent}")
    _legend(ax, {"fail": "regressed", "pass": "fixed"})
    net = f"{count(abs(fixed - regressed), 'failure')} {'fewer' if fixed > regressed else 'more'}"
    of = count(len(comparison), "check")
    net = "as many failures" if fixed == regressed else net
    return _title(ax, f"{fixed:,} fixed, {regressed:,} regressed of {of}: {net}", legend=True)


def partial_scores(results: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """How much of the text was handled right where a check failed in part: words kept, or words removed.

    Parameters
    ----------
    results
        What ``evaluate`` or ``read_results`` returns. Checks that scored 0 are counted in the title, not drawn: they
        are so many that the rest would vanish.

    Examples
    --------
    >>> partial_scores(results).get_title("left").replace("\\n", " ")
    '... of ... failed text checks were right in part (median 66.67 %); the others scored 0'
    """
    require_columns(results, ["action", "verdict", "score"], "plots.partial_scores()")
    failed = results.loc[results["action"].isin(named("keep", "remove")) & _failed(results), ["action", "score"]]
    part = failed[failed["score"].gt(0) & failed["score"].lt(1)]
    if not len(part):
        return _says(ax, f"{count(len(failed), 'text check')} failed, none in part")
    ax = _axes(ax, 12)
    middles, base = np.arange(0.05, 1, 0.1), np.zeros(10, dtype="int64")
    # Rounded, because a score of 3 words in 5 must not fall on either side of 0.6 by its last binary digit.
    tenths = pd.cut(part["score"].round(9), np.linspace(0, 1, 11).round(1))
    legend: dict[str, str] = {}
    for axis, what, actions in (
        ("utility", "to keep: words kept", named("keep")),
        ("privacy", "to remove: words removed", named("remove")),
    ):
        look, heights = LOOKS[axis], tenths[part["action"].isin(actions)].value_counts(sort=False).to_numpy()
        ax.bar(middles, heights, 0.09, base, color=look.colour, hatch=look.hatch, edgecolor="white", linewidth=0)
        base = base + heights
        legend |= {axis: f"text {what} ({heights.sum():,})"} if heights.any() else {}
    for x, height in zip(middles[base > 0], base[base > 0], strict=True):
        ax.annotate(f"{height:,}", (x, height), (0, 2), textcoords="offset points", ha="center", fontsize=9)
    ax.set(xlim=(0, 1), ylim=(0, 1.12 * base.max()), xticks=np.linspace(0, 1, 11))
    ax.set(xlabel="share of the words handled right", ylabel="failed checks")
    ax.xaxis.set_major_formatter(FuncFormatter(_tick))
    _count_axis(ax.yaxis)
    sns.despine(ax=ax)
    _legend(ax, legend)
    some = f"{len(part):,} of {count(len(failed), 'failed text check')} {_were(len(part))} right in part"
    median = f"median {percent(part['score'].median())}"
    return _title(ax, f"{some} ({median}){'; the others scored 0' if len(part) < len(failed) else ''}", legend=True)


def date_shifts(results: pd.DataFrame, *, values: bool = True, ax: Axes | None = None, limit: int = 30) -> Axes:
    """Days between original and released dates, one strip a patient: one dot a strip is one constant shift.

    Parameters
    ----------
    results
        What ``evaluate`` or ``read_results`` returns; its ``date_shifted`` checks are shown.
    values
        ``False`` hides the patients' identifiers and the length of the shifts, with which dates could be restored.
    limit
        Patients beyond so many share one strip; those with several shifts, or none, come first.

    Examples
    --------
    >>> date_shifts(results).get_title("left").replace("\\n", " ")
    '3 of 10 patients have several shifts; 19 of 419 dates were not shifted'
    """
    require_complete(results, "plots.date_shifts()")
    require_columns(results, ["patient", "action", "original", "actual"], "plots.date_shifts()")
    who = [*_runs_of(results), "patient"]
    dates = _shifted(results[results["action"].isin(named(about=["date"]))], who)
    if not dates["days"].notna().any():
        return _says(ax, f"None of {count(len(dates), 'date')} can be compared with its original")
    groups = dates.groupby(who, observed=True)
    tally = groups[["dates", "compared", "kept", "gone"]].sum().assign(shifts=groups["moved"].nunique())
    trouble = 2 * (tally["shifts"] > 1) + (tally["kept"] > 0)
    tally = tally.loc[trouble.sort_values(ascending=False, kind="stable").index].reset_index()
    rows = _folded(tally, limit, who, dict.fromkeys(["dates", "compared", "kept", "gone"], "sum"))
    strips = tally[[*who, "shifts"]].assign(y=np.arange(len(tally)).clip(max=len(rows) - 1))
    dots = dates.groupby([*who, "days"], observed=True).size().rename("n").reset_index().merge(strips, on=who)
    ax = _axes(ax, len(rows))
    ax.axvline(0, color=_ink(), linewidth=0.8, alpha=0.6)
    legend: dict[str, str] = {}
    for name, what, found in (
        ("pass", "one shift for the patient", (dots["days"] != 0) & (dots["shifts"] == 1)),
        ("fail", "several shifts", (dots["days"] != 0) & (dots["shifts"] > 1)),
        ("privacy", "date not shifted", dots["days"] == 0),
    ):
        if found.any():
            legend[name] = what
            look: dict[str, Any] = {"color": PALETTE[name], "marker": LOOKS[name].marker, "edgecolor": _ink()}
            days, y, n = (dots.loc[found, column] for column in ("days", "y", "n"))
            ax.scatter(days, y, 36 + 12 * np.log2(n), linewidth=0.4, alpha=0.9, zorder=3, **look)
    labels = rows["label"] if values else _numbered(rows["label"], "patient")
    _rows(ax, labels, [_dated(row) for row in rows.to_dict("records")])
    ax.margins(x=0.06)
    nobodys = (
        f"; {count(alone, 'date')} without a patient left out" if (alone := len(dates) - tally["dates"].sum()) else ""
    )
    ax.set_xlabel(f"released − original date ({'days' if values else 'lengths hidden'}){nobodys}")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x + 0:,.0f}" if values or x == 0 else ""))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    _legend(ax, legend, markers=True)
    several, kept = int((tally["shifts"] > 1).sum()), int(tally["kept"].sum())
    some = f"{several:,} of {count(len(tally), 'patient')} {'has' if several == 1 else 'have'}"
    unshifted = f"; {kept:,} of {count(tally['dates'].sum(), 'date')} {_were(kept)} not shifted" if kept else ""
    subject = some if several else f"No patient of {len(tally):,} has"
    return _title(ax, f"{subject} several shifts{unshifted}", legend=True)


def timelines(lines: pd.DataFrame, *, values: bool = True, ax: Axes | None = None, limit: int = 12) -> Axes:
    """Original dates above, released ones below, and lines between: upright is the usual shift of the patient.

    Parameters
    ----------
    lines
        What ``timelines(results)`` returns.
    values
        ``False`` hides the patients' identifiers and all numbers of days: dates stand in their order.
    limit
        How many patients are drawn, those first that have most dates that are not shifted as usual.

    Examples
    --------
    >>> timelines(mn.timelines(results)).get_title("left").replace("\\n", " ")
    '66 of 417 dates are not shifted as usual, in 7 of 10 patients'
    """
    who = ["submission", "patient"]
    require_columns(lines, [*who, "was", "now", "usual", "shift", "checks"], "plots.timelines()")
    if not len(lines):
        return _says(ax, "No dates in this frame")
    patient = lines.groupby(who, observed=True, sort=False).ngroup().to_numpy()
    shown = lines[patient < limit]
    ends, y = places(shown, values), patient[patient < limit]
    room = max(ends["start"].max(), 30.0)  # a date that kept its day lies years off: it ends at the edge
    labels = shown.drop_duplicates(who)
    ax = _axes(ax, 2 * len(labels))
    legend: dict[str, str] = {}
    far = False
    for kind, look in reversed(SHIFTS.items()):
        found = (shown["shift"] == kind).to_numpy()
        if found.any():
            legend[look] = words_of("shift", kind)
            start, end = ends[found].to_numpy().T
            last = np.where(np.isfinite(end), 0.3, 0.0)
            x = np.stack([start, np.clip(np.where(np.isfinite(end), end, start), -room, 2 * room)])
            far |= bool((np.abs(end - room / 2) > 1.5 * room).any())
            style: dict[str, Any] = {"color": PALETTE[look], "linestyle": "-" if kind == "usual" else "--", "zorder": 3}
            ax.plot(x, np.stack([y[found] - 0.3, y[found] + last]), linewidth=1.2, **style)
            ax.plot(x[1], y[found] + last, linestyle="", marker=LOOKS[look].marker, color=PALETTE[look], zorder=4)
    names = [" · ".join(_label(row[name]) for name in [*_runs_of(lines), "patient"]) for _, row in labels.iterrows()]
    counts = shown.groupby([y, "shift"], observed=True)["checks"].sum()
    notes = [
        ", ".join(f"{counts[row, kind]:,} {words_of('shift', kind)}" for kind in SHIFTS if (row, kind) in counts.index)
        for row in range(len(labels))
    ]
    _rows(ax, names if values else _numbered(names, "patient"), [note.replace(", ", "\n") for note in notes])
    rest = int(patient.max()) + 1 - len(labels)
    more = ("; far ones at the edge" if far else "") + (f"; {count(rest, 'patient')} more not drawn" if rest else "")
    scale = "days since the first original date" if values else "dates in their order"
    ax.set_xlabel(f"{scale} (top: original, bottom: released){more}")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if not values:
        ax.set_xticks([])
    _legend(ax, {look: legend[look] for look in SHIFTS.values() if look in legend}, markers=True)
    odd = (lines["shift"] != "usual").to_numpy()
    wrong, dates = int(lines["checks"][odd].sum()), count(lines["checks"].sum(), "date")
    of = f"{len(set(patient[odd])):,} of {count(patient.max() + 1, 'patient')}"
    said = f"{wrong:,} of {dates} {'is' if wrong == 1 else 'are'} not shifted as usual, in {of}"
    return _title(ax, said if wrong else f"All {dates} are shifted as usual for their patient", legend=True)


def references(references: pd.DataFrame, *, values: bool = True, ax: Axes | None = None, limit: int = 30) -> Axes:
    """References between the series of a patient as arcs; those that lead to no released object end at the right edge.

    Parameters
    ----------
    references
        What ``references(results)`` returns.
    values
        ``False`` hides the patients' identifiers.
    limit
        How many studies and series are drawn, of the patients with most references that lead nowhere.

    Examples
    --------
    >>> references(mn.references(results)).get_title("left").replace("\\n", " ")
    '10 of 41 references lead to no released object, 1 as in the original'
    """
    who = ["submission", "patient"]
    require_columns(references, [*who, *_GRAPH], "plots.references()")
    if not len(references):
        return _says(ax, "No references in this frame")
    web = references[[*who, *_GRAPH]].astype(object)
    odd = web["leads"] == "dangling"
    web["odd"] = odd.groupby([web[name] for name in who], dropna=False).transform("sum")
    labels: list[str] = []
    arcs: list[Arc] = []
    drawn = cut = 0
    patients = web.sort_values("odd", ascending=False, kind="stable").groupby(who, sort=False, dropna=False)
    for (_, patient), own in patients:
        things, between, more = graph(own, limit // 3)
        if labels and len(labels) + len(things) > limit:
            break
        drawn, cut, top = drawn + 1, cut + more, len(labels)
        whose = _label(patient) if values else f"patient {drawn}"
        labels += [label if series else f"{whose} · {label}" for label, _, series in things]
        ends = [(top + arc.start, None if arc.end is None else top + arc.end) for arc in between]
        arcs += [arc._replace(start=start, end=end) for arc, (start, end) in zip(between, ends, strict=True)]
    ax = _axes(ax, len(labels))
    reach = max(1, *(abs(arc.end - arc.start) for arc in arcs if arc.end is not None), 1)
    notes: list[list[str]] = [[] for _ in labels]
    for start, end, kind, n, _ in reversed(arcs):  # the worst on top
        colour, width, marker = PALETTE[LEADS[kind]], 1 + np.log2(n) / 2, LOOKS[LEADS[kind]].marker
        if end is None:
            notes[start].insert(0, f"{n:,} {words_of('leads', kind)}")
            ax.plot([0, 0.95], [start, start], linestyle="--", color=colour, linewidth=width)
            ax.plot(0.97, start, linestyle="", marker=marker, color=colour)
            continue
        far, half = 0.15 + 0.7 * abs(end - start) / reach, 0.3 if end == start else 0.0
        corners = [(0, start - half), (far, start - half), (far, end + half), (0, end + half)]
        arc = Path(corners, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
        ax.add_patch(PathPatch(arc, facecolor="none", edgecolor=colour, linewidth=width))
        ax.plot(0, end + half, linestyle="", marker=marker, color=colour, clip_on=False)
    _rows(ax, labels, [", ".join(note) for note in notes])
    ax.set(xlim=(0, 1), xticks=[])
    ax.grid(visible=False)
    hidden = [count(n, noun) for n, noun in ((patients.ngroups - drawn, "patient"), (cut, "arc")) if n]
    ax.set_xlabel(f"{' and '.join(hidden)} more not drawn" if hidden else "")
    kinds = {arc.leads for arc in arcs}
    looks = {LEADS[kind]: words_of("leads", kind) for kind in reversed(LEADS) if kind in kinds}  # of one look the worst
    _legend(ax, dict(reversed(looks.items())), markers=True)
    wrong, of = int(web["leads"].isin(NOWHERE).sum()), count(len(web), "reference")
    said = f"{wrong:,} of {of} {'leads' if wrong == 1 else 'lead'} to no released object"
    if before := int((web["leads"] == "dangling before").sum()):
        said += f", {before:,} as in the original"
    return _title(ax, said if wrong else f"None of {of} leads to no released object", legend=True)


def word_diff(failure: pd.Series | pd.DataFrame, *, values: bool = True, ax: Axes | None = None) -> Axes:
    """A card of one check: original, expected and released text, with the words that leaked, were lost or kept marked.

    Parameters
    ----------
    failure
        One row of what ``evaluate``, ``read_results`` or ``explain`` returns, as a Series or a frame of one row.
    values
        ``False`` puts ``•••`` for every word, so that the card may be shown to others.

    Examples
    --------
    >>> failure = mn.explain(results).query("cause == 'overclean_partial'").iloc[0]
    >>> word_diff(failure).get_title("left").replace("\\n", " ")
    'Study Description (0008,1030): 1 of 3 words lost'
    """
    frame = failure.to_frame().T if isinstance(failure, pd.Series) else failure
    require_columns(frame, ["action", "tag_path", *_TEXTS.values()], "plots.word_diff()")
    if not len(frame):
        return _says(ax, "No check in this frame")
    if len(frame) > 1:
        rows = f"this frame has {len(frame):,} rows"
        raise ValueError(f"plots.word_diff() shows one check, but {rows}; pass one of them, such as frame.iloc[0].")
    check = {str(name): None if pd.isna(value) else str(value) for name, value in frame.iloc[0].items()}
    texts = {name: _drawable(check[column] or "", _MONO) for name, column in _TEXTS.items()}
    marked, finding = _marked(texts, check)
    marked = marked if values else {name: _hidden(pieces) for name, pieces in marked.items()}
    if check.get("verdict") in ("blank", "lost"):
        finding = str(check["verdict"])
        marked[finding] = [(_drawable(check.get("error") or "no reason given", _MONO), "note")]
    own = ax is None
    ax = plt.figure(figsize=(_CARD, 3)).add_axes((0.02, 0, 0.96, 1)) if ax is None else ax
    ax.set_axis_off()
    known = [_name_of(name, check[name]) for name in ("action", "cause", "axis") if check.get(name)]
    _write(ax, 0, _drawable(" · ".join(known), _MONO), alpha=0.75)
    columns = max(20, int(ax.get_window_extent().width / ax.figure.dpi * 72 / _CHARACTER * 0.93) - _MARGIN)
    line = 1.3
    for name, pieces in marked.items():
        _write(ax, line, name, alpha=0.75)
        for row in _wrapped(pieces, columns) or [[(_absence(name, check), "note")]]:
            _write_pieces(ax, line, row)
            line += 1
        line += 0.4
    used = {mark for pieces in marked.values() for _, mark in pieces}
    _write_pieces(ax, line, [piece for mark in _MARKS if mark in used for piece in ((mark, mark), ("   ", None))])
    if own:
        height = 0.5 + (line + 1) * _LINE / 72
        ax.figure.set_size_inches(_CARD, height)  # type: ignore[union-attr]
        ax.set_position((0.02, 0, 0.96, 1 - 0.42 / height))
    return _title(ax, f"{_name_of('tag_path', check['tag_path'])}: {finding}")


_NOTHING = "No checks in this frame"
_GRAPH = ("study", "series", "modality", "name", "leads", "to_study", "to_series", "to_modality")
_NONE = "(none)"  # the label of missing cells
_SCORES = ("passed", "failed", "blank", "total", "score", "low", "high")
_COUNTS = ("passed", "failed", "blank", "total")
_RANKS = ("submission", "score", "low", "high", "rank", "rank_low", "rank_high", "p_first")
_DISTINCT = {"series": "series", "patients": "patient"}  # how many → of what
# kind of action → what became of wrong words, and of right ones
_WORDS = {"keep": ("lost", "kept"), **dict.fromkeys(("remove", "change", "map"), ("leaked", "removed"))}


def _failed(results: pd.DataFrame) -> pd.Series:
    """Which checks failed; a blank is no failure."""
    return results["verdict"] == "failed"


def _runs_of(frame: pd.DataFrame) -> list[str]:
    """The column that names the submission, if there are several."""
    return ["submission"] if "submission" in frame.columns and frame["submission"].nunique() > 1 else []


def _crossed(results: pd.DataFrame, rows: str, columns: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How many checks and how many failed ones by two columns; by cause or axis, how many failed so of all checks."""
    free = [axis for axis, name in enumerate((rows, columns)) if name not in EXPLAINED]
    kept = scored(results)
    by = [results.loc[kept, rows].rename("rows"), results.loc[kept, columns].rename("columns")]
    by = [_filled(column) if axis in free else column for axis, column in enumerate(by)]
    counted = _failed(results)[kept] if len(free) == 2 else pd.Series(True, index=by[0].index)
    groups = counted.groupby(by, observed=True)
    failed = groups.sum().unstack(fill_value=0)
    if len(free) == 2:
        return groups.size().unstack(fill_value=0), failed
    if not free:
        return failed * 0 + int(kept.sum()), failed
    totals = counted.groupby(by[free[0]], observed=True).size()
    failed = failed.reindex(totals.index, axis=free[0], fill_value=0)
    return (failed * 0).add(totals, axis=free[0]), failed


def _filled(column: pd.Series) -> pd.Series:
    """A column whose missing cells are a group of their own, the last where it has an order."""
    missing = column.isna()
    if not missing.any():
        return column
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return column.astype(object).where(~missing, _NONE)
    known = column.cat.categories
    return (column if _NONE in known else column.cat.add_categories([_NONE])).fillna(_NONE)


def _ordered(failed: pd.DataFrame, values: pd.Series) -> pd.Index:
    """The rows in their own order where they have one, else those with most failures first."""
    own = isinstance(values.dtype, pd.CategoricalDtype) and values.cat.ordered
    return failed.index if own else failed.sum(axis=1).sort_values(ascending=False, kind="stable").index


def _squared(table: pd.DataFrame, limits: Iterable[tuple[str, int]]) -> pd.DataFrame:
    """The table with readable labels, its rows and then its columns folded."""
    for name, limit in limits:
        numbers = table.set_axis(range(table.shape[1]), axis=1)
        folded = _folded(numbers.assign(**{name: table.index}), limit, [name], dict.fromkeys(numbers.columns, "sum"))
        table = folded.set_index("label").drop(columns=name).set_axis(table.columns, axis=1).T
    return table


def _cell(failed: int, checks: int, roomy: bool, wide: bool) -> str:
    """Rate and counts of one cell, the rate alone where there is no room; nothing where there was nothing to fail."""
    counts = f"{failed:,}/{checks:,}" if checks else ""
    if not wide:
        return percent(failed / checks, 0) if failed else "0" if checks else ""
    return f"{percent(failed / checks, 0)}\n{counts}" if failed and roomy else counts


def _hottest(failed: pd.DataFrame, checks: pd.DataFrame) -> str:
    """The cell with most failures, folded ones apart."""
    single = failed.loc[~failed.index.str.startswith("other ("), ~failed.columns.str.startswith("other (")]
    row, column = divmod(int(np.argmax(single.to_numpy())), single.shape[1])
    most, of = (int(table.to_numpy()[row, column]) for table in (single, checks))
    place = " in ".join(dict.fromkeys([str(single.index[row]), str(single.columns[column])]))
    return f"{place} ({most:,} of {of:,}, {percent(most / of)})"


def _rates(results: pd.DataFrame, axis: str, interval: float) -> pd.DataFrame:
    """Failures of an axis per 1,000 checks of each submission: rate, high, and how far the interval reaches."""
    failed = results["axis"].eq(axis).fillna(False).astype("int64")
    checks = results[["submission", "patient"]].assign(passed=1 - failed, failed=failed, blank=0)[scored(results)]
    scores = scoring.score(checks.dropna(subset="submission"), by="submission", interval=interval)
    rate, low, high = (
        1000 * scores["failed"] / scores["total"],
        1000 - 1000 * scores["high"],
        1000 - 1000 * scores["low"],
    )
    found = pd.DataFrame({"rate": rate, "high": high, "below": rate - low, "above": high - rate})
    return found.set_axis(scores["submission"].astype(object), axis=0).clip(lower=0)  # rounding is no reach


def _from_zero(ax: Axes, reached: Any, rates: Any) -> str:
    """Let both axes begin at zero and show all, on square-root scales for rates far apart; words that say so."""
    bent = rates.max() > 50 * max(0.1, rates[rates > 0].min(initial=np.inf))
    sides: Any = ((ax.xaxis, ax.set_xscale, ax.set_xlim), (ax.yaxis, ax.set_yscale, ax.set_ylim))
    for (axis, set_scale, set_limits), top in zip(sides, reached.max(axis=0), strict=True):
        top = max(top * (1.15 if bent else 1.05), 1)
        if bent:
            set_scale("function", functions=_ROOT)
            axis.set_major_locator(_RootTicks())
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
        set_limits(0, top)
    sns.despine(ax=ax)
    return _BENT if bent else ""


def _name_points(ax: Axes, rates: pd.DataFrame) -> None:
    """Write names beside points, each where it covers no other name and no other point, if there is such a place."""
    around = [(side, sign * 7, up) for up in (9, -9, 22, -22) for side, sign in (("left", 1), ("right", -1))]
    taken = [Bbox.from_extents(*(at - 5), *(at + 5)) for at in ax.transData.transform(rates.to_numpy())]
    frame = ax.get_window_extent()
    for number, (name, rate) in enumerate(rates.iterrows()):
        halo = withStroke(linewidth=3, foreground=ax.get_facecolor())  # whiskers of others may run below a name
        text = ax.annotate(
            _label(name, 30), rate, (8, 0), textcoords="offset points", va="center", path_effects=[halo], zorder=5
        )
        others, best = taken[:number] + taken[number + 1 :], None
        for side, *offset in around:
            text.set(ha=side, position=offset)
            box = text.get_window_extent()
            covered = sum(box.overlaps(other) for other in others) + 2 * (box.x0 < frame.x0) + 2 * (box.y0 < frame.y0)
            if best is None or covered < best[0]:
                best = (covered, side, offset, box)
        if best is not None:
            text.set(ha=best[1], position=best[2])
            taken.append(best[3])


def _frontier(rates: pd.DataFrame) -> str:
    """Which submissions no other beats on both rates."""
    points = rates.to_numpy()
    beaten = [bool(((points <= point).all(axis=1) & (points < point).any(axis=1)).any()) for point in points]
    best = rates[~np.array(beaten)]
    name, found = _label(best.index[0]), f"{_per_mille(best.iloc[0])} failures per 1,000 checks"
    if len(rates) == 1:
        return f"{name}: {found}"
    if len(best.drop_duplicates()) > 1:
        return f"{len(best):,} of {len(rates):,} submissions trade privacy for utility; none is best on both"
    subject = f"{name} does" if len(best) == 1 else f"{len(best):,} of {len(rates):,} submissions do"
    return f"{subject} best on both: {found}"


def _shifted(dates: pd.DataFrame, who: list[str]) -> pd.DataFrame:
    """Whose each date is, by how many days it moved, and whether it can be compared, stayed or is gone."""
    days = pd.Series(shifts(dates)["days"].to_numpy(), index=dates.index)
    gone = dates["actual"].isna() | dates["actual"].eq("").fillna(False).astype(bool)
    kinds: dict[str, Any] = {"dates": 1, "compared": days.notna(), "kept": days.eq(0), "gone": gone}
    return dates[who].assign(days=days, moved=days.where(days != 0), **kinds)


_Piece = tuple[str, str | None]  # a piece of text and the name of its mark


class _Mark(NamedTuple):
    """How marked words stand out: the meaning whose colour fills them, a line of this character over them, weight."""

    meaning: str
    line: str
    weight: str = "normal"


_MARKS = {
    "leaked": _Mark("privacy", "▁", "bold"),
    "removed": _Mark("pass", "─"),
    "lost": _Mark("utility", "─", "bold"),
    "kept": _Mark("pass", ""),
    "gone": _Mark("blank", "─"),
    "new": _Mark("blank", "▁"),
}
_TEXTS = {"original": "original", "expected": "expected", "released": "actual"}
_ABSENCES = {"empty": "(empty)", **{state: f"({words})" for state, words in WORDS["state"].items()}}
_MONO, _SIZE = "DejaVu Sans Mono", 10.0  # a font that comes with matplotlib
_CHARACTER, _LINE = 0.602 * _SIZE, 1.7 * _SIZE  # width and height in points
_MARGIN, _LINES = 11, 6  # characters before the text, lines of a text
_CARD = 8.5  # inches


def _marked(texts: Mapping[str, str], check: Mapping[str, str | None]) -> tuple[dict[str, list[_Piece]], str]:
    """The pieces of each text with their marks, and what became of the text in words."""
    action = ACTIONS.get(check["action"] or "")
    plain: dict[str, list[_Piece]] = {name: [(text, None)] for name, text in texts.items()}
    if MASK in texts.values():
        return plain, "values hidden"
    if action and action.kind in _WORDS:
        asked = texts[action.column]
        found = marks(action, asked, texts["released"], check.get("verdict") or "passed")
        bad, good = _WORDS[action.kind]
        words = dict.fromkeys(found.right, good) | dict.fromkeys((*found.left, *found.lost), bad)
        if words or not asked:
            finding = _finding(found, bad, good) if words else "there is no text to look for"
            return {name: marked(text, words) for name, text in texts.items()}, finding
    pieces = diff(texts["original"], texts["released"])
    for name, part in (("original", "gone"), ("released", "new")):
        plain[name] = [(p.text, part if p.part == part else None) for p in pieces if p.part in ("same", part)]
    if not texts["released"]:
        return plain, _absence("released", check).strip("()")
    return plain, "value kept" if texts["original"] == texts["released"] else "value replaced"


def _finding(marks: Marks, bad: str, good: str) -> str:
    """What became of the words of a text, in words."""
    wrong, right = (*marks.left, *marks.lost), marks.right
    words, became = len(wrong) + len(right), bad if wrong else good
    return f"{len(wrong or right):,} of {words:,} words {became}" if words > 1 else f"the value was {became}"


def _hidden(pieces: Iterable[_Piece]) -> list[_Piece]:
    """The pieces with ``•••`` for every stretch that is not blank."""
    return [(re.sub(r"\S+", MASK, text), mark) for text, mark in pieces]


def _wrapped(pieces: Iterable[_Piece], columns: int) -> list[list[_Piece]]:
    """The pieces in lines of so many characters; beyond some lines, how many characters are left out."""
    cells = [(character, mark) for text, mark in pieces for character in text]
    room = _LINES * columns
    if len(cells) > room:
        kept = room - 2 * _MARGIN
        cells = [*cells[:kept], *((character, "note") for character in f" … {len(cells) - kept:,} more")]
    lines = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    runs = [groupby(line, key=lambda cell: cell[1]) for line in lines]
    return [[("".join(character for character, _ in run), mark) for mark, run in line] for line in runs]


def _absence(name: str, check: Mapping[str, str | None]) -> str:
    """What to write where there is no text."""
    nothing = "(empty)" if check[_TEXTS[name]] == "" else "(none)"
    return _ABSENCES.get(check.get("state") or "", nothing) if name == "released" else nothing


def _write_pieces(ax: Axes, line: float, pieces: Iterable[_Piece]) -> None:
    """Write pieces of text one after another, each as its mark looks."""
    before: Any = None  # each hangs on the one before it, for the width of a character depends on the resolution
    for text, name in pieces:
        look: dict[str, Any] = {"style": "italic", "alpha": 0.75} if name == "note" else {}
        if mark := _MARKS.get(name or ""):
            fill = {"boxstyle": "square,pad=0.08", "facecolor": PALETTE[mark.meaning], "alpha": 0.4, "linewidth": 0}
            look = {"weight": mark.weight, "bbox": fill}
            _write(ax, line, mark.line * len(text), before, column=_MARGIN)
        before = _write(ax, line, text, before, column=_MARGIN, **look)


def _write(ax: Axes, line: float, text: str, before: Any = None, column: int = 0, **look: Any) -> Annotation:
    """Write on a line counted from the top of `ax`, at a column or right after the text `before`."""
    x, across, column = (0, "axes fraction", column) if before is None else (1, before, 0)
    look = {"family": _MONO, "fontsize": _SIZE, "color": _ink(), "parse_math": False, "annotation_clip": False, **look}
    below = (column * _CHARACTER, -(line + 0.8) * _LINE)
    return ax.annotate(text, (x, 1), below, xycoords=(across, "axes fraction"), textcoords="offset points", **look)


def _folded(frame: pd.DataFrame, limit: int, by: Sequence[Any], how: Mapping[Any, str]) -> pd.DataFrame:
    """The first rows of `frame` with a column `label`; the rest as one row, "other (n)", aggregated as `how` says."""
    limit = limit if len(frame) > limit + 1 else len(frame)  # a single row is shown rather than folded
    head, rest = frame.iloc[:limit], frame.iloc[limit:]
    names = [_fitted([*map(_name_of, by, cells)]) for cells in zip(*(head[name] for name in by), strict=True)]
    columns = {**{name: list(head[name]) for name in frame.columns}, "label": names or ["all checks"] * len(head)}
    if len(rest):
        for name, cells in columns.items():
            cells.append(rest[name].agg(how[name]) if name in how else None)
        columns["label"][-1] = f"other ({len(rest):,})"
    return pd.DataFrame(columns)


def _name_of(column: str, value: Any) -> str:
    """A readable label: attribute paths come with their attribute's name, codes in words."""
    known = tags.name(str(value)) if column in ("tag", "tag_path") and pd.notna(value) else None
    return f"{_label(known, 30)} {_label(value)}" if known else _label(words_of(column, value))


_LABEL = 52  # letters of a row, so that half of the width is left to draw
_SHORTEST = 14  # letters of a part of it


def _fitted(parts: list[str]) -> str:
    """Parts as one label; where it is too long the last, which tells rows apart, is the last to be shortened."""
    for place in sorted(range(len(parts) - 1), key=lambda place: -len(parts[place])):
        room = max(len(parts[place]) - max(0, len(" · ".join(parts)) - _LABEL), _SHORTEST)
        if room < len(parts[place]):
            parts[place] = f"{parts[place][: room - 1].rstrip()}…"
    *leading, last = parts
    return " · ".join([*leading, _cut(last, _LABEL - sum(len(part) + 3 for part in leading))])


def _label(value: Any, width: int = 46) -> str:
    """A text of the data as one line that matplotlib can draw, shortened in the middle."""
    if pd.isna(value):
        return _NONE
    text = _cut(_drawable(" ".join(str(value).split())), width)
    return text.replace("$", r"\$")  # a pair of them would start a formula


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - width // 3 - 1]}…{text[-(width // 3) :]}"


def _drawable(text: str, family: str | None = None) -> str:
    """`text` with a box for each character that the font does not have: matplotlib would warn."""
    text = re.sub(r"\s", " ", text)
    if text.isascii() and text.isprintable():
        return text
    known = get_font(findfont(FontProperties(family=family))).get_charmap()
    return "".join(char if ord(char) in known and char.isprintable() else "□" for char in text)


def _numbered(labels: Iterable[str], noun: str) -> list[str]:
    """Numbers for names, but for what is folded."""
    return [label if label.startswith("other (") else f"{noun} {i}" for i, label in enumerate(labels, start=1)]


def _axes(ax: Axes | None, rows: int, *, width: float = _WIDTH, row: float = 0.27, below: float = 0.0) -> Axes:
    """`ax`, or the current Axes if nothing is drawn there, or those of a new figure sized for so many rows.

    `below` are inches for labels. No second plot of a cell is drawn over the first.
    """
    if ax is not None:
        return ax
    if plt.get_fignums() and _is_empty(plt.gca()):
        return plt.gca()
    return plt.subplots(figsize=(width, 1.7 + row * rows + below), layout="constrained")[1]


def _is_empty(ax: Axes) -> bool:
    return ax.axison and not (ax.has_data() or ax.texts or ax.get_title("left") or ax.get_title())


def _says(ax: Axes | None, text: str) -> Axes:
    """An Axes that only says `text`."""
    ax = _axes(ax, 0, width=7)
    ax.set_axis_off()
    ax.text(0.5, 0.5, textwrap.fill(text, 60), ha="center", va="center", transform=ax.transAxes, color=_ink())
    return ax


def _title(ax: Axes, text: str, legend: bool = False) -> Axes:
    """`ax` with its finding as title, wrapped to what labels leave of the width, above a `legend`."""
    labels = max((len(label.get_text()) for label in ax.get_yticklabels()), default=0)
    share = max(0.775, ax.get_position().width)  # of its part of the figure, before labels take theirs
    width = ax.get_window_extent().width / ax.figure.dpi / share - 0.075 * labels - 0.6
    text = textwrap.fill(text, max(28, int(width / 0.094)))
    ax.set_title(text, loc="left", fontsize=11, fontweight="bold", pad=26 if legend else 8)
    return ax


def _rows(ax: Axes, labels: Iterable[str], notes: Sequence[str]) -> None:
    """Name the rows at the left, first on top, and set their counts at the right."""
    ax.set_yticks(range(len(notes)), list(labels), fontsize=9)
    ax.set_ylim(len(notes) - 0.4, -0.6)
    for y, note in enumerate(notes):
        ax.text(1.01, y, note, transform=ax.get_yaxis_transform(), va="center", fontsize=9, alpha=0.8, color=_ink())
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", alpha=0.3)
    ax.set_axisbelow(True)
    sns.despine(ax=ax, left=True)


def _bars(ax: Axes, widths: pd.Series, meanings: Iterable[Any]) -> None:
    """Horizontal bars in the look of their meanings; without one, an outline."""
    looks = [LOOKS.get(meaning) for meaning in meanings]
    ax.barh(
        range(len(looks)), widths, 0.72, color=[look.colour if look else "none" for look in looks],
        hatch=[look.hatch if look else "" for look in looks], edgecolor=["white" if look else _ink() for look in looks],
        linewidth=[0 if look else 0.8 for look in looks],
    )  # fmt: skip


def _bent(ax: Axes, widths: pd.Series) -> str:
    """A square-root scale where a few long bars would leave the others stubs, and words that say so."""
    if widths.max() <= 10 * widths.median():
        return ""
    ax.set_xscale("function", functions=_ROOT)
    return _BENT


#: The square root and its inverse, for negative numbers too.
_ROOT = (lambda x: np.sign(x) * np.sqrt(np.abs(x)), lambda x: np.sign(x) * x * x)
_BENT = " (square-root scale)"


class _RootTicks(Locator):
    """Round numbers on a square-root scale, as many as there is room for."""

    axis: Any

    def __call__(self) -> Any:
        return self.tick_values(*self.axis.get_view_interval())

    def tick_values(self, vmin: float, vmax: float) -> Any:
        root, most = _ROOT[0], max(abs(vmin), abs(vmax))
        room = (root(vmax) - root(vmin)) / max(0.6 * self.axis.get_tick_space(), 2)
        ticks = [0.0]
        for step in np.outer(10.0 ** np.arange(-2 if most < 2 else 0, 9), (1, 2, 5)).ravel():
            if step <= most and root(step) - root(ticks[-1]) >= room:
                ticks.append(float(step))
        return [tick for tick in (*(-tick for tick in ticks[:0:-1]), *ticks) if vmin <= tick <= vmax]


def _legend(ax: Axes, meanings: Mapping[str, str] | Iterable[str], markers: bool = False) -> None:
    """A strip between title and plot that names the looks: of points, or of bars."""
    texts = meanings if isinstance(meanings, Mapping) else {name: name for name in meanings}
    handles: list[Any] = []
    for name, text in texts.items():
        colour, hatch, marker, _ = LOOKS[name]
        if markers:
            edge: dict[str, Any] = {"markeredgecolor": _ink(), "markeredgewidth": 0.4}
            handles.append(Line2D([], [], linestyle="", color=colour, marker=marker, label=text, **edge))
        else:
            handles.append(Patch(facecolor=colour, hatch=hatch, edgecolor="white", linewidth=0, label=text))
    if handles:
        above: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1), "borderaxespad": 0.2, "borderpad": 0.2}
        ax.legend(handles=handles, ncols=len(handles), frameon=False, fontsize=9, **above)


def _percent_axis(ax: Axes, rows: pd.DataFrame) -> None:
    """Show the range of scores and intervals in percent, never beyond 0 and 1 by more than a margin."""
    rates = rows[["low", "score", "high"]].to_numpy(dtype="float64")
    low, high = (np.nanmin(rates), np.nanmax(rates)) if np.isfinite(rates).any() else (0.0, 1.0)
    margin = max(0.05 * (high - low), 0.0005)
    ax.set_xlim(max(low - margin, -margin), min(high + margin, 1 + margin))
    ax.xaxis.set_major_locator(MaxNLocator(6))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _tick(x) if -1e-9 < x < 1 + 1e-9 else ""))


def _count_axis(axis: Axis, bent: bool = False) -> None:
    """Show whole numbers, without a sign."""
    axis.set_major_locator(_RootTicks() if bent else MaxNLocator("auto", integer=True))
    axis.set_major_formatter(FuncFormatter(lambda x, _: f"{abs(x):,.0f}"))


def _shortfall(row: Mapping[Any, Any]) -> str:
    """How many of how many checks did not pass."""
    checks = count(row["total"], "check")
    if not row["failed"] and not row["blank"]:
        return f"{'all ' if row['total'] > 1 else ''}{checks} passed" if row["total"] else "no checks"
    blank = f", {row['blank']:,} blank" if row["blank"] else ""
    return f"{row['failed']:,} of {checks} failed{blank}"


def _extent(row: Mapping[Any, Any], total: int | None = None) -> str:
    """How many rows, series and patients, as far as known."""
    share = f" ({percent(row['rows'] / total)})" if total else ""
    known = [count(row[name], one) for name, one in _DISTINCT.items() if pd.notna(row[name])]
    return ", ".join([f"{row['rows']:,}{share}", *known])


def _ranked(row: Mapping[Any, Any]) -> str:
    """Rank with its range, and how often first."""
    if pd.isna(row["rank"]):
        return f"{percent(row['low'])} to {percent(row['high'])}"
    span = f" ({row['rank_low']:.0f}–{row['rank_high']:.0f})" if row["rank_low"] != row["rank_high"] else ""
    return f"{percent(row['score'])}, rank {row['rank']:.0f}{span}, first in {percent(row['p_first'])}"


def _dated(row: Mapping[Any, Any]) -> str:
    """How many dates, and why some are not drawn."""
    unreadable = row["dates"] - row["compared"] - row["gone"]
    parts = {"not shifted": row["kept"], "gone": row["gone"], "unreadable": unreadable}
    return ", ".join([count(row["dates"], "date"), *(f"{n:,} {what}" for what, n in parts.items() if n > 0)])


def _per_mille(rates: pd.Series) -> str:
    """Both rates of a submission."""
    return f"{rates['privacy']:,.3g} privacy, {rates['utility']:,.3g} utility"


def _share(part: float, total: float, noun: str) -> str:
    """A count of a whole with its rate, such as 6 of 50 checks (12%)."""
    return f"{part:,} of {count(total, noun)} ({percent(part / total)})"


def _were(n: int) -> str:
    """The verb for so many things."""
    return "was" if n == 1 else "were"


def _tick(rate: float, _: object = None) -> str:
    """A rate at an axis, in percent with as many digits as it takes."""
    return f"{round(100 * rate, 4):g} %"


def _ink() -> str:
    """The colour of text in the style in force, dark or light."""
    return str(plt.rcParams["text.color"])
