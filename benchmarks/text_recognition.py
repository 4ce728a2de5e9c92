"""How well, and how fast, burned-in text is read: recall of planted words and false alarms, per reader.

    python benchmarks/text_recognition.py                          # the reader that midi_nb takes, 100 boxes
    python benchmarks/text_recognition.py --readers rapidocr tesseract --boxes 1000 --show misses/

Boxes are made on the spot: fonts, sizes 10 to 48, polarities, one and two lines, noise, JPEG, 8 and 16 bit, colour;
and boxes without text: fills, noise, blur, anatomy, ruler ticks. Words are random or names; numbers are dates and IDs.
A word counts as read when its letters and digits stand together in what was read, as the benchmark's scorer has it.
"""

from __future__ import annotations

import argparse
import io
import re
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from midi_nb import pixels

FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSerif", "STIXGeneral", "default")
SIZES = (10, 12, 14, 16, 20, 24, 32, 48)
LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"
NAMES = ("DAVIDSON", "MEYER", "JACOBSON", "STEPHANIE", "DOUGLAS", "HOLLOWAY", "QUIGLEY", "LINDQVIST", "WEXFORD")


class Box(NamedTuple):
    """A box of pixels with the text that stands in it (none: a false alarm if anything is read)."""

    kind: str
    lines: int
    text: str
    crop: np.ndarray


def sentence(rng: np.random.Generator) -> str:
    """Two to three words as scanners burn them in: name, date, ID."""
    name = str(rng.choice(NAMES)) if rng.random() < 0.5 else "".join(rng.choice(list(LETTERS), rng.integers(4, 9)))
    if rng.random() < 0.5:
        return f"{name} {rng.integers(10_000, 9_999_999)}"
    date = f"{rng.integers(1, 13):02d}.{rng.integers(1, 29):02d}.{rng.integers(1930, 2020)}"
    return f"{name} [{rng.choice(['F', 'M'])}] {date}"


def typeface(font: str, size: int) -> ImageFont.FreeTypeFont:
    """A font that matplotlib or Pillow carries."""
    if font == "default":
        return ImageFont.load_default(size)
    return ImageFont.truetype(str(Path(get_data_path(), "fonts", "ttf", f"{font}.ttf")), size)


def lettering(rng: np.random.Generator, text: str, font: str, size: int) -> np.ndarray:
    """The ink of `text`, 0 to 1, with the loose margin that the keys' boxes have."""
    face = typeface(font, size)
    left, top, right, bottom = ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox((0, 0), text, font=face)
    margin = int(rng.integers(1, max(3, size // 2)))
    canvas = Image.new("L", (int(right - left) + 2 * margin, int(bottom - top) + 2 * margin))
    ImageDraw.Draw(canvas).multiline_text((margin - left, margin - top), text, font=face, fill=255)
    return np.asarray(canvas, dtype=float) / 255


def anatomy(rng: np.random.Generator, shape: tuple[int, int], smooth: float = 6.0) -> np.ndarray:
    """Soft clouds, 0 to 1: tissue without text."""
    raw = Image.fromarray((rng.random(shape) * 255).astype("uint8")).filter(ImageFilter.GaussianBlur(smooth))
    values = np.asarray(raw, dtype=float)
    return (values - values.min()) / max(np.ptp(values), 1e-6)


def jpeg(picture: np.ndarray, quality: int) -> np.ndarray:
    """8-bit pixels after lossy compression."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def with_text(rng: np.random.Generator, kind: str, lines: int) -> Box:
    """A box in which text stands, spoiled in the way `kind` says."""
    text = "\n".join(sentence(rng) for _ in range(lines))
    font, size = str(rng.choice(FONTS)), int(rng.choice(SIZES))
    ink = lettering(rng, text, font, size)
    ground = np.zeros_like(ink)
    if kind in ("tissue", "faint"):
        ground = 0.15 + 0.35 * anatomy(rng, ink.shape)
    value = ground * (1 - ink) + ink * (0.75 if kind == "faint" else 1.0)
    if kind == "dark on light":
        value = 1 - value
    if kind == "noise":
        value = value * 0.7 + rng.normal(0.15, 0.06, ink.shape)
    if kind == "half":  # painted over but for the first word
        text = text.split()[0]
        start = int(np.argmax(ink.any(axis=0)))
        value[:, start + int(typeface(font, size).getlength(text + " ")) :] = 0
        value[len(value) // lines :] = 0
    eight = (np.clip(value, 0, 1) * 255).astype("uint8")
    if kind == "jpeg":
        return Box(kind, lines, text, jpeg(eight, 40))
    if kind == "colour":
        tint = rng.permutation([1.0, 1.0, 0.2])
        return Box(kind, lines, text, (np.clip(value, 0, 1)[..., None] * tint * 255).astype("uint8"))
    if kind == "16 bit outlier":
        deep = (np.clip(value, 0, 1) * 1200 + rng.integers(0, 40, ink.shape)).astype("uint16")
        deep[0, 0] = 65535
        return Box(kind, lines, text, deep)
    if kind == "signed":
        return Box(kind, lines, text, (np.clip(value, 0, 1) * 3000 - 1024).astype("int16"))
    return Box(kind, lines, text, eight)


def without_text(rng: np.random.Generator, kind: str) -> Box:
    """A box that a tool has cleaned, or that never held text."""
    ink = lettering(rng, sentence(rng), str(rng.choice(FONTS)), int(rng.choice(SIZES)))
    rows, columns = ink.shape
    value = {
        "black": lambda: np.zeros(ink.shape),
        "white": lambda: np.ones(ink.shape),
        "frame": lambda: np.pad(np.zeros((rows - 2, columns - 2)), 1, constant_values=1.0),
        "black in tissue": lambda: (
            np.pad(np.zeros(ink.shape), 6, mode="constant", constant_values=0.5)
            + np.pad(np.zeros(ink.shape), 6, constant_values=0.3) * anatomy(rng, (rows + 12, columns + 12))
        ),
        "noise": lambda: rng.random(ink.shape),
        "film grain": lambda: 0.4 + rng.normal(0, 0.03, ink.shape),
        "tissue": lambda: anatomy(rng, ink.shape),
        "fine tissue": lambda: anatomy(rng, ink.shape, 2.0),
        "smeared": lambda: _blurred(ink, rows / 3),
        "mosaic": lambda: _mosaic(ink, max(6, rows // 2)),
        "edge": lambda: np.tile(np.linspace(0, 1, columns) > rng.uniform(0.2, 0.8), (rows, 1)).astype(float),
        "gradient": lambda: np.tile(np.linspace(0, 1, columns), (rows, 1)),
    }[kind]()
    return Box(kind, 0, "", (np.clip(value, 0, 1) * 255).astype("uint8"))


def _blurred(ink: np.ndarray, radius: float) -> np.ndarray:
    grey = Image.fromarray((ink * 255).astype("uint8"))
    return np.asarray(grey.filter(ImageFilter.GaussianBlur(radius)), dtype=float) / 255


def _mosaic(ink: np.ndarray, block: int) -> np.ndarray:
    size = max(1, ink.shape[1] // block), max(1, ink.shape[0] // block)
    small = Image.fromarray((ink * 255).astype("uint8")).resize(size, Image.Resampling.BOX)
    return np.asarray(small.resize(ink.shape[::-1], Image.Resampling.NEAREST), dtype=float) / 255


TEXT_KINDS = (
    "plain",
    "dark on light",
    "tissue",
    "faint",
    "noise",
    "jpeg",
    "colour",
    "16 bit outlier",
    "signed",
    "half",
)
FREE_KINDS = (
    "black", "white", "frame", "black in tissue", "noise", "film grain",
    "tissue", "fine tissue", "smeared", "mosaic", "edge", "gradient",
)  # fmt: skip


def boxes(count: int, seed: int = 0) -> Iterator[Box]:
    """`count` boxes with text (a quarter of them two lines) and half as many without."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        yield with_text(rng, TEXT_KINDS[number % len(TEXT_KINDS)], 2 if number % 4 == 3 else 1)
    for number in range(count // 2):
        yield without_text(rng, FREE_KINDS[number % len(FREE_KINDS)])


def plain(text: str) -> str:
    """Letters and digits only, lower case."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def read_share(seen: str, text: str) -> float:
    """Share of the words of `text` that stand in `seen`."""
    wanted = [word for word in map(plain, text.split()) if len(word) > 1]
    return sum(word in plain(seen) for word in wanted) / len(wanted)


class Row(NamedTuple):
    """One line of the table; for boxes without text, `read` is the share of false alarms."""

    kind: str
    boxes: int
    read: float
    median: float
    high: float


def table(read: Callable[[np.ndarray], str], sample: list[Box], show: Path | None) -> list[Row]:
    """What a reader made of the boxes, by kind, with its times in milliseconds."""
    read(sample[0].crop[::-1])  # loads the engine
    found: dict[str, list[tuple[float, float]]] = {}
    for number, box in enumerate(sample):
        start = time.perf_counter()
        seen = read(box.crop)
        spent = 1000 * (time.perf_counter() - start)
        share = read_share(seen, box.text) if box.text else float(bool(plain(seen)))
        lines = f"{box.lines or 'no'} line{'s' * (box.lines == 2)}"
        for name in (lines, f"  {'text' if box.text else 'free'}: {box.kind}"):
            found.setdefault(name, []).append((share, spent))
        if show and share != bool(box.text):
            show.mkdir(parents=True, exist_ok=True)
            name = re.sub(r"\W+", "_", f"{number} {box.kind} want {box.text} seen {seen}")[:120]
            Image.fromarray(pixels.stretch(box.crop)).save(show / f"{name}.png")
    return [_row(name, *zip(*rows, strict=True)) for name, rows in sorted(found.items())]


def _row(kind: str, shares: tuple[float, ...], times: tuple[float, ...]) -> Row:
    return Row(kind, len(shares), statistics.mean(shares), statistics.median(times), float(np.percentile(times, 95)))


def main() -> None:
    """Print one table per reader."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--readers", nargs="+", default=pixels.installed()[:1])
    arguments.add_argument("--boxes", type=int, default=100)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--show", type=Path, help="folder for pictures of misses and false alarms")
    asked = arguments.parse_args()
    sample = list(boxes(asked.boxes, asked.seed))
    for name in asked.readers:
        print(f"\n{name}\n{'':24}{'boxes':>6}{'read':>9}{'ms':>8}{'p95 ms':>8}")
        for row in table(pixels.reader(name), sample, asked.show):
            print(f"{row.kind:24}{row.boxes:6}{row.read:9.1%}{row.median:8.1f}{row.high:8.1f}")


if __name__ == "__main__":
    main()
