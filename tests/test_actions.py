"""The table of actions: whole in itself, and all that a new action needs."""

import importlib
import re
import sys

import pytest

from midi_nb.actions import ACTIONS, KINDS
from midi_nb.text import FAIL, PASS


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_a_row_says_everything(action):
    assert action.missing in (PASS, FAIL)
    assert action.kind in KINDS
    assert action.about in ("attribute", "text", "date", "uid", "patient", "pixels", "region")
    assert action.column in ("original", "expected")


def hashed(text, check, context):
    """Passes when the text is gone and a hash is there."""
    from midi_nb.text import FAIL, PASS

    return PASS if text and text != check.expected and re.fullmatch("[0-9a-f]{8,}", text) else FAIL


@pytest.fixture
def mn():
    """The package as it is with one more row in its table, an action that nobody has heard of."""
    ours = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "midi_nb"}
    for name in ours:
        del sys.modules[name]
    actions = importlib.import_module("midi_nb.actions")
    actions.ACTIONS["text_hashed"] = actions.Action(
        hashed, hashed, actions.FAIL, "remove", "text", "expected", (("hipaa", "OUR-RULE"),), "text must become a hash",
        ("The text identifies somebody and must become a hash", "a test"), ("Identifiers are hashed", 5),
    )  # fmt: skip
    yield importlib.import_module("midi_nb")
    for name in [name for name in sys.modules if name.split(".")[0] == "midi_nb"]:
        del sys.modules[name]
    sys.modules.update(ours)


@pytest.fixture
def released(bench, make):
    """Files of which two hashed the patient's name, one left it and one is missing."""
    for uid, name in (("1.1", "0123456789abcdef"), ("1.2", "DOE^JANE X"), ("1.3", "fedcba9876543210"), ("1.4", None)):
        bench.ask(uid, make.check("text_hashed", "(0010,0010)", "DOE^JANE", "DOE^JANE", name="Patient's Name"))
        if name:
            bench.release(f"{uid}.dcm", uid, PatientName=name)
    return bench


@pytest.mark.parametrize("rules", ["official", "strict"])
def test_one_row_makes_an_action_known_wherever_one_looks(mn, released, rules, tmp_path):
    results = mn.evaluate(
        released.released, released.key, uids=released.uids, patients=released.patients, rules=rules,
        read_text=None, progress=False,
    )  # fmt: skip
    of_action = mn.score(results, by=["action", "category", "subcategory"]).set_index("action").loc["text_hashed"]
    assert of_action[["category", "subcategory", "passed", "failed"]].tolist() == ["hipaa", "OUR-RULE", 2, 2]

    explained = mn.explain(results)
    failed = explained.loc[explained["cause"].notna()]
    assert dict(zip(failed["instance"], failed["cause"], strict=True)) == {"1.2": "leak_full", "1.4": "missing_file"}
    assert failed.set_index("instance").loc["1.2", "words"] == "doe^jane"
    assert set(mn.problems(explained)["action"].dropna()) == {"text_hashed"}

    report = mn.write_html(explained, tmp_path / "report.html").read_text("utf-8")
    asked = '"label">text must become a hash</span><span class="text"[^>]*>'
    assert re.search(asked + r"<bdi><mark><span [^>]*>\[still there: </span>DOE\^JANE<", report)

    explorer = importlib.import_module("midi_nb.widgets").explore(explained)
    explorer.set(filters={"action": ["text_hashed"]}, table="failures", picked=int(failed.index[0]))
    for said in (
        "text must become a hash",
        "The text identifies somebody and must become a hash (a test).",
        "Identifiers are hashed (MIDI Task Group, arXiv 2303.10473, best practice 5).",
        "<dt>Must go</dt>",
    ):
        assert said in explorer.as_html()

    plots = importlib.import_module("midi_nb.plots")
    for axes in (plots.heatmap(results, rows="action"), plots.score(mn.score(results, by="action"))):
        assert [label.get_text() for label in axes.get_yticklabels()] == ["text must become a hash"]
    card = plots.word_diff(explained[explained["cause"] == "leak_full"])
    assert card.get_title("left") == "Patient's Name (0010,0010): the value was leaked"


def test_an_action_without_its_row_is_none(released):
    with pytest.raises(ValueError, match="no check names an attribute and one of the ten actions"):
        released.evaluate()
