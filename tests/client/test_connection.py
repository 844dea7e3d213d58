from pathlib import Path

import grpc
import pytest

from client.fake_server import FakeServer
from recserve.client import RetryPolicy, Settings, Unavailable
from recserve.client.address import is_this_machine, target

SECRET = "a-token"  # noqa: S105 - of a server that lives as long as a test
CERTIFICATES = Path(__file__).parent / "certificates"
CERTIFICATE, KEY = CERTIFICATES / "localhost.pem", CERTIFICATES / "localhost.key"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("localhost:50051", "dns:///localhost:50051"),
        ("recserve.internal", "dns:///recserve.internal:50051"),
        ("10.0.0.7:443", "dns:///10.0.0.7:443"),
        ("[::1]:50051", "dns:///[::1]:50051"),
        ("unix:/run/recserve.sock", "unix:/run/recserve.sock"),
        ("ipv4:10.0.0.7:1,10.0.0.8:1", "ipv4:10.0.0.7:1,10.0.0.8:1"),
        ("dns:///name:1", "dns:///name:1"),
        ("xds:///name", "xds:///name"),
    ],
)
def test_an_address_becomes_a_target(address, expected):
    assert target(address) == expected


@pytest.mark.parametrize("address", ["", "http://host:1", "host:0", "host:70000", "a b:1", "::1"])
def test_what_is_no_address_is_refused(make_client, address):
    with pytest.raises(ValueError, match="is no address: give HOST:PORT"):
        target(address)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("localhost:1", True),
        ("127.0.0.9:1", True),
        ("[::1]:1", True),
        ("unix:/run/a.sock", True),
        ("ipv4:127.0.0.1:1", True),
        ("dns:///localhost:1", True),
        ("ipv4:127.0.0.1:1,10.0.0.1:1", False),
        ("localhost.example.com:1", False),
        ("10.0.0.1:1", False),
        ("xds:///localhost", False),
    ],
)
def test_whether_an_address_is_this_machine(address, expected):
    assert is_this_machine(address) is expected


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"recommend_timeout": 0}, "recommend_timeout must be"),
        ({"read_timeout": float("inf")}, "read_timeout must be"),
        ({"tls": True, "client_key": "k"}, "give both or neither"),
        ({"client_certificate": "c", "client_key": "k"}, "needs TLS"),
        ({"token": SECRET}, "a token needs TLS"),
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        Settings(**wrong)


def test_a_token_goes_in_plaintext_to_this_machine_only_and_only_where_allowed(make_client, script):
    settings = Settings(token=SECRET, allow_insecure_token=True)
    make_client(settings=settings).recommend("u")
    assert script.metadata["Recommend"][0]["authorization"] == f"Bearer {SECRET}"
    with pytest.raises(ValueError, match=r"must not go to example\.com:1 in plaintext"):
        make_client("example.com:1", settings)


def test_a_token_is_not_shown():
    assert SECRET not in repr(Settings(token=SECRET, tls=True))


@pytest.fixture
def tls_server():
    pair = (KEY.read_bytes(), CERTIFICATE.read_bytes())
    credentials = grpc.ssl_server_credentials([pair], CERTIFICATE.read_bytes(), True)
    with FakeServer(credentials=credentials) as server:
        yield server


def test_mutual_tls_with_a_token(make_client, tls_server):
    settings = Settings(
        tls=CERTIFICATE, client_certificate=CERTIFICATE, client_key=str(KEY), token=SECRET
    )
    assert make_client(tls_server.address, settings).recommend("u").model_version == 3
    assert tls_server.script.metadata["Recommend"][0]["authorization"] == f"Bearer {SECRET}"


def test_a_server_whose_certificate_is_not_trusted_is_not_talked_to(make_client, tls_server):
    settings = Settings(tls=True, token=SECRET, retry=RetryPolicy(max_attempts=1))
    with pytest.raises(Unavailable, match=f"no answer from {tls_server.address}"):
        make_client(tls_server.address, settings).recommend("u", timeout=10)
    assert tls_server.script.requests["Recommend"] == []


def test_a_file_that_holds_no_certificate_is_refused(make_client, tmp_path):
    (tmp_path / "roots.pem").write_text("nothing")
    with pytest.raises(ValueError, match=r"roots\.pem is not a PEM file"):
        make_client("localhost:1", Settings(tls=tmp_path / "roots.pem")).recommend("u")


def test_a_unix_socket_is_an_address(make_client, tmp_path):
    with FakeServer(f"unix:{tmp_path}/s") as server:
        assert make_client(f"unix:{tmp_path}/s").recommend("u").model_version == 3
        assert len(server.script.requests["Recommend"]) == 1


def test_the_server_sees_which_sdk_calls(client, script):
    client.recommend("u")
    assert script.metadata["Recommend"][0]["user-agent"].startswith("recserve-python/")


def test_every_address_behind_a_name_is_used_in_turn(make_client):
    with FakeServer() as one, FakeServer() as two:
        ports = [server.address.removeprefix("localhost:") for server in (one, two)]
        client = make_client("ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports))
        # The first calls may go before the second connection is there.
        for _ in range(1000):
            client.recommend("u")
            if one.script.requests["Recommend"] and two.script.requests["Recommend"]:
                return
        pytest.fail("all calls went to one server")
