"""A look into a run's networks by one step of training.

The step is taken on a copy: the same recipe, a batch of the same data, the optimizers as they are. So activations and
gradients are those of training, whatever the recipe, but for float32 in place of a faster precision. The run itself,
its weights and its randomness stay as they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from gancore import data
from gancore.anatomy import Anatomy, Layer, Name, Network, Values, verdict
from gancore.config import RunConfig
from gancore.errors import DataError, RunError
from gancore.feed import Feed
from gancore.i18n import _, reason_of
from gancore.layer_probes import ENDS, Probe, Tally, share_at_ends, watched
from gancore.layers import layer_name, layers_of, own_parameters, part_of
from gancore.networks import ImageShape, shape_of
from gancore.players import build_players
from gancore.points import PointData
from gancore.recipes import recipe_of
from gancore.run import Run
from gancore.status import Resolved

_SEED_OFFSET = 4_000_037
_DATA_LOOKED_AT = 1_000


def examine(run: Run, timeout_s: float = 30.0) -> Anatomy:
    """Take one step on a copy of a run's players and tell what every layer made of it.

    It is the same batch and the same z each time, so two looks at a run differ by its training alone.

    Args:
        timeout_s: how long to wait for a live run to finish its iteration.

    Raises:
        RunError: when the run has not trained yet or keeps no checkpoint.
        CheckpointError: when its files are damaged.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # more would take the cores from the runs that train
    try:
        return _examine(run, timeout_s)
    finally:
        torch.set_num_threads(threads)


def _examine(run: Run, timeout_s: float) -> Anatomy:
    config, resolved = run.config, run.folder.read_resolved()
    if resolved is None:
        raise RunError(
            _("run {run} has not started to train yet, so its networks are not there to be looked at", run=run.id)
        )
    recipe, settings, classes = recipe_of(config.preset), config.settings, max(1, len(resolved.classes))
    players = build_players(config, shape_of(resolved.shape), torch.device("cpu"), "float32", classes)
    iteration = run.copy_into(players, timeout_s)
    random = players.random = torch.Generator().manual_seed(config.seed + _SEED_OFFSET)
    dataset, unmeasured = _data(config, resolved, random)
    batches = data.Batches(dataset, settings.batch_size, settings.data_range, random, shortest=2 * settings.packing)

    networks = {"generator": players.generator, "discriminator": players.discriminator}
    with watched(networks, players.optimizers.values()) as probes:
        weights = {name: _weights(network, probes[name]) for name, network in networks.items()}
        for module in (module for network in networks.values() for module in network.modules()):
            if hasattr(module, "inplace"):  # the output before it would be gone once it has written over that
                module.inplace = False  # type: ignore[assignment]
        recipe.step(players, settings, Feed(batches, config, random, classes))

    sample = None if unmeasured else data.to_range(dataset.samples[:_DATA_LOOKED_AT], settings.data_range)
    critic: Name = "critic" if any(series.name == "critic_loss" for series in recipe.series) else "discriminator"
    generator, discriminator = (
        _network(name, network, probes[player], weights[player], sample)
        for name, (player, network) in zip(("generator", critic), networks.items(), strict=True)
    )
    return Anatomy(run.id, iteration, generator, discriminator, unmeasured)


def _data(config: RunConfig, resolved: Resolved, random: torch.Generator) -> tuple[data.ImageData | PointData, str]:
    """A run's data and nothing, or noise of their shape, to run the networks on, and why."""
    try:
        dataset = data.load(config.data, config.image_size, config.channels)
        if tuple(dataset.shape) == resolved.shape:
            return dataset, ""
        reason = _(
            "{data} now holds samples of shape {found}, not {shape}",
            data=config.data,
            found=tuple(dataset.shape),
            shape=resolved.shape,
        )
    except DataError as error:
        reason = reason_of(error)
    sizes = (config.settings.batch_size, *resolved.shape)
    labels = torch.randint(max(1, len(resolved.classes)), sizes[:1], generator=random)
    if isinstance(shape_of(resolved.shape), ImageShape):
        images = torch.randint(256, sizes, dtype=torch.uint8, generator=random)
        return data.ImageData(config.data, images, labels, resolved.classes), reason
    return PointData(config.data, torch.randn(sizes, generator=random), labels, resolved.classes), reason


def _weights(network: nn.Module, probes: Mapping[str, Probe]) -> dict[str, Values | None]:
    network.eval()
    found = {path: _values(probe.weights()) for path, probe in probes.items()}
    network.train()
    return found


def _network(
    name: Name,
    network: nn.Module,
    probes: Mapping[str, Probe],
    weights: Mapping[str, Values | None],
    sample: Tensor | None,
) -> Network:
    """A player with its layers.

    Args:
        sample: (N, ...) of the data; None where the step ran on noise.
    """
    found = layers_of(network)
    layers = []
    for path in sorted(found, key=lambda path: math.inf if (at := probes[path].called) is None else at):
        module, probe = found[path], probes[path]
        layer = Layer(
            name=layer_name(module),
            path=path,
            part=part_of(network, path),
            shape=probe.shape,
            parameters=sum(parameter.numel() for parameter in own_parameters(module).values()),
            weights=weights[path],
        )
        layers.append(_measured(layer, probe, probes[""], sample) if sample is not None else layer)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return Network(name, tuple(layers), parameters, None if sample is None else _length(probes[""]))


def _measured(layer: Layer, probe: Probe, whole: Probe, sample: Tensor) -> Layer:
    """A layer with what was measured of it.

    Args:
        whole: of its network.
        sample: (N, ...) of the data.
    """
    makes_samples = layer.shape is not None and math.prod(layer.shape) == sample[0].numel()
    ends = ENDS.get(type(probe.module))
    layer = replace(
        layer,
        activations=_values(probe.activations),
        dead=probe.dead,
        saturated=probe.saturated,
        saturated_data=share_at_ends(sample, ends) if ends and makes_samples else None,
        gradient_rms=probe.gradients.rms if probe.gradients.count else None,
        gradient_length=_length(probe),
        weight_gradient_rms=probe.weight_gradients.rms if probe.weight_gradients.count else None,
    )
    return replace(layer, verdict=verdict(layer, _length(whole)))


def _values(tally: Tally) -> Values | None:
    return Values(tally.mean, tally.std, tally.low, tally.high) if tally.count else None


def _length(probe: Probe) -> float | None:
    if not probe.gradients.count or probe.shape is None:
        return None
    return probe.gradients.rms * math.sqrt(math.prod(probe.shape))
