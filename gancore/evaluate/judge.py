"""A judge: a small classifier of one data set, whose features and verdicts the metrics are computed from.

Judges come with the package for the digits and for MNIST; `gancore judge` trains one for any labelled data set and
keeps it in ``judges`` below :func:`gancore.sources.data_folder`.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save
from torch import Tensor, nn

from gancore.errors import DataError
from gancore.files import write_aside
from gancore.i18n import _
from gancore.networks import ImageShape
from gancore.sources import SOURCES, data_folder

FEATURES = 128
"""Length of the feature vector: the layer before the class scores, after its ReLU."""
SHIPPED = Path(__file__).parent / "judges"
IMAGES_AT_ONCE = 100
"""Of more, every layer has to ask for new memory, which takes as long as its work."""
_LARGEST_MAP = 13


class JudgeNetwork(nn.Module):
    """Convolutions of 32 and 64 with max-pooling, a 128-wide layer and the class scores.

    In the manner of PyTorch's MNIST example, and pooled until the map is at most 13 pixels wide, so that the wide
    layer stays small at any size. Without normalisation: with BatchNorm a judge is a little more often right, but its
    features run away on images unlike the data, so that distances early in a training say little.
    """

    def __init__(self, shape: ImageShape, classes: int) -> None:
        """Args:
        shape: of the images; square, 16 to 128 pixels a side.
        classes: how many, at least 2.
        """
        super().__init__()
        layers: list[nn.Module] = []
        inputs, outputs, side = shape.channels, 32, shape.height
        while side > _LARGEST_MAP:
            layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.MaxPool2d(2), nn.ReLU()]
            inputs, outputs, side = outputs, 64, side // 2
        self.body = nn.Sequential(
            *layers, nn.Dropout(0.25), nn.Flatten(), nn.Linear(inputs * side * side, FEATURES), nn.ReLU()
        )
        self.head = nn.Sequential(nn.Dropout(0.5), nn.Linear(FEATURES, classes))

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C, H, W) in [-1, 1] -> (N, 128) features, none negative, and (N, classes) scores before the softmax."""
        features = self.body(images)
        return features, self.head(features)


class JudgeFacts(BaseModel):
    """What is known of a judge; it stands in the header of its file."""

    model_config = ConfigDict(frozen=True)

    data: str
    """The data set's name; of a folder, :func:`judge_name`."""
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    """Channels, height and width of the images it was trained on."""
    test_accuracy: float
    """Share of the held-out images it classifies rightly, measured with the weights as they are stored."""
    test_images: int
    epochs: int
    seed: int
    torch_version: str
    command: str
    """What makes this judge."""


class Judge:
    """A trained judge, on the CPU in float32; it only reads, so threads may share it."""

    def __init__(self, facts: JudgeFacts, network: JudgeNetwork, digest: str) -> None:
        network = network.eval().requires_grad_(False).to(memory_format=torch.channels_last)
        self.facts, self._network = facts, network
        self.name = f"judge-{facts.data}-{digest[:8]}"
        """Data set and the start of the weights' SHA-256: two judges that differ never share a name."""

    def examine(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Look at images.

        Images of another size or number of channels are brought to the judge's: resized, greyed or repeated.

        Args:
            images: (N, C, H, W) uint8.

        Returns:
            (N, 128) features and (N, classes) probabilities, both float32.
        """
        features, probabilities = [], []
        with torch.inference_mode():
            for block in torch.split(images, IMAGES_AT_ONCE):
                fitted = _fitted(block, ImageShape(*self.facts.shape))
                found, scores = self._network(fitted.contiguous(memory_format=torch.channels_last))
                features.append(found)
                probabilities.append(scores.softmax(dim=1))
        return torch.cat(features), torch.cat(probabilities)


def _fitted(images: Tensor, shape: ImageShape) -> Tensor:
    """uint8 images -> (N, \\*shape) float32 in [-1, 1]."""
    unit = images.float() / 127.5 - 1
    if images.shape[1] != shape.channels:
        unit = unit.mean(dim=1, keepdim=True).expand(-1, shape.channels, -1, -1)
    if images.shape[-1] != shape.width:
        unit = nn.functional.interpolate(unit, size=shape[1:], mode="bilinear", antialias=True, align_corners=False)
    return unit


def judge_name(data: str) -> str:
    """What a data set is called in judges' names.

    A named set keeps its name. A folder becomes its own name in lower case and eight digits of the SHA-256 of its
    full path, because folders often share a name such as ``images``.
    """
    if data in SOURCES:
        return data
    folder = Path(data).expanduser().resolve()
    plain = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-") or "images"
    return f"{plain[:24]}-{hashlib.sha256(str(folder).encode()).hexdigest()[:8]}"


def judge_file(data: str, shape: ImageShape) -> Path:
    """Where a judge that a user trains is kept."""
    return data_folder() / "judges" / f"{judge_name(data)}-{'x'.join(map(str, shape))}.safetensors"


def find_judge(data: str, shape: ImageShape) -> Judge | None:
    """The judge of a data set, or None.

    A user's own comes before a shipped one, one of exactly this shape before one of another.

    Raises:
        DataError: when its file is damaged.
    """
    files = list(_candidates(data, shape))
    return load_judge(files[0]) if files else None


def has_judge(data: str) -> bool:
    """Whether :func:`find_judge` would find one; reads no file."""
    name = judge_name(data)
    own = (data_folder() / "judges").glob(f"{name}-*x*x*.safetensors")
    return (SHIPPED / f"{name}.safetensors").is_file() or any(own)


def _candidates(data: str, shape: ImageShape) -> Iterator[Path]:
    exact, shipped = judge_file(data, shape), SHIPPED / f"{judge_name(data)}.safetensors"
    own = sorted(exact.parent.glob(f"{judge_name(data)}-*x*x*.safetensors"))
    if exact in own:
        yield exact
    if shipped.is_file() and load_judge(shipped).facts.shape == tuple(shape):
        yield shipped
    yield from own
    if shipped.is_file():
        yield shipped


def save_judge(file: Path, facts: JudgeFacts, network: nn.Module) -> None:
    """Store a judge; matrices and kernels in half precision, vectors in single."""
    weights = {
        name: value.detach().cpu().to(torch.float16 if value.ndim > 1 else value.dtype).contiguous()
        for name, value in network.state_dict().items()
    }
    header = {name: json.dumps(value, ensure_ascii=False) for name, value in facts.model_dump(mode="json").items()}
    file.parent.mkdir(parents=True, exist_ok=True)
    write_aside(file, save(weights, header))


def load_judge(file: Path) -> Judge:
    """Read a judge.

    Raises:
        DataError: when the file is missing, damaged, or no judge.
    """
    try:
        stat = file.stat()
        return _load_judge(file, (stat.st_mtime_ns, stat.st_size))
    except (OSError, SafetensorError, ValidationError, RuntimeError, ValueError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(
            _(
                "{file} cannot be read as a judge: {reason}; train it again with `gancore judge`",
                file=file,
                reason=reason,
            )
        ) from error


@functools.lru_cache(maxsize=8)
def _load_judge(file: Path, _version: tuple[int, int]) -> Judge:
    with safe_open(file, framework="pt") as opened:
        header = opened.metadata() or {}
    facts = JudgeFacts.model_validate({name: json.loads(value) for name, value in header.items()})
    weights = load_file(file)
    network = JudgeNetwork(ImageShape(*facts.shape), len(facts.classes))
    network.load_state_dict({name: value.float() for name, value in weights.items()})
    digest = hashlib.sha256()
    for name in sorted(weights):
        digest.update(name.encode() + weights[name].numpy().tobytes())
    return Judge(facts, network, digest.hexdigest())
