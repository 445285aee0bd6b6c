"""Measures what ships, the gif2video program on real GIF files, and writes docs/reports: `python -m ....quality`.

store.py      what was measured already, so that an interrupted run goes on
plan.py       which clips, makers and palette sizes
color.py     one GIF: the numbers of it, of the program's pictures and of the baselines
rows.py       the rows of the tables from those numbers
flat_art.py   pictures of screens and cartoons whose colors a GIF holds without loss
flat.py       what the program changes in them, and in GIFs found in the wild
classifier.py verdicts, right and wrong, and what the wrong ones cost
betweens.py   the in-betweens beside blending and minterpolate
generated.py  the same of scenes whose truth is known at any time
plots.py, document.py   the output
"""
