"""What is sent of time lines and references: places and names; without values neither dates nor days nor UIDs."""

import json

import pytest

import midi_nb as mn
from midi_nb.widgets.lines import sent, views
from midi_nb.widgets.rows import Rows

DATE = {"action": "date_shifted", "name": "Study Date", "tag_path": "(0008,0020)"}
MOVES = [("20200101", "20210101"), ("20200111", "20210111"), ("20200111", "20210115"), ("20200105", "20200105"),
         ("20200101", None)]  # fmt: skip
UIDS = [("1.1", "(0008,1140)[0](0008,1155)", "9.2"), ("1.1", "(300c,0002)[0](0008,1155)", "9.77"),
        ("1.2", "(0008,0018)", "9.2")]  # fmt: skip


@pytest.fixture
def results(make):
    days = [DATE | {"original": before, "actual": after} for before, after in MOVES]
    uids = [
        {"action": "uid_changed", "instance": instance, "series": f"S{instance}", "tag_path": path,
         "actual": uid, "released": f"9.{instance[-1]}", "original": "1.2", "modality": "CT"}
        for instance, path, uid in UIDS
    ]  # fmt: skip
    rows = [
        {"patient": "P7", "study": "T7", "released_study": "9.7", "released_series": "9.5"} | row
        for row in (*days, *uids)
    ]
    return make.results([{"check": str(number), **row} for number, row in enumerate(rows)])


def drawn(results, view, values=True):
    (patient,) = sent(view, results, Rows(results if values else mn.mask_values(results), values))["patients"]
    return patient


def test_lines_are_upright_where_the_shift_is_the_usual_one(results):
    patient = drawn(results, "dates")
    assert patient["usual"] == 366
    assert patient["counts"] == [1, 1, 0, 1, 2]
    assert [line[:3] for line in patient["lines"]] == [
        [0, 10, 14], [1, 4, -362], [3, 0, None], [4, 0, 0], [4, 10, 10]
    ]  # fmt: skip
    assert patient["lines"][0][3:] == ["20200111", "20210115", 1, ["Study Date"]]


def test_without_values_dates_are_in_order_and_one_that_was_not_shifted_has_no_end(results):
    patient = drawn(results, "dates", values=False)
    assert [line[:5] for line in patient["lines"]] == [
        [0, 2, 3, None, None], [1, 1, None, None, None], [3, 0, None, None, None], [4, 0, 0, None, None],
        [4, 2, 2, None, None],
    ]  # fmt: skip
    assert "usual" not in patient


def test_references_are_arcs_between_the_series_of_a_patient(results):
    patient = drawn(results, "references")
    assert [thing["label"] for thing in patient["things"]] == ["Study 1", "CT series 1", "CT series 2"]
    assert patient["arcs"] == [
        [1, None, 0, 1, ["Referenced SOP Instance UID"]],
        [1, 2, 4, 1, ["Referenced SOP Instance UID"]],
    ]
    assert patient["counts"] == [1, 0, 0, 0, 1]
    assert [thing["uid"] for thing in patient["things"]] == ["T7", "S1.1", "S1.2"]


def test_without_values_no_date_and_no_identifier_is_sent(results):
    rows = Rows(mn.mask_values(results), False)
    held = json.dumps([sent(view, results, rows) for view in views(results)])
    assert "CT series 1" in held
    assert not any(secret in held for secret in ("P7", "T7", "S1.1", "9.77", "2020", "366", "362"))


def test_a_patient_has_the_code_of_its_facet_masked_or_not(make, results):
    other = make.results(
        [{"patient": name, "check": name} | DATE | {"original": "20200101", "actual": "20200102"} for name in "ZA"]
    )
    both = mn.concat([other, results])
    for values in (True, False):
        rows = Rows(both if values else mn.mask_values(both), values)
        labels = [None, *rows.labels("patient")]
        named = [labels[one["patient"]] for one in sent("dates", both, rows)["patients"]]
        assert len(set(named)) == 3
        assert named[0] == labels[rows.codes("patient")[-1] + 1]


def test_many_patients_are_cut_and_counted(make, monkeypatch):
    monkeypatch.setattr("midi_nb.widgets.lines._PATIENTS", 2)
    monkeypatch.setattr("midi_nb.widgets.lines._LINES", 3)
    days = [(f"2020010{number % 9 + 1}", f"202101{number + 1:02d}") for number in range(27)]
    rows = [
        DATE | {"patient": f"P{number % 3}", "original": before, "actual": after, "check": str(number)}
        for number, (before, after) in enumerate(days)
    ]
    results = make.results(rows)
    whole = sent("dates", results, Rows(results, True))
    assert [len(whole["patients"]), whole["of"]] == [2, 3]
    assert [len(one["lines"]) for one in whole["patients"]] == [3, 3]
    assert whole["patients"][0]["rest"] == 6


def test_of_many_lines_some_usual_ones_are_drawn_beside_the_others(make, monkeypatch):
    monkeypatch.setattr("midi_nb.widgets.lines._LINES", 10)
    days = [(f"202001{day:02d}", f"202101{day:02d}") for day in range(1, 16)]
    days += [(f"202002{day:02d}", f"20210{day % 2 + 3}11") for day in range(1, 16)]
    rows = [DATE | {"original": before, "actual": after, "check": before} for before, after in days]
    patient = drawn(make.results(rows), "dates")
    assert [line[0] for line in patient["lines"]] == [0] * 9 + [4]
    assert patient["rest"] == 20
    few = make.results(rows[:15] + rows[15:20])
    assert [line[1] for line in drawn(few, "dates")["lines"]][5:] == [0, 3, 6, 9, 12], "from all over the time line"


def test_submissions_without_a_card_are_said(make, results):
    other = make.results([{"submission": "other", "action": "uid_changed", "tag_path": "(0008,0018)", "check": "1"}])
    for own, several, names in ((results, False, []), (mn.concat([results, other]), True, ["other"])):
        rows = Rows(own, True)
        for view in ("dates", "references"):
            held = sent(view, own, rows)
            assert [held["several"], [rows.labels("submission")[code - 1] for code in held["without"]]] == [
                several,
                names,
            ]


def test_only_views_of_something_are_offered(make, results):
    assert views(results) == ["dates", "references"]
    assert views(make.results([DATE | {"original": "20200101"}])) == ["dates"]
    assert views(make.results([{}])) == []
    assert views(mn.mask_values(results)) == []
    assert views(results.assign(complete=False)) == []


def test_results_that_do_not_say_what_a_view_needs_have_none(small_demo, tmp_path):
    results = mn.evaluate(small_demo.submissions["careless"], small_demo.key, read_text=None, progress=False)
    assert views(results) == ["dates", "references"]
    assert views(results.drop(columns="modality")) == []
    assert mn.write_page(results.drop(columns="modality"), tmp_path / "page.html").exists()
