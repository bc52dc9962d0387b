"""A run's two networks as they are built: layers, shapes and parameters, without weights, data or a checkpoint."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gancore.anatomy import Layer, Name, Network
from gancore.data import Batches, ImageData
from gancore.errors import RunError
from gancore.feed import Feed
from gancore.i18n import _
from gancore.layers import layer_name, layers_of, own_parameters, part_of
from gancore.networks import PointShape, shape_of
from gancore.players import build_players
from gancore.points import PointData
from gancore.recipes import recipe_of
from gancore.run import Run

ExampleCall = tuple[nn.Module, tuple[Tensor, ...]]
"""A network, and two of each of the inputs that it takes."""


def example_networks(run: Run) -> dict[str, ExampleCall]:
    """Both networks with new weights, and two of each of the inputs that a step of the recipe gives them.

    Raises:
        RunError: when the run has not started, so that its data's shape is not known.
    """
    resolved, config = run.folder.read_resolved(), run.config
    if resolved is None:
        raise RunError(_("run {run} has not started to train yet, so its networks are not known", run=run.id))
    shape, settings = shape_of(resolved.shape), config.settings
    count = 2 * settings.packing
    blank = (torch.zeros(count, *shape), torch.arange(count) % max(1, len(resolved.classes)))
    dataset = (
        PointData("blank", *blank, resolved.classes)
        if isinstance(shape, PointShape)
        else ImageData("blank", blank[0].to(torch.uint8), blank[1], resolved.classes)
    )
    small = config.model_copy(update={"settings": settings.model_copy(update={"batch_size": count})})
    players = build_players(small, shape, torch.device("cpu"), "float32", max(1, len(resolved.classes)))
    players.random = torch.Generator().manual_seed(0)
    networks = {"generator": players.generator, "discriminator": players.discriminator}
    calls: dict[str, list[tuple[Tensor, ...]]] = {name: [] for name in networks}
    hooks = [
        network.register_forward_pre_hook(lambda _network, inputs, kept=calls[name]: kept.append(inputs))
        for name, network in networks.items()
    ]
    batches = Batches(dataset, count, settings.data_range, players.random)
    recipe_of(config.preset).step(
        players, small.settings, Feed(batches, small, players.random, len(resolved.classes))
    )
    for hook in hooks:
        hook.remove()
    return {
        name: (network, tuple(value.detach().clone() for value in calls[name][0]))
        for name, network in networks.items()
    }


def structure(run: Run) -> tuple[Network, Network]:
    """Generator, and discriminator or critic, each with its layers in the order of execution; nothing is measured.

    Raises:
        RunError: when the run has not started.
    """
    recipe = recipe_of(run.config.preset)
    critic: Name = "critic" if any(series.name == "critic_loss" for series in recipe.series) else "discriminator"
    networks = example_networks(run)
    return _layered("generator", *networks["generator"]), _layered(critic, *networks["discriminator"])


def _layered(name: Name, network: nn.Module, inputs: tuple[Tensor, ...]) -> Network:
    found = layers_of(network)
    shapes: dict[str, torch.Size] = {}
    hooks = [
        module.register_forward_hook(lambda _module, _inputs, made, path=path: shapes.update({path: made.shape[1:]}))
        for path, module in found.items()
    ]
    with torch.inference_mode():
        network.eval()(*inputs)
    for hook in hooks:
        hook.remove()
    order = {path: place for place, path in enumerate(shapes)}
    layers = tuple(
        Layer(
            name=layer_name(found[path]),
            path=path,
            part=part_of(network, path),
            shape=tuple(shapes[path]) if path in shapes else None,
            parameters=sum(parameter.numel() for parameter in own_parameters(found[path]).values()),
        )
        for path in sorted(found, key=lambda path: order.get(path, math.inf))
    )
    return Network(name, layers, sum(parameter.numel() for parameter in network.parameters()), None)
