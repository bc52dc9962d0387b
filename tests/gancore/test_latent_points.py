"""Names of z: the same one wherever it is drawn."""

from __future__ import annotations

import pytest
import torch
from tiny_runs import tiny

from gancore import latents
from gancore.errors import ConfigError
from gancore.gallery import GALLERY_SEED_OFFSET
from gancore.kept_latents import keep
from gancore.latent_points import point
from gancore.run import Run
from gancore.runs import RunManager
from gancore.sampler import Sampler
from gancore.sampling import open_sampler


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    manager = RunManager(tmp_path_factory.mktemp("runs"))
    run = manager.start(tiny("gan-lab", plan="2it", seed=4))
    assert run.wait(60)
    return run


@pytest.fixture(scope="module")
def sampler(run: Run) -> Sampler:
    return open_sampler(run)


def test_a_seed_and_its_samples_are_the_common_latents(run: Run, sampler: Sampler) -> None:
    own = sampler.config.settings.latent_distribution
    common = latents.common(7, 12, 8, own)
    for name, number in (("7", 0), ("seed:7", 0), ("7.1", 0), (" 7.12 ", 11)):
        assert torch.equal(point(sampler, run.folder, name), common[number])


def test_a_gallery_tile_is_what_the_gallery_was_drawn_from(run: Run, sampler: Sampler) -> None:
    own = latents.from_seed(4 + GALLERY_SEED_OFFSET, 3, 8, sampler.config.settings.latent_distribution)
    assert torch.equal(point(sampler, run.folder, "gallery:3"), own[2])


def test_what_was_kept_is_found_by_its_name(run: Run, sampler: Sampler) -> None:
    z = torch.linspace(0, 1, 8)
    keep(run.folder, "a seven", "point", z)
    assert torch.equal(point(sampler, run.folder, "kept:a seven"), z)
    with pytest.raises(ConfigError, match=r"nothing is kept under 'an eight' .* there are: a seven"):
        point(sampler, run.folder, "kept:an eight")
    keep(run.folder, "short", "point", torch.zeros(3))
    with pytest.raises(ConfigError, match=r"'short' has 3 numbers, and z of run .* has 8"):
        point(sampler, run.folder, "kept:short")


@pytest.mark.parametrize("name", ["", "seven", "-1", "7.", "gallery:x", "7.12.1", "1e3"])
def test_other_names_are_refused(run: Run, sampler: Sampler, name: str) -> None:
    with pytest.raises(ConfigError, match=r"expected a seed such as 7, 7\.12 for its sample 12"):
        point(sampler, run.folder, name)


@pytest.mark.parametrize("name", ["7.0", "7.257", "gallery:999", "9999999999"])
def test_samples_and_seeds_have_their_limits(run: Run, sampler: Sampler, name: str) -> None:
    with pytest.raises(ConfigError, match="expected a sample from 1 to 256 of a seed up to 4294967295"):
        point(sampler, run.folder, name)
