"""Ten minutes of training on a machine with a GPU (Training/gpu/README.md)."""
