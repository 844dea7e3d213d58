"""The protocol is documented, and keeps the rules of style that generated clients feel."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2

PROTOS = Path(__file__).resolve().parents[2] / "protos"

# For each kind of container: its fields that hold declarations.
CONTAINERS: dict[str, tuple[str, ...]] = {
    "FileDescriptorProto": ("message_type", "enum_type", "service"),
    "DescriptorProto": ("field", "nested_type", "enum_type", "oneof_decl"),
    "EnumDescriptorProto": ("value",),
    "ServiceDescriptorProto": ("method",),
}
SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
PASCAL = re.compile(r"[A-Z][A-Za-z0-9]*")


def descriptors(folder: Path, output: Path) -> list[descriptor_pb2.FileDescriptorProto]:
    """Compile every proto under a folder, keeping the comments."""
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.proto"))
    protoc = (sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", "--include_source_info")
    subprocess.run([*protoc, f"--descriptor_set_out={output}", *names], check=True)
    files = list(descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes()).file)
    assert [file.name for file in files]
    return files


def declared(container: Any, path: tuple[int, ...] = (), name: str = "") -> Iterator[tuple]:
    """Yield the path, the name and the descriptor of all that a container declares."""
    for field in CONTAINERS.get(container.DESCRIPTOR.name, ()):
        number = container.DESCRIPTOR.fields_by_name[field].number
        for index, proto in enumerate(getattr(container, field)):
            if not made_up(container, field, index):
                here = (*path, number, index)
                yield here, f"{name}.{proto.name}", proto
                yield from declared(proto, here, f"{name}.{proto.name}")


def made_up(container: Any, field: str, index: int) -> bool:
    """Whether protoc made it, not the author: a map's entry, an optional field's oneof."""
    if field == "nested_type":
        return container.nested_type[index].options.map_entry
    members = [member for member in getattr(container, "field", ()) if member.proto3_optional]
    return field == "oneof_decl" and index in {member.oneof_index for member in members}


def uncommented(file: descriptor_pb2.FileDescriptorProto) -> list[str]:
    """Name every declaration of a file that has no comment above it."""
    locations = file.source_code_info.location
    commented = {tuple(place.path) for place in locations if place.leading_comments.strip()}
    return [name for path, name, _ in declared(file) if path not in commented]


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> list[descriptor_pb2.FileDescriptorProto]:
    return descriptors(PROTOS, tmp_path_factory.mktemp("protocol") / "descriptors.bin")


@pytest.fixture(scope="module")
def everything(files) -> list[tuple[str, Any]]:
    """The name and the descriptor of every declaration."""
    return [(name, proto) for file in files for _, name, proto in declared(file)]


def of_kind(everything, kind: str) -> list[Any]:
    found = [proto for _, proto in everything if proto.DESCRIPTOR.name == kind]
    assert found
    return found


def test_every_declaration_has_a_comment(files):
    assert [name for file in files for name in uncommented(file)] == []


def test_a_declaration_without_a_comment_is_seen(tmp_path):
    source = """syntax = "proto3";
    // Said.
    message Said { int32 bare = 1; // Behind the field does not count.
      map<string, int32> table = 2; optional int32 maybe = 3; oneof either { int32 one = 4; } }
    enum Kind { KIND_UNSPECIFIED = 0; }
    service Service { rpc Do(Said) returns (Said); }"""
    (tmp_path / "bare.proto").write_text(source)
    (file,) = descriptors(tmp_path, tmp_path / "descriptors.bin")
    fields = [".Said.bare", ".Said.table", ".Said.maybe", ".Said.one", ".Said.either"]
    rest = [".Kind", ".Kind.KIND_UNSPECIFIED", ".Service", ".Service.Do"]
    assert sorted(uncommented(file)) == sorted([*fields, *rest])


def test_the_package_is_the_folder(files):
    assert {(file.package, str(Path(file.name).parent)) for file in files} == {
        ("recserve.v1", "recserve/v1")
    }


def test_nothing_is_imported_but_the_protocol_itself_and_google_protobuf(files):
    imports = {name for file in files for name in file.dependency}
    ours = ("google/protobuf/", "recserve/v1/")
    assert [name for name in imports if not name.startswith(ours)] == []


def test_there_is_one_service_at_most_in_a_file(files):
    assert [file.name for file in files if len(file.service) > 1] == []


def test_fields_and_oneofs_are_named_in_snake_case(everything):
    kinds = ("FieldDescriptorProto", "OneofDescriptorProto")
    named = [proto.name for kind in kinds for proto in of_kind(everything, kind)]
    assert [name for name in named if not SNAKE.fullmatch(name)] == []


def test_types_services_and_methods_are_named_in_pascal_case(everything):
    kinds = ("DescriptorProto", "EnumDescriptorProto", "ServiceDescriptorProto")
    kinds += ("MethodDescriptorProto",)
    named = [proto.name for kind in kinds for proto in of_kind(everything, kind)]
    assert [name for name in named if not PASCAL.fullmatch(name)] == []


def test_services_end_in_service(everything):
    services = of_kind(everything, "ServiceDescriptorProto")
    assert [service.name for service in services if not service.name.endswith("Service")] == []


def test_each_method_has_a_request_of_its_own(everything):
    methods = of_kind(everything, "MethodDescriptorProto")
    expected = {method.name: f".recserve.v1.{method.name}Request" for method in methods}
    assert {method.name: method.input_type for method in methods} == expected


def test_enum_values_begin_with_the_name_of_their_enum(everything):
    for enum in of_kind(everything, "EnumDescriptorProto"):
        prefix = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", enum.name).upper() + "_"
        assert [value.name for value in enum.value if not value.name.startswith(prefix)] == []


def test_the_zero_of_every_enum_is_unspecified(everything):
    for enum in of_kind(everything, "EnumDescriptorProto"):
        zero = {value.name for value in enum.value if value.number == 0}
        assert len(zero) == 1
        assert zero.pop().endswith("_UNSPECIFIED")
