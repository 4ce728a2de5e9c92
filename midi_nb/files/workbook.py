"""The official scoring workbook: its counts, and with them the passes that a discrepancy report does not list."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from .. import sniff
from ..answers.published import unwrap
from ..coded import as_column, concat, tidy
from ..frames import COUNTED, RESULTS
from ..scores import scoring

_VERDICTS = {"passed": "Pass", "failed": "Fail", "blank": "Blank"}


def read_scores(path: str | Path) -> pd.DataFrame:
    """The counts of an official scoring workbook: its sheets as one frame.

    Returns
    -------
    DataFrame
        sheet (Scoring, Actions, Categories), action, category, subcategory, passed, failed, blank, total, score.
    """
    path = sniff.existing(path, "The scoring report")
    if path.is_dir() or not sniff.is_xlsx(path):
        raise ValueError(f"{path} is not an Excel workbook; a scoring report is one (scoring_report_instance.xlsx).")
    sheets = pd.read_excel(path, sheet_name=None, dtype=object)
    if "Scoring" not in sheets:
        raise sniff.wrong(
            path, "read_scores()", "a scoring report", [str(name) for name in next(iter(sheets.values())).columns]
        )
    parts = []
    for sheet, frame in sheets.items():
        if sheet != "Scoring":
            frame = frame[frame.iloc[:, 0].astype(str) != "Total"]
        counts = {
            ours: pd.to_numeric(frame[theirs]).astype("int64") if theirs in frame else 0
            for ours, theirs in {**_VERDICTS, "total": "Total"}.items()
        }
        texts = {
            name: frame[name].map(lambda cell: unwrap(str(cell)), na_action="ignore") if name in frame else None
            for name in ("action", "category", "subcategory")
        }
        parts.append(pd.DataFrame({"sheet": sheet, **texts, **counts}))
    scores = pd.concat(parts, ignore_index=True)
    return scores.assign(score=scores["passed"] / scores["total"])


def with_passes(failures: pd.DataFrame, path: str | Path, report: Path, name: str) -> pd.DataFrame:
    """`failures` of a discrepancy report with the passes that the scoring workbook of the same run counts.

    Passes are rows of their own, one for each row of the sheets Actions and Categories. They have no instance and no
    attribute but the columns `COUNTED`: ``unit`` (what the workbook counts), ``passes``, and ``checks``: how many there
    are, failures included.
    """
    path = sniff.existing(path, "The scoring report")
    sheets = {
        sheet: rows.drop(columns=["sheet", "total", "score"]) for sheet, rows in read_scores(path).groupby("sheet")
    }
    if "Actions" not in sheets:
        raise ValueError(f"{path} has no sheet Actions, which says how many checks of each action passed.")
    actions = sheets["Actions"][["action", *_VERDICTS]]
    unit = _unit(failures, actions, path, report)
    if unit == "series":
        failures = concat([failures, _passing_series(failures, actions, path, report)])
    rows = scoring.unique(failures, unit)
    counts = [_compared(actions, rows, ["action"])]
    if "Categories" in sheets:
        counts.append(_compared(_with_uncoded(sheets["Categories"], actions), rows, ["category", "subcategory"]))
    passes = pd.concat([counted.assign(passes=counted["passed"] - counted["listed_passed"]) for counted in counts])
    # Of rows of a series that are alike but for their codes, the official script takes any for the sheet Categories.
    strange = (passes["passes"] < 0) | ((unit == "instance") & (passes["failed"] != passes["listed_failed"]))
    if strange.any():
        raise _other_run(path, report)
    columns = {
        "submission": name,
        "verdict": "passed",
        "complete": False,
        "unit": unit,
        "checks": passes["passes"] + passes[["listed_passed", "listed_failed", "listed_blank"]].sum(axis=1),
        **{name: passes[name].to_numpy() for name in ("action", "category", "subcategory", "passes") if name in passes},
    }
    return concat([failures, tidy(columns, {**RESULTS, **COUNTED}, len(passes))])


def _compared(sheet: pd.DataFrame, rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """The counts of a sheet beside those of the report, ``listed_…``; a row for each that either has."""
    listed = rows[by].astype(object).assign(**{f"listed_{name}": rows["verdict"] == name for name in _VERDICTS})
    listed = listed.groupby(by, dropna=False, as_index=False).sum()
    sheet = sheet[[*by, *_VERDICTS]].groupby(by, dropna=False, as_index=False).sum()
    both = sheet.astype(dict.fromkeys(by, object)).merge(listed, how="outer", on=by)
    counts = [name for name in both.columns if name not in by]
    return both.fillna(dict.fromkeys(counts, 0)).astype(dict.fromkeys(counts, "int64"))


def _unit(failures: pd.DataFrame, actions: pd.DataFrame, path: Path, report: Path) -> str:
    """What the workbook counts: that by which the report has the same failures; where both do, what its name says."""
    compared = {unit: _compared(actions, scoring.unique(failures, unit), ["action"]) for unit in ("instance", "series")}
    fits = [unit for unit, counts in compared.items() if _fits(counts, unit).all()]
    named = [unit for unit in compared if unit in path.stem]
    if not fits:
        unit = named[0] if len(named) == 1 else "instance"
        worst = compared[unit][~_fits(compared[unit], unit)].iloc[0]
        raise _other_run(
            path,
            report,
            f": {worst['action']} has {worst['failed']:,} failed and {worst['blank']:,} blank checks by {unit}, "
            f"and {worst['listed_failed']:,} and {worst['listed_blank']:,} in the report",
        )
    if len(fits) > 1 and len(named) != 1:
        raise ValueError(
            f"{path} may count by instance or by series, its failures are as many. Name it as the official script "
            "does: scoring_report_instance.xlsx or scoring_report_series.xlsx."
        )
    return named[0] if len(fits) > 1 else fits[0]


def _fits(counts: pd.DataFrame, unit: str) -> pd.Series:
    """Where workbook and report can be of one run. By series a workbook may count fewer blanks: a series that passes
    elsewhere."""
    fewer = counts["blank"] <= counts["listed_blank"]
    return (counts["failed"] == counts["listed_failed"]) & (
        fewer if unit == "series" else counts["blank"] == counts["listed_blank"]
    )


def _other_run(path: Path, report: Path, why: str = "") -> ValueError:
    return ValueError(f"{path} is not the scoring workbook of {report}{why}. Give both files of one run.")


def _passing_series(failures: pd.DataFrame, actions: pd.DataFrame, path: Path, report: Path) -> pd.DataFrame:
    """A passed row for each series of which the report lists only blanks but which the workbook counts as passed."""
    rows = scoring.unique(failures, "series")
    counts = _compared(actions, rows, ["action"])
    fewer = counts[counts["blank"] < counts["listed_blank"]]
    some = fewer[fewer["blank"] > 0]
    if len(some):
        raise ValueError(
            f"{path} has {some['blank'].iloc[0]:,} blank checks of {some['action'].iloc[0]} by series, {report} lists "
            f"{some['listed_blank'].iloc[0]:,}, and which of these passed cannot be known. Give "
            "scoring_report_instance.xlsx."
        )
    passing = rows[(rows["verdict"] == "blank") & rows["action"].isin(fewer["action"])].copy()
    passing["verdict"] = pd.Categorical(["passed"] * len(passing), dtype=RESULTS["verdict"])
    for name in ("instance", "released", "check", "actual", "score", "error", "file"):
        passing[name] = as_column(None, RESULTS[name], len(passing))
    return passing


def _with_uncoded(categories: pd.DataFrame, actions: pd.DataFrame) -> pd.DataFrame:
    """The sheet Categories with the checks that it leaves out: those without a code, which are of category dicom."""
    rest = actions[list(_VERDICTS)].sum() - categories[list(_VERDICTS)].sum()
    uncoded = pd.DataFrame([{"category": "dicom", "subcategory": None, **rest}])
    return pd.concat([categories.drop(columns="action"), uncoded], ignore_index=True) if rest.any() else categories


__all__ = ["read_scores", "with_passes"]
