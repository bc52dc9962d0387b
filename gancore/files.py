"""Writing a file so that a reader, or a kill, never meets half of it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any


def write_aside(path: Path, data: bytes) -> None:
    """Write ``data`` beside ``path``, force it to disk, and rename it into place."""
    aside = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    with aside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    replace(aside, path)


def replace(source: Path, target: Path) -> None:
    """``os.replace`` that waits out a reader: Windows refuses while one has the target open."""
    for attempt in range(20):
        try:
            source.replace(target)
            return
        except PermissionError:
            if attempt == 19:
                with contextlib.suppress(OSError):
                    source.unlink()
                raise
            time.sleep(0.01 * (attempt + 1))


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented JSON, aside and renamed."""
    write_aside(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def sha256_of(path: Path) -> str:
    """The checksum of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file that is never written to again a second name, or a copy where the disk has no hard links.

    Raises:
        FileNotFoundError: when ``source`` is not there.
    """
    try:
        os.link(source, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copy2(source, target)
