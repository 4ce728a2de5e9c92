"""How often the intervals and decisions of midi_nb are right, on made-up tools of which the truth is known.

    python benchmarks/coverage.py [--repeats 2000]

Every number comes from `repeats` sets of patients. Patients differ: the rate at which one fails comes from a beta
distribution round that of the tool, or one patient in twenty fails half of its checks. They have 1,000 checks each, or
270 an instance and instances as in MIDI-B's validation set: 216 patients with 23,921 of them, most with a few and some
with thousands (a log-normal distribution: how many each has is not published).
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from statistics import NormalDist
from typing import Any

import numpy as np

from midi_nb.scores.intervals import intervals, wilson
from midi_nb.scores.ranking import holm, swapped

PATIENTS = (3, 5, 10, 30, 100, 216)
NORMAL = NormalDist().inv_cdf(0.975)
DRAWS = 1000

Random = np.random.Generator
Rates = Callable[[Random, Any], Any]  # failure rates of patients in an array of that shape


def midi_b_sizes() -> Any:
    """Checks of each patient of a set like MIDI-B's validation set."""
    patients, instances, spread = 216, 23_921, 1.75
    shape = np.exp([spread * NormalDist().inv_cdf((i + 0.5) / patients) for i in range(patients)])
    sizes = np.maximum(1, np.round(shape / shape.sum() * instances))
    sizes[-1] += instances - sizes.sum()
    return 270 * sizes


SIZES = {"1,000 checks a patient": np.array([1000.0]), "sizes as in MIDI-B": midi_b_sizes()}


def beta(mean: float, alike: float) -> Rates:
    """Failure rates of patients that differ: `alike` is the correlation of two checks of one patient."""
    return lambda random, shape: random.beta(mean * (1 / alike - 1), (1 - mean) * (1 / alike - 1), shape)


def one_in_twenty(random: Random, shape: Any) -> Any:
    """Failure rates of patients of whom one in twenty fails in half of its checks."""
    return np.where(random.random(shape) < 0.05, 0.5, 0.001)


TOOLS: dict[str, tuple[Rates, float]] = {
    "score 0.9": (beta(0.1, 0.1), 0.1),
    "score 0.99": (beta(0.01, 0.1), 0.01),
    "score 0.999": (beta(0.001, 0.1), 0.001),
    "one bad patient": (one_in_twenty, 0.05 * 0.5 + 0.95 * 0.001),
}


def drawn(random: Random, sizes: Any, repeats: int, patients: int) -> Any:
    """Checks of each patient in each repeat."""
    return random.choice(sizes, (repeats, patients))


def passes(random: Random, rates: Rates, total: Any) -> Any:
    """Passed checks of each patient in each repeat."""
    return total - random.binomial(total.astype("int64"), rates(random, total.shape))


def naive(passed: Any, total: Any, _: Random) -> Any:
    """Wilson's interval with checks as trials."""
    checks = total.sum(axis=1)
    return wilson(passed.sum(axis=1) / checks, checks, NORMAL)


def bootstrap(passed: Any, total: Any, random: Random) -> Any:
    """The middle 95 % of the scores of patients drawn anew."""
    return np.quantile(resampled(passed, total, random), [0.025, 0.975], axis=0)


def resampled(passed: Any, total: Any, random: Random) -> Any:
    """Scores of patients drawn anew: draws × repeats."""
    patients = total.shape[1]
    weights = random.multinomial(patients, np.full(patients, 1 / patients), size=DRAWS).astype("float64")
    return (weights @ passed.T) / (weights @ total.T)


def ours(passed: Any, total: Any, _: Random) -> Any:
    """What `score` gives."""
    repeats, patients = total.shape
    found = intervals(passed.ravel(), total.ravel(), np.repeat(np.arange(repeats), patients), repeats)
    return found.low, found.high


def coverage(random: Random, repeats: int) -> None:
    """How often an interval of 95 % holds the score that the tool would have with all patients of the world."""
    for name, sizes in SIZES.items():
        print(f"\nintervals of a score, {name}\n{'patients':>28}{row(PATIENTS, '{:>6}')}")
        for tool, (rates, failing) in TOOLS.items():
            right: dict[Any, list[Any]] = {method: [] for method in (naive, bootstrap, ours)}
            widths = []
            for patients in PATIENTS:
                total = drawn(random, sizes, repeats, patients)
                passed = passes(random, rates, total)
                for method, shares in right.items():
                    low, high = method(passed, total, random)
                    shares.append(np.mean((low <= 1 - failing) & (1 - failing <= high)))
                widths.append(np.median(high - low))
            for method, shares in right.items():
                print(f"{tool:>16} {method.__name__:>11}{row(shares)}")
            print(f"{'':>16} {'ours, width':>11}{row(widths, '{:6.3f}')}")


def decisions(random: Random, repeats: int) -> None:
    """How often beats_next says yes of two tools: equal ones, and one that fails half as often as the other."""
    numbers, form = (2, 3, 6, 10, 30, 100), "{:6.3f}"
    for name, sizes in SIZES.items():
        print(f"\n'better than the next', {name}\n{'patients':>46}{row(numbers, '{:>6}')}")
        for tool, (rates, _) in TOOLS.items():
            share: dict[str, list[Any]] = {"equal": [], "better": [], "draws": []}
            for patients in numbers:
                total = drawn(random, sizes, 3 * repeats, patients)  # one in twenty is a small number
                one, other = passes(random, rates, total), passes(random, rates, total)
                share["equal"].append(said(one, other, total, random))
                one, other, total = (side[:repeats] for side in (one, other, total))
                share["draws"].append(surely_first(one, other, total, random))
                half = total - np.floor((total - one) / 2)
                share["better"].append(said(half, other, total, random))
            print(f"{tool:>16}  {'equal tools, ours':>28}{row(share['equal'], form)}")
            print(f"{'':>16}  {'equal tools, 97.5 % of draws':>28}{row(share['draws'], form)}")
            print(f"{'':>16}  {'half the failures, ours':>28}{row(share['better'], form)}")


def said(one: Any, other: Any, total: Any, random: Random) -> Any:
    """How often the one ahead is called better, as `rank` does it."""
    if total.shape[1] < 6:
        return 0.0
    yes = []
    for i in np.array_split(np.arange(len(total)), max(1, len(total) // 250)):
        shares = swapped(np.stack([one[i], total[i]]), np.stack([other[i], total[i]]), random)
        yes += [holm(share[np.newaxis])[0] for share in shares]
    return np.mean(yes)


def surely_first(one: Any, other: Any, total: Any, random: Random) -> Any:
    """How often one of the two is ahead in 97.5 % of the draws of patients, which is what `rank` asked before."""
    state = random.integers(2**32)
    gap = np.subtract(*(resampled(side, total, np.random.default_rng(state)) for side in (one, other)))
    return np.mean(np.maximum((gap > 0).mean(axis=0), (gap < 0).mean(axis=0)) >= 0.975)


def row(values: Iterable[Any], form: str = "{:6.2f}") -> str:
    return "".join("     -" if value != value else form.format(value) for value in values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for table in (coverage, decisions):
        table(np.random.default_rng(options.seed), options.repeats)


if __name__ == "__main__":
    main()
