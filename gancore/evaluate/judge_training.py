"""Training a judge on a labelled data set, and measuring it on the images held out."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from gancore.data import ImageData, load_images
from gancore.devices import resolve_device, resolve_precision
from gancore.errors import DataError
from gancore.evaluate.judge import Judge, JudgeFacts, JudgeNetwork, judge_file, judge_name, load_judge, save_judge
from gancore.i18n import _, ngettext

_BATCH = 128
_PEAK_RATE = 1.5e-3
_IMAGES_IN_ALL = 900_000
_ROTATION = math.radians(12)
_SHIFT = 0.14
_SCALE = 0.1

Progress = Callable[[int, int, float], None]
"""Called after each epoch with its number, how many there are, and the mean loss of it."""


def default_epochs(images: int) -> int:
    """Passes over the data after which a judge is good: about 900,000 images in all, at least 10 and at most 80."""
    return min(80, max(10, round(_IMAGES_IN_ALL / images)))


def train_judge(
    data: str,
    out: Path | None = None,
    *,
    epochs: int | None = None,
    seed: int = 0,
    image_size: int | None = None,
    progress: Progress | None = None,
) -> Judge:
    """Train a judge, store it, read it back and measure it on the held-out images.

    Adam with a one-cycle rate (Smith and Topin 2017, arXiv:1708.07120); every image is turned, shifted and scaled a
    little, differently each time.

    Args:
        data: a data set's name, or a folder of images with a sub-folder for each class.
        out: the file; None: where :func:`gancore.evaluate.judge.find_judge` looks.
        epochs: None: :func:`default_epochs`.
        seed: decides weights, order and augmentation.
        image_size: side in pixels; None: the data set's own.

    Raises:
        DataError: when the data is missing or has fewer than two classes, or the file cannot be written.
    """
    train, test = load_images(data, image_size, split="train"), load_images(data, image_size, split="test")
    if len(set(train.labels.tolist())) < 2:
        raise DataError(
            ngettext(
                "{data} has {count} class, and a judge needs at least 2; expected a sub-folder of images for each "
                "class",
                "{data} has {count} classes, and a judge needs images of at least 2; expected a sub-folder of images "
                "for each class",
                len(train.classes),
                data=data,
            )
        )
    epochs = epochs or default_epochs(len(train.images))
    network = _fit(train, epochs, seed, progress)
    size = "" if image_size is None else f" --image-size {image_size}"
    facts = JudgeFacts(
        data=judge_name(data),
        classes=train.classes,
        shape=train.shape,
        test_accuracy=0.0,
        test_images=len(test.images),
        epochs=epochs,
        seed=seed,
        torch_version=str(torch.__version__),
        command=f"gancore judge --data {Path(data).name}{size} --epochs {epochs} --seed {seed}",
    )
    file = out or judge_file(data, train.shape)
    try:
        save_judge(file, facts, network)
        accuracy = accuracy_of(load_judge(file), test)
        save_judge(file, facts.model_copy(update={"test_accuracy": accuracy}), network)
    except OSError as error:
        raise DataError(_("cannot write the judge to {file}: {reason}", file=file, reason=error.strerror)) from error
    return load_judge(file)


def fit_network(data: ImageData, images: int, seed: int) -> JudgeNetwork:
    """A judge's network trained on about so many images, repeats counted; nothing is stored."""
    return _fit(data, max(1, round(images / len(data.images))), seed, None)


def accuracy_of(judge: Judge, data: ImageData) -> float:
    """Share of images whose most probable class is the right one."""
    probabilities = judge.examine(data.images)[1]
    return float((probabilities.argmax(dim=1) == data.labels).double().mean())


def _fit(data: ImageData, epochs: int, seed: int, progress: Progress | None) -> JudgeNetwork:
    device = resolve_device("auto")
    bfloat16 = resolve_precision("auto", device) == "bfloat16"
    generator = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = JudgeNetwork(data.shape, len(data.classes)).to(device).to(memory_format=torch.channels_last)
        optimizer = torch.optim.Adam(network.parameters(), lr=_PEAK_RATE, weight_decay=1e-5, fused=True)
        steps = epochs * max(1, len(data.images) // _BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _PEAK_RATE, total_steps=steps)
        for epoch in range(epochs):
            losses = []
            order = torch.randperm(len(data.images), generator=generator)
            for chosen in torch.split(order, _BATCH)[: steps // epochs]:
                images = _augmented(data.images[chosen].float() / 127.5 - 1, generator).to(device)
                with torch.autocast(device.type, dtype=torch.bfloat16, enabled=bfloat16):
                    _, scores = network(images.contiguous(memory_format=torch.channels_last))
                loss = nn.functional.cross_entropy(scores.float(), data.labels[chosen].to(device))
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
                losses.append(loss.detach())
            if progress is not None:
                progress(epoch + 1, epochs, float(torch.stack(losses).mean()))
    return network


def _augmented(images: Tensor, generator: torch.Generator) -> Tensor:
    """Turn by up to 12 degrees, shift by up to 7 % of the side, scale by up to 10 %; (N, C, H, W) in [-1, 1]."""
    count = len(images)
    angle = (torch.rand(count, generator=generator) * 2 - 1) * _ROTATION
    scale = 1 + (torch.rand(count, generator=generator) * 2 - 1) * _SCALE
    shift = (torch.rand(count, 2, generator=generator) * 2 - 1) * _SHIFT
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    rows = torch.stack([cos, -sin, shift[:, 0], sin, cos, shift[:, 1]], dim=1)
    grid = nn.functional.affine_grid(rows.view(count, 2, 3), list(images.shape), align_corners=False)
    return nn.functional.grid_sample(images, grid, padding_mode="border", align_corners=False)
