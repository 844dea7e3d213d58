"""Triton through PyTriton, with its dynamic batcher.

Started by `python triton_server.py HTTP_PORT GRPC_PORT`.
"""

import sys

import numpy as np
from pytriton.decorators import batch
from pytriton.model_config import DynamicBatcher, ModelConfig, Tensor
from pytriton.triton import Triton, TritonConfig
from scorer import CANDIDATES, FEATURES, Scorer

scorer = Scorer()


@batch
def infer(features: np.ndarray) -> dict[str, np.ndarray]:
    """Score what arrived together."""
    return {"scores": scorer(features)}


if __name__ == "__main__":
    http, grpc = map(int, sys.argv[1:3])
    ports = TritonConfig(
        http_address="127.0.0.1", http_port=http, grpc_port=grpc, allow_metrics=False
    )
    with Triton(config=ports) as triton:
        triton.bind(
            model_name="scorer",
            infer_func=infer,
            inputs=[Tensor(name="features", dtype=np.float32, shape=(CANDIDATES, FEATURES))],
            outputs=[Tensor(name="scores", dtype=np.float32, shape=(CANDIDATES,))],
            config=ModelConfig(batching=True, max_batch_size=64, batcher=DynamicBatcher()),
        )
        triton.serve()
