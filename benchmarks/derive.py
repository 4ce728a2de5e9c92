"""How close deriving a key comes to the floor: pydicom reads every file and every element becomes text, nothing else.

    python benchmarks/derive.py [--files 100 1000 10000]

The key in memory, and the key in parts, none of which is held; as benchmarks/processes.py measures.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from processes import compare, floor

PROFILE = "basic+clean_descriptors+retain_modified_dates"


def ours(folder: Path) -> None:
    """The key in memory."""
    import midi_nb as mn

    mn.derive_key(folder, PROFILE, progress=False)


def kept(folder: Path) -> None:
    """The key in parts, none of which is held."""
    from midi_nb.deriving import keep_key

    with tempfile.TemporaryDirectory() as out:
        keep_key(folder, PROFILE, out=out, progress=False)


if __name__ == "__main__":
    compare(__file__, {"floor": floor, "ours": ours, "kept": kept})
