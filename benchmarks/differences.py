"""How close inspect and census come to the floor: pydicom reads every file, every element becomes text, nothing else.

    python benchmarks/differences.py [--files 100 1000]

As benchmarks/processes.py measures. `inspect` reads two files for each that it compares, and so does its floor.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from processes import compare, floor


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

if __name__ == "__main__":
    compare(__file__, SIDES)
