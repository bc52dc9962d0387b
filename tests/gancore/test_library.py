"""Names, tags and notes of runs, finding runs by them, the room runs take, and deleted ones."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from tiny_runs import tiny

from gancore import disk_use, trash
from gancore.errors import CheckpointError, ConfigError, RunError
from gancore.library import (
    FILE,
    Search,
    add_tags,
    can_change,
    check_search,
    display_name,
    label,
    labels_of,
    refuse_shipped,
    remove_tags,
    search,
)
from gancore.run import Run
from gancore.runs import RunManager

RUN_S = 60


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished gan-lab and a newer wgan-lab."""
    manager = RunManager(tmp_path_factory.mktemp("trained"))
    for preset in ("gan-lab", "wgan-lab"):
        assert manager.start(tiny(preset)).wait(RUN_S)
    manager.shutdown()
    return manager.root


@pytest.fixture
def runs(trained: Path, manager: RunManager) -> list[Run]:
    """Copies of both, the newer first."""
    shutil.copytree(trained, manager.root)
    return manager.runs()


def test_a_name_tags_and_a_note_are_kept_with_the_run(runs: list[Run], manager: RunManager) -> None:
    newer, older = runs
    assert display_name(older) == "gan-lab"
    label(older.folder, name="  Base\nline ", note=" first\r\nsecond\x00 ")
    add_tags(older.folder, ["lab", " for  the report", "LAB", ""])
    labels = labels_of(RunManager(manager.root).get(older.id).folder)
    assert (labels.name, labels.note) == ("Base line", "first\nsecond")
    assert labels.tags == ("lab", "for the report")
    assert display_name(older) == "Base line"
    assert labels_of(newer.folder).tags == ()

    assert remove_tags(older.folder, ["Lab"]).tags == ("for the report",)
    with pytest.raises(ConfigError, match="has no tag 'lab'; its tags: for the report"):
        remove_tags(older.folder, ["lab"])


def test_what_is_too_long_is_refused_and_changes_nothing(runs: list[Run]) -> None:
    folder = runs[0].folder
    label(folder, name="kept")
    with pytest.raises(ConfigError, match="a name has at most 80 characters, found 81") as error:
        label(folder, name="x" * 81, note="y" * 4_001)
    assert set(error.value.fields) == {"name", "note"}
    with pytest.raises(ConfigError, match="a tag has at most 40 characters, found 41"):
        add_tags(folder, ["t" * 41])
    with pytest.raises(ConfigError, match="at most 20 tags, found 21"):
        add_tags(folder, [f"tag {number}" for number in range(21)])
    assert (labels_of(folder).name, labels_of(folder).tags) == ("kept", ())


def test_damaged_labels_do_not_hide_their_run(runs: list[Run], manager: RunManager) -> None:
    (runs[0].folder.path / FILE).write_text('{"name": 3')
    assert labels_of(runs[0].folder).name == ""
    assert manager.runs() == runs


def test_runs_are_found_by_words_and_by_what_they_are(runs: list[Run]) -> None:
    newer, older = runs
    label(older.folder, name="Grundlage", tags=["Übung", "lab"], note="Die Verluste schwanken.")
    found = {
        "übung grund": [older],
        "VERLUSTE": [older],
        newer.id: [newer],
        "digits": [newer, older],
        "grundlage wgan": [],
    }
    assert {text: search(runs, Search(text)) for text in found} == found
    assert search(runs, Search(family=["WGAN"])) == [newer]
    assert search(runs, Search(preset=["gan-lab", "wgan-lab"])) == runs
    assert search(runs, Search(data=["mnist"])) == []
    assert search(runs, Search(state=["finished"], tag=["LAB"])) == [older]
    assert search(runs, Search()) == runs


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        (Search(family=["Wgan"]), "there is no family 'Wgan'; choose one of .*WGAN"),
        (Search(state=["done"]), "there is no state 'done'; choose one of queued, .*finished"),
        (Search(preset=["gans"]), "there is no preset 'gans'; choose one of"),
    ],
)
def test_what_no_run_can_be_is_refused(wanted: Search, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        check_search(wanted)


def test_older_checkpoints_are_given_back_and_the_run_still_trains_on(runs: list[Run], manager: RunManager) -> None:
    run = runs[0]
    (run.folder.path / "galleries" / ".lost.png.1.part").write_bytes(b"x" * 1000)
    before, galleries = disk_use.disk_use(run.folder), run.galleries()
    assert before.checkpoints == len(run.folder.checkpoints()) - 1 == 4
    assert 1000 < before.reclaimable < before.total
    assert disk_use.reclaim(run.folder) == before.reclaimable
    after = disk_use.disk_use(run.folder)
    assert (after.total, after.reclaimable) == (before.total - before.reclaimable, 0)
    assert run.galleries() == galleries
    assert [point.percent for point in run.branch_points()] == [100]
    longer = manager.resume(run.id, type(run.config.plan).parse("10it"))
    assert longer.wait(RUN_S)
    assert longer.status().iteration == 10


def test_what_a_branch_has_too_is_not_counted_as_given_back(runs: list[Run], manager: RunManager) -> None:
    parent = runs[1]
    branch = manager.branch(parent.id, parent.branch_points()[1].iteration)
    assert branch.wait(RUN_S)
    shared = sum(file.stat().st_size for file in branch.folder.path.rglob("*") if file.stat().st_nlink > 1)
    assert shared
    used, free = disk_use.disk_use(parent.folder), lambda: sum(disk_use.disk_use(r.folder).total for r in (branch,))
    kept = free()
    manager.delete(parent.id)
    assert 0 < trash.empty(manager.root) < used.total
    assert free() == kept


def test_a_live_run_gives_nothing_back_and_is_not_deleted(manager: RunManager) -> None:
    run = manager.start(tiny("gan-lab", plan="1h"))
    with pytest.raises(RunError, match="is live; stop it"):
        disk_use.reclaim(run.folder)
    with pytest.raises(RunError, match="stop it before deleting"):
        manager.delete(run.id)
    with pytest.raises(RunError, match="stop it before deleting"):
        trash.move_to_trash(run.folder)
    run.stop()
    assert run.wait(RUN_S)


def test_a_deleted_run_comes_back_as_it_was(runs: list[Run], manager: RunManager) -> None:
    kept, gone = runs
    files = {path.name: path.read_bytes() for path in gone.folder.path.glob("*.json")}
    manager.delete(gone.id)
    assert [run.id for run in manager.runs()] == [kept.id]
    with pytest.raises(CheckpointError, match="there is no run"):
        manager.get(gone.id)
    (found,) = trash.trashed(manager.root)
    assert found.id == gone.id
    assert found.bytes > 10_000
    with pytest.raises(CheckpointError, match=f"no run 'other' in the trash; there is: {gone.id}"):
        trash.restore(manager.root, "other")
    back = trash.restore(manager.root, gone.id)
    assert {path.name: path.read_bytes() for path in back.path.glob("*.json")} == files
    assert [run.id for run in manager.runs()] == [kept.id, gone.id]
    assert len(manager.get(gone.id).history()) == 8
    assert trash.trashed(manager.root) == []


def test_two_deleted_runs_of_one_name_are_both_kept(runs: list[Run], manager: RunManager) -> None:
    gone = runs[1]
    manager.delete(gone.id)
    other = manager.root / gone.id
    other.mkdir()
    for name in ("config.json", "status.json"):
        (other / name).write_bytes((trash.trashed(manager.root)[0].path / name).read_bytes())
    with pytest.raises(CheckpointError, match="there is a run of that name"):
        trash.restore(manager.root, gone.id)
    manager.delete(gone.id)
    assert [each.id for each in trash.trashed(manager.root)] == [gone.id, gone.id]
    assert trash.empty(manager.root) > 0
    assert not (manager.root / trash.FOLDER).exists()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs folders that cannot be written to")
def test_a_folder_that_cannot_be_written_to_is_a_sentence(runs: list[Run], manager: RunManager) -> None:
    manager.root.chmod(0o500)
    try:
        with pytest.raises(CheckpointError, match="cannot be deleted"):
            manager.delete(runs[0].id)
    finally:
        manager.root.chmod(0o700)


def test_a_shipped_run_cannot_be_changed(runs: list[Run], monkeypatch: pytest.MonkeyPatch) -> None:
    assert can_change(runs[0])
    monkeypatch.setattr(Run, "is_shipped", True, raising=False)
    assert not can_change(runs[0])
    with pytest.raises(RunError, match="is shipped with GANscope and cannot be changed"):
        refuse_shipped(runs[0])
