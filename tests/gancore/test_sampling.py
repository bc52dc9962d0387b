"""Samples of milestones: what a sampler draws is what the run drew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import tiny

from gancore import images
from gancore.checkpoint import RunFolder
from gancore.errors import CheckpointError, RunError
from gancore.gallery import GALLERY_SEED_OFFSET
from gancore.run import Run
from gancore.runs import RunManager
from gancore.sampler import Sampler
from gancore.sampling import milestone_of, open_sampler, write_images


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    manager = RunManager(tmp_path_factory.mktemp("runs"))
    run = manager.start(tiny("gan-deep", "8it", seed=5))
    assert run.wait(60)
    yield run
    manager.shutdown()


@pytest.mark.parametrize("percent", [0, 25, 50, 75, 100])
def test_a_milestones_weights_draw_its_gallery_again(run: Run, percent: int) -> None:
    sampler = open_sampler(run, percent)
    drawn = sampler.images(sampler.latents(5 + GALLERY_SEED_OFFSET, 4))
    stored = images.read_png(run.folder.path / milestone_of(run, percent).image)
    difference = images.grid(drawn, 2)[:1].int() - stored[:1].int()
    assert difference.abs().max() <= 1


def test_all_galleries_show_the_same_z(run: Run) -> None:
    pictures = [images.read_png(run.folder.path / gallery.image) for gallery in run.milestones()]
    assert len({picture.numpy().tobytes() for picture in pictures}) == 5, "the generator moved"
    # BatchNorm in eval mode: an image depends on its own z only, whatever else is in the batch.
    sampler = open_sampler(run)
    z = sampler.latents(1, 600)
    assert torch.equal(sampler.images(z)[300:303], sampler.images(z[300:303]))


def test_the_same_seed_draws_the_same_whatever_the_global_generator_does(run: Run) -> None:
    sampler = open_sampler(run)
    torch.manual_seed(1)
    first, state = sampler.latents(9, 3), torch.get_rng_state()
    torch.manual_seed(2)
    assert torch.equal(sampler.latents(9, 3), first)
    torch.manual_seed(1)
    assert torch.equal(torch.get_rng_state(), state)
    assert sampler.latent_dim == 8
    assert not torch.equal(sampler.latents(10, 3), first)


def test_missing_milestones_list_those_there_are(run: Run) -> None:
    assert milestone_of(run).percent == 100
    with pytest.raises(RunError, match="no milestone at 30 %; there are: 0 %, 25 %, 50 %, 75 %, 100 %"):
        open_sampler(run, 30)


def test_other_networks_weights_are_refused(run: Run, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=f"do not belong to run {run.id}'s generator"):
        Sampler(run.folder, {"weight": torch.zeros(2)})
    fresh = Run(RunFolder.create(tmp_path, tiny("gan-simple")))
    with pytest.raises(CheckpointError, match="has not started to train yet"):
        Sampler(fresh.folder, {})
    with pytest.raises(RunError, match="no milestone yet; there are: none yet"):
        open_sampler(fresh)


def test_samples_are_written_in_each_kind(run: Run, tmp_path: Path) -> None:
    sampler = open_sampler(run)
    drawn = sampler.images(sampler.latents(0, 5))
    array = np.load(write_images(drawn, tmp_path / "new" / "s.npy", ".npy"))
    assert array.shape == (5, 28, 28)
    assert np.array_equal(array, drawn[:, 0].numpy())
    assert images.read_png(write_images(drawn, tmp_path / "s.png", ".png")).shape == (3, 2 * 30 + 2, 3 * 30 + 2)
    strip = images.read_png(write_images(drawn, tmp_path / "strip.png", ".png", columns=5))
    assert strip.shape == (3, 32, 5 * 30 + 2)
    folder = write_images(drawn, tmp_path / "all", "")
    assert sorted(path.name for path in folder.iterdir()) == [f"{index:05d}.png" for index in range(5)]
    assert torch.equal(images.read_png(folder / "00003.png"), drawn[3])
    assert write_images(drawn, tmp_path / "s.gif", ".gif").read_bytes().startswith(b"GIF")
