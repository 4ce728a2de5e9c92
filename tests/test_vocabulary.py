"""What codes and columns are called: one vocabulary for all that people see."""

import pandas as pd
import pytest

import midi_nb as mn
from midi_nb import vocabulary
from midi_nb.frames import CATEGORIES, CHANGES, CODES, RESULTS, SOURCES, STATES


@pytest.mark.parametrize("column", vocabulary.WORDS)
def test_no_two_codes_of_a_column_are_called_alike(column):
    words = list(vocabulary.WORDS[column].values())
    assert len(set(words)) == len(words)


def test_every_word_is_that_of_a_code():
    codes = {
        "action": set(vocabulary.ACTIONS),
        "category": set(CATEGORIES),
        "cause": set(mn.causes_table()["cause"]),
        "finding": set(mn.findings_table()["finding"]),
        "source": set(SOURCES),
        "state": set(STATES),
    }
    assert {name: set(vocabulary.WORDS[name]) <= known for name, known in codes.items()} == dict.fromkeys(codes, True)
    assert [set(vocabulary.WORDS[name]) == codes[name] for name in ("action", "cause", "finding")] == [True] * 3


@pytest.mark.parametrize("value", ["leak_partial", None, pd.NA, 3, ["leak_partial"], "nothing we know"])
def test_what_is_no_code_of_its_column_stays_as_it_is(value):
    assert vocabulary.words_of("note", value) is value
    assert vocabulary.words_of("action", value) is value


def test_every_column_of_ours_has_a_head_in_words_but_for_codes_of_the_key():
    plain = {name for name in (*RESULTS, *CHANGES) if vocabulary.head_of(name) == name}
    assert plain == {*CODES, "x0", "y0", "x1", "y1"}
    assert vocabulary.head_of(("score", 1)) == "('score', 1)"
