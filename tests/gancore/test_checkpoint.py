"""A run's folder on disk: names, order, and what a kill may leave behind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from tiny_runs import tiny
from torch import nn

from gancore.checkpoint import Gallery, RunFolder, run_folders
from gancore.errors import CheckpointError
from gancore.files import write_aside, write_json
from gancore.networks import ImageShape
from gancore.player_files import non_finite_weights, weights_of
from gancore.players import build_players
from gancore.recipes.recipe import Players
from gancore.status import RunState, Status


def players(seed: int = 0) -> Players:
    return build_players(tiny("gan-deep", seed=seed), ImageShape(1, 28, 28), torch.device("cpu"), "float32")


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "runs", tiny("gan-deep"))


def test_names_tell_preset_data_and_time_and_are_never_shared(tmp_path: Path) -> None:
    made = [RunFolder.create(tmp_path, tiny("wgan-lab", data="/home/me/我的 Photos (2024)!")) for _ in range(5)]
    assert len({folder.id for folder in made}) == 5
    for folder in made:
        assert re.fullmatch(r"wgan-lab-photos-2024-\d{8}-\d{6}(-\d)?", folder.id), folder.id
    assert [folder.id for folder in run_folders(tmp_path)] == [folder.id for folder in reversed(made)]
    assert RunFolder.create(tmp_path, tiny("gan-simple", data="图片")).id.startswith("gan-simple-images-")


def test_runs_are_listed_newest_first_whatever_their_preset(tmp_path: Path) -> None:
    for name in ("a-digits-20240101-000000", "z-digits-20230101-000000", "m-digits-20240101-000001", "by-hand"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
    (tmp_path / "not-a-run").mkdir()
    assert [folder.id[0] for folder in run_folders(tmp_path)] == ["m", "a", "z", "b"]
    assert run_folders(tmp_path / "missing") == []


def test_a_root_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match=r"cannot make a run folder in .*file"):
        RunFolder.create(tmp_path / "file", tiny("gan-simple"))


def test_a_checkpoint_puts_everything_back(folder: RunFolder) -> None:
    saved, other = players(seed=1), players(seed=2)
    for network in (saved.generator, saved.discriminator):
        network(torch.ones(4, 8) if network is saved.generator else torch.ones(4, 1, 28, 28)).sum().backward()
    for optimizer in saved.optimizers.values():
        optimizer.step()
    folder.save_checkpoint(saved, 12, {"position": {"iteration": 12}})
    state = folder.load_checkpoint(other)
    assert state is not None
    assert state["position"] == {"iteration": 12}
    for one, two in ((saved.generator, other.generator), (saved.discriminator, other.discriminator)):
        assert all(torch.equal(value, two.state_dict()[name]) for name, value in one.state_dict().items())
    for name, optimizer in saved.optimizers.items():
        before, after = (players_.optimizers[name].state_dict()["state"] for players_ in (saved, other))
        assert optimizer.state_dict()["state"]
        assert all(torch.equal(before[index]["exp_avg"], after[index]["exp_avg"]) for index in before)


def test_only_the_newest_checkpoint_stays_and_half_a_one_is_never_read(folder: RunFolder) -> None:
    assert folder.load_checkpoint(players()) is None
    for iteration in (5, 9, 10):
        folder.save_checkpoint(players(), iteration, {"at": iteration})
    folder.save_checkpoint(players(), 10, {"at": "again"})
    assert [path.name for path in folder.checkpoints()] == ["checkpoint-00000010"]
    (folder.path / ".checkpoint-00000011.part").mkdir()
    (folder.path / ".checkpoint-00000011.part" / "resume.pt").write_bytes(b"half")
    state = folder.load_checkpoint(players())
    assert state is not None
    assert state["at"] == "again"
    folder.save_checkpoint(players(), 11, {"at": 11})
    assert [path.name for path in folder.path.glob("*checkpoint*")] == ["checkpoint-00000011"]


def test_kept_checkpoints_stay_and_share_the_weights_that_a_gallery_has(folder: RunFolder) -> None:
    made = players()
    facts = {"epoch": 1.0, "images_seen": 1, "elapsed_s": 0.1}
    gallery = Gallery(iteration=5, percent=50, image="galleries/5.png", weights="galleries/5.safetensors", **facts)
    folder.add_gallery(gallery, b"png", made.generator)
    folder.save_checkpoint(made, 5, {}, keep=True, shown=gallery.weights)
    for iteration in (5, 6, 7):
        folder.save_checkpoint(made, iteration, {})
    assert [path.name for path in folder.checkpoints()] == ["checkpoint-00000007", "checkpoint-00000005"]
    folder.save_checkpoint(made, 9, {}, keep=True, shown=gallery.weights)
    linked = folder.path / "checkpoint-00000009" / "generator.safetensors"
    assert linked.samefile(folder.path / str(gallery.weights))
    assert folder.load_checkpoint(players(seed=3)) is not None


@pytest.mark.parametrize("file", ["resume.pt", "generator.safetensors", "discriminator.safetensors"])
def test_each_damaged_or_missing_file_of_a_checkpoint_is_one_sentence(folder: RunFolder, file: str) -> None:
    folder.save_checkpoint(players(), 3, {})
    path = folder.path / "checkpoint-00000003" / file
    for damage in (lambda: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]), path.unlink):
        damage()
        with pytest.raises(CheckpointError, match=r"checkpoint-00000003.* (is damaged|cannot be read)"):
            folder.load_checkpoint(players())


def test_a_live_state_without_its_process_reads_as_interrupted(folder: RunFolder) -> None:
    folder.write_status(Status(state=RunState.RUNNING, iteration=7, eta_s=3.0))
    assert folder.read_status().state is RunState.INTERRUPTED
    assert folder.read_status().message == "its process ended before the run did"
    assert folder.read_status().eta_s is None
    with folder.lock:
        assert folder.is_held()
        assert folder.read_status().state is RunState.RUNNING
    assert not folder.is_held()
    folder.write_status(Status(state=RunState.FINISHED))
    assert folder.read_status().state is RunState.FINISHED


def test_galleries_keep_weights_only_at_milestones(folder: RunFolder) -> None:
    facts = {"epoch": 1.0, "images_seen": 1, "elapsed_s": 0.1}
    milestone = Gallery(iteration=1, percent=50, image="galleries/1.png", weights="galleries/1.safetensors", **facts)
    extra = Gallery(iteration=1234, image="galleries/2.png", **facts)
    generator = players().generator
    folder.add_gallery(milestone, b"png", generator)
    folder.add_gallery(extra, b"png", generator)
    assert folder.galleries() == [milestone, extra]
    assert [gallery.label for gallery in folder.galleries()] == ["50 %", "iteration 1,234"]
    stored = folder.generator_weights(milestone)
    assert all(torch.equal(stored[name], value) for name, value in generator.state_dict().items())
    with pytest.raises(CheckpointError, match="kept no weights with its gallery at iteration 1,234"):
        folder.generator_weights(extra)


def test_copied_weights_stand_apart_from_the_network() -> None:
    network = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    copied = weights_of(network)
    assert copied["weight"].is_contiguous()
    before = copied["weight"].clone()
    with torch.no_grad():
        network.weight.fill_(float("nan"))
    assert torch.equal(copied["weight"], before)
    assert non_finite_weights(network) == "weight"
    assert non_finite_weights(nn.Linear(2, 2)) is None


def test_files_are_replaced_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_json(tmp_path / "a.json", {"schön": 1})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "schön": 1\n}\n'
    monkeypatch.setattr("gancore.files.time.sleep", lambda _s: None)
    attempts = []
    replace = Path.replace

    def busy_twice(source: Path, target: Path) -> Path:
        attempts.append(target)
        if len(attempts) < 3:
            raise PermissionError("a reader has it open")
        return replace(source, target)

    monkeypatch.setattr(Path, "replace", busy_twice)
    write_aside(tmp_path / "a.json", b"new")
    assert (tmp_path / "a.json").read_bytes() == b"new"
    assert len(attempts) == 3
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(PermissionError("never")))
    with pytest.raises(PermissionError):
        write_aside(tmp_path / "a.json", b"newer")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"], "nothing half-written is left"
