"""What any recipe can be told: augmentation, the averaged generator, conditions for samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_runs import tiny
from torch import Tensor, nn

from gancore.augment import POLICIES, augment, color, cutout, translation
from gancore.averaging import AveragedGenerator
from gancore.cli import app
from gancore.errors import ConfigError
from gancore.run import Run
from gancore.runs import RunManager
from gancore.sampling import open_sampler, write_images

IMAGES = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1


def always(value: float):  # type: ignore[no-untyped-def]
    return lambda *sizes: torch.full(sizes, value)


def finish(run: Run) -> Run:
    assert run.wait(120)
    assert run.status().state == "finished", run.status().message
    return run


def test_the_middle_of_each_change_is_no_change() -> None:
    torch.testing.assert_close(color(IMAGES, always(0.5)), IMAGES)
    assert torch.equal(translation(IMAGES, always(0.5)), IMAGES)
    assert torch.equal(augment(IMAGES, "none", always(0.0)), IMAGES)


def test_translation_moves_by_an_eighth_and_fills_with_the_background() -> None:
    moved = translation(IMAGES, always(0.0))
    assert torch.equal(moved[..., 2:, 2:], IMAGES[..., :-2, :-2])
    own = IMAGES.amin(dim=(1, 2, 3), keepdim=True)
    assert torch.equal(moved[..., :2, :], own.expand(4, 3, 2, 16)), "a border of the batch's would tell it"
    moved = translation(IMAGES, always(0.999))
    assert torch.equal(moved[..., :-2, :-2], IMAGES[..., 2:, 2:])


def test_colour_shifts_scales_and_stretches() -> None:
    darker = color(IMAGES, always(0.0))
    # Brightness -0.5, no saturation, contrast halved around each image's mean.
    grey = (IMAGES - 0.5).mean(dim=1, keepdim=True).expand_as(IMAGES)
    mean = grey.mean(dim=(1, 2, 3), keepdim=True)
    torch.testing.assert_close(darker, (grey - mean) * 0.5 + mean)


def test_cutout_blanks_a_square_of_half_the_side() -> None:
    ones = torch.ones(2, 1, 16, 16)
    inside = cutout(ones, always(0.5))  # from 8 * 17 / 16 - 4 = 4 on
    assert (inside == 0).sum(dim=(1, 2, 3)).tolist() == [64, 64]
    assert bool((inside[..., 4:12, 4:12] == 0).all())
    assert (cutout(ones, always(0.0)) == 0).sum(dim=(1, 2, 3)).tolist() == [16, 16], "a quarter of it is outside"


@pytest.mark.parametrize("policy", [policy for policy in POLICIES if policy != "none"])
def test_augmentation_passes_gradients_and_changes_each_image_differently(policy: str) -> None:
    same = IMAGES[:1].expand(8, -1, -1, -1).clone().requires_grad_()
    generator = torch.Generator().manual_seed(1)
    changed = augment(same, policy, lambda *sizes: torch.rand(sizes, generator=generator))
    assert changed.shape == same.shape
    assert len({tuple(image.flatten().tolist()) for image in changed.detach()}) > 1
    changed.sum().backward()
    assert same.grad is not None
    assert bool(same.grad.any())


class Counter(nn.Module):
    """A generator of one weight, with the kinds of buffers that BatchNorm has."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))
        self.register_buffer("running_mean", torch.zeros(1))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, z: Tensor) -> Tensor:
        return z * self.weight


def test_the_average_forgets_its_start_and_then_keeps_its_decay() -> None:
    generator, decay = Counter(), 0.25
    averaged = AveragedGenerator(generator, decay)
    expected = 0.0
    for update in range(6):
        with torch.no_grad():
            generator.weight.fill_(update + 1)
            generator.running_mean.fill_(update + 1)  # type: ignore[operator]
            generator.num_batches_tracked.fill_(update + 1)  # type: ignore[operator]
        averaged.update(generator)
        kept = min(decay, (1 + update) / (10 + update))
        expected = kept * expected + (1 - kept) * (update + 1)
    state = averaged.network.state_dict()
    assert state["weight"].item() == pytest.approx(expected)
    assert state["running_mean"].item() == pytest.approx(expected)
    assert state["num_batches_tracked"].item() == 6
    assert not averaged.network.weight.requires_grad


def test_samples_come_from_the_averaged_generator(manager: RunManager) -> None:
    run = finish(manager.start(tiny("gan-deep", "20it", ema_decay=0.9)))
    kept = run.folder.generator_weights(run.milestones()[-1])
    checkpoint = run.folder.checkpoints()[0].name
    averaged = run.folder.load_weights(f"{checkpoint}/averaged.safetensors")
    trained = run.folder.load_weights(f"{checkpoint}/generator.safetensors")
    assert all(torch.equal(kept[name], averaged[name]) for name in kept)
    assert not torch.equal(kept["0.0.weight"], trained["0.0.weight"])


def test_a_class_can_be_asked_for(manager: RunManager) -> None:
    run = finish(manager.start(tiny("cgan", "4it")))
    sampler = open_sampler(run)
    z = sampler.latents(0, 12)
    in_turn, sevens = sampler.images(z), sampler.images(z, 7)
    assert sampler.conditions is not None
    assert sampler.conditions.tolist() == list(range(10))
    assert torch.equal(in_turn[7], sevens[7]), "the eighth of all in turn is a seven"
    assert not torch.equal(in_turn[3], sevens[3])


def test_the_command_line_takes_a_class_by_name(manager: RunManager, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    run = finish(manager.start(tiny("cgan", "4it")))
    given = ["sample", run.id, "--runs", str(manager.root), "--count", "3", "--out", str(tmp_path / "x.npy")]
    assert CliRunner().invoke(app, [*given, "--condition", "7"]).exit_code == 0
    assert np.load(tmp_path / "x.npy").shape == (3, 28, 28)
    refused = CliRunner().invoke(app, [*given, "--condition", "eleven"])
    assert isinstance(refused.exception, ConfigError)
    assert "expected one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, found 'eleven'" in str(refused.exception)
    plain = finish(manager.start(tiny("gan-simple", "4it")))
    refused = CliRunner().invoke(app, ["sample", plain.id, *given[2:], "--condition", "7"])
    assert "gan-simple is not a conditional recipe" in str(refused.exception)


def test_galleries_of_pairs_show_the_source_above_each_sample(manager: RunManager) -> None:
    run = finish(manager.start(tiny("pix2pix-half", "4it", grid=4)))
    conditions = run.folder.read_conditions()
    assert conditions is not None
    assert conditions.shape[1:] == (1, 28, 28)
    from gancore.images import read_png

    picture = read_png(run.folder.path / run.galleries()[-1].image)
    first = picture[0, 2:30, 2:30]
    assert torch.equal(first, conditions[0, 0])


def test_points_are_written_as_points(manager: RunManager, tmp_path: Path) -> None:
    run = finish(manager.start(tiny("gan-simple", "4it", data="grid")))
    sampler = open_sampler(run)
    points = sampler.images(sampler.latents(0, 50))
    assert points.shape == (50, 2)
    table = np.loadtxt(write_images(points, tmp_path / "p.csv", ".csv"), delimiter=",", skiprows=1)
    np.testing.assert_allclose(table, points.numpy(), rtol=1e-4, atol=1e-5)
    with pytest.raises(ConfigError, match=r"points cannot be written to .*; expected \.npy, \.csv"):
        write_images(points, tmp_path / "p.png", ".png")


def test_images_only_recipes_refuse_points_and_say_which_take_them() -> None:
    with pytest.raises(ConfigError, match=r"dcgan: data: needs images, found ring, .*presets for it are gan-simple"):
        tiny("dcgan", data="ring")


def test_a_pack_has_to_divide_the_batch() -> None:
    with pytest.raises(
        ConfigError, match="packing: expected a divisor of the batch size 16 that leaves two packs or more, found 3"
    ):
        tiny("gan-simple", packing=3)
    with pytest.raises(ConfigError, match="leaves two packs or more, found 8"):
        tiny("gan-simple", batch_size=8, packing=8)


def test_points_are_not_augmented() -> None:
    with pytest.raises(ConfigError, match="augment: changes images and cannot change points; expected none"):
        tiny("ns-gan", data="ring", augment="translation")


def test_a_short_last_batch_that_holds_no_two_packs_is_passed_over(manager: RunManager) -> None:
    """1,797 digits leave 5 for the last batch of 16 or 64, which are one pack of 4 and none of 8."""
    for packing, batch in ((4, 16), (8, 64)):
        run = manager.start(tiny("quick", "113it", packing=packing, batch_size=batch))
        assert run.wait(120)
        assert run.status().state == "finished", run.status().message
