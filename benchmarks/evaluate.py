"""How close evaluation comes to the floor: reading the files and the key, and nothing else.

    python benchmarks/evaluate.py [--files 100 1000 10000] [--figure flat_cost.png]

Makes files of 134 kB with 148 elements and 272 checks each, then measures whole processes: the floor (pydicom reads
every file, every element becomes text, pixels are digested, the key's JSON is decoded) against evaluate + score +
write_official, and against evaluate_run + score, which holds no more than a batch; CPU seconds and peak memory. What a
process needs to start, that is for one file, is told first and taken off the cost of a file. Where the time goes is
printed below each row, and at the end what a file took in each tenth of the longest run.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import itertools
import json
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

PIXELS = 131_072
CT = "1.2.840.10008.5.1.4.1.1.2"
NAMES = ("Station", "Protocol", "Comment", "History", "Coil", "Software", "Region", "Agent")


#: Stands for the number of a file in what is made once for a series; numbers are as long.
NUMBER, FIRST = "7777777", 1_000_000


def make(folder: Path, files: int) -> None:
    """A submission, its key and its mappings: series of 80 slices, most values the same in a series."""
    import numpy as np

    rng = np.random.default_rng(0)
    (folder / "released").mkdir(parents=True)
    uids, rows = ["id_old,id_new"], []
    for place in range(files):
        series, number = place // 80, str(FIRST + place)
        head, key = file_of(series, place % 50 == 0)
        pixels = rng.integers(0, 4000, PIXELS // 2, dtype="uint16").tobytes()
        (folder / "released" / f"{number}.dcm").write_bytes(head.replace(NUMBER.encode(), number.encode()) + pixels)
        study = f"1.2.3.9.{series // 2}"
        rows.append((place, 1, "CT", CT, f"old{series // 4}", study, f"1.2.3.8.{series}", f"1.2.3.{number}",
                     key.replace(NUMBER, number)))  # fmt: skip
        uids += [f"1.2.3.{number},1.2.4.{number}", f"{study},1.2.4.9.{series // 2}"]
        uids += [f"1.2.3.8.{series},1.2.4.8.{series}"]
    (folder / "uids.csv").write_text("\n".join(dict.fromkeys(uids)))
    (folder / "patients.csv").write_text(
        "\n".join(["id_old,id_new", *(f"old{i},new{i}" for i in range(files // 320 + 1))])
    )
    with sqlite3.connect(folder / "key.db") as connection:
        connection.execute(
            'CREATE TABLE answer_data ("index" INTEGER, "group" INTEGER, Modality TEXT, SOPClassUID TEXT, '
            "PatientID TEXT, StudyInstanceUID TEXT, SeriesInstanceUID TEXT, SOPInstanceUID TEXT, AnswerData TEXT)"
        )
        connection.executemany("INSERT INTO answer_data VALUES (?,?,?,?,?,?,?,?,?)", rows)
    os.sync()  # what is still on its way to the disk would be measured too


@cache
def file_of(series: int, careless: bool) -> tuple[bytes, str]:
    """A file of a series without its pixels, and its checks as the key has them; `NUMBER` for its number."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian

    new = f"1.2.4.{NUMBER}"
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = CT, new
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = CT, new, "CT"
    ds.StudyInstanceUID, ds.SeriesInstanceUID = f"1.2.4.9.{series // 2}", f"1.2.4.8.{series}"
    ds.FrameOfReferenceUID, ds.PatientID, ds.PatientName = f"1.2.4.7.{series}", f"new{series // 4}", "Subject^New"
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = "20200305"
    ds.InstanceNumber, ds.SliceLocation = NUMBER, f"{NUMBER}.25"
    ds.ImagePositionPatient, ds.PixelSpacing = ["-120.5", "-120.5", f"{NUMBER}.25"], ["0.7", "0.7"]
    ds.Rows = ds.Columns = 256
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation, ds.SamplesPerPixel = 16, 12, 11, 0, 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = CT, new
    ds.ReferencedImageSequence = [item]
    for block in range(58):
        ds.add_new((0x0018, 0x9004 + 0x0100 + 2 * block), "LO", f"{NAMES[block % 8]} {block} of series {series}")
    for block in range(62):
        ds.add_new((0x0020, 0x9210 + 2 * block), "DS", f"{block + series / 7:.4f}")
    ds.PixelData = bytes(PIXELS)
    file = io.BytesIO()
    ds.save_as(file, enforce_file_format=True)
    return file.getvalue()[:-PIXELS], json.dumps(dict(enumerate(checks(ds, series, careless))))


def checks(ds: Any, series: int, careless: bool) -> list[dict]:
    """272 checks: some two an element, as in a real key; a few of a careless one fail."""

    def check(tag: str, name: str, action: str, value: str | None, text: str | None) -> dict:
        codes = {
            "hipaa": {"z": "HIPAA-A", "m": None},
            "dicom": {"p15": None, "iod": "DICOM-IOD-1", "safe": None},
            "tcia": {"ptkb": None, "p15": "TCIA-P15-DESC-C", "rev": None},
            "prev_cat": "2",
        }
        return {
            "tag": tag,
            "tag_ds": tag,
            "tag_name": f"<{name}>",
            "value": value,
            "action": f"<{action}>",
            "action_text": text,
            "answer_category": "TCIA-REV",
            "answer_category_v2": codes,
        }

    found = []
    for element in ds:
        tag, text = f"<({element.tag.group:04x},{element.tag.element:04x})>", f"<{element.value}>"
        if element.VR == "SQ" or element.keyword == "PixelData":
            continue
        found.append(check(tag, element.name, "tag_retained", text, None))
        found.append(check(tag, element.name, "text_retained", text, f"<lost words {series}>" if careless else text))
    found.append(check("<(0008,0018)>", "SOP Instance UID", "uid_changed", f"<1.2.3.{NUMBER}>", "<uid changed>"))
    found.append(check("<(0008,0018)>", "SOP Instance UID", "uid_consistent", f"<1.2.3.{NUMBER}>", "<uid consistent>"))
    found.append(check("<(0008,0020)>", "Study Date", "date_shifted", "<20180101>", "<date shifted>"))
    found.append(check("<(0010,0020)>", "Patient ID", "patid_consistent", f"<old{series // 4}>", "<patid consistent>"))
    while len(found) < 272:
        found.append(
            check(
                "<(0010,0010)>",
                "Patient's Name",
                "text_removed",
                "<MEYER^STEPHANIE>",
                f"<MEYER^STEPHANIE {len(found)}>",
            )
        )
    return found[:272]


def floor(folder: Path) -> None:
    """Read everything, decide nothing."""
    from pydicom import dcmread

    for path in sorted((folder / "released").iterdir()):
        ds = dcmread(path)
        for element in ds:
            str(element.value) if element.keyword != "PixelData" else hashlib.md5(element.value).digest()
    with sqlite3.connect(folder / "key.db") as connection:
        for (text,) in connection.execute("SELECT AnswerData FROM answer_data"):
            json.loads(text)


def ours(folder: Path) -> None:
    """Evaluate, score, report; print where the CPU time went."""
    start = time.process_time()
    import midi_nb as mn

    clock = {"start": start}
    evaluate, score, write = mn.evaluate, mn.score, mn.write_official
    clock["import"] = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        results = evaluate(
            folder / "released",
            folder / "key.db",
            uids=folder / "uids.csv",
            patients=folder / "patients.csv",
            read_text=None,
            progress=False,
        )
    clock["evaluate"] = time.process_time()
    score(results, by="category")
    score(results, unit="series")
    clock["score"] = time.process_time()
    with tempfile.TemporaryDirectory() as out:
        write(results, out)
    clock["write_official"] = time.process_time()
    times = list(clock.items())
    print("  ".join(f"{name} {now - before:.2f} s" for (_, before), (name, now) in itertools.pairwise(times)))


def kept(folder: Path) -> None:
    """Evaluate into a run folder and score from its parts; print what a file took in each tenth of the run."""
    import numpy as np

    import midi_nb as mn

    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as out:
        warnings.simplefilter("ignore")
        mappings = {"uids": folder / "uids.csv", "patients": folder / "patients.csv"}
        run = mn.evaluate_run(folder / "released", folder / "key.db", out, **mappings, read_text=None, progress=False)
        mn.score(mn.tally(mn.read_parts(run)))
        written = [part.stat().st_mtime for part in sorted((run / "parts").iterdir())]
    files = sum(1 for _ in (folder / "released").iterdir())
    each = np.diff(written) * 1000 * len(written) / files
    print(json.dumps([round(float(tenth.mean()), 2) for tenth in np.array_split(each, 10)] if len(each) >= 10 else []))


SIDES = {side.__name__: side for side in (floor, ours, kept)}


def measured(side: str, folder: Path) -> tuple[float, float, str]:
    """(CPU seconds, peak MB, output) of one side as a process of its own."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run(
        [sys.executable, __file__, "--side", side, "--folder", folder], capture_output=True, text=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    peak, _, printed = run.stdout.rpartition("\npeak ")
    return cpu, float(printed), peak.strip()


class Measured(NamedTuple):
    """One side at one size: the median of its CPU seconds, the most memory, what it printed last."""

    seconds: float
    peak: float
    printed: str


def sides_at(files: int, runs: int) -> dict[str, Measured]:
    """Every side, in turn, on a collection of `files` files."""
    with tempfile.TemporaryDirectory() as folder:
        # In a process of its own: the peak memory of a process that starts another is handed down to that.
        subprocess.run([sys.executable, __file__, "--make", str(files), "--folder", folder], check=True)
        found = [{side: measured(side, Path(folder)) for side in SIDES} for _ in range(runs)]
    return {
        side: Measured(
            statistics.median(run[side][0] for run in found),
            max(run[side][1] for run in found),
            found[-1][side][2],
        )
        for side in SIDES
    }


def draw(path: Path, sizes: Sequence[int], tenths: Sequence[float], peak: dict[str, list[float]]) -> None:
    """The figure: what a file takes as a run goes on, and peak memory over the number of files."""
    import matplotlib as mpl
    import seaborn as sns

    mpl.use("agg")
    import matplotlib.pyplot as plt

    names = {"kept": "evaluate_run, in parts", "ours": "evaluate, in memory", "floor": "reading, no more"}
    colours = dict(zip(names, sns.color_palette("colorblind", 3), strict=True))
    marks = dict(zip(names, "s^o", strict=True))
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    done = [sizes[-1] * (tenth + 1) / len(tenths) for tenth in range(len(tenths))]
    left.plot(done, tenths, marks["kept"] + "-", color=colours["kept"])
    left.set(xlabel="files done", ylabel="ms a file", ylim=(0, 1.4 * max(tenths)), xlim=(0, None))
    left.xaxis.set_major_formatter("{x:,.0f}")
    left.set_title(f"The last of {sizes[-1]:,} files takes as long as the first", loc="left", fontsize=10)
    for side, name in names.items():
        right.plot(sizes, peak[side], marks[side] + "-", color=colours[side], label=name)
    right.set(xlabel="files", ylabel="peak MB", ylim=(0, None), xscale="log")
    right.set_xticks(sizes, [f"{size:,}" for size in sizes])
    right.minorticks_off()
    right.set_title("Kept in parts, a run needs hardly more memory", loc="left", fontsize=10)
    right.legend(frameon=False, fontsize=9)
    sns.despine(figure)
    figure.savefig(path, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--runs", type=int, default=3, help="of each side; fewer where one takes long anyway")
    parser.add_argument("--figure", type=Path, help="draw cost and memory into this file")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--make", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        make(options.folder, options.make)
        return
    if options.side:
        SIDES[options.side](options.folder)
        print(f"\npeak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}")
        return
    start = sides_at(1, options.runs)
    print("CPU s to start: ", *(f"{side} {found.seconds:.2f}" for side, found in start.items()), sep="  ")
    print(f"{'':>19}{'CPU s':>7}{'CPU ms a file':>31}{'peak MB':>24}")
    print("  files     checks", *(f"{side:>7}" for side in SIDES), "ours/floor", *[f"{side:>7}" for side in SIDES] * 2)
    peak: dict[str, list[float]] = {side: [] for side in SIDES}
    for files in options.files:
        found = sides_at(files, max(1, min(options.runs, 3000 // files)))
        cost = [1000 * (found[side].seconds - start[side].seconds) / (files - 1) for side in SIDES]
        for side in SIDES:
            peak[side].append(found[side].peak)
        ratio = found["ours"].seconds / found["floor"].seconds
        print(f"{files:>7,} {files * 272:>10,}", *(f"{found[side].seconds:7.2f}" for side in SIDES), f"{ratio:10.2f}",
              *(f"{each:7.2f}" for each in cost), *(f"{peak[side][-1]:7.0f}" for side in SIDES))  # fmt: skip
        print(f"        ours: {found['ours'].printed}", flush=True)
    tenths = json.loads(found["kept"].printed)
    print("evaluate_run, ms a file in each tenth of the last run: ", *tenths)
    if options.figure:
        draw(options.figure, options.files, tenths, peak)


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    main()
