"""The trainer wing of recserve."""
