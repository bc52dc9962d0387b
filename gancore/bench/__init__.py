"""Published results and the seeds' claims, run again: ``gancore bench``.

``runner`` trains what a bench asks for and is not there yet; ``modes``, ``stacked``, ``quality``, ``starters``,
``claims`` and ``worth`` are the benches, ``shipped`` makes the runs that come with the program, ``report`` writes
tables.
"""
