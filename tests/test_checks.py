"""One table per action: (released text, what the key asks, verdict, score)."""

from types import SimpleNamespace

import pytest

from midi_nb import checks
from midi_nb.actions import ACTIONS, RULES
from midi_nb.checks import Context

CONTEXT = Context(uids={"1.2": "9.8", "1.7": "", "1.9": "9.8"}, patients={"DOE-1": "ANON-1"})
T, F, BLANK = ("passed", 1.0), ("failed", 0.0), ("blank", None)


def verdict(rules, action, released, *, expected=None, original=None, context=CONTEXT):
    outcome = getattr(ACTIONS[action], rules)(released, SimpleNamespace(expected=expected, original=original), context)
    if outcome.verdict in ("blank", "lost"):
        assert outcome.score != outcome.score
        assert outcome.error
        return outcome.verdict, None
    return outcome.verdict, pytest.approx(outcome.score)


def error(action, released, *, expected=None, original=None, context=CONTEXT):
    return ACTIONS[action].official(released, SimpleNamespace(expected=expected, original=original), context).error


@pytest.mark.parametrize(("action", "absent", "empty", "value"), [("tag_retained", F, T, T), ("text_notnull", F, F, T)])
def test_presence(action, absent, empty, value):
    for rules in RULES:
        assert verdict(rules, action, None) == absent
        assert verdict(rules, action, "") == empty
        assert verdict(rules, action, "[]") == value
        assert verdict(rules, action, checks.REMOVED) == value


RETAINED = [
    (None, "CHEST", F),
    (None, None, F),  # absent comes before "no text to look for"
    ("", "CHEST", F),
    ("CHEST CT", "CHEST", T),
    ("chest ct", "CHEST", T),
    ("CT OF THE CHEST", "CHEST CT", T),  # words in any order
    ("CT", "CHEST CT", ("failed", 0.5)),
    ("P4^I0, Gated, 0.0%", "P4^P101^I0, Gated, 0.0%", ("failed", 2 / 3)),
    ("left", "the left", T),  # stop words need not stay
    ("ABDOMEN SECTOR", "CT AB", T),  # words inside other words count
    ("['PRIMARY', 'ORIGINAL']", "['ORIGINAL', 'PRIMARY']", T),  # swapped values too
    ("a<b>c", "ABC", T),  # < and > are dropped everywhere
    ("STRASSE", "straße", F),  # lower(), not casefold()
    ("Sao Joao", "São João", F),
    ("left knee joint", '"left knee joint"', ("failed", 0.75)),  # the closing quote is a word, and is never found
    ("x", "...", F),
    ("x", "--", F),
    ("anything", "", T),  # an empty text is always kept
    ("", "", T),
    ("1.80", "1.8", T),
    ("007", "7", T),
    ("8", "7", F),
    ("77", "7", F),  # two numbers are compared as numbers
    ("٧", "7", T),
    ("-5.0", "-5", T),  # a sign makes it text
    ("-5", "-5.0", F),
    ("1000", "1e3", F),
    ("1000", "1,000", F),
    ("5", "+5", F),
    ("1.2.3", "1.2.4", F),  # two dots make it text
    ("2", "²", BLANK),
    ("F", "M", BLANK),  # m is a stop word
    ("M", "M", T),
    ("nothing", "he was here", BLANK),
    ("nothing", "!", BLANK),
    ("CHEST", None, BLANK),
]


@pytest.mark.parametrize(("released", "expected", "outcome"), RETAINED)
def test_text_retained(released, expected, outcome):
    assert verdict("official", "text_retained", released, expected=expected) == outcome


REMOVED = [
    (None, "DOE", T),
    (None, None, T),
    ("", "DOE", T),
    ("ANON", "DOE", T),
    ("DOE", "DOE", F),
    ("seen by MEYER", "DR MEYER", ("failed", 0.5)),
    ("announcement", "Ann", F),  # words inside other words count
    ("SPARKLE", "PARK", F),
    ("JANE^DOE", "DOE^JANE", T),  # one word to the tokenizer
    ("Sao Joao", "São João", T),
    ("b'\\x07\\x00'", "7", F),  # found in the print of bytes
    ("[(0008,0104) Code Meaning  LO: 'DOE']", "DOE", F),  # a sequence is searched in its print
    ("20", "2", T),  # two numbers are compared as numbers
    ("2.0", "2", F),
    (checks.REMOVED, "removed", T),  # pixel and overlay data count as empty
    (checks.REMOVED, "", F),
    ("anything", "", F),  # an empty text is never removed
    ("", "", F),
    ("x", "the", BLANK),
    ("the", "the", F),
    ("x", None, BLANK),
]


@pytest.mark.parametrize(("released", "expected", "outcome"), REMOVED)
def test_text_removed(released, expected, outcome):
    assert verdict("official", "text_removed", released, expected=expected) == outcome


CHANGED = [
    (None, "20030101", T),
    (None, None, T),
    (None, "", T),
    ("20030702", "20030101", T),
    ("20030101", "20030101", F),
    ("20030101120000", "20030101", F),
    ("", "20030101", T),  # emptied passes
    ("ANON", "20030101", T),  # junk passes
    ("20031225", "2003", F),  # a year stays the beginning of its dates
    ("x", "", F),  # an empty original is part of anything
    ("", "", F),
    ("['20030101', '20030102']", "20030101\\20030102", T),  # a list is never found
    ("2003\\0101", "20030101", F),  # backslashes are dropped
    ("20030101", "2003\\0101", F),
    ("20030101", "<20030101>", F),
    ("abc", "ABC", T),  # case counts here
    ("1.2.3.77", "1.2.3", F),  # extended is not changed
    ("x", None, BLANK),
]


@pytest.mark.parametrize(("released", "original", "outcome"), CHANGED)
@pytest.mark.parametrize("action", ["date_shifted", "uid_changed"])
def test_date_shifted_and_uid_changed(action, released, original, outcome):
    assert verdict("official", action, released, original=original) == outcome


UID_CONSISTENT = [
    (None, "1.2", T),  # removed passes
    ("9.8", "1.2", T),
    ("1.2", "1.2", F),
    ("9.9", "1.2", F),
    ("", "1.2", F),
    ("['9.8', '9.8']", "1.2", F),  # several values always fail
    ("", "7.7", F),  # not mapped: nothing can be right, an empty value neither
    ("7.7", "7.7", F),
    ("", "", F),
    ("", None, F),
    ("x", None, F),
    ("", "1.7", T),  # mapped to nothing
]


@pytest.mark.parametrize(("released", "original", "outcome"), UID_CONSISTENT)
def test_uid_consistent(released, original, outcome):
    assert verdict("official", "uid_consistent", released, original=original) == outcome


PATID_CONSISTENT = [
    (None, "DOE-1", T),
    ("ANON-1", "DOE-1", T),
    ("DOE-1", "DOE-1", F),
    ("", "DOE-1", F),
    ("", "DOE-2", F),
    ("X", "DOE-2", F),
]


@pytest.mark.parametrize(("released", "original", "outcome"), PATID_CONSISTENT)
def test_patid_consistent(released, original, outcome):
    assert verdict("official", "patid_consistent", released, original=original) == outcome


DIGEST = "d41d8cd98f00b204e9800998ecf8427e"
PIXELS_RETAINED = [
    (DIGEST, DIGEST, T),
    (DIGEST, f"<{DIGEST}>", T),
    ("0" * 32, DIGEST, F),
    (DIGEST, f"{DIGEST[:9]}<{DIGEST[9:]}", F),  # only around it < and > do not count
    (DIGEST, None, BLANK),
    (None, DIGEST, F),
    (None, "None", T),
]


@pytest.mark.parametrize(("released", "expected", "outcome"), PIXELS_RETAINED)
def test_pixels_retained(released, expected, outcome):
    for rules in RULES:
        assert verdict(rules, "pixels_retained", released, expected=expected) == outcome


PIXELS_HIDDEN = [
    (None, "DOE", T),
    ("", "DOE", T),  # nothing recognised
    ("XX", "DOE", T),
    ("DOE", "DOE", F),
    ("doe", "DOE JANE [F]\nDOB: 19530716", ("failed", 2 / 3)),
    ("DOB: [F]", "DOE JANE [F]\nDOB: 19530716", T),  # its labels are no identifiers
    ("x", "[F]DOB:", F),  # nothing is left, which is a part of anything
]


@pytest.mark.parametrize(("released", "expected", "outcome"), PIXELS_HIDDEN)
def test_pixels_hidden(released, expected, outcome):
    for rules in RULES:
        assert verdict(rules, "pixels_hidden", released, expected=expected) == outcome


ERRORS = [
    ("text_retained", "x", {}, "the key has no text for this check"),
    (
        "text_removed",
        "x",
        {"expected": "the"},
        "no word is left of the key's text once stop words and punctuation are dropped",
    ),
    ("text_removed", "2", {"expected": "²"}, "the key's text has digits that are no number"),
    ("date_shifted", "x", {}, "the key has no original value for this check"),
    ("uid_changed", "x", {}, "the key has no original value for this check"),
    ("uid_consistent", "x", {"original": "7.7"}, "the mapping has no entry for the original"),
    ("uid_consistent", "", {"original": "7.7"}, "the mapping has no entry for the original"),
    ("patid_consistent", "x", {"context": Context({}, None)}, "no patient mapping was given"),
    (
        "pixels_hidden",
        "x",
        {"expected": "the"},
        "no word is left of the key's text once stop words and punctuation are dropped",
    ),
]


@pytest.mark.parametrize(("action", "released", "asked", "message"), ERRORS)
def test_errors_say_why(action, released, asked, message):
    assert error(action, released, **asked) == message


MISSING = {
    "tag_retained": F,
    "text_notnull": F,
    "text_retained": F,
    "text_removed": T,
    "date_shifted": T,
    "uid_changed": T,
    "pixels_hidden": T,
    "pixels_retained": F,
    "uid_consistent": F,
    "patid_consistent": F,
}


@pytest.mark.parametrize("action", ACTIONS)
def test_a_missing_file(action):
    assert action in MISSING, f"say in MISSING whether {action} passes without a file; give it a table of cases above"
    assert ACTIONS[action].missing[:2] == MISSING[action]


STRICT = [
    ("text_retained", "ABDOMEN SECTOR", {"expected": "CT AB"}, F),
    ("text_retained", "F", {"expected": "M"}, F),
    ("text_retained", None, {"expected": "M"}, F),
    ("text_removed", "SPARKLE", {"expected": "PARK"}, T),
    ("text_removed", "JANE^DOE", {"expected": "DOE^JANE"}, F),
    ("text_removed", None, {"expected": "DOE"}, T),
    ("text_removed", checks.REMOVED, {"expected": "REMOVED"}, T),
    ("date_shifted", "20030702", {"original": "20030101"}, T),
    ("date_shifted", "20030101", {"original": "20030101"}, F),
    ("date_shifted", "ANON", {"original": "20030101"}, F),
    ("date_shifted", "20030231", {"original": "20030101"}, F),
    ("date_shifted", "", {"original": "20030101"}, F),
    ("date_shifted", None, {"original": "20030101"}, F),
    ("date_shifted", "20030103", {"original": "20030101", "expected": "1"}, T),  # the key's number of days is secret
    ("date_shifted", "20030101101500", {"original": "2003010110"}, F),  # the same day
    ("date_shifted", "['20030103', '20030104']", {"original": "['20030101', '20030102']"}, T),
    ("date_shifted", "['20030103', '20030102']", {"original": "['20030101', '20030102']"}, F),
    ("date_shifted", "120000", {"original": "101500"}, T),  # a time is no date: the official rule
    ("date_shifted", "101500", {"original": "101500"}, F),
    ("date_shifted", "x", {}, BLANK),
    ("uid_changed", "9.9.9", {"original": "1.5"}, T),
    ("uid_changed", "1.2", {"original": "1.2"}, F),
    ("uid_changed", "9.9.9", {"original": "1.2"}, F),  # mapped, but to another
    ("uid_changed", "1.5.77", {"original": "1.5"}, T),
    ("uid_changed", "ANON", {"original": "1.5"}, F),
    ("uid_changed", None, {"original": "1.5"}, F),
    ("uid_changed", None, {"original": ""}, T),
    ("uid_changed", "x", {}, BLANK),
    ("uid_consistent", "9.8", {"original": "1.2"}, T),
    ("uid_consistent", None, {"original": "1.2"}, F),
    ("patid_consistent", "ANON-1", {"original": "DOE-1"}, T),
    ("patid_consistent", None, {"original": "DOE-1"}, F),
    ("patid_consistent", "", {"original": "DOE-2"}, F),
]


@pytest.mark.parametrize(("action", "released", "asked", "outcome"), STRICT)
def test_strict_rules(action, released, asked, outcome):
    assert verdict("strict", action, released, **asked) == outcome


@pytest.mark.parametrize(
    ("uid", "valid"),
    [
        ("1.2.840.10008", True),
        ("0.1", True),
        ("1", False),
        ("1.02", False),
        ("1.2.", False),
        ("1.2\n", False),
        ("1." + "2" * 62, True),
        ("1." + "2" * 63, False),
    ],
)
def test_uids_are_valid_as_the_standard_says(uid, valid):
    assert checks.valid_uid(uid) is valid
