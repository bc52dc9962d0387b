"""What is proved of GANs, as numbers: small computations of seconds that show a statement or refute it.

`divergences.py` has what follows from two densities, `slopes.py` how the losses push, `updates.py` what one step of
an optimizer does, `fitted.py` discriminators and critics trained on distributions whose answer is known, and
`layers.py` BatchNorm, LeakyReLU and what the presets' networks are made of. Nothing here trains a run.
"""
