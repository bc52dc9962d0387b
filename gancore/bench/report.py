"""Tables of a bench, for a terminal and for a document, with the machine they come from."""

from __future__ import annotations

import platform
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from gancore.cli_words import padded, width_of
from gancore.devices import CORES, resolve_device, resolve_precision
from gancore.files import write_aside
from gancore.i18n import ngettext


@dataclass(frozen=True)
class Spread:
    """A number over several seeds."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return statistics.fmean(self.values)

    @property
    def deviation(self) -> float:
        """Standard deviation between seeds; 0 for one."""
        return statistics.stdev(self.values) if len(self.values) > 1 else 0.0

    def text(self, digits: int = 1, scale: float = 1.0) -> str:
        """``24.8 ± 0.2``."""
        mean = f"{scale * self.mean:.{digits}f}"
        return f"{mean} ± {scale * self.deviation:.{digits}f}" if len(self.values) > 1 else mean


def machine(precision: str = "auto") -> str:
    """One line on what the numbers were computed on, in the precision that the runs asked for."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file() and (found := re.search(r"model name\s*:\s*(.+)", cpuinfo.read_text(encoding="utf-8"))):
        name = found[1].strip()
    device = resolve_device("auto")
    if device.type == "cuda":
        name = f"{torch.cuda.get_device_name(device)}, {name}"
    cores = ngettext("{count} core", "{count} cores", CORES)
    return f"{name}, {cores}, torch {torch.__version__}, {resolve_precision(precision, device)}"


def markdown(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table that a terminal reads as well as a document does."""
    cells = [list(heading), *([*row] for row in rows)]
    widths = [max(width_of(line[index]) for line in cells) for index in range(len(heading))]
    lines = [
        "| " + " | ".join(padded(cell, width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def write_section(path: Path, name: str, text: str) -> None:
    """Put ``text`` between a document's ``<!-- name -->`` marks, or at its end with new ones."""
    before = path.read_text(encoding="utf-8") if path.is_file() else "# Results\n"
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    section = f"{start}\n{text.strip()}\n{end}"
    pattern = re.compile(re.escape(start) + ".*?" + re.escape(end), re.DOTALL)
    after = pattern.sub(lambda _: section, before) if pattern.search(before) else f"{before.rstrip()}\n\n{section}\n"
    write_aside(path, after.encode())
