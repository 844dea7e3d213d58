"""The process that starts, watches and stops the others, and owns versions and metrics."""
