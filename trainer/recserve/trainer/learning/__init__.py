"""Training: how the layers of a model get their weights."""
