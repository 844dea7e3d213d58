"""Features for other programs: vectors, hidden-layer features and clusters, as Parquet."""
