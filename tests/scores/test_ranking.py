"""Two runs side by side and several ranked, on frames whose answers are known beforehand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import midi_nb as mn
from midi_nb.coded import concat, tidy
from midi_nb.frames import RESULTS
from midi_nb.scores.ranking import CHANGES, compare, holm, rank, swapped
from midi_nb.scores.scoring import score, tally


def checks(verdicts, submission="a", **columns):
    """One check for each verdict, all of one instance unless `columns` say otherwise."""
    rows = len(verdicts)
    usual = {
        "submission": submission, "patient": "P1", "instance": "I1", "check": [str(n) for n in range(rows)],
        "action": "text_retained", "tag_path": "(0008,1030)", "expected": "CHEST", "modality": "CT", "private": False,
        "verdict": [{True: "passed", False: "failed", None: "blank"}[verdict] for verdict in verdicts],
    }  # fmt: skip
    return tidy(usual | columns, RESULTS, rows)


VERDICTS = (True, False, None)


# Compare


def test_each_pair_of_verdicts_has_its_change():
    before, after = zip(*[(a, b) for a in VERDICTS for b in VERDICTS], strict=True)
    compared = compare(checks(before), checks(after, "b"))
    assert compared["change"].tolist() == [
        "still passing", "regressed", "regressed",
        "fixed", "still failing", "still failing",
        "fixed", "still failing", "still failing",
    ]  # fmt: skip
    assert compared["before"].equals(checks(before)["verdict"])
    assert compared["after"].equals(checks(after)["verdict"])


def compare_parts(before, after):
    """What `compare` gives for runs of different checks, and what it warns of."""
    with pytest.warns(UserWarning, match=r"^compare\(\) ") as warned:
        compared = compare(before, after)
    return compared, str(warned[0].message)


def test_checks_of_one_run_only_are_shown_and_warned_of():
    compared, warning = compare_parts(
        checks([True, False, True]), checks([True, True, False, True], check=["1", "2", "3", "4"])
    )
    assert warning == (
        "compare() found 2 checks in both runs, 1 only before and 2 only after: they were judged on different checks."
    )
    compared = compared.iloc[:4]
    fewer = [checks([False] * n).assign(complete=False) for n in (3, 2)]
    assert compare(*fewer)["change"].tolist() == ["still failing"] * 2 + ["fixed"]  # no warning
    assert compared[["check", "change"]].values.tolist() == [
        ["0", "only before"], ["1", "fixed"], ["2", "still passing"], ["3", "only after"],
    ]  # fmt: skip
    assert compared["before"].isna().tolist() == [False, False, False, True]


def test_a_part_of_a_run_is_compared_with_the_whole():
    changes = compare_parts(checks([True] * 10), checks([True] * 2))[0]["change"]
    assert changes.tolist() == ["still passing"] * 2 + ["only before"] * 8


def test_pairs_are_found_whatever_the_order():
    before = checks([True, False, True, None] * 5)
    after = checks([False, False, True, True] * 5)
    mixed = after.sample(frac=1, random_state=1).reset_index(drop=True)
    pd.testing.assert_frame_equal(compare(before, mixed), compare(before, after))


@pytest.mark.parametrize("column", ["instance", "check", "action", "tag_path"])
def test_checks_that_differ_in_what_they_are_known_by_are_not_paired(column):
    before = checks([True, False], **{"check": "0", column: ["same", "before"]})
    after = checks([True, False], **{"check": "0", column: ["after", "same"]})
    compared, _ = compare_parts(before, after)
    assert compared["change"].tolist() == ["regressed", "only before", "only after"]


def test_a_file_that_is_there_twice_is_paired_by_verdict():
    before = checks([True, False], check="0")
    assert compare(before, checks([False, True], check="0"))["change"].tolist() == ["still passing", "still failing"]
    once, _ = compare_parts(before, checks([False], check="0"))
    assert once["change"].tolist() == ["only before", "still failing"]
    blank = compare(checks([None, False], check="0"), checks([False, None], check="0"))
    assert blank["before"].equals(blank["after"])


def test_one_repeated_check_asks_no_other_for_its_text():
    before = checks([True, False, False], check=["0", "0", "1"], expected=["CHEST", "HEAD", "NECK"])
    after = checks([True, False, True], check=["0", "0", "1"], expected=["HEAD", "CHEST", "the NECK"])
    assert compare(before, after)["change"].tolist() == ["regressed", "fixed", "fixed"]


def test_checks_of_the_same_number_are_paired_by_their_text():
    before = checks([True, False], check="0", expected=["CHEST", "HEAD"])
    after = checks([True, False], check="0", expected=["HEAD", "CHEST"])
    assert compare(before, after)["change"].tolist() == ["regressed", "fixed"]


def test_very_many_texts_do_not_run_into_each_other():
    """Of 2**17 texts in each of four columns, the number of a check has more than 64 bits."""
    texts = pd.Index([str(n) for n in range(2**17 - 1)])
    columns = {name: pd.Categorical(["0", "0"], texts) for name in ("check", "action", "tag_path")}
    columns["instance"] = pd.Categorical(["0", str(2**13)], texts)
    before, after = (checks(verdicts).assign(**columns) for verdicts in ([True, False], [False, True]))
    assert compare(before, after)["change"].tolist() == ["regressed", "fixed"]


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(VERDICTS)), min_size=1, max_size=12), st.randoms())
def test_the_other_way_round_fixed_is_regressed(rows, random):
    numbers, verdicts = zip(*rows, strict=True)
    before = checks(verdicts, check=[str(n) for n in numbers])
    after = checks(random.sample(verdicts, len(verdicts)), check=[str(n) for n in numbers])
    there, back = (frame["change"].value_counts() for frame in (compare(before, after), compare(after, before)))
    mirror = {"fixed": "regressed", "regressed": "fixed", "only before": "only after", "only after": "only before"}
    assert all(there[change] == back[mirror.get(change, change)] for change in CHANGES)


def test_any_column_tallies_the_changes():
    modality = ["CT", "CT", "MR"]
    compared = compare(checks([False, True, False], modality=modality), checks([True, True, False], modality=modality))
    tallied = compared.groupby(["modality", "change"], observed=True).size()
    assert tallied.to_dict() == {("CT", "fixed"): 1, ("CT", "still passing"): 1, ("MR", "still failing"): 1}


@pytest.mark.parametrize("shared", [0, 4])
def test_results_of_another_key_are_refused(shared):
    other = checks([True] * 10, instance=["I1"] * shared + ["another"] * (10 - shared))
    with pytest.raises(ValueError) as told:
        compare(checks([True] * 10), other)
    assert str(told.value) == (
        f"compare() pairs checks by instance, check, action, tag_path, and only {shared} of 10 checks before and 10 "
        "after are in both. Evaluate both runs with the same answer key; official results name instances by released "
        "UIDs, so read them with read_results(path, key=..., uids=...)."
    )


def test_several_submissions_on_a_side_are_refused():
    with pytest.raises(ValueError) as told:
        compare(checks([True]), concat([checks([True], "b"), checks([True], "c")]))
    assert str(told.value) == (
        "compare() takes one submission a side, but 'after' holds 2; "
        "select one: results[results['submission'] == name]."
    )


def test_an_empty_side_is_refused():
    with pytest.raises(ValueError) as told:
        compare(checks([]), checks([True]))
    assert str(told.value) == (
        "compare() needs checks on both sides, and 'before' holds none. A discrepancy report without failures can be "
        "compared if it is read with its scoring workbook: read_results(path, scores=...)."
    )


def listed(results):
    """What a discrepancy report lists of `results`: failures without their numbers in the key."""
    report = results[results["verdict"] != "passed"]
    return tidy({**dict(report.items()), "check": None, "complete": False}, RESULTS, len(report))


_TWELVE = st.lists(st.sampled_from(VERDICTS), min_size=12, max_size=12)


@given(_TWELVE, _TWELVE)
def test_of_reports_each_check_has_the_change_that_all_checks_show(before, after):
    which = {  # every attribute twice, the second time with another text
        "instance": [f"I{number // 4}" for number in range(12)],
        "tag_path": [f"(0010,{number % 4 // 2:04x})" for number in range(12)],
        "expected": [f"text {number % 2}" for number in range(12)],
        "released": [f"9.{number // 4}" for number in range(12)],
    }
    before, after = checks(before, **which), checks(after, **which)

    def changes(*runs):
        compared = compare(*runs)
        known = compared[["instance", "tag_path", "change"]].astype(str)
        return sorted(known[known["change"] != "still passing"].to_numpy().tolist()), len(compared)

    truth, count = changes(before, after)
    for first, second in ((listed(before), after), (before, listed(after)), (listed(before), listed(after))):
        if len(first) and len(second):
            found, rows = changes(first, second)
            assert found == truth
            assert rows == (count if 12 in (len(first), len(second)) else len(truth))


def test_what_a_report_does_not_list_has_no_verdict():
    paths = ["(0010,0010)", "(0010,0020)", "(0010,0030)", "(0010,0040)"]
    before, after = (
        checks([False, None, True, True], tag_path=paths),
        checks([True, False, False, True], tag_path=paths),
    )
    compared = compare(listed(before), listed(after)).sort_values("change")
    assert compared[["before", "after", "change"]].astype(object).fillna("").to_numpy().tolist() == [
        ["failed", "", "fixed"],
        ["", "failed", "regressed"],
        ["blank", "failed", "still failing"],
    ]


def test_instances_of_two_reports_must_go_by_the_same_names():
    runs = [checks([False, False], instance=f"{run}.1", released=f"{run}.1") for run in "ab"]
    refused = (
        "compare() pairs checks by instance, and no instance of the one run is in the other: a discrepancy report "
        "names instances by released UIDs. Read it with read_results(path, uids=...), the UID mapping of its run, for "
        "the original ones."
    )
    for before, after in ((listed(runs[0]), listed(runs[1])), (runs[0], listed(runs[1])), (listed(runs[0]), runs[1])):
        with pytest.raises(ValueError) as told:
            compare(before, after)
        assert str(told.value) == refused
    # A missing file has its original name in either run: that proves nothing.
    lost = checks([False], instance="old.1", tag_path="(0010,0010)", state="missing")
    with pytest.raises(ValueError) as told:
        compare(*(listed(concat([run, lost])) for run in runs))
    assert str(told.value) == refused


def test_other_instances_may_fail_in_two_reports_with_original_names():
    runs = [checks([False], instance=f"old.{run}", released=f"9.{run}") for run in "ab"]
    assert compare(*map(listed, runs))["change"].tolist() == ["fixed", "regressed"]


def test_a_table_whose_text_a_report_hides_is_paired_all_the_same():
    table = {"tag_path": "(0028,3010)[0](0028,3006)", "tag": "(0028,3006)"}
    before, after = checks([False], **table), listed(checks([False], **table, expected="Removed"))
    assert compare(before, after)["change"].tolist() == ["still failing"]


def test_a_report_of_another_key_is_not_compared_with_all_checks():
    before, after = checks([False] * 4), checks([False] * 4, tag_path=["(0008,1030)", *["(0008,0020)"] * 3])
    with pytest.raises(ValueError, match=r"^compare\(\) pairs checks by .* and only 1 of 4 checks before and 4 after"):
        compare(before, listed(after))


# Rank


def submissions(rates, patients=30, each=40, seed=0):
    """Submissions that pass a given share of every patient's checks (at random, checks of a patient alike)."""
    random = np.random.default_rng(seed)
    parts = []
    for name, rate in rates.items():
        patient = np.repeat(np.arange(patients), each)
        skill = np.clip(rate + random.normal(0, 0.02, patients), 0, 1) if 0 < rate < 1 else np.full(patients, rate)
        passed = random.random(len(patient)) < skill[patient]
        parts.append(checks(passed, name, patient=[f"P{n:02}" for n in patient]))
    return concat(parts)


def test_an_ideal_submission_is_first_for_sure():
    results = submissions({"random": 0.5, "ideal": 1.0, "worst": 0.0})
    ranking = rank(results)
    assert ranking["submission"].tolist() == ["ideal", "random", "worst"]
    assert ranking["rank"].tolist() == ranking["rank_low"].tolist() == ranking["rank_high"].tolist() == [1, 2, 3]
    assert ranking["p_first"].tolist() == [1.0, 0.0, 0.0]
    assert ranking["beats_next"].tolist() == [True, True, pd.NA]
    shown = ["submission", "score", "low", "high"]
    scores = score(results, by="submission").sort_values("score", ascending=False, ignore_index=True)
    pd.testing.assert_frame_equal(ranking[shown], scores[shown], check_categorical=False)


def test_tied_submissions_share_their_rank():
    one = submissions({"x": 0.7})
    tied = concat([one.assign(submission=pd.Categorical([name] * len(one))) for name in ("b", "a")])
    ranking = rank(tied)
    assert ranking["submission"].tolist() == ["a", "b"]
    assert ranking["rank"].tolist() == ranking["rank_high"].tolist() == [1, 1]
    assert ranking["p_first"].tolist() == [0.5, 0.5]
    assert ranking["beats_next"].tolist() == [False, pd.NA]


def test_a_small_lead_is_no_sure_one():
    ranking = rank(submissions({"a": 0.90, "b": 0.897}))
    assert not ranking["beats_next"][0]
    assert ranking["p_first"].between(0.02, 0.98).all()
    assert ranking["p_first"].sum() == pytest.approx(1)
    assert ranking["rank_high"].max() == 2


def test_a_rank_that_one_of_few_draws_gives_is_in_the_range():
    """Either submission is first in one of two draws."""
    patient = ["P1", "P2", "P3"]
    parts = [checks([True, True, False], "a", patient=patient), checks([False, False, True], "b", patient=patient)]
    ranking = rank(concat(parts), n=2)
    assert ranking[["p_first", "rank_low", "rank_high"]].values.tolist() == [[0.5, 1, 2], [0.5, 1, 2]]


def test_a_rank_in_a_fortieth_of_the_draws_is_in_the_range_of_95_percent():
    patient = [f"P{n}" for n in range(5)]
    few = [checks([n == 0 for n in range(5)], "few", patient=patient)]
    results = concat([checks([n > 0 for n in range(5)], "many", patient=patient), *few])
    rankings = (rank(results, n=40, seed=seed).set_index("submission").loc["few"] for seed in range(40))
    ranges = {}
    while not {0, 1 / 40} <= set(ranges):
        few = next(rankings)
        ranges.setdefault(few["p_first"], few[["rank_low", "rank_high"]].tolist())
    assert (ranges[1 / 40], ranges[0]) == ([1, 2], [2, 2])


def ahead(by, total=20):
    """Two submissions: a passes so many checks more than b of each patient."""
    rows = [(patient, 10 + more, 10) for patient, more in enumerate(by)]
    sides = {
        name: checks(
            [n < row[place] for row in rows for n in range(total)],
            name,
            patient=[f"P{row[0]:02}" for row in rows for _ in range(total)],
        )
        for name, place in (("a", 1), ("b", 2))
    }
    return concat(sides.values())


@pytest.mark.parametrize(
    ("by", "verdict"),
    [
        ([1] * 2, pd.NA),
        ([9] * 5, pd.NA),  # 2 of 32 sets of patients differ as much
        ([1] * 6, True),  # 2 of 64
        ([1] * 7 + [0] * 3, True),
        ([9] * 5 + [0] * 30, False),
        ([9] * 6 + [-1] * 1, True),  # 4 of 128: with that patient or without
        ([3, 3, 3, 3, 3, 3, -3], False),  # 16 of 128
        ([1] * 30, True),
        ([1] * 16 + [-1] * 14, False),
        ([0] * 8, False),
    ],
)
def test_better_is_what_swapping_patients_seldom_gives(by, verdict):
    for n in (1, 1000):
        ranking = rank(ahead(by), n=n)
        assert ranking["submission"].tolist() == ["a", "b"]
        assert ranking["beats_next"].tolist() == [verdict, pd.NA]


def test_one_large_patient_does_not_make_a_tool_better():
    """It is ahead by far in the one that has nearly all checks, and behind in most others."""
    sizes = [500] + [10] * 9
    good, bad = [480] + [8] * 9, [400] + [9] * 9
    parts = [
        checks(
            [n < passes[p] for p, size in enumerate(sizes) for n in range(size)],
            name,
            patient=[f"P{p}" for p, size in enumerate(sizes) for _ in range(size)],
        )
        for name, passes in (("good", good), ("bad", bad))
    ]
    ranking = rank(concat(parts))
    assert ranking["score"][0] > ranking["score"][1] + 0.1
    assert not ranking["beats_next"][0]


def test_neighbours_are_tested_together():
    """Six patients alike give 1 in 32: enough for one pair, not for the two pairs of three submissions."""
    one, other = ahead([1] * 6), ahead([-1] * 6)
    third = other[other["submission"] == "a"]
    both = concat([one, third.assign(submission=pd.Categorical(["c"] * len(third)))])
    assert rank(one)["beats_next"].tolist() == [True, pd.NA]
    assert rank(both)["beats_next"].tolist() == [False, False, pd.NA]
    assert holm(np.array([0.02, 0.03, 0.01])).tolist() == [True, True, True]
    assert holm(np.array([0.02, 0.06, 0.03])).tolist() == [False, False, False]


@pytest.mark.parametrize("patients", [6, 10, 14, 15, 40])
@pytest.mark.parametrize("sizes", [[100], [1, 10, 3000]], ids=["equal sizes", "unequal sizes"])
def test_equal_tools_are_told_apart_in_one_of_twenty_at_most(patients, sizes):
    random = np.random.default_rng(patients)
    total = random.choice(sizes, (500, patients))
    tools = (np.stack([random.binomial(total, random.beta(9, 1, total.shape)), total]) for _ in range(2))
    assert (swapped(*tools, random) <= 0.05).mean() <= 0.075  # 0.05 and two and a half standard errors of 500


# Different checks


def test_submissions_judged_on_different_checks_are_named():
    whole = submissions({"a": 0.9, "b": 0.8, "c": 0.8}, patients=6)
    fewer = whole[(whole["submission"] != "b") | (whole["verdict"] == "passed")]
    left = int((fewer["submission"] == "b").sum())
    for judged in (fewer, tally(fewer)):
        with pytest.warns(UserWarning, match=r"^rank\(\) ") as warned:
            ranking = rank(judged)
        assert ranking["submission"][0] == "b"
        assert str(warned[0].message) == (
            f"rank() compares submissions that were judged on different checks: {left} (b), 240 (a, c). A submission "
            "that is asked less may be first only for that; evaluate all with the same answer key."
        )
        assert warned[0].filename == __file__


def test_as_many_checks_of_other_patients_are_different_checks():
    one = checks([True] * 5, "a", patient=["P1", "P1", "P2", "P2", "P2"])
    other = checks([True] * 5, "b", patient=["P1", "P1", "P1", "P2", "P2"])
    with pytest.warns(UserWarning, match=r"^rank\(\) compares .* different checks: 5 \(a, b\)\. "):
        rank(concat([one, other]))


def test_a_check_without_an_official_row_was_asked_all_the_same():
    one = submissions({"a": 0.9, "b": 0.8}, patients=6)
    one.loc[0, "verdict"] = "lost"
    assert len(score(one, by="submission")["total"].unique()) == 2
    rank(one)


def test_the_same_patients_are_drawn_for_all():
    """A submission that is better by one check of every patient is so in every draw, however the patients differ."""
    skill = np.random.default_rng(0).integers(0, 9, 20)
    parts = [
        checks(
            [n < good + more for good in skill for n in range(200)],
            name,
            patient=[f"P{p}" for p in range(20) for _ in range(200)],
        )
        for name, more in (("better", 1), ("worse", 0))
    ]
    ranking = rank(concat(parts))
    assert ranking["beats_next"][0]
    assert ranking["p_first"].tolist() == [1.0, 0.0]
    assert ranking["low"][0] < ranking["high"][1]


def test_the_same_seed_gives_the_same_ranking_whatever_the_order_of_rows():
    results = submissions({"a": 0.9, "b": 0.89, "c": 0.85})
    mixed = results.sample(frac=1, random_state=5).reset_index(drop=True)
    pd.testing.assert_frame_equal(rank(results, seed=3), rank(results, seed=3))
    pd.testing.assert_frame_equal(rank(results, seed=3), rank(mixed, seed=3), check_categorical=False)
    assert not rank(results, seed=3)["p_first"].equals(rank(results, seed=4)["p_first"])


def test_a_tally_ranks_as_its_results_do():
    results = submissions({"a": 0.9, "b": 0.8})
    pd.testing.assert_frame_equal(rank(results), rank(tally(results)))


def test_checks_of_no_patient_are_drawn_together_but_are_no_patient():
    results = submissions({"good": 0.9, "bad": 0.6}, patients=6)
    patients = results["patient"].astype(object).where(results["patient"] != "P00", None)
    lacking = results.assign(patient=pd.Categorical(patients))
    same = ["submission", "score", "rank", "rank_low", "rank_high", "p_first"]
    assert rank(lacking)[same].equals(rank(results)[same])
    assert [rank(each)["beats_next"].isna().all() for each in (lacking, results)] == [True, False]  # of five, of six
    scored = score(lacking, by="submission").sort_values("score", ascending=False)
    assert rank(lacking)[["low", "high"]].to_numpy() == pytest.approx(scored[["low", "high"]].to_numpy())


def test_blank_checks_count_against_a_submission():
    rows = {"patient": ["P1", "P1", "P2", "P2"]}
    ranking = rank(concat([checks([True, None, True, True], "a", **rows), checks([True] * 4, "b", **rows)]))
    assert ranking[["submission", "score"]].values.tolist() == [["b", 1.0], ["a", 0.75]]


@pytest.mark.parametrize(
    ("results", "message"),
    [
        (submissions({"a": 0.5}), "rank() needs at least 2 submissions, but the frame holds 1. "
                                  "Put several results together with mn.concat([a, b])."),
        (submissions({"a": 0.5}).iloc[:0], "rank() needs at least 2 submissions, but the frame holds 0. "
                                           "Put several results together with mn.concat([a, b])."),
        (submissions({"a": 0.5, "b": 0.6}, patients=1),
         "rank() draws patients anew to measure how sure an order is, but the frame holds 1; "
                                                        "at least 2 are needed."),
        (concat([submissions({"a": 0.5}, patients=5), submissions({"b": 0.5}, patients=8)]),
         "2 submissions cover different patients, and rank() pairs by patient: 'a' lacks 3 of 8. "
         "Evaluate all with the same answer key; "
         "official results name patients by released IDs, so read them with read_results(path, key=..., uids=...)."),
    ],
)  # fmt: skip
def test_what_cannot_be_ranked_is_refused(results, message):
    with pytest.raises(ValueError) as told:
        rank(results)
    assert str(told.value) == message


def test_draws_are_needed():
    with pytest.raises(ValueError) as told:
        rank(submissions({"a": 0.5, "b": 0.6}), n=0)
    assert str(told.value) == "rank() needs n of at least 1 draw, got 0."


def test_an_explained_later_run_says_why_a_check_fails_now(make):
    before = make.results([{"instance": "I1"}, {"instance": "I2"}])
    after = make.results([{"instance": "I2", "verdict": "failed", "score": 0.0, "actual": "DOE"}, {"instance": "I1"}])
    compared = mn.compare(before, mn.explain(after))
    assert compared[["instance", "change", "cause", "axis"]].astype(object).fillna("").to_numpy().tolist() == [
        ["I1", "still passing", "", ""],
        ["I2", "regressed", "leak_full", "privacy"],
    ]
