"""Where named data sets come from, and bringing their files to this machine.

Files are torchvision's own, from its mirrors, checked against its checksums. The transfer is ours because
torchvision's has no timeout and reports to a terminal only.
"""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from torchvision import datasets as tv
from torchvision.datasets.utils import check_integrity

from gancore.errors import DataError

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


SOURCES: dict[str, DataSource] = {
    source.name: source
    for source in (
        DataSource("digits", "Digits (bundled)", "1,797 real handwritten digits, 8x8 resized to 28x28; no download."),
        DataSource("mnist", "MNIST", "60,000 handwritten digits, 28x28.", tv.MNIST, 11_594_722),
        DataSource(
            "fashion-mnist", "Fashion-MNIST", "60,000 pieces of clothing, 28x28.", tv.FashionMNIST, 30_878_645
        ),
        DataSource("kmnist", "KMNIST", "60,000 cursive Japanese characters, 28x28.", tv.KMNIST, 21_041_600),
    )
}
"""Name -> source."""


def check_name(name: str) -> None:
    """Check that ``name`` is a known data set or an existing folder.

    Raises:
        DataError: listing the names there are.
    """
    if name not in SOURCES and not Path(name).expanduser().is_dir():
        raise DataError(
            f"there is no data set or folder {name!r}; choose one of {', '.join(SOURCES)}, or a folder of images"
        )


def data_folder() -> Path:
    """Where downloaded data sets live: ``GANCORE_DATA``, else a cache folder of this user."""
    return Path(os.environ.get("GANCORE_DATA") or platformdirs.user_cache_path("gancore") / "data").expanduser()


def raw_folder(dataset: type[tv.MNIST]) -> Path:
    """Where torchvision looks for the files of ``dataset``."""
    return data_folder() / dataset.__name__ / "raw"


def is_local(name: str) -> bool:
    """Whether ``name`` can be loaded without a download (a folder: whether it exists)."""
    source = SOURCES.get(name)
    if source is None:
        return Path(name).expanduser().is_dir()
    if source.dataset is None:
        return True
    folder = raw_folder(source.dataset)
    return all((folder / Path(url).stem).is_file() for url, _ in source.dataset.resources)


def advice(dataset: type[tv.MNIST]) -> str:
    """What to do without a network."""
    names = ", ".join(archive for archive, _ in dataset.resources)
    return f"put {names} into {raw_folder(dataset)}, or use the bundled 'digits'"


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
            for count in _download(source.title, source.dataset, archive):
                done += count
                yield done, max(done, source.download_bytes)
        if not check_integrity(str(target), checksum):
            target.unlink(missing_ok=True)
            raise DataError(
                f"{source.title}: the downloaded {archive} is damaged; try again, or {advice(source.dataset)}"
            )
    source.dataset(str(data_folder()), download=True)  # the archives are there: this unpacks them


def _download(title: str, dataset: type[tv.MNIST], archive: str) -> Iterator[int]:
    """Write one archive aside, from the first mirror that answers, and rename it; yields block sizes."""
    target = raw_folder(dataset) / archive
    aside = target.with_name(f"{archive}.part")
    reason = "no mirror is known"
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
    raise DataError(f"{title} is not on this machine and could not be downloaded ({reason}): {advice(dataset)}")
