"""The client wing of recserve."""
