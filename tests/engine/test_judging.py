import gc
import hashlib
import multiprocessing
import pickle
import threading
import warnings
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from pydicom import dcmread
from pydicom.pixels import get_decoder
from pydicom.uid import HTJ2KLossless, RLELossless

from midi_nb.actions import ACTIONS
from midi_nb.answers import published, read_key
from midi_nb.causes import explain
from midi_nb.engine import batches, recognition
from midi_nb.engine.judging import evaluate
from midi_nb.files import read_results, runs, write_run
from midi_nb.folders import Submission
from midi_nb.frames import RESULTS
from midi_nb.scores.scoring import score, tally

DARK = np.zeros((4, 6), "uint8")
BRIGHT = np.pad(np.full((2, 2), 255, "uint8"), ((0, 2), (0, 4)))


def one_each(make):
    """One check of each action, that CLEAN passes and CARELESS fails. Regions are read by ``str``: as numbers."""
    return [
        make.check("tag_retained", "(0008,0050)"),
        make.check("text_notnull", "(0008,1030)"),
        make.check("text_retained", "(0018,1030)", "CHEST CT"),
        make.check("text_removed", "(0010,0010)", "DOE"),
        make.check("date_shifted", "(0008,0020)", None, "20200101"),
        make.check("uid_changed", "(0020,0052)", None, "1.9"),
        make.check("pixels_hidden", "(7fe0,0010)", make.region("255", 0, 0, 2, 2)),
        make.check("pixels_retained", "(7fe0,0010)", hashlib.md5(DARK.tobytes()).hexdigest()),
        make.check("uid_consistent", "(0020,000d)", None, "1.10"),
        make.check("patid_consistent", "(0010,0020)", None, "OLD"),
    ]


CLEAN = {
    "AccessionNumber": "",
    "StudyDescription": "CT",
    "ProtocolName": "CHEST CT",
    "PatientName": "ANON",
    "StudyDate": "20200301",
    "FrameOfReferenceUID": "9.9",
    "pixels": DARK,
}
CARELESS = {
    "StudyDescription": "",
    "ProtocolName": "CHEST",
    "PatientName": "DOE^JANE",
    "StudyDate": "20200101",
    "FrameOfReferenceUID": "1.9",
    "StudyInstanceUID": "1.10",
    "PatientID": "OLD",
    "pixels": BRIGHT,
}


@pytest.fixture
def planted(bench, make):
    """Four instances: one clean, one careless, one delivered twice, one missing; and files that answer nothing."""
    for instance in ("1.1", "1.2", "1.3", "1.4"):
        bench.ask(instance, *one_each(make), patient="OLD" if instance < "1.3" else "OLD2")
    bench.release("a/clean.dcm", "1.1", **CLEAN)
    bench.release("a/careless.dcm", "1.2", **CARELESS)
    bench.release("b/twice.dcm", "1.3", **CLEAN)
    bench.release("b/twice (copy).dcm", **CLEAN, instance="9.1.3")
    bench.release("c/unmapped.dcm", **CLEAN, instance="7.7")
    bench.release("c/unasked.dcm", "1.5", **CLEAN)
    bench.release("c/.hidden.dcm", "1.4", **CLEAN)
    (bench.released / "c" / "notes.txt").write_text("no DICOM", encoding="utf-8")
    return bench


@pytest.fixture
def single(bench, make):
    """One instance with one check, which passes."""
    bench.ask("1.1", make.check("tag_retained", "(0008,0060)"))
    bench.release("a.dcm", "1.1")
    return bench


WARNED = [
    "Left out: 1 × the key has no checks for its instance; 1 × its SOP Instance UID is not among the new UIDs of the "
    "mapping. results.attrs['skipped'] lists them.",
    "Judged, but: 2 × it is not the only file of its instance. results.attrs['skipped'] lists them.",
]
SKIPPED = [
    ("c/notes.txt", "not DICOM (no preamble and DICM)"),
    ("c/unasked.dcm", "the key has no checks for its instance"),
    ("c/unmapped.dcm", "its SOP Instance UID is not among the new UIDs of the mapping"),
    *((name, "judged, but it is not the only file of its instance") for name in ("b/twice (copy).dcm", "b/twice.dcm")),
]


def warned(function, *args, says=WARNED, **options):
    """What `function` gives, having warned of the files left out, of those judged twice, and of nothing else."""
    with pytest.warns(UserWarning, match=r".") as heard:
        found = function(*args, **options)
    assert [str(warning.message) for warning in heard] == says
    return found


def cells(frame, *columns):
    """Rows as lists, None where missing."""
    part = frame[list(columns)].astype(object)
    return part.where(part.notna(), None).to_numpy().tolist()


def assert_same(results, others):
    pd.testing.assert_frame_equal(results, others, check_categorical=False)
    assert results.attrs["skipped"] == others.attrs["skipped"]


def test_the_planted_truth_is_found(planted):
    results = warned(planted.evaluate, read_text=str)

    assert list(results.columns) == list(RESULTS)
    said = list(results["action"].astype(object))
    assert said == list(ACTIONS) * 5, "give one_each() a check of each action, and say below what it says"
    assert cells(results, "file", "instance")[:: len(ACTIONS)] == [
        ["a/careless.dcm", "1.2"],
        ["a/clean.dcm", "1.1"],
        ["b/twice (copy).dcm", "1.3"],
        ["b/twice.dcm", "1.3"],
        [None, "1.4"],
    ]
    careless, clean, copy, twice, missing = (
        part for _, part in results.groupby(np.arange(len(results)) // len(ACTIONS))
    )
    assert cells(careless, "action", "state", "actual", "verdict", "score") == [
        ["tag_retained", "absent", None, "failed", 0.0],
        ["text_notnull", "empty", "", "failed", 0.0],
        ["text_retained", "value", "CHEST", "failed", 0.5],
        ["text_removed", "value", "DOE^JANE", "failed", 0.0],
        ["date_shifted", "value", "20200101", "failed", 0.0],
        ["uid_changed", "value", "1.9", "failed", 0.0],
        ["pixels_hidden", "value", str(BRIGHT[:2, :2]), "failed", 0.0],
        ["pixels_retained", "value", hashlib.md5(BRIGHT.tobytes()).hexdigest(), "failed", 0.0],
        ["uid_consistent", "value", "1.10", "failed", 0.0],
        ["patid_consistent", "value", "OLD", "failed", 0.0],
    ]
    for part in (clean, copy, twice):
        assert part["verdict"].eq("passed").all()
        assert (part["score"] == 1).all()
    removals = ("text_removed", "date_shifted", "uid_changed", "pixels_hidden")
    assert cells(missing, "action", "verdict", "score", "state", "actual") == [
        [action, *(("passed", 1.0) if action in removals else ("failed", 0.0)), "missing", None] for action in ACTIONS
    ]
    assert results["error"].isna().all()
    assert results.attrs["skipped"] == SKIPPED


def test_a_warning_points_at_the_call(planted):
    with pytest.warns(UserWarning, match="Left out|Judged") as heard:
        evaluate(planted.released, planted.key, uids=planted.uids, read_text=None, progress=False)
    assert heard[0].filename == __file__


def test_a_row_tells_who_and_what(planted):
    row, missing = warned(planted.evaluate).iloc[[10, 40]].astype(object).to_dict("records")

    expected = {
        "submission": "run",
        "patient": "OLD",
        "study": "1.10",
        "series": "1.11",
        "instance": "1.1",
        "released_patient": "NEW",
        "released_study": "9.10",
        "released_series": "9.11",
        "released": "9.1.1",
        "check": "0",
        "action": "tag_retained",
        "tag_path": "(0008,0050)",
        "scope": "Study",
        "modality": "OT",
        "sop_class": "1.2.840.10008.5.1.4.1.1.7",
        "file": "a/clean.dcm",
    }
    assert {name: row[name] for name in expected} == expected
    gone = {
        **expected,
        "patient": "OLD2",
        "instance": "1.4",
        **dict.fromkeys(("released_patient", "released_study", "released_series", "released", "file")),
    }
    assert {name: None if pd.isna(missing[name]) else missing[name] for name in gone} == gone


NEEDED = {
    "SOPClassUID": "SOP Class UID",
    "Modality": "Modality",
    "PatientID": "Patient ID",
    "StudyInstanceUID": "Study Instance UID",
    "SeriesInstanceUID": "Series Instance UID",
}


@pytest.mark.parametrize(("keyword", "name"), NEEDED.items())
def test_a_file_on_which_the_official_script_ends_is_judged_and_said_to_be_one(bench, make, tmp_path, keyword, name):
    bench.ask("1.1", make.check("tag_retained", "(0008,0018)"))
    bench.release("a.dcm", "1.1", **{keyword: None})
    bench.release("b.dcm", **{keyword: None})  # of no instance of the key: officially it is read all the same
    warning = (
        f"The official script would write no result at all: files lack an attribute it needs (2 × {name}). "
        "Here they are judged; audit(results, released) names them."
    )
    for _ in range(2):  # and when a kept run is gone on with
        with pytest.warns(UserWarning, match="official script|Left out") as heard:
            results = bench.evaluate(out=tmp_path / "run")
        assert [str(each.message) for each in heard if "official" in str(each.message)] == [warning]
        assert cells(results, "verdict", "modality") == [["passed", "OT"]]


def test_a_file_whose_identifiers_are_empty_is_no_such(bench, make):
    bench.ask("1.1", make.check("tag_retained", "(0008,0018)"))
    bench.release("a.dcm", "1.1", **dict.fromkeys(NEEDED, ""))
    results = bench.evaluate()
    assert cells(results, "modality", "sop_class", "released_patient", "released_study") == [["", "", "", ""]]


def test_identifiers_keep_their_blanks_as_officially(bench, make):
    bench.ask("1.1", make.check("tag_retained", "(0008,0018)"))
    bench.release("a.dcm", "1.1", PatientID="  NEW")
    assert list(bench.evaluate()["released_patient"]) == ["  NEW"]


def test_the_folder_that_one_is_in_has_a_name(single, monkeypatch):
    monkeypatch.chdir(single.released)
    results = evaluate(".", single.key, uids=single.uids, read_text=None, progress=False)
    assert list(results["submission"]) == ["released"]


@pytest.mark.parametrize("enabled", [True, False])
def test_garbage_is_collected_after_as_before(single, enabled):
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        single.evaluate()
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()


def spawning():
    """Two processes that share nothing with this one."""
    return ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))


@pytest.mark.parametrize("workers", [lambda: ThreadPoolExecutor(4), spawning], ids=["threads", "processes"])
def test_an_executor_changes_nothing(planted, monkeypatch, workers):
    monkeypatch.setattr(batches, "BATCH", 2)
    alone = warned(planted.evaluate, read_text=str)

    with workers() as executor:
        assert_same(warned(planted.evaluate, read_text=str, executor=executor), alone)
        assert_same(warned(planted.evaluate, read_text=str, executor=executor, key=read_key(planted.key)), alone)
        executor.submit(str).result()  # it was not shut down


def test_many_threads_share_one_key(bench, make, monkeypatch):
    monkeypatch.setattr(batches, "BATCH", 1)
    for number in range(40):
        bench.ask(f"1.5.{number}", make.check("text_removed", "(0010,0010)", "DOE"))
        bench.ask(f"1.5.{number}", data="broken" if number % 4 == 0 else "{}")
        bench.release(f"{number:02}.dcm", f"1.5.{number}", PatientName="DOE")
    with (
        ThreadPoolExecutor(8) as executor,
        pytest.warns(UserWarning, match="Left out: 10 × AnswerData is no JSON"),
    ):
        results = bench.evaluate(executor=executor)

    assert list(results["instance"]) == [f"1.5.{number}" for number in range(40)]
    assert not results["verdict"].eq("passed").any()
    assert len(results.attrs["skipped"]) == 10


class Failing(Executor):
    """An executor whose workers die; in the end it takes no more."""

    def __init__(self, taken):
        self.taken = taken

    def submit(self, function, /, *args, **options):
        self.taken -= 1
        if self.taken < 0:
            raise BrokenExecutor("DOE^JANE")
        future = Future()
        future.set_exception(MemoryError("DOE^JANE"))
        return future


@pytest.mark.parametrize(("taken", "told"), [(9, "1 MemoryError"), (0, "1 BrokenExecutor")])
def test_batches_that_an_executor_loses_are_judged_here(planted, taken, told):
    alone = warned(planted.evaluate)
    with pytest.warns(UserWarning, match=r".") as heard:
        results = planted.evaluate(executor=Failing(taken))

    assert_same(results, alone)
    assert f"The executor failed on some batches ({told}); they were judged in this process." in {
        str(w.message) for w in heard
    }


class Stopped(Executor):
    """An executor that is interrupted in its first batch while the others wait."""

    def __init__(self):
        self.futures = []

    def submit(self, function, /, *args, **options):
        self.futures.append(Future())
        if len(self.futures) == 1:
            self.futures[0].set_exception(KeyboardInterrupt())
        return self.futures[-1]


def test_batches_that_wait_are_cancelled_when_the_evaluation_stops(planted, monkeypatch):
    monkeypatch.setattr(batches, "BATCH", 3)
    stopped = Stopped()
    with pytest.raises(KeyboardInterrupt):
        planted.evaluate(executor=stopped)
    assert [future.cancelled() for future in stopped.futures] == [False, True, True]


class Elsewhere(Executor):
    """As a worker in another process: what it works on is pickled."""

    def submit(self, function, /, *args):
        work, *arrived = pickle.loads(pickle.dumps((function, *args)))
        done = Future()
        done.set_result(work(*arrived))
        return done


def test_a_worker_makes_a_job_ready_once(planted, monkeypatch):
    opened, genuine = [], published.open_key
    monkeypatch.setattr(published, "open_key", lambda *given: opened.append(given) or genuine(*given))
    monkeypatch.setattr(batches, "BATCH", 1)
    for number, uids in enumerate((planted.uids, {"1.1": "9.1.1"}), start=1):
        with warnings.catch_warnings(action="ignore"):
            planted.evaluate(uids=uids, executor=Elsewhere())
        assert len(opened) == 2 * number, "here, so that wrong files are refused at once; and once in the worker"


def test_a_key_may_be_a_frame_and_mappings_dicts(planted, make):
    from midi_nb.answers import read_mapping

    alone = warned(planted.evaluate, read_text=str)
    uids, patients = read_mapping(planted.uids), read_mapping(planted.patients)

    assert_same(
        warned(planted.evaluate, read_text=str, key=read_key(planted.key), uids=uids.to_dict(), patients=patients),
        alone,
    )
    submission = Submission(planted.released, planted.uids, planted.patients)
    assert_same(warned(evaluate, submission, planted.key, name="run", read_text=str, progress=False), alone)


def test_mappings_that_are_given_outweigh_those_of_the_submission(bench, make):
    consistent = (("uid_consistent", "(0020,000d)", None, "1.10"), ("patid_consistent", "(0010,0020)", None, "OLD"))
    bench.ask("1.1", *(make.check(*check) for check in consistent))
    bench.release("a.dcm", "1.1")
    submission, how = Submission(bench.released, {"1.1": "9.1.1"}, {}), {"read_text": None, "progress": False}

    assert evaluate(submission, bench.key, **how)["verdict"].eq("failed").all()
    assert (
        evaluate(submission, bench.key, uids=bench.uids, patients=bench.patients, **how)["verdict"].eq("passed").all()
    )


def reads(text, name):
    """A text recognition that always reads `text`."""

    def reader(image):
        return text

    reader.name = name
    return reader


class Interrupted:
    """Text recognition that is interrupted after some images."""

    name = "interrupted"

    def __init__(self, images):
        self.images, self.seen = images, 0

    def __call__(self, image):
        self.seen += 1
        if self.seen > self.images:
            raise KeyboardInterrupt
        return str(image)


@pytest.mark.parametrize("rules", ["official", pytest.param("strict", marks=pytest.mark.long)])
def test_an_interrupted_run_goes_on_where_it_stopped(planted, tmp_path, monkeypatch, rules):
    monkeypatch.setattr(batches, "BATCH", 1)
    alone = warned(planted.evaluate, read_text=str, rules=rules)
    out = tmp_path / "run"
    with pytest.raises(KeyboardInterrupt):
        planted.evaluate(read_text=Interrupted(2), rules=rules, out=out)
    with pytest.raises(ValueError, match=r".") as raised:
        read_results(out)
    assert str(raised.value) == f"{out} holds an unfinished run; the same call again, out={str(out)!r}, finishes it."

    rest = Interrupted(2)
    assert_same(warned(planted.evaluate, read_text=rest, rules=rules, out=out), alone)
    assert rest.seen == 2
    none = Interrupted(0)
    assert_same(warned(planted.evaluate, read_text=none, rules=rules, out=out), alone)
    assert none.seen == 0
    assert_same(read_results(out), alone)


def test_what_a_killed_worker_left_half_written_is_cleared_away(planted, tmp_path):
    warned(planted.evaluate, out=tmp_path / "run")
    half = tmp_path / "run" / "parts" / ".part-000000.parquet.99999.tmp"
    half.write_bytes(b"PAR1")
    warned(planted.evaluate, out=tmp_path / "run")
    assert not half.exists()


def test_a_file_that_changed_is_judged_again(planted, tmp_path, monkeypatch):
    monkeypatch.setattr(batches, "BATCH", 2)
    late = planted.release("d/late.dcm", "1.4", **CLEAN)
    content = late.read_bytes()
    late.unlink()
    warned(planted.evaluate, out=tmp_path / "run")
    planted.release("a/careless.dcm", **CLEAN, instance="9.1.2")
    (planted.released / "b" / "twice.dcm").unlink()
    late.write_bytes(content)

    again = warned(planted.evaluate, says=WARNED[:1], out=tmp_path / "run")  # no instance has two files any more
    assert_same(again, warned(planted.evaluate, says=WARNED[:1]))


def test_a_run_forgets_the_parts_of_files_that_are_gone(bench, make, tmp_path, monkeypatch):
    monkeypatch.setattr(batches, "BATCH", 1)
    for instance in ("1.1", "1.2"):
        bench.ask(instance, make.check("tag_retained", "(0008,0060)"))
    bench.release("a.dcm", "1.1")
    first = bench.evaluate(out=tmp_path / "run")
    late = [bench.release(name, instance="9.1.1") for name in ("b.dcm", "c.dcm")] + [bench.released / "d.txt"]
    late[-1].touch()
    with pytest.warns(UserWarning, match="3 × it is not the only file of its instance"):
        more = bench.evaluate(out=tmp_path / "run")
    assert (len(more), len(more.attrs["skipped"])) == (4, 4)
    for path in late:
        path.unlink()

    assert_same(bench.evaluate(out=tmp_path / "run"), first)


def test_a_file_that_was_renamed_is_told_by_its_new_name(single, tmp_path):
    single.evaluate(out=tmp_path / "run")
    (single.released / "a.dcm").rename(single.released / "b.dcm")
    assert list(single.evaluate(out=tmp_path / "run")["file"]) == ["b.dcm"]


def test_results_know_where_their_files_are(single, tmp_path):
    for options in ({}, {"out": tmp_path / "run"}):
        assert single.evaluate(**options).attrs["released"] == str(single.released)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"rules": "strict"}, "rules"),
        ({"name": "other"}, "submission"),
        ({"read_text": reads("", "mine")}, "text_recognition"),
        ({"uids": {"1.1": "9.1.1"}}, "uids"),
        ({"patients": {"OLD": "X"}}, "patients"),
        ({"original": "."}, "original"),
    ],
)
def test_a_run_is_not_mixed_with_another(planted, tmp_path, change, what):
    out = tmp_path / "run"
    warned(planted.evaluate, out=out)
    with pytest.raises(ValueError, match=r".") as raised:
        planted.evaluate(out=out, **change)
    assert str(raised.value) == f"{out} holds a run with another {what}; give another folder, or delete it."


def test_a_run_of_another_version_is_not_mixed_in(single, tmp_path, monkeypatch):
    single.evaluate(out=tmp_path / "run")
    monkeypatch.setattr(runs, "versions", lambda: {"midi_nb": "9", "pydicom": "9", "nltk": "9"})
    with pytest.raises(ValueError, match="holds a run with another midi_nb, pydicom, nltk;"):
        single.evaluate(out=tmp_path / "run")


@pytest.mark.parametrize("other", [reads("one", "mine 2"), "auto"])
def test_what_another_reader_read_is_not_mixed_in(planted, tmp_path, monkeypatch, other):
    monkeypatch.setattr(recognition, "installed", lambda: ("rapidocr",))
    for _ in range(2):
        warned(planted.evaluate, out=tmp_path / "run", read_text=reads("one", "mine 1"))
    with pytest.raises(ValueError, match="holds a run with another text_recognition"):
        planted.evaluate(out=tmp_path / "run", read_text=other)


def test_a_reader_that_has_no_name_keeps_no_run(planted, tmp_path):
    with pytest.raises(ValueError) as raised:
        planted.evaluate(out=tmp_path / "run", read_text=lambda image: "")
    assert str(raised.value) == (
        "evaluate(out=…) continues a kept run only with the same text recognition: give yours a name, and a new "
        "one when you change it (read_text.name = 'mine 1')."
    )
    assert not (tmp_path / "run").exists()


def test_a_run_without_text_recognition_is_not_gone_on_with_once_there_is_one(planted, tmp_path, monkeypatch):
    monkeypatch.setattr(recognition, "installed", lambda: ())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        planted.evaluate(out=tmp_path / "run", read_text="auto")
    monkeypatch.setattr(recognition, "installed", lambda: ("rapidocr",))
    with pytest.raises(ValueError, match="holds a run with another text_recognition"):
        planted.evaluate(out=tmp_path / "run", read_text="auto")


def test_other_originals_make_another_run(planted, make, tmp_path):
    originals = tmp_path / "original"
    make.file(originals / "a.dcm")
    warned(planted.evaluate, out=tmp_path / "run", rules="strict", original=originals)
    warned(planted.evaluate, out=tmp_path / "run", rules="strict", original=originals)
    make.file(originals / "b.dcm")
    with pytest.raises(ValueError, match="holds a run with another original"):
        planted.evaluate(out=tmp_path / "run", rules="strict", original=originals)


def test_a_key_that_changed_is_another(planted, make, tmp_path):
    warned(planted.evaluate, out=tmp_path / "run")
    planted.ask("1.1", make.check("tag_retained", "(0008,0060)"))
    with pytest.raises(ValueError, match=r"holds a run with another key; give another folder, or delete it\.$"):
        planted.evaluate(out=tmp_path / "run")


def test_a_file_is_no_folder_for_a_run(planted):
    with pytest.raises(ValueError, match=r"answer_key\.db is a file; give a folder for the run\.$"):
        planted.evaluate(out=planted.key)


def test_a_folder_of_something_else_is_left_alone(planted):
    with pytest.raises(ValueError, match=r".") as raised:
        planted.evaluate(out=planted.released)
    assert str(raised.value) == f"{planted.released} is not empty and holds no run of ours; give another folder."


def test_a_run_may_be_counted_part_by_part(planted, tmp_path, monkeypatch):
    from midi_nb.engine.judging import evaluate_run
    from midi_nb.files.runs import read_parts

    monkeypatch.setattr(batches, "BATCH", 2)
    results = warned(planted.evaluate)
    with ThreadPoolExecutor(2) as executor:
        run = warned(
            evaluate_run,
            planted.released,
            planted.key,
            tmp_path / "run",
            uids=planted.uids,
            patients=planted.patients,
            name="run",
            read_text=None,
            executor=executor,
            progress=False,
        )

    assert len(list(read_parts(run))) == 5
    pd.testing.assert_frame_equal(
        score(tally(read_parts(run)), by="action"), score(results, by="action"), check_categorical=False
    )
    assert_same(read_results(run), results)


def test_no_file_at_all_is_told(bench, make):
    bench.ask("1.1", *one_each(make))
    (bench.released / "notes.txt").write_text("no DICOM", encoding="utf-8")
    with pytest.warns(UserWarning, match=r".") as heard:
        results = bench.evaluate()

    assert [str(warning.message) for warning in heard] == [
        "No file of the submission answers the key: every instance counts as missing (1 × not DICOM "
        "(no preamble and DICM))."
    ]
    assert (results["state"] == "missing").all()
    assert len(results) == 10


def test_a_key_without_checks_gives_no_rows(bench):
    bench.ask("1.1")
    bench.release("a.dcm", "1.1")

    results = bench.evaluate()

    assert len(results) == 0
    assert list(results.columns) == list(RESULTS)


def test_of_two_old_uids_on_one_new_the_later_counts(bench, make):
    for instance in ("1.1", "1.2"):
        bench.ask(instance, make.check("tag_retained", "(0008,0060)"))
    bench.write_mapping(bench.uids, [("1.1", "9.1"), ("1.2", "9.1"), ("1.2", "9.2")])
    bench.release("a.dcm", instance="9.1")

    assert cells(bench.evaluate(), "instance", "state") == [["1.2", "value"], ["1.1", "missing"]]


ODD_FILES = {
    "cut": (lambda content: content[:141], "broken DICOM (BytesLengthException)"),
    "no preamble": (lambda content: content[132:], "not DICOM (no preamble and DICM)"),
    "empty": (lambda content: b"", "not DICOM (no preamble and DICM)"),
}


@pytest.mark.parametrize(("spoil", "reason"), ODD_FILES.values(), ids=ODD_FILES)
def test_a_broken_file_costs_itself_alone(bench, make, spoil, reason):
    for instance in ("1.1", "1.2"):
        bench.ask(instance, make.check("tag_retained", "(0008,0060)"))
        path = bench.release(f"{instance}.dcm", instance)
    path.write_bytes(spoil(path.read_bytes()))
    if reason.startswith("broken"):
        with pytest.warns(UserWarning, match="Left out: 1 × broken DICOM"):
            results = bench.evaluate()
    else:
        results = bench.evaluate()

    assert results.attrs["skipped"] == [("1.2.dcm", reason)]
    assert cells(results, "instance", "verdict") == [["1.1", "passed"], ["1.2", "failed"]]


def test_a_cut_off_file_and_several_of_one_instance_are_judged_and_named(bench, make):
    for instance in ("1.1", "1.2", "1.3"):
        bench.ask(instance, make.check("tag_retained", "(0008,0060)"))
        path = bench.release(f"{instance}.dcm", instance)
    path.write_bytes(path.read_bytes()[:-2])
    bench.release("again.dcm", "1.1")
    with pytest.warns(UserWarning, match="Judged") as heard:
        results = bench.evaluate()

    assert [str(each.message) for each in heard] == [
        "Judged, but: 2 × it is not the only file of its instance; 1 × cut off within an attribute, what followed is "
        "lost. results.attrs['skipped'] lists them."
    ]
    assert results.attrs["skipped"] == [
        ("1.3.dcm", "judged, but cut off within an attribute, what followed is lost"),
        ("1.1.dcm", "judged, but it is not the only file of its instance"),
        ("again.dcm", "judged, but it is not the only file of its instance"),
    ]
    assert cells(results, "instance", "verdict") == [[each, "passed"] for each in ("1.1", "1.2", "1.3", "1.1")]


def test_a_file_without_sop_instance_uid_answers_nothing(bench, make):
    bench.ask("1.1", make.check("tag_retained", "(0008,0060)"))
    bench.release("a.dcm", SOPInstanceUID=None)
    with pytest.warns(UserWarning, match="official script|No file") as heard:
        assert bench.evaluate().attrs["skipped"] == [("a.dcm", "no SOP Instance UID")]
    assert [str(each.message) for each in heard] == [
        "No file of the submission answers the key: every instance counts as missing (1 × no SOP Instance UID).",
        "The official script would write no result at all: files lack an attribute it needs (1 × SOP Instance UID). "
        "Here they are judged; audit(results, released) names them.",
    ]


#: checks of one file → (what was asked, how, verdict, error of its row)
ODD_CHECKS = {
    "no region": (("pixels_hidden", "(7fe0,0010)", "no json"), {}, "lost", "the key's region cannot be read"),
    "no text": (("pixels_hidden", "(7fe0,0010)"), {}, "lost", "the key has no text or no region"),
    "only stop words": (
        ("text_removed", "(0010,0010)", "the"),
        {},
        "blank",
        "no word is left of the key's text once stop words and punctuation are dropped",
    ),
    "no original": (("date_shifted", "(0010,0010)"), {}, "blank", "the key has no original value for this check"),
    "no recognition": (
        ("pixels_hidden", "(7fe0,0010)", "REGION"),
        {"read_text": None},
        "blank",
        "no text recognition: read_text is None",
    ),
    "no patient mapping": (
        ("patid_consistent", "(0010,0010)", None, "OLD"),
        {"patients": None},
        "blank",
        "no patient mapping was given",
    ),
}


@pytest.mark.parametrize(("check", "options", "verdict", "reason"), ODD_CHECKS.values(), ids=ODD_CHECKS)
def test_a_check_that_cannot_be_decided_is_a_row_with_its_reason(bench, make, check, options, verdict, reason):
    check = [make.region("DOE", 0, 0, 2, 2) if part == "REGION" else part for part in check]
    bench.ask("1.1", make.check(*check), make.check("tag_retained", "(0008,0060)"))
    bench.release("a.dcm", "1.1", **CLEAN)

    results = bench.evaluate(**options)

    assert cells(results, "check", "verdict", "score", "error") == [
        ["0", verdict, None, reason],
        ["1", "passed", 1.0, None],
    ]
    assert score(results)["total"].item() == (1 if verdict == "lost" else 2)


def evaluated(bench, **options):
    """(results, texts of the warnings) of an evaluation."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        results = bench.evaluate(**options)
    return results, [str(warning.message) for warning in heard]


@pytest.fixture
def odd(bench, make):
    """A key with checks that nobody can have meant as they are judged, and one that is sound."""
    checks = [
        make.check("text_removed", "(0008,103E)", "DOE"),
        make.check("text_retained", "(0008, 103e)", "DOE"),
        {**make.check("text_removed", "", "DOE"), "tag_ds": "(0008,103e)"},
        make.check("shred", "(0008,103e)"),
        5,
        make.check("text_removed", "(0010,0010)", "DOE"),
    ]
    bench.ask("1.1", *checks)
    bench.ask("1.2", *checks[:2])
    for uid in ("1.1", "1.2"):
        bench.release(f"{uid}.dcm", uid, SeriesDescription="DOE", PatientName="DOE")
    return bench


def test_odd_checks_are_judged_as_officially_and_counted(odd, tmp_path):
    counted = (
        "Odd checks in the key: "
        "4 × its path is spelled as in no file (upper-case hex, a blank …) and matches nothing, as officially; "
        "1 × its path is spelled as in no file; officially it matches nothing, here it is taken for what it means; "
        "1 × its action is none of the ten; 1 × its entry in the key is no object."
    )
    for options in ({}, {"out": tmp_path / "run"}, {"out": tmp_path / "run"}):  # the last call judges nothing anew
        results, heard = evaluated(odd, **options)

        assert heard == [counted]
        assert cells(results, "instance", "check", "tag_path", "verdict", "error") == [
            ["1.1", "0", "(0008,103E)", "passed", None],
            ["1.1", "1", "(0008, 103e)", "failed", None],
            ["1.1", "2", "(0008,103e)", "failed", None],
            ["1.1", "3", "(0008,103e)", "lost", "the key's action is none of the ten"],
            ["1.1", "4", None, "lost", "its entry in the key is no object"],
            ["1.1", "5", "(0010,0010)", "failed", None],
            ["1.2", "0", "(0008,103E)", "passed", None],
            ["1.2", "1", "(0008, 103e)", "failed", None],
        ]


def test_odd_checks_read_as_a_frame_get_the_same_verdicts(odd):
    path, _ = evaluated(odd)
    frame, heard = evaluated(odd, key=read_key(odd.key))

    assert cells(frame, "tag_path", "verdict") == cells(path, "tag_path", "verdict")
    assert heard[0].startswith(
        "Odd checks in the key: 4 × its path is spelled as in no file (upper-case hex, a blank …) and matches nothing"
    )


def test_strictly_an_odd_path_is_taken_for_what_it_means(odd):
    results, heard = evaluated(odd, rules="strict")

    assert cells(results, "instance", "tag_path", "verdict") == [
        ["1.1", "(0008,103e)", "failed"],
        ["1.1", "(0008,103e)", "passed"],
        ["1.1", "(0008,103e)", "failed"],
        ["1.1", "(0008,103e)", "lost"],
        ["1.1", None, "lost"],
        ["1.1", "(0010,0010)", "failed"],
        ["1.2", "(0008,103e)", "failed"],
        ["1.2", "(0008,103e)", "passed"],
    ]
    assert heard == [
        "Odd checks in the key: 5 × its path is spelled as in no file; officially it matches nothing, here it is taken "
        "for what it means; 1 × its action is none of the ten; 1 × its entry in the key is no object."
    ]


def test_an_official_key_that_names_no_attribute_at_all_is_refused(bench, make):
    bench.ask("1.1", make.check("text_removed", "(0010, 0010)", "DOE"), make.check("shred", "(0010,0010)"))
    bench.ask("1.2", {**make.check("text_removed", "", "DOE"), "tag_ds": None, "tag": "<(0010,0010)>"})
    bench.release("a.dcm", "1.1", PatientName="DOE")

    with pytest.raises(ValueError, match=r".") as raised:
        bench.evaluate()

    assert str(raised.value) == (
        f"{bench.key}, table answer_data: no check names an attribute and one of the ten actions as official keys do: "
        "<(0010,0010)>, in a sequence <(0008,1140)>[<0000>]<(0008,1155)>, lower-case hex; <text_removed>."
    )


def test_a_key_of_pixels_alone_needs_no_paths(bench, make):
    bench.ask("1.1", make.check("pixels_retained", "", hashlib.md5(b"\1\1").hexdigest()))
    bench.release("a.dcm", "1.1", pixels=np.ones((1, 2), np.uint8))

    assert cells(bench.evaluate(), "verdict") == [["passed"]]


def test_checks_of_what_no_original_has_are_counted(bench, make, tmp_path):
    asked = [
        make.check("text_removed", "(0010,0010)", "DOE"),
        make.check("text_removed", "(0010,0011)", "DOE"),  # a typing error
        make.check("text_retained", "(0012,0062)", "YES"),  # which fails where it is absent
        make.check("date_shifted", "(0032,1010)"),  # whose key knows no value either
        make.check("pixels_retained", "(7fe0,0010)", "none"),
        make.check("text_removed", "(0010,4000)", "DOE"),  # which the second original has
    ]
    for uid in ("1.1", "1.2", "1.3", "1.4"):
        bench.ask(uid, *asked)
    for uid in ("1.1", "1.2", "1.4"):
        bench.release(f"{uid}.dcm", uid, PatientName="ANON")
    for uid in ("1.1", "1.2", "1.3"):  # of the third there is no release, of the fourth no original
        comments = {"PatientComments": "DOE"} if uid == "1.2" else {}
        make.file(tmp_path / "original" / f"{uid}.dcm", uid, PatientName="DOE", **comments)
    told = [
        "Checks about an attribute that no original file has: 3 (attributes: 1, the first (0010,0011)). To remove or "
        "change it passes whatever a tool does."
    ]

    assert evaluated(bench)[1] == []
    for options in ({}, {"out": tmp_path / "run"}, {"out": tmp_path / "run"}):
        assert evaluated(bench, original=tmp_path / "original", **options)[1] == told


def test_what_batches_in_different_workers_saw_of_the_originals_is_put_together(bench, make, tmp_path, monkeypatch):
    monkeypatch.setattr(batches, "BATCH", 1)
    for uid in ("1.1", "1.2", "1.3"):
        bench.ask(uid, make.check("text_removed", "(0010,4000)", "DOE"), make.check("text_removed", "(0010,0011)", "X"))
        bench.release(f"{uid}.dcm", uid)
        make.file(tmp_path / "original" / f"{uid}.dcm", uid, **({"PatientComments": "DOE"} if uid == "1.2" else {}))
    told = [
        "Checks about an attribute that no original file has: 3 (attributes: 1, the first (0010,0011)). To remove or "
        "change it passes whatever a tool does."
    ]

    with ProcessPoolExecutor(3, multiprocessing.get_context("fork")) as pool:
        assert evaluated(bench, original=tmp_path / "original", executor=pool)[1] == told


def test_of_what_could_not_be_looked_at_nothing_is_said(bench, make):
    bench.ask("1.1", make.check("tag_retained", "(0028,0010)"), make.check("tag_retained", "(0028,0011)"))
    path = bench.release("a.dcm", "1.1")
    path.write_bytes(path.read_bytes() + b"\x28\0\x10\0US\3\0\1\2\3")  # Rows, of three bytes

    assert cells(bench.evaluate(), "state", "verdict", "error") == [
        [None, "blank", "the check failed (BytesLengthException)"],
        ["absent", "failed", None],
    ]


def test_what_pixel_checks_and_pixel_data_say(bench, make):
    digest = hashlib.md5(DARK.tobytes()).hexdigest()
    bench.ask(
        "1.1",
        make.check("text_removed", "(7fe0,0010)", "DOE"),
        make.check("text_retained", "(7fe0,0010)", "REMOVED"),
        make.check("pixels_retained", "(7fe0,0010)", digest, "anything"),
    )
    bench.release("a.dcm", "1.1", **CLEAN)

    assert cells(bench.evaluate(), "original", "actual", "state", "verdict") == [
        [None, "", "empty", "passed"],
        [None, "REMOVED", "value", "passed"],
        [digest, digest, "value", "passed"],  # officially the digest takes the place of the original
    ]


PIXELS_LOST = {
    "no pixels": ({}, (0, 0, 2, 2)),
    "a box outside": ({"pixels": DARK}, (50, 50, 60, 60)),
    "an empty box": ({"pixels": DARK}, (2, 2, 2, 2)),
}


@pytest.mark.parametrize(("attributes", "box"), PIXELS_LOST.values(), ids=PIXELS_LOST)
def test_pixels_that_cannot_be_looked_at_leave_no_official_row(bench, make, attributes, box):
    bench.ask("1.1", make.check("pixels_hidden", "(7fe0,0010)", make.region("DOE", *box)))
    bench.release("a.dcm", "1.1", **attributes)

    results = bench.evaluate(read_text=str)

    assert cells(results, "verdict", "score") == [["lost", None]]
    assert results["error"].notna().all()


def test_pixels_that_nothing_here_decodes_are_not_judged(bench, make, monkeypatch):
    bench.ask("1.1", make.check("pixels_hidden", "(7fe0,0010)", make.region("DOE", 0, 0, 2, 2)))
    path = bench.release("a.dcm", "1.1", pixels=DARK)
    dataset = dcmread(path)
    dataset.compress(RLELossless, generate_instance_uid=False)
    dataset.file_meta.TransferSyntaxUID = HTJ2KLossless
    dataset.save_as(path)
    monkeypatch.setattr(type(get_decoder(HTJ2KLossless)), "is_available", False)

    with pytest.warns(UserWarning, match="checks of burned-in text: 1; no decoder for High-Throughput"):
        results = explain(bench.evaluate(read_text=str))

    assert cells(results, "verdict", "state", "cause", "axis") == [["blank", "unread", "not_judged", "none"]]


@pytest.mark.parametrize(
    ("rules", "verdict", "seen"), [("official", "passed", [[[0, 1], [3, 4]]]), ("strict", "lost", [])]
)
def test_officially_negative_edges_are_counted_from_the_end(bench, make, rules, verdict, seen):
    bench.ask("1.1", make.check("pixels_hidden", "(7fe0,0010)", make.region("DOE", -3, -2, -1, 2)))
    bench.release("a.dcm", "1.1", pixels=np.arange(6, dtype="uint8").reshape(2, 3))
    crops = []
    results = bench.evaluate(rules=rules, read_text=lambda image: crops.append(image.tolist()) or "")
    assert list(results["verdict"]) == [verdict]
    assert crops == seen


def test_every_file_is_judged_alone(bench, make):
    """Officially an attribute that another file of the batch has is not absent but empty, and these four fail."""
    checks = [
        make.check("uid_consistent", "(0040,db0d)", None, "1.10"),
        make.check("uid_changed", "(0040,db0c)", None, ""),
        make.check("date_shifted", "(0040,0002)", None, ""),
        make.check("patid_consistent", "(0010,2180)", None, "OLD"),
    ]
    for instance in ("1.1", "1.2"):
        bench.ask(instance, *checks)
    bench.release("a.dcm", "1.1")
    bench.release(
        "b.dcm",
        "1.2",
        TemplateExtensionCreatorUID="1.2",
        TemplateExtensionOrganizationUID="1.2",
        Occupation="x",
        ScheduledProcedureStepStartDate="20200101",
    )

    assert list(bench.evaluate()["verdict"]) == ["passed"] * 4 + ["failed"] * 4


def test_strict_dates_share_the_shift_of_their_patient(bench, make):
    date = make.check("date_shifted", "(0008,0020)", None, "20200101")
    for number, (patient, day) in enumerate([("A", "11"), ("A", "11"), ("A", "12"), ("B", "25"), ("B", None)]):
        bench.ask(f"1.{number}", date, patient=patient)
        bench.release(f"{number}.dcm", f"1.{number}", **({} if day is None else {"StudyDate": f"202001{day}"}))

    for options in ({}, {"out": bench.released.parent / "run"}):
        assert cells(bench.evaluate(rules="strict", **options), "verdict", "score") == [
            ["passed", 1.0],
            ["passed", 1.0],
            ["failed", 0.0],
            ["passed", 1.0],
            ["failed", 0.0],
        ]
    assert list(bench.evaluate()["verdict"]) == ["passed"] * 5


@pytest.mark.parametrize(
    ("days", "verdicts"),
    [
        (["21", "11"], ["failed", "passed"]),  # of two that are as frequent the smaller
        (["01", "01", "11"], ["failed", "failed", "passed"]),  # dates that were not shifted are no example
    ],
)
def test_the_usual_shift_of_a_patient(bench, make, days, verdicts):
    for number, day in enumerate(days):
        bench.ask(f"1.{number}", make.check("date_shifted", "(0008,0020)", None, "20200101"))
        bench.release(f"{number}.dcm", f"1.{number}", StudyDate=f"202001{day}")
    assert list(bench.evaluate(rules="strict")["verdict"]) == verdicts


def test_strict_rules_ask_for_one_number_of_days_not_for_the_keys(bench, make):
    for number, day in enumerate(("02", "03")):
        check = make.check("date_shifted", "(0008,0020)", "(552)", f"202001{day}")
        bench.ask(f"1.{number}", check)
        bench.release(f"{number}.dcm", f"1.{number}", StudyDate=f"202002{day}")
    assert list(bench.evaluate(rules="strict")["verdict"]) == ["passed", "passed"]


def test_a_resumed_strict_run_is_that_of_a_fresh_one(bench, make, monkeypatch):
    monkeypatch.setattr(batches, "BATCH", 1)
    for number, day in enumerate(("11", "21", "21")):
        bench.ask(f"1.{number}", make.check("date_shifted", "(0008,0020)", None, "20200101"))
        bench.release(f"{number}.dcm", f"1.{number}", StudyDate=f"202001{day}")
    run = bench.released.parent / "run"
    assert list(bench.evaluate(rules="strict", out=run)["verdict"]) == ["failed", "passed", "passed"]

    for number in (1, 2):
        bench.release(f"{number}.dcm", instance=f"9.1.{number}", StudyDate="20200111")
    assert list(bench.evaluate(rules="strict", out=run)["verdict"]) == ["passed"] * 3


LETTERS = np.kron(np.random.default_rng(0).integers(0, 2, (8, 12)), np.ones((4, 4))).astype("uint8") * 255


@pytest.mark.parametrize(
    ("rules", "pixels", "verdict", "hidden", "cause"),
    [
        ("official", LETTERS, "passed", 1, None),
        ("strict", LETTERS, "failed", 0, "burned_in_visible"),
        ("strict", LETTERS * 0, "passed", 1, None),
        ("strict", LETTERS * (np.arange(48) > 23), "failed", 0.5, "burned_in_partial"),  # half covered
        ("strict", LETTERS[:20, :30] * 0, "passed", 1, None),  # of another shape: not compared
        (
            "strict",
            np.stack([LETTERS * 0, LETTERS]),
            "failed",
            0,
            "burned_in_visible",
        ),  # hidden in the first frame alone
        ("strict", np.stack([LETTERS * 0, LETTERS * 0]), "passed", 1, None),
    ],
)
def test_strictly_what_nobody_recognised_may_still_be_legible(
    bench, make, tmp_path, rules, pixels, verdict, hidden, cause
):
    bench.ask("1.1", make.check("pixels_hidden", "(7fe0,0010)", make.region("DOE", 4, 4, 40, 28)))
    before = np.broadcast_to(np.minimum(LETTERS, 254), (*pixels.shape[:-2], *LETTERS.shape))
    make.file(tmp_path / "original" / "a.dcm", "1.1", pixels=before)
    bench.release("a.dcm", "1.1", pixels=pixels)

    def only_the_original(image):
        return "DOE" if image.max() == 254 else ""

    results = bench.evaluate(rules=rules, original=tmp_path / "original", read_text=only_the_original)

    assert cells(results, "verdict", "error") == [[verdict, None]]
    assert results["score"].item() == pytest.approx(hidden, abs=0.1)
    assert cells(explain(results), "cause") == [[cause]]


UNREADABLE = "the text could not be read in the original: that nothing is read here proves nothing"

#: what the reader reads in the original's box → whether that proves a pass
CONTROLS = {
    "the text": ("JANE DOE", True),
    "a word of it": ("JANE D0E", True),
    "nothing": ("", False),
    "another text": ("CHEST PA", False),
}


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("rules", ["official", "strict"])
@pytest.mark.parametrize(("before", "proves"), CONTROLS.values(), ids=CONTROLS)
def test_a_pass_that_the_original_would_get_too_proves_nothing(bench, make, tmp_path, before, proves, rules, kept):
    bench.ask("1.1", make.check("pixels_hidden", "(7fe0,0010)", make.region("JANE DOE", 4, 4, 40, 28)))
    make.file(tmp_path / "original" / "a.dcm", "1.1", pixels=LETTERS)
    bench.release("a.dcm", "1.1", pixels=LETTERS * 0)
    options = {"out": tmp_path / "run"} if kept else {}

    def reading(image):
        return before if image.any() else ""

    reading.name = "mine"

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        results = bench.evaluate(
            rules=rules,
            original=tmp_path / "original",
            read_text=reading,
            **options,
        )

    verdict, kind = ("passed", "Passed") if rules == "official" else ("blank", "Undecided (blank)")
    assert cells(results, "verdict", "error") == [["passed", None] if proves else [verdict, UNREADABLE]]
    message = f"{kind} checks of burned-in text: 1; {UNREADABLE}."
    assert [str(each.message) for each in said] == ([] if proves else [message])


#: originals that cannot say whether their text is readable
NO_CONTROL = {
    "another instance": lambda make, path: make.file(path, "1.2", pixels=LETTERS),
    "no pixels": lambda make, path: make.file(path, "1.1"),
    "another size": lambda make, path: make.file(path, "1.1", pixels=LETTERS[:3, :3]),
    "cut": lambda make, path: make.file(path, "1.1", pixels=LETTERS, Rows=99),
    "read with an error": lambda make, path: make.file(path, "1.1", pixels=LETTERS[::-1]),
}


@pytest.mark.parametrize("rules", ["official", "strict"])
@pytest.mark.parametrize("original", NO_CONTROL.values(), ids=NO_CONTROL)
def test_an_original_that_cannot_be_read_leaves_the_official_verdict_alone(bench, make, tmp_path, original, rules):
    bench.ask("1.1", make.check("pixels_hidden", "(7fe0,0010)", make.region("DOE", 4, 4, 40, 28)))
    original(make, tmp_path / "original" / "a.dcm")
    bench.release("a.dcm", "1.1", pixels=LETTERS * 0)

    def never_the_original(image):
        return "" if not image.any() else 1 / 0

    with pytest.warns(UserWarning, match="checks of burned-in text: 1; the text could not be read in the original"):
        results = bench.evaluate(rules=rules, original=tmp_path / "original", read_text=never_the_original)

    assert cells(results, "verdict", "error") == [["passed" if rules == "official" else "blank", UNREADABLE]]


def test_only_passes_of_burned_in_text_look_at_the_original(bench, make, tmp_path):
    box = make.region("DOE", 4, 4, 40, 28)
    bench.ask("1.1", make.check("pixels_hidden", "(7fe0,0010)", box), make.check("tag_retained", "(0008,0060)"))
    make.file(tmp_path / "original" / "a.dcm", "1.1", pixels=LETTERS)
    bench.release("a.dcm", "1.1", pixels=LETTERS)
    images = []

    def reads(image):
        images.append(image)
        return "DOE"

    assert list(bench.evaluate(original=tmp_path / "original", read_text=reads)["verdict"]) == ["failed", "passed"]
    assert len(images) == 1


def failing(image):
    return 1 / 0


failing.name = "failing"


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize(
    ("reader", "reason", "cause"),
    [
        ("auto", "no text recognition is installed: pip install 'midi_nb[ocr]', or pass read_text", "not_judged"),
        (failing, "the check failed (ZeroDivisionError)", "blank_error"),
        (None, "no text recognition: read_text is None", "not_judged"),  # as asked for, so nobody is warned
    ],
)
def test_undecided_checks_of_burned_in_text_are_counted(
    bench, make, tmp_path, monkeypatch, reader, reason, cause, kept
):
    monkeypatch.setattr(recognition, "installed", lambda: ())
    for number in (1, 2):
        bench.ask(f"1.{number}", *[make.check("pixels_hidden", "(7fe0,0010)", make.region("DOE", 0, 0, 2, 2))] * 2)
        bench.release(f"{number}.dcm", f"1.{number}", **CLEAN)

    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        results = bench.evaluate(read_text=reader, **({"out": tmp_path / "run"} if kept else {}))

    assert cells(results, "verdict", "error") == [["blank", reason]] * 4
    assert explain(results)["cause"].tolist() == [cause] * 4
    message = f"Undecided (blank) checks of burned-in text: 4; {reason}."
    assert [str(each.message) for each in said] == ([message] if reader else [])


def test_answers_and_files_are_left_alone(planted):
    answers = read_key(planted.key)
    before = answers.copy(deep=True)
    stamps = {path: path.stat().st_mtime_ns for path in planted.released.rglob("*")}
    warned(planted.evaluate, key=answers, read_text=str)

    pd.testing.assert_frame_equal(answers, before)
    assert {path: path.stat().st_mtime_ns for path in planted.released.rglob("*")} == stamps


def test_a_mapping_rewritten_in_the_same_second_is_read_again(bench, make):
    bench.ask("1.1", make.check("uid_consistent", "(0020,000d)", None, "1.10"))
    bench.release("a.dcm", "1.1")
    assert bench.evaluate()["verdict"].eq("passed").all()

    bench.write_mapping(bench.uids, [("1.10", "9.99"), ("1.11", "9.11"), ("1.1", "9.1.1")])
    assert not bench.evaluate()["verdict"].eq("passed").any()


MESSAGES = [
    ({"rules": "lax"}, ValueError, "rules must be one of official, strict, got 'lax'."),
    (
        {"executor": threading.Thread()},
        TypeError,
        "executor must be a concurrent.futures.Executor (for a dask Client pass client.get_executor()), got Thread.",
    ),
    (
        {"uids": None},
        ValueError,
        "evaluate() needs to know where the UIDs went: uids='uid_mapping.csv' (columns id_old,id_new); for a tool that "
        "wrote none, pair_folders(released, original).uids.",
    ),
    ({"original": "nowhere"}, FileNotFoundError, "The folder of original files nowhere does not exist."),
]


@pytest.mark.parametrize(("options", "kind", "message"), MESSAGES)
def test_wrong_arguments_are_answered_in_one_line(bench, options, kind, message):
    with pytest.raises(kind) as raised:
        bench.evaluate(**options)
    assert str(raised.value) == message


def test_wrong_kinds_are_answered_in_one_line(bench):
    with pytest.raises(TypeError, match=r"^released must be a folder or a Submission \(folder, uids, patients\), got "):
        evaluate(None, bench.key)
    with pytest.raises(TypeError, match=r"^key must be a path or an answers frame, got NoneType\.$"):
        evaluate(bench.released, None, uids=bench.uids)


def test_a_folder_must_be_one(bench):
    for path, what in ((bench.key, "is a file, not a folder"), (bench.released / "no", "does not exist")):
        with pytest.raises(FileNotFoundError) as raised:
            evaluate(path, bench.key, uids=bench.uids)
        assert str(raised.value) == f"The folder of released files {path} {what}."


def test_a_written_run_is_the_run(planted, tmp_path):
    results = warned(planted.evaluate, read_text=str)

    assert_same(read_results(write_run(results, tmp_path / "run")), results)
