"""evaluate(): a folder of released files against an answer key.

Files are taken in batches; each batch is judged by one pure function, here or in the workers of an executor. The
official script judges up to 50 files together and calls an attribute absent only if all of them lack it, so that its
verdicts depend on the number of processes. Here every file is judged alone: the result is always the same.
"""

from __future__ import annotations

import gc
import hashlib
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple
from uuid import uuid4

import numpy as np
import pandas as pd

from .. import tags
from ..actions import ACTIONS, PIXELS, REGIONS, RULES, named
from ..answers import published as keys
from ..checks import Context
from ..dates import fits, shifts, usual_shifts
from ..files import runs
from ..files.threads import ahead
from ..folders import Submission, folder_of
from ..frames import REMOVED, RESULTS, STATES, concat, encode, tidy
from ..progress import counting
from ..text import FAIL, PASS, Outcome, blank, lost
from . import released as files_of

_BATCH = 64  # files judged at a time: enough to make a task worth its overhead, little enough to hold in memory

ReadText = Callable[[Any], str]
Step = Callable[[int], None]


def evaluate(
    released: Any,
    key: Any,
    *,
    uids: Any = None,
    patients: Any = None,
    name: str | None = None,
    rules: str = "official",
    executor: Executor | None = None,
    read_text: ReadText | str | None = "auto",
    original: str | Path | None = None,
    out: str | Path | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """The verdict on every check of a key for one folder of released files.

    Parameters
    ----------
    released
        The folder, or a `Submission` (folder, uids, patients), which brings its own mappings.
    key
        The answer key: a path (either layout) or an answers frame. In a key of one's own an attribute may be written
        in any way that means one attribute (``0010,0010``, ``PatientName``); a check that names none is refused.
    uids, patients
        Old → new UIDs and patient IDs: a path of a mapping CSV, a dict, a Series or a frame. A tool that wrote none:
        ``pair_folders``.
    name
        Name of the submission; the folder's by default.
    rules
        ``"official"``: the verdicts of the official script, row by row. ``"strict"``: our own, which ask for whole
        words, for valid dates that are shifted by one number of days for each patient (any number: the key's is
        secret), and for new, valid, consistent UIDs.
    executor
        Any `concurrent.futures.Executor` to judge batches in (a Dask cluster's is ``client.get_executor()``). It gets
        paths, not data, where the key and the mappings are given as paths. It is not shut down.
    read_text
        What reads burned-in text: ``"auto"`` for the installed engine; a callable that takes an image array, the
        official crop, and gives its text; None for none, which leaves the checks of hidden pixels blank. The installed
        engine also sees what is around the box (see ``midi_nb.engine.recognition.text_in``), since text that touches
        the edge of an image is often not read.
    original
        Folder of the original files. A region that passes is then read in the original too: if the text cannot be read
        there either, the pass proves nothing. Under official rules it stays a pass, with an `error` that says so and a
        finding of ``audit``; under strict rules it is blank. Under strict rules a region also fails if its text is
        measurably still in the pixels, whatever the text recognition says. Checks about an attribute that none of the
        originals asked about has are counted in a warning: a typing error in a key looks so.
    out
        Folder to keep the run in. It is written as the evaluation goes; a second call with the same arguments goes on
        where an interrupted one stopped.
    progress
        Whether to show a line that says how many files are judged.

    Returns
    -------
    DataFrame
        The columns of ``midi_nb.frames.RESULTS``, one row per check, in the order of the files and of the key, the
        instances without a file last. ``results.attrs["skipped"]`` lists the files that answered nothing and why,
        ``results.attrs["released"]`` is the folder that ``file`` is relative to.

    Examples
    --------
    >>> import midi_nb as mn
    >>> demo = mn.make_demo()
    >>> results = mn.evaluate(demo.submissions["reference"], demo.key, progress=False)
    >>> bool((results["verdict"] == "passed").all())
    True
    """
    if out is not None:
        evaluate_run(
            released,
            key,
            out,
            uids=uids,
            patients=patients,
            name=name,
            rules=rules,
            executor=executor,
            read_text=read_text,
            original=original,
            progress=progress,
        )
        results = runs.read_run(Path(out))
        results.attrs["released"] = str(folder_of(released))
        return results
    job = _job(released, key, uids, patients, name, rules, executor, read_text, original)
    kept = runs.Recorder(None, {})
    parts = list(_parts(job, executor, progress, kept))
    results = concat([part.frame for part in parts if part.frame is not None])
    if rules == "strict":
        results = _with_one_shift(results, usual_shifts([shifts(results)]))
    _warn_of_unread([results])
    results.attrs["skipped"] = kept.skipped
    results.attrs["released"] = str(job.folder)
    return results


def evaluate_run(
    released: Any,
    key: Any,
    out: str | Path,
    *,
    uids: Any = None,
    patients: Any = None,
    name: str | None = None,
    rules: str = "official",
    executor: Executor | None = None,
    read_text: ReadText | str | None = "auto",
    original: str | Path | None = None,
    progress: bool = True,
) -> Path:
    """The folder `out` with the verdicts, for submissions whose results do not fit in memory.

    As `evaluate` with ``out=``, but nothing larger than a batch is ever held: workers write the parts themselves.
    ``tally(read_parts(out))`` counts them, ``read_results(out)`` reads them.

    Examples
    --------
    >>> import tempfile, midi_nb as mn
    >>> demo = mn.make_demo()
    >>> run = mn.evaluate_run(demo.submissions["reference"], demo.key, tempfile.mkdtemp(), progress=False)
    >>> int(mn.score(mn.tally(mn.read_parts(run)))["failed"].sum())
    0
    """
    job = _job(released, key, uids, patients, name, rules, executor, read_text, original)
    with runs.Recorder(out, job.provenance()) as recorder:
        for _ in _parts(job, executor, progress, recorder):
            pass
        if rules == "strict":
            usual = usual_shifts(shifts(frame) for _, frame in recorder.parts())
            for path, frame in recorder.parts():
                runs.write_part(_with_one_shift(frame, usual), path, runs.about(path))
        _warn_of_unread(recorder.columns("action", "verdict", "error"))
    return Path(out)


class _Task(NamedTuple):
    """One batch: files, or instances that no file answers; and where its part goes, if it is kept."""

    paths: Sequence[Path]
    missing: Sequence[str]
    part: Path | None


class _Part(NamedTuple):
    """The answer of one batch; its frame is None where the worker has written it.

    `notes` count what a warning is to say of checks and files: (what, attribute) → how many.
    """

    frame: pd.DataFrame | None
    answered: Sequence[str]
    skipped: Sequence[tuple[str, str]]
    notes: Counter[tuple[str, str]]


@dataclass(frozen=True, eq=False)
class _Job:
    """What every batch needs to know: small, and sent with each as it was given."""

    folder: Path
    key: Any
    uids: Any
    patients: Any
    name: str
    rules: str
    read_text: ReadText | str | None
    originals: Path | None
    token: str = field(default_factory=lambda: uuid4().hex)

    @cached_property
    def judge(self) -> _Judge:
        """The job made ready: a worker reads the files of key and mappings itself, it is not sent them."""
        return _judge(self)

    def __reduce__(self) -> Any:
        return _arrived, tuple(getattr(self, each.name) for each in fields(self))

    def provenance(self) -> dict[str, Any]:
        """What must be the same for two parts to belong to one run."""
        return {
            "submission": self.name,
            "rules": self.rules,
            "text_recognition": _reader_told(self.judge.read_text),
            "key": runs.digest(self.key),
            "uids": runs.digest(self.uids),
            "patients": runs.digest(self.patients),
            "original": self.originals and _listing(self.originals),
            **runs.versions(),
        }


#: The jobs whose batches this process was sent, the latest two.
_jobs: dict[str, _Job] = {}


def _arrived(*given: Any) -> _Job:
    """A job in a worker: the same one for each of its batches, so that it is made ready once."""
    job = _Job(*given)
    while len(_jobs) > 1 and job.token not in _jobs:
        _jobs.pop(next(iter(_jobs)), None)
    return _jobs.setdefault(job.token, job)


def _reader_told(reader: Any) -> str | None:
    """What tells one text reader from another, in this process and the next."""
    code = getattr(reader, "__code__", None)
    if code is not None:
        return f"{reader.__qualname__} {hashlib.sha256(repr(_body(code)).encode()).hexdigest()[:16]}"
    return None if reader is None else str(getattr(reader, "name", type(reader).__qualname__))


def _body(code: CodeType) -> list[Any]:
    parts = (
        _body(part) if isinstance(part, CodeType) else sorted(map(repr, part)) if isinstance(part, frozenset) else part
        for part in code.co_consts
    )
    return [code.co_code.hex(), code.co_names, *parts]


def _listing(folder: Path) -> str:
    """A digest of what files there are, by name and size."""
    files = [(path.relative_to(folder).as_posix(), path.stat().st_size) for path in files_of.files_below(folder)]
    return hashlib.sha256(repr(files).encode("utf-8", "backslashreplace")).hexdigest()[:32]


def _job(
    released: Any,
    key: Any,
    uids: Any,
    patients: Any,
    name: Any,
    rules: str,
    executor: Any,
    read_text: Any,
    original: Any,
) -> _Job:
    if rules not in RULES:
        raise ValueError(f"rules must be one of {', '.join(RULES)}, got {rules!r}.")
    if executor is not None and not isinstance(executor, Executor):
        raise TypeError(
            "executor must be a concurrent.futures.Executor (for a dask Client pass client.get_executor()), "
            f"got {type(executor).__name__}."
        )
    if isinstance(released, Submission):
        uids = released.uids if uids is None else uids
        patients = released.patients if patients is None else patients
    folder = folder_of(released)
    if uids is None:
        raise ValueError(
            "evaluate() needs to know where the UIDs went: uids='uid_mapping.csv' (columns id_old,id_new); "
            "for a tool that wrote none, pair_folders(released, original).uids."
        )
    if not isinstance(key, str | Path | pd.DataFrame):
        raise TypeError(f"key must be a path or an answers frame, got {type(key).__name__}.")
    job = _Job(
        folder,
        key if isinstance(key, pd.DataFrame) else Path(key),
        _mapping(uids),
        _mapping(patients),
        name or folder.resolve().name,
        rules,
        read_text,
        None if original is None else folder_of(original, "original"),
    )
    _ = job.judge  # wrong files are told before anything is read
    return job


def _mapping(given: Any) -> Any:
    return Path(given) if isinstance(given, str | Path) else given if given is None else keys.as_mapping(given)


class _Judge(NamedTuple):
    """A job made ready to judge: the key opened, the mappings as dicts."""

    key: Any
    uids: dict[str, str]
    olds: dict[str, str]
    patients: dict[str, str] | None
    read_text: ReadText | None
    why_unread: str
    originals: dict[str, Path] | None
    found: set[str]  # paths of attributes that were seen in an original
    rules: str


def _judge(job: _Job) -> _Judge:
    uids = keys.as_mapping(job.uids).to_dict()
    olds = {new: old for old, new in uids.items()}  # of two old UIDs on one new one, officially the later counts
    patients = None if job.patients is None else keys.as_mapping(job.patients).to_dict()
    reader, why = _reader(job.read_text)
    return _Judge(
        keys.open_key(job.key, job.rules == "strict", lambda: _everyone(job, olds, patients or {})),
        uids,
        olds,
        patients,
        reader,
        why,
        None if job.originals is None else files_of.by_instance(job.originals),
        set(),
        job.rules,
    )


_WHO = ("SOPInstanceUID", "PatientID", "StudyInstanceUID", "SeriesInstanceUID", "Modality", "SOPClassUID")


def _everyone(job: _Job, olds: Mapping[str, str], patients: Mapping[str, str]) -> dict[str, keys.Instance]:
    """The instances there are, by their old UID: the originals, or what the mappings say of the released files."""
    released = job.originals is None
    patients = {new: old for old, new in patients.items()}
    found: dict[str, keys.Instance] = {}
    for _, (uid, *who, modality, sop_class) in files_of.identifiers(job.originals or job.folder, *_WHO):
        patient, study, series, instance = (
            (names.get(one) if released else one) or None
            for names, one in zip((patients, olds, olds, olds), (*who, uid), strict=True)
        )
        if instance:
            found[instance] = keys.Instance(patient, study, series, instance, modality or None, sop_class or None)
    return found


def _reader(read_text: Any) -> tuple[ReadText | None, str]:
    from .recognition import reader

    found = reader(read_text)
    return found, _NO_READER if read_text is not None else _NOT_WANTED


_NO_READER = "no text recognition is installed: pip install 'midi_nb[ocr]', or pass read_text"
_NOT_WANTED = "no text recognition: read_text is None"


def _parts(job: _Job, executor: Executor | None, progress: bool, recorder: runs.Recorder) -> Iterator[_Part]:
    """The parts of the results, in order: those of the files, then those of the instances no file answered."""
    paths = list(files_of.files_below(job.folder))
    batches = [paths[start : start + _BATCH] for start in range(0, len(paths), _BATCH)]
    tasks, answered, notes = [], set(), Counter[tuple[str, str]]()
    with counting(len(paths), "file", "judged", progress) as step:
        known = ahead(lambda number: recorder.known(number, job.folder, batches[number]), range(len(batches)))
        for number, (batch, told) in enumerate(zip(batches, known, strict=True)):
            if told is None:
                tasks.append(_Task(batch, (), recorder.path_of(number)))
                continue
            answered.update(told["answered"])
            recorder.skipped += [(name, reason) for name, reason in told["skipped"]]
            notes.update({(what, tag_path): count for what, tag_path, count in told.get("notes", ())})
            step(len(batch))
        for part in _gathered(job, tasks, executor, step):
            answered.update(part.answered)
            recorder.skipped += part.skipped
            notes.update(part.notes)
            yield part
    missing = [uid for uid in job.judge.key.instances if uid not in answered]
    starts = range(0, max(len(missing), 1), _BATCH)
    recorder.forget(len(batches), len(starts))
    tasks = [
        _Task((), missing[start : start + _BATCH], recorder.path_of(len(batches) + number))
        for number, start in enumerate(starts)
    ]
    for part in _gathered(job, tasks, executor):
        recorder.skipped += part.skipped
        notes.update(part.notes)
        yield part
    for text in _warnings(recorder.skipped, bool(answered), notes):
        warnings.warn(text, stacklevel=3)


def _gathered(
    job: _Job, tasks: Sequence[_Task], executor: Executor | None, step: Step | None = None
) -> Iterator[_Part]:
    """The parts in the order of the tasks; `step` counts their files: one by one here, by batches from an executor."""
    if executor is None:
        yield from (_judged(job, task, step) for task in tasks)
        return
    futures = [_submitted(executor, job, task) for task in tasks]
    failures: Counter[str] = Counter()
    try:
        for i, task in enumerate(tasks):
            try:
                part = futures[i].result()
                if step is not None:
                    step(len(task.paths))
            except Exception as error:  # a worker died or lost its batch: it is judged here, nothing is lost
                failures[type(error).__name__] += 1
                part = _judged(job, task, step)
            futures[i] = None  # type: ignore[call-overload]  # an answer that was passed on is not kept
            yield part
    finally:
        for future in futures:
            if future is not None:
                future.cancel()
    if failures:
        kinds = ", ".join(f"{count} {kind}" for kind, count in failures.items())
        warnings.warn(f"The executor failed on some batches ({kinds}); they were judged in this process.", stacklevel=4)


def _submitted(executor: Executor, job: _Job, task: _Task) -> Future[_Part]:
    try:
        return executor.submit(_judged, job, task)
    except Exception as error:  # a pool with a dead worker takes no more
        failed: Future[_Part] = Future()
        failed.set_exception(error)
        return failed


def _judged(job: _Job, task: _Task, step: Step | None = None) -> _Part:
    """The verdicts of one batch: what an executor runs."""
    with files_of.quiet(), _uncollected(), job.judge.key.reading() as checks_of:
        if task.paths:
            table, answered, skipped = _judged_files(job, _each(task.paths, step), checks_of)
        else:
            table, answered, skipped = _judged_missing(job, task.missing, checks_of), [], []
        with suppress(IndexError):  # batches in other threads take their notes off the same list
            while True:
                skipped.append(job.judge.key.skipped.pop(0))
        frame = table.frame()
    if task.part is None:
        return _Part(frame, answered, skipped, table.notes)
    runs.write_part(frame, task.part, runs.told(job.folder, task.paths, answered, skipped, table.notes))
    return _Part(None, answered, skipped, table.notes)


def _each(paths: Sequence[Path], step: Step | None) -> Iterator[Path]:
    """The paths, each counted by `step` when the next one is asked for."""
    for path in paths:
        yield path
        if step is not None:
            step(1)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Puts off garbage collection: a batch makes a million small objects and no cycles, and looking at them all again
    and again would take a fifth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _Row(NamedTuple):
    """What all checks of one file share."""

    submission: str
    patient: str | None
    study: str | None
    series: str | None
    instance: str
    released_patient: str | None
    released_study: str | None
    released_series: str | None
    released: str | None
    modality: str | None
    sop_class: str | None
    file: str | None


ChecksOf = Callable[[str], list[keys.Check]]


def _judged_files(
    job: _Job, paths: Iterable[Path], checks_of: ChecksOf
) -> tuple[_Table, list[str], list[tuple[str, str]]]:
    """(verdicts, instances answered, files skipped and why) of some files."""
    judge, table = job.judge, _Table()
    answered: list[str] = []
    skipped: list[tuple[str, str]] = []
    for path in paths:
        name = path.relative_to(job.folder).as_posix()
        try:
            file = files_of.read(path)
            table.notes.update((_LACKING, tags.name(path) or path) for path in file.lacking)
            old = _old_instance(file, judge)
        except files_of.Unreadable as reason:
            skipped.append((name, str(reason)))
            continue
        answered.append(old)
        row, checks = _row(job, judge.key.instances[old], file, name), checks_of(old)
        _judge_file(table, row, checks, file, judge)
        table.notes.update(_not_in_original(checks, old, judge))
    return table, answered, skipped


def _old_instance(file: files_of.Released, judge: _Judge) -> str:
    uid = _identifier(file, "SOPInstanceUID")
    if not uid:
        raise files_of.Unreadable("no SOP Instance UID")
    if uid not in judge.olds:
        raise files_of.Unreadable("its SOP Instance UID is not among the new UIDs of the mapping")
    if judge.olds[uid] not in judge.key.instances:
        raise files_of.Unreadable("the key has no checks for its instance")
    return judge.olds[uid]


def _row(job: _Job, who: keys.Instance, file: files_of.Released, name: str) -> _Row:
    return _Row(
        job.name,
        who.patient,
        who.study,
        who.series,
        who.instance,
        _identifier(file, "PatientID"),
        _identifier(file, "StudyInstanceUID"),
        _identifier(file, "SeriesInstanceUID"),
        _identifier(file, "SOPInstanceUID"),
        who.modality if (modality := _identifier(file, "Modality")) is None else modality,
        who.sop_class if (sop_class := _identifier(file, "SOPClassUID")) is None else sop_class,
        name,
    )


def _identifier(file: files_of.Released, keyword: str) -> str | None:
    """The text of an attribute that a row is told by, its blanks kept as officially; None if it is absent or broken."""
    try:
        return str(file.dataset[keyword].value)
    except Exception:  # pydicom raises many kinds on broken values, and the other checks of the file stand
        return None


def _judge_file(table: _Table, row: _Row, checks: Sequence[keys.Check], file: Any, judge: _Judge) -> None:
    context = Context(judge.uids, judge.patients)
    original = None if judge.originals is None else _Original(judge.originals.get(row.instance))
    looks = {name: _LOOK.get(action.about, _attribute) for name, action in ACTIONS.items()}

    def judged(check: keys.Check) -> tuple[keys.Check, Any, Outcome]:
        """(check, text, outcome) of one check."""
        name = check.spec.action
        if name not in looks:
            return check, _UNSEEN, lost(check.error or _NO_ACTION)
        try:
            if check.error:
                raise _NoRow(check.error)
            text = looks[name](file, check, judge)
            outcome = getattr(ACTIONS[name], judge.rules)(text, check, context)
            if original is not None and outcome.verdict == "passed" and name in REGIONS:
                outcome = _controlled(file, check, original, judge)
        except _NoRow as reason:
            text, outcome = _UNSEEN, lost(str(reason))
        except _NotJudged as reason:
            text, outcome = _UNREAD, blank(str(reason))
        except Exception as error:  # whatever a broken file holds, its other checks stand
            text, outcome = _UNSEEN, blank(f"the check failed ({type(error).__name__})")
        if name in _REMOVED and text == REMOVED:
            text = ""
        elif name in _DIGESTS and check.expected is not None:
            check = check._replace(original=check.expected)  # officially the key's digest takes the place of the value
        return check, text, outcome

    for check in checks:
        if check.spec.source == keys.WORKSHOP and (places := _places(check, file)):
            table.add(row, *_decisive([judged(place) for place in places]))
        else:
            table.add(row, *judged(check))


def _places(check: keys.Check, file: files_of.Released) -> list[keys.Check]:
    """A check of the workshop's layout at each place in sequences where its attribute stands, if it is only there."""
    path = check.spec.tag_path
    if path is None or check.spec.action not in _ATTRIBUTES or _stands(file, path):
        return []
    return [check._replace(spec=check.spec._replace(tag_path=place)) for place in file.nested(path)]


def _decisive(judged: Sequence[tuple[keys.Check, Any, Outcome]]) -> tuple[keys.Check, Any, Outcome]:
    """The place that decides: what a missing file fails must be right somewhere, all else everywhere."""
    kept = ACTIONS[str(judged[0][0].spec.action)].missing == FAIL
    return next((place for place in judged if place[2].verdict == ("passed" if kept else "failed")), judged[0])


def _stands(file: files_of.Released, path: str) -> bool:
    """Whether the attribute is there, broken or not."""
    try:
        return file.text(path) is not None
    except Exception:  # pydicom raises many kinds on broken values
        return True


_NO_ACTION = "the key's action is none of the ten"


class _NotJudged(Exception):
    """A check that this installation cannot judge; its text is the reason."""


class _NoRow(Exception):
    """A check for which the official script writes no row; its text is the reason."""


def _attribute(file: files_of.Released, check: keys.Check, judge: _Judge) -> str | None:
    return file.text(check.spec.tag_path) if check.spec.tag_path else None


def _digest(file: files_of.Released, check: keys.Check, judge: _Judge) -> str | None:
    return file.digest


def _recognised(file: files_of.Released | _Original, check: keys.Check, judge: _Judge) -> str | None:
    """The text recognised in the region of `check`, in any of its frames."""
    from .pixels import NotInstalled
    from .recognition import text_in

    if check.expected is None or check.box is None:
        raise _NoRow("the key has no text or no region")
    if judge.read_text is None:
        raise _NotJudged(judge.why_unread)
    try:
        return text_in(file.dataset, check.box, judge.read_text, stored=judge.rules == "official")
    except NotInstalled as reason:
        raise _NotJudged(str(reason)) from None
    except files_of.Unreadable as reason:
        raise _NoRow(str(reason)) from None


#: Where a check looks that is about no attribute.
_LOOK: dict[str, Callable[[files_of.Released, keys.Check, _Judge], str | None]] = {
    "pixels": _digest,
    "region": _recognised,
}
_ATTRIBUTES = ACTIONS.keys() - set(PIXELS)
_REMOVED, _DIGESTS = named("remove", about=["text"]), named("pixels")


class _Original:
    """The original of a released file, read once and only if it is asked for."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    @cached_property
    def dataset(self) -> Any:
        if self._path is None:
            raise files_of.Unreadable("there is no original")
        return files_of.read(self._path).dataset


def _controlled(file: files_of.Released, check: keys.Check, original: _Original, judge: _Judge) -> Outcome:
    """The outcome of a region that passed, once its original was looked at too.

    Where the original passes as well, text recognition is blind to this text or the key's box is beside it: officially
    the pass stands, with a note, strictly nothing can be decided.
    """
    try:
        if judge.rules == "strict" and (left := _legible(file, check, original)):
            return FAIL._replace(score=1 - left)
        before = _recognised(original, check, judge)
    except Exception:  # whatever is wrong with the original, it proves nothing about the released file
        before = None
    if ACTIONS[str(check.spec.action)].official(before, check, Context({}, None)).verdict == "failed":
        return PASS
    return blank(_UNPROVEN) if judge.rules == "strict" else PASS._replace(error=_UNPROVEN)


#: Why a region that passed proves nothing: of all passes the only one that comes with a reason.
_UNPROVEN = "the text could not be read in the original: that nothing is read here proves nothing"


def _legible(file: files_of.Released, check: keys.Check, original: _Original) -> float:
    """How much of the burned-in text is measurably legible in any frame, whatever is read; 0 if next to none."""
    from . import pixels

    assert check.box is not None  # the region of the released file was read
    images = [pixels.in_frames(each.dataset, check.box) for each in (original, file)]
    pairs = [pair for pair in zip(*images, strict=False) if pair[0].shape == pair[1].shape]
    left = max((float(np.nan_to_num(pixels.legible(*pair))) for pair in pairs), default=0.0)
    return left if left > pixels.LEGIBLE else 0.0


def _judged_missing(job: _Job, uids: Sequence[str], checks_of: ChecksOf) -> _Table:
    """The verdicts of instances that no file answers."""
    judge, table = job.judge, _Table()
    for uid in uids:
        who = judge.key.instances[uid]
        ids = (who.patient, who.study, who.series, who.instance)
        row = _Row(job.name, *ids, None, None, None, None, who.modality, who.sop_class, None)
        checks = checks_of(uid)
        for check in checks:
            action = ACTIONS.get(check.spec.action or "")
            outcome = action.missing if action else lost(check.error or _NO_ACTION)
            table.add(row, check, _MISSING, outcome)
        table.notes.update(_not_in_original(checks, uid, judge))
    return table


#: What a note is about, besides the doubts of `keys`: an attribute of files or of checks.
_LACKING, _ABSENT, _FOUND = "lacking", "in no original", "in an original"


def _passes_absent(check: keys.Check) -> bool:
    """Whether the check passes where its attribute is absent: a typing error in its path would go unseen."""
    action = ACTIONS.get(check.spec.action or "")
    return action is not None and action.official(None, check, Context({}, {})) is PASS


def _not_in_original(checks: Sequence[keys.Check], uid: str, judge: _Judge) -> Counter[tuple[str, str]]:
    """How many checks of an instance pass only because its original never had their attribute, by attribute.

    Attributes that an earlier original had do not matter; those this one has are named, for batches elsewhere.
    """
    asked = Counter(
        (check.spec.tag_path or "", check.spec.source == keys.WORKSHOP)
        for check in checks
        if check.doubt in (None, keys.UNOFFICIAL) and check.spec.action not in PIXELS
        if (check.original or check.expected) and _passes_absent(check)
        if check.spec.tag_path not in judge.found
    )
    path = (judge.originals or {}).get(uid)
    if not asked or path is None:
        return Counter()
    try:
        original = files_of.read(path)
    except files_of.Unreadable:
        return Counter()
    there = {
        path
        for path, anywhere in asked
        if _stands(original, path) or original.spelled(path) or (anywhere and original.nested(path))
    }
    judge.found.update(there)
    absent = {(_ABSENT, path): count for (path, _), count in asked.items() if path not in there}
    return Counter({**absent, **{(_FOUND, path): 1 for path in there}})


_MISSING: Any = object()  # in place of a text: there is no file
_UNSEEN: Any = object()  # there is one, but nothing can be said of what it holds
_UNREAD: Any = object()  # there is one, but it cannot be read here


class _Table:
    """Verdicts as they are made, and the frame of them."""

    def __init__(self) -> None:
        self._verdicts: list[tuple[_Row, keys.Check, Any, Outcome]] = []
        self.notes: Counter[tuple[str, str]] = Counter()  # (what there is to say of checks, path) → checks

    def add(self, row: _Row, check: keys.Check, text: Any, outcome: Outcome) -> None:
        if check.doubt:
            self.notes[check.doubt, check.spec.tag_path or ""] += 1
        self._verdicts.append((row, check, text, outcome))

    def frame(self) -> pd.DataFrame:
        if not self._verdicts:
            return tidy({}, RESULTS, 0)
        rows, checks, told, outcomes = zip(*self._verdicts, strict=True)
        texts = encode([text if isinstance(text, str) else None for text in told])
        columns = {
            **keys.shared_columns(_Row._fields, rows),
            **keys.check_columns(checks),
            **keys.shared_columns(Outcome._fields, outcomes),
            "actual": texts,
            "state": _states(texts, told),
        }
        return tidy(columns, RESULTS, len(rows))


def _states(texts: pd.Categorical, told: Sequence[Any]) -> pd.Categorical:
    kinds = (_MISSING, _UNREAD, _UNSEEN)
    missing, unread, unseen = (np.array([text is kind for text in told], dtype=bool) for kind in kinds)
    empty = np.isin(texts.codes, np.flatnonzero(texts.categories == ""))
    states = np.select(
        [missing, unread, unseen, texts.codes < 0, empty],
        [STATES.index("missing"), STATES.index("unread"), -1, STATES.index("absent"), STATES.index("empty")],
        STATES.index("value"),
    )
    return pd.Categorical.from_codes(states, dtype=RESULTS["state"])


def _with_one_shift(results: pd.DataFrame, usual: pd.Series) -> pd.DataFrame:
    """Strict results in which a date passes only with the usual shift of its patient.

    Each date is judged anew: an earlier call may have failed some for a shift that was not the usual one then.
    """
    dates = shifts(results)
    dates = dates[dates["was"] & results["actual"].notna().to_numpy()[dates.index]]
    passed = fits(dates, usual)
    verdict = results["verdict"].array.copy()  # that of a part read back from its file cannot be written to
    verdict[dates.index.to_numpy()] = np.where(passed, "passed", "failed")
    results["verdict"] = verdict
    results.loc[dates.index, "score"] = passed.astype("float64")
    return results


def _warn_of_unread(parts: Iterable[pd.DataFrame]) -> None:
    """One warning for each reason why checks of burned-in text are blank, or passed without a proof."""
    counts: Counter[tuple[str, str]] = Counter()
    for part in parts:
        noted = part[part["action"].isin(REGIONS) & part["error"].notna()]
        counts.update(zip(noted["verdict"], noted["error"], strict=True))
    for (verdict, reason), count in sorted(counts.items()):
        kind = {"blank": "Undecided (blank)", "passed": "Passed"}.get(verdict)
        if kind and reason != _NOT_WANTED:
            warnings.warn(f"{kind} checks of burned-in text: {count:,}; {reason}.", stacklevel=3)


def _warnings(
    skipped: Sequence[tuple[str, str]], answered: bool, notes: Mapping[tuple[str, str], int]
) -> Iterator[str]:
    """What is to be said of files left out, of those that officially end everything, and of odd checks of the key."""
    left = [entry for entry in skipped if not entry[1].startswith("not DICOM")]
    if not answered:
        yield f"No file of the submission answers the key: every instance counts as missing ({_counted(skipped)})."
    elif left:
        yield f"Left out: {_counted(left)}. results.attrs['skipped'] lists them."
    lacking, absent, odd = Counter[str](), Counter[str](), Counter[str]()
    for (what, name), count in notes.items():
        if what == _LACKING:
            lacking[name] = count
        elif what == _ABSENT and (_FOUND, name) not in notes:
            absent[name] = count
        elif what not in (_ABSENT, _FOUND):
            odd[what] += count
    if lacking:
        counts = ", ".join(f"{count} × {name}" for name, count in lacking.most_common())
        yield (
            f"The official script would write no result at all: files lack an attribute it needs ({counts}). "
            "Here they are judged; audit(results, released) names them."
        )
    if odd:
        yield "Odd checks in the key: " + "; ".join(f"{count:,} × {what}" for what, count in odd.items()) + "."
    if absent:
        yield (
            f"Checks about an attribute that no original file has: {absent.total():,} (attributes: {len(absent):,}, "
            f"the first {next(iter(absent))}). To remove or change it passes whatever a tool does."
        )


def _counted(skipped: Sequence[tuple[str, str]]) -> str:
    counts = Counter(reason for _, reason in skipped)
    return "; ".join(f"{count} × {reason}" for reason, count in counts.most_common(3)) or "the folder is empty"


__all__ = ["evaluate", "evaluate_run"]
