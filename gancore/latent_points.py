"""What a z is called: by a seed, as a sample of one, as a tile of the run's gallery, or by a name that was given.

7, seed:7     the first z of seed 7, the same in every run (:func:`gancore.latents.common`)
7.12          z 12 of seed 7, as the gallery wall numbers its tiles, from 1
gallery:12    what tile 12 of the run's own galleries is drawn from
kept:NAME     what was kept with the run (:mod:`gancore.kept_latents`)
"""

from __future__ import annotations

import re

from torch import Tensor

from gancore.checkpoint import RunFolder
from gancore.errors import ConfigError
from gancore.gallery import GALLERY_SEED_OFFSET
from gancore.i18n import _
from gancore.kept_latents import Kind, kept
from gancore.sampler import Sampler

MOST_TILES = 256
"""Of one seed: the highest tile that can be named."""
LARGEST_SEED = 2**32 - 1
_SEEDED = re.compile(r"(?:seed:)?(\d{1,10})(?:\.(\d{1,3}))?")
_TILE = re.compile(r"gallery:(\d{1,3})")
_KEPT = "kept:"


def point(sampler: Sampler, folder: RunFolder, name: str) -> Tensor:
    """The z of a name, in the run of ``sampler``.

    Args:
        folder: of the same run.
        name: in one of the forms above.

    Returns:
        (latent_dim,) float32.

    Raises:
        ConfigError: when it has none of those forms, or nothing was kept under that name.
        CheckpointError: when the file of kept latents is damaged.
    """
    name = name.strip()
    if name.startswith(_KEPT):
        return kept_vector(sampler, folder, name[len(_KEPT) :], "point")
    if found := _TILE.fullmatch(name):
        tile, seed, draw = int(found[1]), sampler.config.seed + GALLERY_SEED_OFFSET, sampler.latents
    elif found := _SEEDED.fullmatch(name):
        tile, seed, draw = int(found[2] or 1), int(found[1]), sampler.common_latents
    else:
        expected = _("expected a seed such as 7, 7.12 for its sample 12, gallery:12 or kept:NAME")
        raise ConfigError(_("z: {expected}, found {name!r}", expected=expected, name=name))
    if not 1 <= tile <= MOST_TILES or seed > LARGEST_SEED + GALLERY_SEED_OFFSET:
        raise ConfigError(
            _(
                "z: expected a sample from 1 to {most} of a seed up to {largest}, found {name!r}",
                most=MOST_TILES,
                largest=LARGEST_SEED,
                name=name,
            )
        )
    return draw(seed, tile)[tile - 1]


def kept_vector(sampler: Sampler, folder: RunFolder, name: str, kind: Kind) -> Tensor:
    """What was kept with a run under a name: (latent_dim,).

    Raises:
        ConfigError: when there is nothing of that kind under the name, or it has another length than the run's z.
        CheckpointError: when the file is damaged.
    """
    found = {each.name: each.z for each in kept(folder, kind)}
    if name not in found:
        known = ", ".join(found) or _("none yet")
        raise ConfigError(
            _(
                "nothing is kept under {name!r} with run {run}; there are: {known}",
                name=name,
                run=folder.id,
                known=known,
            )
        )
    if len(found[name]) != sampler.latent_dim:
        raise ConfigError(
            _(
                "{name!r} has {found} numbers, and z of run {run} has {expected}",
                name=name,
                found=len(found[name]),
                run=folder.id,
                expected=sampler.latent_dim,
            )
        )
    return found[name]
