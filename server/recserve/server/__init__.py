"""The server wing: the command `recserve-server` and what it runs.

- `supervisor`: starts, watches and stops the other processes; owns versions and metrics.
- `front_end`: the process that speaks gRPC, keeps the event log and the profiles.
- `engine`: the process that owns TensorFlow and one loaded model version.
- `recommending`: what an answer is made of; free of gRPC and of TensorFlow.
- `testing`: in-memory doubles for users' own tests.
"""
