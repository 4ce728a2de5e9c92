"""What importing midi_nb adds to importing pandas, and what the first use of each room costs.

    python benchmarks/imports.py

Processes of their own, in turn, medians; CPU seconds.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys

SIDES = {
    "pandas": "import pandas",
    "pandas and midi_nb": "import pandas, midi_nb",
    "… and evaluate": "import pandas, midi_nb; midi_nb.evaluate",
    "… and explain": "import pandas, midi_nb; midi_nb.explain",
    "… and plots": "import pandas, midi_nb; midi_nb.plots",
    "… and widgets": "import pandas, midi_nb; midi_nb.widgets",
}


def seconds(code: str) -> float:
    """CPU seconds of one process that runs `code`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    times: dict[str, list[float]] = {side: [] for side in SIDES}
    for _ in range(5):
        for side, code in SIDES.items():
            times[side].append(seconds(code))
    alone = statistics.median(times["pandas"])
    for side, found in times.items():
        median = statistics.median(found)
        print(f"{side:>20}  {median:.2f} s  +{median - alone:.2f} s")


if __name__ == "__main__":
    main()
