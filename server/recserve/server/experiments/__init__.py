"""Comparing versions by what users did with their answers."""
