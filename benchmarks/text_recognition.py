"""How well, and how fast, burned-in text is read: recall of planted words and false alarms, per reader.

    python benchmarks/text_recognition.py                          # the reader that midi_nb takes, 100 boxes
    python benchmarks/text_recognition.py --readers rapidocr tesseract --boxes 1000 --show misses/

Boxes are made on the spot: fonts, sizes 10 to 48, polarities, one and two lines, noise, JPEG, 8 and 16 bit, colour;
and boxes without text: fills, noise, blur, anatomy, ruler ticks. Words are random or names; numbers are dates and IDs.
A word counts as read when its letters and digits stand together in what was read, as the benchmark's scorer has it.

A second table is about tight boxes, on real images: what is read when the reader sees 0 to 3 pixels around a box that
touches or cuts its letters, and whether it then takes the text of a neighbour for that of a box that was hidden.
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
from pydicom.data import get_testdata_file

from midi_nb.engine import pixels, recognition

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


GROUNDS = (
    "CT_small.dcm", "MR_small.dcm", "examples_jpeg2k.dcm", "examples_overlay.dcm", "examples_palette.dcm",
    "examples_rgb_color.dcm", "examples_ybr_color.dcm",
)  # fmt: skip
GAPS = (1, 2, 3, 4, 6)  # pixels between a box and the text beside it
SURROUNDINGS = (0, 1, 2, 3)  # pixels around a box that a reader sees
ROOM = 60  # pixels around the text of a scene


class Scene(NamedTuple):
    """A real image into which text was burned, and a box that its ink fills to the last pixel."""

    kind: str
    text: str
    image: np.ndarray
    box: pixels.Box


def scenes(count: int, seed: int = 0) -> Iterator[Scene]:
    """`count` times the same text in a box that touches it, that cuts it, and next to the same text once more."""
    rng = np.random.default_rng(seed)
    grounds = [ground(name) for name in GROUNDS]
    for number in range(count):
        text, face = sentence(rng), typeface(str(rng.choice(FONTS)), int(rng.choice(SIZES[:-1])))
        left, top, right, bottom = ImageDraw.Draw(Image.new("L", (1, 1))).textbbox((0, 0), text, font=face)
        canvas = Image.new("L", (3 * int(right - left) + 2 * ROOM, int(bottom - top) + 2 * ROOM))
        ImageDraw.Draw(canvas).text((canvas.width // 3 - left, ROOM - top), text, font=face, fill=255)
        ink = np.asarray(canvas, dtype=float) / 255
        under = grounds[number // 2 % len(grounds)] if number % 2 else np.zeros((1, 1))
        under = np.tile(under, [-(-size // part) for size, part in zip(ink.shape, under.shape, strict=True)])
        under = under[: ink.shape[0], : ink.shape[1]]
        rows, columns = (np.flatnonzero((ink > 0.1).any(axis=axis)) for axis in (1, 0))
        x0, y0, x1, y1 = box = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
        yield Scene("touches its letters", text, burned(under, ink), box)
        for cut in (1, 2):
            yield Scene(f"cuts {cut} of its pixels", text, burned(under, ink), (x0 + cut, y0 + cut, x1 - cut, y1 - cut))
        for down, across in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            gap = GAPS[number % len(GAPS)]
            away = down * (y1 - y0 + gap), across * (x1 - x0 + gap)
            image = burned(under, np.maximum(ink, np.roll(ink, away, axis=(0, 1))))
            yield Scene("is beside a text", text, image, box)
            for way in ("grain", "smear", "paint and JPEG"):
                yield Scene(f"is hidden by {way}", text, hidden(rng, image, box, way), box)


def ground(name: str) -> np.ndarray:
    """A real image in 8-bit grey, as it is shown."""
    return pixels.stretch(pixels.shown(pixels.plane(get_testdata_file(name))))


def burned(under: np.ndarray, ink: np.ndarray) -> np.ndarray:
    """An image with text in it, bright where the image is dark."""
    return (under * (1 - ink) + ink * (255 if under.mean() < 140 else 0)).astype("uint8")


def hidden(rng: np.random.Generator, image: np.ndarray, box: pixels.Box, way: str) -> np.ndarray:
    """The image with its box made unreadable."""
    x0, y0, x1, y1 = box
    image, part = image.copy(), image[y0:y1, x0:x1]
    if way == "grain":
        image[y0:y1, x0:x1] = np.clip(rng.normal(part.mean(), 8, part.shape), 0, 255)
    elif way == "smear":
        image[y0:y1, x0:x1] = Image.fromarray(part).filter(ImageFilter.GaussianBlur(len(part) / 3))
    else:
        image[y0:y1, x0:x1] = 0
        image = jpeg(image, 50)
    return image


def tight(reader: recognition.Reader, sample: list[Scene]) -> Iterator[tuple[str, int, list[float]]]:
    """(kind, boxes, a share for each width of surroundings): words read, boxes of which none was, false alarms."""
    shares: dict[tuple[str, int], list[float]] = {}
    for scene in sample:
        for width in SURROUNDINGS:
            [(image, inside)] = pixels.regions(scene.image, scene.box, width)
            shares.setdefault((scene.kind, width), []).append(read_share(reader.within(image, inside), scene.text))
    for kind in dict.fromkeys(scene.kind for scene in sample):
        found = [shares[kind, width] for width in SURROUNDINGS]
        measures = {"words read": float, "no word read": lambda share: share == 0}
        for name, measure in {"false alarms": bool}.items() if "hidden" in kind else measures.items():
            yield f"{kind}: {name}", len(found[0]), [statistics.mean(map(measure, each)) for each in found]


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
    arguments.add_argument("--readers", nargs="+", default=recognition.installed()[:1])
    arguments.add_argument("--boxes", type=int, default=100)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--show", type=Path, help="folder for pictures of misses and false alarms")
    asked = arguments.parse_args()
    sample, small = list(boxes(asked.boxes, asked.seed)), list(scenes(asked.boxes // 4, asked.seed))
    for name in asked.readers:
        print(f"\n{name}\n{'':24}{'boxes':>6}{'read':>9}{'ms':>8}{'p95 ms':>8}")
        for row in table(recognition.reader(name), sample, asked.show):
            print(f"{row.kind:24}{row.boxes:6}{row.read:9.1%}{row.median:8.1f}{row.high:8.1f}")
        print(f"\n{'the box':44}{'boxes':>6}" + "".join(f"{width:>6} px" for width in SURROUNDINGS))
        for kind, count, shares in tight(recognition.reader(name), small):
            print(f"{kind:44}{count:6}" + "".join(f"{share:9.1%}" for share in shares))


if __name__ == "__main__":
    main()
