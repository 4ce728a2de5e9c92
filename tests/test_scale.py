"""The same results on one process, on many, on a Dask cluster, from parts on disk, and after a worker has died."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import threading
import time
import warnings
from concurrent.futures import Executor, Future, ProcessPoolExecutor

import pandas as pd
import pytest

import midi_nb as mn
from midi_nb.engine import batches


@pytest.fixture(scope="module")
def demo(small_demo):
    return small_demo


@pytest.fixture(scope="module")
def serial(demo):
    return evaluated(demo)


def evaluated(demo, **how):
    return mn.evaluate(demo.submissions["careless"], demo.key, read_text=None, progress=False, **how)


@pytest.fixture(scope="module", autouse=True)
def small_batches():
    """Many batches of a small demo, so that there is something to spread."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "BATCH", 4)
        yield


@pytest.fixture(scope="module")
def kept(demo, tmp_path_factory):
    """The folder of a run that is whole. Nothing in it is to be written to."""
    run = tmp_path_factory.mktemp("kept") / "run"
    return mn.evaluate_run(demo.submissions["careless"], demo.key, run, read_text=None, progress=False)


@pytest.fixture(scope="module")
def client():
    distributed = pytest.importorskip("distributed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cluster = distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        )
        client = distributed.Client(cluster)
        yield client
        client.close()
        cluster.close()


def test_a_dask_cluster_gives_the_same_frame(make, client, demo, serial):
    make.assert_same(evaluated(demo, executor=client.get_executor()), serial)


def test_a_dask_client_is_no_executor(client, demo):
    with pytest.raises(TypeError) as told:
        evaluated(demo, executor=client)
    assert str(told.value) == (
        "executor must be a concurrent.futures.Executor (for a dask Client pass client.get_executor()), got Client."
    )


@pytest.mark.long
def test_workers_write_the_parts_and_the_parts_are_plain_parquet(make, client, demo, serial, tmp_path):
    run = mn.evaluate_run(
        demo.submissions["careless"],
        demo.key,
        tmp_path / "run",
        read_text=None,
        progress=False,
        executor=client.get_executor(),
    )
    make.assert_same(mn.read_results(run), serial)


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # of Dask, in the newest pandas
@pytest.mark.parametrize("rules", ["official", pytest.param("strict", marks=pytest.mark.long)])
def test_dask_data_frames_count_the_parts_to_the_same_score(demo, kept, tmp_path, rules):
    dd = pytest.importorskip("dask.dataframe")
    run = kept
    if rules != "official":
        careless = demo.submissions["careless"]
        run = mn.evaluate_run(careless, demo.key, tmp_path / "run", read_text=None, progress=False, rules=rules)

    parts = dd.read_parquet(run / "parts", columns=["category", "verdict"])
    rows = parts[parts["verdict"] != "lost"]
    counts = (
        rows.assign(passed=rows["verdict"] == "passed").groupby("category")["passed"].agg(["sum", "size"]).compute()
    )

    scores = mn.score(mn.tally(mn.read_parts(run)), by="category").set_index("category")
    assert (counts["sum"] / counts["size"]).to_dict() == pytest.approx(scores["score"].to_dict())


def test_a_killed_worker_costs_time_and_no_result(make, demo, serial):
    """A pool whose worker is killed is broken for good; the batches it lost are judged here."""
    with ProcessPoolExecutor(1) as pool:
        victim = pool.submit(os.getpid).result()
        killer = threading.Timer(0.15, os.kill, (victim, signal.SIGKILL))
        killer.start()
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            results = evaluated(demo, executor=Slowed(pool))
        killer.join()
    make.assert_same(results, serial)
    assert any("judged in this process" in str(warning.message) for warning in told)


@pytest.mark.long
def test_a_killed_worker_of_a_cluster_costs_time_and_no_result(make, client, demo, serial, tmp_path):
    """Dask gives the batches of a dead worker to another, and starts one in its place."""
    run = tmp_path / "run"
    client.cluster.scale(2)
    client.wait_for_workers(2, timeout=30)
    victim = next(iter(client.run(os.getpid).values()))
    seen = []

    def kill_in_the_middle():
        while not list(run.glob("parts/part-*.parquet")):
            time.sleep(0.005)
        os.kill(victim, signal.SIGKILL)
        seen.extend(run.glob("parts/part-*.parquet"))

    killer = threading.Thread(target=kill_in_the_middle)
    killer.start()
    results = evaluated(demo, executor=client.get_executor(), out=run)
    killer.join()

    make.assert_same(results, serial)
    assert 0 < len(seen) < len(list(run.glob("parts/part-*.parquet")))
    client.wait_for_workers(2, timeout=30)
    assert victim not in client.run(os.getpid).values()


class Slowed(Executor):
    """An executor that gives the killer time."""

    def __init__(self, pool):
        self.pool = pool

    def submit(self, function, /, *args, **how):
        time.sleep(0.05)
        return self.pool.submit(function, *args, **how)


class Here(Executor):
    """A worker in this process, which is sent everything as one in another process would be."""

    def __init__(self):
        self.tasks, self.sizes = [], []

    def submit(self, function, /, task):
        sent = pickle.dumps((function, task))
        work, arrived = pickle.loads(sent)
        self.tasks.append(arrived)
        self.sizes.append(len(sent))
        done = Future()
        done.set_result(work(arrived))
        return done

    @property
    def files(self):
        return [path for task in self.tasks for path in task.paths]


def test_key_and_mappings_are_not_sent_with_every_task(make, demo, serial):
    """A task holds paths: what it weighs does not depend on how much they hold."""
    here = Here()
    make.assert_same(evaluated(demo, executor=here), serial)
    assert len(here.sizes) > 5
    assert max(here.sizes) < 2000


def test_the_tally_of_the_parts_is_the_tally_of_the_whole(kept, serial):
    parts = mn.tally(mn.read_parts(kept))
    for by in (None, "action", ["modality", "scope"], "patient"):
        pd.testing.assert_frame_equal(mn.score(parts, by=by), mn.score(serial, by=by))


def test_a_second_call_judges_only_what_changed(make, demo, kept, serial, tmp_path):
    run, here = shutil.copytree(kept, tmp_path / "run"), Here()
    make.assert_same(evaluated(demo, out=run, executor=here), serial)
    assert not here.files, "all was known"
    gone, damaged = sorted(run.glob("parts/*.parquet"))[2:4]
    gone.unlink()
    damaged.write_bytes(damaged.read_bytes()[:-50])
    make.assert_same(evaluated(demo, out=run, executor=here), serial)
    assert [task.part for task in here.tasks if task.paths] == [gone, damaged]


def test_files_are_known_by_what_is_in_them_and_not_by_their_time(bench, make, tmp_path, monkeypatch):
    monkeypatch.setattr(batches, "BATCH", 1)
    for number in (1, 2, 3):
        bench.ask(f"1.{number}", make.check("text_removed", "(0010,0010)", "DOE"))
        bench.release(f"{number}.dcm", f"1.{number}", PatientName="ANON")
    first, second = Here(), Here()
    bench.evaluate(executor=first, out=tmp_path / "run")
    touched, changed, _ = sorted(first.files)

    os.utime(touched, (0, 0))
    before, content = changed.stat(), changed.read_bytes()
    changed.write_bytes(content.replace(b"ANON", b"ANNA"))
    os.utime(changed, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert changed.stat().st_size == before.st_size
    assert changed.read_bytes() != content
    bench.evaluate(executor=second, out=tmp_path / "run")

    assert second.files == [changed]


@pytest.mark.parametrize(
    ("change", "differing"),
    [({"rules": "strict"}, "rules"), ({"name": "other"}, "submission"), ({"patients": {}}, "patients")],
)
def test_runs_are_never_mixed(demo, kept, change, differing):
    with pytest.raises(ValueError) as told:
        evaluated(demo, out=kept, **change)
    assert str(told.value) == f"{kept} holds a run with another {differing}; give another folder, or delete it."
