"""Training, evaluation and export of the GIF2Video networks (CVPR 2019)."""
