"""What holds of all public verbs: the order of their arguments, and what they answer to a frame they cannot use."""

import inspect
import io
import re

import pandas as pd
import pytest

import midi_nb as mn

ROOMS = (mn.plots, mn.widgets, mn.teaching, mn.cases)
FACE = {name: getattr(mn, name) for name in mn.__all__} | {
    f"{room.__name__.split('.')[-1]}.{name}": getattr(room, name) for room in ROOMS for name in room.__all__
}
VERBS = {name: verb for name, verb in FACE.items() if inspect.isfunction(verb)}


# The order of arguments

ORDER = ("results", "path", "folder", "released", "key", "out", "uids", "patients", "original", "run")
#: Arguments with a default that may be given without their names.
BARE = {"profile", "by", "folder", "key", "original", "patients", "released", "results", "run", "seed", "submission",
        "submissions", "uids"}  # fmt: skip


def bare(verb):
    """The parameters that may be given without their names."""
    found = inspect.signature(verb).parameters.values()
    assert not any(one.kind is one.VAR_POSITIONAL for one in found)
    return [one for one in found if one.kind is one.POSITIONAL_OR_KEYWORD]


#: Verbs about what became of files, with before and after in this order.
BEFORE_AFTER = {"header", "inspect", "inspect_run", "write_header"}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_arguments_have_one_order(verb):
    names = [one.name for one in bare(verb)]
    if verb.__name__ in BEFORE_AFTER:
        assert names[:2] == ["original", "released"]
        names = names[2:]
    known = [name for name in names if name in ORDER]
    assert known == sorted(known, key=ORDER.index)
    assert "results" not in names or verb.__name__ in BEFORE_AFTER or names[0] in ("results", "image")


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_options_are_given_by_name(verb):
    assert {one.name for one in bare(verb) if one.default is not one.empty} <= BARE


# Results without their passes

#: Verbs that need a denominator, as they are called with results.
DENOMINATORS = {
    "score": mn.score,
    "score(unit='series')": lambda results: mn.score(results, unit="series"),
    "tally": mn.tally,
    "tally of parts": lambda results: mn.tally([results]),
    "rank": mn.rank,
    "what_if": lambda results: mn.what_if(results, "leak_full"),
    "audit": mn.audit,
    "timelines": mn.timelines,
    "references": mn.references,
    "write_official": lambda results: mn.write_official(results, "never_written"),
    "write_summary": lambda results: mn.write_summary(results, "never_written.json"),
    "plots.heatmap": mn.plots.heatmap,
    "plots.tradeoff": mn.plots.tradeoff,
    "plots.date_shifts": mn.plots.date_shifts,
    "widgets.what_if": mn.widgets.what_if,
    "goals": mn.teaching.goals,
}
#: What becomes of a frame on its way through a notebook.
WAYS = {
    "as read": lambda results, others: results,
    "pd.concat": lambda results, others: pd.concat([others, results]),
    "pd.concat with results that do not say": lambda results, others: pd.concat(
        [others.drop(columns="complete"), results]
    ),
    "mn.concat": lambda results, others: mn.concat([results, others]),
    "merge": lambda results, others: results.merge(pd.DataFrame({"check": ["0", "1"], "note": ["a", "b"]}), "left"),
    "outer merge": lambda results, others: others[["check", "patient"]].merge(results, "outer", on="check"),
    "CSV": lambda results, others: pd.read_csv(io.StringIO(results.to_csv())),
    "CSV of texts": lambda results, others: pd.read_csv(io.StringIO(results.to_csv(index=False)), dtype=str),
    "mask_values": lambda results, others: mn.mask_values(results),
    "explain": lambda results, others: mn.explain(results),
    "query": lambda results, others: results.query("verdict == 'failed'").copy(deep=False),
}


def named(verb):
    """A verb as messages name it."""
    return re.match(r"[\w.]+", verb)[0] + "()"


@pytest.fixture
def failures(make):
    """Two failures as a discrepancy report has them."""
    rows = [{"verdict": "failed", "score": 0.0, "actual": "DOE", "check": str(n), "complete": False} for n in (0, 1)]
    return make.results(rows)


@pytest.mark.parametrize("verb", DENOMINATORS)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_results_without_their_passes_are_refused_whatever_was_done_to_them(make, failures, verb, way):
    frame = way(failures, make.results([{"check": "7", "submission": "other"}]))
    with pytest.raises(ValueError) as told:
        DENOMINATORS[verb](frame)
    partial = 2 if frame["complete"].notna().all() else len(frame)  # a row that does not say is of no full run
    assert str(told.value) == (
        f"{named(verb)} needs all checks, but {partial} of {len(frame)} rows come from a file that does not hold all "
        "of them, such as a discrepancy report, so there is no denominator; read validation_results.db, or evaluate."
    )


#: Ways on which the mark itself is lost.
UNMARKED = {
    "columns selected": lambda results, others: results.drop(columns="complete"),
    "merge with another's column": lambda results, others: results.merge(
        results.assign(complete=True)[["instance", "check", "complete"]], "left", on=["instance", "check"]
    ),
    "concat of frames that do not say": lambda results, others: pd.concat(
        [others.drop(columns="complete"), results.drop(columns="complete")]
    ),
}


@pytest.mark.parametrize("verb", DENOMINATORS)
@pytest.mark.parametrize("way", UNMARKED.values(), ids=UNMARKED)
def test_results_that_do_not_say_whether_they_are_all_are_refused(make, failures, verb, way):
    frame = way(failures, make.results([{"check": "7", "submission": "other"}]))
    with pytest.raises(ValueError) as raised:
        DENOMINATORS[verb](frame)
    assert str(raised.value) == (
        f"{named(verb)} needs all checks, but {len(frame)} of {len(frame)} rows do not say whether their source holds "
        "all of them; keep the column complete when you select or merge, or set it to True where nothing was left out."
    )


def test_tallies_of_such_results_are_refused_too(failures):
    counts = pd.DataFrame({"patient": ["P1"], "passed": [0], "failed": [2], "blank": [0], "complete": [False]})
    with pytest.raises(ValueError, match=r"^score\(\) needs all checks, but 1 of 1 rows come from a file that"):
        mn.score(counts)


def test_what_needs_no_denominator_takes_them(failures):
    problems = mn.problems(mn.explain(failures))
    assert problems["rows"].tolist() == [2]
    assert problems[["gain", "gain_series"]].isna().all(axis=None)
    assert "there is no score" in mn.widgets.explore(failures).as_html()
    assert len(mn.teaching.quiz(failures)) == 1


def test_only_the_gains_of_the_submission_without_passes_are_unknown(make, failures):
    leak = {"verdict": "failed", "score": 0.0, "actual": "DOE", "submission": "other"}
    problems = mn.problems(mn.concat([failures, make.results([leak, leak | {"verdict": "passed", "check": "1"}])]))
    assert problems.set_index("submission")["gain"].isna().to_dict() == {"run": True, "other": False}


# What is no frame of results

#: Verbs that take results, or a frame made of them.
TAKERS = DENOMINATORS | {
    "compare": lambda results: mn.compare(results, results),
    "concat": lambda results: mn.concat([results]),
    "explain": mn.explain,
    "problems": mn.problems,
    "mask_values": mn.mask_values,
    "write_run": lambda results: mn.write_run(results, "never_written"),
    "explore": mn.widgets.explore,
    "review": mn.widgets.review,
    "quiz": mn.teaching.quiz,
    "plots.partial_scores": mn.plots.partial_scores,
}


@pytest.mark.parametrize("verb", TAKERS)
def test_a_path_is_answered_with_the_verb_that_reads_it(verb):
    with pytest.raises(TypeError) as told:
        TAKERS[verb]("run/")
    assert str(told.value) == f"{named(verb)} needs a results frame, got the path run/; read it with read_results()."


def test_a_path_in_place_of_many_frames_is_no_row_of_letters(tmp_path):
    for verb in (mn.concat, mn.tally):
        with pytest.raises(TypeError) as told:
            verb(tmp_path)
        assert str(told.value).endswith(f"got the path {tmp_path}; read it with read_results().")


@pytest.mark.parametrize("verb", [verb for verb in TAKERS if verb not in ("tally of parts", "concat")])
def test_results_read_from_csv_are_answered_with_the_remedy(make, verb):
    ids = {"released_study": "NS1", "released_series": "NE1"}
    results = pd.read_csv(io.StringIO(make.results([ids, {"check": "1", "patient": "007", **ids}]).to_csv()))
    with pytest.raises(ValueError) as told:
        TAKERS[verb](results.assign(patient=7))
    assert str(told.value) == (
        f"{named(verb)} needs texts in patient, check, where this frame has numbers: a CSV file keeps no types. Keep "
        "results with write_run() and read them with read_results()."
    )


def test_a_verdict_that_is_none_is_refused(make):
    with pytest.raises(ValueError) as told:
        mn.score(make.results([{}, {"check": "1"}]).assign(verdict=["passed", "Pass"]))
    assert str(told.value) == (
        "The column verdict must hold one of failed, blank, passed, lost in every row; 1 of 2 rows hold something else."
    )
