"""The gRPC implementations, one a file. No servicer knows which one it runs on."""
