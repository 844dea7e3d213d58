"""The process that speaks gRPC, and keeps the event log and the profiles."""
