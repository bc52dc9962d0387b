"""A generator trained elsewhere as a run: a safetensors file whose every tensor fits a configuration.

The run is listed as finished with one milestone, so that its samples can be drawn, compared and evaluated. It has no
discriminator, optimizers or curves, and so cannot train further.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError, safe_open
from torch import Tensor

import gancore
from gancore import data, images
from gancore.checkpoint import Gallery, RunFolder
from gancore.config import RunConfig
from gancore.data import Batches
from gancore.errors import CheckpointError, DataError, RunError
from gancore.files import sha256_of, write_json
from gancore.gallery import Painter
from gancore.i18n import _, ngettext
from gancore.players import build_players, sketch
from gancore.recipes import recipe_of
from gancore.schedule import MILESTONES
from gancore.status import Resolved, RunState

FILE = "upload.json"
MOST_BYTES = 2_000_000_000
MOST_PROBLEMS = 10
START_BYTES = 9
"""What tells a kind of file by."""
_PICKLES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle")
_PICKLED = (b"PK", *(bytes([0x80, protocol]) for protocol in range(2, 6)))
_FLOATS = ("F16", "BF16", "F32")
_NAMES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32",
    "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip


class MisfitError(CheckpointError):
    """Weights that do not fit a configuration's generator."""

    def __init__(self, message: str, problems: list[str]) -> None:
        super().__init__(message)
        self.problems = problems
        """What does not fit, a clause each: at most :data:`MOST_PROBLEMS`, then how many more there are."""


class Uploaded(BaseModel):
    """Where a run's weights come from; ``upload.json``."""

    model_config = ConfigDict(frozen=True)

    file: str
    sha256: str
    tensors: int
    at: float
    """Seconds since 1970."""


def upload(root: Path, file: Path, config: RunConfig, name: str = "") -> RunFolder:
    """Make a run of a generator's weights.

    Args:
        root: the folder of run folders.
        file: safetensors, with the tensors of the generator's ``state_dict()``; half precision becomes float32.
        config: whose generator it is; its data set has to be here, as it says what shape and how many classes.
        name: of the file, where it is not ``file``'s own.

    Raises:
        CheckpointError: when the file is none of safetensors, or ``root`` cannot be written to.
        MisfitError: naming every tensor that is missing, unexpected, of another shape or kind, or not finite.
        DataError: when the data set is not here.
    """
    name = name or file.name
    check_kind(file, name)
    dataset = data.load(config.data, config.image_size, config.channels)
    recipe, classes = recipe_of(config.preset), len(dataset.classes)
    if recipe.conditioned_on == "label" and classes < 2:
        raise DataError(
            _("{preset} needs labelled data, found one class only in {data}", preset=config.preset, data=config.data)
        )
    expected = sketch(config, dataset.shape, max(1, classes)).generator.state_dict()
    weights = read_weights(file, expected, config.preset, name)
    cpu = torch.device("cpu")
    players = build_players(config, dataset.shape, cpu, "float32", classes)
    players.shown.load_state_dict(weights)
    painter = Painter(config, dataset, players)
    settings = config.settings
    batches = Batches(
        dataset, settings.batch_size, settings.data_range, torch.Generator(), shortest=2 * settings.packing
    )
    picture = painter.picture()
    folder = RunFolder.create(root, config)
    try:
        if painter.conditions is not None:
            folder.write_conditions(painter.conditions)
        folder.write_resolved(
            Resolved(
                shape=dataset.shape,
                classes=dataset.classes,
                images=len(dataset.samples),
                batches_per_epoch=batches.per_epoch,
                batches_per_iteration=recipe.batches_per_iteration(settings),
                device=str(cpu),
                precision="float32",
                torch_version=torch.__version__,
                gancore_version=gancore.__version__,
            )
        )
        percent = MILESTONES[-1]
        start = f"galleries/{0:08d}-{percent:03d}"
        gallery = Gallery(
            iteration=0, epoch=0.0, images_seen=0, elapsed_s=0.0, percent=percent,
            image=f"{start}.png", weights=f"{start}.safetensors",
        )  # fmt: skip
        folder.add_gallery(gallery, images.png(picture, run=folder.id, iteration="0"), players.shown)
        told = Uploaded(file=Path(name).name, sha256=sha256_of(file), tensors=len(weights), at=time.time())
        write_json(folder.path / FILE, told.model_dump(mode="json"))
        message = _("uploaded from {file}: the weights were not trained here", file=told.file)
        ended = {"state": RunState.FINISHED, "progress": 1.0}
        folder.write_status(folder.stored_status().saying(message).model_copy(update=ended))
    except BaseException:
        folder.delete()
        raise
    return folder


def uploaded(folder: RunFolder) -> Uploaded | None:
    """Where a run's weights come from; None for a run that was trained."""
    try:
        return Uploaded.model_validate_json((folder.path / FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def refuse_uploaded(folder: RunFolder) -> None:
    """Raises RunError for a run that has nothing to train on with."""
    if (folder.path / FILE).is_file():
        raise RunError(
            _(
                "run {run} was uploaded as a generator alone, without a discriminator, and cannot train further; "
                "start a new one with its settings",
                run=folder.id,
            )
        )


def check_kind(file: Path, name: str = "") -> None:
    """Refuse what is no safetensors file, by its name and first bytes; a pickle is never opened as one.

    Raises:
        CheckpointError: saying how to make a file that fits.
    """
    name = name or file.name
    try:
        with file.open("rb") as opened:
            start = opened.read(START_BYTES)
        size = file.stat().st_size
    except OSError as error:
        raise CheckpointError(
            _("{file} cannot be read: {reason}", file=name, reason=error.strerror or error)
        ) from error
    check_start(name, start, size)


def check_start(name: str, start: bytes, size: int) -> None:
    """What :func:`check_kind` does, for a file that is not on a disk.

    Args:
        start: its first :data:`START_BYTES` bytes.
        size: in bytes.
    """
    how = "safetensors.torch.save_file(generator.state_dict(), 'generator.safetensors')"
    # A safetensors file begins with eight bytes that say how long its header is, which may be anything.
    looks_right = start[8:] == b"{"
    if Path(name).suffix.lower() in _PICKLES or (not looks_right and start.startswith(_PICKLED)):
        raise CheckpointError(
            _(
                "{file} is a pickle, which can run code when it is opened; expected a .safetensors file, which {how} "
                "makes",
                file=name,
                how=how,
            )
        )
    if not looks_right:
        raise CheckpointError(
            _("{file} is not a safetensors file; expected one that {how} makes", file=name, how=how)
        )
    if size > MOST_BYTES:
        raise CheckpointError(
            _("{file} has {size:,} bytes; expected at most {most:,}", file=name, size=size, most=MOST_BYTES)
        )


def read_weights(file: Path, expected: Mapping[str, Tensor], preset: str, name: str = "") -> dict[str, Tensor]:
    """A generator's weights in the kinds of number that it has.

    Args:
        expected: its ``state_dict()``, on the meta device.
        preset: what the generator is called in messages.

    Raises:
        MisfitError: with all that does not fit at once.
        CheckpointError: when the file is damaged.
    """
    name = name or file.name
    try:
        with safe_open(file, framework="pt") as opened:
            found = _headers(opened)
            problems = _misfits(found, expected)
            weights = {} if problems else {key: opened.get_tensor(key).to(expected[key].dtype) for key in expected}
    except (OSError, SafetensorError) as error:
        raise CheckpointError(_("{file} is damaged: {reason}", file=name, reason=error)) from error
    for key, value in weights.items():
        if not bool(torch.isfinite(value).all()):
            count = int((~torch.isfinite(value)).sum())
            problems.append(
                ngettext(
                    "{tensor}: {count:,} number is not finite",
                    "{tensor}: {count:,} numbers are not finite",
                    count,
                    tensor=key,
                )
            )
    if problems:
        listed = problems[:MOST_PROBLEMS]
        if more := len(problems) - len(listed):
            listed.append(ngettext("and {count} more", "and {count} more", more))
        raise MisfitError(
            _(
                "{file} does not fit the generator of {preset}: {problems}",
                file=name,
                preset=preset,
                problems="; ".join(listed),
            ),
            listed,
        )
    return weights


def _headers(opened: Any) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Name -> kind of number and shape, of all tensors of an open file; none is read."""
    slices = {key: opened.get_slice(key) for key in opened.keys()}  # noqa: SIM118 (it is no mapping)
    return {key: (part.get_dtype(), tuple(part.get_shape())) for key, part in slices.items()}


def _misfits(found: Mapping[str, tuple[str, tuple[int, ...]]], expected: Mapping[str, Tensor]) -> list[str]:
    """What is missing, unexpected, or of another shape or kind, in the generator's order."""
    problems: list[str] = []
    for key, tensor in expected.items():
        if key not in found:
            problems.append(_("{tensor}: missing, expected {shape}", tensor=key, shape=_shape(tensor.shape)))
            continue
        kind, shape = found[key]
        if shape != tuple(tensor.shape):
            problems.append(
                _(
                    "{tensor}: expected {expected}, found {found}",
                    tensor=key,
                    expected=_shape(tensor.shape),
                    found=_shape(shape),
                )
            )
        valid = _FLOATS if tensor.is_floating_point() else ("I64",)
        if kind not in valid:
            problems.append(
                _(
                    "{tensor}: expected numbers of the kind {expected}, found {found}",
                    tensor=key,
                    expected=", ".join(_NAMES[each] for each in valid),
                    found=_NAMES.get(kind, kind),
                )
            )
    for key, (_kind, shape) in found.items():
        if key not in expected:
            problems.append(_("{tensor}: unexpected, of shape {shape}", tensor=key, shape=_shape(shape)))
    return problems


def _shape(sizes: tuple[int, ...]) -> str:
    return " × ".join(map(str, sizes)) or _("one number")
