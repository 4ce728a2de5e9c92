"""What the submissions score, judged by the engine; and what the careless one does wrong, cause by cause."""

import importlib.util
import warnings
from collections import Counter

import pandas as pd
import pydicom
import pytest

import midi_nb as mn
from midi_nb.actions import named
from midi_nb.causes import CAUSES
from midi_nb.demo import careless

READS = importlib.util.find_spec("rapidocr") is not None and importlib.util.find_spec("onnxruntime") is not None
PASSED_OVER = {
    "nothing_to_remove",
    "date_removed",
    "date_bad_format",
    "date_inconsistent",
    "uid_removed",
    "not_judged",
    "other",
}
REMOVALS = named("remove", "change")


@pytest.fixture(scope="session")
def judged(demo):
    """Submission → results; checks of burned-in text are left out where no text recognition is installed."""
    known = {}

    def judge(name):
        if name not in known:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # evaluate counts the checks that stay blank: careless means it to
                results = mn.evaluate(
                    demo.submissions[name], demo.key, read_text="auto" if READS else None, progress=False
                )
            known[name] = results if READS else results[results["action"] != "pixels_hidden"]
        return known[name]

    return judge


def not_passed(results):
    return results[results["verdict"] != "passed"]


def places(rows):
    return set(zip(rows["instance"].astype(str), rows["check"].astype(str), strict=True))


def test_the_reference_passes_every_check(judged):
    results = judged("reference")
    assert len(results) > 12000
    assert not_passed(results).empty


def test_untouched_fails_every_removal_that_has_something_to_remove(judged):
    results = judged("untouched")
    removals = results[results["action"].isin(REMOVALS) & results["original"].notna()]
    assert len(removals) > 2600
    assert not removals["verdict"].eq("passed").any()


def test_untouched_keeps_everything_that_was_there(judged):
    results = judged("untouched")
    lost = not_passed(results[~results["action"].isin(REMOVALS)])
    assert set(lost["tag_path"]) == {"(0012,0062)", "(0012,0063)"}  # markers that no original has


def test_emptied_leaks_nothing_and_loses_nearly_everything(judged):
    results = judged("emptied")
    assert results.loc[results["action"].isin(REMOVALS), "verdict"].eq("passed").all()
    kept = results[results["action"] == "text_retained"]
    assert kept["verdict"].eq("passed").mean() < 0.35


def test_careless_fails_exactly_the_planted_checks(judged, planted):
    expected = {(row["instance"], row["check"]) for row in planted if READS or row["action"] != "pixels_hidden"}
    assert places(not_passed(judged("careless"))) == expected


def test_careless_shows_every_cause(planted):
    assert {row["cause"] for row in planted} == {cause.code for cause in CAUSES} - PASSED_OVER


@pytest.mark.parametrize(
    "note",
    [
        "free text is not cleaned at all",
        "accession number passed through a number: only the leading zeros are gone",
        "an optional attribute dropped",
        "a patient characteristic emptied",
    ],
)
def test_a_rule_that_is_wrong_for_everybody_hits_several_patients(demo, planted, note):
    answers = mn.read_key(demo.key)
    patients = dict(zip(answers["instance"].astype(str), answers["patient"].astype(str), strict=True))
    assert len({patients[row["instance"]] for row in planted if row["note"] == note}) == 3


@pytest.fixture(scope="session")
def explained(demo, judged):
    submission = demo.submissions["careless"]
    results = mn.explain(
        judged("careless"),
        submission.folder,
        demo.original,
        uids=mn.read_mapping(submission.uids).to_dict(),
        patients=mn.read_mapping(submission.patients).to_dict(),
    )
    rows = not_passed(results)
    cells = zip(rows["instance"], rows["check"], rows["cause"], strict=True)
    return {(instance, check): str(cause) for instance, check, cause in cells}


@pytest.mark.parametrize("cause", sorted({c for bug in careless.BUGS for c in bug.causes.values()} | {"missing_file"}))
def test_the_planted_cause_is_found(cause, planted, explained):
    rows = [row for row in planted if row["cause"] == cause]
    assert rows
    assert {explained[row["instance"], row["check"]] for row in rows} == {cause}


@pytest.mark.parametrize("cause", sorted({c for bug in careless.PIXEL_BUGS for c in bug.causes.values()}))
def test_the_planted_cause_is_found_in_pixels(cause, planted, explained):
    rows = [row for row in planted if row["cause"] == cause]
    assert rows
    if rows[0]["action"] == "pixels_hidden" and not READS:
        pytest.skip("no text recognition is installed")
    assert {explained[row["instance"], row["check"]] for row in rows} == {cause}


def test_a_cause_has_one_kind_of_action(planted):
    assert {row["cause"]: row["action"] for row in planted}["date_unshifted"] == "date_shifted"
    assert max(Counter((row["instance"], row["check"]) for row in planted).values()) == 1


def test_audit_findings_are_on_record(audits):
    assert {row["finding"] for row in audits} == {
        "phi_elsewhere", "date_removed", "date_bad_format", "date_unshifted", "date_inconsistent",
        "date_shift_by_series", "date_wrong_shift", "uid_removed", "colours_changed", "private_path",
    }  # fmt: skip


def test_the_audit_finds_what_is_on_record(demo, judged, audits):
    submission = demo.submissions["careless"]
    results = judged("careless")
    found = mn.audit(results, released=submission.folder, original=demo.original, key_shift=True)
    series = dict(zip(results["instance"], results["series"], strict=True))
    by_series = set(found.loc[found["finding"] == "date_shift_by_series", "series"])  # one finding a series
    places = set(zip(found["finding"], found["instance"], found["tag_path"], strict=True))
    for row in audits:
        path = row["tag_path"].replace("<", "").replace(">", "").replace("[000", "[")
        if row["finding"] == "date_shift_by_series":
            assert series[row["instance"]] in by_series
        else:
            assert (row["finding"], row["instance"], path) in places


def test_the_moved_name_is_where_the_table_says(demo, audits):
    moved = [row for row in audits if row["finding"] == "phi_elsewhere"]
    assert len(moved) == 5
    uids = mn.read_mapping(demo.submissions["careless"].uids)
    files = [pydicom.dcmread(path) for path in demo.submissions["careless"].folder.rglob("*.dcm")]
    released = {dataset.SOPInstanceUID: dataset for dataset in files}
    for row in moved:
        assert released[uids[row["instance"]]].ImageComments.startswith("prev. ")


def test_a_slice_is_missing_and_two_identifiers_are_not_mapped(demo):
    reference, careless_ = demo.submissions["reference"], demo.submissions["careless"]
    assert len(list(reference.folder.rglob("*.dcm"))) - len(list(careless_.folder.rglob("*.dcm"))) == 1
    assert len(mn.read_mapping(reference.uids)) - len(mn.read_mapping(careless_.uids)) == 1
    assert len(mn.read_mapping(reference.patients)) - len(mn.read_mapping(careless_.patients)) == 1


@pytest.mark.parametrize("name", ["careless", "emptied", "reference", "untouched"])
def test_the_official_script_would_get_through_every_submission(demo, name):
    needed = ("SOPClassUID", "SOPInstanceUID", "Modality", "PatientID", "StudyInstanceUID", "SeriesInstanceUID")
    for path in demo.submissions[name].folder.rglob("*"):
        if path.is_file():
            file = pydicom.dcmread(path)
            assert all(keyword in file for keyword in needed), path


def test_files_of_untouched_are_the_originals_under_other_names(demo):
    originals = {path.read_bytes() for path in demo.original.rglob("*.dcm")}
    copies = list(demo.submissions["untouched"].folder.iterdir())
    assert {path.read_bytes() for path in copies} == originals
    assert not any(path.suffix for path in copies)


@pytest.mark.parametrize("tool", ["deid", "dicognito", "dicom-anonymizer"])
def test_real_tools_leave_a_file_for_every_original(demo, tool):
    if tool not in demo.submissions:
        pytest.skip(f"{tool} is not installed")
    submission = demo.submissions[tool]
    files = [pydicom.dcmread(path) for path in submission.folder.rglob("*.dcm")]
    assert len(files) == 64
    uids = mn.read_mapping(submission.uids)
    assert {file.SOPInstanceUID for file in files} <= set(uids)


@pytest.mark.parametrize("tool", ["deid", "dicognito", "dicom-anonymizer"])
def test_real_tools_score_between_nothing_and_everything(demo, judged, tool):
    if tool not in demo.submissions:
        pytest.skip(f"{tool} is not installed")
    results = judged(tool)
    assert (results["state"] != "missing").all()
    assert 0.6 < results["verdict"].eq("passed").mean() < 0.99
    removed = results[results["action"] == "text_removed"]
    assert 0 < removed["verdict"].eq("passed").mean() < 1


@pytest.mark.parametrize("tool", ["deid", "dicognito", "dicom-anonymizer", "emptied", "untouched"])
def test_a_few_problems_say_nearly_all_about_a_tool(demo, judged, tool):
    if tool not in demo.submissions:
        pytest.skip(f"{tool} is not installed")
    found = mn.problems(judged(tool))
    assert found["problem"].is_unique
    assert found["rows"].sum() == (judged(tool)["verdict"] != "passed").sum()
    large = found["rows"][found["rows"] > 0.005 * found["rows"].sum()]
    assert len(large) <= 20
    assert large.sum() > 0.95 * found["rows"].sum()


def test_mappings_of_the_reference_are_one_to_one(demo):
    for path in demo.submissions["reference"][1:]:
        mapping = pd.read_csv(path, dtype=str)
        assert list(mapping) == ["id_old", "id_new"]
        assert len(mapping) >= 10
        assert mapping["id_old"].is_unique
        assert mapping["id_new"].is_unique
