import hashlib
import json

import pandas as pd
import pytest

import midi_nb as mn
from midi_nb.answers import read_key, read_mapping
from midi_nb.coded import encode
from midi_nb.files import read_results, runs, write_run, write_summary
from midi_nb.frames import RESULTS
from midi_nb.scores.scoring import score


def test_a_run_is_read_back_whole(make, tmp_path):
    results = make.results(
        [
            {},
            {"verdict": "blank", "error": "why"},
            {"x0": 1, "y0": 2, "x1": 3, "y1": 4},
            {"actual": None, "state": "absent"},
        ]
    )
    results.attrs["skipped"] = [("b\udcff.dcm", "not DICOM"), ("a, b.dcm", "broken DICOM (EOFError)")]

    assert write_run(results, tmp_path / "run") == tmp_path / "run"
    again = read_results(tmp_path / "run")

    pd.testing.assert_frame_equal(again, results, check_categorical=False)
    assert again.dtypes.astype(str).equals(results.dtypes.astype(str))
    assert again["scope"].dtype == RESULTS["scope"]
    assert again.attrs["skipped"] == [("b\\udcff.dcm", "not DICOM"), ("a, b.dcm", "broken DICOM (EOFError)")]


def test_a_run_of_many_rows_is_written_in_parts(make, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "_ROWS", 2)
    results = make.results([{"check": str(i), "actual": str(i)} for i in range(5)])

    folder = write_run(results, tmp_path / "run")

    assert len(list(runs.read_parts(folder))) == 3
    pd.testing.assert_frame_equal(read_results(folder), results, check_categorical=False)


def test_a_run_holds_no_text_of_rows_that_are_not_in_it(make, tmp_path):
    results = make.results([{"actual": "DOE^JANE", "patient": "4711"}, {"actual": "ANON"}])

    again = read_results(write_run(results.iloc[1:], tmp_path / "run"))

    assert list(again["actual"].cat.categories) == ["ANON"]
    assert "4711" not in again["patient"].cat.categories


def test_a_run_without_rows_is_one(make, tmp_path):
    again = read_results(write_run(make.results([]), tmp_path / "run"))

    assert len(again) == 0
    assert list(again.columns) == list(RESULTS)


def test_a_run_is_not_written_over_anything(make, tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "file"):
        with pytest.raises(ValueError, match=r".") as raised:
            write_run(make.results([{}]), path)
        assert str(raised.value) == f"{path} is not an empty folder; give another one, nothing is overwritten."


def spoil(folder, **changes):
    told = {**json.loads((folder / "run.json").read_text("utf-8")), **changes}
    (folder / "run.json").write_text(json.dumps(told), encoding="utf-8")


KEPT = {
    "derive_key": (lambda files, key, out: mn.derive_key(files, out=out, progress=False), mn.write_key),
    "inspect": (
        lambda files, key, out: mn.inspect(files, files, {"1.2": "1.2"}, out=out, progress=False),
        lambda out, key: mn.before_after(out),
    ),
    "evaluate": (
        lambda files, key, out: mn.evaluate(
            files, key, uids={"1.2": "1.2"}, patients={}, out=out, read_text=None, progress=False
        ),
        lambda out, key: read_results(out),
    ),
}


@pytest.mark.filterwarnings("ignore:Nothing changed")
@pytest.mark.parametrize("verb", KEPT)
def test_what_is_not_finished_or_not_whole_is_not_read_as_if_it_were(bench, make, tmp_path, verb):
    make.file(tmp_path / "files" / "a.dcm", "1.2", PatientName="DOE^JANE")
    keep, read = KEPT[verb]
    run, key = tmp_path / "run", tmp_path / "key.db"
    keep(tmp_path / "files", mn.derive_key(tmp_path / "files", progress=False), run)
    read(run, tmp_path / "whole.db")

    spoil(run, complete=False)
    with pytest.raises(
        ValueError, match=rf"^{run} holds an unfinished run; the same call again, out='{run}', finishes it\.$"
    ):
        read(run, key)
    spoil(run, complete=True, parts=9)
    with pytest.raises(ValueError, match=rf"^{run} holds \d of 9 parts; was it copied whole\?$"):
        read(run, key)
    assert not key.exists()


def test_runs_that_cannot_be_read_say_what_to_do(make, tmp_path):
    folder = write_run(make.results([{}]), tmp_path / "run")
    for other in (1, 9):
        spoil(folder, format=other)
        with pytest.raises(
            ValueError, match=f"^{folder} holds a run in format {other}, this version reads 2; evaluate again\\.$"
        ):
            read_results(folder)
    spoil(folder, format=2, complete=False)
    with pytest.raises(
        ValueError, match=rf"^{folder} holds an unfinished run; the same call again, out='{folder}', finishes it\.$"
    ):
        read_results(folder)
    (folder / "run.json").write_text("{", encoding="utf-8")
    with pytest.raises(
        ValueError, match=f"^{folder}/run.json cannot be read; the folder holds a damaged run, give another one\\.$"
    ):
        read_results(folder)


def test_a_run_of_an_earlier_version_is_not_gone_on_with(bench, make, tmp_path):
    bench.ask("1.1", make.check("tag_retained", "(0008,0060)"))
    bench.release("a.dcm", "1.1")
    bench.evaluate(out=tmp_path / "run")
    spoil(tmp_path / "run", format=1)
    with pytest.raises(ValueError, match=r".") as raised:
        bench.evaluate(out=tmp_path / "run")
    assert str(raised.value) == (
        f"{tmp_path / 'run'} holds a run of another version of midi_nb; give another folder, or delete it."
    )


def test_a_run_that_lost_a_part_is_no_smaller_run(make, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "_ROWS", 1)
    folder = write_run(make.results([{}, {}, {}]), tmp_path / "run")
    (folder / "parts" / "part-000001.parquet").unlink()
    for read in (read_results, lambda run: list(runs.read_parts(run))):
        with pytest.raises(ValueError, match=f"^{folder} holds 2 of 3 parts; was it copied whole\\?$"):
            read(folder)


def test_a_part_that_is_half_there_is_told(make, tmp_path):
    folder = write_run(make.results([{}]), tmp_path / "run")
    (part,) = (folder / "parts").iterdir()
    part.write_bytes(part.read_bytes()[:-50])
    with pytest.raises(
        ValueError, match=f"^{part} is no readable Parquet file \\(ArrowInvalid\\); was it copied whole\\?$"
    ):
        read_results(folder)


def test_a_part_of_another_run_is_told(make, tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "_ROWS", 1)
    folder = write_run(make.results([{}, {}]), tmp_path / "run")
    part = folder / "parts" / "part-000001.parquet"
    runs.write_part(make.results([{}]).assign(cause=encode(["leak"])), part, {})
    with pytest.raises(ValueError, match=f"^{part} has other columns than part-000000.parquet; is it of the same run"):
        read_results(folder)


def test_a_file_that_cannot_be_opened_has_no_digest(tmp_path):
    assert runs.about_part(tmp_path, [tmp_path / "gone.dcm"], [], [], {})["files"] == [["gone.dcm", None]]


def write_half(path, error):
    with runs.replacing(path) as temporary:
        temporary.write_text("two", encoding="utf-8")
        raise error


def test_a_file_takes_its_place_only_when_whole(tmp_path):
    path = tmp_path / "new" / "a.txt"
    with runs.replacing(path) as temporary:
        temporary.write_text("one", encoding="utf-8")
        assert not path.exists()
    for error in (KeyError("DOE"), OSError(28, "disk full")):
        with pytest.raises(type(error)) as raised:
            write_half(path, error)
    assert path.read_text("utf-8") == "one"
    assert list(path.parent.iterdir()) == [path]
    assert raised.value.strerror == f"{path} could not be written (disk full); what was there before is unchanged"


def test_digests_tell_sources_apart(bench, make, tmp_path):
    bench.ask("1.1", make.check("tag_retained", "(0008,0060)"))
    answers, uids = read_key(bench.key), read_mapping(bench.uids)
    renamed = uids.rename({"1.10": "1.12"})
    sources = [bench.key, bench.uids, answers, uids, uids[::-1], renamed, answers.assign(expected="x")]

    digests = [runs.digest(source) for source in sources]

    assert len(set(digests)) == len(sources)
    assert digests == [runs.digest(source) for source in sources]
    assert runs.digest(None) is None


def test_the_digest_of_a_file_is_that_of_every_byte(tmp_path):
    (tmp_path / "a").write_bytes(b"DICM" * 100_000)
    assert runs.digest(tmp_path / "a") == hashlib.sha256(b"DICM" * 100_000).hexdigest()[:32]


SECRET = {
    "submission": "SECRET",
    "patient": "SECRET",
    "study": "SECRET",
    "series": "SECRET",
    "instance": "SECRET",
    "released_patient": "SECRET",
    "released_study": "SECRET",
    "released_series": "SECRET",
    "released": "SECRET",
    "name": "SECRET",
    "original": "SECRET",
    "expected": "SECRET",
    "actual": "SECRET",
    "file": "SECRET",
    "sop_class": "SECRET",
    "modality": "SECRET",
    "subcategory": "SECRET",
    "prev_cat": "SECRET",
    "hipaa_z": "SECRET",
    "check": "SECRET",
    "error": "SECRET",
    "action": "SECRET",
    "tag_path": '(0029,"SECRET",10)',
    "tag": '(0029,"SECRET",10)',
    "private": True,
}


#: Texts that only start as those of the standard do.
LIKE_CODES = {
    "action": "text_removed SECRET",
    "subcategory": "HIPAA-A SECRET",
    "modality": "CT SECRET",
    "tag": "(0010,0010) SECRET",
}
PRIVATE = {"tag": "(0009,1001)", "private": True}


def test_a_summary_holds_no_text_of_the_data(make, tmp_path):
    lost = {"verdict": "lost", "error": "SECRET"}
    results = make.results([{}, LIKE_CODES, PRIVATE, SECRET, {**SECRET, "tag": "SECRET", "verdict": "blank"}, lost])
    results.attrs["skipped"] = [("SECRET.dcm", "SECRET")]

    path = write_summary(results, tmp_path / "new" / "summary.json")

    told = path.read_text("utf-8")
    assert "SECRET" not in told
    summary = json.loads(told)
    assert summary["checks"] == [
        {"run": 0, "passed": 3, "failed": 0, "blank": 0},
        {"run": 1, "passed": 1, "failed": 0, "blank": 1},
    ]
    assert (summary["not_scored"], summary["skipped_files"]) == (1, 1)
    assert {row["tag"] for row in summary["by_tag"]} == {"(0010,0010)", "other"}


def test_every_breakdown_of_a_summary_adds_up(make, tmp_path):
    results = make.results(
        [
            {
                "verdict": ["passed", "failed"][i % 2],
                "modality": ["CT", None][i % 2],
                "action": ["text_removed", "date_shifted"][i % 2],
            }
            for i in range(5)
        ]
    )
    summary = json.loads(write_summary(results, tmp_path / "summary.json").read_text("utf-8"))

    breakdowns = {name: rows for name, rows in summary.items() if name.startswith("by_") or name == "checks"}
    assert len(breakdowns) > 5
    expected = score(results)[["passed", "failed", "blank"]].iloc[0].to_dict()
    for rows in breakdowns.values():
        assert {name: sum(row[name] for row in rows) for name in expected} == expected
