"""Intervals from the differences between patients, on counts whose answers are known beforehand."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from midi_nb.scores.intervals import contributing, intervals, student, wilson

NORMAL = NormalDist().inv_cdf(0.975)


def interval(failed, total=20, coverage=0.95):
    """The ends of one score, from the failures of each patient."""
    failed = np.asarray(failed)
    total = np.broadcast_to(total, failed.shape)
    found = intervals(total - failed, total, np.zeros(len(failed), dtype=int), 1, coverage)
    return float(found.low[0]), float(found.high[0])


def ends(rate, trials, freedom, coverage=0.95):
    return tuple(float(end) for end in wilson(rate, trials, student(freedom, coverage)))


# Known values: Newcombe 1998, table I, method 3; Brown, Cai and DasGupta's limits at 0 and 1.
@pytest.mark.parametrize(
    ("rate", "trials", "low", "high"),
    [
        (81 / 263, 263, 0.2553, 0.3662),
        (15 / 148, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.8830, 1),
        (1 / 29, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_known_values(rate, trials, low, high):
    assert np.round(wilson([rate], [trials], NORMAL), 4).ravel().tolist() == [low, high]


@pytest.mark.parametrize(
    ("coverage", "quantiles"),
    [(0.5, [1.000, 0.816, 0.727, 0.683]), (0.95, [12.706, 4.303, 2.571, 2.042]), (0.99, [63.657, 9.925, 4.032, 2.750])],
)
def test_student_known_values(coverage, quantiles):
    assert student([1, 2, 5, 30], coverage) == pytest.approx(quantiles, abs=0.001, rel=2e-4)


def test_student_of_many_degrees_is_normal_and_of_few_stays_finite():
    assert student([1e9])[0] == pytest.approx(NORMAL)
    assert student([0.01, 0.5]).tolist() == [student([0.5])[0]] * 2
    assert student([0.5])[0] > 160


def test_student_as_scipy():
    special = pytest.importorskip("scipy.special")
    freedom = np.array([0.5, 0.7, 1, 1.5, 2, 3.3, 9, 29.2, 99, 1000])
    assert student(freedom, 0.9) == pytest.approx(special.stdtrit(freedom, 0.95), rel=2e-4)


@pytest.mark.parametrize(("failed", "total"), [(2, 20), (7, 22), (10, 23)])  # two that round
def test_patients_that_are_all_alike_are_as_many_independent_checks(failed, total):
    assert interval([failed] * 10, total) == pytest.approx(ends(1 - failed / total, 10 * total, 9))
    some_larger = interval([failed, failed, failed, 2 * failed], np.array([1, 1, 1, 2]) * total)
    assert some_larger == pytest.approx(ends(1 - failed / total, 5 * total, 25 / 7 - 1))


def test_patients_that_differ_are_fewer_checks_with_fewer_degrees_of_freedom():
    """Of 20 checks each, 1, 4, 7 fail: left out, the patients move the rate of 0.8 by 3/40, 0 and 3/40."""
    variance, freedom = 2 * (3 / 40) ** 2 * 2 / 3, 2  # two patients make up all of it
    assert interval([1, 4, 7]) == pytest.approx(ends(0.8, 0.8 * 0.2 / variance, freedom))


def test_few_patients_that_make_up_the_spread_are_few_degrees_of_freedom():
    assert contributing(*(np.sum(np.array([3, 3, 0, 0]) ** power) for power in (2, 4))) == 2
    even, uneven = interval([1, 3] * 10), interval([2] * 19 + [2 + 20**0.5])  # of the same variance, or nearly
    assert uneven[1] - uneven[0] > 2 * (even[1] - even[0])


def test_a_patient_that_fails_throughout_is_one_of_so_many():
    """Patients that pass or fail as a whole are the trials, however many checks they have."""
    assert interval([20] + [0] * 9)[0] == pytest.approx(ends(0.9, 9, 9)[0])
    assert interval([20] + [0] * 9) == pytest.approx(interval([2000] + [0] * 9, total=2000))


def test_where_nothing_failed_patients_are_all_that_is_known():
    low, high = interval([0] * 100)
    assert (low, high) == pytest.approx(ends(1, 99, 99))
    assert 3 / 100 < 1 - low < 4 / 100
    assert interval([20] * 100) == pytest.approx((0, 1 - low))


def test_patients_of_unequal_size_count_for_fewer():
    few = interval([0] * 100, total=np.array([10_000] * 5 + [1] * 95))
    assert few == pytest.approx(interval([0] * 5), abs=0.01)


def test_checks_of_nobody_known_are_no_patient_of_the_interval():
    counts = {"passed": [20] * 4, "total": [20] * 4, "group": [0] * 4, "groups": 1}
    three, four = (intervals(**counts, named=named) for named in ([True, True, True, False], True))
    assert (three.patients.tolist(), four.patients.tolist()) == ([3], [4])
    assert three.low < four.low
    alone = intervals([18, 10], [20, 20], [0, 0], groups=1, named=[True, False])
    assert alone.patients.tolist() == [1]
    assert np.isnan([alone.low, alone.high]).all()


def test_one_patient_has_no_interval():
    found = intervals([18, 10, 19], [20, 20, 20], [0, 1, 1], groups=3)
    assert found.patients.tolist() == [1, 2, 0]
    assert np.isnan(found.low).tolist() == np.isnan(found.high).tolist() == [True, False, True]


COUNTS = st.lists(
    st.integers(1, 300).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))), min_size=2, max_size=12
)


@given(COUNTS, st.floats(0.5, 0.99), st.randoms())
def test_an_interval_holds_its_score_whatever_the_order_and_mirrors_with_it(counts, coverage, random):
    failed, total = np.array(counts).T
    low, high = interval(failed, total, coverage)
    assert 0 <= low <= 1 - failed.sum() / total.sum() + 1e-12
    assert 1 >= high >= 1 - failed.sum() / total.sum() - 1e-12
    assert interval(total - failed, total, coverage) == pytest.approx((1 - high, 1 - low), abs=1e-9)
    mixed = random.sample(counts, len(counts))
    assert interval(*np.array(mixed).T, coverage) == pytest.approx((low, high), abs=1e-9)


@given(COUNTS)
def test_more_coverage_is_wider(counts):
    failed, total = np.array(counts).T
    narrow, wide = (interval(failed, total, coverage) for coverage in (0.8, 0.95))
    assert wide[0] <= narrow[0] + 1e-12
    assert wide[1] >= narrow[1] - 1e-12


@pytest.mark.parametrize("patients", [3, 10, 50])
def test_the_interval_holds_the_truth_nineteen_times_in_twenty(patients):
    """Patients whose failure rates differ round 2 %; benchmarks/coverage.py has harder cases."""
    random = np.random.default_rng(patients)
    total = np.full((1000, patients), 500)
    passed = total - random.binomial(total, random.beta(2, 98, total.shape))
    found = intervals(passed.ravel(), total.ravel(), np.repeat(np.arange(1000), patients), 1000)
    assert np.mean((found.low <= 0.98) & (found.high >= 0.98)) == pytest.approx(0.96, abs=0.03)
