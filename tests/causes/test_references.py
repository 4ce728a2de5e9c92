"""References between released objects: of checks alone, and of all files."""

import warnings

import pandas as pd
import pytest
from pydicom import Dataset, Sequence, dcmread

import midi_nb as mn
from midi_nb.causes.references import graph

IMAGE, PLAN = "(0008,1140)[0](0008,1155)", "(300c,0002)[0](0008,1155)"


def rows(*cells, original="2"):
    """Checks on UIDs: (instance, path, released UID)."""
    return [
        {
            "action": "uid_changed", "instance": instance, "series": f"S{instance}", "study": "T", "tag_path": path,
            "original": original, "actual": uid, "released": f"9.{instance}", "released_series": f"9.5.{instance}",
            "released_study": "9.7", "check": str(number), "file": f"{instance}.dcm", "modality": "CT",
        }
        for number, (instance, path, uid) in enumerate(cells)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "uid", "kind", "leads", "series"),
    [
        (IMAGE, "9.2", "instance", "inside", "S2"),
        (IMAGE, "9.1", "instance", "inside", "S1"),
        (IMAGE, "9.99", "instance", "dangling", None),
        ("(0008,1115)[0](0020,000e)", "9.5.2", "series", "inside", "S2"),
        ("(0040,a375)[0](0020,000d)", "9.7", "study", "inside", None),
        ("(3006,0024)", "8.8", "frame of reference", "inside", "S2"),
        ("(3006,0024)", "8.9", "frame of reference", "dangling", None),
    ],
)
def test_a_reference_leads_to_what_has_its_uid(make, path, uid, kind, leads, series):
    found = mn.references(make.results(rows(("1", path, uid), ("2", "(0020,0052)", "8.8"))))
    (row,) = found.astype(object).where(found.notna(), None).to_dict("records")
    assert [row[name] for name in ("instance", "kind", "leads", "to_series", "target")] == [
        "1",
        kind,
        leads,
        series,
        uid,
    ]


@pytest.mark.parametrize("path", ["(0020,000e)", "(0020,0052)", "(0008,1110)[0](0008,1155)", "(0008,0016)"])
def test_what_an_object_says_of_itself_or_of_no_file_is_no_reference(make, path):
    assert mn.references(make.results(rows(("1", path, "9.9")))).empty


def test_a_reference_to_another_patient_is_no_reference_inside(make):
    one, other = rows(("1", IMAGE, "9.2"), ("2", "(0020,000e)", "9.5.2"))
    found = mn.references(make.results([one, other | {"patient": "Q"}]))
    assert found[["leads", "to_patient"]].values.tolist() == [["other patient", "Q"]]


@pytest.mark.parametrize(
    ("path", "original", "changes", "leads"),
    [
        (IMAGE, "2", {}, "dangling"),
        (IMAGE, "3", {}, "dangling before"),
        ("(0008,1115)[0](0020,000e)", "S2", {}, "dangling"),
        ("(0008,1115)[0](0020,000e)", "S3", {}, "dangling before"),
        (IMAGE, None, {}, "dangling perhaps before"),
        (IMAGE, "3", {"released": "1"}, "dangling perhaps before"),  # official results, without a mapping of UIDs
        ("(3006,0024)", "3", {}, "dangling perhaps before"),
    ],
)
def test_results_say_of_what_leads_nowhere_whether_its_original_did(make, path, original, changes, leads):
    one, _ = checks = rows(("1", path, "9.99"), ("2", "(0008,0018)", "9.2"), original=original)
    found = mn.references(make.results([one | changes, *checks[1:]]))
    assert found["leads"].tolist() == [leads]


def test_removed_uids_lead_nowhere_and_are_none(make):
    assert mn.references(make.results(rows(("1", IMAGE, None), ("2", IMAGE, "")))).empty


NEW = {"released_patient": "NEW", "released_study": "9.10", "released_series": "9.11"}
OF_FILES = [row | NEW for row in rows(("1", "(0008,0018)", "9.1"))]


@pytest.fixture
def folders(make, tmp_path):
    """An object that names itself, and two that are not there; the original named another that was not there either."""
    for folder, own, named in (("original", "1", ("1", "1.8", "2")), ("released", "9.1", ("9.1", "9.8", "9.9"))):
        items = [Dataset() for _ in named]
        for item, uid in zip(items, named, strict=True):
            item.ReferencedSOPInstanceUID = uid
        make.file(tmp_path / folder / "1.dcm", own, ReferencedImageSequence=Sequence(items))
        if folder == "original":
            make.file(tmp_path / folder / "2.dcm", "2")
    return tmp_path / "released", tmp_path / "original"


def test_with_files_all_references_are_seen_and_with_originals_those_that_never_led_anywhere(make, folders):
    released, original = folders
    results = make.results(OF_FILES)
    paths = [IMAGE.replace("[0]", f"[{item}]") for item in range(3)]
    assert mn.references(results).empty
    found = mn.references(results, released)
    assert found["tag_path"].tolist() == paths
    assert found["leads"].tolist() == ["inside", "dangling", "dangling"]
    assert found["instance"].tolist() == ["1"] * 3, "identifiers are those of the results"
    assert mn.references(results, released, original)["leads"].tolist() == ["inside", "dangling before", "dangling"]


def test_the_checks_of_the_demo_are_about_all_references_of_its_files(small_demo):
    submission = small_demo.submissions["careless"]
    results = mn.evaluate(submission, small_demo.key, progress=False)
    frames = [mn.references(results), mn.references(results, submission, small_demo.original)]
    own, files = (frame.astype(str).sort_values(["instance", "tag_path"], ignore_index=True) for frame in frames)
    assert len(own)
    pd.testing.assert_frame_equal(own[["instance", "tag_path", "leads"]], files[["instance", "tag_path", "leads"]])


def test_results_without_values_have_no_references(make):
    with pytest.raises(ValueError, match="references") as error:
        mn.references(mn.mask_values(make.results(rows(("1", IMAGE, "9.2")))))
    assert str(error.value) == (
        "references() needs UIDs, and these results are without values; give the released files."
    )


def test_masked_references_hold_no_uid(make):
    masked = mn.mask_values(mn.references(make.results(rows(("1", IMAGE, "9.2"), ("2", IMAGE, "9.77")))))
    assert not masked.astype(str).apply(lambda column: column.str.contains("9\\.|S[12]")).any(axis=None)


def test_submissions_do_not_refer_to_each_other(make):
    one, other = rows(("1", IMAGE, "9.2"), ("2", "(0020,000e)", "9.5.2"), original="1")
    found = mn.references(make.results([one | {"submission": "a"}, other | {"submission": "b"}]))
    assert found[["submission", "leads"]].values.tolist() == [["a", "dangling"]]


def test_a_graph_joins_the_references_between_two_series_and_names_what_leads_nowhere_first(make):
    study, gone = "(0040,a375)[0](0020,000d)", "(0008,1115)[0](0008,1199)[0](0008,1155)"
    cells = [("1", IMAGE, "9.2"), ("1", PLAN, "9.2"), ("1", study, "9.7"), ("1", gone, "9.99")]
    found = mn.references(make.results(rows(*cells, ("2", "(0020,000e)", "9.5.2"))))
    things, arcs, rest = graph(found)
    assert things == [("Study 1", "T", ""), ("CT series 1", "T", "S1"), ("CT series 2", "T", "S2")]
    uid = "Referenced SOP Instance UID"
    assert [arc[:4] for arc in arcs] == [(1, None, "dangling", 1), (1, 0, "inside", 1), (1, 2, "inside", 2)]
    assert [arc.names for arc in arcs] == [[uid], ["Study Instance UID"], [uid]]
    assert rest == 0
    assert graph(found, limit=1) == ([("Study 1", "T", ""), ("CT series 1", "T", "S1")], arcs[:1], 2)


def test_patients_that_got_one_id_stay_apart(make, folders):
    released, _ = folders
    new = {"released_patient": "NEW", "released_study": "9.10", "released_series": "9.11"}
    one, other = rows(("1", "(0008,0018)", "9.1"), ("2", "(0008,0018)", "9.2"))
    results = make.results([one | new | {"patient": "P"}, other | new | {"patient": "Q"}])
    assert mn.references(results, released)["patient"].unique().tolist() == ["P"]


def test_nothing_is_said_of_the_values_of_originals(make, folders):
    released, original = folders
    [path, *_] = original.iterdir()
    dataset = dcmread(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is written here is no UID
        dataset.FrameOfReferenceUID = "MEYER^JANE"
        dataset.save_as(path)
    assert len(mn.references(make.results(OF_FILES), released, original)) == 3
