"""The line that says how far a verb is: in a notebook, on a terminal, and nowhere else."""

from __future__ import annotations

import io
import re
import sys
from types import SimpleNamespace

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

import midi_nb as mn
from midi_nb import progress
from midi_nb.progress import counted, counting


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress, "time", clock)
    return clock


@pytest.fixture
def terminal(monkeypatch):
    """The lines that were written over each other on a terminal."""
    stream = io.StringIO()
    stream.isatty = lambda: True
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=stream, modules=sys.modules))
    return lambda: stream.getvalue().replace("\r\x1b[K", "\n").split("\n")[1:-1]


@pytest.fixture
def notebook():
    """What the kernel of a notebook sends: the outputs, those that replace one by the name of the latter."""
    shell = InteractiveShell.instance()
    shell.kernel = object()
    with capture_output() as sent:
        yield lambda: sent.outputs
    InteractiveShell.clear_instance()


def test_the_line_moves_with_every_item_and_ends_with_what_was_done(clock, terminal):
    for _ in counted(range(4), "file", "judged"):
        clock.now += 0.9

    assert terminal() == [
        "░░░░░░░░░░░░░░░░░░░░░░░░ 0 of 4 files judged",
        "██████░░░░░░░░░░░░░░░░░░ 1 of 4 files judged",
        "████████████░░░░░░░░░░░░ 2 of 4 files judged, 1.8 s left",
        "██████████████████░░░░░░ 3 of 4 files judged, 0.9 s left",
        "████████████████████████ 4 of 4 files judged",
        "4 files judged in 3.6 s",
    ]


def test_more_updates_than_can_be_seen_are_left_out(clock, terminal):
    with counting(1024, "file", "read") as step:
        for _ in range(1024):
            clock.now += 1 / 1024
            step(1)

    assert len(terminal()) == 11


def test_what_is_interrupted_says_how_far_it_came(clock, terminal):
    def interrupted():
        with counting(3, "file", "judged") as step:
            step(1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    assert terminal()[-1] == "Stopped: 1 of 3 files judged."


@pytest.mark.parametrize(("shown", "items"), [(False, [1]), (True, [])])
def test_nothing_is_written_where_nothing_is_to_be_said(terminal, shown, items):
    assert list(counted(items, "file", "judged", shown)) == items
    assert terminal() == []


def test_nothing_is_written_where_nobody_looks(capsys):
    assert list(counted([1], "file", "judged")) == [1]
    assert capsys.readouterr() == ("", "")


def test_a_notebook_keeps_the_last_line_as_text(clock, notebook):
    with counting(1, "file", "judged") as step:
        clock.now += 2.6
        step(1)

    assert [output.data for output in notebook()] == [
        {"text/plain": "░░░░░░░░░░░░░░░░░░░░░░░░ 0 of 1 file judged"},
        {"text/plain": "████████████████████████ 1 of 1 file judged"},
        {"text/plain": "1 file judged in 2.6 s"},
    ]
    assert [output.update for output in notebook()] == [False, True, True]
    assert len({output.transient["display_id"] for output in notebook()}) == 1


def test_evaluate_moves_the_line_before_its_first_batch_is_done(terminal, monkeypatch, bench):
    monkeypatch.setattr(progress, "_PAUSE", -1)
    for number in (1, 2, 3):
        bench.ask(f"1.{number}")
        bench.release(f"{number}.dcm", f"1.{number}")
    mn.evaluate(bench.released, bench.key, uids=bench.uids, patients=bench.patients, read_text=None)

    assert [re.sub(r"[█░]+ |\d+\.\d+ ", "", line) for line in terminal()] == [
        "0 of 3 files judged",
        "1 of 3 files judged",
        "2 of 3 files judged",
        "3 of 3 files judged",
        "3 files judged in s",
    ]
