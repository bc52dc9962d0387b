"""gancore: trains GANs in background threads and lets you watch.

    from gancore.recipes import configure
    from gancore.runs import RunManager

    manager = RunManager("checkpoints")
    run = manager.start(configure("dcgan", data="digits", plan="3ep"))
    run.wait()
    print(run.status().state, run.galleries()[-1].image)

Modules, in reading order: ``config`` and ``errors``; ``losses``, ``networks``, ``latents``; ``recipes``; ``data``;
``schedule``, ``control``, ``history``, ``checkpoint``; ``trainer``; ``runs``; ``sampling``, ``export``; ``cli``.
The package knows nothing of Streamlit or Plotly.
"""

import os

# Before torch loads OpenMP. Its threads spin while they wait for one another, so on a busy machine (a browser beside
# the training is enough) each waits for one that has no core: benchmarks/waiting.py measures what that costs.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__version__ = "0.1.0"
