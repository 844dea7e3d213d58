"""HTTP/2 by hand: what no gRPC library would send."""

import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 8, 9
END_STREAM, END_HEADERS, PADDED = 1, 4, 8
RECOMMEND = "/recserve.v1.RecommenderService/Recommend"


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + _number(stream) + payload


def headers(stream: int, *, flags: int = END_HEADERS, **changed: str) -> bytes:
    """The headers of a call, literal and never indexed; "" leaves one out."""
    fields = {
        ":method": "POST",
        ":scheme": "http",
        ":path": RECOMMEND,
        ":authority": "test",
        "te": "trailers",
        "content-type": "application/grpc",
    }
    fields.update({name.replace("_", "-"): value for name, value in changed.items()})
    fields.update({f":{name}": fields.pop(name) for name in ("method", "path") if name in fields})
    return frame(HEADERS, flags, stream, b"".join(_literal(*f) for f in fields.items() if f[1]))


def message(data: bytes, *, flag: int = 0, length: int | None = None) -> bytes:
    """A gRPC message, perhaps with a wrong length or flag."""
    return bytes([flag]) + _number(len(data) if length is None else length) + data


def data(stream: int, payload: bytes, flags: int = END_STREAM) -> bytes:
    return frame(DATA, flags, stream, payload)


def _number(value: int) -> bytes:
    return struct.pack(">I", value)


def _literal(name: str, value: str) -> bytes:
    assert len(name) < 127
    assert len(value) < 127
    return b"\x00" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


OPENING = PREFACE + frame(SETTINGS, 0, 0)
