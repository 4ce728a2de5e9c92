"""The kit for categorical columns: combinations numbered, each distinct text asked once."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from midi_nb import coded

ROWS = st.lists(st.tuples(st.integers(-1, 2), st.integers(-1, 2**31 - 1), st.booleans()), max_size=12)


@given(ROWS)
def test_each_combination_has_one_code_in_the_order_they_come_in(rows):
    columns = [np.array(column) for column in zip(*rows, strict=True)] or [np.array([], dtype="int8")]
    codes = coded.joint_codes(columns, len(rows))

    known = {row: code for code, row in enumerate(dict.fromkeys(rows))}
    assert codes.tolist() == [known[row] for row in rows]
    assert [rows[row] for row in coded.first_rows(codes)] == list(known)


@pytest.mark.parametrize("columns", [3, 40])
def test_combinations_of_many_wide_columns_do_not_run_over(columns):
    wide = np.array([-1, 2**31 - 1, 0, 2**31 - 1, -1])
    codes = coded.joint_codes([*[wide] * columns, np.array([0, 0, 0, 1, 0])], 5)

    assert codes.tolist() == [0, 1, 2, 3, 0]


def test_each_text_is_asked_once_and_a_missing_one_as_an_empty_text():
    column, count = pd.Series(coded.encode(["CT", "MR", None, "CT", "US"])), Counter()

    def says(text):
        count[text] += 1
        return text == "CT"

    assert coded.asked(column, np.array([0, 2, 3]), says).tolist() == [True, False, True]
    assert count == {"CT": 1, "": 1}
    assert coded.asked(column, np.array([], dtype="int64"), says).tolist() == []


@pytest.mark.parametrize("rows", [0, 1, 40, 3000])
def test_joint_numbers_tell_rows_apart_as_their_codes_do(rows):
    random = np.random.default_rng(rows)
    widths = (2, 3, 60, 70_000, 10**9, 10**9, 10**9)  # together more than 64 bits have room for
    for few in range(1, 8):
        columns = [random.integers(-1, width, rows) for width in widths[:few]]
        columns = [np.append(codes, codes[: rows // 2]) for codes in columns]  # half of the rows twice
        alike = list(zip(*(codes.tolist() for codes in columns), strict=True))
        known = {combination: code for code, combination in enumerate(dict.fromkeys(alike))}
        codes = coded.joint_codes(columns, len(alike))
        keys = coded.joint_keys(columns, len(alike))
        assert codes.tolist() == [known[combination] for combination in alike]
        assert len(set(zip(codes.tolist(), keys.tolist(), strict=True))) == len(set(keys.tolist())) == len(known)
        assert keys.max(initial=-1) < 16 * max(len(alike), 1)
