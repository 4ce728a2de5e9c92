"""Files in batches: worked on here, or by the workers of an executor; what a worker loses is made up for here."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, fields
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from uuid import uuid4

import pandas as pd

from ..coded import concat, tidy
from ..files.runs import Recorder, about_part, parts_of, read_parquet, write_part
from ..files.threads import ahead

BATCH = 64  # files at a time: enough to make a task worth its overhead, few enough to hold in memory

Step = Callable[[int], None]


Item = TypeVar("Item")
Answer = TypeVar("Answer")
Notes = Counter[tuple[str, str]]


@dataclass(frozen=True, eq=False)
class Job:
    """What all batches of one call need to know: small, and sent with each of them as it was given.

    A worker takes it for the one that came with its first batch, so that what a job makes ready (a `cached_property`)
    is made once a process.
    """

    token: str = field(default_factory=lambda: uuid4().hex, kw_only=True)  # by which a worker recognises it

    def __reduce__(self) -> Any:
        given = {each.name: getattr(self, each.name) for each in fields(self)}
        return _arrived, (partial(type(self), **given),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Job) and other.token == self.token

    def __hash__(self) -> int:
        return hash(self.token)


def _arrived(make: Callable[[], Job]) -> Job:
    return _first(make())


@lru_cache(maxsize=2)
def _first(job: Job) -> Job:
    """Of jobs with one token the one that came first."""
    return job


class Task(NamedTuple):
    """One batch: its files, where its part goes, if it is kept, and what else the work on it needs."""

    paths: Sequence[Path]
    part: Path | None = None
    own: Any = None


class Part(NamedTuple):
    """The answer for one batch; its frame is None where the worker has written it, or an earlier call.

    `skipped` are the files that could not be used, with the reason; `notes` count what a warning is to say: (what, of
    which attribute) → how often.
    """

    frame: pd.DataFrame | None
    answered: Sequence[str]
    skipped: Sequence[tuple[str, str]]
    notes: Notes


def kept(made: Part, task: Task, root: Path, beside: Sequence[Path] = ()) -> Part:
    """`made`, its frame written to disk if the task has a part; the part also depends on the files `beside`."""
    if task.part is None or made.frame is None:
        return made
    about = about_part(root, task.paths, made.answered, made.skipped, made.notes, beside)
    write_part(made.frame, task.part, about)
    return made._replace(frame=None)


def whole(parts: Iterable[Part], out: str | Path | None, types: Mapping[str, Any]) -> pd.DataFrame:
    """The frame of all parts, in the columns of `types`; where they are kept in the folder `out`, it is read back."""
    frames = [part.frame for part in parts if part.frame is not None]  # all are made before any is read back
    return concat([tidy({}, types, 0), *frames]) if out is None else read_parquet(*parts_of(Path(out)), types=types)


def require_executor(executor: object) -> None:
    """Refuse what is no executor, such as a Dask client."""
    if executor is not None and not isinstance(executor, Executor):
        raise TypeError(
            "executor must be a concurrent.futures.Executor (for a dask Client pass client.get_executor()), "
            f"got {type(executor).__name__}."
        )


def in_batches(items: Sequence[Item]) -> list[Sequence[Item]]:
    """The items in lists of at most `BATCH`: files, or one item per file."""
    return [items[start : start + BATCH] for start in range(0, len(items), BATCH)]


def kept_or_made(
    recorder: Recorder,
    root: Path,
    batches: Sequence[Sequence[Path]],
    work: Callable[..., Part],
    executor: Executor | None,
    step: Step,
    own: Callable[[int], Any] = lambda number: None,
    beside: Callable[[int], Sequence[Path]] = lambda number: (),
) -> Iterator[Part]:
    """The part of each batch, in order: the one that an earlier call kept (without its frame), or a new one made by
    `work`.

    `own` and `beside` give what the work needs besides the files of a batch, and the files its part depends on too, by
    its number. What was skipped is recorded.
    """
    numbers = range(len(batches))
    known = list(ahead(lambda number: recorder.known(number, root, batches[number], beside(number)), numbers))
    tasks = [Task(batches[each], recorder.path_of(each), own(each)) for each in numbers if known[each] is None]
    answers = answers_of(work, tasks, executor, step)
    for batch, before in zip(batches, known, strict=True):
        if before is None:
            part = next(answers)
        else:
            step(len(batch))
            notes = Counter({(what, of): count for what, of, count in before["notes"]})
            part = Part(None, before["answered"], [(name, reason) for name, reason in before["skipped"]], notes)
        recorder.skipped += part.skipped
        yield part
    next(answers, None)  # which lets it say what the executor lost


def answers_of(
    work: Callable[..., Answer], tasks: Sequence[Task], executor: Executor | None, step: Step | None = None
) -> Iterator[Answer]:
    """What `work` makes of each task, in order; `step` counts files, one by one in this process, task by task from an
    executor.

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
