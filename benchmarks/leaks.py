"""What a derived key finds of the leaks that the demo's own key knows, and what it takes for one and is none.

    python benchmarks/leaks.py [--seeds 0 1 2]

On each demo, used without its key, a key is derived, and the submissions `untouched`, `careless` and those of real
tools are evaluated with both. Of the failed removals of direct identifiers in headers that the demo's key knows (Safe
Harbor's letters A, D, F, G, H, M) a leak is found where a removal of the derived key failed at the same place. False
alarms are failed or blank checks on `reference`, which does what the demo's key asks: with the profile as it is, with
the two options of the standard that retain what the reference retains and more, and with what it keeps named one by
one, which is what it was asked. Prints Markdown tables.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from typing import Any

import pandas as pd

import midi_nb as mn

PROFILE = (
    "basic+clean_pixel_data+clean_graphics+clean_structured+clean_descriptors+retain_modified_dates+retain_patient"
    "+retain_safe_private"
)
#: The demo's private attributes stay, but for the identifiers in them.
PRIVATE = pd.DataFrame({"creator": ["*"], "element": ["*"], "disposition": ["keep"]})
#: What the demo's reference keeps though the profile has it removed. Table E.1-1 gives the first three to Retain Device
#: Identity and the last to Retain Institution Identity; the reference removes serial numbers, names and addresses of
#: institutions all the same, which no option says.
KEPT = ("Station Name", "Detector ID", "Treatment Machine Name", "Institutional Department Name")
ASKED = {
    "the profile alone": (PROFILE, ()),
    "with retain_device+retain_institution": (f"{PROFILE}+retain_device+retain_institution", ()),
    "with what the reference keeps": (PROFILE, KEPT),
}
LETTERS = tuple("ADFGHM")
LEAKING = ("untouched", "careless", "deid", "dicognito", "dicom-anonymizer")
PLACE = ["released", "tag_path"]


def evaluated(demo: Any, name: str, key: Any) -> pd.DataFrame:
    return mn.evaluate(demo.submissions[name], key, read_text=None, progress=False)


def derived(demo: Any, profile: str, keep: Any) -> pd.DataFrame:
    return mn.derive_key(demo.original, profile, keep=keep, private=PRIVATE, progress=False)


def removals(results: pd.DataFrame) -> pd.DataFrame:
    return results[results["action"] == "text_removed"]


def leaks(demo: Any, answers: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """The leaks that the demo's key knows, a row each: submission, letter, and the source that found it."""
    for name in LEAKING:
        if name not in demo.submissions:
            continue
        known = removals(evaluated(demo, name, demo.key))
        letter = known["hipaa_m"].astype(object).fillna(known["hipaa_z"].astype(object)).str.removeprefix("HIPAA-")
        known = known.assign(letter=letter)[(known["verdict"] == "failed") & letter.isin(LETTERS)]
        found = removals(evaluated(demo, name, answers))
        found = found[found["verdict"] == "failed"].astype(dict.fromkeys([*PLACE, "source"], object))
        source = found.sort_values("source", key=lambda column: column.map(ORDER)).drop_duplicates(PLACE)
        known = known.astype(dict.fromkeys(PLACE, object))[[*PLACE, "letter", "name", "expected", "actual"]]
        joined = known.merge(source[[*PLACE, "source"]], on=PLACE, how="left")
        yield joined.assign(submission=name, source=joined["source"].fillna("not found"))


ORDER = {"header": 0, "pattern": 1, "private": 2, "standard": 3}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--values", action="store_true", help="also print the leaks that were not found")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for seed in options.seeds:
        demo = mn.make_demo(seed=seed, progress=False)
        keys = {name: derived(demo, *asked) for name, asked in ASKED.items()}
        answers = keys["with what the reference keeps"]
        found = pd.concat(leaks(demo, answers), ignore_index=True)
        there = found["source"] != "not found"
        print(f"\n### Seed {seed}: {len(answers):,} checks, {int(there.sum()):,} of {len(found):,} leaks found "
              f"({there.mean():.2%})\n")  # fmt: skip
        table = pd.crosstab(found["source"], found["letter"], margins=True, margins_name="all")
        print(markdown(table.reset_index()))
        share = found.groupby("submission")["source"].agg(leaks="size", found=lambda each: (each != "not found").sum())
        print("\n" + markdown(share.reset_index()))
        if options.values:
            print(found[~there].drop(columns="released").drop_duplicates().to_string())
        for name, key in keys.items():
            reference = evaluated(demo, "reference", key)
            removed, failed = reference["action"] == "text_removed", reference["verdict"] != "passed"
            wrong, alarms = reference[failed], int((removed & failed).sum())
            print(
                f"\nFalse alarms on `reference`, {name}: {alarms} of {int(removed.sum()):,} removal checks "
                f"({alarms / removed.sum():.2%}), {len(wrong) - alarms} of {int((~removed).sum()):,} others\n"
            )
            kinds = wrong.groupby(["action", "source", "subcategory", "name", "tag"], observed=True).size()
            print(markdown(kinds.rename("checks").reset_index()))


def markdown(frame: pd.DataFrame) -> str:
    rows = [list(frame.columns), ["---"] * len(frame.columns), *frame.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


if __name__ == "__main__":
    main()
