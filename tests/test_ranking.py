"""Two runs side by side and several ranked, on frames whose answers are known beforehand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import midi_nb as mn
from midi_nb.frames import RESULTS, concat, tidy
from midi_nb.ranking import CHANGES, compare, rank
from midi_nb.scoring import score, tally


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


def test_checks_of_one_run_only_are_told():
    compared = compare(checks([True, False, True]), checks([True, True, False], check=["1", "2", "3"]))
    assert compared[["check", "change"]].values.tolist() == [
        ["0", "only before"], ["1", "fixed"], ["2", "still passing"], ["3", "only after"],
    ]  # fmt: skip
    assert compared["before"].isna().tolist() == [False, False, False, True]


def test_a_part_of_a_run_is_compared_with_the_whole():
    changes = compare(checks([True] * 10), checks([True] * 2))["change"]
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
    assert compare(before, after)["change"].tolist() == ["regressed", "only before", "only after"]


def test_a_file_that_is_there_twice_is_paired_by_verdict():
    before = checks([True, False], check="0")
    assert compare(before, checks([False, True], check="0"))["change"].tolist() == ["still passing", "still failing"]
    assert compare(before, checks([False], check="0"))["change"].tolist() == ["only before", "still failing"]
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
    ranking = rank(submissions({"random": 0.5, "ideal": 1.0, "worst": 0.0}))
    assert ranking["submission"].tolist() == ["ideal", "random", "worst"]
    assert ranking["rank"].tolist() == ranking["rank_low"].tolist() == ranking["rank_high"].tolist() == [1, 2, 3]
    assert ranking["p_first"].tolist() == [1.0, 0.0, 0.0]
    assert ranking["beats_next"].tolist() == [True, True, pd.NA]
    assert ranking.loc[[0, 2], ["score", "low", "high"]].values.tolist() == [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0]]
    assert ranking["low"][1] < ranking["score"][1] < ranking["high"][1]


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


def test_the_interval_is_that_of_the_patients():
    """Half of 50 patients fail: their share varies by 7 %, so that 95 % of the draws lie within 14 % of it."""
    patients = [f"P{n:02}" for n in range(50)]
    parts = [checks([n < good for n in range(50)], str(good), patient=patients) for good in (25, 50)]
    assert rank(concat(parts))[["low", "high"]].iloc[1].tolist() == pytest.approx([0.36, 0.64], abs=0.03)


def test_a_rank_that_one_of_few_draws_gives_is_in_the_range():
    """Either submission is first in one of two draws."""
    patient = ["P1", "P2", "P3"]
    parts = [checks([True, True, False], "a", patient=patient), checks([False, False, True], "b", patient=patient)]
    ranking = rank(concat(parts), n=2)
    assert ranking[["p_first", "rank_low", "rank_high"]].values.tolist() == [[0.5, 1, 2], [0.5, 1, 2]]


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
    assert not rank(results, seed=3)["low"].equals(rank(results, seed=4)["low"])


def test_a_tally_ranks_as_its_results_do():
    results = submissions({"a": 0.9, "b": 0.8})
    pd.testing.assert_frame_equal(rank(results), rank(tally(results)))


def test_checks_of_no_patient_count_as_those_of_one():
    results = submissions({"good": 0.9, "bad": 0.6}, patients=4)
    patients = results["patient"].astype(object).where(results["patient"] != "P00", None)
    lacking = results.assign(patient=pd.Categorical(patients))
    assert rank(lacking).equals(
        rank(results.assign(patient=results["patient"].cat.rename_categories({"P00": "(none)"})))
    )
    assert sorted(rank(lacking)["score"]) == sorted(score(lacking, by="submission")["score"])


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
         "rank() draws patients anew to tell how sure an order is, but the frame holds 1; "
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
