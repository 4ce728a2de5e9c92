"""Files in batches: worked on here, or by the workers of an executor; what a worker loses is made up for here."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any, Protocol, TypeVar

from ..files.runs import Recorder
from ..files.threads import ahead

BATCH = 64  # files at a time: enough to make a task worth its overhead, few enough to hold in memory

Step = Callable[[int], None]


class Batch(Protocol):
    """A task of some files."""

    @property
    def paths(self) -> Sequence[Path]: ...


class Skipping(Protocol):
    """The answer for a batch."""

    @property
    def skipped(self) -> Sequence[tuple[str, str]]: ...  # of files that could not be used, with the reason


Item = TypeVar("Item")
Task = TypeVar("Task", bound=Batch)
Answer = TypeVar("Answer")
Made = TypeVar("Made", bound=Skipping)


def require_executor(executor: object) -> None:
    """Refuse what is no executor, such as a Dask client."""
    if executor is not None and not isinstance(executor, Executor):
        raise TypeError(
            "executor must be a concurrent.futures.Executor (for a dask Client pass client.get_executor()), "
            f"got {type(executor).__name__}."
        )


def in_batches(items: Sequence[Item]) -> list[Sequence[Item]]:
    """The items in lists of `BATCH` at most: files, or something that each file has."""
    return [items[start : start + BATCH] for start in range(0, len(items), BATCH)]


def kept_or_made(
    recorder: Recorder,
    root: Path,
    batches: Sequence[Sequence[Path]],
    task_of: Callable[[int, Path | None], Task],
    work: Callable[..., Made],
    executor: Executor | None,
    step: Step,
    beside: Callable[[Sequence[Path]], Sequence[Path]] = lambda batch: (),
) -> Iterator[dict[str, Any] | Made]:
    """For each batch, in order: what its part says of itself if an earlier call kept it, else the answer of `work`.

    `task_of` makes a task of the number of a batch and the path of its part; `beside` names the files a part depends on
    too. What was skipped is recorded.
    """
    numbers = range(len(batches))
    known = list(ahead(lambda number: recorder.known(number, root, batches[number], beside(batches[number])), numbers))
    tasks = [task_of(number, recorder.path_of(number)) for number in numbers if known[number] is None]
    answers = answers_of(work, tasks, executor, step)
    for batch, part in zip(batches, known, strict=True):
        if part is not None:
            step(len(batch))
            recorder.skipped += [(name, reason) for name, reason in part["skipped"]]
            yield part
        else:
            made = next(answers)
            recorder.skipped += made.skipped
            yield made
    next(answers, None)  # which lets it say what the executor lost


def answers_of(
    work: Callable[..., Answer], tasks: Sequence[Task], executor: Executor | None, step: Step | None = None
) -> Iterator[Answer]:
    """What `work` makes of each task, in their order; `step` counts files: one by one here, by tasks from an executor.

    `work` takes a task, and here `step` too; an executor is sent `work` and the task, so both are small.
    """
    if executor is None:
        yield from (work(task, step) for task in tasks)
        return
    futures = [_submitted(executor, work, task) for task in tasks]
    failures: Counter[str] = Counter()
    try:
        for i, task in enumerate(tasks):
            try:
                answer = futures[i].result()
                if step is not None:
                    step(len(task.paths))
            except Exception as error:  # a worker died or lost its batch: it is judged here, nothing is lost
                failures[type(error).__name__] += 1
                answer = work(task, step)
            futures[i] = None  # type: ignore[call-overload]  # an answer that was passed on is not kept
            yield answer
    finally:
        for future in futures:
            if future is not None:
                future.cancel()
    if failures:
        kinds = ", ".join(f"{count} {kind}" for kind, count in failures.items())
        warnings.warn(f"The executor failed on some batches ({kinds}); they were judged in this process.", stacklevel=4)


def _submitted(executor: Executor, work: Callable[..., Answer], task: Task) -> Future[Answer]:
    try:
        return executor.submit(work, task)
    except Exception as error:  # a pool with a dead worker takes no more
        failed: Future[Answer] = Future()
        failed.set_exception(error)
        return failed


def counted(paths: Sequence[Path], step: Step | None) -> Iterator[Path]:
    """The paths, each counted by `step` when the next one is asked for."""
    for path in paths:
        yield path
        if step is not None:
            step(1)
