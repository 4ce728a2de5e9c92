"""How close inspect and census come to the floor: pydicom reads every file, every element becomes text, nothing else.

    python benchmarks/differences.py [--files 100 1000]

Takes the files of benchmarks/evaluate.py (134 kB, 148 elements each) and measures whole processes: CPU seconds, files
per second, peak memory, as benchmarks/derive.py does. `inspect` reads two files for each that it compares, and so does
its floor. What a process needs to start, that is for one file, is taken off.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

from derive import floor, peak
from evaluate import make


def floor_of_two(folder: Path) -> None:
    """Read everything twice, decide nothing."""
    floor(folder)
    floor(folder)


def same(folder: Path) -> dict[str, str]:
    """The mapping of a release that is its own original."""
    from pydicom import dcmread

    uids = (str(dcmread(path, specific_tags=["SOPInstanceUID"]).SOPInstanceUID) for path in folder.iterdir())
    return {uid: uid for uid in uids}


def inspect(folder: Path) -> None:
    """The differences in memory."""
    import midi_nb as mn

    mn.inspect(folder, folder, same(folder), progress=False)


def inspect_run(folder: Path) -> None:
    """The differences in parts, none of which is held."""
    import midi_nb as mn

    with tempfile.TemporaryDirectory() as out:
        mn.inspect_run(folder, folder, out, same(folder), progress=False)


def census(folder: Path) -> None:
    """The values of a folder."""
    import midi_nb as mn

    mn.census(folder, progress=False)


SIDES = {"floor of two": floor_of_two, "inspect": inspect, "inspect_run": inspect_run, "floor": floor, "census": census}


def measured(side: str, folder: Path) -> tuple[float, float]:
    """(CPU seconds, peak MB) of a process of its own."""
    command = [sys.executable, __file__, "--run", side, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
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
    print("  files          side   CPU s  files/s  × floor  peak MB")
    for files in options.files:
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder), files)
            least = 0.0
            for side in SIDES:
                seconds, memory = measured(side, Path(folder) / "released")
                seconds -= start[side]
                least = seconds if side.startswith("floor") else least
                rate = files / seconds
                print(f"{files:7} {side:>13} {seconds:7.2f} {rate:8.0f} {seconds / least:8.2f} {memory:8.0f}")


if __name__ == "__main__":
    main()
