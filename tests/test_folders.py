"""A folder that must be there, given as a path or a Submission, and never the wrong one in silence."""

import base64
import gzip
import re
import shutil

import numpy as np
import pandas as pd
import pytest

import midi_nb as mn
from midi_nb.folders import folder_of


@pytest.fixture
def case(bench, make, tmp_path):
    """(results, Submission, folder of originals) of one file with a name to remove, and a box."""
    bench.ask(
        "1.1",
        make.check("text_removed", "(0010,0010)", "DOE", hipaa_z="HIPAA-A"),
        make.check("pixels_hidden", "(7fe0,0010)", make.region("DOE", 0, 0, 4, 4)),
    )
    pixels = np.full((8, 8), 9, "uint8")
    bench.release("a.dcm", "1.1", pixels=pixels)
    make.file(tmp_path / "original" / "a.dcm", "1.1", pixels=pixels)
    submission = mn.Submission(bench.released, bench.uids, bench.patients)
    results = mn.evaluate(submission, bench.key, read_text=lambda image: "DOE", name="run", progress=False)
    return results, submission, tmp_path / "original"


#: Every verb that takes the folder of released files: called with results, released, original.
TAKERS = {
    "explain": lambda results, released, original: mn.explain(results, released, original),
    "audit": lambda results, released, original: mn.audit(results, released, original),
    "explore": lambda results, released, original: mn.widgets.explore(results, released, original),
    "explore of several": lambda results, released, original: mn.widgets.explore(results, {"run": released}, original),
    "review": lambda results, released, original: mn.widgets.review(
        results, released, original, log="never_written.jsonl"
    ),
}
#: These have no results to hold the folder against.
MORE_TAKERS = {
    "evaluate": lambda results, released, original: mn.evaluate(
        released, original.parent / "answer_key.db", uids={"1.1": "9.1.1"}, read_text=None, progress=False
    ),
    "pair_folders": lambda results, released, original: mn.pair_folders(released, original, progress=False),
}


@pytest.mark.parametrize("take", [*TAKERS.values(), *MORE_TAKERS.values()], ids=[*TAKERS, *MORE_TAKERS])
def test_a_path_and_a_submission_are_the_same(case, take):
    results, submission, original = case
    for released in (submission, submission.folder, str(submission.folder)):
        take(results, released, original)


@pytest.mark.parametrize("take", [*TAKERS.values(), *MORE_TAKERS.values()], ids=[*TAKERS, *MORE_TAKERS])
def test_a_folder_that_is_none_is_refused_in_the_same_words(case, take, tmp_path):
    results, _, original = case
    nowhere, file = tmp_path / "nowhere", tmp_path / "file"
    file.touch()
    for given, kind, message in (
        (nowhere, FileNotFoundError, f"The folder of released files {nowhere} does not exist."),
        (mn.Submission(nowhere), FileNotFoundError, f"The folder of released files {nowhere} does not exist."),
        (file, FileNotFoundError, f"The folder of released files {file} is a file, not a folder."),
        (7, TypeError, "released must be a folder or a Submission (folder, uids, patients), got int."),
    ):
        with pytest.raises(kind) as told:
            take(results, given, original)
        assert str(told.value) == message


@pytest.mark.parametrize("take", TAKERS.values(), ids=TAKERS)
def test_the_originals_in_place_of_what_was_released_are_noticed(case, take):
    results, submission, original = case
    with pytest.raises(ValueError) as told:
        take(results, original, submission.folder)
    assert str(told.value) == (
        f"{original} holds the original files, not the released ones that these results are about; the order is "
        "results, released, original."
    )


@pytest.mark.parametrize("take", TAKERS.values(), ids=TAKERS)
def test_the_folder_of_another_submission_is_noticed(case, take, make, tmp_path):
    results, _, original = case
    make.file(tmp_path / "other" / "a.dcm", "7.7.7", PatientID="OTHER")
    with pytest.raises(ValueError) as raised:
        take(results, tmp_path / "other", original)
    assert str(raised.value) == (
        f"{tmp_path / 'other'} holds none of the released files that these results are about; the order is results, "
        "released, original."
    )


@pytest.mark.parametrize("kept", [1, 3])
def test_originals_are_noticed_also_where_the_tool_kept_some_uids(bench, make, tmp_path, kept):
    uids = {f"1.{number}": f"1.{number}" if number < kept else f"9.1.{number}" for number in range(3)}
    bench.write_mapping(bench.uids, uids.items())
    for old, new in uids.items():
        bench.ask(old, make.check("text_removed", "(0010,0010)", "DOE"))
        bench.release(f"{old}.dcm", instance=new)
        make.file(tmp_path / "original" / f"{old}.dcm", old, PatientID="OLD", PatientName="DOE")
    results = bench.evaluate()
    assert mn.audit(results, bench.released) is not None
    with pytest.raises(ValueError, match="holds the original files, not the released ones"):
        mn.audit(results, tmp_path / "original")


@pytest.mark.parametrize("take", TAKERS.values(), ids=TAKERS)
def test_a_submission_is_no_folder_of_originals(case, take):
    results, submission, _ = case
    with pytest.raises(TypeError) as told:
        take(results, submission, submission)
    assert str(told.value) == "original must be a folder, got Submission."


@pytest.fixture
def three(bench, make, tmp_path):
    """The results of three released files and the folder of their originals."""
    uids = [(f"1.{number}", f"9.1.{number}") for number in range(3)]
    bench.write_mapping(bench.uids, uids)
    for old, new in uids:
        bench.ask(old, make.check("text_removed", "(0010,0010)", "DOE"))
        bench.release(f"{old}.dcm", instance=new)
        make.file(tmp_path / "original" / f"{old}.dcm", old, PatientID="OLD", PatientName="DOE")
    return bench.evaluate(), bench.released, tmp_path / "original"


def test_one_file_with_the_identifiers_of_a_row_is_enough(three, make):
    results, released, original = three
    for number in (0, 1):  # files whose UIDs the tool left as they were are not in the results
        make.file(released / f"1.{number}.dcm", f"1.{number}")
    make.file(released / "copy.dcm", "9.1.2", PatientID="ANOTHER")
    assert mn.explain(results, released, original) is not None


def test_masked_results_cannot_be_held_against_a_folder(three):
    results, released, original = three
    assert mn.explain(mn.mask_values(results), released, original) is not None


def test_of_several_folders_each_is_held_against_its_own_results(three, make, tmp_path):
    results, released, original = three
    make.file(tmp_path / "other" / "a.dcm", "7.7.7", PatientID="OTHER")
    name = results["submission"].iloc[0]
    assert mn.widgets.explore(results, {name: released, "other": tmp_path / "other"}, original) is not None
    with pytest.raises(ValueError, match="holds none of the released files"):
        mn.widgets.explore(results, {name: tmp_path / "other"}, original)


def test_results_without_a_patient_are_audited(three):
    results, released, _ = three
    failed = results.assign(patient=pd.Categorical([None] * len(results)), verdict="failed")
    assert mn.audit(failed, released)["patient"].isna().all()


def test_a_release_that_kept_its_uids_is_one(bench, make, tmp_path):
    bench.ask("1.1", make.check("text_removed", "(0010,0010)", "DOE"))
    bench.write_mapping(bench.uids, [("1.1", "1.1")])
    bench.release("a.dcm", instance="1.1")
    results = bench.evaluate()
    assert mn.audit(results, bench.released, bench.released).equals(mn.audit(results, bench.released))


def test_the_demo_has_submissions_like_any_other():
    assert {type(one) for one in mn.make_demo().submissions.values()} == {mn.Submission}


def test_a_case_and_conformance_take_a_submission(case, bench, monkeypatch):
    _, submission, original = case
    assert mn.cases.open_case(submission, bench.key, original=original).submission == submission
    other = mn.cases.open_case(submission, bench.key, uids={"1.1": "9.1"}).submission
    assert other == submission._replace(uids={"1.1": "9.1"})
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FileNotFoundError, match=r"^conformance\(\) needs the program dciodvfy"):
        mn.conformance(submission)


def test_originals_that_are_the_release_are_noticed(make, tmp_path):
    folder = make.file(tmp_path / "in" / "a.dcm", "1.1").parent
    key = mn.derive_key(folder, progress=False)
    with pytest.warns(
        UserWarning, match=r"^The folder of original files is that of the released ones: nothing can have changed\.$"
    ):
        mn.evaluate(folder, key, uids={"1.1": "1.1"}, original=f"{folder}/.", read_text=None, progress=False)


@pytest.mark.parametrize("name", ["a.dcm", "b.dcm"])
def test_a_copy_of_the_originals_is_noticed_whatever_its_names(make, tmp_path, name):
    folder = make.file(tmp_path / "in" / "a.dcm", "1.1").parent
    key = mn.derive_key(folder, progress=False)
    copied = shutil.copytree(folder, tmp_path / "copy")
    (copied / "a.dcm").rename(copied / name)
    with pytest.warns(
        UserWarning, match=r"^Nothing changed: the released files are a copy of the original ones, byte for byte\.$"
    ):
        mn.evaluate(copied, key, uids={"1.1": "1.1"}, original=folder, read_text=None, progress=False)


def test_the_folder_is_a_path(tmp_path):
    assert folder_of(str(tmp_path)) == folder_of(mn.Submission(tmp_path)) == folder_of(tmp_path, "original") == tmp_path


LETTERS = np.kron(np.random.default_rng(0).integers(0, 2, (8, 12)), np.ones((4, 4))).astype("uint8") * 200


def explored(path):
    """What a page of the explorer was written from, as one text."""
    packed = gzip.decompress(base64.b64decode(re.search('id="data">([^<]+)', path.read_text("utf-8"))[1]))
    return packed.decode("utf-8", "replace")


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize("before", ["not explained", "without files", "with files"])
def test_the_same_files_give_the_same_cause_everywhere(bench, make, tmp_path, before):
    bench.ask("1.1", make.check("pixels_hidden", "(7fe0,0010)", make.region("DOE", 4, 4, 52, 36)))
    make.file(tmp_path / "original" / "a.dcm", "1.1", pixels=np.pad(LETTERS, 4))
    bench.release("a.dcm", "1.1", pixels=np.pad(LETTERS // 2, 4))  # a cover that is not opaque
    judged = mn.evaluate(bench.released, bench.key, uids=bench.uids, read_text=lambda image: "DOE", progress=False)
    results = mn.read_results(mn.write_run(judged, tmp_path / "run"))
    files = bench.released, tmp_path / "original"
    assert mn.explain(results)["cause"].tolist() == ["burned_in_visible"]
    results = {
        "not explained": results, "without files": mn.explain(results), "with files": mn.explain(results, *files),
    }[before]  # fmt: skip
    assert mn.explain(results, *files)["cause"].tolist() == ["burned_in_see_through"]
    assert mn.widgets.explore(results, *files).problems["cause"].tolist() == ["burned_in_see_through"]
    words = "Burned-in text covered but legible"
    assert words in mn.write_html(results, tmp_path / "report.html", *files).read_text("utf-8")
    assert words in explored(mn.write_page(results, tmp_path / "page.html", *files))
