"""Hyper-parameter search: bounded in time, kept on disk, and blind to the holdout."""
