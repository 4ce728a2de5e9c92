"""write_html(): the whole story of some results in one page that needs nothing else.

The page runs no script and loads nothing: its Content-Security-Policy forbids both, and the template (report.html)
escapes every text on its way in. Here is what it shows, as plain data.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from .. import __version__, causes
from ..actions import ACTIONS, PIXELS, REGIONS
from ..amounts import count, percent
from ..files.runs import replacing
from ..frames import count_rows, is_complete, origin, require_columns, scored
from ..looks import PALETTE
from ..masking import is_masked, mask_values
from ..scores import scoring
from ..shown import records, template
from ..text import marked, marks
from ..vocabulary import words_of
from . import figures

__all__ = ["write_html"]

_NEEDED = (
    "submission", "patient", "series", "action", "tag_path", "tag", "name", "modality", "category", "subcategory",
    "original", "expected", "actual", "state", "verdict", "score", "error", "file",
)  # fmt: skip
_FIRST = {False: 8, True: 5}  # problems that come before all else, of one submission or each of several
_MOST = 60  # problems of a submission: beyond that the notebook is the better place
_EXAMPLES = 40  # failures of an axis
_BOXES, _BYTES = 24, 4_000_000  # failing boxes that are shown, and the size of their pictures
_SKIPPED = 200  # files by name


def write_html(
    results: pd.DataFrame, path: str | Path, released: Any = None, original: Any = None, *, values: bool = True
) -> Path:
    """Write a self-contained report of `results` and give its path back.

    What matters most in a sentence, scores, what to fix, where points are lost; then an appendix: failing boxes before
    and after, plots, examples of the failures with their words marked, the files that answered nothing. Several
    submissions in one frame are compared and ranked.

    Parameters
    ----------
    results
        Checks of one or several submissions, explained or not; or discrepancy reports with their scoring workbooks
        (``read_results(path, scores=...)``), in the unit that these count. Failures alone make a report without scores.
    path
        The file to write; one that is there is replaced.
    released, original
        The folders of the released and of the original files, to find causes with them as ``explain`` does, and to show
        up to 24 failing boxes before and after. Of several submissions ``released`` is a dict of their folders by name.
    values
        ``False`` hides every value and identifier of the data, as ``mask_values`` does, numbers the submissions, and
        leaves out pictures.

    Examples
    --------
    >>> import tempfile
    >>> mn.write_html(results, tempfile.mkdtemp() + "/report.html").name
    'report.html'
    """
    require_columns(results, _NEEDED, "write_html()")
    explained = causes.explained(results.reset_index(drop=True), released, original)
    images = causes.Images(explained, released, original) if values else None
    shown = explained if values else _masked(explained)
    content = _content(explained, shown, results.attrs.get("skipped", ()), images)
    page = template(Path(__file__).with_name("report.html")).render(content, values=values).lstrip()
    page = _UNSHOWN.sub("\ufffd", page)
    with replacing(Path(path)) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return Path(path)


# Control characters and lone surrogates cannot stand in a page.
_UNSHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def _masked(explained: pd.DataFrame) -> pd.DataFrame:
    """`explained` without values, the submissions numbered."""
    numbers = [f"submission {number}" for number, _ in enumerate(explained["submission"].cat.categories, start=1)]
    return mask_values(explained).assign(submission=explained["submission"].cat.rename_categories(numbers))


def _totals(explained: pd.DataFrame, shown: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The scores of each submission under each denominator, by the name that is shown for it; none of failures alone.

    Computed from the values themselves: with masked values different results look alike, and one denominator would
    count these once.
    """
    if not is_complete(explained) and not count_rows(explained).any():
        return {}
    named = explained.copy(deep=False)
    named["submission"] = shown["submission"]
    units = [unit for unit in scoring.units_of(explained) if unit != "series-2024" or not is_masked(explained)]
    return {unit: scoring.score(named, by="submission", unit=unit).set_index("submission") for unit in units}


_UNITS = {
    "instance": "Each check of each image counts.",
    "series": "A check counts once a series and has failed if it failed anywhere in it: the official rule.",
    "series-2024": "Only identical results within a series count once: the rule of the 2024 challenge.",
}
_COUNTED = {"instance": "every check counted", "series": "one check per series counted"}


def _content(
    explained: pd.DataFrame, shown: pd.DataFrame, skipped: Sequence[tuple[str, str]], images: causes.Images | None
) -> dict[str, Any]:
    """All that the template shows."""
    totals = _totals(explained, shown)
    problems, first = causes.to_fix(shown)
    unit = first["unit"].iloc[0] if len(first) else "instance"
    if totals:
        names = list(totals[unit].sort_values("score", ascending=False, kind="stable").index)
    else:
        names = list(shown["submission"].dropna().unique())
    several = len(names) > 1
    failing = shown[shown["cause"].notna() & shown["submission"].isin(names)]  # others have lost checks only
    examples = _examples(failing, names)
    advice = [_advice(problems, name, several) for name in names]
    return {
        "version": __version__,
        "today": f"{date.today().day} {date.today():%B %Y}",
        "title": f"Comparison of {count(len(names), 'submission')}" if several else names[0] if names else "No checks",
        "origin": origin(shown),
        "names": names,
        "complete": bool(totals),
        "extent": _extent(shown, totals),
        "cover": [*_cover(failing[scored(failing)], first, totals, names)],
        "standings": [_standing(name, totals, failing, problems) for name in names] if totals else [],
        "advice": advice,
        "further": any(more for *_, more in advice),
        "fixing": _fixing(problems, unit, bool(totals)),
        "losing": f"Scores, {_COUNTED[unit]}, with their 95 % intervals; the best of a row is bold." if several else "",
        "breakdown": [*_breakdown(shown, names, unit)] if totals else [],
        "boxes": _boxes(explained, images),
        "ranking": figures.ranked(shown, names) if several and totals else [],
        "ranked": f"The last picture shows what became of each check from {names[1]} to {names[0]}."
        if len(names) == 2
        else "",
        "pictures": figures.of(shown, problems, several, bool(totals)) if len(failing) else [],
        "failing": _counted(examples, failing),
        "failures": [_failure(row, names) for row in records(examples)],
        "choices": _choices(examples, names),
        "skipped": skipped,
        "reasons": pd.Series([reason for _, reason in skipped], dtype=object).value_counts().items(),
        "most_skipped": _SKIPPED,
        "notes": _notes(shown),
        "units": _UNITS,
        "axes": causes.AXES,
        "palette": PALETTE,
        "known": {cause.code: cause for cause in causes.CAUSES},
    }


def _extent(results: pd.DataFrame, totals: Mapping[str, pd.DataFrame]) -> str:
    who = f"{count(results['patient'].nunique(), 'patient')}, {count(results['series'].nunique(), 'series')}"
    if not totals:
        return f"{count(len(results), 'check')}, {who}. Not all checks that passed are here, so there is no score."
    unit, total = next(iter(totals.items()))
    checks = count(int(total["total"].sum()), "check")
    if count_rows(results).any():  # of whom and where the passes are is not known
        return f"{checks} ({words_of('unit', unit).lower()}); failures of {who}."
    files = results.groupby("submission", observed=True)["file"].nunique().sum()
    return f"{checks}, {who} and {count(files, 'released file')}."


#: What a failure of privacy is, by what its check is about, the worst first.
_LEAKS = {
    "region": "text readable in images",
    "text": "identifying text left",
    "patient": "patient ID not changed",
    "date": "dates not shifted",
    "uid": "UIDs not changed",
}


def _cover(
    failing: pd.DataFrame, first: pd.DataFrame, totals: Mapping[str, pd.DataFrame], names: Sequence[Any]
) -> Iterator[tuple[Any, str, str]]:
    """(submission, what matters most about it, what to do first); of several first how far their scores are apart."""
    if not names:
        yield None, "There are no checks in these results", ""
    if len(names) > 1 and totals:
        unit, scores = next((unit, total["score"]) for unit, total in totals.items())
        yield None, f"Scores run from {percent(scores.min())} to {percent(scores.max())}, {_COUNTED[unit]}", ""
    for name in names:
        lost, fixes = failing[failing["submission"] == name], first[first["submission"] == name].iloc[0]
        found = ", ".join(_found(lost)) or "Every check passed"
        alone = len(names) == 1
        yield None if alone else name, found[:1].upper() + found[1:] if alone else found, _brings(fixes, lost)


def _found(failing: pd.DataFrame) -> Iterator[str]:
    """What got out and in how many checks, of which several may be about one thing; the worst first."""
    leaks = failing.loc[failing["axis"] == "privacy", "action"].value_counts()
    about = [ACTIONS[action].about if action in ACTIONS else "" for action in leaks.index]
    kinds, left = leaks.groupby(about).sum(), len(failing)
    for kind, fate in _LEAKS.items():
        if kinds.get(kind):
            left -= kinds[kind]
            yield f"{fate} ({count(kinds[kind], 'check')})".replace(" check", "\N{NO-BREAK SPACE}check")
    if left:
        yield f"{count(left, 'check' if left == len(failing) else 'other check')} not passed"


def _brings(fixes: Mapping[str, Any], failing: pd.DataFrame) -> str:
    """What the first fixes would bring; nothing where there are none."""
    if not fixes["fixes"]:
        return ""
    which = "this" if fixes["fixes"] == 1 else f"these {fixes['fixes']}"
    if pd.isna(fixes["after"]):
        return f"fix {which} first: {fixes['rows']:,} of {count(len(failing), 'failure')}"
    before, after = (percent(fixes[name]).replace(" ", "\N{NO-BREAK SPACE}") for name in ("before", "after"))
    return f"fix {which} first: {before} → {after}"


def _standing(
    name: Any, totals: Mapping[str, pd.DataFrame], failing: pd.DataFrame, problems: pd.DataFrame
) -> dict[str, Any]:
    """The scores of a submission, how often it leaked and lost something, and its largest problem."""
    axes = failing.loc[failing["submission"] == name, "axis"].value_counts()
    return {
        "name": name,
        "labels": [words_of("unit", unit) for unit in totals],
        "units": [(unit, records(total.loc[[name]])[0]) for unit, total in totals.items()],
        "privacy": axes.get("privacy", 0),
        "utility": axes.get("utility", 0),
        "problem": next(iter(records(problems[problems["submission"] == name].head(1))), None),
    }


def _fixing(problems: pd.DataFrame, unit: str, complete: bool) -> str:
    if problems.empty:
        return "Nothing: every check passed."
    gain = f"Gain: the points that the score would rise by, {_COUNTED[unit]}." if complete else ""
    return f"Each row is what one fix would repair, the largest first; what is no fault of the tool comes last. {gain}"


def _advice(problems: pd.DataFrame, name: Any, several: bool) -> tuple[Any, list[Any], list[Any]]:
    """(submission, the problems that come first, the others)."""
    rows = records(problems[problems["submission"] == name].head(_MOST))
    return name, rows[: _FIRST[several]], rows[_FIRST[several] :]


def _breakdown(results: pd.DataFrame, names: Sequence[Any], unit: str) -> Iterator[tuple[str, list[Any]]]:
    """(heading, rows): counts of one submission, scores of several beside each other."""
    for by in (["category"], ["action"], ["category", "subcategory"]):
        yield f"By {by[-1]}", _matrix(results, by, names, unit) if len(names) > 1 else _counts(results, by, unit)


def _places(row: Mapping[Any, Any], by: Sequence[str]) -> list[str]:
    return [str(words_of(name, row[name] or "none")) for name in by]


def _counts(results: pd.DataFrame, by: list[str], unit: str) -> list[Any]:
    """(where, counts and score, share of the longest bar), the most failures first."""
    scores = scoring.score(results, by=by, unit=unit).sort_values("failed", ascending=False, kind="stable")
    lost = scores["failed"] + scores["blank"]
    return [
        (_places(row, by), row, share)
        for row, share in zip(records(scores), lost / max(lost.max(), 1), strict=True)
    ]  # fmt: skip


def _matrix(results: pd.DataFrame, by: list[str], names: Sequence[Any], unit: str) -> list[Any]:
    """(where, the scores of each submission, the best of them if they differ)."""
    scores = scoring.score(results, by=["submission", *by], unit=unit)
    rows = []
    for _, group in scores.groupby(by, observed=True, dropna=False, sort=False):
        cells = {row["submission"]: row for row in records(group)}
        best = group["score"].max() if group["score"].nunique() > 1 else None
        rows.append((_places(records(group)[0], by), [cells.get(name) for name in names], best))
    return rows


def _boxes(explained: pd.DataFrame, images: causes.Images | None) -> dict[str, Any] | None:
    """The failing boxes before and after, as many as there is room for: all causes of an axis, the worst axis first."""
    region = explained["cause"].notna() & explained["action"].isin(list(REGIONS)) & scored(explained)
    if not region.any():
        return None
    boxes = explained[region]
    total = f"{count(len(boxes), 'box')} did not pass"
    if images is None:
        return {"lead": f"{total}; pictures are left out, as this report shows no value.", "shown": []}
    if not images.folders:
        return {
            "lead": f"{total}; to see them, give the folder of the released files when the report is "
            "written: --released on the command line, released= in Python",
            "shown": [],
        }
    turn = boxes.groupby(["submission", "cause"], observed=True, sort=False).cumcount()
    boxes = boxes.assign(turn=turn, axis_code=boxes["axis"].cat.codes).sort_values(["axis_code", "turn"], kind="stable")
    room, shown = _BYTES, []
    for position, row in zip(boxes.index, records(boxes.head(_BOXES)), strict=False):
        crops, note = _crops(images, position)
        room -= sum(len(crop.png) for _, crop in crops)
        if room < 0:
            break
        about = ("submission",) if explained["submission"].nunique() > 1 else ()
        where = " · ".join(row[name] for name in (*about, "patient", "modality", "file") if row[name])
        shown.append(row | {"crops": crops, "note": note, "where": where})
    left = len(boxes) - len(shown)
    more = f"; {left:,} more are not shown, write_page() makes a page of all" if left else ""
    return {"lead": f"{total}, here before and after{more}. The pictures are parts of the images.", "shown": shown}


def _crops(images: causes.Images, position: int) -> tuple[list[Any], str]:
    """The pictures of a box, the original first, and what there is to say about them."""
    note = images.note(position)
    try:
        region = images.region(position) if note is None else None
    except (ValueError, FileNotFoundError) as error:
        note = str(error)[:1].upper() + str(error)[1:]
    if note or region is None:
        return [], note or ""
    frame = f"Frame {region.frame + 1} of {region.frames}. " if region.frames > 1 else ""
    return [*region.crops()][::-1], frame + region.note


def _examples(failing: pd.DataFrame, names: Sequence[Any]) -> pd.DataFrame:
    """The first failure of each kind, with how many are `alike`; by axis, then the most frequent first."""
    kind = ["submission", "cause", "action", "tag"]
    alike = failing.groupby(kind, observed=True, dropna=False, sort=False)["cause"].transform("size")
    first = failing.assign(alike=alike, rank=failing["axis"].cat.codes)[~failing.duplicated(kind)]
    first = first.sort_values(["rank", "alike"], ascending=[True, False], kind="stable")
    most = max(_EXAMPLES // max(len(names), 1), 5)
    return first.groupby(["submission", "axis"], observed=True, sort=False).head(most)


def _counted(examples: pd.DataFrame, failing: pd.DataFrame) -> str:
    what = "did not pass" if scored(failing).all() else "did not pass or have no official row"
    return f"{len(examples):,} of {len(failing):,} checks that {what}: the first of each kind, privacy first."


def _choices(examples: pd.DataFrame, names: Sequence[Any]) -> dict[str, list[tuple[str, Any, int]]]:
    """What the failures can be filtered by: (code, what is shown, how many) for axes and for submissions."""
    axes = examples["axis"].value_counts()
    runs = [(f"s{number}", name, 0) for number, name in enumerate(names)] if len(names) > 1 else []
    return {"axis": [(axis, axis, axes[axis]) for axis in causes.AXES if axes.get(axis, 0)], "run": runs}


def _failure(row: dict[Any, Any], names: Sequence[Any]) -> dict[Any, Any]:
    """A failing check with what was asked and what was released, the words that matter marked."""
    action = ACTIONS.get(row["action"])
    asked, column = (action.phrase, action.column) if action else ("asked", "expected")
    wanted, actual = row[column], row["actual"]
    found = marks(action, wanted, actual, row["verdict"])
    # mark: should not be there any more; del: is lost; ins: as it should be
    wrong = {**dict.fromkeys(found.left, "mark"), **dict.fromkeys(found.lost, "del")}
    return row | {
        "run": f"s{names.index(row['submission'])}",
        "about": "Pixel data" if row["action"] in PIXELS else row["name"] or "",
        "asked": asked,
        "wanted": None if wanted is None else _excerpt(marked(wanted, wrong)),
        "released": _excerpt(marked(actual or "", {**dict.fromkeys(found.right, "ins"), **wrong})),
        "absent": None if actual else words_of("state", "unread" if row["state"] in ("value", None) else row["state"]),
        "where": " · ".join(row[name] for name in ("patient", "modality") if row[name]),
    }


_Piece = tuple[str, str | None]  # a piece of a text, and the element it stands in
_LONGEST = 320
_LEAD = 80  # characters before the first marked word of a longer text


def _excerpt(pieces: Sequence[_Piece]) -> list[_Piece]:
    """The pieces of a text; of a long one those around its first marked word.

    >>> _excerpt([("CHEST <", None), ("Meyer", "mark"), (">", None)])
    [('CHEST <', None), ('Meyer', 'mark'), ('>', None)]
    """
    ends = list(itertools.accumulate(len(text) for text, _ in pieces))
    first = next((end - len(text) for end, (text, mark) in zip(ends, pieces, strict=True) if mark and text), 0)
    start = max(0, min(first - _LEAD, ends[-1] - _LONGEST)) if ends else 0
    stop = start + _LONGEST
    cut = [
        (text[max(start - end + len(text), 0) : max(stop - end + len(text), 0)], mark)
        for end, (text, mark) in zip(ends, pieces, strict=True)
    ]
    before = f"({start:,} characters) … " if start else ""
    after = f" … ({ends[-1] - stop:,} more characters)" if ends and ends[-1] > stop else ""
    return [(text, mark) for text, mark in [(before, None), *cut, (after, None)] if text]


_NOTES = {
    "Score": "Passed of all checks: passed / (passed + failed + blank). A check that could not be decided (blank) "
    "costs as much as one that failed. Intervals are Wilson's, "
    "with an effective sample size estimated from the variation between patients, and Student's t for few patients.",
    **{words_of("unit", unit): sentence for unit, sentence in _UNITS.items()},
    "Axes": "Privacy: an identifier got out. Utility: research value was lost. Validity: the object broke. Linkage: "
    "references or times no longer fit together. Key: the answer key or the scorer is in doubt, not the tool.",
    "Words": "Marked: still there though it had to go or change. Struck: lost though it had to stay. Underlined: kept.",
}


def _notes(results: pd.DataFrame) -> dict[str, str]:
    lost = int((~scored(results)).sum())
    of_workbook = {
        "Passes": "Counted by the scoring workbook, by action and by category. The failures are those of the "
        "discrepancy report. Which patients and attributes the passes are of is not known."
    }
    left_out = {"Not counted": f"The official scorer writes no row for {count(lost, 'check')}; no score counts them."}
    return {**_NOTES, **(of_workbook if count_rows(results).any() else {}), **(left_out if lost else {})}
