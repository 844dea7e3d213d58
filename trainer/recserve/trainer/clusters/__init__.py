"""Clusters of items and users: which vectors lie close together, and what tells them apart."""
