"""The README of a demo folder: what lies in it, and how well the parts are meant to do."""

from __future__ import annotations

import csv
import sqlite3
from collections import Counter
from pathlib import Path

SUBMISSIONS = {
    "reference": "does exactly what the key asks: every check passes",
    "untouched": "the originals under other file names: every removal check that has something to remove fails",
    "emptied": "nothing but what an object must have: private, and useless",
    "careless": "a plausible tool with bugs, each of them in `planted.csv` and `audits.csv`",
    "deid": "pydicom's deid, run with its default recipe",
    "dicognito": "dicognito, run with its default settings",
    "dicom-anonymizer": "Kitware's dicom-anonymizer, run with its default settings",
}
TEXT = """# A mini benchmark for de-identification

Made by `midi_nb.make_demo(patients={patients}, seed={seed})`. Nobody in it exists: people, pictures, identifiers and
dates are invented, so everything here may be shown and shared.

| what | where |
|---|---|
| {instances} DICOM files of {patients} patients, with all their identifiers | `original/` |
| {checks} checks: what a careful de-identification does to them | `answer_key.db`, the official layout |
| the same in the older flat layout | `answer_key_flat.csv` |
| every identifier in the originals: attribute or region, HIPAA letter, text | `phi.csv` |
| every check that fails or stays blank in `careless`, and why | `planted.csv` |
| what is wrong in `careless` though every check passes | `audits.csv` |

Instances by modality: {modalities}.

Each submission has its DICOM files in `submissions/`, and its `uid_mapping.csv` and `patid_mapping.csv` in `mappings/`.

| submission | what it is |
|---|---|
{submissions}
{missing}
## Planted in `careless`

| cause | checks |
|---|---:|
{causes}

    import midi_nb as mn
    demo = mn.make_demo("{name}", patients={patients}, seed={seed})
    results = mn.evaluate(demo.submissions["careless"], demo.key)
"""


def readme(folder: Path, patients: int, seed: int, missing: list[str]) -> str:
    """The text that explains a finished demo folder."""
    connection = sqlite3.connect(folder / "answer_key.db")
    modalities = connection.execute("SELECT Modality, COUNT(*) FROM answer_data GROUP BY Modality ORDER BY Modality")
    counts = dict(modalities.fetchall())
    connection.close()
    with (folder / "answer_key_flat.csv").open(encoding="utf-8", newline="") as file:
        checks = sum(1 for _ in csv.reader(file)) - 1
    with (folder / "planted.csv").open(encoding="utf-8", newline="") as file:
        causes = Counter(row["cause"] for row in csv.DictReader(file))
    present = sorted(path.name for path in (folder / "submissions").iterdir())
    absent = f"\nLeft out, because not installed: {', '.join(missing)} (`pip install 'midi_nb[demo]'`).\n"
    return TEXT.format(
        patients=patients,
        seed=seed,
        name="demo",
        instances=sum(counts.values()),
        checks=f"{checks:,}",
        modalities=", ".join(f"{modality} {count}" for modality, count in counts.items()),
        submissions="\n".join(f"| `{name}` | {SUBMISSIONS[name]} |" for name in present),
        missing=absent if missing else "",
        causes="\n".join(f"| {cause} | {count} |" for cause, count in sorted(causes.items())),
    )
