import threading

import pytest

import midi_nb as mn
from midi_nb.files.threads import ahead


def test_things_come_in_order_and_only_a_few_are_made_ahead():
    numbers = iter(range(100))
    things = ahead(lambda number: -number, numbers)

    assert [next(things) for _ in range(3)] == [0, -1, -2]
    untaken = next(numbers)
    assert untaken < 20
    assert list(things) == [-number for number in range(3, 100) if number != untaken]


def test_things_are_made_in_other_threads():
    assert threading.get_ident() not in list(ahead(lambda _: threading.get_ident(), range(5)))


def test_a_few_things_are_made_at_the_same_time(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    both = threading.Barrier(2)
    assert sorted(ahead(lambda _: both.wait(timeout=10), range(2))) == [0, 1]


def test_an_error_comes_in_its_turn():
    things = ahead(lambda number: 1 // (2 - number), range(5))
    assert [next(things), next(things)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(things)


@pytest.fixture
def threadless(monkeypatch):
    """As in a browser (Pyodide)."""

    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)


def test_without_threads_things_come_in_order_too_and_an_error_in_its_turn(threadless):
    things = ahead(lambda number: (1 // (7 - number), threading.get_ident()), range(9))
    assert [next(things)[1] for _ in range(7)] == [threading.get_ident()] * 7
    with pytest.raises(ZeroDivisionError):
        next(things)


def test_without_threads_a_key_is_read_and_a_folder_judged(small_demo, request):
    def judged():
        results = mn.evaluate(small_demo.submissions["careless"], small_demo.key, progress=False)
        return results["verdict"].tolist()

    verdicts = judged()
    request.getfixturevalue("threadless")
    assert judged() == verdicts
