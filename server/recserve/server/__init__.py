"""The server wing of recserve."""
