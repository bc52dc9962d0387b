"""Downloads, against a server of this machine that has small files in torchvision's format."""

from __future__ import annotations

import gzip
import hashlib
import struct
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import pytest
from torchvision.datasets import KMNIST

from gancore import data, sources
from gancore.errors import DataError

CLOSED = "http://127.0.0.1:9/"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def idx(*shape: int) -> bytes:
    """A file of torchvision's format: a header, and bytes that count."""
    size = 1
    for length in shape:
        size *= length
    header = bytes([0, 0, 8, len(shape)]) + b"".join(struct.pack(">I", length) for length in shape)
    return gzip.compress(header + bytes(index % 10 for index in range(size)))


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder served as KMNIST's second mirror, the first being out of reach; data go to an empty folder."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    for prefix, count in (("train", 12), ("t10k", 4)):
        (folder / f"{prefix}-images-idx3-ubyte.gz").write_bytes(idx(count, 28, 28))
        (folder / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(idx(count))
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    checksums = [(name, hashlib.md5((folder / name).read_bytes()).hexdigest()) for name, _ in KMNIST.resources]
    monkeypatch.setattr(KMNIST, "resources", checksums)
    monkeypatch.setattr(KMNIST, "mirrors", [CLOSED, f"http://127.0.0.1:{server.server_port}/"])
    monkeypatch.setenv("GANCORE_DATA", str(tmp_path / "data"))
    yield folder
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_download_counts_bytes_and_is_done_once(mirror: Path) -> None:
    assert not sources.is_local("kmnist")
    steps = list(sources.fetch("kmnist"))
    assert steps[-1][0] == sum(file.stat().st_size for file in mirror.iterdir())
    assert all(before[0] < after[0] for before, after in pairwise(steps))
    assert all(done <= total for done, total in steps)
    assert sources.is_local("kmnist")
    assert list(sources.fetch("kmnist")) == []
    assert data.load("kmnist").images.shape == (12, 1, 28, 28)
    assert not list(sources.raw_folder(KMNIST).glob("*.part"))


def test_archives_put_there_by_hand_are_taken(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KMNIST, "mirrors", [CLOSED])
    folder = sources.raw_folder(KMNIST)
    folder.mkdir(parents=True)
    for file in mirror.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    assert list(sources.fetch("kmnist")) == []
    assert len(data.load("kmnist").images) == 12


def test_a_damaged_download_is_removed_and_named(mirror: Path) -> None:
    (mirror / "train-labels-idx1-ubyte.gz").write_bytes(b"cut off")
    with pytest.raises(DataError, match=r"the downloaded train-labels-idx1-ubyte\.gz is damaged; try again, or put"):
        list(sources.fetch("kmnist"))
    assert not (sources.raw_folder(KMNIST) / "train-labels-idx1-ubyte.gz").exists()
    assert (sources.raw_folder(KMNIST) / "train-images-idx3-ubyte.gz").exists(), "what is whole need not come again"


def test_without_a_network_one_sentence_says_what_to_do(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(KMNIST, "mirrors", [CLOSED])
    with pytest.raises(DataError) as caught:
        list(sources.fetch("kmnist"))
    message = str(caught.value)
    assert message.startswith("KMNIST is not on this machine and could not be downloaded (")
    assert f"put train-images-idx3-ubyte.gz, {KMNIST.resources[1][0]}" in message
    assert message.endswith(f"into {sources.raw_folder(KMNIST)}, or use the bundled 'digits'")
    assert "\n" not in message


def test_nothing_is_fetched_for_what_is_here(tmp_path: Path) -> None:
    assert list(sources.fetch("digits")) == []
    assert list(sources.fetch(str(tmp_path))) == []
    with pytest.raises(DataError, match="there is no data set or folder"):
        list(sources.fetch("nothing"))


def test_the_data_folder_is_the_users_cache_unless_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANCORE_DATA", "~/sets")
    assert sources.data_folder() == Path.home() / "sets"
    monkeypatch.delenv("GANCORE_DATA")
    assert "gancore" in str(sources.data_folder())
