"""The RPCs, written once for every transport. They raise errors of the domain."""
