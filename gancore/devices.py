"""Which device and precision a run gets, how many cores, and with which priority."""

from __future__ import annotations

import contextlib
import os
import threading

import torch

from gancore.errors import ConfigError
from gancore.i18n import _

CORES = torch.get_num_threads()
"""Threads torch takes for itself in a fresh process: the physical cores it may use."""


def available_devices() -> list[str]:
    """Names a configuration may hold on this machine, best first, ``auto`` left out."""
    names = [f"cuda:{index}" if index else "cuda" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    return [*names, "cpu"]


def resolve_device(name: str) -> torch.device:
    """The device that ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps`` stands for here.

    Raises:
        ConfigError: when this machine does not have it.
    """
    available = available_devices()
    if name == "auto":
        return torch.device(available[0])
    if name.removesuffix(":0") not in available:
        raise ConfigError(
            _(
                "device {name!r} is not available on this machine; choose auto or {devices}",
                name=name,
                devices=", ".join(available),
            ),
            {"device": _("not available on this machine; choose auto or {devices}", devices=", ".join(available))},
        )
    return torch.device(name)


def resolve_precision(name: str, device: torch.device) -> str:
    """``float32`` or ``bfloat16``; ``auto`` takes bfloat16 on CPUs with instructions for it, where it is faster."""
    if name != "auto":
        return name
    fast = device.type == "cpu" and (torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return "bfloat16" if fast else "float32"


def lower_priority(niceness: int) -> None:
    """Let other threads go first (Linux): the page stays quick while training saturates the machine.

    OpenMP's workers are started by this thread and inherit its priority.
    """
    if niceness and hasattr(os, "setpriority"):
        try:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
        except OSError:  # macOS takes no thread ids here
            return


def work_when_idle() -> None:
    """Let every other thread go first, and at once (Linux).

    A thread of lower priority still keeps its core until its slice is over, and a training whose worker waits for
    that core stands still meanwhile.
    """
    if hasattr(os, "sched_setscheduler"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))  # 0 is the calling thread
