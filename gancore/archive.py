"""A run as one file that another machine can read: a .zip of its folder, with a manifest of every file's checksum.

    manifest.json         format and version, the run's id, and for each file its bytes and SHA-256
    <run-id>/...          the run's files, as they are

An archive may come from a stranger. Names, sizes and checksums are checked before anything is written; then the files
are unpacked out of the pages' sight, and every one that the program will read is read once, as plain data (a
checkpoint's ``resume.pt`` by ``torch.load(weights_only=True)``). Only a run that passes appears in the list.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import stat
import time
import uuid
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import IO, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

import gancore
from gancore.archive_check import check_contents
from gancore.checkpoint import SHIPPED_FILE, RunFolder
from gancore.errors import CheckpointError, RunError
from gancore.files import replace
from gancore.i18n import _
from gancore.run import Run
from gancore.status import RunState
from gancore.trash import FILE as TRASH_FILE
from gancore.trash import trashed

MANIFEST, INCOMING = "manifest.json", ".incoming"
MOST_FILES, MOST_BYTES, MOST_MANIFEST_BYTES = 20_000, 8_000_000_000, 8_000_000
_BLOCK = 1 << 20
_STORED = (".safetensors", ".pt", ".png", ".gif", ".mp4", ".webp", ".jpg", ".zip", ".npz")
"""Kinds that do not get smaller."""
KINDS = (
    "", ".json", ".arrow", ".safetensors", ".png", ".pt", ".log", ".txt", ".md", ".html", ".csv", ".pdf", ".gif",
    ".mp4", ".webp", ".jpg", ".npy", ".npz", ".zip",
)  # fmt: skip
"""What a run's files may end with."""
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}")
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")
_TIME = re.compile(r"(.*\d{8}-\d{6})(?:-\d+)?")
_DEEPEST = 6


class Entry(BaseModel):
    """One file of an archive."""

    model_config = ConfigDict(frozen=True)

    bytes: int = Field(ge=0)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class Manifest(BaseModel):
    """What an archive holds; ``manifest.json``."""

    model_config = ConfigDict(frozen=True)

    format: Literal["gancore-run"] = "gancore-run"
    version: int = Field(1, ge=1)
    gancore_version: str = gancore.__version__
    run: str
    created_at: float
    """Seconds since 1970."""
    files: dict[str, Entry]
    """By their paths in the run's folder, with ``/`` between the parts."""


def write_archive(run: Run, out: Path) -> Path:
    """Write a run's files to ``out``, a .zip; what is there already is replaced.

    Raises:
        RunError: when the run is live: its files change while they would be read.
        CheckpointError: when it cannot be written.
    """
    state = run.status().state
    if state.is_live:
        raise RunError(_("run {run} is {state}; stop it before archiving it", run=run.id, state=state.words))
    aside = out.with_name(f".{out.name}.{os.getpid()}.part")
    entries: dict[str, Entry] = {}
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for file in _files_of(run.folder):
                name = file.relative_to(run.folder.path).as_posix()
                entries[name] = _add(archive, file, f"{run.id}/{name}")
            manifest = Manifest(run=run.id, created_at=time.time(), files=entries)
            archive.writestr(MANIFEST, manifest.model_dump_json(indent=1))
        replace(aside, out)
    except OSError as error:
        raise CheckpointError(
            _("{file} cannot be written: {reason}", file=out, reason=error.strerror or error)
        ) from error
    finally:
        aside.unlink(missing_ok=True)
    return out


def read_archive(file: Path, root: Path, name: str = "", taken: Collection[str] = ()) -> RunFolder:
    """Put the run of an archive below ``root`` and return its folder.

    It keeps its id; where there is a run of that id, also in the trash, it gets the next free number. A run that was
    live when it was copied is interrupted.

    Args:
        name: what the file is called in messages, where it is not ``file``'s own.
        taken: ids that are not free either: those of the shelf.

    Raises:
        CheckpointError: saying what is wrong with the archive; then nothing is left below ``root``.
    """
    name = name or file.name
    try:
        with zipfile.ZipFile(file) as archive:
            manifest = _manifest_of(archive)
            members = _members_of(archive, manifest)
            for path, member in members.items():
                _copy(archive, member, manifest.files[path])
            return _unpack(archive, members, manifest, root, taken)
    except zipfile.BadZipFile as error:
        raise CheckpointError(
            _("{file} is not an archive of a run, or a damaged one: {reason}", file=name, reason=error)
        ) from error
    except _Refused as refused:
        raise CheckpointError(_("{file} is refused: {reason}", file=name, reason=refused)) from refused
    except (OSError, EOFError, zlib.error, RuntimeError, NotImplementedError, ValueError) as error:
        raise CheckpointError(_("{file} cannot be imported: {reason}", file=name, reason=error)) from error


class _Refused(Exception):
    """Why an archive is not imported."""


def _files_of(folder: RunFolder) -> list[Path]:
    """All of a run's files but its lock, what is hidden or half-written, and links."""
    found = []
    for path in sorted(folder.path.rglob("*")):
        parts = path.relative_to(folder.path).parts
        if path.is_symlink() or not path.is_file() or path.name in ("run.lock", TRASH_FILE):
            continue
        if all(_PART.fullmatch(part) for part in parts) and path.suffix.lower() in KINDS and len(parts) <= _DEEPEST:
            found.append(path)
    return found


def _add(archive: zipfile.ZipFile, file: Path, name: str) -> Entry:
    info = zipfile.ZipInfo.from_file(file, name, strict_timestamps=False)
    info.compress_type = zipfile.ZIP_STORED if file.suffix.lower() in _STORED else zipfile.ZIP_DEFLATED
    digest, size = hashlib.sha256(), 0
    with file.open("rb") as source, archive.open(info, "w", force_zip64=True) as target:
        while block := source.read(_BLOCK):
            digest.update(block)
            size += len(block)
            target.write(block)
    return Entry(bytes=size, sha256=digest.hexdigest())


def _manifest_of(archive: zipfile.ZipFile) -> Manifest:
    try:
        member = archive.getinfo(MANIFEST)
    except KeyError as error:
        raise _Refused(_("it has no {manifest}, so no run was archived in it", manifest=MANIFEST)) from error
    if member.file_size > MOST_MANIFEST_BYTES:
        raise _Refused(_("its manifest has more than {most:,} bytes", most=MOST_MANIFEST_BYTES))
    _check_packing(member)
    try:
        with archive.open(member) as file:
            manifest = Manifest.model_validate(json.loads(file.read(MOST_MANIFEST_BYTES + 1)))
    except (ValueError, RecursionError) as error:
        detail = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise _Refused(_("its manifest is damaged: {reason}", reason=detail)) from error
    if manifest.version > 1:
        raise _Refused(
            _(
                "it has version {found} of the format and was made by gancore {maker}; this one reads version 1",
                found=manifest.version,
                maker=manifest.gancore_version[:40],
            )
        )
    if not _RUN_ID.fullmatch(manifest.run):
        raise _Refused(_("{run!r} is not a run's id", run=manifest.run[:80]))
    if len(manifest.files) > MOST_FILES:
        raise _Refused(
            _("it has {count:,} files; expected at most {most:,}", count=len(manifest.files), most=MOST_FILES)
        )
    if (size := sum(entry.bytes for entry in manifest.files.values())) > MOST_BYTES:
        raise _Refused(_("its files take {size:,} bytes; expected at most {most:,}", size=size, most=MOST_BYTES))
    for path in manifest.files:
        _check_path(path)
    return manifest


def _check_packing(member: zipfile.ZipInfo) -> None:
    """Only what :func:`write_archive` writes: of the other kinds, one block may unpack to gigabytes at once."""
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _Refused(_("{path!r} is packed in a way that is not read here", path=member.filename[:120]))


def _check_path(path: str) -> None:
    """Only names below the run's own folder, of the kinds that runs have."""
    parts = path.split("/")
    if len(parts) > _DEEPEST or not all(_PART.fullmatch(part) for part in parts):
        raise _Refused(_("{path!r} is not a path within a run's folder", path=path[:120]))
    if PurePosixPath(path).suffix.lower() not in KINDS or path in ("run.lock", TRASH_FILE):
        raise _Refused(_("{path!r} is not a kind of file that runs have", path=path[:120]))


def _members_of(archive: zipfile.ZipFile, manifest: Manifest) -> dict[str, zipfile.ZipInfo]:
    """Path -> member; exactly those of the manifest."""
    members: dict[str, zipfile.ZipInfo] = {}
    start = f"{manifest.run}/"
    for member in archive.infolist():
        # As the file has it: zipfile itself makes another name of one with a backslash or a zero byte.
        name = member.orig_filename
        if name == MANIFEST or (name.endswith("/") and member.is_dir()):
            continue
        path = name.removeprefix(start)
        if not name.startswith(start) or path not in manifest.files:
            raise _Refused(_("it has {path!r}, which its manifest does not list", path=name[:120]))
        if path in members:
            raise _Refused(_("it has {path!r} twice", path=path[:120]))
        if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG) or member.flag_bits & 1:
            raise _Refused(_("{path!r} is a link or encrypted; expected a plain file", path=path[:120]))
        _check_packing(member)
        if member.file_size != manifest.files[path].bytes:
            raise _Refused(_("{path!r} has another size than its manifest says", path=path[:120]))
        members[path] = member
    if missing := [path for path in manifest.files if path not in members]:
        raise _Refused(_("{path!r} is missing", path=missing[0][:120]))
    if any(str(PurePosixPath(path).parent) in members for path in members):
        raise _Refused(_("it has a file and a folder of one name"))
    return members


def _copy(archive: zipfile.ZipFile, member: zipfile.ZipInfo, entry: Entry, target: IO[bytes] | None = None) -> None:
    """Read a member, into ``target`` where there is one; never more than the manifest says."""
    digest, left = hashlib.sha256(), entry.bytes
    with archive.open(member) as source:
        while block := source.read(min(_BLOCK, left + 1)):
            left -= len(block)
            if left < 0:
                break
            digest.update(block)
            if target is not None:
                target.write(block)
    if left or digest.hexdigest() != entry.sha256:
        raise _Refused(_("{path!r} is damaged: its checksum is another", path=member.filename[:120]))


def _unpack(
    archive: zipfile.ZipFile,
    members: dict[str, zipfile.ZipInfo],
    manifest: Manifest,
    root: Path,
    taken: Collection[str],
) -> RunFolder:
    incoming = root / INCOMING / uuid.uuid4().hex
    place = incoming / manifest.run
    try:
        place.mkdir(parents=True)
        needed, free = sum(entry.bytes for entry in manifest.files.values()), shutil.disk_usage(place).free
        if needed > free:
            raise _Refused(_("it needs {needed:,} bytes, and {free:,} are free", needed=needed, free=free))
        for path, member in members.items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            with (place / path).open("wb") as target:
                _copy(archive, member, manifest.files[path], target)
        folder = RunFolder(place)
        try:
            check_contents(folder)
        except (CheckpointError, RunError) as error:
            # What is wrong with a file, not where it was looked at.
            raise _Refused(str(error).replace(f"{place}{os.sep}", "")) from error
        _end(folder)
        (place / SHIPPED_FILE).unlink(missing_ok=True)  # only what is on the shelf came with the program
        return _settle(place, root, taken)
    finally:
        shutil.rmtree(incoming, ignore_errors=True)
        with contextlib.suppress(OSError):  # another import is under way, or has removed it
            (root / INCOMING).rmdir()


def _end(folder: RunFolder) -> None:
    """Nobody trains what comes from an archive."""
    status = folder.stored_status()
    if status.state.is_live:
        update = {"state": RunState.INTERRUPTED, "eta_s": None, "iterations_per_s": 0.0}
        folder.write_status(status.model_copy(update=update))


def _settle(place: Path, root: Path, taken: Collection[str]) -> RunFolder:
    """Give the run its place among the others, under its own id or the next one that is free."""
    for run_id in _ids_from(place.name):
        if run_id in taken or (root / run_id).exists() or any(each.id == run_id for each in trashed(root)):
            continue
        try:
            place.rename(root / run_id)
        except OSError:  # another process has just taken it
            if not (root / run_id).exists():
                raise
            continue
        return RunFolder(root / run_id)
    raise _Refused(_("there is no free id for {run}", run=place.name))


def _ids_from(run_id: str) -> list[str]:
    found = _TIME.fullmatch(run_id)
    start = found[1] if found else run_id
    return [run_id, *(f"{start}-{number}" for number in range(2, 1000))]
