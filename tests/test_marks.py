"""The words that a check found wrong: whoever shows them shows the same ones."""

import html
import re

import pandas as pd
import pytest

import midi_nb as mn
from midi_nb import plots
from midi_nb.widgets import explore


def failures(kind):
    """The failing rows of `careless`, the first of each `kind`, each as its own submission: so a report shows it."""
    demo = mn.make_demo()
    results = mn.explain(mn.evaluate(demo.submissions["careless"], demo.key, progress=False))
    failed = results[results["verdict"] == "failed"]
    failed = failed[~failed.duplicated(kind)].reset_index(drop=True)
    names = [f"{number:03}" for number in range(len(failed))]
    return failed.assign(submission=pd.Categorical(names))


def words(markup, pattern):
    return {html.unescape(word).lower() for word in re.findall(pattern, markup)}


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(["action", "cause"], id="one of each cause"),
        pytest.param(["action", "cause", "original", "expected", "actual"], id="every one", marks=pytest.mark.long),
    ],
)
def test_causes_report_explorer_and_word_card_show_the_same_words(kind, tmp_path):
    failed = failures(kind)
    report = mn.write_html(failed, tmp_path / "report.html").read_text("utf-8")
    rows = re.findall(r'<tr data-axis="\w+" data-run="s(\d+)">(.*?)</tr>', report, re.DOTALL)
    marked = r'<(?:mark|del)><span class="unseen">\[[^<]*</span>(.*?)<'
    in_report = {int(number): words(row, marked) for number, row in rows}

    explorer = explore(failed)
    for number, said in enumerate(failed["words"].astype(object).fillna("")):
        explorer.set(table="failures", picked=number)
        in_explorer = words(explorer.as_html(), marked)
        texts = plots.word_diff(failed.iloc[[number]]).texts
        on_card = {text.get_text().lower() for text in texts if text.get_bbox_patch() and text.get_weight() == "bold"}
        plots.plt.close("all")
        assert in_report[number] == in_explorer == on_card - {"lost", "leaked"}
        assert sorted(said.split()) == sorted(" ".join(in_explorer).split())
