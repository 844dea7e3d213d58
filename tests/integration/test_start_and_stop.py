"""How a server starts, refuses to start, and stops."""

import shutil
import socket
import subprocess
import threading

import pytest

from integration.server_process import eventually, run, serving
from recserve.client import Client, RecserveError, Settings

pytestmark = pytest.mark.integration


def test_sigterm_lets_calls_in_flight_finish_and_exits_0(handmade_store, tmp_path):
    with serving(tmp_path) as server, Client(server.address) as client:
        server.wait_until_warm()
        answered, failed = [], []
        stopping = threading.Event()

        def ask():
            while not stopping.is_set():
                try:
                    answered.append(client.recommend("u", timeout=5))
                except RecserveError as error:
                    failed.append(error)
                    return

        callers = [threading.Thread(target=ask) for _ in range(8)]
        for caller in callers:
            caller.start()
        eventually(lambda: len(answered) > 50, "some answers")
        assert server.stop() == 0
        stopping.set()
        for caller in callers:
            caller.join()
        # Calls that came too late are told so; none that was taken is lost.
        assert {type(error).__name__ for error in failed} <= {"Unavailable", "DeadlineExceeded"}
        assert server.said("stopped")


def test_a_second_server_on_the_port_is_refused(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        printed = run(
            "recserve-server", "serve", "--listen", address, "--metrics", "127.0.0.1:0",
            cwd=tmp_path, status=1,
        )  # fmt: skip
        assert f"cannot listen on {address}" in printed
        printed = run(
            "recserve-server", "serve", "--listen", "127.0.0.1:0", "--metrics", address,
            cwd=tmp_path, status=1,
        )  # fmt: skip
        assert f"cannot serve metrics on {address}" in printed


def test_a_second_server_on_the_event_log_is_refused(tmp_path):
    options = ("--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0")
    with serving(tmp_path):
        printed = run("recserve-server", "serve", *options, cwd=tmp_path, status=1)
        assert "another server" in printed


def test_beyond_loopback_it_refuses_plaintext_unless_told(tmp_path):
    options = ("--listen", "0.0.0.0:0", "--metrics", "127.0.0.1:0")
    printed = run("recserve-server", "serve", *options, cwd=tmp_path, status=2)
    assert "without TLS" in printed
    with serving(tmp_path, "--listen", "0.0.0.0:0", "--insecure") as server:
        assert server.address.startswith("0.0.0.0:")


def test_tls_is_spoken_when_a_certificate_is_given(tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    with serving(tmp_path, "--tls-certificate", certificate, "--tls-key", key) as server:
        port = server.address.rpartition(":")[2]
        with Client(f"localhost:{port}", Settings(tls=certificate)) as client:
            client.feedback("u", "a", "click")
            assert client.recommend("v")[0].item_id == "a"
        with Client(server.address) as plaintext, pytest.raises(RecserveError):
            plaintext.recommend("v")


def test_the_port_of_a_stopped_server_is_free_and_its_events_are_there(tmp_path):
    with serving(tmp_path) as server, Client(server.address) as client:
        client.feedback("u", "a", "click")
        assert server.stop() == 0
    with serving(tmp_path) as server, Client(server.address) as client:
        assert client.recommend("v")[0].item_id == "a"


def test_a_version_that_was_refused_half_copied_is_looked_at_again(handmade_version, tmp_path):
    version = tmp_path / "models" / "default" / "1"
    version.mkdir(parents=True)
    with serving(tmp_path) as server:
        eventually(lambda: server.said("version refused"), "a refusal")
        shutil.copytree(handmade_version, version, dirs_exist_ok=True)
        server.wait_until_warm()
