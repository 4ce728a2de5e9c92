"""Our own run folder: Parquet parts and ``run.json``, written as an evaluation goes and read back whole.

A part names the files it answers, with size and time, so that an interrupted run goes on where it stopped and a file
that changed is judged again. Parts appear under their name only when whole.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import platform
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any

import pandas as pd

from ..frames import RESULTS, as_column, concat, require_columns, scored, tidy

RUN = "run.json"
PARTS = "parts"
SKIPPED = "skipped.csv"
_FORMAT = 1


def versions() -> dict[str, str]:
    """The versions that results depend on."""
    return {"midi_nb": _version("midi_nb"), "pydicom": _version("pydicom"), "nltk": _version("nltk")}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def digest(source: Any) -> str | None:
    """A digest that tells keys and mappings apart: of a file's bytes (samples of a large one), of a frame's cells."""
    if source is None:
        return None
    made = hashlib.blake2b(digest_size=16)
    if isinstance(source, str | Path):
        size = os.path.getsize(source)
        made.update(str(size).encode())
        with open(source, "rb") as file:
            for start in range(0, size, max(_SAMPLE, size // 256)):
                file.seek(start)
                made.update(file.read(_SAMPLE))
    else:
        made.update(pd.util.hash_pandas_object(source).to_numpy().tobytes())
    return made.hexdigest()


_SAMPLE = 1 << 18


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its place when the block ends well, and is gone if it does not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        raise OSError(
            error.errno, f"{path} could not be written ({error.strerror}); what was there before is unchanged"
        ) from None
    finally:
        temporary.unlink(missing_ok=True)


class Recorder:
    """Keeps a run in a folder while it is made; without a folder it only remembers what was skipped."""

    def __init__(self, folder: str | Path | None, provenance: dict[str, Any]) -> None:
        self.folder = None if folder is None else Path(folder)
        self.provenance = provenance
        self.skipped: list[tuple[str, str]] = []
        self.answered: list[str] = []
        self._number = 0

    def __enter__(self) -> Recorder:
        if self.folder is not None:
            self._check_folder(self.folder)
            self._write_run(complete=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.folder is not None and kind is None:
            with replacing(self.folder / SKIPPED) as path, open(path, "w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([("file", "reason"), *map(_shown, self.skipped)])
            self._write_run(complete=True)

    def _check_folder(self, folder: Path) -> None:
        if not folder.exists() or not any(folder.iterdir()):
            return
        if not (folder / RUN).is_file():
            raise ValueError(f"{folder} is not empty and holds no run of ours; give another folder.")
        before = _read_run(folder)
        differing = [name for name, value in self.provenance.items() if before.get(name) != value]
        if differing:
            raise ValueError(
                f"{folder} holds a run with another {', '.join(differing)}; give another folder, or delete it."
            )

    def _write_run(self, complete: bool) -> None:
        assert self.folder is not None
        with replacing(self.folder / RUN) as path:
            path.write_text(
                json.dumps(
                    {"format": _FORMAT, "complete": complete, **self.provenance, "skipped": len(self.skipped)}, indent=2
                ),
                encoding="utf-8",
            )

    def todo(self, root: Path, paths: Sequence[Path]) -> list[Path]:
        """The `paths` that no part answers yet; parts about files that changed or went are removed."""
        if self.folder is None:
            return list(paths)
        now = {stamp[0]: stamp for stamp in _stamps(root, paths)}
        done: set[str] = set()
        for part in sorted((self.folder / PARTS).glob("part-*.parquet")):
            told = _part_metadata(part)
            files = told.get("files", [])
            if not files or any(now.get(name) != [name, size, time] for name, size, time in files):
                part.unlink()  # missing instances are told anew each time, changed files are judged again
                continue
            done.update(name for name, _, _ in files)
            self.answered += told["answered"]
            self.skipped += [tuple(entry) for entry in told["skipped"]]
            self._number = max(self._number, int(part.stem.split("-")[1]) + 1)
        return [path for path in paths if path.relative_to(root).as_posix() not in done]

    def write(
        self,
        frame: pd.DataFrame,
        root: Path,
        paths: Sequence[Path],
        answered: list[str],
        skipped: list[tuple[str, str]],
    ) -> None:
        """Keep one part."""
        self.skipped += skipped
        if self.folder is not None:
            about = {"files": _stamps(root, paths), "answered": answered, "skipped": skipped}
            write_part(frame, self.folder / PARTS / f"part-{self._number:06d}.parquet", about)
            self._number += 1


def _shown(entry: tuple[str, str]) -> tuple[str, str]:
    return entry[0].encode("utf-8", "backslashreplace").decode(), entry[1]


def _stamps(root: Path, paths: Sequence[Path]) -> list[list[Any]]:
    found = []
    for path in paths:
        status = path.stat()
        found.append([path.relative_to(root).as_posix(), status.st_size, status.st_mtime_ns])
    return found


def write_part(frame: pd.DataFrame, path: Path, about: dict[str, Any]) -> None:
    """Write one Parquet part with `about` in its metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(frame, preserve_index=False)
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), b"midi_nb": json.dumps(about).encode()})
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def _part_metadata(path: Path) -> dict[str, Any]:
    import pyarrow.parquet as pq

    return dict(json.loads((pq.read_schema(path).metadata or {}).get(b"midi_nb", b"{}")))


def read_parts(folder: str | Path) -> pd.DataFrame:
    """The results of all parts of a run folder, in order."""
    parts = sorted(Path(folder, PARTS).glob("part-*.parquet"))
    return concat([read_parquet(part) for part in parts]) if parts else tidy({}, RESULTS, 0)


def read_parquet(path: str | Path) -> pd.DataFrame:
    """The results in one Parquet file; columns beyond those of results are kept."""
    try:
        frame = pd.read_parquet(path, engine="pyarrow")
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} is no readable Parquet file ({type(error).__name__}); was it copied whole?") from None
    require_columns(frame, ["action", "passed", "tag_path"], f"read_results(): {path}")
    columns = {
        name: as_column(frame[name].array, kind, len(frame))
        if name in frame.columns
        else as_column(None, kind, len(frame))
        for name, kind in RESULTS.items()
    }
    return pd.DataFrame({**columns, **{name: frame[name] for name in frame.columns if name not in columns}}, copy=False)


def _read_run(folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((folder / RUN).read_text("utf-8")))
    except (OSError, ValueError):
        raise ValueError(f"{folder / RUN} cannot be read; the folder holds a damaged run, give another one.") from None


def is_run(folder: Path) -> bool:
    """Whether `folder` is a run folder of ours."""
    return (folder / RUN).is_file()


def read_run(folder: Path) -> pd.DataFrame:
    """The results of a run folder of ours; an unfinished run is refused with the remedy."""
    about = _read_run(folder)
    if about.get("format") != _FORMAT:
        raise ValueError(
            f"{folder} holds a run in format {about.get('format')}, this version reads {_FORMAT}; evaluate again."
        )
    if not about.get("complete"):
        raise ValueError(f"{folder} holds an unfinished run; call evaluate(…, out={str(folder)!r}) again to finish it.")
    results = read_parts(folder)
    with open(folder / SKIPPED, newline="", encoding="utf-8") as file:
        results.attrs["skipped"] = [(row["file"], row["reason"]) for row in csv.DictReader(file)]
    return results


def write_run(results: pd.DataFrame, folder: str | Path) -> Path:
    """Write `results` as a run folder that `read_results` reads; returns the folder.

    Examples
    --------
    >>> import tempfile, midi_nb as mn
    >>> demo = mn.make_demo()
    >>> results = mn.evaluate(demo.submissions["reference"], demo.key, progress=False)
    >>> folder = mn.write_run(results, tempfile.mkdtemp())
    >>> len(mn.read_results(folder)) == len(results)
    True
    """
    require_columns(results, ["submission", "action", "passed", "tag_path"], "write_run()")
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ValueError(f"{folder} is not an empty folder; give another one, nothing is overwritten.")
    about = {"submission": list(results["submission"].cat.categories), **versions(), "rows": len(results)}
    with Recorder(folder, about) as recorder:
        recorder.skipped = list(results.attrs.get("skipped", []))
        for start in range(0, max(len(results), 1), _ROWS):
            part = results.iloc[start : start + _ROWS].reset_index(drop=True)
            write_part(part, folder / PARTS / f"part-{start // _ROWS:06d}.parquet", {})
    return folder


_ROWS = 2_000_000


def write_summary(results: pd.DataFrame, path: str | Path) -> Path:
    """Write counts only, as JSON: no value, identifier or file name of the data. Returns the path.

    The counts are per submission, action, category and subcategory, tag, scope and modality; private creators and
    attribute names are the key's own texts and are left out. Fit to be published.
    """
    require_columns(
        results,
        ["submission", "action", "passed", "category", "subcategory", "tag", "scope", "modality"],
        "write_summary()",
    )
    rows = results[scored(results)]
    summary = {
        "made_with": versions(),
        "python": platform.python_version(),
        "checks": _counts(rows, []),
        **{f"by_{name}": _counts(rows, [name]) for name in ("action", "scope", "modality")},
        "by_category": _counts(rows, ["category", "subcategory"]),
        "by_tag": _counts(rows[~rows["private"]], ["tag"]) + _private(rows),
        "by_state": _counts(rows, ["state"]),
        "not_scored": int(len(results) - len(rows)),
        "skipped_files": len(results.attrs.get("skipped", [])),
    }
    with replacing(Path(path)) as temporary:
        temporary.write_text(json.dumps(summary, indent=1), encoding="utf-8")
    return Path(path)


def _counts(rows: pd.DataFrame, by: list[str]) -> list[dict[str, Any]]:
    verdict = rows["passed"].astype("object").map({True: "passed", False: "failed"}).fillna("blank")
    keys = [
        rows["submission"].cat.codes.rename("run"),
        *(rows[name].astype("object").fillna("none") for name in by),
        verdict.rename("verdict"),
    ]
    counts = rows.groupby(keys, observed=True).size().unstack("verdict", fill_value=0)
    counts = counts.reindex(columns=["passed", "failed", "blank"], fill_value=0).reset_index()
    return [
        {name: value if isinstance(value, str) else int(value) for name, value in row.items()}
        for row in counts.to_dict("records")
    ]


def _private(rows: pd.DataFrame) -> list[dict[str, Any]]:
    return [{**row, "tag": "private"} for row in _counts(rows[rows["private"]], [])]


__all__ = ["Recorder", "digest", "read_parts", "read_run", "versions", "write_part", "write_run", "write_summary"]
