"""Invented anatomy: NumPy pictures that look like their modality.

Every function gives an array in its modality's own units; none knows DICOM. Coordinates run from -1 to 1.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.floating]


def grid(rows: int, columns: int) -> tuple[Image, Image]:
    """Coordinates x and y of every pixel; the longer side runs from -1 to 1."""
    longer = max(rows, columns)
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    return (2 * x - columns + 1) / longer, (2 * y - rows + 1) / longer


def ellipse(
    x: Image, y: Image, cx: float, cy: float, a: float, b: float, turn: float = 0.0, soft: float = 0.04
) -> Image:
    """1 inside an ellipse, 0 outside, with a soft edge."""
    c, s = np.cos(turn), np.sin(turn)
    u, v = (x - cx) * c + (y - cy) * s, (y - cy) * c - (x - cx) * s
    return np.clip((1 - np.hypot(u / a, v / b)) / soft + 0.5, 0, 1)


def layer(below: Image, mask: Image, value: float | Image) -> Image:
    """`below` painted over with `value` where `mask` is 1."""
    return below + mask * (value - below)


def blur(image: Image, radius: int) -> Image:
    """The image averaged over a square window, twice (close to a Gaussian)."""
    if radius < 1:
        return image
    for axis in (0, 1) * 2:
        padded = np.pad(image, [(radius + 1, radius) if a == axis else (0, 0) for a in range(image.ndim)], mode="edge")
        total = np.cumsum(padded, axis=axis, dtype=np.float64)
        width, length = 2 * radius + 1, image.shape[axis]
        image = (total.take(range(width, width + length), axis) - total.take(range(length), axis)) / width
    return image


def clouds(random: np.random.Generator, shape: tuple[int, int], radius: int) -> Image:
    """Smooth noise of mean 0 and deviation 1."""
    noise = blur(random.standard_normal(shape), radius)
    return (noise - noise.mean()) / noise.std()


def chest_xray(random: np.random.Generator, rows: int, columns: int, lateral: bool = False) -> Image:
    """Attenuation of a chest, 0 (air) to 1 (bone): lungs, ribs, heart, diaphragm, spine, clavicles."""
    x, y = grid(rows, columns)
    body = ellipse(x, y, 0, 0.55, 0.83 if not lateral else 0.62, 1.5, soft=0.10)
    neck = ellipse(x, y, 0, -1.0, 0.24, 0.5, soft=0.2)
    image: Image = 0.52 * np.maximum(body, neck)
    if lateral:
        lung = ellipse(x, y, 0.02, -0.15, 0.46, 0.72, 0.12, soft=0.15) * (y < 0.45 + 0.35 * (x - 0.1) ** 2)
        image = layer(image, 0.9 * lung, 0.19)
        image += 0.20 * ellipse(x, y, -0.17, 0.22, 0.27, 0.30, -0.5, soft=0.3)
        for step in range(13):
            cy = -0.85 + 0.14 * step
            image += 0.20 * ellipse(x, y, 0.42 + 0.05 * np.sin(2.0 * cy), cy, 0.09, 0.055, soft=0.3)
        image += 0.10 * np.exp(-(((x + 0.47 - 0.1 * y) / 0.03) ** 2)) * (np.abs(y) < 0.6)
        curve = lambda k: -0.75 + 0.15 * k + 0.55 * (x - 0.4)  # noqa: E731
    else:
        for side in (-1, 1):
            dome = 0.42 + (0.06 if side > 0 else 0.0) + 0.9 * (x - 0.40 * side) ** 2
            lung = ellipse(x, y, 0.37 * side, -0.06, 0.31, 0.74, -0.10 * side, soft=0.12)
            image = layer(image, 0.92 * lung / (1 + np.exp((y - dome) / 0.012)), 0.15)
        image += 0.16 * np.exp(-((x / 0.11) ** 4)) * (y > -1)
        heart = ellipse(x, y, 0.13, 0.25, 0.27, 0.25, 0.5, soft=0.12)
        image = np.maximum(image, 0.50 * heart + 0.12 * np.exp(-((x / 0.11) ** 4)) * heart)
        image += 0.10 * ellipse(x, y, 0.12, -0.20, 0.085, 0.10, soft=0.5)
        image -= 0.11 * np.exp(-((x / 0.035) ** 2)) * (y < -0.25)
        for step in range(15):
            image += 0.05 * ellipse(x, y, 0, -0.95 + 0.125 * step, 0.085, 0.05, soft=0.35)
        for side in (-1, 1):
            line = -0.66 - 0.16 * (np.abs(x) - 0.1) + 0.05 * np.sin(5 * np.abs(x))
            image += 0.17 * np.exp(-(((y - line) / 0.026) ** 2)) * ((side * x > 0.10) & (side * x < 0.66))
        vessels = blur(np.abs(clouds(random, (rows, columns), max(1, rows // 110))), 1)
        hilum = np.exp(-(((np.abs(x) - 0.20) / 0.20) ** 2) - ((y + 0.02) / 0.33) ** 2)
        image += 0.075 * vessels * hilum * (image < 0.4)
        curve = lambda k: -0.74 + 0.145 * k + 0.62 * (np.abs(x) - 0.18) ** 2 - 0.20 * (np.abs(x) - 0.2)  # noqa: E731
    inside = ellipse(x, y, 0, -0.06, 0.75 if not lateral else 0.52, 0.86, soft=0.10)
    for k in range(10):
        rib = np.exp(-(((y - curve(k)) / 0.024) ** 4)) + 0.9 * np.exp(-((np.abs(y - curve(k)) - 0.024) ** 2) / 0.00006)
        image += 0.058 * rib * inside
        back = np.exp(-(((y - (-0.60 + 0.145 * k - 0.55 * (np.abs(x) - 0.1) ** 2 + 0.3 * np.abs(x))) / 0.022) ** 4))
        image += 0.030 * back * inside
    fine = 0.010 * clouds(random, (rows, columns), 1) * (image > 0.1)
    image += fine + 0.008 * random.standard_normal((rows, columns))
    return np.clip(image, 0, 1)


def breast(random: np.random.Generator, rows: int, columns: int, side: str, oblique: bool) -> Image:
    """Attenuation of a breast, 0 to 1, chest wall at the left edge for L: fat, gland, skin, a mass, calcifications."""
    u = np.arange(columns, dtype=np.float32)[None, :] / rows
    v = np.arange(rows, dtype=np.float32)[:, None] / rows
    u, v = np.broadcast_to(u, (rows, columns)), np.broadcast_to(v, (rows, columns))
    cy = 0.58 if oblique else 0.52
    breadth, height = 0.60 * columns / rows / 0.75, 0.40
    radius = np.hypot(u / breadth, (v - cy) / height)
    inside = np.clip((1 - radius) / 0.015 + 0.5, 0, 1)
    image = inside * (0.26 + 0.10 * np.clip(1 - radius, 0, 1) ** 0.4)
    image += 0.20 * inside * np.exp(-(((radius - 0.985) / 0.018) ** 2))  # skin line
    texture = 0.6 * clouds(random, (rows, columns), rows // 26) + 0.4 * clouds(random, (rows, columns), rows // 90 + 1)
    gland = ellipse(u, v, 0.33 * breadth, cy - 0.01, 0.60 * breadth, 0.27, soft=0.8)
    image += inside * gland * np.clip(0.17 + 0.12 * texture, 0, 1)
    strands = np.abs(clouds(random, (rows, columns), max(1, rows // 70)))
    image += 0.07 * inside * np.exp(-8 * strands) * (0.4 + gland)
    image += 0.10 * inside * ellipse(u, v, breadth * 0.985, cy, 0.02, 0.018, soft=0.5)  # nipple
    image += 0.20 * inside * ellipse(u, v, 0.42 * breadth, cy - 0.10, 0.045, 0.038, 0.4, soft=0.35)  # a mass
    if oblique:
        edge = 0.36 * columns / rows / 0.75 * (1 - v / 0.66)
        image = layer(image, np.clip((edge - u) / 0.012 + 0.5, 0, 1), 0.64 + 0.02 * texture)
    for _ in range(9):
        cu, cv = 0.50 * breadth + 0.035 * random.standard_normal(), cy + 0.08 + 0.025 * random.standard_normal()
        image += 0.45 * ellipse(u, v, cu, cv, 0.0055, 0.0045, soft=0.8)
    image = np.clip(image + 0.010 * random.standard_normal((rows, columns)) * (0.3 + inside), 0, 1)
    return image if side == "L" else image[:, ::-1]


def ct_section(random: np.random.Generator, size: int, level: float, contrast: bool) -> Image:
    """Hounsfield units of an axial section; level 0 is the upper chest, 1 the lower abdomen."""
    x, y = grid(size, size)
    hu = np.full((size, size), -1000.0)
    table = np.abs(y - (0.83 + 0.10 * (1 - x**2))) < 0.012
    hu[table & (np.abs(x) < 0.75)] = -350
    wide, deep = 0.86 + 0.03 * np.sin(4 * level), 0.60 + 0.03 * np.cos(3 * level)
    hu = layer(hu, ellipse(x, y, 0, 0.10, wide, deep), -95)
    hu = layer(hu, ellipse(x, y, 0, 0.10, wide - 0.08, deep - 0.07), 45)
    blood = 230.0 if contrast else 45.0
    if level < 0.45:
        swell = 0.75 + 0.6 * level
        hu = layer(hu, ellipse(x, y, 0, 0.08, 0.74, 0.47), -60)
        for side in (-1, 1):
            lung = ellipse(x, y, 0.40 * side, 0.08, 0.32 * (0.75 + 0.25 * swell), 0.44 * swell, 0.12 * side)
            hu = layer(hu, lung, -860)
        marks = np.abs(clouds(random, (size, size), 1))
        hu += 320 * (marks > 2.1) * (hu < -700) * (hu > -950)
        hu = layer(hu, ellipse(x, y, 0.0, 0.02, 0.15, 0.40, soft=0.2), 20)
        if level > 0.2:
            hu = layer(hu, ellipse(x, y, 0.11, -0.10, 0.27, 0.23, 0.6), 50)
            hu = layer(hu, ellipse(x, y, 0.15, -0.09, 0.14, 0.12, 0.6, soft=0.2), blood * 0.9)
        hu = layer(hu, ellipse(x, y, 0.06, -0.12 if level < 0.2 else -0.25, 0.085, 0.085), blood)
        hu = layer(hu, ellipse(x, y, -0.01, 0.08, 0.045, 0.05), -980)
        hu = layer(hu, ellipse(x, y, -0.42, -0.03, 0.07, 0.065), 35)  # the nodule the story is about
    else:
        low = level > 0.75
        hu = layer(hu, ellipse(x, y, 0, 0.04, 0.70, 0.44), -100)
        if not low:
            liver = ellipse(x, y, -0.34, -0.02, 0.40, 0.36, -0.35)
            hu = layer(hu, liver, 105 if contrast else 58)
            hu = layer(hu, ellipse(x, y, -0.36, 0.04, 0.065, 0.06), 12)  # a cyst
            hu += 55 * (np.abs(clouds(random, (size, size), 2)) > 2.2) * liver * contrast
            hu = layer(hu, ellipse(x, y, 0.50, 0.14, 0.16, 0.22, 0.4), 120 if contrast else 50)
            hu = layer(hu, ellipse(x, y, 0.26, -0.14, 0.24, 0.17, 0.3), 35)
            hu = layer(hu, ellipse(x, y, 0.28, -0.20, 0.17, 0.08, 0.2), -950)  # air in the stomach
        else:
            for _ in range(11):
                cx, cy = random.uniform(-0.5, 0.5), random.uniform(-0.28, 0.12)
                hu = layer(hu, ellipse(x, y, cx, cy, 0.13, 0.09, random.uniform(0, 3)), 40)
                hu = layer(hu, ellipse(x, y, cx, cy, 0.08, 0.045, random.uniform(0, 3)), random.choice([-900, 15, 250]))
        for side in (-1, 1):
            hu = layer(hu, ellipse(x, y, 0.36 * side, 0.31, 0.12, 0.16, 0.5 * side), 175 if contrast else 35)
            hu = layer(hu, ellipse(x, y, 0.33 * side, 0.31, 0.05, 0.08, 0.5 * side), -40)
            hu = layer(hu, ellipse(x, y, 0.17 * side, 0.38, 0.09, 0.12), 55)
        hu = layer(hu, ellipse(x, y, -0.09, 0.17, 0.06, 0.05), blood * 0.8)
    hu = layer(hu, ellipse(x, y, 0.08, 0.17, 0.065, 0.065), blood)  # aorta
    for side in (-1, 1):
        hu = layer(hu, ellipse(x, y, 0.17 * side, 0.55, 0.15, 0.09, -0.2 * side), 55)
    hu = layer(hu, ellipse(x, y, 0, 0.35, 0.135, 0.115), 320)
    hu = layer(hu, ellipse(x, y, 0, 0.35, 0.11, 0.09), 190)
    hu = layer(hu, ellipse(x, y, 0, 0.50, 0.035, 0.10), 420)
    hu = layer(hu, ellipse(x, y, 0, 0.475, 0.045, 0.035), 30)
    for k in range(14):  # ribs cut across
        angle = 2 * np.pi * (k + 2 * level) / 14
        cx, cy = (wide - 0.13) * np.cos(angle), 0.10 + (deep - 0.11) * np.sin(angle)
        hu = layer(hu, ellipse(x, y, cx, cy, 0.075, 0.026, angle + np.pi / 2), 420 if level < 0.8 else 45)
    return hu + 14 * random.standard_normal((size, size)) * (hu > -900) + 6 * random.standard_normal((size, size))


def head_mr(random: np.random.Generator, size: int, level: float, weighting: str) -> Image:
    """Signal, 0 to 1, of an axial head section; weighting is `T1`, `T1 post` or `T2`."""
    air, scalp, skull, grey, white, fluid, lesion, vessel = {
        "T1": (0.0, 0.95, 0.06, 0.45, 0.62, 0.14, 0.36, 0.30),
        "T1 post": (0.0, 0.95, 0.06, 0.46, 0.62, 0.14, 1.00, 0.98),
        "T2": (0.0, 0.60, 0.05, 0.58, 0.40, 0.98, 0.82, 0.05),
    }[weighting]
    x, y = grid(size, size)
    shrink = np.sqrt(max(0.25, 1 - (1.25 * (level - 0.45)) ** 2))
    a, b = 0.70 * shrink, 0.88 * shrink
    image = np.full((size, size), air)
    image = layer(image, ellipse(x, y, 0, 0, a, b), scalp)
    image = layer(image, ellipse(x, y, 0, 0, a - 0.055, b - 0.055), skull)
    image = layer(image, ellipse(x, y, 0, 0, a - 0.11, b - 0.11), fluid)
    angle, radius = np.arctan2(y / b, x / a), np.hypot(x / (a - 0.125), y / (b - 0.125))
    folds = 0.045 * np.sin(23 * angle + 2.2 * np.sin(5 * angle + 9 * level)) + 0.02 * np.sin(41 * angle + 1.3)
    image = layer(image, np.clip((1 - radius + 0.6 * folds) / 0.03, 0, 1), grey)
    uneven = 0.03 * clouds(random, (size, size), max(1, size // 40))
    image = layer(image, np.clip((0.82 - radius + 1.7 * folds + uneven) / 0.05, 0, 1), white)
    image = layer(image, np.exp(-((x / 0.014) ** 2)) * (np.abs(y) > 0.30 * shrink) * (radius < 0.97), fluid)
    if 0.25 < level < 0.85:
        for side in (-1, 1):
            image = layer(image, ellipse(x, y, 0.25 * side * shrink, 0.03, 0.10, 0.15, 0.3 * side), grey)
            image = layer(image, ellipse(x, y, 0.10 * side, -0.20, 0.055, 0.17, -0.25 * side), fluid)
            image = layer(image, ellipse(x, y, 0.15 * side, 0.27, 0.05, 0.17, 0.35 * side), fluid)
            image = layer(image, ellipse(x, y, 0.12 * side, 0.06, 0.07, 0.10), grey)
        image = layer(image, ellipse(x, y, 0, 0.06, 0.018, 0.10), fluid)
    image = layer(image, ellipse(x, y, 0, (b - 0.14), 0.035, 0.05), vessel)  # sagittal sinus
    near = 1 - min(1, abs(level - 0.55) / 0.30)
    if near > 0.2:
        image = layer(image, ellipse(x, y, 0.28, -0.32, 0.23 * near, 0.20 * near, soft=0.5), 0.5 * (white + fluid))
        image = layer(image, ellipse(x, y, 0.28, -0.32, 0.13 * near, 0.12 * near), lesion)
        image = layer(image, ellipse(x, y, 0.28, -0.32, 0.06 * near, 0.055 * near), fluid)
    bias = 1 + 0.10 * x - 0.06 * y
    noise = np.hypot(0.018 * random.standard_normal((size, size)), 0.018 * random.standard_normal((size, size)))
    return np.clip(blur(image, size // 250) * bias + noise, 0, 1)


def pet_section(random: np.random.Generator, size: int, level: float) -> Image:
    """Tracer uptake (SUV) of an axial section; level 0 is the brain, 1 the pelvis."""
    x, y = grid(size, size)
    if level < 0.18:
        uptake = 0.8 * ellipse(x, y, 0, 0, 0.34, 0.42, soft=0.2)
        ring = ellipse(x, y, 0, 0, 0.29, 0.37, soft=0.2) - 0.75 * ellipse(x, y, 0, 0.0, 0.20, 0.26, soft=0.4)
        uptake += 7.5 * np.clip(ring, 0, 1)
        uptake += 6.0 * sum(ellipse(x, y, 0.09 * s, 0.0, 0.05, 0.09, soft=0.5) for s in (-1, 1))
    else:
        uptake = 0.55 * ellipse(x, y, 0, 0, 0.72, 0.46, soft=0.15)
        if level < 0.62:
            uptake -= 0.32 * sum(ellipse(x, y, 0.32 * s, 0, 0.24, 0.33, soft=0.3) for s in (-1, 1))
        if 0.38 < level < 0.55:
            muscle = ellipse(x, y, 0.16, -0.08, 0.20, 0.17, 0.5, soft=0.3)
            uptake += 6.5 * np.clip(muscle - 1.1 * ellipse(x, y, 0.18, -0.10, 0.12, 0.09, 0.5, soft=0.5), 0, 1)
        if 0.55 < level < 0.75:
            uptake += 2.0 * ellipse(x, y, -0.30, -0.03, 0.34, 0.30, soft=0.2)
            uptake += 1.6 * ellipse(x, y, 0.46, 0.12, 0.12, 0.16, soft=0.3)
        if 0.65 < level < 0.85:
            uptake += 4.5 * sum(ellipse(x, y, 0.30 * s, 0.18, 0.08, 0.12, 0.4 * s, soft=0.6) for s in (-1, 1))
        if level >= 0.85:
            uptake += 13.0 * ellipse(x, y, 0, -0.12, 0.17, 0.13, soft=0.4)
        uptake += 0.8 * ellipse(x, y, 0, 0.28, 0.10, 0.09, soft=0.4)
    lesions = (0.30, -0.34, -0.10, 9.0), (0.45, -0.40, 0.10, 11.0), (0.62, -0.22, 0.05, 8.0), (0.78, 0.10, 0.05, 7.0)
    for at, cx, cy, hot in lesions:
        uptake += hot * max(0.0, 1 - abs(level - at) / 0.07) * ellipse(x, y, cx, cy, 0.07, 0.065, soft=0.9)
    grain = clouds(random, (size, size), max(1, size // 90))
    return np.clip(blur(uptake, max(1, size // 70)) * (1 + 0.08 * grain) + 0.03 * np.abs(grain), 0, None)


def dose_plane(size: int, offset: float) -> Image:
    """Dose of a four-field plan, 0 to 1, in a plane `offset` from the target's middle."""
    x, y = grid(size, size)
    angles = (0.35, 0.35 + np.pi / 3, 0.35 + 2 * np.pi / 3)
    across = (((x + 0.42) * np.sin(a) - (y + 0.03) * np.cos(a)) / 0.15 for a in angles)
    beams = sum((1 / (1 + np.exp(12 * (np.abs(d) - 1))) for d in across), np.zeros_like(x))
    return (beams / 3) ** 1.5 * np.exp(-4 * offset**2) * ellipse(x, y, 0, 0.10, 0.86, 0.60)


def ultrasound(random: np.random.Generator, rows: int, columns: int, beat: float = 0.0) -> Image:
    """Brightness, 0 to 1, of a sector scan with speckle, a liver, a vessel and a cyst that `beat` makes larger."""
    i, j = np.mgrid[0:rows, 0:columns].astype(np.float32)
    apex_row, apex_column = -0.06 * rows + 0.12 * rows, 0.5 * columns
    dx, dy = (j - apex_column) / rows, (i - apex_row) / rows
    depth, angle = np.hypot(dx, dy), np.arctan2(dx, dy)
    fan = (depth > 0.08) & (depth < 0.86) & (np.abs(angle) < 0.66)
    tissue = 0.45 + 0.12 * clouds(random, (rows, columns), rows // 14)
    tissue += 0.35 * np.exp(-(((depth - 0.70 - 0.05 * np.cos(3 * angle)) / 0.012) ** 2))  # diaphragm
    tissue *= np.where(depth < 0.13, 1.5, 1)
    for cx, cy, a, b, echo in (
        (-0.12, 0.36, 0.09 + 0.02 * beat, 0.075 + 0.02 * beat, 0.02),
        (0.17, 0.50, 0.045, 0.16, 0.06),
        (0.12, 0.27, 0.05, 0.04, 0.75),
    ):
        tissue = layer(tissue, ellipse(dx, dy, cx, cy, a, b, 0.5, soft=0.12), echo)
    behind = (np.abs(np.arctan2(-0.12, 0.36) - angle) < 0.20) & (depth > 0.45)
    tissue = tissue * np.where(behind, 1.35, 1) * np.exp(-0.55 * depth)
    # Speckle is correlated across the beam, so it is made in beam coordinates and looked up from there.
    beams = random.rayleigh(0.8, (220, 110))
    row, column = np.clip(depth / 0.9 * 219, 0, 219).astype(int), np.clip((angle / 0.66 + 1) * 54.5, 0, 109).astype(int)
    speckle = beams[row, column]
    return np.where(fan, np.clip((np.clip(tissue, 0, 2) * speckle) ** 0.72, 0, 1), 0)


def stained_tissue(random: np.random.Generator, size: int) -> NDArray[np.uint8]:
    """RGB of a haematoxylin-eosin slide: pink tissue with glands and purple nuclei on white glass."""
    x, y = grid(size, size)
    edge = 0.80 + 0.10 * np.sin(3 * np.arctan2(y, x) + 0.7) + 0.05 * np.sin(7 * np.arctan2(y, x))
    tissue = np.clip((edge - np.hypot(x, y * 1.15)) / 0.02, 0, 1)
    weave = np.clip(0.5 + 0.25 * clouds(random, (size, size), 2) + 0.2 * clouds(random, (size, size), size // 30), 0, 1)
    stain = np.stack([232 - 18 * weave, 172 - 55 * weave, 205 - 30 * weave], axis=-1)
    glass = np.array([243.0, 240.0, 244.0])
    image = glass + tissue[..., None] * (stain - glass)
    nuclei = np.zeros((size, size))
    for _ in range(26):  # glands: a white lumen in a ring of nuclei
        cx, cy, r = random.uniform(-0.6, 0.6), random.uniform(-0.55, 0.55), random.uniform(0.05, 0.10)
        if np.hypot(cx, 1.15 * cy) > 0.62:
            continue
        image = layer(image, ellipse(x, y, cx, cy, r, 0.8 * r, soft=0.1)[..., None], glass)
        for angle in np.arange(0, 2 * np.pi, 0.33):
            at = cx + 1.22 * r * np.cos(angle), cy + 1.02 * r * np.sin(angle)
            spot(nuclei, at, 0.013, random)
    for _ in range(900):
        spot(nuclei, (random.uniform(-0.9, 0.9), random.uniform(-0.8, 0.8)), 0.0075, random)
    image = layer(image, (0.9 * nuclei * (tissue > 0.5))[..., None], np.array([92.0, 58.0, 140.0]))
    return np.clip(image + 3 * random.standard_normal(image.shape), 0, 255).astype(np.uint8)


def spot(canvas: Image, at: tuple[float, float], radius: float, random: np.random.Generator) -> None:
    """Draws one soft nucleus into `canvas`, touching only the pixels around it."""
    size = canvas.shape[0]
    column, row = ((at[0] + 1) * size / 2, (at[1] + 1) * size / 2)
    reach = max(2, int(radius * size) + 1)
    i, j = (slice(max(0, int(middle) - reach), int(middle) + reach + 1) for middle in (row, column))
    part = canvas[i, j]
    if part.size:
        i, j = np.mgrid[i.start : i.start + part.shape[0], j.start : j.start + part.shape[1]]
        distance = np.hypot((j - column) * random.uniform(0.8, 1.25), i - row) / (radius * size / 2 + 0.5)
        np.maximum(part, np.clip(1.6 - distance, 0, 1), out=part)
