"""Streamlit servers for the browser tests, each a fork of a process that has imported what all of them need.

Importing torch, torchvision and Ignite takes ten seconds of a core: too long for every file of tests.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import socket
import sys
import time
import urllib.request
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import ClassVar

import pytest

START_S = 60
STOP_S = 20
# One thread: two that wait for one another hardly move while another test keeps the cores busy.
ENVIRONMENT = {"OMP_NUM_THREADS": "1"}
IMPORTED = ["streamlit.web.cli", "gancore.trainer", "gancore.runs", "plotly.graph_objects", "torch", "torchvision"]


class Servers:
    """Those of one file of tests; each takes a port that an earlier one had, whose scripts the browser has kept."""

    _ports: ClassVar[list[int]] = []

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._started: list[tuple[BaseProcess, int]] = []
        self._context = multiprocessing.get_context(
            "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        )
        if hasattr(self._context, "set_forkserver_preload"):
            self._context.set_forkserver_preload(IMPORTED)

    def start(self, script: Path | str, env: dict[str, str], cwd: Path | str, base_path: str) -> str:
        """Start ``streamlit run script``; the address at which it answers."""
        port = self._ports.pop() if self._ports else free_port()
        log = self._logs / f"{port}-{len(self._started)}.log"
        address = f"http://127.0.0.1:{port}/{base_path}".rstrip("/")
        options = [
            f"--server.port={port}",
            f"--server.baseUrlPath={base_path}",
            "--server.address=127.0.0.1",
            "--server.headless=true",
            "--browser.gatherUsageStats=false",
        ]
        with pytest.MonkeyPatch.context() as patch:  # for what they are forked from, which starts with the first
            for name, value in ENVIRONMENT.items():
                patch.setenv(name, value)
            # Each would run the main module first, which Streamlit's own tests of pages leave changed.
            patch.setitem(sys.modules, "__main__", ModuleType("__main__"))
            server = self._context.Process(
                target=_serve,
                args=(["run", str(script), *options], {**ENVIRONMENT, **env}, str(cwd), str(log)),
                daemon=True,
            )
            server.start()
        self._started.append((server, port))
        _wait_until_healthy(address, server, log)
        return address

    def stop(self) -> None:
        """End them as Ctrl-C's cousin does, by force those that do not listen."""
        for server, port in self._started:
            server.terminate()
            server.join(STOP_S)
            if server.exitcode is None:
                server.kill()
                server.join()
            self._ports.append(port)


def _serve(arguments: list[str], env: dict[str, str], cwd: str, log: str) -> None:
    """What a server's process does."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = ["streamlit", *arguments]
    from streamlit.web.cli import main

    main()


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_healthy(address: str, server: BaseProcess, log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.is_alive():
        # URLError, also that of a 503 while starting, is an OSError.
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/_stcore/health", timeout=2):
            return
        time.sleep(0.1)
    said = log.read_text(errors="replace") if log.is_file() else ""
    pytest.fail(f"{address} did not start (exit status {server.exitcode}):\n{said}")
