"""A network taken apart into its layers, and what to call them."""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.nn.utils import parametrize


def layers_of(network: nn.Module) -> dict[str, nn.Module]:
    """Path -> every module that holds no others or has parameters of its own; ``Identity`` is left out.

    A parametrised layer, such as a spectrally normalised one, is one layer.
    """
    found: dict[str, nn.Module] = {}

    def walk(module: nn.Module, path: str) -> None:
        parts = {} if parametrize.is_parametrized(module) else dict(module.named_children())
        if own_parameters(module) or not (parts or isinstance(module, nn.Sequential | nn.Identity)):
            found[path] = module
        for name, part in parts.items():
            walk(part, f"{path}.{name}" if path else name)

    walk(network, "")
    return found


def own_parameters(module: nn.Module) -> dict[str, nn.Parameter]:
    """What training changes in a module itself, by name; of a parametrised one what its weight is made from."""
    found = dict(module.named_parameters(recurse=False))
    for name, parametrization in _parametrizations(module).items():
        found |= {f"{name}.{part}": value for part, value in parametrization.named_parameters(recurse=False)}
    return found


def layer_name(module: nn.Module) -> str:
    """A layer in words, such as ``ConvTranspose2d 64 → 32, 4×4, stride 2``."""
    kind = parametrize.type_before_parametrizations(module).__name__
    words = " ".join([kind, *_sizes(module)])
    if (kernel := getattr(module, "kernel_size", None)) is not None:
        words += f"{',' if ' ' in words else ''} {_times(kernel)}"
        if _times(stride := getattr(module, "stride", 1)) not in ("1×1", _times(kernel)):
            words += f", stride {stride[0] if isinstance(stride, tuple) and len({*stride}) == 1 else _times(stride)}"
    normalised = (type(part).__name__ for parts in _parametrizations(module).values() for part in parts)
    return words + (", spectral norm" if "_SpectralNorm" in normalised else "")


def part_of(network: nn.Module, path: str) -> str:
    """The named part of a network that a layer belongs to, such as ``from_half`` or ``SelfAttention f``; or empty."""
    words: list[str] = []
    module = network
    for name in path.split(".") if path else []:
        if not name.isdigit():
            held_by = type(module).__name__
            words += [name] if module is network else [held_by, name]
        module = module.get_submodule(name)
    return " ".join(words)


def _parametrizations(module: nn.Module) -> dict[str, Any]:
    if not parametrize.is_parametrized(module):
        return {}
    return dict(module.parametrizations.items())  # type: ignore[union-attr, operator]


def _sizes(module: nn.Module) -> list[str]:
    """What goes in and comes out, or the one number that says which layer of its kind it is."""
    pairs = (
        ("in_features", "out_features"),
        ("in_channels", "out_channels"),
        ("num_embeddings", "embedding_dim"),
    )
    found = [f"{getattr(module, a)} → {getattr(module, b)}" for a, b in pairs if hasattr(module, b)]
    single = ("num_features", "num_channels", "negative_slope", "upscale_factor", "downscale_factor")
    return found or [f"{getattr(module, name):g}" for name in single if hasattr(module, name)]


def _times(size: Any) -> str:
    return "×".join(str(side) for side in (size if isinstance(size, tuple) else (size, size)))
