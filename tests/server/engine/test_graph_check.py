"""A graph that could do more than compute is refused before TensorFlow loads it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recserve.server.engine.graph_check import DangerousGraph, check_graph

pytestmark = pytest.mark.integration


def saved(folder: Path, function: Callable[..., Any], held: Any = None) -> Path:
    import tensorflow as tf

    module = tf.Module()
    module.held = held
    module.function = tf.function(function, input_signature=[tf.TensorSpec([], tf.string)])
    tf.saved_model.save(module, str(folder), signatures={"recommend": module.function})
    return folder


def attacks() -> dict[str, Callable[..., Any]]:
    import tensorflow as tf

    def inner(text: Any) -> Any:
        return tf.cond(tf.equal(text, "now"), lambda: tf.io.read_file("/etc/passwd"), lambda: text)

    return {
        "ReadFile": lambda text: {"x": tf.io.read_file(text)},
        "ReadFile in a branch": lambda text: {"x": tf.function(inner)(text)},
        "WriteFile": lambda text: (tf.io.write_file("/tmp/owned", text), {"x": text})[1],
        "MatchingFiles": lambda text: {"x": tf.io.matching_files(text)},
        "EagerPyFunc": lambda text: {"x": tf.py_function(lambda t: t, [text], tf.string)},
        "PyFunc": lambda text: {"x": tf.numpy_function(lambda t: t, [text], tf.string)},
        "PrintV2": lambda text: (tf.print(text), {"x": text})[1],
        "SaveV2": lambda text: (
            tf.raw_ops.SaveV2(
                prefix=text, tensor_names=["a"], shape_and_slices=[""], tensors=[text]
            ),
            {"x": text},
        )[1],
        "RestoreV2": lambda text: {
            "x": tf.raw_ops.RestoreV2(
                prefix=text, tensor_names=["a"], shape_and_slices=[""], dtypes=[tf.string]
            )[0]
        },
        "DecodeCompressed": lambda text: {"x": tf.io.decode_compressed(text, "ZLIB")},
        "TensorSliceDataset": lambda text: {
            "x": tf.data.TextLineDataset(text).reduce("", lambda a, b: a + b)
        },
    }


@pytest.mark.parametrize(
    "name",
    [
        "ReadFile",
        "ReadFile in a branch",
        "WriteFile",
        "MatchingFiles",
        "EagerPyFunc",
        "PyFunc",
        "PrintV2",
        "SaveV2",
        "RestoreV2",
        "DecodeCompressed",
        "TensorSliceDataset",
    ],
)
def test_an_operation_that_reaches_outside_is_refused(tmp_path: Path, name: str) -> None:
    folder = saved(tmp_path / "saved_model", attacks()[name])
    with pytest.raises(DangerousGraph, match=f"the operation {name.split()[0]}, in "):
        check_graph(folder)


def test_an_operation_that_tensorflow_does_not_know_is_refused(tmp_path: Path) -> None:
    import tensorflow as tf
    from tensorflow.core.protobuf import saved_model_pb2

    folder = saved(tmp_path / "saved_model", lambda text: {"x": tf.strings.lower(text)})
    path = folder / "saved_model.pb"
    message = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    for function in message.meta_graphs[0].graph_def.library.function:
        for node in function.node_def:
            node.op = {"StringLower": "LoadedFromElsewhere"}.get(node.op, node.op)
    path.write_bytes(message.SerializeToString())
    with pytest.raises(DangerousGraph, match="the operation LoadedFromElsewhere"):
        check_graph(folder)


def test_an_asset_that_lies_elsewhere_is_refused(tmp_path: Path) -> None:
    import tensorflow as tf
    from tensorflow.core.protobuf import saved_model_pb2

    folder = saved(tmp_path / "saved_model", lambda text: {"x": tf.strings.lower(text)})
    path = folder / "saved_model.pb"
    message = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    message.meta_graphs[0].asset_file_def.add(filename="../../../etc/passwd")
    path.write_bytes(message.SerializeToString())
    with pytest.raises(DangerousGraph, match="may lie outside of the version"):
        check_graph(folder)


@pytest.mark.parametrize("content", [b"", b"graph", b"\xff" * 100])
def test_what_is_no_saved_model_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "saved_model.pb").write_bytes(content)
    with pytest.raises(DangerousGraph):
        check_graph(tmp_path)


def test_tables_variables_and_random_numbers_are_let_through(tmp_path: Path) -> None:
    import tensorflow as tf

    weight = tf.Variable(2.0)
    keys, values = tf.constant(["a"]), tf.constant([1.0])
    initializer = tf.lookup.KeyValueTensorInitializer(keys, values)
    table = tf.lookup.StaticHashTable(initializer, 0.0)

    def compute(text: Any) -> Any:
        return {"x": table.lookup(text) * weight + tf.random.uniform([])}

    check_graph(saved(tmp_path / "saved_model", compute, (weight, table)))


def test_a_version_made_from_the_documents_is_let_through(handmade_graph: Path) -> None:
    check_graph(handmade_graph)


@pytest.fixture
def handmade_graph(tmp_path: Path) -> Path:
    from integration import handmade_artefact

    handmade_artefact.write(tmp_path / "default", 1, 20)
    return tmp_path / "default" / "1" / "saved_model"
