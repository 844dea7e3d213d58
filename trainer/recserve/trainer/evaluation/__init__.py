"""How good a model is on held-out events, always beside popularity on the same split."""
