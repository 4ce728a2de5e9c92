"""What a notebook works on: your files, or the demo if you give none; and the unit in which it counts.

Every notebook starts with the same parameters. With them left at None it shows the demo; with paths it shows the
reader's data, and nothing below the parameters changes.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from .answers import read_mapping
from .coded import concat
from .demo import make_demo
from .engine.judging import evaluate
from .files import read_results
from .folders import Submission
from .frames import require_columns
from .progress import counted

__all__ = [
    "Case",
    "Contest",
    "counts",
    "evaluate_all",
    "failed_by_all",
    "open_case",
    "open_contest",
    "results_of",
]


class Case(NamedTuple):
    """One submission, and what there is to judge it by."""

    submission: Submission | None
    key: Any
    original: Path | None
    run: Path | None


class Contest(NamedTuple):
    """Several submissions to one key."""

    submissions: Mapping[str, Submission]
    key: Any
    original: Path | None


def open_case(
    released: str | Path | Submission | None = None,
    key: Any = None,
    uids: Any = None,
    patients: Any = None,
    original: str | Path | None = None,
    run: str | Path | None = None,
    *,
    demo: str = "careless",
) -> Case:
    """The submission a notebook is about: the one at these paths, or the demo's if you give none.

    Parameters
    ----------
    released, key, uids, patients
        As `evaluate` takes them.
    original
        Folder of the files before de-identification.
    run
        Results that are there already, as `read_results` takes them.
    demo
        Which submission of the demo to take where nothing else is given.

    Returns
    -------
    Case
        submission, key, original, run.

    Examples
    --------
    >>> case = open_case()
    >>> case.submission.folder.name
    'careless'
    """
    if all(given is None for given in (released, key, uids, patients, original, run)):
        made = make_demo()
        return Case(_of_demo(made.submissions, demo), made.key, made.original, None)
    if run is None and (released is None or key is None):
        raise ValueError("A case of your own needs released= and key=, or run=; with nothing given it is the demo's.")
    if isinstance(released, Submission):
        released, *given = released
        uids, patients = (own if one is None else one for one, own in zip((uids, patients), given, strict=True))
    paths = {"released": released, "key": key, "uids": uids, "patients": patients, "original": original, "run": run}
    _refuse_missing(paths)
    submission = None if released is None else Submission(Path(released), uids, patients)
    return Case(submission, *map(_path, (key, original, run)))


def open_contest(
    submissions: Mapping[str, str | Path | Submission] | None = None,
    key: Any = None,
    original: str | Path | None = None,
) -> Contest:
    """The submissions a comparison is about: those given, by their names, or the demo's where none are.

    Examples
    --------
    >>> "reference" in open_contest().submissions
    True
    """
    if submissions is None and key is None and original is None:
        made = make_demo()
        return Contest({name: _of_demo(made.submissions, name) for name in made.submissions}, made.key, made.original)
    if not submissions or key is None:
        raise ValueError("A comparison of your own needs submissions={name: Submission(…), …} and key=.")
    given = {name: one if isinstance(one, Submission) else Submission(Path(one)) for name, one in submissions.items()}
    _refuse_missing({"key": key, "original": original} | {name: one.folder for name, one in given.items()})
    return Contest(given, _path(key), _path(original))


def results_of(case: Case, *, rules: str = "official", progress: bool = True) -> pd.DataFrame:
    """The results of a case: read if they exist already, evaluated if not.

    Examples
    --------
    >>> bool(results_of(open_case(demo="reference"), progress=False)["verdict"].eq("passed").all())
    True
    """
    if case.run is not None:
        uids = None if case.submission is None else case.submission.uids
        return read_results(case.run, key=case.key, uids=None if uids is None else read_mapping(uids))
    return evaluate(case.submission, case.key, rules=rules, progress=progress)


def evaluate_all(
    submissions: Mapping[str, Submission], key: Any, *, progress: bool = True, **options: Any
) -> pd.DataFrame:
    """The results of several submissions in one frame, as `rank` takes it; a warning names the submission it is about.

    Parameters
    ----------
    submissions
        Name → `Submission`.
    key, options
        As `evaluate` takes them.
    progress
        Whether to show a line that says how many submissions are done.

    Examples
    --------
    >>> contest = open_contest()
    >>> two = {name: contest.submissions[name] for name in ("emptied", "reference")}
    >>> evaluate_all(two, contest.key, progress=False)["submission"].unique().tolist()
    ['emptied', 'reference']
    """
    if not submissions:
        raise ValueError("evaluate_all() needs at least one submission.")
    found = []
    for name, one in counted(list(submissions.items()), "submission", "evaluated", progress):
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            found.append(evaluate(one, key, name=name, progress=False, **options))
        for warning in said:
            warnings.warn(f"{name}: {warning.message}", warning.category, stacklevel=2)
    return concat(found)


def _of_demo(submissions: Mapping[str, Submission], name: str) -> Submission:
    if name not in submissions:
        raise ValueError(f"The demo has no submission {name!r} (it has {', '.join(sorted(submissions))}).")
    return submissions[name]


def _path(given: Any) -> Any:
    """A path that was given as text; what else was given, such as a key in a frame, as it is."""
    return Path(given) if isinstance(given, str) else given


def _refuse_missing(paths: Mapping[str, Any]) -> None:
    gone = [name for name, path in paths.items() if isinstance(path, str | Path) and not Path(path).exists()]
    if gone:
        raise FileNotFoundError(f"{paths[gone[0]]} ({gone[0]}=) does not exist; leave all at None to see the demo.")


def counts(frame: pd.DataFrame, by: str | Sequence[str]) -> pd.DataFrame:
    """How many rows, series and patients there are of each kind, the most frequent first.

    Parameters
    ----------
    frame
        Results, failures, findings or a comparison.
    by
        Column or columns of `frame` that make a kind. Missing values are a kind of their own.

    Returns
    -------
    DataFrame
        The columns of `by`, rows, and series and patients where `frame` has their columns.

    Examples
    --------
    >>> counts(results, "category")["rows"].is_monotonic_decreasing
    True
    """
    columns = [by] if isinstance(by, str) else list(by)
    require_columns(frame, columns, "counts()")
    groups = frame.groupby(columns, observed=True, dropna=False, sort=False)
    table = groups.size().rename("rows").to_frame()
    for what, name in (("series", "series"), ("patients", "patient")):
        if name in frame.columns and name not in columns:
            table[what] = groups[name].nunique()
    return table.sort_values("rows", ascending=False, kind="stable").reset_index()


def failed_by_all(results: pd.DataFrame) -> pd.DataFrame:
    """The checks that every submission of a frame fails or leaves blank: a blind spot of all tools, or a wrong key.

    Parameters
    ----------
    results
        Results of several submissions to one key, as `evaluate_all` gives them.

    Returns
    -------
    DataFrame
        One row a check: patient, series, instance, check, action, tag_path, name, modality, original, expected.

    Examples
    --------
    >>> contest = open_contest()
    >>> two = {name: contest.submissions[name] for name in ("emptied", "reference")}
    >>> len(failed_by_all(evaluate_all(two, contest.key, progress=False)))
    0
    """
    require_columns(results, ["submission", "verdict", *_CHECK], "failed_by_all()")
    submissions = results["submission"].nunique()
    if submissions < 2:
        raise ValueError(f"failed_by_all() needs at least 2 submissions, but the frame holds {submissions}.")
    failures = results[results["verdict"] != "passed"]
    by = ["instance", "check", "action", "tag_path"]
    failing = failures.groupby(by, observed=True)["submission"].transform("nunique")
    return failures.loc[failing == submissions, list(_CHECK)].drop_duplicates(by).reset_index(drop=True)


_CHECK = ("patient", "series", "instance", "check", "action", "tag_path", "name", "modality", "original", "expected")
