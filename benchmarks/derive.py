"""How close deriving a key comes to the floor: pydicom reads every file and every element becomes text, nothing else.

    python benchmarks/derive.py [--files 100 1000 10000]

Takes the files of benchmarks/evaluate.py (134 kB, 148 elements each) and measures whole processes: the floor, the key
in memory, and the key in parts, none of which is held; CPU seconds, files per second, peak memory. What a process needs
to start, that is for one file, is taken off.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

from evaluate import make

PROFILE = "basic+clean_descriptors+retain_modified_dates"


def floor(folder: Path) -> None:
    """Read everything, decide nothing."""
    from pydicom import dcmread

    for path in sorted(folder.iterdir()):
        for element in dcmread(path):
            if element.keyword != "PixelData":
                str(element.value)


def ours(folder: Path) -> None:
    """The key in memory."""
    import midi_nb as mn

    mn.derive_key(folder, PROFILE, progress=False)


def kept(folder: Path) -> None:
    """The key in parts, none of which is held."""
    from midi_nb.deriving import keep_key

    with tempfile.TemporaryDirectory() as out:
        keep_key(folder, PROFILE, out=out, progress=False)


SIDES = {side.__name__: side for side in (floor, ours, kept)}


def peak() -> float:
    """Peak MB of this process, as Linux counts it. Not ``ru_maxrss``: that is at least what its parent held, which has
    made the files."""
    return int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 1024


def measured(side: str, folder: Path) -> tuple[float, float]:
    """(CPU seconds, peak MB) of a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--run", side, folder], capture_output=True, text=True, check=True
    ).stdout.split()
    return float(done[-2]), float(done[-1])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        warnings.simplefilter("ignore")
        SIDES[options.run[0]](Path(options.run[1]))
        print(time.process_time(), peak())
        return
    with tempfile.TemporaryDirectory() as one:
        make(Path(one), 1)
        start = {side: measured(side, Path(one) / "released")[0] for side in SIDES}
    print("CPU s to start:", *(f"{side} {seconds:.2f}" for side, seconds in start.items()))
    print("  files   side   CPU s  files/s  × floor  peak MB")
    for files in options.files:
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder), files)
            least = None
            for side in SIDES:
                seconds, memory = measured(side, Path(folder) / "released")
                seconds -= start[side]
                least = least or seconds
                print(
                    f"{files:7,} {side:>6} {seconds:7.2f} {files / seconds:8.0f} {seconds / least:8.2f} {memory:8.0f}"
                )


if __name__ == "__main__":
    main()
