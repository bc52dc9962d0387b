"""Both players as files: their weights, the averaged generator, and their optimizers' state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save
from torch import Tensor, nn
from torch.optim import Optimizer

from gancore.files import link_or_copy, write_aside
from gancore.recipes.recipe import Players

STATE_FILE = "resume.pt"
AVERAGED = "averaged"


def weights_of(network: nn.Module) -> dict[str, Tensor]:
    """A network's weights on the CPU in plain layout, apart from the ones that train on."""
    return {name: value.detach().to("cpu", copy=True).contiguous() for name, value in network.state_dict().items()}


def non_finite_weights(network: nn.Module) -> str | None:
    """The name of the first weight with a NaN or infinity, or None."""
    return next((name for name, value in network.state_dict().items() if not bool(torch.isfinite(value).all())), None)


def save_players(path: Path, players: Players, state: dict[str, Any], shown: Path | None = None) -> None:
    """Store the players and a state to go on from in a new folder.

    Args:
        shown: a file that has the weights of ``players.shown`` already; it is linked to, so that they cost nothing.
    """
    networks = {"generator": players.generator, "discriminator": players.discriminator}
    if players.averaged:
        networks[AVERAGED] = players.averaged.network
        state = {**state, "averaged_updates": players.averaged.updates}
    for name, network in networks.items():
        file = path / f"{name}.safetensors"
        if shown is not None and network is players.shown:
            link_or_copy(shown, file)
        else:
            write_aside(file, save(weights_of(network)))
    optimizers = {name: optimizer.state_dict() for name, optimizer in players.optimizers.items()}
    write_state(path, {**state, "optimizers": optimizers})


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Store what :func:`read_state` reads in a checkpoint's folder."""
    torch.save(state, path / STATE_FILE)


def read_state(path: Path) -> dict[str, Any]:
    """Everything of a checkpoint but the networks' weights."""
    state: dict[str, Any] = torch.load(path / STATE_FILE, map_location="cpu", weights_only=True)
    return state


def load_players(path: Path, players: Players) -> dict[str, Any]:
    """Put a checkpoint into ``players`` and return the state stored with it.

    Rates, betas and the like stay as the players were built with: a branch may have other settings than the run whose
    checkpoint it starts from.
    """
    state = read_state(path)
    players.generator.load_state_dict(load_file(path / "generator.safetensors"))
    players.discriminator.load_state_dict(load_file(path / "discriminator.safetensors"))
    if players.averaged and "averaged_updates" in state:
        players.averaged.network.load_state_dict(load_file(path / f"{AVERAGED}.safetensors"))
        players.averaged.updates = state["averaged_updates"]
    elif players.averaged:  # a branch begins to average here
        players.averaged.network.load_state_dict(players.generator.state_dict())
    stored = state["optimizers"]
    if stored.keys() != players.optimizers.keys():
        stored = _split_otherwise(stored, players)
    for name, optimizer in players.optimizers.items():
        _load_optimizer(optimizer, stored[name]["state"])
    return state


def _load_optimizer(optimizer: Optimizer, state: dict[int, Any]) -> None:
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _split_otherwise(stored: dict[str, Any], players: Players) -> dict[str, Any]:
    """Optimizers' states for players that are trained by others: one for both, or one each."""
    owners = {"generator": ["generator"], "both": ["generator", "discriminator"]}
    sizes = {
        name: len(list(network.parameters()))
        for name, network in (("generator", players.generator), ("discriminator", players.discriminator))
    }
    of_player: dict[str, list[Any]] = {}
    for name, optimizer in stored.items():
        first = 0
        for player in owners.get(name, ["discriminator"]):
            of_player[player] = [optimizer["state"].get(first + index) for index in range(sizes[player])]
            first += sizes[player]
    split = {}
    for name in players.optimizers:
        states = [state for player in owners.get(name, ["discriminator"]) for state in of_player[player]]
        split[name] = {"state": {index: state for index, state in enumerate(states) if state is not None}}
    return split
