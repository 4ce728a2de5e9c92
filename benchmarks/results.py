"""Reading a results database of millions of rows, against pandas.read_sql; then asking it questions.

    python benchmarks/results.py [--rows 8000000] [--keep FOLDER]

Each side is a process of its own: seconds, peak memory, size of the frame. The full benchmark has eight million rows;
a million shows the same ratios in an eighth of the time and the memory.
"""

from __future__ import annotations

import argparse
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ACTIONS = {
    "tag_retained": 25,
    "text_notnull": 13,
    "text_retained": 30,
    "text_removed": 14,
    "date_shifted": 6,
    "uid_changed": 6,
    "uid_consistent": 5,
    "patid_consistent": 1,
}
COLUMNS = (
    '"index" INTEGER, file_index INTEGER, check_index TEXT, check_passed INTEGER, check_score REAL, action TEXT, '
    "action_text TEXT, file_value TEXT, answer_value TEXT, tag TEXT, tag_ds TEXT, tag_name TEXT, modality TEXT, "
    "class TEXT, patient TEXT, study TEXT, series TEXT, instance TEXT, file_name TEXT, file_path TEXT, prev_cat TEXT, "
    "hipaa_z TEXT, hipaa_m TEXT, dicom_p15 TEXT, dicom_iod TEXT, dicom_safe TEXT, tcia_ptkb TEXT, tcia_p15 TEXT, "
    "tcia_rev TEXT"
)


def rows(count: int) -> Iterator[tuple[object, ...]]:
    """Official rows as a full run has them: 270 an instance, 70 instances a series, one in a thousand failing."""
    actions = [name for name, share in ACTIONS.items() for _ in range(share)]
    modalities = ("CT", "MR", "PT", "CR", "DX", "MG", "US", "SR")
    for index in range(count):
        instance, check = divmod(index, 270)
        series = instance // 70
        action = actions[(check * 37) % 100]
        tag = f"<({8 + 8 * (check % 5):04x},{16 * check:04x})>"
        uid = "1.3.6.1.4.1.14519.5.2.1.8700.9668."
        value = {
            "text_retained": f"<value {check} of series {series % 97}>",
            "uid_changed": f"<{uid}{instance}{check}>",
            "uid_consistent": f"<{uid}{instance}{check}>",
        }.get(action, f"<{check} {series % 7}>")
        failed = (index * 7919) % 1009 == 0
        score = ((index % 7) / 7 if failed else 1.0) if index % 5003 else None
        yield (
            index, instance % 50, str(check), None if score is None else int(not failed), score, f"<{action}>",
            None if check % 3 == 0 else value, None if failed else value, value, tag, tag, f"<Attribute {check}>",
            f"<{modalities[series % 8]}>", f"<1.2.840.10008.5.1.4.1.1.{series % 8}>", f"<Patient-{series // 2:04d}>",
            f"<{uid}1.{series // 2}>", f"<{uid}2.{series}>", f"<{uid}3.{instance}>", None, None, str(1 + check % 3),
            "HIPAA-A" if action == "text_removed" and check % 2 else None, None, None,
            "DICOM-IOD-1" if check % 4 else None, None, None, "TCIA-P15-BASIC-X" if check % 2 == 0 else None, None,
        )  # fmt: skip


def make(path: Path, count: int) -> None:
    """A results database of `count` rows."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA synchronous = off")
        connection.execute(f"CREATE TABLE validation_results ({COLUMNS})")
        connection.executemany(f"INSERT INTO validation_results VALUES ({','.join('?' * 29)})", rows(count))


def read_sql(path: Path) -> dict[str, float]:
    """pandas alone."""
    import pandas as pd

    clock = time.perf_counter()
    with sqlite3.connect(path) as connection:
        frame = pd.read_sql("SELECT * FROM validation_results", connection)
    return {"read": time.perf_counter() - clock, "frame MB": frame.memory_usage(deep=True).sum() / 2**20}


def read_results(path: Path) -> dict[str, float]:
    """midi_nb from the database; kept as a run of its own for the next."""
    import midi_nb as mn

    read = mn.read_results  # imports what it needs, as pandas was
    clock = time.perf_counter()
    results = read(path)
    taken = time.perf_counter() - clock
    if not path.with_name("run").exists():
        mn.write_run(results, path.with_name("run"))
    return {"read": taken, "frame MB": results.memory_usage(deep=True).sum() / 2**20}


def read_run(path: Path) -> dict[str, float]:
    """midi_nb from its own run folder, and the questions one asks first."""
    import midi_nb as mn

    read = mn.read_results
    times: dict[str, float] = {}

    def timed(name: str, made: object) -> object:
        clock = time.perf_counter()
        found = made()  # type: ignore[operator]
        times[name] = time.perf_counter() - clock
        return found

    results = timed("read", lambda: read(path.with_name("run")))
    times["frame MB"] = results.memory_usage(deep=True).sum() / 2**20  # type: ignore[attr-defined]
    timed("score", lambda: mn.score(results, by="action"))  # type: ignore[arg-type]
    timed("score series", lambda: mn.score(results, unit="series"))  # type: ignore[arg-type]
    timed("tally", lambda: mn.tally(results))  # type: ignore[arg-type]
    explained = timed("explain", lambda: mn.explain(results))  # type: ignore[arg-type]
    timed("problems", lambda: mn.problems(explained))  # type: ignore[arg-type]
    timed("compare", lambda: mn.compare(results, results))  # type: ignore[arg-type]
    return times


SIDES = {side.__name__: side for side in (read_sql, read_results, read_run)}


def measured(side: str, path: Path) -> dict[str, float]:
    """What one side prints, run as a process of its own."""
    run = subprocess.run([sys.executable, __file__, "--side", side, "--path", path], capture_output=True, check=True)
    return dict(json.loads(run.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=8_000_000)
    parser.add_argument("--keep", type=Path, help="keep the database in this folder, and use it if it is there")
    parser.add_argument("--without-pandas", action="store_true", help="leave out the slow side")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        found = SIDES[options.side](options.path)
        print(json.dumps(found | {"peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "validation_results.db"
        if not path.exists():
            make(path, options.rows)
        print(f"{options.rows:,} rows, {path.stat().st_size / 2**20:,.0f} MB", flush=True)
        sides = [name for name in SIDES if not (options.without_pandas and name == "read_sql")]
        found = {}
        for name in sides:
            found[name] = measured(name, path)
            print(f"{name:>14}", *(f"{key} {value:,.2f}" for key, value in found[name].items()), sep="  ", flush=True)
        if "read_sql" in found:
            slow, fast = found["read_sql"], found["read_results"]
            print(f"pandas / midi_nb: time {slow['read'] / fast['read']:.1f}, peak memory "
                  f"{slow['peak MB'] / fast['peak MB']:.1f}")  # fmt: skip


if __name__ == "__main__":
    main()
