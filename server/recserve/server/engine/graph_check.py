"""What a SavedModel may do: compute. Its graph is looked at before TensorFlow loads it.

A graph is a program. Most operations are functions of their inputs; some read and write files,
run Python, open connections or wait for ever. An operation is let through if TensorFlow knows it
and says that it has no state, except for those whose names tell of the outside; and of those with
state, the few that variables, tables, random numbers and control flow are made of.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

MAX_GRAPH_BYTES = 1 << 30
_OUTSIDE = re.compile(
    r"File|PyFunc|Dataset|Reader|Snapshot|Iterator|Checkpoint|Remote|Rpc|Xla|TPU|Infeed|Outfeed"
    r"|Host|Gpu|Custom|Debug|Dump|Summary|Print|Sleep|Barrier|Queue|Session|Worker|Send|Recv"
    r"|Collective|Nccl|DecodeCompressed|Decode(Image|Jpeg|Png|Gif|Bmp|Wav|WebP|Jxl|AndCropJpeg)|^_"
)
_VARIABLES = """
    VarHandleOp VariableShape VarIsInitializedOp ReadVariableOp DisableCopyOnRead
    AssignVariableOp AssignAddVariableOp AssignSubVariableOp DestroyResourceOp ResourceGather
    ResourceGatherNd IsResourceHandleRefCounting
"""
_TABLES = """
    HashTableV2 AnonymousHashTable MutableHashTableV2 LookupTableFindV2 LookupTableImportV2
    LookupTableSizeV2 LookupTableExportV2 LookupTableInsertV2 InitializeTableV2
"""
_CONTROL = """
    PartitionedCall StatefulPartitionedCall If While Case Assert CheckNumerics CheckNumericsV2
    GuaranteeConst TensorArrayV3 TensorArrayGatherV3 TensorArrayScatterV3 TensorArrayReadV3
    TensorArrayWriteV3 TensorArraySizeV3 TensorArrayConcatV3 TensorArraySplitV3
    TensorArrayCloseV3 Empty
"""
_RANDOM = """
    RandomUniform RandomUniformInt RandomStandardNormal TruncatedNormal RandomShuffle
    Multinomial RandomGamma StatelessRandomGetAlg NonDeterministicInts StatefulUniform
    StatefulUniformInt StatefulStandardNormalV2 RngReadAndSkip RngSkip
"""
_WITH_STATE = frozenset((_VARIABLES + _TABLES + _CONTROL + _RANDOM).split())


class DangerousGraph(Exception):
    """A SavedModel that could do more than compute; the message says what."""


def check_graph(folder: Path) -> None:
    """Check the SavedModel in a folder, without loading it.

    The functions that a SavedModel is saved and restored by are in it too, and read and write
    files. TensorFlow 2 does not run them when it loads one: they are let be, unless one of the
    others leads to them.

    Raises:
        DangerousGraph: it has an operation that is not let through, or is no SavedModel.
    """
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    path = folder / "saved_model.pb"
    try:
        if path.stat().st_size > MAX_GRAPH_BYTES:
            raise DangerousGraph(f"its graph has more than {MAX_GRAPH_BYTES} bytes")
        saved = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    except (OSError, DecodeError) as error:
        raise DangerousGraph(f"its SavedModel cannot be read: {error}") from error
    if len(saved.meta_graphs) != 1 or not saved.meta_graphs[0].object_graph_def.nodes:
        raise DangerousGraph(
            "its SavedModel is not one of TensorFlow 2: save it with tf.saved_model"
        )
    graph = saved.meta_graphs[0]
    _check_assets(graph)
    functions = {each.signature.name: each for each in graph.graph_def.library.function}
    for name in sorted(_reachable(graph, functions)):
        for node in functions[name].node_def:
            if not _is_let_through(node.op, functions):
                raise DangerousGraph(
                    f"its graph has the operation {node.op}, in {name}: a version may compute, and "
                    "neither touch files, networks or Python nor have operations of its own"
                )


def _is_let_through(op: str, functions: dict[str, Any]) -> bool:
    from tensorflow.python.framework import op_def_registry

    if op in functions or op in _WITH_STATE:
        return True
    known = op_def_registry.get(op)
    return known is not None and not known.is_stateful and not _OUTSIDE.search(op)


def _check_assets(graph: Any) -> None:
    """Assets are files beside the graph, and what they are called is not trusted."""
    for asset in graph.asset_file_def:
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", asset.filename):
            raise DangerousGraph(f"its asset {asset.filename!r} may lie outside of the version")


def _reachable(graph: Any, functions: dict[str, Any]) -> set[str]:
    """The functions that loading and calling the model can lead to."""
    waiting = [name for name in graph.object_graph_def.concrete_functions if name in functions]
    gradients = {
        each.function_name: each.gradient_func for each in graph.graph_def.library.gradient
    }
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        named = {each for node in functions[name].node_def for each in _named(node)}
        named.add(gradients.get(name, ""))
        waiting.extend(named & functions.keys())
    return found


def _named(node: Any) -> Iterator[str]:
    """The functions that a node names: as its operation, or in an attribute."""
    yield node.op
    yield from _in_attributes(node.attr.values())


def _in_attributes(attributes: Iterable[Any]) -> Iterator[str]:
    for attribute in attributes:
        functions = [attribute.func] if attribute.HasField("func") else list(attribute.list.func)
        for function in functions:
            yield function.name
            yield from _in_attributes(function.attr.values())
