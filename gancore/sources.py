"""Where named data sets come from, and bringing their files to this machine.

Files are torchvision's own, from its mirrors, checked against its checksums. The transfer is ours because
torchvision's has no timeout and reports to a terminal only.
"""

from __future__ import annotations

import itertools
import os
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import platformdirs
from torchvision import datasets as tv
from torchvision.datasets.utils import check_integrity

from gancore.errors import DataError
from gancore.i18n import N_, _
from gancore.image_folder import find_images
from gancore.points import is_points_file

FEW = 10_000
"""Of fewer images than these a set is one of few."""
TIMEOUT_S = 15.0
"""Seconds without an answer after which a mirror counts as out of reach."""


@dataclass(frozen=True)
class DataSource:
    """A named data set."""

    name: str
    title: str
    summary: str
    dataset: type[tv.MNIST] | None = None
    """torchvision's class; None: bundled."""
    download_bytes: int = 0
    """Size of what a first use downloads."""
    kind: Literal["images", "points"] = "images"
    images: int = 60_000
    """How many to train on."""


SOURCES: dict[str, DataSource] = {
    source.name: source
    for source in (
        DataSource(
            "digits",
            N_("Digits (bundled)"),
            N_("1,797 real handwritten digits, 8x8 resized to 28x28; no download."),
            images=1_797,
        ),
        DataSource("mnist", "MNIST", N_("60,000 handwritten digits, 28x28."), tv.MNIST, 11_594_722),
        DataSource(
            "fashion-mnist", "Fashion-MNIST", N_("60,000 pieces of clothing, 28x28."), tv.FashionMNIST, 30_878_645
        ),
        DataSource("kmnist", "KMNIST", N_("60,000 cursive Japanese characters, 28x28."), tv.KMNIST, 21_041_600),
        DataSource(
            "stacked-mnist",
            N_("Stacked MNIST"),
            N_("60,000 triples of MNIST digits as the colours of one image: 1,000 modes."),
            tv.MNIST,
            11_594_722,
        ),
        DataSource("ring", N_("Ring of 8"), N_("8 Gaussians on a circle, in the plane."), kind="points"),
        DataSource("grid", N_("Grid of 25"), N_("25 Gaussians on a square grid, in the plane."), kind="points"),
        DataSource("spiral", N_("Spiral"), N_("Two spiral arms, in the plane."), kind="points"),
        DataSource("moons", N_("Two moons"), N_("Two interleaving half circles, in the plane."), kind="points"),
    )
}
"""Name -> source."""


def check_name(name: str) -> None:
    """Check that ``name`` is a known data set, an existing folder, or an existing file of points.

    Raises:
        DataError: listing the names there are.
    """
    if not (name in SOURCES or _is_here(name)):
        raise DataError(
            _(
                "there is no data set or folder {name!r}; choose one of {names}, a folder of images, or a "
                ".csv file of points",
                name=name,
                names=", ".join(SOURCES),
            )
        )


def is_points(name: str) -> bool:
    """Whether a data set is one of the plane's; any other is one of images."""
    return SOURCES[name].kind == "points" if name in SOURCES else is_points_file(name)


def has_few_images(name: str) -> bool:
    """Whether a data set has fewer than :data:`FEW` images, which a discriminator soon knows by heart."""
    if is_points(name) or not is_local(name):
        return False
    if name in SOURCES:
        return SOURCES[name].images < FEW
    found = find_images(Path(name).expanduser())
    return sum(1 for _ in itertools.islice(found, FEW)) < FEW


def _is_here(name: str) -> bool:
    # Not a Path, which raises for an unknown user's ~ or a name that is too long.
    path = os.path.expanduser(name)  # noqa: PTH111
    return os.path.isfile(path) if is_points_file(name) else os.path.isdir(path)  # noqa: PTH112, PTH113


def data_folder() -> Path:
    """Where downloaded data sets live: ``GANCORE_DATA``, else a cache folder of this user."""
    return Path(os.environ.get("GANCORE_DATA") or platformdirs.user_cache_path("gancore") / "data").expanduser()


def raw_folder(dataset: type[tv.MNIST]) -> Path:
    """Where torchvision looks for the files of ``dataset``."""
    return data_folder() / dataset.__name__ / "raw"


def is_local(name: str) -> bool:
    """Whether ``name`` can be loaded without a download (a folder or file: whether it exists)."""
    source = SOURCES.get(name)
    if source is None:
        return _is_here(name)
    if source.dataset is None:
        return True
    folder = raw_folder(source.dataset)
    return all((folder / Path(url).stem).is_file() for url, _ in source.dataset.resources)


def advice(dataset: type[tv.MNIST]) -> str:
    """What to do without a network."""
    names = ", ".join(archive for archive, _ in dataset.resources)
    return _("put {names} into {folder}, or use the bundled 'digits'", names=names, folder=raw_folder(dataset))


def fetch(name: str) -> Iterator[tuple[int, int]]:
    """Bring a data set's files to :func:`data_folder` unless they are there, one archive after the other.

    Yields:
        (bytes so far, bytes in all), the latter an estimate until the end.

    Raises:
        DataError: when there is no such set, or a file can neither be found nor downloaded; it names the folder
            where the files may be put.
    """
    check_name(name)
    source = SOURCES.get(name)
    if source is None or source.dataset is None or is_local(name):
        return
    done = 0
    for archive, checksum in source.dataset.resources:
        target = raw_folder(source.dataset) / archive
        if not check_integrity(str(target), checksum):
            for count in _download(_(source.title), source.dataset, archive):
                done += count
                yield done, max(done, source.download_bytes)
        if not check_integrity(str(target), checksum):
            target.unlink(missing_ok=True)
            raise DataError(
                _(
                    "{title}: the downloaded {archive} is damaged; try again, or {advice}",
                    title=_(source.title),
                    archive=archive,
                    advice=advice(source.dataset),
                )
            )
    source.dataset(str(data_folder()), download=True)  # the archives are there: this unpacks them


def _download(title: str, dataset: type[tv.MNIST], archive: str) -> Iterator[int]:
    """Write one archive aside, from the first mirror that answers, and rename it; yields block sizes."""
    target = raw_folder(dataset) / archive
    aside = target.with_name(f"{archive}.part")
    reason = str(_("no mirror is known"))
    for mirror in dataset.mirrors:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with urllib.request.urlopen(mirror + archive, timeout=TIMEOUT_S) as answer, aside.open("wb") as file:
                while block := answer.read(1 << 16):
                    file.write(block)
                    yield len(block)
            aside.replace(target)
            return
        except OSError as error:
            reason = str(getattr(error, "reason", error))
            aside.unlink(missing_ok=True)
    raise DataError(
        _(
            "{title} is not on this machine and could not be downloaded ({reason}): {advice}",
            title=title,
            reason=reason,
            advice=advice(dataset),
        )
    )
