"""What a good engineer would otherwise use: methods that the model has to beat."""
