"""One sample's story: its z through the training, its neighbours, and what discriminators make of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image
from tiny_runs import CPU, MNIST, tiny
from torch import Tensor, nn

from gancore import latents
from gancore.checkpoint import Gallery
from gancore.data import load_images
from gancore.errors import RunError
from gancore.evaluate.discriminators import Discriminator
from gancore.evaluate.stories import TrainingBank, history, label_of, opinion, opinions, share_below
from gancore.networks import ImageShape
from gancore.recipes import Players
from gancore.run import Run
from gancore.runs import RunManager
from gancore.sampling import open_sampler, placed_milestones

RUN_S = 120


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Run]]:
    manager = RunManager(tmp_path_factory.mktemp("runs"))
    found = {}
    for preset in ("gan-simple", "cgan", "pix2pix-half"):
        found[preset] = manager.start(tiny(preset, plan="4it"))
        assert found[preset].wait(RUN_S)
    yield found
    manager.shutdown()


class Brightness(nn.Module):
    def forward(self, samples: Tensor) -> Tensor:
        return samples.flatten(1).mean(1, keepdim=True)


def by_brightness(packing: int = 1) -> Discriminator:
    players = Players(nn.Identity(), Brightness(), {}, CPU, packing=packing)
    return Discriminator("bright", tiny("gan-simple"), players, MNIST)


def test_common_latents_agree_in_the_numbers_that_both_have() -> None:
    long, short = latents.common(7, 3, 100, "normal"), latents.common(7, 2, 8, "normal")
    assert torch.equal(long[:2, :8], short)
    uniform = latents.common(7, 2, 8, "uniform")
    assert torch.allclose(torch.special.ndtri(uniform.double()).float(), short, atol=1e-4)
    assert not torch.equal(latents.common(8, 2, 8, "normal"), short)


def test_history_is_the_same_z_at_every_milestone(runs: dict[str, Run]) -> None:
    run = runs["cgan"]
    moments = history(run, seed=3, index=12)
    assert [(moment.percent, moment.iteration) for moment in moments] == [(0, 0), (25, 1), (50, 2), (75, 3), (100, 4)]
    for moment in moments:
        sampler = open_sampler(run, int(moment.percent))
        whole = sampler.images(sampler.common_latents(3, 13))
        assert (whole[12].int() - moment.image.int()).abs().max() <= 1, "one image rounds as many do"
    assert label_of(run, 12) == 2
    assert label_of(runs["gan-simple"], 12) is label_of(runs["pix2pix-half"], 0) is None


def test_every_milestone_has_a_percentage_of_its_own(runs: dict[str, Run], monkeypatch: pytest.MonkeyPatch) -> None:
    run = runs["gan-simple"]
    first, *_, last = run.milestones()
    ended = last.model_copy(update={"percent": None, "iteration": 1, "images_seen": 16})
    twice = first.model_copy(update={"iteration": 1})
    kept: list[Gallery] = [first, twice, ended]
    monkeypatch.setattr(run, "milestones", lambda: kept)
    assert [placed.percent for placed in placed_milestones(run)] == [0, 0.1, 25]
    kept.insert(2, first.model_copy(update={"percent": 25}))
    assert [placed.percent for placed in placed_milestones(run)] == [0, 0.1, 25, 25.1]


def test_a_run_without_a_milestone_has_no_history(runs: dict[str, Run], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs["gan-simple"], "milestones", list)
    with pytest.raises(RunError, match="no milestone yet"):
        history(runs["gan-simple"], 0, 0)


def test_a_training_image_is_its_own_nearest_by_the_judge() -> None:
    config = tiny("gan-simple")
    training = load_images("digits", split="train")
    found = TrainingBank(config, MNIST).nearest(training.images[40], 3)
    assert found.space == "features"
    assert found.found[0].number == 40
    assert found.found[0].distance == pytest.approx(0, abs=1e-3)
    assert torch.equal(found.found[0].image, training.images[40])
    assert found.found[0].label == training.classes[int(training.labels[40])]
    assert 0 < found.found[1].distance <= found.found[2].distance


def test_without_a_judge_pixels_are_compared(tmp_path: Path) -> None:
    for level in (0, 51, 102, 255) * 3:
        Image.new("L", (16, 16), level).save(tmp_path / f"{level}-{len(list(tmp_path.iterdir()))}.png")
    config = tiny("dcgan", data=str(tmp_path), image_size=16)
    bank = TrainingBank(config, ImageShape(1, 16, 16))
    found = bank.nearest(torch.full((1, 16, 16), 51, dtype=torch.uint8), 20)
    assert found.space == "pixels"
    assert found.found[0].distance == 0
    assert set(found.found[0].image.unique().tolist()) == {51}
    assert {round(other.distance, 4) for other in found.found} <= {0, 0.2, 0.8}


@pytest.mark.parametrize(("score", "share"), [(-1.0, 0), (0.0, 0.125), (1.0, 0.5), (9.0, 1.0)])
def test_the_share_of_real_scores_below(score: float, share: float) -> None:
    assert share_below(torch.tensor([0.0, 1.0, 1.0, 2.0]), score) == share


@pytest.mark.parametrize("packing", [1, 3])
def test_a_known_discriminator_has_known_opinions(packing: int) -> None:
    judge = by_brightness(packing)
    black, white = torch.zeros(MNIST, dtype=torch.uint8), torch.full(MNIST, 255, dtype=torch.uint8)
    assert opinion(judge, black).share == 0
    assert opinion(judge, white).share == 1
    digits = load_images("digits").images
    middle = digits[digits.float().flatten(1).mean(1).argsort()[len(digits) // 2]]
    assert opinion(judge, middle).share == pytest.approx(0.5, abs=0.06)


def test_what_cannot_be_judged_is_said_in_words(runs: dict[str, Run]) -> None:
    image = history(runs["gan-simple"], 0, 0)[-1].image
    plain, told, pairs = opinions(list(runs.values()), image)
    assert plain.share is not None
    assert 0 <= plain.share <= 1
    assert told.share is None
    assert "has to be told a class" in told.reason
    assert pairs.share is None
    assert "judges a source and an image together" in pairs.reason
    assert opinions([runs["cgan"]], image, label=4)[0].share is not None
    wide = opinion(by_brightness(), torch.zeros(3, 32, 32, dtype=torch.uint8))
    assert wide.share is None
    assert wide.reason.endswith("found images of 32 x 32 pixels, in colour.")


def test_a_diverged_discriminator_has_no_opinion() -> None:
    class Broken(nn.Module):
        def forward(self, samples: Tensor) -> Tensor:
            return samples.flatten(1).mean(1, keepdim=True) * float("nan")

    judge = Discriminator("b", tiny("gan-simple"), Players(nn.Identity(), Broken(), {}, CPU), MNIST)
    found = opinion(judge, torch.zeros(MNIST, dtype=torch.uint8))
    assert (found.share, found.reason) == (None, "b's discriminator has diverged: its scores are not finite.")
