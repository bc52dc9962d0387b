"""The shipped runs: listed with a person's own, never written to, and each with what the pages show."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from tiny_runs import tiny

from gancore import images, kept_latents
from gancore.bench import shipped
from gancore.bench.runner import train_all
from gancore.bench.shipped import MOST_BYTES, ROWS, STARTERS, chosen_starters, ship, size_of
from gancore.errors import CheckpointError, ConfigError, RunError
from gancore.history import History, read_history, write_small_history
from gancore.recipes import RECIPES, recipe_of
from gancore.run import Run
from gancore.runs import RunManager
from gancore.sampling import open_sampler
from gancore.shelf import VARIABLE, shelf_folder
from gancore.sources import is_points

ROOT = Path(__file__).resolve().parents[2]
SHELF = ROOT / "checkpoints" / "starters"
NAMES = [starter.name for starter in STARTERS]
OLD = "best-mnist"
"""Half an hour's run from before the shelf: its generator and last gallery alone."""


def sums(folder: Path) -> dict[str, str]:
    """File -> checksum, of all below a folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A shelf with one run on points, and one of images."""
    trainer = RunManager(tmp_path / "trained")
    try:
        for run in train_all(trainer, [tiny("gan-simple", "4it"), tiny("ns-gan", "4it", data="ring", latent_dim=2)]):
            name = "dots" if is_points(run.config.data) else "pictures"
            ship(run, tmp_path / "shelf" / name, "gancore bench")
    finally:
        trainer.shutdown()
    return tmp_path / "shelf"


@pytest.fixture
def manager(shelf: Path, make_manager: Callable[..., RunManager]) -> RunManager:
    """A manager on an empty folder beside that shelf."""
    return make_manager("runs", shelf=shelf)


def test_shipped_runs_come_after_ones_own(manager: RunManager) -> None:
    assert [run.id for run in manager.runs()] == ["pictures", "dots"], "in the order of the presets"
    mine = manager.start(tiny("ns-gan", "2it"))
    assert mine.wait(60)
    assert [run.id for run in manager.runs()] == [mine.id, "pictures", "dots"]
    assert [run.id for run in manager.own_runs()] == [mine.id]
    assert [run.is_shipped for run in manager.runs()] == [False, True, True]


def test_what_is_added_goes_into_a_copy(manager: RunManager, shelf: Path, make_manager: Callable[..., RunManager]):
    before = sums(shelf)
    folder = manager.get("pictures").folder
    kept_latents.keep(folder, "seven", "point", torch.zeros(8))
    assert sums(shelf) == before
    assert folder.path == manager.root / "pictures"
    assert [each.name for each in kept_latents.kept(folder)] == ["seven"]
    other = make_manager("runs", shelf=shelf).get("pictures")
    assert [each.name for each in kept_latents.kept(other.folder)] == ["seven"], "another process finds it"
    assert other.is_shipped
    kept_latents.keep(other.folder, "one", "point", torch.ones(8))
    assert [each.name for each in kept_latents.kept(folder)] == ["seven", "one"], "the copy is made once"
    assert len(manager.runs()) == 2
    manager.delete("pictures")
    assert kept_latents.kept(manager.get("pictures").folder) == []
    assert sums(shelf) == before


def test_the_command_says_that_a_shipped_run_stays(
    manager: RunManager, shelf: Path, gancore: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(shelf))
    delete = ("delete", "pictures", "--runs", manager.root)
    assert gancore(*delete)[2] == "gancore: pictures ships with GANscope and cannot be deleted\n"
    kept_latents.keep(manager.get("pictures").folder, "seven", "point", torch.zeros(8))
    assert "Move what was added to pictures, which ships with GANscope, to the trash?" in gancore(*delete)[2]
    status, _out, err = gancore(*delete, "--yes")
    assert (status, err.startswith("what was added to pictures is in the trash; ")) == (0, True)
    assert kept_latents.kept(manager.get("pictures").folder) == []
    assert gancore("trash", "--restore", "pictures", "--runs", manager.root)[0] == 0
    assert [each.name for each in kept_latents.kept(manager.get("pictures").folder)] == ["seven"]


def test_a_shipped_run_is_neither_deleted_nor_trained_on(manager: RunManager, shelf: Path) -> None:
    before = sums(shelf)
    with pytest.raises(RunError, match=r"^pictures ships with GANscope and cannot be deleted$"):
        manager.delete("pictures")
    with pytest.raises(RunError, match="ships with GANscope without what training goes on from"):
        manager.resume("pictures")
    with pytest.raises(RunError, match="no checkpoint to branch from"):
        manager.branch("pictures")
    with pytest.raises(CheckpointError, match=r"shipped with GANscope are dots, pictures$"):
        manager.get("pictrues")
    assert sums(shelf) == before


def test_a_shipped_run_in_the_plane_can_be_branched_from(manager: RunManager, shelf: Path) -> None:
    before = sums(shelf)
    branch = manager.branch("dots", plan="6it")
    assert branch.wait(60)
    assert (branch.status().state, branch.status().iteration) == ("finished", 6)
    assert branch.folder.path.parent == manager.root
    assert not branch.is_shipped
    assert sums(shelf) == before


def test_a_folder_that_cannot_be_written_is_said(shelf: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = RunManager(tmp_path / "file", shelf=shelf).get("pictures").folder
    with pytest.raises(
        CheckpointError, match=r"pictures ships with GANscope, and its copy in .*file cannot be written"
    ):
        kept_latents.keep(folder, "seven", "point", torch.zeros(8))


def test_the_variable_names_another_shelf(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert shelf_folder() is None, "the tests have none"
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert shelf_folder() == tmp_path
    monkeypatch.setenv(VARIABLE, str(tmp_path / "nowhere"))
    assert shelf_folder() is None
    monkeypatch.delenv(VARIABLE)
    assert shelf_folder() == SHELF


def test_small_histories_keep_their_ends_and_read_as_any(tmp_path: Path) -> None:
    history = History(["iteration", "loss"])
    rows = torch.stack([torch.arange(1.0, 5001), torch.rand(5000)], 1).double().numpy()
    history.append(rows)
    write_small_history(history, tmp_path / "small.arrow", 300)
    small = read_history(tmp_path / "small.arrow")
    assert len(small) == 300
    assert small.column("iteration")[[0, -1]].tolist() == [1, 5000]
    assert small.column("loss").dtype == "float64"
    assert small.column("loss")[-1] == pytest.approx(rows[-1, 1], abs=1e-7)
    small.keep_until(2500)
    assert small.column("iteration")[-1] <= 2500
    assert (tmp_path / "small.arrow").stat().st_size < 300 * 2 * 8


def test_a_run_on_the_shelf_is_not_trained_again(
    manager: RunManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starter = shipped.Starter("gan-simple", "4it", "digits", {"generator_widths": (16,)})
    monkeypatch.setattr(shipped, "STARTERS", (starter,))
    target = tmp_path / "new"
    first = shipped.ship_all(manager, [starter], target)
    assert "| `gan-simple-digits` | GAN " in first
    before = sums(target)
    assert shipped.ship_all(manager, [starter], target) == first
    assert sums(target) == before
    assert "--only gan-simple-digits" in json.loads((target / starter.name / "shipped.json").read_text())["command"]
    monkeypatch.setattr(shipped, "MOST_BYTES", 1000)
    with pytest.raises(CheckpointError, match="expected at most 1,000"):
        shipped.ship_all(manager, [starter], target)


def test_starters_are_chosen_by_name() -> None:
    assert [starter.name for starter in chosen_starters(["cgan-mnist", "quick-mnist"])] == [
        "quick-mnist",
        "cgan-mnist",
    ]
    with pytest.raises(ConfigError, match=r"--only: expected one of quick-mnist, .*found 'quick'"):
        chosen_starters(["quick"])


def test_one_of_each_family_ships_within_the_limit() -> None:
    there = {path.parent.name for path in SHELF.glob("*/config.json")}
    assert there == set(NAMES)
    families = {recipe_of(starter.preset).family for starter in STARTERS}
    assert families == {recipe.family for recipe in RECIPES.values()}
    assert size_of(SHELF) <= MOST_BYTES == 12_000_000
    readme = (SHELF / "README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in readme for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_each_shipped_run_can_be_read_and_drawn_from(name: str, tmp_path: Path) -> None:
    run: Run = RunManager(tmp_path, shelf=SHELF).get(name)
    assert (run.status().state, run.is_shipped) == ("finished", True)
    galleries = run.galleries()
    pictures = [images.read_png(run.folder.path / gallery.image) for gallery in galleries]
    assert len({picture.shape for picture in pictures}) == 1
    if name != OLD:
        assert [gallery.percent for gallery in galleries] == [0, 25, 50, 75, 100]
        assert 2 <= len(run.history()) <= ROWS
        assert run.history().column("iteration")[-1] == run.status().iteration
        assert len(run.signals())
        quality = run.quality()
        assert quality is not None
        assert len(quality.history)
    sampler = open_sampler(run)
    samples = sampler.images(sampler.latents(0, 4))
    assert len(samples) == 4
    assert all(weight.dtype == torch.float32 for weight in sampler._players.generator.parameters())
    if is_points(run.config.data):
        assert len(run.milestones()) == 5
        assert torch.isfinite(run.look().field).all()
    evaluations = json.loads((run.folder.path / "evaluation.json").read_text())
    assert [found["run"] for found in evaluations] == [name]
