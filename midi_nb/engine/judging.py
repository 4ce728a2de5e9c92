"""evaluate(): a folder of released files against an answer key.

Files are taken in batches; each batch is judged by one pure function, here or in the workers of an executor. The
official script judges up to 50 files together and calls an attribute absent only if none of them has it, so that its
verdicts depend on the number of processes. Here every file is judged alone: the result is always the same.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..actions import REGIONS, RULES
from ..amounts import reasons
from ..answers import published as keys
from ..dates import fits, shifts, usual_shifts
from ..files import runs
from ..folders import folder_of, submission_of, warn_if_same
from ..frames import RESULTS
from ..progress import counting
from . import released as dicom_files
from .batches import (
    Job,
    Notes,
    Part,
    Step,
    Task,
    answers_of,
    counted,
    in_batches,
    kept,
    kept_or_made,
    require_executor,
    whole,
)
from .verdicts import (
    ABSENT,
    FOUND,
    JUDGED,
    LACKING,
    NO_READER,
    NOT_WANTED,
    Judge,
    ReadText,
    judged_files,
    judged_missing,
)


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
        the edge of an image is often not read. With `out`, a callable needs a ``name``, a new one whenever it changes.
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
        instances without a file last. ``results.attrs["skipped"]`` lists the files that answered nothing and why, and
        those that were judged but are cut off or not the only file of their instance. ``results.attrs["released"]`` is
        the folder that ``file`` is relative to.

    Examples
    --------
    >>> results = mn.evaluate(demo.submissions["reference"], demo.key, progress=False)
    >>> bool((results["verdict"] == "passed").all())
    True
    """
    job = _job(released, key, uids, patients, name, rules, executor, read_text, original)
    recorder = job.recorder(out)
    parts = list(_run(job, executor, progress, recorder))
    results = whole(parts, out, RESULTS)
    if out is None:  # else that is done part by part
        if rules == "strict":
            results = _with_one_shift(results, usual_shifts([shifts(results)]))
        _warn_of_unread([results], 3)
    results.attrs["skipped"] = recorder.skipped
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
    >>> import tempfile
    >>> run = mn.evaluate_run(demo.submissions["reference"], demo.key, tempfile.mkdtemp(), progress=False)
    >>> int(mn.score(mn.tally(mn.read_parts(run)))["failed"].sum())
    0
    """
    job = _job(released, key, uids, patients, name, rules, executor, read_text, original)
    for _ in _run(job, executor, progress, job.recorder(out)):
        pass
    return Path(out)


@dataclass(frozen=True, eq=False)
class _Job(Job):
    folder: Path
    key: Any
    uids: Any
    patients: Any
    name: str
    rules: str
    read_text: ReadText | str | None
    originals: Path | None

    @cached_property
    def judge(self) -> Judge:
        """The job made ready: a worker reads the files of key and mappings itself, it is not sent them."""
        uids = keys.as_mapping(self.uids).to_dict()
        olds = {new: old for old, new in uids.items()}  # of two old UIDs on one new one, officially the later counts
        patients = None if self.patients is None else keys.as_mapping(self.patients).to_dict()
        reader, why = _reader(self.read_text)
        return Judge(
            self.name,
            keys.open_key(self.key, self.rules == "strict", lambda: _everyone(self, olds, patients or {})),
            uids,
            olds,
            patients,
            reader,
            why,
            None if self.originals is None else dicom_files.by_instance(self.originals),
            set(),
            self.rules,
        )

    def recorder(self, out: str | Path | None) -> runs.Recorder:
        """Keeps the run in a folder, and knows what all parts of one run have in common."""
        if out is None:
            return runs.Recorder(None, {})
        provenance = {
            "submission": self.name,
            "rules": self.rules,
            "text_recognition": _name_of(self.judge.read_text),
            "key": runs.digest(self.key),
            "uids": runs.digest(self.uids),
            "patients": runs.digest(self.patients),
            "original": self.originals and dicom_files.listing(self.originals),
            **runs.versions(),
        }
        return runs.Recorder(out, provenance)


def _name_of(reader: ReadText | None) -> str | None:
    """The name of a text reader, the same in this process and the next."""
    name = getattr(reader, "name", None)
    if reader is not None and not isinstance(name, str):
        raise ValueError(
            "evaluate(out=…) continues a kept run only with the same text recognition: give yours a name, and a new "
            "one when you change it (read_text.name = 'mine 1')."
        )
    return name


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
    require_executor(executor)
    folder, uids, patients = submission_of(released, uids, patients)
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
        keys.sent_mapping(uids),
        keys.sent_mapping(patients),
        name or folder.resolve().name,
        rules,
        read_text,
        None if original is None else folder_of(original, "original"),
    )
    if job.originals is not None:
        warn_if_same(job.originals, folder)
    _ = job.judge  # wrong files are refused before anything is read
    return job


_WHO = ("SOPInstanceUID", "PatientID", "StudyInstanceUID", "SeriesInstanceUID", "Modality", "SOPClassUID")


def _everyone(job: _Job, olds: Mapping[str, str], patients: Mapping[str, str]) -> dict[str, keys.Instance]:
    """All instances by their original UID: those of the originals, or of the released files by the mappings."""
    released = job.originals is None
    patients = {new: old for old, new in patients.items()}
    found: dict[str, keys.Instance] = {}
    for _, (uid, *who, modality, sop_class) in dicom_files.identifiers(job.originals or job.folder, *_WHO):
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
    return found, NO_READER if read_text is not None else NOT_WANTED


def _run(job: _Job, executor: Executor | None, progress: bool, recorder: runs.Recorder) -> Iterator[Part]:
    """The parts of the results; parts kept on disk are finished here, one at a time."""
    with recorder:
        yield from _parts(job, executor, progress, recorder)
        if recorder.folder is not None and job.rules == "strict":
            usual = usual_shifts(shifts(frame) for _, frame in recorder.parts())
            for path, frame in recorder.parts():
                runs.write_part(_with_one_shift(frame, usual), path, runs.about(path))
        _warn_of_unread(recorder.columns("action", "verdict", "error"), 4)


def _parts(job: _Job, executor: Executor | None, progress: bool, recorder: runs.Recorder) -> Iterator[Part]:
    """The parts of the results, in order: those of the files, then those of the instances no file answered."""
    paths = list(dicom_files.files_below(job.folder))
    batches, answered, notes, work = in_batches(paths), Counter[str](), Notes(), partial(_judged, job)
    with counting(len(paths), "file", "judged", progress) as step:
        for part in kept_or_made(recorder, job.folder, batches, work, executor, step):
            answered.update(part.answered)
            notes.update(part.notes)
            yield part
    recorder.skipped += _repeated(job, {uid for uid, count in answered.items() if count > 1})
    missing = [uid for uid in job.judge.key.instances if uid not in answered]
    rest = in_batches(missing) or [[]]  # one at least: a run without files has a part too
    recorder.forget(len(batches), len(rest))
    tasks = [Task((), recorder.path_of(len(batches) + number), missing) for number, missing in enumerate(rest)]
    for part in answers_of(work, tasks, executor):
        recorder.skipped += part.skipped
        notes.update(part.notes)
        yield part
    for text in _warnings(recorder.skipped, bool(answered), notes):
        warnings.warn(text, stacklevel=4)


def _repeated(job: _Job, instances: Set[str]) -> Iterator[tuple[str, str]]:
    """The files of these instances, each of which has several files."""
    for path, (uid,) in dicom_files.identifiers(job.folder, "SOPInstanceUID") if instances else ():
        if job.judge.olds.get(uid) in instances:
            yield path.relative_to(job.folder).as_posix(), f"{JUDGED}it is not the only file of its instance"


def _judged(job: _Job, task: Task, step: Step | None = None) -> Part:
    """The verdicts of one batch: what an executor runs."""
    judge = job.judge
    with dicom_files.quiet(), judge.key.reading() as checks_of:
        if task.paths:
            table, answered, skipped = judged_files(judge, job.folder, counted(task.paths, step), checks_of)
        else:
            table, answered, skipped = judged_missing(judge, task.own, checks_of), [], []
        with suppress(IndexError):  # batches in other threads take their notes off the same list
            while True:
                skipped.append(judge.key.skipped.pop(0))
        frame = table.frame()
    return kept(Part(frame, answered, skipped, table.notes), task, job.folder)


def _with_one_shift(results: pd.DataFrame, usual: pd.Series) -> pd.DataFrame:
    """Strict results in which a date passes only with the usual shift of its patient.

    Each date is judged again: an earlier call, with fewer files, may have found another usual shift.
    """
    dates = shifts(results)
    dates = dates[dates["was"] & results["actual"].notna().to_numpy()[dates.index]]
    passed = fits(dates, usual)
    verdict = results["verdict"].array.copy()  # that of a part read back from its file cannot be written to
    verdict[dates.index.to_numpy()] = np.where(passed, "passed", "failed")
    results["verdict"] = verdict
    results.loc[dates.index, "score"] = passed.astype("float64")
    return results


def _warn_of_unread(parts: Iterable[pd.DataFrame], stacklevel: int) -> None:
    """One warning for each reason why checks of burned-in text are blank, or passed without a proof."""
    counts: Counter[tuple[str, str]] = Counter()
    for part in parts:
        noted = part[part["action"].isin(REGIONS) & part["error"].notna()]
        counts.update(zip(noted["verdict"], noted["error"], strict=True))
    for (verdict, reason), count in sorted(counts.items()):
        kind = {"blank": "Undecided (blank)", "passed": "Passed"}.get(verdict)
        if kind and reason != NOT_WANTED:
            warnings.warn(f"{kind} checks of burned-in text: {count:,}; {reason}.", stacklevel=stacklevel)


def _warnings(
    skipped: Sequence[tuple[str, str]], answered: bool, notes: Mapping[tuple[str, str], int]
) -> Iterator[str]:
    """The warnings about skipped files, files at which the official script would stop, and odd checks of the key."""
    odd_files = [(name, reason.removeprefix(JUDGED)) for name, reason in skipped if reason.startswith(JUDGED)]
    skipped = [entry for entry in skipped if not entry[1].startswith(JUDGED)]
    left = [entry for entry in skipped if not entry[1].startswith("not DICOM")]
    if not answered:
        yield f"No file of the submission answers the key: every instance counts as missing ({_reasons(skipped)})."
    elif left:
        yield f"Left out: {_reasons(left)}. results.attrs['skipped'] lists them."
    if odd_files:
        yield f"Judged, but: {_reasons(odd_files)}. results.attrs['skipped'] lists them."
    lacking, absent, odd = Counter[str](), Counter[str](), Counter[str]()
    for (what, name), count in notes.items():
        if what == LACKING:
            lacking[name] = count
        elif what == ABSENT and (FOUND, name) not in notes:
            absent[name] = count
        elif what not in (ABSENT, FOUND):
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


def _reasons(skipped: Sequence[tuple[str, str]]) -> str:
    return reasons((reason for _, reason in skipped), most=3) or "the folder is empty"


__all__ = ["evaluate", "evaluate_run"]
