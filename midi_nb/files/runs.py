"""Our own run folder: Parquet parts and ``run.json``, written as an evaluation goes and read back whole.

A part lists the files it covers, with a digest of each. So an interrupted run continues where it stopped, also on
another machine, and a file that changed is evaluated again. A part gets its name only when it is complete.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import platform
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pandas as pd

from ..actions import ACTIONS
from ..coded import Column, coded, recode, tidy, utf8
from ..frames import CATEGORIES, MODALITIES, RESULTS, SCOPES, STATES, origin, require_columns, require_complete, scored
from .threads import ahead

RUN = "run.json"
PARTS = "parts"
SKIPPED = "skipped.csv"
_FORMAT = 2


def versions() -> dict[str, str]:
    """The versions that results depend on."""
    return {"midi_nb": _version("midi_nb"), "pydicom": _version("pydicom"), "nltk": _version("nltk")}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def digest(source: Any) -> str | None:
    """A digest of a file, key or mapping: of a file's bytes, of a frame's cells."""
    if source is None:
        return None
    if isinstance(source, str | Path):
        with open(source, "rb") as file:
            made = hashlib.file_digest(file, "sha256")
    else:
        made = hashlib.sha256(pd.util.hash_pandas_object(source).to_numpy().tobytes())
    return made.hexdigest()[:32]


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends well, and is gone if it does not."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise OSError(
            error.errno, f"{path} could not be written ({error.strerror}); what was there before is unchanged"
        ) from None
    finally:
        if temporary.exists():
            temporary.unlink()


class Recorder:
    """Keeps a run in a folder while it is made; without a folder it only remembers what was skipped.

    Batches are numbered, and the part of a batch counts as done if it names the files that are in the batch now.
    """

    def __init__(self, folder: str | Path | None, provenance: dict[str, Any]) -> None:
        self.folder = None if folder is None else Path(folder)
        self.provenance = provenance
        self.skipped: list[tuple[str, str]] = []

    def __enter__(self) -> Recorder:
        if self.folder is not None:
            self._check_folder(self.folder)
            for half in (self.folder / PARTS).glob(".part-*.tmp"):  # what a killed worker leaves
                half.unlink()
            self._write_run(self.folder, complete=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.folder is not None and kind is None:
            with replacing(self.folder / SKIPPED) as path, open(path, "w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([("file", "reason"), *map(_shown, self.skipped)])
            self._write_run(self.folder, complete=True, parts=len(self._paths()))

    def _check_folder(self, folder: Path) -> None:
        if folder.exists() and not folder.is_dir():
            raise ValueError(f"{folder} is a file; give a folder for the run.")
        if not folder.exists() or not any(folder.iterdir()):
            return
        if not (folder / RUN).is_file():
            raise ValueError(f"{folder} is not empty and holds no run of ours; give another folder.")
        before = _read_run(folder)
        if before.get("format") != _FORMAT:
            raise ValueError(f"{folder} holds a run of another version of midi_nb; give another folder, or delete it.")
        differing = [name for name, value in self.provenance.items() if before.get(name) != value]
        if differing:
            raise ValueError(
                f"{folder} holds a run with another {', '.join(differing)}; give another folder, or delete it."
            )

    def _write_run(self, folder: Path, complete: bool, **more: int) -> None:
        about = {"format": _FORMAT, "complete": complete, **self.provenance, "skipped": len(self.skipped), **more}
        with replacing(folder / RUN) as path:
            path.write_text(json.dumps(about, indent=2), encoding="utf-8")

    def path_of(self, number: int) -> Path | None:
        """Where the part of batch `number` goes."""
        return None if self.folder is None else self.folder / PARTS / f"part-{number:06d}.parquet"

    def known(
        self, number: int, root: Path, paths: Sequence[Path], beside: Sequence[Path] = ()
    ) -> dict[str, Any] | None:
        """The metadata of a batch's part, if it exists and is about exactly these files and those `beside` them."""
        path = self.path_of(number)
        if path is None or not path.is_file():
            return None
        try:
            before = about(path)
        except (OSError, ValueError):  # damaged since: it is made again
            return None
        same = before.get("files") == _digests(root, paths) and before.get("beside", []) == _contents(beside)
        return before if same else None

    def forget(self, batches: int, rest: int) -> None:
        """Remove parts that an earlier, interrupted call made and this one does not."""
        for path in self._paths():
            if int(path.stem.split("-")[1]) >= batches + rest:
                path.unlink()

    def parts(self) -> Iterator[tuple[Path, pd.DataFrame]]:
        """Path and frame of every part."""
        yield from ((path, read_parquet(path)) for path in self._paths())

    def columns(self, *names: str) -> Iterator[pd.DataFrame]:
        """Some columns of every part."""
        yield from (pd.read_parquet(path, columns=[*names]) for path in self._paths())

    def _paths(self) -> list[Path]:
        return [] if self.folder is None else sorted((self.folder / PARTS).glob("part-*.parquet"))


def _shown(entry: tuple[str, str]) -> tuple[str, str]:
    return utf8(entry[0]), entry[1]


def _digests(root: Path, paths: Sequence[Path]) -> list[list[str | None]]:
    return [[path.relative_to(root).as_posix(), _digest_of_file(path)] for path in paths]


def _digest_of_file(path: Path) -> str | None:
    try:
        return digest(path)
    except OSError:  # an unreadable file is counted where it is judged
        return None


def write_part(frame: pd.DataFrame, path: Path, about: dict[str, Any]) -> None:
    """Write one Parquet part with `about` in its metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False)
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type) and pa.types.is_null(field.type.value_type):
            table = table.set_column(place, field.name, pa.nulls(len(table), pa.string()))
    # Without the marks of Arrow's and pandas' categories texts are texts to every reader, also where there are none.
    texts = dict.fromkeys(frame.select_dtypes("category").columns, "str")
    plain = pa.Schema.from_pandas(frame.iloc[:0].astype(texts), preserve_index=False)
    metadata = {b"midi_nb": json.dumps(about).encode(), b"PANDAS_ATTRS": b"{}"}
    with (
        replacing(path) as temporary,
        pq.ParquetWriter(temporary, table.schema, compression="zstd", store_schema=False) as writer,
    ):
        writer.write_table(table)
        writer.add_key_value_metadata({**(plain.metadata or {}), **metadata})


def about(path: Path) -> dict[str, Any]:
    """The metadata of a part."""
    import pyarrow.parquet as pq

    return dict(json.loads((pq.read_schema(path).metadata or {}).get(b"midi_nb", b"{}")))


def _contents(paths: Sequence[Path]) -> list[str | None]:
    return [_digest_of_file(path) for path in paths]


def about_part(
    root: Path,
    paths: Sequence[Path],
    answered: Sequence[str],
    skipped: Sequence[Any],
    notes: Mapping[Any, int],
    beside: Sequence[Path] = (),
) -> dict[str, Any]:
    """The metadata of a part of these files."""
    return {
        "beside": _contents(beside),
        "files": _digests(root, paths),
        "answered": list(answered),
        "skipped": [list(map(str, entry)) for entry in skipped],
        "notes": [[*note, count] for note, count in notes.items()],
    }


def read_parts(folder: str | Path) -> Iterator[pd.DataFrame]:
    """The results of a run folder part by part: for runs that do not fit in memory.

    Examples
    --------
    >>> import tempfile
    >>> run = mn.evaluate_run(demo.submissions["reference"], demo.key, tempfile.mkdtemp(), progress=False)
    >>> scores = mn.score(mn.tally(mn.read_parts(run)), by="modality")
    """
    yield from map(read_parquet, parts_of(Path(folder)))


def read_parquet(*paths: Path, types: Mapping[str, Any] = RESULTS, verb: str = "read_results()") -> pd.DataFrame:
    """The rows of Parquet files of the same columns, one after another, in the columns of `types`; others are kept.

    A file at a time, and each text of it once: pandas would make every row of every file an object first.
    """
    if not paths:
        return tidy({}, types, 0)
    texts: dict[str, Column] = {}
    others: list[pd.DataFrame] = []
    names: list[str] = []
    rows = 0
    for path, table in zip(paths, ahead(_table, paths), strict=True):
        needed = [name for name in _NEEDED if name in types]
        require_columns(table.schema.empty_table().to_pandas(), needed, f"{verb}: {path}")
        rows += len(table)
        dictionaries = [field.name for field in table.schema if _is_coded(field.type)]
        if others and (table.column_names, dictionaries) != (names, list(texts)):
            raise ValueError(f"{path} has other columns than {paths[0].name}; is it of the same run?")
        names = table.column_names
        for name in dictionaries:
            column = table.column(name).combine_chunks()
            texts.setdefault(name, Column()).add(
                column.dictionary, column.indices.cast("int32").fill_null(-1).to_numpy()
            )
        others.append(table.drop_columns(dictionaries).to_pandas())
    other = pd.concat(others, ignore_index=True)
    columns = {name: other[name].array for name in other.columns}
    columns |= zip(texts, ahead(Column.encoded, texts.values()), strict=True)
    known = tidy(columns, types, rows)
    own = {name: column for name, column in columns.items() if name not in types}
    return pd.DataFrame({**dict(known.items()), **own}, copy=False)


_NEEDED = ("action", "verdict", "change", "tag_path")  # of the asked columns those that every file must have


def _table(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        texts = [field.name for field in pq.read_schema(path) if _is_text(field.type)]
        table = pq.read_table(path, read_dictionary=texts)
    except (OSError, pa.ArrowException) as error:
        raise ValueError(f"{path} is no readable Parquet file ({type(error).__name__}); was it copied whole?") from None
    return table


def _is_coded(kind: Any) -> bool:
    import pyarrow.types as types

    return types.is_dictionary(kind) and (_is_text(kind.value_type) or types.is_null(kind.value_type))


def _is_text(kind: Any) -> bool:
    import pyarrow.types as types

    return types.is_string(kind) or types.is_large_string(kind)


def _read_run(folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((folder / RUN).read_text("utf-8")))
    except (OSError, ValueError):
        raise ValueError(f"{folder / RUN} cannot be read; the folder holds a damaged run, give another one.") from None


def is_run(folder: Path) -> bool:
    """Whether `folder` is a run folder of ours."""
    return (folder / RUN).is_file()


def parts_of(folder: Path) -> list[Path]:
    """The parts of a finished run, of whatever verb; any other is refused with the remedy."""
    run = _read_run(folder)
    if run.get("format") != _FORMAT:
        raise ValueError(
            f"{folder} holds a run in format {run.get('format')}, this version reads {_FORMAT}; evaluate again."
        )
    if not run.get("complete"):
        raise ValueError(f"{folder} holds an unfinished run; the same call again, out={str(folder)!r}, finishes it.")
    parts = sorted((folder / PARTS).glob("part-*.parquet"))
    if len(parts) != run.get("parts", len(parts)):
        raise ValueError(f"{folder} holds {len(parts)} of {run['parts']} parts; was it copied whole?")
    return parts


def read_run(folder: Path) -> pd.DataFrame:
    """The results of a run folder of ours."""
    results = read_parquet(*parts_of(folder))
    results.attrs["skipped"] = skipped_of(folder)
    return results


def skipped_of(folder: Path) -> list[tuple[str, str]]:
    """The files that a run skipped, and why."""
    with open(folder / SKIPPED, newline="", encoding="utf-8") as file:
        return [(row["file"], row["reason"]) for row in csv.DictReader(file)]


def write_run(results: pd.DataFrame, folder: str | Path) -> Path:
    """Write `results` as a run folder that `read_results` reads; returns the folder.

    Examples
    --------
    >>> import tempfile
    >>> folder = mn.write_run(results, tempfile.mkdtemp())
    >>> len(mn.read_results(folder)) == len(results)
    True
    """
    require_columns(results, ["submission", "action", "verdict", "tag_path"], "write_run()")
    results = coded(results)
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} is not an empty folder; give another one, nothing is overwritten.")
    about = {"submission": list(results["submission"].cat.categories), **versions()}
    with Recorder(folder, about) as recorder:
        recorder.skipped = list(results.attrs.get("skipped", []))
        for start in range(0, max(len(results), 1), _ROWS):
            part = _without_unused(results.iloc[start : start + _ROWS].reset_index(drop=True))
            write_part(part, folder / PARTS / f"part-{start // _ROWS:06d}.parquet", {})
    return folder


_ROWS = 2_000_000


def _without_unused(rows: pd.DataFrame) -> pd.DataFrame:
    """`rows` without unused categories, which would be in the file all the same."""
    texts = rows.select_dtypes("category")
    open_ended = [name for name in texts if not isinstance(RESULTS.get(name), pd.CategoricalDtype)]
    return rows.assign(**{name: rows[name].cat.remove_unused_categories() for name in open_ended})


#: Texts that may stand in a published summary; others are counted as "other".
_PUBLIC = {
    "action": "|".join(ACTIONS),
    "scope": "|".join(SCOPES),
    "category": "|".join(CATEGORIES),
    "subcategory": r"(HIPAA|DICOM|TCIA)-[A-Z0-9/-]{1,20}",
    "modality": MODALITIES,
    "state": "|".join(STATES),
    "tag": r"\([0-9a-f]{3}[02468ace],[0-9a-f]{4}\)",
}


def write_summary(results: pd.DataFrame, path: str | Path) -> Path:
    """Write counts only, as JSON: no value, identifier or file name of the data. Returns the path.

    Checks are counted by action, category and subcategory, standard tag, scope, modality and state of the attribute. A
    text that is none of the standard's or the benchmark's own codes is counted as "other", a submission is a number.
    """
    require_complete(results, "write_summary()")
    require_columns(results, ["submission", "verdict", "score", *_PUBLIC], "write_summary()")
    results = coded(results)
    rows = results[scored(results)]
    public = pd.DataFrame({name: _public(rows[name], allowed) for name, allowed in _PUBLIC.items()})
    public["run"] = rows["submission"].cat.codes.to_numpy()
    public["verdict"] = rows["verdict"].astype(object).to_numpy()
    summary = {
        "made_with": {"python": platform.python_version(), **versions()},
        **({"key_derived_from": known} if (known := origin(results)) else {}),
        "not_scored": int(len(results) - len(rows)),
        "skipped_files": len(results.attrs.get("skipped", [])),
        "checks": _counts(public, []),
        **{f"by_{name}": _counts(public, [name]) for name in _PUBLIC if name != "category"},
        "by_category": _counts(public, ["category", "subcategory"]),
    }
    with replacing(Path(path)) as temporary:
        temporary.write_text(json.dumps(summary, indent=1), encoding="utf-8")
    return Path(path)


def _public(texts: pd.Series, allowed: str) -> Any:
    known = recode(texts, lambda text: text if re.fullmatch(allowed, text) else "other")
    return np.where(known.codes < 0, "none", np.asarray(known, dtype=object))


def _counts(rows: pd.DataFrame, by: list[str]) -> list[dict[str, Any]]:
    counts = rows.groupby(["run", *by, "verdict"]).size().unstack("verdict", fill_value=0)
    counts = counts.reindex(columns=["passed", "failed", "blank"], fill_value=0).reset_index()
    return [
        {name: getattr(value, "item", lambda v=value: v)() for name, value in row.items()}
        for row in counts.to_dict("records")
    ]


__all__ = ["Recorder", "digest", "read_parts", "read_run", "versions", "write_part", "write_run", "write_summary"]
