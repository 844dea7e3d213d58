"""Makes a page for each file of the protocol, from its descriptors and their comments."""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2 as pb
from mkdocs.structure.files import File, Files

MARKER = re.compile(r"^<!-- generated: protocol -->$", re.M)
ENTRY = "reference/protocol.md"
PACKAGE = ".recserve.v1."
KINDS = {
    value.number: value.name.removeprefix("TYPE_").lower()
    for value in pb.FieldDescriptorProto.Type.DESCRIPTOR.values
}
# Where a declaration stands in its container, by descriptor.proto.
MESSAGES, ENUMS, SERVICES, FIELDS, NESTED, NESTED_ENUMS, VALUES, METHODS = 4, 5, 6, 2, 3, 4, 2, 2


class Comments:
    """The comments of a file, by the path of what they are about."""

    def __init__(self, file: pb.FileDescriptorProto) -> None:
        self._texts = {
            tuple(place.path): place.leading_comments for place in file.source_code_info.location
        }

    def block(self, *path: int) -> str:
        """A comment as paragraphs."""
        text = "\n".join(line.removeprefix(" ") for line in self._texts.get(path, "").split("\n"))
        return _safe(text.strip())

    def cell(self, *path: int) -> str:
        """A comment as one line of a table."""
        return " ".join(self.block(*path).split()).replace("|", "\\|")


def on_config(config: Any) -> Any:
    """Part of MkDocs: puts the pages into the navigation."""
    names = sorted(Path(config.config_file_path).parent.glob("protos/recserve/v1/*.proto"))
    pages = [ENTRY, *({path.name: _page_name(path.name)} for path in names)]
    for section in config.nav:
        for entries in section.values():
            if isinstance(entries, list):
                for entry in entries:
                    if isinstance(entry, dict) and entry.get("Protocol") == ENTRY:
                        entry["Protocol"] = pages
    return config


def on_files(files: Files, config: Any) -> Files:
    """Part of MkDocs: adds the pages."""
    root = Path(config.config_file_path).parent
    described = descriptors(root / "protos")
    homes = dict(_homes(described))
    for file in described:
        uri = _page_name(Path(file.name).name)
        files.append(File.generated(config, uri, content="\n".join(_page(file, homes))))
    return files


def on_page_markdown(markdown: str, config: Any, **_: Any) -> str:
    """Part of MkDocs: lists services and files on the first page."""
    if not MARKER.search(markdown):
        return markdown
    described = descriptors(Path(config.config_file_path).parent / "protos")
    files = "\n".join(_list_of_files(described))
    return MARKER.sub(lambda _: files, markdown)


def descriptors(folder: Path) -> list[pb.FileDescriptorProto]:
    """Compile every proto of ours, keeping the comments."""
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*.proto"))
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch) / "descriptors.bin"
        protoc = (sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", "--include_source_info")
        subprocess.run([*protoc, f"--descriptor_set_out={output}", *names], check=True)
        described = pb.FileDescriptorSet.FromString(output.read_bytes())
        return sorted(described.file, key=lambda file: file.name)


def _page(file: pb.FileDescriptorProto, homes: dict[str, str]) -> Iterator[str]:
    said = Comments(file)
    yield f"# {Path(file.name).name}"
    yield f"\n{said.block(2) or said.block(12)}\n"
    for number, service in enumerate(file.service):
        yield f"\n## {service.name} {{ #{service.name} }}\n\n{said.block(SERVICES, number)}\n"
        for index, method in enumerate(service.method):
            yield f"\n### {service.name}.{method.name}\n"
            stream = "stream of " if method.server_streaming else ""
            asked, given = (_link(each, homes) for each in (method.input_type, method.output_type))
            yield f"{asked} → {stream}{given}\n"
            yield said.block(SERVICES, number, METHODS, index) + "\n"
    for number, message in enumerate(file.message_type):
        yield from _message(message, message.name, (MESSAGES, number), said, homes)
    for number, enum in enumerate(file.enum_type):
        yield from _enum(enum, enum.name, (ENUMS, number), said)


def _message(
    message: pb.DescriptorProto,
    name: str,
    path: tuple[int, ...],
    said: Comments,
    homes: dict[str, str],
) -> Iterator[str]:
    yield f"\n## {name} {{ #{name} }}\n\n{said.block(*path)}\n"
    if message.field:
        yield "| field | no. | type | about |\n|---|---:|---|---|"
    for index, field in enumerate(message.field):
        kind = _type(field, message, homes)
        yield f"| `{field.name}` | {field.number} | {kind} | {said.cell(*path, FIELDS, index)} |"
    for index, nested in enumerate(message.nested_type):
        if not nested.options.map_entry:
            inner = (*path, NESTED, index)
            yield from _message(nested, f"{name}.{nested.name}", inner, said, homes)
    for index, enum in enumerate(message.enum_type):
        yield from _enum(enum, f"{name}.{enum.name}", (*path, NESTED_ENUMS, index), said)


def _enum(
    enum: pb.EnumDescriptorProto, name: str, path: tuple[int, ...], said: Comments
) -> Iterator[str]:
    yield f"\n## {name} {{ #{name} }}\n\n{said.block(*path)}\n"
    yield "| value | no. | about |\n|---|---:|---|"
    for index, value in enumerate(enum.value):
        yield f"| `{value.name}` | {value.number} | {said.cell(*path, VALUES, index)} |"


def _type(
    field: pb.FieldDescriptorProto, message: pb.DescriptorProto, homes: dict[str, str]
) -> str:
    entries = {each.name: each for each in message.nested_type if each.options.map_entry}
    entry = entries.get(field.type_name.rpartition(".")[2])
    if entry is not None:
        key, value = (_type(each, entry, homes) for each in entry.field)
        return f"map of {key} to {value}"
    kind = _link(field.type_name, homes) if field.type_name else KINDS[field.type]
    if field.label == pb.FieldDescriptorProto.LABEL_REPEATED:
        return f"repeated {kind}"
    if field.proto3_optional:
        return f"optional {kind}"
    if field.HasField("oneof_index"):
        return f"{kind}, one of `{message.oneof_decl[field.oneof_index].name}`"
    return kind


def _link(full_name: str, homes: dict[str, str]) -> str:
    name = full_name.removeprefix(PACKAGE)
    return f"[{name}]({homes[name]}#{name})" if name in homes else f"`{full_name.lstrip('.')}`"


def _homes(files: list[pb.FileDescriptorProto]) -> Iterator[tuple[str, str]]:
    """Yield each message and enum, and the page that it is on, as pages see one another."""
    for file in files:
        page = Path(_page_name(Path(file.name).name)).name
        for message in file.message_type:
            yield message.name, page
            for nested in (*message.nested_type, *message.enum_type):
                yield f"{message.name}.{nested.name}", page
        for enum in file.enum_type:
            yield enum.name, page


def _list_of_files(files: list[pb.FileDescriptorProto]) -> Iterator[str]:
    yield "| file | what it is about | methods |\n|---|---|---|"
    for file in files:
        said = Comments(file)
        name = Path(file.name).name
        page = _page_name(name).removeprefix("reference/")
        methods = [f"`{method.name}`" for service in file.service for method in service.method]
        about = said.cell(2) or said.cell(12) or said.cell(SERVICES, 0) or said.cell(MESSAGES, 0)
        about = about or said.cell(ENUMS, 0)
        about = about.partition(". ")[0].rstrip(".")
        yield f"| [{name}]({page}) | {about} | {', '.join(methods)} |"


def _page_name(proto: str) -> str:
    return f"reference/protocol/{proto.removesuffix('.proto').replace('_', '-')}.md"


def _safe(text: str) -> str:
    """A comment is text: what looks like a tag in it is none."""
    return re.sub(r"<(?=[a-zA-Z/])", "&lt;", text)
