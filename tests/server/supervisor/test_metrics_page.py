"""The page that Prometheus scrapes."""

import socket
import urllib.request
from pathlib import Path

import pytest

from recserve.server.errors import ConfigurationError
from recserve.server.supervisor.metrics_page import MetricsPage, VersionInfo


def scraped(page: MetricsPage) -> str:
    url = f"http://127.0.0.1:{page.port}/metrics"
    with urllib.request.urlopen(url, timeout=10) as answer:  # loopback
        return answer.read().decode()


def test_the_versions_and_where_they_stand_are_on_the_page(tmp_path: Path) -> None:
    with MetricsPage("127.0.0.1:0", tmp_path) as page:
        page.set_versions([VersionInfo("2", "stable", "serving"), VersionInfo("1", "", "failed")])
        text = scraped(page)
        line = 'recserve_model_version_info{label="stable",state="serving",version="2"} 1.0'
        assert line in text
        page.set_versions([])
        assert "recserve_model_version_info{" not in scraped(page)


def test_rollbacks_are_counted_by_what_they_were_for(tmp_path: Path) -> None:
    with MetricsPage("127.0.0.1:0", tmp_path) as page:
        page.count_rollback("errors")
        page.count_rollback("errors")
        text = scraped(page)
        assert 'recserve_rollbacks_total{reason="errors"} 2.0' in text
        assert 'recserve_rollbacks_total{reason="crash_loop"} 0.0' in text


def test_a_taken_address_is_a_clear_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with (
            pytest.raises(ConfigurationError, match=f"{address}.*in use.*--metrics"),
            MetricsPage(address, tmp_path),
        ):
            pass


def test_an_address_that_is_not_ours_is_a_clear_error(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigurationError, match=r"192\.0\.2\.1:0.*--metrics"),
        MetricsPage("192.0.2.1:0", tmp_path),
    ):
        pass


def test_forgetting_a_process_keeps_its_counters(tmp_path: Path) -> None:
    (tmp_path / "gauge_livesum_77.db").write_bytes(b"")
    (tmp_path / "counter_77.db").write_bytes(b"")
    with MetricsPage("127.0.0.1:0", tmp_path) as page:
        page.forget_process(77)
    assert [path.name for path in tmp_path.iterdir()] == ["counter_77.db"]
