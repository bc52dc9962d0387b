"""Published results and the seeds' claims, run again: ``gancore bench``.

``runner`` trains what a bench asks for and is not there yet; ``modes``, ``stacked``, ``quality``, ``starters`` and
``claims`` are the benches, ``report`` writes their tables.
"""
