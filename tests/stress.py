"""The long form of `test_trust`: thousands of broken files, tens of kills, and a table of what came of them.

    python tests/stress.py [--mutants 3000] [--kills 20] [--seed 0]      (make stress)

Each mutation is evaluated in a process of its own with a limit of memory and time, so that a crash, a hang and a bomb
each have their column. What must be 0 is 0, or the exit code is 1.
"""

from __future__ import annotations

import argparse
import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from random import Random
from typing import Any

import hostile
import pandas as pd

import midi_nb as mn
from midi_nb.engine import released

MEMORY = 4 << 30
SECONDS = 600

EVALUATE = """
import sys, json, warnings
warnings.simplefilter("ignore")
import midi_nb as mn
demo = mn.make_demo(progress=False)
tool = demo.submissions["reference"]
results = mn.evaluate(sys.argv[1], demo.key, uids=tool.uids, patients=tool.patients, read_text=None, progress=False)
print(json.dumps({"answered": int(results["file"].nunique()), "skipped": len(results.attrs["skipped"])}))
"""

INTERRUPTED = {
    "evaluate": """
import sys, warnings
warnings.simplefilter("ignore")
import midi_nb as mn
demo = mn.make_demo(progress=False)
mn.evaluate(demo.submissions["careless"], demo.key, out=sys.argv[1], read_text=None, progress=False)
""",
    "demo": """
import sys
import midi_nb as mn
mn.make_demo(sys.argv[1], patients=2, progress=False)
""",
    "write": """
import sys, warnings
from pathlib import Path
warnings.simplefilter("ignore")
import midi_nb as mn
demo = mn.make_demo(progress=False)
results = mn.evaluate(demo.submissions["careless"], demo.key, read_text=None, progress=False)
mn.write_run(results, sys.argv[1])
""",
}


def limited() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def mutants(count: int, seed: int) -> list[dict[str, Any]]:
    """One row per mutation: tried, answered, skipped, crashes, hangs, files nobody accounts for."""
    demo = mn.make_demo(progress=False)
    files = [
        path for path in released.files_below(demo.submissions["reference"].folder) if path.stat().st_size < 300_000
    ]
    table = []
    for mutation in hostile.MUTATIONS:
        random, tried = Random(f"{seed} {mutation.__name__}"), max(count // len(hostile.MUTATIONS), 1)
        row: dict[str, Any] = {"what": mutation.__name__, "tried": tried, "crashes": 0, "hangs": 0}
        with tempfile.TemporaryDirectory() as folder:
            for number in range(tried):
                made = mutation(random.choice(files).read_bytes(), random)
                Path(folder, f"{number:06d}.dcm").write_bytes(made)
            try:
                run = subprocess.run(
                    [sys.executable, "-c", EVALUATE, folder], capture_output=True, timeout=SECONDS, preexec_fn=limited
                )
                row["crashes"] = int(run.returncode != 0)
                row |= json.loads(run.stdout) if run.returncode == 0 else {}
            except subprocess.TimeoutExpired:
                row["hangs"] = 1
        row["lost"] = tried - row.get("answered", 0) - row.get("skipped", 0)
        print(row, flush=True)
        table.append(row)
    return table


def killed(kills: int, seed: int) -> list[dict[str, Any]]:
    """One row per verb: how often it was killed, and how often what came after was not what it should be."""
    demo, table = mn.make_demo(progress=False), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole = mn.evaluate(demo.submissions["careless"], demo.key, read_text=None, progress=False)
        for verb, code in INTERRUPTED.items():
            random = Random(f"{seed} {verb}")
            row: dict[str, Any] = {"what": f"{verb}, killed", "tried": kills, "crashes": 0, "hangs": 0, "lost": 0}
            for _ in range(kills):
                with tempfile.TemporaryDirectory() as folder:
                    out = Path(folder, "out")
                    process = subprocess.Popen([sys.executable, "-c", code, out], stderr=subprocess.DEVNULL)
                    time.sleep(random.uniform(0.5, 4))
                    process.send_signal(signal.SIGKILL)
                    process.wait()
                    row["lost"] += not sound(verb, out, demo, whole)
            print(row, flush=True)
            table.append(row)
    return table


def sound(verb: str, out: Path, demo: Any, whole: pd.DataFrame) -> bool:
    """Whether what a killed `verb` left is whole or refused, and the next run gives what an undisturbed one does."""
    if verb == "evaluate":
        again = mn.evaluate(demo.submissions["careless"], demo.key, out=out, read_text=None, progress=False)
        return again.equals(whole)
    if verb == "demo":
        made = mn.make_demo(out, patients=2, progress=False)
        return len(mn.read_key(made.key)) > 0 and all(Path(s.folder).is_dir() for s in made.submissions.values())
    try:
        return len(mn.read_results(out)) == len(whole)
    except (ValueError, FileNotFoundError):  # half of it, or none: refused in one line
        return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutants", type=int, default=3000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    table = pd.DataFrame(mutants(options.mutants, options.seed) + killed(options.kills, options.seed))
    total = table[["tried", "answered", "skipped", "crashes", "hangs", "lost"]].sum().astype(int)
    table = pd.concat([table, pd.DataFrame([{"what": "total", **total}])]).fillna(0)
    print(table.astype(dict.fromkeys(total.index, int)).to_string(index=False))
    return int(total[["crashes", "hangs", "lost"]].any())


if __name__ == "__main__":
    raise SystemExit(main())
