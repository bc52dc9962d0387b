"""The z of an image is found again, a hidden part plays no role, and a picture of any kind becomes a target."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from tiny_runs import MNIST, players_of, tiny
from torch import Tensor

from gancore import target_images
from gancore.checkpoint import RunFolder
from gancore.data import load
from gancore.errors import DataError, RunError
from gancore.evaluate.discriminators import Discriminator
from gancore.gallery import conditions_of
from gancore.inversion import Found, Plan, Progress, Search
from gancore.networks import ImageShape
from gancore.player_files import weights_of
from gancore.repair import context_weights, covered, rmse
from gancore.sampler import Sampler
from gancore.status import Resolved

LOWER = torch.zeros(28, 28, dtype=torch.bool)
LOWER[14:] = True
Make = Callable[..., Sampler]


@pytest.fixture
def sampler_of(tmp_path: Path) -> Make:
    """A generator that has not trained, its weights so large that z matters."""

    def make(preset: str = "gan-simple", gain: float = 3.0, **overrides: object) -> Sampler:
        config = tiny(preset, **overrides)
        folder = RunFolder.create(tmp_path / "runs", config)
        resolved = {
            "shape": MNIST, "classes": tuple("0123456789"), "images": 100, "batches_per_epoch": 1,
            "batches_per_iteration": 1, "device": "cpu", "precision": "float32", "torch_version": "",
            "gancore_version": "",
        }  # fmt: skip
        folder.write_resolved(Resolved(**resolved))
        if (conditions := conditions_of(config, load("digits"))) is not None:
            folder.write_conditions(conditions)
        weights = weights_of(players_of(config).generator)
        scaled = {name: gain * value if name.endswith("weight") else value for name, value in weights.items()}
        return Sampler(folder, scaled)

    return make


def search(sampler: Sampler, targets: Tensor, *given: Tensor, steps: int = 150, **options: object) -> Search:
    plan = Plan(steps=steps, starts=8, drawn=128)
    return Search(sampler, targets, *given, plan=plan, **options)  # type: ignore[arg-type]


def finish(looking: Search, count: int = 1) -> tuple[list[Progress], list[Found]]:
    reports = list(looking.run())
    return reports, looking.found(count=count)


@pytest.mark.parametrize("distribution", ["normal", "uniform"])
@pytest.mark.parametrize("data_range", ["[-1, 1]", "[0, 1]"])
def test_a_generators_own_sample_is_found(sampler_of: Make, distribution: str, data_range: str) -> None:
    sampler = sampler_of(latent_distribution=distribution, data_range=data_range)
    target = sampler.images(sampler.latents(5))
    reports, (best,) = finish(search(sampler, target))
    assert [report.step for report in reports] == list(range(0, 151, 10))
    first, last = float(reports[0].errors), float(reports[-1].errors)
    assert last < 0.35 * first
    assert last == pytest.approx(best.error, rel=1e-3)
    assert torch.equal(best.image, sampler.images(best.z[None])[0])
    difference = (best.image.float() - target[0].float()) / 255
    assert best.error == pytest.approx(float((difference**2).mean().sqrt()), abs=0.004)
    if distribution == "uniform":
        assert float(best.z.min()) >= 0
        assert float(best.z.max()) < 1


def test_the_same_seed_finds_the_same_and_nothing_of_the_sampler_changes(sampler_of: Make) -> None:
    sampler = sampler_of()
    target = sampler.images(sampler.latents(5))
    torch.manual_seed(1)
    (first,) = finish(search(sampler, target, steps=20, seed=3))[1]
    torch.manual_seed(2)
    (again,) = finish(search(sampler, target, steps=20, seed=3))[1]
    (other,) = finish(search(sampler, target, steps=20, seed=4))[1]
    assert torch.equal(first.z, again.z)
    assert not torch.equal(first.z, other.z)
    assert torch.equal(sampler.images(sampler.latents(5)), target)


def test_hidden_pixels_do_not_matter_and_stay_out_of_what_is_known(sampler_of: Make) -> None:
    sampler = sampler_of()
    target = sampler.images(sampler.latents(5))
    changed = torch.where(LOWER, 255 - target, target)
    (found,) = finish(search(sampler, target, LOWER))[1]
    (other,) = finish(search(sampler, changed, LOWER))[1]
    assert torch.equal(found.z, other.z)
    assert found.hidden_error is not None
    assert other.hidden_error is not None
    assert found.hidden_error < other.hidden_error
    assert torch.equal(found.blended[:, :14], target[0, :, :14])
    assert torch.equal(found.blended[:, 14:], found.image[:, 14:])


def test_candidates_are_different_images_best_first(sampler_of: Make) -> None:
    sampler = sampler_of()
    hidden = ~LOWER
    hidden[24:] = True
    reports, found = finish(search(sampler, sampler.images(sampler.latents(5)), hidden, steps=30), count=4)
    assert len(found) > 1
    assert float(reports[-1].errors) == pytest.approx(found[0].error, rel=1e-3)
    for place, each in enumerate(found):
        for other in found[:place]:
            assert float(rmse((each.image.float() - other.image.float()) / 255, hidden.float())) > 0.03


def test_a_class_is_tried_out_or_kept_to(sampler_of: Make) -> None:
    sampler = sampler_of("cgan", gain=2.0)
    target = sampler.images(sampler.latents(5), condition=7)
    assert sampler.condition_names == list("0123456789")
    (found,) = finish(search(sampler, target, steps=40))[1]
    assert found.condition in range(10)
    assert torch.equal(found.image, sampler.images(found.z[None], found.condition)[0])
    (told,) = finish(search(sampler, target, steps=10, condition=3))[1]
    assert told.condition == 3


def test_several_targets_have_each_their_own(sampler_of: Make) -> None:
    sampler = sampler_of()
    targets = sampler.images(sampler.latents(5, 3))
    looking = search(sampler, targets, steps=60)
    errors = list(looking.run())[-1].errors
    assert errors.shape == (3,)
    for number, target in enumerate(targets):
        (own,) = looking.found(number)
        difference = (targets.float() - own.image.float()).flatten(1).norm(dim=1)
        assert int(difference.argmin()) == number
        assert target.shape == own.image.shape


def test_who_stops_asking_keeps_what_was_found(sampler_of: Make) -> None:
    sampler = sampler_of()
    looking = search(sampler, sampler.images(sampler.latents(5)), steps=10_000)
    progress = looking.run()
    reports = [next(progress) for _ in range(4)]
    assert reports[-1].step == 30
    assert looking.found()[0].error == pytest.approx(float(reports[-1].errors), rel=1e-3)


@pytest.mark.parametrize("preset", ["gan-simple", "cgan"])
def test_a_discriminator_has_a_say_in_a_repair_alone(sampler_of: Make, preset: str) -> None:
    sampler = sampler_of(preset)
    judge = Discriminator(sampler.id, sampler.config, players_of(sampler.config), MNIST)
    target = sampler.images(sampler.latents(5), None if preset == "gan-simple" else 1)
    alone = finish(search(sampler, target, LOWER, steps=20))[1][0]
    judged = finish(search(sampler, target, LOWER, steps=20, judge=judge))[1][0]
    assert not torch.equal(alone.z, judged.z)
    whole = [finish(search(sampler, target, steps=20, judge=each))[1][0].z for each in (None, judge)]
    assert torch.equal(*whole)


def test_every_recipe_on_images_can_be_searched(sampler_of: Make, preset: str) -> None:
    sampler = sampler_of(preset, gain=1.0)
    condition = None if sampler.conditions is None else 1
    target = sampler.images(sampler.latents(5), condition)
    looking = Search(sampler, target, condition=condition, plan=Plan(steps=10, starts=4, drawn=32))
    reports = list(looking.run())
    assert float(reports[-1].errors) <= float(reports[0].errors)


def test_what_cannot_be_searched_is_said_in_a_sentence(sampler_of: Make) -> None:
    sampler = sampler_of()
    target = sampler.images(sampler.latents(5))
    with pytest.raises(DataError, match="makes images of 28 x 28 pixels, grey; found images of shape"):
        search(sampler, target[:, :, :14])
    with pytest.raises(DataError, match="the mask has 14 x 28 pixels; expected 28 x 28"):
        search(sampler, target, LOWER[:14])
    with pytest.raises(DataError, match="hides the whole image"):
        search(sampler, target, torch.ones_like(LOWER))
    with pytest.raises(DataError, match="has 0 conditions; there is no number 3"):
        search(sampler, target, condition=3)
    diverged = sampler_of(gain=float("nan"))
    with pytest.raises(RunError, match="has diverged"):
        search(diverged, target)


def test_pixels_near_the_hole_count_most() -> None:
    hidden = torch.zeros(28, 28, dtype=torch.bool)
    hidden[10:18, 10:18] = True
    weights = context_weights(hidden)
    assert float(weights[hidden].abs().max()) == 0
    # Of the 49 neighbours of a pixel beside the hole 21 are hidden, none of the corner's.
    assert float(weights[14, 9]) == pytest.approx(0.25 + 0.75 * 21 / 49)
    assert float(weights[0, 0]) == 0.25
    assert torch.equal(covered(torch.zeros(1, 28, 28, dtype=torch.uint8), hidden)[0] == 128, hidden)


def encoded(picture: Image.Image, kind: str = "PNG") -> bytes:
    picture.save(buffer := io.BytesIO(), kind)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_picture_of_any_kind_becomes_an_image_of_the_run(kind: str) -> None:
    wide = Image.fromarray(np.tile(np.linspace(0, 255, 90, dtype=np.uint8), (50, 1))).convert("RGB")
    picture = target_images.read_picture(encoded(wide, kind))
    grey = target_images.fitted(picture, MNIST)
    assert grey.shape == MNIST
    assert grey.dtype == torch.uint8
    # The middle 50 of 90 columns.
    assert abs(int(grey[0, 14, 0]) - 58) < 12
    assert abs(int(grey[0, 14, -1]) - 196) < 12
    assert target_images.fitted(picture, ImageShape(3, 32, 32)).shape == (3, 32, 32)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"no picture at all", "drawing is not a picture; expected a PNG"),
        (encoded(Image.new("L", (100, 100)))[:60], "drawing cannot be read as a picture"),
        (encoded(Image.new("L", (100, 4))), "drawing has 100 x 4 pixels; expected at least 8"),
        (encoded(Image.new("1", (10_000, 6_000))), "has 10000 x 6000 pixels; expected at most 50 million"),
        (bytes(target_images.MOST_BYTES + 1), "drawing is too large; expected a picture of at most 20 MB"),
    ],
)
def test_what_is_no_picture_is_said_in_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        target_images.read_picture(content, "drawing")


def test_files_that_are_missing_or_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no file .*nowhere\.png"):
        target_images.read_picture(tmp_path / "nowhere.png")
    with pytest.raises(DataError, match="is a folder; expected a picture"):
        target_images.read_picture(tmp_path)


def test_dark_on_light_is_noticed_beside_light_on_dark() -> None:
    drawing = torch.full((1, 28, 28), 250, dtype=torch.uint8)
    drawing[:, 8:20, 12:16] = 10
    samples = target_images.negative(drawing)[None].repeat(4, 1, 1, 1)
    assert target_images.looks_negative(drawing, samples)
    assert target_images.looks_negative(samples[0], drawing[None])
    assert not target_images.looks_negative(samples[0], samples)


def test_a_mask_is_light_where_it_hides() -> None:
    painted = Image.new("RGBA", (56, 56))
    painted.paste("white", (0, 28, 56, 56))
    assert torch.equal(target_images.read_mask(encoded(painted), MNIST), LOWER)
    with pytest.raises(DataError, match="the mask hides nothing"):
        target_images.read_mask(encoded(Image.new("L", (56, 56))), MNIST)
