"""Coverage-guided fuzzing of what reads other people's files, by hand; it stops at the first crash and keeps the input.

    pip install atheris
    python tools/fuzz.py dicom     [-max_total_time=60 …]     files: every element's path and text, the digest, regions
    python tools/fuzz.py key       …                          the JSON of answer keys, official and flat
    python tools/fuzz.py text      …                          the comparison of texts, against its fast path

Options after the target are libFuzzer's. What is refused in one line is no crash; anything else is.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["midi_nb", "pydicom"]):
    from pydicom import dcmread

    from midi_nb.answers import published as keys
    from midi_nb.engine import pixels, released
    from midi_nb.text import compare, compare_strict, words


def dicom(data: bytes) -> None:
    with released.quiet():
        try:
            file = released.Released(dcmread(io.BytesIO(data)))
        except Exception:  # what pydicom refuses, `released.read` refuses with it
            return
        for path, _ in file.elements():
            try:
                file.text(path)
            except Exception:  # a value that cannot be told is a blank check: the engine holds it
                continue
        _ = file.digest
        with contextlib.suppress(ValueError):
            pixels.regions(file.dataset, (0, 0, 9, 9))


def key(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    specs = keys.Specs()
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError):
        entries = {"0": {"action": "<pixels_hidden>", "action_text": text, "tag_ds": text}}
    for number, entry in entries.items() if isinstance(entries, dict) else ():
        keys._check(number, entry if isinstance(entry, dict) else {}, None, specs)
    keys._flat_check({"action": "pixels_hidden", "action_text": text}, "0", specs)


def text(data: bytes) -> None:
    released_text, _, expected = data.decode("utf-8", "ignore").partition("\n")
    for keep in (True, False):
        outcome = compare(released_text, expected, keep)
        assert outcome.verdict == "blank" or (outcome.verdict == "passed") == (outcome.score == 1.0)
        compare_strict(released_text, expected, keep)
    assert not any(word.isspace() for word in words(expected.lower()))


TARGETS = {target.__name__: target for target in (dicom, key, text)}


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] not in TARGETS:
        raise SystemExit(__doc__)
    target = TARGETS[sys.argv.pop(1)]
    seeds = Path("build", "fuzz", target.__name__)
    seeds.mkdir(parents=True, exist_ok=True)
    if target is dicom and not any(seeds.iterdir()):
        import midi_nb as mn

        for number, path in enumerate(released.files_below(mn.make_demo(progress=False).original)):
            if path.stat().st_size < 60_000:
                (seeds / f"{number}.dcm").write_bytes(path.read_bytes())
    atheris.Setup([*sys.argv, str(seeds)], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
