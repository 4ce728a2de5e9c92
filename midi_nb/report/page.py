"""write_html(): the whole story of some results in one page that needs nothing else.

The page runs no script and loads nothing: its Content-Security-Policy forbids both, and every text is escaped on its
way in. Figures are inline drawings whose ink follows the page, so light, dark and paper all get the same ones.
"""

from __future__ import annotations

import html
import io
import itertools
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .. import __version__, causes, plots
from ..actions import ACTIONS, KINDS
from ..files.runs import replacing
from ..frames import count_rows, derivation, require_columns, require_complete, scored
from ..looks import PALETTE
from ..masking import is_masked, mask_values
from ..scores import ranking, scoring
from ..text import Marks, marked, marks

__all__ = ["write_html"]

_NEEDED = (
    "submission", "patient", "series", "action", "tag_path", "tag", "name", "modality", "category", "subcategory",
    "original", "expected", "actual", "state", "verdict", "score", "error", "file",
)  # fmt: skip


def write_html(results: pd.DataFrame, path: str | Path, *, values: bool = True) -> Path:
    """Write a self-contained report of `results` and give its path back.

    Scores under the three denominators, by category and action, the problems worth fixing, plots, examples of the
    failures with their words marked, and the files that answered nothing. Several submissions in one frame are
    compared and ranked.

    Parameters
    ----------
    results
        All checks of one or several submissions, explained or not; or discrepancy reports with their scoring workbooks
        (``read_results(path, scores=...)``), in the unit that these count.
    path
        The file to write; one that is there is replaced.
    values
        ``False`` hides every value and identifier of the data, as ``mask_values`` does, and numbers the submissions.

    Examples
    --------
    >>> import tempfile, midi_nb as mn
    >>> demo = mn.make_demo()
    >>> results = mn.evaluate(demo.submissions["careless"], demo.key, progress=False)
    >>> mn.write_html(results, tempfile.mkdtemp() + "/report.html").name
    'report.html'
    """
    require_complete(results, "write_html()", or_counts=True)
    require_columns(results, _NEEDED, "write_html()")
    explained = causes.explained(results.reset_index(drop=True))
    shown = explained if values else _masked(explained)
    page = _page(shown, _totals(explained, shown), results.attrs.get("skipped", ()), values)
    with replacing(Path(path)) as temporary:
        temporary.write_text(page, encoding="utf-8")
    return Path(path)


def _masked(explained: pd.DataFrame) -> pd.DataFrame:
    """`explained` without values, the submissions numbered."""
    numbers = [f"submission {number}" for number, _ in enumerate(explained["submission"].cat.categories, start=1)]
    return mask_values(explained).assign(submission=explained["submission"].cat.rename_categories(numbers))


def _totals(explained: pd.DataFrame, shown: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The scores of each submission under each denominator, by the name that is shown for it.

    Of the values themselves: without them different results look alike, and one denominator counts these once.
    """
    named = explained.copy(deep=False)
    named["submission"] = shown["submission"]
    units = [unit for unit in scoring.units_of(explained) if unit != "series-2024" or not is_masked(explained)]
    return {unit: scoring.score(named, by="submission", unit=unit).set_index("submission") for unit in units}


# Markup


class _Html(str):
    """Text that is markup already. Whatever is not one is escaped when it becomes part of one."""

    __slots__ = ()


def _tag(name: str, /, *children: Any, **attributes: Any) -> _Html:
    """An element; `class_` is class, `data_axis` is data-axis, None and False leave an attribute out.

    >>> _tag("td", "<script>", _tag("b", 1), class_="left")
    '<td class="left">&lt;script&gt;<b>1</b></td>'
    """
    known = {
        key.rstrip("_").replace("_", "-"): value for key, value in attributes.items() if value not in (None, False)
    }
    written = "".join(f" {key}" if value is True else f' {key}="{_escaped(value)}"' for key, value in known.items())
    return _Html(f"<{name}{written}>" if name in _VOID else f"<{name}{written}>{_joined(children)}</{name}>")


_VOID = ("meta", "input", "br")


def _joined(children: Iterable[Any]) -> _Html:
    texts = (child if isinstance(child, _Html) else _escaped(child) for child in children if child is not None)
    return _Html("".join(texts))


def _escaped(value: Any) -> str:
    return html.escape(_UNSHOWN.sub("\ufffd", str(value)))


# Control characters and lone surrogates cannot stand in a page.
_UNSHOWN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def _value(text: Any) -> _Html:
    """A value of the data, its writing direction its own matter."""
    return _tag("bdi", text if isinstance(text, _Html) else "" if pd.isna(text) else text)


def _table(heads: Sequence[Any], rows: Iterable[Sequence[Any]], numbers: Sequence[int] = (), class_: str = "") -> _Html:
    """A table that scrolls where it is too wide; `numbers` are its columns of numbers."""
    sides = ["n" if place in numbers else None for place in range(len(heads))]
    head = _tag("tr", *(_tag("th", text, class_=side) for text, side in zip(heads, sides, strict=True)))
    labels = [text if side and class_ == "fixes" else None for text, side in zip(heads, sides, strict=True)]
    body = (
        _tag("tr", *(_tag("td", cell, class_=s, data_head=t) for cell, s, t in zip(cells, sides, labels, strict=True)))
        for cells in rows
    )
    table = _tag("table", _tag("thead", head), _tag("tbody", *body), class_=class_ or None)
    return _tag("div", table, class_="wide framed", tabindex=0)


def _section(title: str, *children: Any, lead: Any = None) -> _Html:
    anchor = title.lower().replace(" ", "-")
    return _tag("section", _tag("h2", title), _tag("p", lead, class_="lead") if lead else None, *children, id=anchor)


def _percent(rate: Any, digits: int = 2) -> str:
    """A rate in percent that says 100% only of all and 0% only of none."""
    if pd.isna(rate):
        return "–"
    least = 10**-digits
    if 0 < rate < least / 200:
        return f"<{least:.{digits}f}%"
    return f">{100 - least:.{digits}f}%" if 1 > rate > 1 - least / 200 else f"{rate:.{digits}%}"


def _count(number: Any, noun: str) -> str:
    return f"{number:,.0f} {noun}{'' if number == 1 or noun.endswith('s') else 's'}"


def _chip(axis: Any) -> _Html | None:
    return None if pd.isna(axis) else _tag("span", axis, class_=f"chip {axis}")


def _spoken(code: Any) -> str:
    return str(code).replace("_", " ")


# The page


def _page(
    results: pd.DataFrame, totals: Mapping[str, pd.DataFrame], skipped: Sequence[tuple[str, str]], values: bool
) -> str:
    unit = next(iter(totals))
    problems = causes.problems(results)
    if unit == "series":
        problems = problems.assign(gain=problems["gain_series"])
    names = list(totals[unit].sort_values("score", ascending=False, kind="stable").index)
    several = len(names) > 1
    title = "Comparison of " + _count(len(names), "submission") if several else names[0] if names else "No checks"
    origin = derivation(results)
    sections = [
        _scores(results, totals, names, problems),
        *([_standing(results, names)] if several else []),
        _breakdown(results, names, unit),
        _problems(problems, names, unit),
        _pictures(results, problems, several),
        _failures(results, names),
        *([_skipped(skipped, values)] if skipped else []),
        _notes(results),
    ]
    head = _tag(
        "head",
        _tag("meta", charset="utf-8"),
        _tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        _tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        _tag("meta", name="color-scheme", content="light dark"),
        _tag("meta", name="referrer", content="no-referrer"),
        _tag("meta", name="generator", content=f"midi_nb {__version__}"),
        _tag("title", f"{title} – de-identification report{' by a derived key' if origin else ''}"),
        _tag("style", _Html(_style(len(names)))),
    )
    header = _tag(
        "header",
        _tag("p", "De-identification report", class_="over"),
        _tag("h1", _value(title)),
        _tag("p", f"{_extent(results, totals)} Written by midi_nb {__version__} on {_today()}.", class_="lead"),
        _tag("p", f"The key is derived, nobody published it: {origin}.", class_="note") if origin else None,
        None if values else _tag("p", "Values and identifiers of the data are hidden.", class_="note"),
        _contents(sections),
    )
    return "<!DOCTYPE html>\n" + _tag("html", head, _tag("body", header, _tag("main", *sections)), lang="en")


_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"


def _today() -> str:
    today = date.today()
    return f"{today.day} {today:%B %Y}"


def _extent(results: pd.DataFrame, totals: Mapping[str, pd.DataFrame]) -> str:
    unit, total = next(iter(totals.items()))
    checks = _count(int(total["total"].sum()), "check")
    who = f"{_count(results['patient'].nunique(), 'patient')}, {_count(results['series'].nunique(), 'series')}"
    if count_rows(results).any():  # of whom and where the passes are is not known
        return f"{checks} ({_UNITS[unit][0].lower()}); failures of {who}."
    files = results.groupby("submission", observed=True)["file"].nunique().sum()
    return f"{checks}, {who} and {_count(files, 'released file')}."


def _contents(sections: Sequence[str]) -> _Html:
    links = [re.search(r'id="([^"]+)"><h2>([^<]+)', section) for section in sections]
    return _tag(
        "nav", *(_tag("a", _Html(link[2]), href=f"#{link[1]}") for link in links if link), aria_label="Contents"
    )


def _style(submissions: int) -> str:
    """The style sheet, with the colours of the axes and the rules by which the choices filter the failures."""
    sheet = (Path(__file__).parent / "report.css").read_text("utf-8")
    colours = [f".{axis} {{ border-color: {PALETTE[axis]}; }}" for axis in causes.AXES]
    choices = [("axis", axis) for axis in causes.AXES] + [("run", f"s{number}") for number in range(submissions)]
    filters = [
        f"#failures:has(#{group}-{code}:checked) tbody tr:not([data-{group}={code}]) {{ display: none; }}"
        for group, code in choices
    ]
    return "\n".join([sheet, *colours, *filters])


_UNITS = {
    "instance": ("Every check", "Each check of each image counts."),
    "series": (
        "One per series",
        "A check counts once a series and has failed if it failed anywhere in it: the official rule.",
    ),
    "series-2024": (
        "Distinct per series",
        "Only identical results within a series count once: the rule of the 2024 challenge.",
    ),
}


_COUNTED = {"instance": "every check counted", "series": "one check per series counted"}


def _scores(
    results: pd.DataFrame, totals: Mapping[str, pd.DataFrame], names: Sequence[Any], problems: pd.DataFrame
) -> _Html:
    if len(names) != 1:
        return _section("Scores", _standings(results, totals, names, problems), lead=_verdict_of_several(totals, names))
    cards = [_card(total.astype(object).iloc[0], *_UNITS[unit]) for unit, total in totals.items()]
    return _section("Scores", _tag("div", *cards, class_="cards"), lead=_verdict(results, problems))


def _card(row: Mapping[str, Any], label: str, meaning: str) -> _Html:
    """One of the scores, large."""
    return _tag(
        "div",
        _tag("p", label, class_="label"),
        _tag("p", _percent(row["score"]), class_="big"),
        _tag("p", _interval(row), class_="range"),
        _strip(row),
        _tag("p", f"{row['passed']:,} passed, {row['failed']:,} failed, {row['blank']:,} blank"),
        _tag("p", meaning, class_="small"),
        class_="card",
    )


def _interval(row: Mapping[str, Any]) -> str:
    if pd.isna(row["low"]):
        return "no interval"
    return f"95% interval {_percent(row['low'], 1)} to {_percent(row['high'], 1)}"


def _strip(row: Any) -> _Html:
    """The shares of passed, failed and blank as one bar; what is there is seen, however little."""
    shares = {name: row[name] / row["total"] for name in scoring.COUNTS if row[name]}
    parts = (_tag("span", class_=name, style=f"flex-grow:{share:.6f}") for name, share in shares.items())
    return _tag("div", *parts, class_="strip", aria_hidden="true")


def _verdict(results: pd.DataFrame, problems: pd.DataFrame) -> str:
    problems = problems[problems["cause"] != "lost_check"]  # which no score counts
    lost = int(problems["rows"].sum())
    if not lost:
        return "Every check passed."
    shares = problems["rows"].sort_values(ascending=False).cumsum() / lost
    few = int((shares < 0.8).sum()) + 1
    leaks = int((results["axis"] == "privacy").sum())
    leaked = f"{_count(leaks, 'check')} show{'s' if leaks == 1 else ''} an identifier that got out"
    if few == len(problems):
        return f"{_count(lost, 'check')} did not pass, of {_count(len(problems), 'problem')}; {leaked}."
    which = "One problem makes" if few == 1 else f"{few} of {_count(len(problems), 'problem')} make"
    return f"{_count(lost, 'check')} did not pass. {which} {_percent(shares.iloc[few - 1], 0)} of these; {leaked}."


def _verdict_of_several(totals: Mapping[str, pd.DataFrame], names: Sequence[Any]) -> str | None:
    if not names:
        return "There are no checks in these results."
    unit = next(iter(totals))
    scores = totals[unit]["score"]
    return f"Scores run from {_percent(scores.min())} to {_percent(scores.max())}, {_COUNTED[unit]}."


def _standings(
    results: pd.DataFrame, totals: Mapping[str, pd.DataFrame], names: Sequence[Any], problems: pd.DataFrame
) -> _Html:
    units = [_UNITS[unit][0] for unit in totals]
    heads = ["Submission", *units, "Failed", "Blank", "Privacy", "Utility", "Largest problem"]
    axes = pd.crosstab(results["submission"], results["axis"])

    def row(name: Any) -> list[Any]:
        whole = next(iter(totals.values())).astype(object).loc[name]
        first = problems[problems["submission"] == name].nlargest(1, "rows")[["axis", "cause"]]
        return [
            _tag("b", _value(name)),
            *(_percent(total.loc[name, "score"]) for total in totals.values()),
            f"{whole['failed']:,}",
            f"{whole['blank']:,}",
            *(f"{axes[axis].get(name, 0) if axis in axes else 0:,}" for axis in ("privacy", "utility")),
            *(_tag("span", _chip(axis), " ", _known()[cause].label) for axis, cause in first.itertuples(index=False)),
            *([] if len(first) else ["none"]),
        ]

    return _table(heads, [row(name) for name in names], numbers=range(1, len(heads) - 1))


def _known() -> dict[Any, causes.Cause]:
    return {cause.code: cause for cause in causes.CAUSES}


def _standing(results: pd.DataFrame, names: Sequence[Any]) -> _Html:
    """Who is first, and how sure that is; for two, what became of each check from the lower to the higher."""
    lead = None
    pictures = [
        _drawn(lambda: ranking.rank(results), plots.ranking),
        _drawn(lambda: results, plots.tradeoff),
    ]
    if len(names) == 2:
        higher, lower = (results[results["submission"] == name] for name in names)
        pictures.append(_drawn(lambda: ranking.compare(lower, higher), partial(plots.changes, by="action")))
        lead = f"The last picture shows what became of each check from {names[1]} to {names[0]}."
    return _section("Ranking", *pictures, lead=lead)


def _drawn(compute: Callable[[], pd.DataFrame], draw: Callable[[pd.DataFrame], Any]) -> _Html:
    """A picture of what is computed, below its warnings; or why there can be none."""
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            frame = compute()
        picture = _picture(lambda: draw(frame))
    except ValueError as reason:
        return _tag("p", str(reason), class_="note")
    notes = [_tag("p", str(one.message), class_="note") for one in warned if one.category is UserWarning]
    return _joined([*notes, picture])


def _breakdown(results: pd.DataFrame, names: Sequence[Any], unit: str) -> _Html:
    """Scores by category and by action: counts for one submission, a matrix of scores for several."""

    def table(by: list[str]) -> _Html:
        return _matrix(results, by, names, unit) if len(names) > 1 else _counts(results, by, unit)

    lead = f"Scores, {_COUNTED[unit]}; the best of a row is bold." if len(names) > 1 else None
    return _section(
        "Where points are lost",
        _tag("h3", "By category"), table(["category"]),
        _tag("details", _tag("summary", "By subcategory"), table(["category", "subcategory"])),
        _tag("h3", "By action"), table(["action"]),
        lead=lead,
    )  # fmt: skip


def _counts(results: pd.DataFrame, by: list[str], unit: str) -> _Html:
    scores = scoring.score(results, by=by, unit=unit)
    most = max(int((scores["failed"] + scores["blank"]).max()) if len(scores) else 0, 1)
    rows = [
        [
            _place(row, by),
            _percent(row["score"]),
            "–" if pd.isna(row["low"]) else f"{_percent(row['low'], 1)}–{_percent(row['high'], 1)}",
            f"{row['total']:,}",
            f"{row['failed']:,}",
            f"{row['blank']:,}",
            _bar((row["failed"] + row["blank"]) / most),
        ]
        for row in scores.sort_values("failed", ascending=False, kind="stable").to_dict("records")
    ]
    heads = [_spoken(by[-1]).capitalize(), "Score", "95% interval", "Checks", "Failed", "Blank", "Not passed"]
    return _table(heads, rows, numbers=range(1, 6), class_="counts")


def _place(row: Mapping[Any, Any], by: Sequence[str]) -> _Html:
    texts = ["none" if pd.isna(row[name]) else _spoken(row[name]) for name in by]
    return _joined([*(_tag("span", text + " ", class_="quiet") for text in texts[:-1]), texts[-1]])


def _bar(share: float) -> _Html:
    return _tag("span", class_="bar", style=f"width:{share:.1%}") if share else _Html("")


def _matrix(results: pd.DataFrame, by: list[str], names: Sequence[Any], unit: str) -> _Html:
    scores = scoring.score(results, by=["submission", *by], unit=unit)
    places = scores[by].drop_duplicates().to_dict("records")
    known = {
        (row["submission"], *(row[name] for name in by)): row
        for row in scores.astype(dict.fromkeys(by, object)).to_dict("records")
    }

    def cells(place: Mapping[Any, Any]) -> Iterator[Any]:
        rates = pd.Series([known.get((name, *place.values()), {}).get("score", np.nan) for name in names])
        for rate in rates:
            best = rate == rates.max() and rate > rates.min()
            yield _tag("b", _percent(rate)) if best else _percent(rate)

    rows = [[_place(place, by), *cells(place)] for place in places]
    return _table([_spoken(by[-1]).capitalize(), *map(_value, names)], rows, numbers=range(1, len(names) + 1))


def _problems(problems: pd.DataFrame, names: Sequence[Any], unit: str) -> _Html:
    """What to fix, the largest gain first; each with the reason and the remedy."""
    if problems.empty:
        return _section("What to fix", lead="Nothing: every check passed.")
    lead = f"Each row is what one fix would repair. Gain: what the score would rise by, {_COUNTED[unit]}."
    if len(names) == 1:
        return _section("What to fix", *_fixes(problems), lead=lead)
    parts = ((name, problems[problems["submission"] == name]) for name in names)
    folded = (
        _tag("details", _tag("summary", _tag("b", _value(name)), " ", _count(len(part), "problem")), *_fixes(part, 8))
        for name, part in parts
        if len(part)
    )
    return _section("What to fix", *folded, lead=lead)


def _fixes(problems: pd.DataFrame, first: int = 12) -> Iterator[_Html]:
    def row(problem: Mapping[Any, Any]) -> list[Any]:
        cause = _known()[problem["cause"]]
        where = "" if pd.isna(problem["tag"]) else problem["tag"]
        name = "" if pd.isna(problem["name"]) else problem["name"]
        return [
            _tag("span", _chip(problem["axis"]), _tag("b", cause.label), _doubt(problem["confidence"])),
            _tag("span", _tag("b", _value(name)), " ", _tag("code", _value(where))),
            f"{problem['rows']:,}",
            f"{problem['patients']:,}",
            _percent(problem["share"], 1),
            "+" + _percent(problem["gain"]),
            _tag("span", cause.sentence, " ", _tag("i", cause.hint)),
        ]

    heads = ["Cause", "Attribute", "Checks", "Patients", "Share", "Gain", "What it means, what to do"]
    rows = [row(problem) for problem in problems.head(_MOST).astype(object).to_dict("records")]
    yield _table(heads, rows[:first], numbers=range(2, 6), class_="fixes")
    if rows[first:]:
        rest = f" of {len(problems):,}, the largest shown" if len(problems) > _MOST else ""
        more = _table(heads, rows[first:], numbers=range(2, 6), class_="fixes")
        yield _tag("details", _tag("summary", f"{len(rows) - first} more{rest}"), more)


_MOST = 60  # problems of a submission: who has more needs the notebook


def _doubt(confidence: Any) -> _Html | None:
    words = {"likely": " likely", "review": " needs a look"}
    return _tag("span", words[confidence], class_="quiet") if confidence in words else None


# Figures


def _pictures(results: pd.DataFrame, problems: pd.DataFrame, several: bool) -> _Html:
    drawn: list[Callable[[], Any]] = [lambda: plots.causes(results, limit=15)]
    if len(problems) and not several:
        drawn.append(lambda: plots.pareto(problems, limit=12))
    if len(problems) and not count_rows(results).any():
        across = "submission" if several else "modality"
        drawn.append(lambda: plots.heatmap(results, rows="tag", columns=across, limit=20))
    return _section("Pictures", *map(_picture, drawn))


_INK, _PAPER, _VOID_CELL = "#010203", "#fdfefc", "#f2f2f2"  # colours no palette has: they become those of the page


def _picture(draw: Callable[[], Any]) -> _Html:
    """A figure as inline SVG with its title as caption; ink and paper are those of the page."""
    import matplotlib.pyplot as plt

    inks = ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color", "grid.color")
    papers = ("axes.facecolor", "figure.facecolor", "savefig.facecolor")
    style = {
        **dict.fromkeys(inks, _INK),
        **dict.fromkeys(papers, _PAPER),
        "svg.fonttype": "none",
        "svg.hashsalt": "midi_nb",
    }
    with plt.ioff(), plt.rc_context(style), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # labels too long for their figure are no news to who writes a report
        ax = draw()
        finding = " ".join(ax.get_title("left").replace(r"\$", "$").split())
        ax.set_title("", loc="left")
        drawing = io.StringIO()
        ax.figure.savefig(drawing, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
        plt.close(ax.figure)
    return _tag(
        "figure",
        _tag("figcaption", finding),
        _tag("div", _inline(drawing.getvalue(), finding), class_="wide", tabindex=0),
    )


def _inline(svg: str, finding: str) -> _Html:
    """A drawing of matplotlib's as part of the page: no ids that meet others, no colours and fonts of its own."""
    opening, drawing = svg[svg.index("<svg") :].split(">", 1)
    for pattern in (r"<metadata>.*?</metadata>", r"<style.*?</style>", r' id="[a-zA-Z.]+\d?[a-zA-Z.]*_\d+"'):
        drawing = re.sub(pattern, "", drawing, flags=re.DOTALL)
    for ours, colour in {_INK: "currentColor", _PAPER: "var(--card)", _VOID_CELL: "var(--void)"}.items():
        drawing = drawing.replace(ours, colour)
    box = re.findall(r"[\d.]+", opening.split('viewBox="')[1].split('"')[0])
    size = f"max-width:{float(box[2]) * 4 / 3:.0f}px"
    return _tag(
        "svg",
        _Html(drawing.removesuffix("</svg>\n")),
        viewBox=" ".join(box),
        role="img",
        aria_label=finding,
        style=size,
    )


# Failures


def _failures(results: pd.DataFrame, names: Sequence[Any]) -> _Html:
    failing = results[results["cause"].notna()]
    if failing.empty:
        return _section("Failures", lead="None.")
    shown = _examples(failing, names)
    place = {name: number for number, name in enumerate(names)}
    rows = [_failure(row, place, len(names) > 1) for row in shown.astype(object).to_dict("records")]
    heads = _tag("tr", *(_tag("th", head) for head in ("Check", "Cause", "Words", "Where")))
    what = "did not pass" if scored(failing).all() else "did not pass or have no official row"
    lead = f"{len(shown):,} of {len(failing):,} checks that {what}: the first of each kind, privacy first."
    table = _tag("table", _tag("thead", heads), _tag("tbody", *rows), class_="failures")
    choices = _tag("div", *_choices(shown, names), class_="filter")
    return _section("Failures", choices, _tag("div", table, class_="framed"), lead=lead)


def _examples(failing: pd.DataFrame, names: Sequence[Any]) -> pd.DataFrame:
    """The first failure of each kind, with how many are `alike`; by axis, then the most frequent first."""
    kind = ["submission", "cause", "action", "tag"]
    alike = failing.groupby(kind, observed=True, dropna=False, sort=False)["cause"].transform("size")
    first = failing.assign(alike=alike, rank=failing["axis"].cat.codes)[~failing.duplicated(kind)]
    first = first.sort_values(["rank", "alike"], ascending=[True, False], kind="stable")
    return first.groupby(["submission", "axis"], observed=True, sort=False).head(max(_EXAMPLES // len(names), 5))


_EXAMPLES = 40  # of an axis


def _choices(shown: pd.DataFrame, names: Sequence[Any]) -> Iterator[_Html]:
    """Radio buttons that filter the table by style sheet alone."""
    counts = shown["axis"].value_counts()
    axes = [(axis, _joined([_chip(axis), f" {counts[axis]:,}"])) for axis in causes.AXES if counts.get(axis, 0)]
    groups = {
        "axis": axes,
        "run": [(f"s{number}", _value(name)) for number, name in enumerate(names)] if len(names) > 1 else [],
    }
    for group, options in groups.items():
        what = "axis" if group == "axis" else "submission"
        labels = (
            _tag("label", _tag("input", type="radio", name=group, id=f"{group}-{code}", checked=code == "all"), label)
            for code, label in [("all", "all"), *options]
        )
        if options:
            yield _tag("fieldset", _tag("legend", f"Show by {what}"), *labels)


def _failure(row: Mapping[str, Any], place: Mapping[Any, int], several: bool) -> _Html:
    cause = _known()[row["cause"]]
    name = "Pixel data" if str(row["action"]).startswith("pixels") else "" if pd.isna(row["name"]) else row["name"]
    alike = f"{row['alike'] - 1:,} more like it" if row["alike"] > 1 else None
    where = " · ".join(str(row[column]) for column in ("patient", "modality") if pd.notna(row[column]))
    return _tag(
        "tr",
        _tag("td", _tag("b", _value(name)), _tag("code", _value(row["tag_path"]))),
        _tag("td", _chip(row["axis"]), _tag("b", cause.label, title=cause.sentence), _doubt(row["confidence"])),
        _tag("td", *_words(row)),
        _tag(
            "td",
            _tag("b", _value(row["submission"])) if several else None,
            _tag("span", _value(where)),
            _tag("code", _value(row["file"])),
            _tag("span", alike, class_="quiet") if alike else None,
        ),
        data_axis=row["axis"],
        data_run=f"s{place[row['submission']]}",
    )


_ABSENT = {"absent": "attribute absent", "empty": "empty", "missing": "file missing"}


def _words(row: Mapping[str, Any]) -> Iterator[_Html]:
    """What was asked and what was released, the words that matter marked."""
    action = ACTIONS.get(row["action"])
    asked, column = (KINDS[action.kind], action.column) if action else ("asked", "expected")
    wanted, actual = (None if pd.isna(row[name]) else str(row[name]) for name in (column, "actual"))
    pieces = _marks(marks(action, wanted, actual, row["verdict"]), wanted or "", actual or "")
    absent = None if actual else _ABSENT.get(row["state"], "not read")
    yield _line(asked, _value(_shown(pieces[0])) if wanted is not None else _tag("i", "no text in the key"))
    yield _line("released", _tag("i", absent) if absent else _value(_shown(pieces[1])))
    if pd.notna(row["error"]):
        yield _line("why", row["error"])


def _line(label: str, text: Any) -> _Html:
    return _tag("div", _tag("span", label, class_="label"), _tag("span", text, class_="text"), class_="line")


_Piece = tuple[str, str | None]  # a piece of a text, and the element it stands in


def _marks(marks: Marks, wanted: str, actual: str) -> tuple[list[_Piece], list[_Piece]]:
    """Both texts with their words marked: ``mark`` for what should not be there any more, ``del`` for what is lost."""
    wrong = {**dict.fromkeys(marks.left, "mark"), **dict.fromkeys(marks.lost, "del")}
    return marked(wanted, wrong), marked(actual, {**dict.fromkeys(marks.right, "ins"), **wrong})


_LONGEST = 320
_LEAD = 80  # characters before the first marked word of a longer text


def _shown(pieces: Sequence[_Piece]) -> _Html:
    """A text as markup; of a long one what stands round its first marked word.

    >>> _shown([("CHEST <", None), ("Meyer", "mark"), (">", None)])
    'CHEST &lt;<mark>Meyer</mark>&gt;'
    """
    ends = list(itertools.accumulate(len(text) for text, _ in pieces))
    first = next((end - len(text) for end, (text, tag) in zip(ends, pieces, strict=True) if tag and text), 0)
    start = max(0, min(first - _LEAD, ends[-1] - _LONGEST)) if ends else 0
    stop = start + _LONGEST
    cut = [
        (text[max(start - end + len(text), 0) : max(stop - end + len(text), 0)], tag)
        for end, (text, tag) in zip(ends, pieces, strict=True)
    ]
    before = f"({start:,} characters) … " if start else ""
    after = f" … ({ends[-1] - stop:,} more characters)" if ends and ends[-1] > stop else ""
    return _joined([before, *(_tag(tag, text) if tag else text for text, tag in cut if text), after])


# What else there is to say


def _skipped(skipped: Sequence[tuple[str, str]], values: bool) -> _Html:
    reasons = pd.Series([reason for _, reason in skipped]).value_counts()
    table = _table(["Reason", "Files"], [[reason, f"{count:,}"] for reason, count in reasons.items()], numbers=(1,))
    if not values:
        return _section("Skipped files", table)
    rows = [[_value(file), reason] for file, reason in skipped[:_SKIPPED]]
    title = f"The files{f', the first {_SKIPPED} of {len(skipped):,}' if len(skipped) > _SKIPPED else ''}"
    listed = _tag("details", _tag("summary", title), _table(["File", "Reason"], rows))
    return _section("Skipped files", table, listed, lead="These files answered no check.")


_SKIPPED = 200


_NOTES = {
    "Score": "Passed of all checks: passed / (passed + failed + blank). A check that could not be decided (blank) "
    "costs as much as one that failed. Intervals are Wilson's, "
    "with an effective sample size estimated from the variation between patients, and Student's t for few patients.",
    **dict(_UNITS.values()),
    "Axes": "Privacy: an identifier got out. Utility: research value was lost. Validity: the object broke. Linkage: "
    "references or times no longer fit together. Key: the answer key or the scorer is in doubt, not the tool.",
    "Words": "Marked: still there though it had to go or change. Struck: lost though it had to stay. Underlined: kept.",
}


def _notes(results: pd.DataFrame) -> _Html:
    lost = int((~scored(results)).sum())
    of_workbook = {
        "Passes": "Counted by the scoring workbook, by action and by category. The failures are those of the "
        "discrepancy report. Which patients and attributes the passes are of is not known."
    }
    left_out = {"Not counted": f"For {_count(lost, 'check')} the official scorer writes no row; they count nowhere."}
    notes = {**_NOTES, **(of_workbook if count_rows(results).any() else {}), **(left_out if lost else {})}
    items = (_tag("dt", term) + _tag("dd", text) for term, text in notes.items())
    return _section("How to read this", _tag("dl", *map(_Html, items)))
