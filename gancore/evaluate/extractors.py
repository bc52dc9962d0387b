"""What turns images into the feature vectors that the metrics compare.

A data set with a judge is looked at through it; stacked MNIST through MNIST's judge, colour by colour; any other
through a random network, which needs no labels and no download. Each is registered with torch-fidelity, so that
``torch_fidelity.calculate_metrics(feature_extractor=extractor.name, ...)`` computes its metrics on the same features.
"""

from __future__ import annotations

import functools
import math
from abc import abstractmethod
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch_fidelity import register_feature_extractor
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY

from gancore.evaluate.judge import IMAGES_AT_ONCE, Judge, find_judge, has_judge
from gancore.networks import ImageShape

RANDOM_FEATURES = 64


class Extractor(Protocol):
    """Features of images, and where it knows the classes, how probable each is."""

    name: str
    """Numbers are comparable under one name only."""
    classes: tuple[str, ...]
    """Empty when it knows none."""
    accuracy: float | None
    """Share of held-out images classified rightly; None without classes."""

    @abstractmethod
    def examine(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """(N, C, H, W) uint8 -> (N, d) float32 features and (N, classes) probabilities, or None without classes."""


class JudgeExtractor:
    """A judge's 128 features and class probabilities."""

    def __init__(self, judge: Judge) -> None:
        self._judge, self.name = judge, judge.name
        self.classes = judge.facts.classes
        self.accuracy: float | None = judge.facts.test_accuracy

    def examine(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """See :class:`Extractor`."""
        return self._judge.examine(images)


class StackedExtractor:
    """Stacked MNIST through MNIST's judge: each colour is a digit, three digits are one of 1,000 classes.

    Metz et al. 2017, arXiv:1611.02163, section 3.3. The probability of a triple is the product of its digits'.
    """

    def __init__(self, judge: Judge) -> None:
        self._judge, self.name = judge, f"stacked-{judge.name}"
        self.classes = tuple(f"{number:03d}" for number in range(1000))
        self.accuracy: float | None = judge.facts.test_accuracy**3

    def examine(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """See :class:`Extractor`; 384 features."""
        seen = [self._judge.examine(images[:, channel : channel + 1]) for channel in range(3)]
        red, green, blue = (probabilities for _, probabilities in seen)
        triples = torch.einsum("ni,nj,nk->nijk", red, green, blue).flatten(1)
        return torch.cat([features for features, _ in seen], dim=1), triples


class RandomExtractor:
    """A convolutional network with random weights, the same everywhere.

    Naeem et al. 2020, arXiv:2002.09797, section 4.2: where pictures are unlike ImageNet's, features of an untrained
    network tell distributions apart more reliably than a pre-trained one's. Kernels are drawn as He et al. 2015
    (arXiv:1502.01852) start them, from a generator of this class's own.
    """

    classes: tuple[str, ...] = ()
    accuracy: float | None = None

    def __init__(self, shape: ImageShape) -> None:
        """Args:
        shape: of the images; 1 or 3 channels, square.
        """
        self.name = f"random-{'x'.join(map(str, shape))}"
        draw = torch.Generator().manual_seed(0)
        layers: list[nn.Module] = []
        inputs, outputs, side = shape.channels, 32, shape.height
        while side > 4:
            layers += [_drawn(nn.Conv2d(inputs, outputs, 3, 2, 1), draw), nn.ReLU()]
            inputs, outputs, side = outputs, min(2 * outputs, 128), math.ceil(side / 2)
        layers += [nn.Flatten(), _drawn(nn.Linear(inputs * side * side, RANDOM_FEATURES), draw)]
        self._network = nn.Sequential(*layers).eval().requires_grad_(False)

    def examine(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """See :class:`Extractor`; 64 features."""
        with torch.inference_mode():
            blocks = [self._network(block.float() / 127.5 - 1) for block in torch.split(images, IMAGES_AT_ONCE)]
        return torch.cat(blocks), None


def _drawn(layer: nn.Conv2d | nn.Linear, draw: torch.Generator) -> nn.Module:
    with torch.no_grad():
        fan_in = layer.weight[0].numel()
        layer.weight.copy_(torch.randn(layer.weight.shape, generator=draw) * math.sqrt(2 / fan_in))
        if layer.bias is not None:
            layer.bias.zero_()
    return layer


def extractor_for(data: str, shape: ImageShape) -> Extractor:
    """The extractor of a data set: through its judge where there is one, else a random network.

    Args:
        data: a data set's name, or a folder of images.
        shape: of the images.

    Raises:
        DataError: when the judge's file is damaged.
    """
    judge = find_judge(_judged_as(data), shape)
    if judge is None:
        extractor: Extractor = _random_extractor(shape)
    else:
        extractor = StackedExtractor(judge) if data == "stacked-mnist" else JudgeExtractor(judge)
    _register(extractor)
    return extractor


def knows_classes(data: str) -> bool:
    """Whether the extractor of a data set has a judge behind it; reads no file."""
    return has_judge(_judged_as(data))


def _judged_as(data: str) -> str:
    return "mnist" if data == "stacked-mnist" else data


@functools.lru_cache(maxsize=8)
def _random_extractor(shape: ImageShape) -> RandomExtractor:
    return RandomExtractor(shape)


class _FidelityExtractor(FeatureExtractorBase):  # type: ignore[misc]
    """An extractor as torch-fidelity wants it: a class, with images in and a tuple of features out."""

    extractor: Extractor

    def __init__(self, name: str, features_list: list[str], **_options: Any) -> None:
        super().__init__(name, features_list)

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        features, probabilities = self.extractor.examine(images.cpu())
        outputs = {"features": features}
        if probabilities is not None:
            outputs["logits"] = probabilities.clamp_min(1e-30).log()
        return tuple(outputs[name].clone() for name in self.features_list)

    @staticmethod
    def get_provided_features_list() -> tuple[str, ...]:
        return "features", "logits"

    @staticmethod
    def get_default_feature_layer_for_metric(metric: str) -> str:
        return "logits" if metric == "isc" else "features"

    @staticmethod
    def can_be_compiled() -> bool:
        return False


def _register(extractor: Extractor) -> None:
    if extractor.name not in FEATURE_EXTRACTORS_REGISTRY:
        adapter = type("RegisteredExtractor", (_FidelityExtractor,), {"extractor": extractor})
        register_feature_extractor(extractor.name, adapter)
