"""A run as one file: what comes out is what went in, and nothing a stranger puts into one does harm."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import pickle
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tiny_runs import tiny

from gancore import archive, sampling, trash
from gancore.archive import MANIFEST, read_archive, write_archive
from gancore.errors import CheckpointError, RunError
from gancore.library import label, labels_of
from gancore.run import Run
from gancore.runs import RunManager

RUN_S = 60
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A finished run with a name."""
    manager = RunManager(tmp_path_factory.mktemp("here"))
    run = manager.start(tiny("gan-lab"))
    assert run.wait(RUN_S)
    label(run.folder, name="Baseline", tags=["lab"], note="as the lab wrote it")
    yield run
    manager.shutdown()


@pytest.fixture(scope="module")
def packed(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its archive."""
    return write_archive(run, tmp_path_factory.mktemp("archives") / "run.zip")


@pytest.fixture
def there(make_manager: Callable[..., RunManager]) -> RunManager:
    """Another machine."""
    return make_manager("there")


def losses(run: Run) -> np.ndarray:
    return run.history().column("generator_loss")


def test_a_run_is_the_same_on_another_machine(run: Run, packed: Path, there: RunManager) -> None:
    imported = there.get(read_archive(packed, there.root).id)
    assert (imported.id, imported.config, imported.status()) == (run.id, run.config, run.status())
    assert labels_of(imported.folder) == labels_of(run.folder)
    assert np.array_equal(losses(imported), losses(run))
    z = sampling.open_sampler(run).latents(3, 4)
    drawn = [sampling.open_sampler(each, 50).images(z) for each in (run, imported)]
    assert torch.equal(*drawn)
    for name in ("run.lock", ".trash"):
        assert not any(name in member for member in zipfile.ZipFile(packed).namelist())
    assert [path.name for path in there.root.iterdir()] == [run.id]

    longer = there.resume(imported.id, type(run.config.plan).parse("10it"))
    assert longer.wait(RUN_S)
    assert longer.status().iteration == 10


def test_a_second_copy_gets_the_next_free_id(run: Run, packed: Path, there: RunManager) -> None:
    first, second = read_archive(packed, there.root).id, read_archive(packed, there.root).id
    assert (first, second) == (run.id, f"{run.id}-2")
    there.delete(first)
    assert read_archive(packed, there.root).id == f"{run.id}-3"
    assert trash.restore(there.root, first).id == run.id
    assert len(there.runs()) == 3


def test_a_live_run_is_not_archived(make_manager: Callable[..., RunManager], tmp_path: Path) -> None:
    run = make_manager("live").start(tiny("gan-lab", plan="1h"))
    with pytest.raises(RunError, match="stop it before archiving it"):
        write_archive(run, tmp_path / "live.zip")
    run.stop()
    assert run.wait(RUN_S)
    assert not (tmp_path / "live.zip").exists()


def test_what_was_live_when_it_was_copied_is_interrupted(packed: Path, there: RunManager, tmp_path: Path) -> None:
    def revive(files: Files) -> None:
        edit(files, "status.json", state="running", eta_s=12.0)

    imported = read_archive(changed(packed, tmp_path, revive), there.root)
    assert there.get(imported.id).status().state == "interrupted"
    assert there.resume(imported.id).wait(RUN_S)


def changed(
    packed: Path, folder: Path, change: Callable[[Files], None], manifest: Callable[[Any], None] | None = None
) -> Path:
    """An archive with other files, whose checksums are right, and then another manifest."""
    with zipfile.ZipFile(packed) as old:
        told = json.loads(old.read(MANIFEST))
        files = {name.partition("/")[2]: old.read(name) for name in old.namelist() if name != MANIFEST}
    change(files)
    told["files"] = {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in files.items()
    }
    if manifest is not None:
        manifest(told)
    out = folder / "changed.zip"
    with zipfile.ZipFile(out, "w") as new:
        for name, content in files.items():
            new.writestr(f"{told['run']}/{name}", content)
        new.writestr(MANIFEST, json.dumps(told))
    return out


def edit(files: Files, name: str, /, **values: Any) -> None:
    files[name] = json.dumps({**json.loads(files[name]), **values}).encode()


def refused(file: Path, root: Path, said: str) -> None:
    """It is, in one sentence, and nothing is left behind, neither there nor beside it."""
    root.mkdir(exist_ok=True)
    before = set(root.parent.rglob("*"))
    with pytest.raises(CheckpointError, match=said) as error:
        read_archive(file, root)
    assert "\n" not in str(error.value)
    assert "incoming" not in str(error.value)
    assert set(root.parent.rglob("*")) == before


class Attack:
    """What a pickle does when it is opened."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(Path(os.environ["ATTACKED"])),)


def test_a_pickle_that_runs_code_is_never_opened(
    run: Run, packed: Path, there: RunManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marker = tmp_path / "attacked"
    monkeypatch.setenv("ATTACKED", str(marker))
    checkpoint = run.folder.checkpoints()[0].name
    bad = tmp_path / "bad.pt"
    torch.save({"position": {}, "optimizers": Attack()}, bad)
    for content in (bad.read_bytes(), pickle.dumps(Attack())):
        attack = changed(packed, tmp_path, lambda files, c=content: files.update({f"{checkpoint}/resume.pt": c}))
        refused(attack, there.root, "holds more than numbers, or is damaged; it is not opened")
    other = changed(packed, tmp_path, lambda files: files.update({"galleries/other.pt": bad.read_bytes()}))
    refused(other, there.root, r"other\.pt is a pickle that no run has")
    assert not marker.exists()


@pytest.mark.parametrize(
    "name",
    ["../escaped.json", "galleries/../../escaped.json", "/tmp/escaped.json", "C:\\escaped.json", "a\\..\\b.json",
     ".hidden.json", "galleries/.x.json", "a//b.json", "x\x00.json", "con:stream.json", "a/b/c/d/e/f/g.json", ""],
)  # fmt: skip
def test_paths_that_lead_out_are_refused(packed: Path, there: RunManager, tmp_path: Path, name: str) -> None:
    file = changed(packed, tmp_path, lambda files: files.update({name: b"{}"}))
    refused(file, there.root, "is not a path within a run's folder")


@pytest.mark.parametrize("name", ["start.sh", "module.py", "library.so", "page.exe", "run.lock", "weights.pkl"])
def test_files_that_no_run_has_are_refused(packed: Path, there: RunManager, tmp_path: Path, name: str) -> None:
    file = changed(packed, tmp_path, lambda files: files.update({name: b"x"}))
    refused(file, there.root, "is not a kind of file that runs have")


@pytest.mark.parametrize("run_id", ["..", ".", "", "a/b", "../up", ".trash", "x" * 200, "C:"])
def test_ids_that_are_no_folder_names_are_refused(
    packed: Path, there: RunManager, tmp_path: Path, run_id: str
) -> None:
    file = changed(packed, tmp_path, lambda files: None, lambda told: told.update(run=run_id))
    refused(file, there.root, "is not a run's id")


def test_members_beside_the_manifest_are_refused(run: Run, packed: Path, there: RunManager, tmp_path: Path) -> None:
    for name, said in (
        ("../escaped.json", "which its manifest does not list"),
        (f"{run.id}/../../escaped.json", "which its manifest does not list"),
        (f"{run.id}/config.json", "twice"),
    ):
        file = changed(packed, tmp_path, lambda files: None)
        with zipfile.ZipFile(file, "a") as added, pytest.warns() if said == "twice" else contextlib.nullcontext():
            added.writestr(name, b"{}")
        refused(file, there.root, said)


def test_links_are_refused(run: Run, packed: Path, there: RunManager, tmp_path: Path) -> None:
    file = changed(packed, tmp_path, lambda files: None)
    target = b"/etc/passwd"
    with zipfile.ZipFile(file) as old:
        told = json.loads(old.read(MANIFEST))
        members = {name: old.read(name) for name in old.namelist() if name != MANIFEST}
    told["files"]["link.txt"] = {"bytes": len(target), "sha256": hashlib.sha256(target).hexdigest()}
    with zipfile.ZipFile(file, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)
        link = zipfile.ZipInfo(f"{run.id}/link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        new.writestr(link, target)
        new.writestr(MANIFEST, json.dumps(told))
    refused(file, there.root, "is a link or encrypted")


@pytest.mark.parametrize("packing", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
@pytest.mark.parametrize("name", ["library.json", MANIFEST])
def test_only_packings_that_unpack_bit_by_bit_are_read(
    packed: Path, there: RunManager, tmp_path: Path, packing: int, name: str
) -> None:
    file = tmp_path / "lzma.zip"
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(file, "w") as new:
        for member in old.namelist():
            new.writestr(member, old.read(member), packing if member.endswith(name) else zipfile.ZIP_STORED)
    refused(file, there.root, f"{name}' is packed in a way that is not read here")


@pytest.mark.parametrize("flag", [0, 0x800])
def test_a_name_that_is_not_utf8_is_refused(
    run: Run, packed: Path, there: RunManager, tmp_path: Path, flag: int
) -> None:
    """Neither where the archive says that it is, nor where it says nothing."""
    file = changed(packed, tmp_path, lambda files: files.update({"note-xx.txt": b"x"}))
    content = bytearray(file.read_bytes().replace(b"note-xx.txt\0", b"\0"))
    start = 0
    while (start := content.find(f"{run.id}/note-xx.txt".encode(), start)) >= 0:
        content[start + len(run.id) + 6 : start + len(run.id) + 8] = b"\xff\xfe"
        local = content[start - 30 : start - 26] == b"PK\x03\x04"
        at = start - 30 + 6 if local else start - 46 + 8
        content[at : at + 2] = flag.to_bytes(2, "little")
        start += 1
    file.write_bytes(content)
    refused(file, there.root, "cannot be imported: 'utf-8'" if flag else "which its manifest does not list")


@pytest.mark.parametrize("side", [8_192, 13_000, 60_000])
def test_a_picture_that_unpacks_to_too_much_is_refused(
    packed: Path, there: RunManager, tmp_path: Path, side: int
) -> None:
    """Its header asks for gigabytes; what follows is not looked at."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    picture = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in chunks
    )
    file = changed(packed, tmp_path, lambda files: files.update({"galleries/00000000-000.png": picture}))
    refused(file, there.root, r"000\.png (is not a picture of a run|is damaged)")


def test_a_gallery_cannot_name_a_file_elsewhere(packed: Path, there: RunManager, tmp_path: Path) -> None:
    def point_out(files: Files) -> None:
        (first, *rest) = json.loads(files["galleries.json"])
        files["galleries.json"] = json.dumps([{**first, "image": "../../secret.png"}, *rest]).encode()

    refused(changed(packed, tmp_path, point_out), there.root, r"galleries\.json names '\.\./\.\./secret\.png'")


def without(*names: str) -> Callable[[Files], None]:
    def change(files: Files) -> None:
        for name in names:
            del files[name]

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda files: edit(files, "config.json", preset="my-gan"), "there is no preset 'my-gan'; choose one of"),
        (lambda files: edit(files, "config.json", seed=-1), "seed: expected at least 0, found -1"),
        (lambda files: edit(files, "status.json", state="winning"), r"status\.json is damaged"),
        (lambda files: edit(files, "library.json", name=7), r"library\.json is damaged"),
        (lambda files: files.update({"history.arrow": b"x" * 100}), r"history\.arrow"),
        (lambda files: files.update({"galleries.json": b"[3]"}), r"galleries\.json is damaged"),
        (without("config.json"), r"config\.json cannot be read"),
        (without("galleries/00000000-000.png"), "which is not among the run's galleries"),
        (lambda files: files.update({"galleries/00000000-000.png": b"no picture"}), r"000\.png is damaged"),
        (lambda files: files.update({"galleries/00000000-000.safetensors": b"x" * 64}), r"safetensors is damaged"),
        (without("checkpoint-00000008/discriminator.safetensors"), "lacks discriminator.safetensors"),
    ],
)
def test_damaged_and_unknown_contents_are_named(
    packed: Path, there: RunManager, tmp_path: Path, change: Callable[[Files], None], said: str
) -> None:
    refused(changed(packed, tmp_path, change), there.root, said)


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (lambda told: told.update(version=2, gancore_version="9.0"), "version 2 of the format and was made by"),
        (lambda told: told.update(format="zoo"), "its manifest is damaged"),
        (lambda told: told["files"]["config.json"].update(sha256="0" * 64), "its checksum is another"),
        (lambda told: told["files"]["config.json"].update(bytes=1), "has another size than its manifest says"),
        (lambda told: told["files"].update({"x.json": {"bytes": 1, "sha256": "0" * 64}}), "'x.json' is missing"),
        (lambda told: told["files"]["config.json"].update(bytes=9_000_000_000), "expected at most 8,000,000,000"),
    ],
)  # fmt: skip
def test_a_manifest_that_does_not_hold_is_refused(
    packed: Path, there: RunManager, tmp_path: Path, manifest: Callable[[Any], None], said: str
) -> None:
    refused(changed(packed, tmp_path, lambda files: None, manifest), there.root, said)


def test_too_many_files_are_refused(
    packed: Path, there: RunManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MOST_FILES", 3)
    refused(packed, there.root, "expected at most 3")


def test_a_member_that_unpacks_to_more_than_it_says_is_refused(
    run: Run, packed: Path, there: RunManager, tmp_path: Path
) -> None:
    """A bomb: both the manifest and the zip's own directory understate a file."""
    file, bomb = tmp_path / "bomb.zip", b"\0" * 50_000_000
    told = {
        "run": run.id,
        "created_at": 0,
        "files": {"a.json": {"bytes": 10, "sha256": hashlib.sha256(b"").hexdigest()}},
    }
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(f"{run.id}/a.json", bomb)
        made.writestr(MANIFEST, json.dumps(told))
    content = file.read_bytes().replace(len(bomb).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    file.write_bytes(content)
    refused(file, there.root, "checksum|damaged")


def test_a_damaged_or_other_file_is_a_sentence(packed: Path, there: RunManager, tmp_path: Path) -> None:
    broken = tmp_path / "broken.zip"
    content = bytearray(packed.read_bytes())
    content[len(content) // 3 : len(content) // 3 + 64] = b"\xff" * 64
    broken.write_bytes(content)
    refused(broken, there.root, "damaged")
    broken.write_bytes(packed.read_bytes()[:-200])
    refused(broken, there.root, r"broken\.zip is not an archive of a run")
    broken.write_bytes(b"no zip at all")
    refused(broken, there.root, r"broken\.zip is not an archive of a run")
    with zipfile.ZipFile(broken, "w") as other:
        other.writestr("holiday.txt", "x")
    refused(broken, there.root, r"it has no manifest\.json, so no run was archived in it")
    refused(tmp_path / "missing.zip", there.root, "missing.zip cannot be imported")
