"""How everything grows with the number of patients, and what a collection past this machine would need.

    python benchmarks/growth.py [--patients 10 20 40] [--files 5000000] [--checks-a-file 280] [--files-a-series 70]

Makes demo benchmarks of several sizes, each with all its submissions, evaluates one of them into a run folder and
counts it, each as a process of its own. A straight line through what was measured says what one more file (the
tally: series) costs. The collection asked for is that line prolonged, with its checks a file in place of the demo's:
an extrapolation, and told as such. What memory needs is measured by evaluate.py, with more files than a demo has.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

import midi_nb as mn

SUBMISSION = "careless"


def make(folder: Path, patients: int) -> dict[str, float]:
    """Make the demo."""
    clock = time.perf_counter()
    demo = mn.make_demo(folder, patients=patients, progress=False)
    return {
        "files": sum(1 for _ in demo.submissions[SUBMISSION].folder.rglob("*.dcm")),
        "made in s": time.perf_counter() - clock,
        "key MB": demo.key.stat().st_size / 2**20,
        "mappings MB": _size(folder / "mappings" / SUBMISSION),
    }


def run(folder: Path, patients: int) -> dict[str, float]:
    """Evaluate one submission into parts and count them."""
    demo = mn.make_demo(folder, patients=patients, progress=False)
    clock = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kept = mn.evaluate_run(demo.submissions[SUBMISSION], demo.key, folder / "run", read_text=None, progress=False)
    judged = time.process_time() - clock
    clock = time.process_time()
    tally = mn.tally(mn.read_parts(kept))
    counted = time.process_time() - clock
    return {
        "series": tally["series"].nunique(),
        "checks": int(tally[["passed", "failed", "blank"]].to_numpy().sum()),
        "judged in CPU s": judged,
        "counted in CPU s": counted,
        "parts MB": _size(folder / "run" / "parts"),
        "tally rows": len(tally),
        "tally MB": tally.memory_usage().sum() / 2**20,
    }


def _size(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20


SIDES = {side.__name__: side for side in (make, run)}


def measured(patients: int) -> dict[str, float]:
    """Everything about a demo of so many patients."""
    found: dict[str, float] = {"patients": patients}
    with tempfile.TemporaryDirectory() as scratch:
        for side in SIDES:
            command = [sys.executable, __file__, "--side", side, "--folder", f"{scratch}/demo"]
            told = subprocess.run([*command, "--patients", str(patients)], capture_output=True, check=True).stdout
            found |= {f"{side}: peak MB" if name == "peak MB" else name: v for name, v in json.loads(told).items()}
    return found


def slopes(sizes: list[dict[str, float]], over: str) -> dict[str, float]:
    """What one more of `over` adds to everything: the slope of the straight line through the sizes."""
    x = [size[over] for size in sizes]
    return {name: float(np.polyfit(x, [size[name] for size in sizes], 1)[0]) for name in sizes[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--patients", type=int, nargs="+", default=[10, 20, 40])
    parser.add_argument("--files", type=int, default=5_000_000)
    parser.add_argument("--checks-a-file", type=int, default=280)
    parser.add_argument("--files-a-series", type=int, default=70)
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        found = SIDES[options.side](options.folder, options.patients[0])
        print(json.dumps(found | {"peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
        return
    sizes = [measured(patients) for patients in options.patients]
    for name in sizes[0]:
        print(f"{name:<20}", *(f"{size[name]:>12,.{0 if size[name] == int(size[name]) else 2}f}" for size in sizes))
    of_file, of_series = slopes(sizes, "files"), slopes(sizes, "series")
    more = options.checks_a_file / of_file["checks"]  # checks of a file there, to those of one of the demo
    files, series = options.files * more, options.files / options.files_a_series
    print(f"\n{options.files:,} files of {options.checks_a_file} checks in {series:,.0f} series, extrapolated")
    for what, value, unit in (
        ("judging", of_file["judged in CPU s"] * files / 3600, "core hours"),
        ("counting", of_file["counted in CPU s"] * files / 3600, "core hours"),
        ("answer key", of_file["key MB"] * files / 1024, "GB"),
        ("mappings", of_file["mappings MB"] * options.files / 1024, "GB"),
        ("run folder", of_file["parts MB"] * files / 1024, "GB"),
        ("tally of all its columns", of_series["tally rows"] * series / 1e6, "million rows"),
        ("the same in memory", of_series["tally MB"] * series / 1024, "GB"),
    ):
        print(f"{what:<26}{value:>8,.1f} {unit}")


if __name__ == "__main__":
    main()
