"""Colours, hatches, markers and signs: one of each for a meaning, the same wherever it is shown."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from midi_nb import causes, looks, plots
from midi_nb.widgets.board import Board

PACKAGE = Path(looks.__file__).parent


def test_each_meaning_has_a_colour_hatch_marker_and_sign_of_its_own():
    assert list(looks.PALETTE) == ["pass", "fail", "blank", "privacy", "utility", "validity", "linkage", "key", "none"]
    assert set(causes.AXES) <= set(looks.PALETTE)
    for part in zip(*looks.LOOKS.values(), strict=True):
        assert len(set(part)) == len(part)


# Machado, Oliveira and Fernandes 2009, severity 1, in linear RGB
VISION = {
    "all cones": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def lab(colour: str, vision) -> np.ndarray:
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(xyz @ np.clip(np.array(vision) @ linear, 0, 1) / [0.95047, 1, 1.08883])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISION)
def test_the_palette_can_be_told_apart(vision):
    seen = {name: lab(colour, VISION[vision]) for name, colour in looks.PALETTE.items()}
    distance = {(a, b): np.linalg.norm(seen[a] - seen[b]) for a, b in combinations(seen, 2)}
    assert min(distance.values()) > 15  # CIELAB; 2.3 is just noticeable


def contrast(one, other) -> float:
    dark, light = sorted(np.array([0.2126, 0.7152, 0.0722]) @ linear(colour) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def linear(rgb) -> np.ndarray:
    rgb = np.array(rgb)
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


MIXED = re.compile(r"\.midi-page \.(\w+) \{ --midi-meaning: color-mix\(in srgb, (#\w+) (\d+)%, var\(--midi-ink\)\); \}")


def test_widgets_show_each_meaning_in_its_colour():
    last = dict(re.findall(r"\.midi-page \.(\w+) \{\s*--midi-meaning: ([^;]+);\s*\}", Board._css))  # the last rule wins
    mixed = {name: colour for name, colour, _ in MIXED.findall(Board._css)}
    assert mixed == looks.PALETTE
    assert set(last) == set(mixed)
    assert all(rule.startswith(f"color-mix(in srgb, {looks.PALETTE[name]} ") for name, rule in last.items())


@pytest.mark.parametrize("sheet", ["page.css", "viewer.css"])
def test_hues_of_style_sheets_are_those_of_a_meaning(sheet):
    hues = {hue.upper() for hue in re.findall(r"#[0-9a-fA-F]{6}\b", (PACKAGE / "widgets" / sheet).read_text("utf-8"))}
    vivid = {hue for hue in hues if np.ptp(to_rgb(hue)) > 0.2}
    assert vivid <= {*looks.PALETTE.values(), "#1565C0"}  # of a button that is pressed


@pytest.mark.parametrize(("ink", "paper"), [("#1f1f1f", "#ffffff"), ("#e0e0e0", "#111111")])
def test_signs_and_bars_of_widgets_stand_out_on_light_and_dark(ink, paper):
    for name, colour, percent in MIXED.findall(Board._css):
        share = int(percent) / 100
        shown = share * np.array(to_rgb(colour)) + (1 - share) * np.array(to_rgb(ink))
        assert contrast(shown, to_rgb(paper)) > (2 if name == "blank" else 3), name  # a blank is pale: its sign is ?


@pytest.mark.parametrize(("name", "meaning"), {"good": "pass", "bad": "fail"}.items())
def test_the_report_shows_verdicts_in_their_colours(name, meaning):
    sheet = (PACKAGE / "report" / "report.css").read_text("utf-8")
    assert {colour.upper() for colour in re.findall(rf"--{name}: (#\w+);", sheet)} == {looks.PALETTE[meaning]}


def test_plots_have_the_same_looks():
    assert plots.PALETTE is looks.PALETTE


def test_a_widget_opens_without_a_library_that_draws():
    code = """
import sys, pandas as pd
from midi_nb import widgets
from midi_nb.coded import tidy
from midi_nb.frames import RESULTS
widgets.explore(tidy({}, RESULTS, 0))
print(sorted({"matplotlib", "seaborn", "scipy"} & set(sys.modules)))
"""
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (said.stdout.strip(), said.stderr[-400:]) == ("[]", "")
