"""What functions of a folder take, each in a process of its own: CPU seconds, files per second, peak memory.

A script names its functions and calls `compare`. It takes the files of benchmarks/evaluate.py (134 kB, 148 elements
each). What a process needs to start, that is for one file, is taken off.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

from evaluate import make

Side = Callable[[Path], None]


def floor(folder: Path) -> None:
    """Read everything, decide nothing."""
    from pydicom import dcmread

    for path in sorted(folder.iterdir()):
        for element in dcmread(path):
            if element.keyword != "PixelData":
                str(element.value)


def compare(script: str, sides: Mapping[str, Side]) -> None:
    """Print a table of what each side takes; what is called a floor is what those after it are compared with."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        warnings.simplefilter("ignore")
        sides[options.run[0]](Path(options.run[1]))
        print(time.process_time(), _peak())
        return
    with tempfile.TemporaryDirectory() as one:
        make(Path(one), 1)
        start = {side: _measured(script, side, Path(one) / "released")[0] for side in sides}
    print("  files          side   CPU s  files/s  × floor  peak MB")
    for files in options.files:
        with tempfile.TemporaryDirectory() as folder:
            make(Path(folder), files)
            least = 0.0
            for side in sides:
                seconds, memory = _measured(script, side, Path(folder) / "released")
                seconds -= start[side]
                least = seconds if side.startswith("floor") else least
                rate = files / seconds
                print(f"{files:7,} {side:>13} {seconds:7.2f} {rate:8.0f} {seconds / least:8.2f} {memory:8.0f}")


def _measured(script: str, side: str, folder: Path) -> tuple[float, float]:
    """(CPU seconds, peak MB) of a process of its own."""
    command = [sys.executable, script, "--run", side, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return float(done[-2]), float(done[-1])


def _peak() -> float:
    """Peak MB of this process, as Linux counts it. Not ``ru_maxrss``: that is at least what its parent held, which has
    made the files."""
    return int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 1024
