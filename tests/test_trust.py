"""Nothing lost, nothing leaked: hostile files, interruptions, values that must not be told."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path
from random import Random

import hostile
import pandas as pd
import pytest

import midi_nb as mn
from midi_nb.engine import pixels, released

SMALL = 300_000  # bytes; the mutations go for the header, and large pixels only slow the copying


@pytest.fixture(scope="module")
def demo():
    return mn.make_demo(progress=False)


@pytest.fixture(scope="module")
def good(demo):
    """Small files of the reference submission, one of each series."""
    folder = Path(demo.submissions["reference"].folder)
    files = [path for path in released.files_below(folder) if path.stat().st_size < SMALL]
    assert len(files) > 20
    return files


def evaluated(folder, demo, **how):
    """Results of `folder` as if the reference tool had written it; its warnings are another test's."""
    reference = demo.submissions["reference"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return mn.evaluate(
            folder, demo.key, uids=reference.uids, patients=reference.patients, read_text=None, progress=False, **how
        )


@pytest.mark.parametrize("mutation", hostile.MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_a_broken_file_costs_only_itself(mutation, demo, good, tmp_path):
    random = Random(mutation.__name__)
    intact = good[0]
    (tmp_path / "intact.dcm").write_bytes(intact.read_bytes())
    for number in range(12):
        (tmp_path / f"{number}.dcm").write_bytes(mutation(random.choice(good[1:]).read_bytes(), random))
    results = evaluated(tmp_path, demo)
    alone = results[results["file"] == "intact.dcm"]
    assert len(alone)
    assert not alone["verdict"].eq("failed").any()
    told = {name for name, _ in results.attrs["skipped"]} | set(results["file"].dropna())
    assert told == {path.name for path in tmp_path.iterdir()}, "every file is answered or listed as skipped"


def test_a_broken_patient_id_costs_its_own_checks_alone(demo, good, tmp_path):
    data = good[0].read_bytes()
    place = data.index(b"\x10\x00\x20\x00LO")
    (tmp_path / "odd.dcm").write_bytes(data[: place + 4] + b"LS" + data[place + 6 :])
    results = evaluated(tmp_path, demo)
    found = results[results["file"] == "odd.dcm"]
    assert found["released_patient"].isna().all()
    assert (found.loc[found["tag_path"] == "(0010,0020)", "error"] == "the check failed (NotImplementedError)").all()
    assert not found.loc[found["tag_path"] != "(0010,0020)", "verdict"].eq("failed").any()


def test_a_decoder_that_panics_costs_its_own_image(demo, tmp_path, monkeypatch):
    """Found by fuzzing: what a decoder written in Rust raises on a broken stream is no Exception."""
    from pydicom.dataset import Dataset

    class Panic(BaseException):
        pass

    def panicking(_dataset):
        raise Panic("index out of bounds")

    files = (released.read(path).dataset for path in released.files_below(demo.original))
    dataset = next(dataset for dataset in files if "PixelData" in dataset and "NumberOfFrames" not in dataset)
    monkeypatch.setattr(Dataset, "pixel_array", property(panicking))
    with pytest.raises(ValueError, match=r"^the pixels cannot be decoded \(.*, Panic\)\.$"):
        pixels.regions(dataset, (0, 0, 9, 9))


def test_a_broken_private_creator_owns_nothing(demo, tmp_path):
    """Found by fuzzing: the walk over all elements ended at it."""
    original = next(path for path in released.files_below(demo.original) if b"GEMS_ACQU_01" in path.read_bytes())
    data = original.read_bytes()
    place = data.index(b"GEMS_ACQU_01") - 4
    (tmp_path / "odd.dcm").write_bytes(data[:place] + b"LS" + data[place + 2 :])
    with released.quiet():
        paths = [path for path, _ in released.read(tmp_path / "odd.dcm").elements()]
    assert "(7fe0,0010)" in paths
    assert not any("GEMS_ACQU_01" in path for path in paths)


def test_truncated_at_every_kilobyte(demo, good, tmp_path):
    data = good[0].read_bytes()
    for size in range(0, len(data), max(1024, len(data) // 100)):
        (tmp_path / f"{size:08d}.dcm").write_bytes(data[:size])
    results = evaluated(tmp_path, demo)
    left_out = {name for name, reason in results.attrs["skipped"] if not reason.startswith("judged")}
    cut_off = {name for name, reason in results.attrs["skipped"] if reason.startswith("judged, but cut off")}
    assert cut_off == set(results["file"].dropna())
    assert cut_off | left_out == {path.name for path in tmp_path.iterdir()}


def test_a_deflated_bomb_is_refused_before_it_goes_off(tmp_path):
    path = tmp_path / "bomb.dcm"
    path.write_bytes(hostile.bomb(b"", Random(0)))
    with pytest.raises(released.Unreadable, match=r"^deflated data that inflate to more than a gigabyte$"):
        released.read(path)


def test_pipes_links_and_odd_names_are_no_trap(demo, good, tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "good.dcm").write_bytes(good[0].read_bytes())
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.txt")).write_text("latin")
    results = evaluated(tmp_path, demo)
    assert results["file"].dropna().unique().tolist() == ["a/good.dcm"]
    assert [reason for _, reason in results.attrs["skipped"]] == ["not DICOM (no preamble and DICM)"]


KILLED = """
import sys, warnings
import midi_nb as mn
from midi_nb.engine import batches
if __name__ == "__main__":
    warnings.simplefilter("ignore")
    batches.BATCH = 4
    folder, patients, submission, out = sys.argv[1:]
    demo = mn.make_demo(folder, int(patients), progress=False)
    mn.evaluate(demo.submissions[submission], demo.key, out=out, read_text=None, progress=False)
"""


@pytest.mark.parametrize("written", [1, *(pytest.param(count, marks=pytest.mark.long) for count in (0, 3, 5))])
def test_a_killed_run_goes_on_to_the_same_results(written, make, small_demo, tmp_path, monkeypatch):
    """Killed as soon as so many parts are there."""
    out, demo = tmp_path / "run", small_demo
    process = subprocess.Popen([sys.executable, "-c", KILLED, demo.folder, "3", "careless", out])
    while process.poll() is None and not (out.exists() and len(list(out.glob("parts/part-*.parquet"))) >= written):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it ended before"
    parts = sorted(out.glob("parts/part-*.parquet"))
    assert all(len(pd.read_parquet(part)) for part in parts), "what bears the name of a part is whole"
    if (out / "run.json").exists() and not json.loads((out / "run.json").read_text())["complete"]:
        with pytest.raises(ValueError, match="unfinished run"):
            mn.read_results(out)
    careless = demo.submissions["careless"]
    before = {part: part.stat().st_mtime_ns for part in parts}
    monkeypatch.setattr("midi_nb.engine.batches.BATCH", 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        resumed = mn.evaluate(careless, demo.key, out=out, read_text=None, progress=False)
        undisturbed = mn.evaluate(careless, demo.key, read_text=None, progress=False)
    make.assert_same(resumed, undisturbed)
    assert {part: part.stat().st_mtime_ns for part in parts} == before, "what was there is not made anew"
    assert not list(out.rglob("*.tmp"))


def test_a_failed_write_leaves_the_old_file(demo, tmp_path, monkeypatch):
    results = evaluated(demo.submissions["reference"].folder, demo)
    path = tmp_path / "summary.json"
    path.write_text("what was there")
    monkeypatch.setattr(Path, "write_text", _no_space)
    with pytest.raises(OSError, match="what was there before is unchanged"):
        mn.write_summary(results, path)
    assert path.read_bytes() == b"what was there"
    assert [entry.name for entry in tmp_path.iterdir()] == ["summary.json"]


def _no_space(*_args, **_kwargs):
    raise OSError(28, "No space left on device")


MARKER = "ZQXJMARKER"


def test_no_value_is_told_where_it_must_not_be(demo, tmp_path, capfd):
    """Plant a marker in every text of the released files, then look for it in all that is not for the reader's eyes."""
    from pydicom import dcmread

    reference = demo.submissions["reference"]
    for number, path in enumerate(released.files_below(reference.folder)):
        if number % 8 == 0:
            dataset = dcmread(path)
            for element in dataset:
                if element.VR in ("LO", "SH", "PN", "LT", "ST", "UT") and element.tag.group % 2 == 0:
                    element.value = MARKER
            dataset.save_as(tmp_path / f"{number}.dcm")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        results = mn.evaluate(
            tmp_path, demo.key, uids=reference.uids, patients=reference.patients, read_text=None, progress=True
        )
    explained = mn.explain(results)
    assert results["actual"].astype("str").str.contains(MARKER).any()
    mn.write_summary(results, tmp_path / "summary.json")
    mn.write_html(mn.mask_values(explained), tmp_path / "masked.html")
    mn.write_run(mn.mask_values(results), tmp_path / "masked")
    messages = " ".join(str(warning.message) for warning in told)
    printed = "".join(capfd.readouterr())
    for text in (messages, printed, (tmp_path / "summary.json").read_text(), (tmp_path / "masked.html").read_text()):
        assert MARKER not in text
    masked = mn.read_results(tmp_path / "masked")
    assert not masked.astype("str").apply(lambda column: column.str.contains(MARKER)).any().any()
    uid = results["released"].dropna().iloc[0]
    assert uid not in (tmp_path / "summary.json").read_text()
    assert uid not in (tmp_path / "masked.html").read_text()


def test_no_input_is_run_as_code():
    """Nothing in the package evaluates, unpickles or gives to a shell."""
    sources = list(Path(mn.__file__).parent.rglob("*.py"))
    assert len(sources) > 20
    danger = re.compile(r"(?<![\w.])(eval|exec)\(|\bpickle\b|shell=True|os\.system|yaml\.load\(")
    found = [path.name for path in sources if danger.search(path.read_text("utf-8"))]
    assert found == []
