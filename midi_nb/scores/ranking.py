"""Two runs side by side, and several ranked: what changed, who is better, and how sure that is."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..coded import coded, codes_at, concat, joint_codes, joint_keys, verdicts
from ..frames import ANSWERS, count_rows, is_complete, require_columns, require_complete
from .intervals import intervals
from .scoring import COUNTS, is_tally, tally

__all__ = ["CHANGES", "compare", "rank"]

#: What can become of a check from one run to the next. A blank one counts as failing, as it does in the score.
CHANGES = ("fixed", "regressed", "still failing", "still passing", "only before", "only after")

# What a check is known by: the key's own numbers, none of the released file's.
_IDENTITY = ("instance", "check", "action", "tag_path")
_SHOWN = tuple(ANSWERS)[: tuple(ANSWERS).index("prev_cat")]  # what a check is, without its codes and texts
_WHY = ("cause", "axis")
_SAME_KEY = 0.5  # of the smaller run: two runs that share fewer checks were not asked the same


def compare(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Every check of two runs, and how its verdict changed from the one to the other.

    Checks are paired by instance, action, attribute and number in the key (in reports, which have none, by expected
    text and region), whatever the order of the rows. Where a key or a submission has one of these several times (a file
    twice), those of the same text and region are paired, failures with failures first.

    Of a discrepancy report, which lists failures only, a check that it does not list counts as passed: the official
    script passes it, or its file is missing, or (rarely: an unreadable region) the script writes no row for it. So of
    two reports, what only the earlier one lists is "fixed", what only the later one lists "regressed", and no check is
    "still passing"; with one report beside all checks of the other run, every check is known.

    Parameters
    ----------
    before, after
        Results of one submission each, of the same key. Discrepancy reports name instances by released UIDs, which may
        differ from run to run: ``read_results(path, uids=...)`` gives the original ones.

    Returns
    -------
    DataFrame
        What the check is (patient, study, series, instance, check, action, tag_path, …), before and after (the
        verdicts; missing where the run, or the report, has no such check), change. ``.value_counts("change")`` or any
        ``groupby`` tallies it. Where `after` is explained, also cause and axis: why the check fails now.
        A warning says how many checks of two whole runs are in one only.

    Examples
    --------
    >>> runs = [mn.evaluate(demo.submissions[name], demo.key, progress=False) for name in ("careless", "reference")]
    >>> bool((mn.compare(*runs)["change"] == "regressed").any())
    False
    """
    for frame, side in ((before, "before"), (after, "after")):
        require_columns(frame, [*_IDENTITY, "verdict"], "compare()")
        _refuse_many(frame, side)
        if not len(frame):
            raise ValueError(
                f"compare() needs checks on both sides, and {side!r} holds none. A discrepancy report without failures "
                "can be compared if it is read with its scoring workbook: read_results(path, scores=...)."
            )
    whole = is_complete(before), is_complete(after)
    before, after = _listed(coded(before)), _listed(coded(after))
    in_before, in_after = _paired(before, after)
    shared = int(((in_before >= 0) & (in_after >= 0)).sum())
    if not all(whole):
        _refuse_other_names(before, after, whole)
    if any(whole) and shared < _SAME_KEY * min(len(before), len(after)):
        raise ValueError(
            f"compare() pairs checks by {', '.join(_IDENTITY)}, and only {shared:,} of {len(before):,} checks before "
            f"and {len(after):,} after are in both. Evaluate both runs with the same answer key; official results name "
            "instances by released UIDs, so read them with read_results(path, key=..., uids=...)."
        )
    if shared < len(in_before) and all(whole):
        warnings.warn(
            f"compare() found {shared:,} checks in both runs, {int((in_after < 0).sum()):,} only before and "
            f"{int((in_before < 0).sum()):,} only after: they were judged on different checks.",
            stacklevel=2,
        )
    columns = [name for name in _SHOWN if name in before and name in after]
    extra = np.flatnonzero(in_before < 0)
    shown = before[columns].iloc[in_before[in_before >= 0]]
    if len(extra):
        shown = concat([shown, after[columns].iloc[in_after[extra]]])
    compared = shown.reset_index(drop=True).assign(
        before=before["verdict"].array.take(in_before, allow_fill=True),
        after=after["verdict"].array.take(in_after, allow_fill=True),
    )
    compared["change"] = _changes(compared["before"], compared["after"], whole)
    for name in _WHY:
        if name in after:
            compared[name] = after[name].array.take(in_after, allow_fill=True)
    return compared


def _listed(checks: pd.DataFrame) -> pd.DataFrame:
    """`checks` without the passes that a scoring workbook gives a discrepancy report: they have no instance."""
    if is_complete(checks):
        return checks
    return checks[~count_rows(checks) & ((checks["verdict"] != "passed") | checks["instance"].notna())]


def _refuse_other_names(before: pd.DataFrame, after: pd.DataFrame, whole: tuple[bool, bool]) -> None:
    """Raise a ValueError where the instances of a discrepancy report have other names than those of the other run."""
    named = [checks[checks["state"] != "missing"] if "state" in checks else checks for checks in (before, after)]
    if not all(map(len, named)) or named[0]["instance"].isin(named[1]["instance"].unique()).any():
        return
    original = [complete or _has_original_names(checks) for checks, complete in zip(named, whole, strict=True)]
    if all(original) and not any(whole):  # other instances failed
        return
    raise ValueError(
        "compare() pairs checks by instance, and no instance of the one run is in the other: a discrepancy report "
        "names instances by released UIDs. Read it with read_results(path, uids=...), the UID mapping of its run, for "
        "the original ones."
    )


def _has_original_names(checks: pd.DataFrame) -> bool:
    """Whether some instance goes by another UID than its released file."""
    return "released" in checks and bool((checks["instance"].astype(object) != checks["released"].astype(object)).any())


def _refuse_many(frame: pd.DataFrame, side: str) -> None:
    if "submission" not in frame:
        return
    count = frame["submission"].nunique()
    if count > 1:
        raise ValueError(
            f"compare() takes one submission a side, but {side!r} holds {count}; "
            "select one: results[results['submission'] == name]."
        )


def _paired(before: pd.DataFrame, after: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The place of every check in each frame, -1 where one does not have it: those of `before` first, in its order."""
    frames, identity = _identified([before, after])
    run = np.repeat([0, 1], [len(before), len(after)])
    key = _kept_apart(frames, identity, _keys(frames, identity), run)
    place = np.full(int(key.max(initial=-1)) + 1, -1)
    place[key[len(before) :]] = np.arange(len(after))
    in_after = place[key[: len(before)]]
    alone = np.ones(len(after), dtype=bool)
    alone[in_after[in_after >= 0]] = False
    extra = np.flatnonzero(alone)
    in_before = np.concatenate([np.arange(len(before)), np.full(len(extra), -1)])
    return in_before, np.concatenate([in_after, extra])


def same_checks(results: pd.DataFrame, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows (positions) of the checks that `rows` are about, in all submissions, and the number of each check.

    Rows of one number are the same check of one submission each, as `compare` pairs them.
    """
    checks = coded(results[[*_IDENTITY, *_texts([results]), "submission", "verdict"]])
    [checks], identity = _identified([checks])
    key = _keys([checks], identity)
    positions = np.flatnonzero(pd.Series(key).isin(key[rows]).to_numpy())
    checks = checks.iloc[positions]
    key = _kept_apart([checks], identity, key[positions], codes_at(checks, "submission", slice(None)))
    return positions, pd.factorize(key)[0]


def _identified(frames: Sequence[pd.DataFrame]) -> tuple[Sequence[pd.DataFrame], list[str]]:
    """Frames and what their checks are known by: text and region where one run has no numbers of the key."""
    if all(frame["check"].notna().all() for frame in frames):
        return frames, list(_IDENTITY)
    texts = _texts(frames)
    if "expected" in texts:  # of tables a report does not show the text
        frames = [
            frame.assign(expected=frame["expected"].where(frame["tag_path"].map(_is_shown).astype(bool)))
            for frame in frames
        ]
    return frames, [*(name for name in _IDENTITY if name != "check"), *texts]


def _is_shown(path: str) -> bool:
    return not path.endswith("(0028,3006)")  # LUT Data


def _texts(frames: Sequence[pd.DataFrame]) -> list[str]:
    return [name for name in ("expected", "x0", "y0", "x1", "y1") if all(name in frame for frame in frames)]


def _keys(frames: Sequence[pd.DataFrame], names: Sequence[str]) -> np.ndarray:
    """A number for what each check is known by: of one frame after another, the same in all."""
    whole = concat(frame[[*names]] for frame in frames)
    return joint_keys([whole[name].astype("category").cat.codes.to_numpy() for name in names], len(whole))


def _kept_apart(
    frames: Sequence[pd.DataFrame], identity: Sequence[str], key: np.ndarray, run: np.ndarray
) -> np.ndarray:
    """`key` with the checks that a run has several times kept apart by text and region, then by verdict."""
    of_run = joint_keys([run, key], len(key))
    repeated = np.bincount(of_run)[of_run] > 1
    if not repeated.any():
        return key
    fine = _keys(frames, [*dict.fromkeys([*identity, *_texts(frames)])])
    key = joint_codes([key, np.where(np.isin(key, key[repeated]), fine, 0)], len(key))
    failures_first = np.argsort(np.concatenate([verdicts(frame) for frame in frames]), kind="stable")
    of_run = joint_keys([run, key], len(key))[failures_first]
    copy = np.empty_like(key)
    copy[failures_first] = pd.Series(of_run).groupby(of_run).cumcount()
    return joint_codes([key, copy], len(key))


def _changes(before: pd.Series, after: pd.Series, whole: tuple[bool, bool]) -> pd.Categorical:
    """What became of each check; a run that does not hold all its checks holds its failures."""
    sides = list(zip((before, after), whole, strict=True))
    passed, passes = ((verdict == "passed") | (verdict.isna() & (not complete)) for verdict, complete in sides)
    no_before, no_after = (verdict.isna() & complete for verdict, complete in sides)
    code = np.select([no_after, no_before, ~passed & passes, passed & ~passes, passed], [4, 5, 0, 1, 3], default=2)
    return pd.Categorical.from_codes(code.astype("int8"), dtype=pd.CategoricalDtype(list(CHANGES)))


def rank(results: pd.DataFrame, *, n: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Several submissions from best to worst, and how sure that order is.

    The checks of a patient pass and fail together, so patients are what is drawn: `n` times as many patients as there
    are, with replacement, the same for all submissions. Whether a submission is better than the next one is a question
    of its own, with a test: if both were equally good, their results of a patient could be swapped. Checks without a
    patient are drawn and swapped together, but are no patient.

    Parameters
    ----------
    results
        Results (or the tally of some) of two or more submissions over the same patients. A warning says when they were
        judged on different checks: a submission that is asked less may be first only for that.
    n
        How often to draw.
    seed
        The same seed gives the same frame.

    Returns
    -------
    DataFrame
        submission, score, low, high (as `score` gives them), rank (equal scores share the better one), rank_low,
        rank_high (of 95 % of the draws), p_first (the share of draws in which it was first; ties share it; this is no
        probability that it is the best), and beats_next: whether it is significantly better than the next one. The test
        swaps the results of the two for sets of patients (every set up to 14 patients, else 10,000 random ones); at
        most 5 % of these may make the scores differ as much as they do, by Holm's rule for all neighbours together.
        Missing below six patients, where that is impossible, and for the last submission.

    Examples
    --------
    >>> runs = [mn.evaluate(demo.submissions[name], demo.key, progress=False) for name in ("careless", "reference")]
    >>> mn.rank(mn.concat(runs))["submission"].tolist()
    ['reference', 'careless']
    """
    require_complete(results, "rank()")
    require_columns(results, ["submission", "patient"], "rank()")
    if n < 1:
        raise ValueError(f"rank() needs n of at least 1 draw, got {n}.")
    passed, total, names, named = _by_patient(results)
    random = np.random.default_rng(seed)
    submissions, patients = total.shape
    weights = random.multinomial(patients, np.full(patients, 1 / patients), size=n)
    score = passed.sum(axis=1) / total.sum(axis=1)
    drawn = (weights @ passed.T) / (weights @ total.T)
    rank_low, rank_high = np.quantile(_ranks(drawn), [0.025, 0.975], axis=0, method="inverted_cdf").astype("int64")
    first = drawn >= drawn.max(axis=1, keepdims=True) - _TIE
    of = np.repeat(np.arange(submissions), patients)
    _, low, high = intervals(passed.ravel(), total.ravel(), of, submissions, named=np.tile(named, submissions))
    order = np.lexsort((names, -np.round(score, 12)))
    ranking = pd.DataFrame(
        {
            "submission": pd.Categorical(names, categories=list(names)),
            "score": score,
            "low": low,
            "high": high,
            "rank": _ranks(score[np.newaxis])[0],
            "rank_low": rank_low,
            "rank_high": rank_high,
            "p_first": (first / first.sum(axis=1, keepdims=True)).mean(axis=0),
        }
    )
    swaps = swapped(np.stack([passed, total])[:, order[:-1]], np.stack([passed, total])[:, order[1:]], random)
    better = holm(swaps) if named.sum() >= _ENOUGH else [pd.NA] * len(swaps)
    ranking = ranking.iloc[order].reset_index(drop=True)
    return ranking.assign(beats_next=pd.array([*better, pd.NA], dtype="boolean"))


_TIE = 1e-12  # scores are quotients: equal counts can differ by a rounding error
_ENOUGH = 6  # patients: with five, two of the 32 sets to swap differ as much as any data can, which is over 5 %
_ALL_SETS = 14  # patients, up to which every set of them is swapped
_BLOCKS, _BLOCK = 20, 500  # of sets that are drawn where there are more patients


def swapped(one: Any, other: Any, random: np.random.Generator) -> Any:
    """How often two submissions differ as much as they do, where the results of a set of patients are swapped.

    Each side has passes and checks (2 × pairs × patients). Returns the share of all sets of patients, or of a random
    sample and the observed set: at most 5 % of equal pairs get at most 0.05, however different their patients are.
    """
    (passed, total), half = (one + other).sum(axis=-1) / 2, np.swapaxes((one - other) / 2, -1, -2)
    gaps = []
    for signs in _sets(one.shape[-1], random):
        passes, checks = signs @ half
        gaps.append(np.abs((passed + passes) / (total + checks) - (passed - passes) / (total - checks)))
    gap = np.concatenate(gaps)
    return (gap >= gap[0] - _TIE).mean(axis=0)


def _sets(patients: int, random: np.random.Generator) -> Iterator[Any]:
    """Sets of patients as rows of 1 and -1 (swapped), in blocks; the first set is empty."""
    if patients <= _ALL_SETS:  # half of them: to swap all others gives the same difference the other way round
        yield 1.0 - 2 * (np.arange(2 ** (patients - 1))[:, np.newaxis] >> np.arange(patients) & 1)
        return
    yield np.ones((1, patients))
    for _ in range(_BLOCKS):
        yield 1.0 - 2 * random.integers(0, 2, size=(_BLOCK, patients), dtype="int8")


def holm(shares: Any, level: float = 0.05) -> Any:
    """Which of several tests are significant together: the k-th smallest at most level / (how many are left).

    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [True, False, False]
    """
    order = np.argsort(shares, kind="stable")
    small = shares[order] <= level / np.arange(len(shares), 0, -1)
    significant = np.empty(len(shares), dtype=bool)
    significant[order] = np.logical_and.accumulate(small)
    return significant


def _by_patient(results: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Passes and checks (submissions × patients), the names of the submissions, and which columns are patients."""
    counts = results if is_tally(results) else tally(results, by=["submission", "patient"])
    sums = _sums(counts.assign(total=counts[list(COUNTS)].sum(axis=1)), ["passed", "total"])
    submissions, patients = sums.index.get_level_values("submission").nunique(), counts["patient"].nunique()
    if submissions < 2:
        raise ValueError(
            f"rank() needs at least 2 submissions, but the frame holds {submissions}. "
            "Put several results together with mn.concat([a, b])."
        )
    if patients < 2:
        raise ValueError(
            f"rank() draws patients anew to measure how sure an order is, but the frame holds {patients}; "
            "at least 2 are needed."
        )
    table = sums.unstack("patient")
    missing = table["total"].isna()
    if missing.any(axis=None):
        worst = missing.sum(axis=1).idxmax()
        raise ValueError(
            f"{submissions} submissions cover different patients, and rank() pairs by patient: {worst!r} lacks "
            f"{int(missing.loc[worst].sum())} of {patients}. Evaluate all with the same answer key; official results "
            "name patients by released IDs, so read them with read_results(path, key=..., uids=...)."
        )
    # A check for which there is no official row was asked all the same.
    if counts is not results:
        rows = results.groupby(list(_PAIRED), observed=True, dropna=False).size()
        sums = _sums(rows.rename("total").reset_index(), ["total"])
    _warn_of_different_checks(sums["total"].unstack("patient"))
    named = table["total"].columns != _NOBODY
    names = table.index.to_numpy().astype(str)
    return table["passed"].to_numpy("float64"), table["total"].to_numpy("float64"), names, named


_PAIRED = ("submission", "patient")
_NOBODY = "(none)"


def _sums(counts: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Sums of `columns` by submission and patient, in order of their names: that of the rows must change no draw."""
    # Checks of no patient pass and fail together too: groupby would drop them.
    keys = {name: counts[name].astype("str").where(counts[name].notna(), _NOBODY) for name in _PAIRED}
    return counts[columns].assign(**keys).groupby(list(_PAIRED))[columns].sum()


def _warn_of_different_checks(checks: pd.DataFrame) -> None:
    if (checks == checks.iloc[0]).all(axis=None):
        return
    totals = checks.sum(axis=1).astype("int64")
    groups = [f"{number:,} ({_some(list(names.index))})" for number, names in totals.groupby(totals)]
    warnings.warn(
        f"rank() compares submissions that were judged on different checks: {_some(groups)}. A submission "
        "that is asked less may be first only for that; evaluate all with the same answer key.",
        stacklevel=4,
    )


def _some(names: Sequence[str], limit: int = 4) -> str:
    return ", ".join([*names[:limit], *([f"{len(names) - limit:,} more"] if len(names) > limit else [])])


def _ranks(scores: np.ndarray) -> np.ndarray:
    """For each row its ranks, 1 the best; equal scores share the better one."""
    return 1 + (scores[:, np.newaxis, :] > scores[:, :, np.newaxis] + _TIE).sum(axis=2)
