"""The site builds strictly, leads where it says, loads nothing from elsewhere, and says it all."""

import functools
import http.server
import os
import re
import subprocess
import sys
import threading

import click
import pytest

import recserve.client
from docs import site
from docs.markdown import ROOT
from docs.test_protocol import PROTOS, declared, descriptors
from docs.usage import NAMES, our_command
from recserve.server.settings import Settings
from trainer.report import browser as browsers

pytestmark = pytest.mark.integration

SCREENSHOTS = ROOT / "build" / "screenshots"
SCREENS = {"site-light": (1280, "light"), "site-dark": (1280, "dark"), "site-phone": (390, "dark")}
SEEN = (
    *("index", "guides/shop", "server", "reference/protocol/recommender", "reference/recserve"),
    *("reference/sdk", "reference/settings", "reference/metrics"),
)
METRIC = re.compile(r"`((?:recserve|grpc_server)_\w+)`")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The site, built as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("site").resolve()
    words = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, env=quiet)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(built):
    return site.read(built)


def test_every_link_leads_to_a_place_that_is_there(pages):
    by_path = {page.path: page for page in pages.values()}
    found = {
        name: broken
        for name, page in pages.items()
        if name != "404.html" and (broken := site.broken(page, by_path))
    }
    assert found == {}
    assert sum(len(page.links) for page in pages.values()) > 1000


def test_a_link_that_leads_nowhere_is_seen(tmp_path):
    (tmp_path / "a.html").write_text('<a href="b.html#there"></a><a href="c.html"></a>')
    (tmp_path / "b.html").write_text('<p id="here"></p>')
    pages = site.read(tmp_path)
    by_path = {page.path: page for page in pages.values()}
    assert site.broken(pages["a.html"], by_path) == ["b.html#there", "c.html"]


def test_nothing_is_loaded_from_elsewhere(built, pages):
    loaded = [link for page in pages.values() for link in page.loaded]
    assert loaded
    assert [link for link in loaded if re.match(r"(https?:)?//", link)] == []
    styles = [path.read_text("utf-8") for path in built.rglob("*.css")]
    assert [
        text for text in styles if re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", text)
    ] == []


def test_every_document_is_in_reach(pages):
    documents = [path.stem for path in (ROOT / "docs").glob("*.md")]
    reached = {link.partition("#")[0] for link in pages["index.html"].links}
    assert [name for name in documents if f"{name}.html" not in {*reached, "index.html"}] == []


def test_the_protocol_is_all_there_with_its_comments(pages, tmp_path):
    for file in descriptors(PROTOS, tmp_path / "descriptors.bin"):
        stem = file.name.rpartition("/")[2].removesuffix(".proto").replace("_", "-")
        page = pages[f"reference/protocol/{stem}.html"]
        said = {tuple(place.path): place for place in file.source_code_info.location}
        missing = [
            name
            for path, name, proto in declared(file)
            if proto.DESCRIPTOR.name != "OneofDescriptorProto"
            if not page.has(proto.name) or not page.has(said[path].leading_comments)
        ]
        assert missing == []


def test_every_command_is_there_with_its_help(pages):
    def help_of(command, name, parent=None):
        context = click.Context(command, parent, name, **command.context_settings)
        yield (
            context.command_path,
            [each for each in command.params if isinstance(each, click.Option)],
        )
        for below in getattr(command, "commands", {}).values():
            yield from help_of(below, below.name, context)

    for name in NAMES:
        page = pages[f"reference/{name}.html"]
        told = list(help_of(our_command(name), name))
        assert [path for path, _ in told if not page.has(f"Usage: {path}")] == []
        options = {option.opts[0] for _, some in told for option in some if not option.hidden}
        assert [option for option in options if option not in page.text] == []


def test_the_sdk_is_all_there(pages):
    page = pages["reference/sdk.html"]
    names = [f"recserve.client.{name}" for name in recserve.client.__all__]
    for client in (recserve.client.Client, recserve.client.AsyncClient):
        methods = [name for name in vars(client) if not name.startswith("_")]
        names += [f"recserve.client.{client.__name__}.{name}" for name in methods]
    assert [name for name in names if name not in page.anchors] == []
    assert page.has("The results, best first: `num_results` of them")
    assert "session: Session" not in page.text


def test_settings_and_metrics_are_all_there(pages):
    keys = [field.alias or name for name, field in Settings.model_fields.items()]
    assert [key for key in keys if key not in pages["reference/settings.html"].text] == []
    rows = [
        line.split("|")[1]
        for line in (ROOT / "docs" / "server.md").read_text().splitlines()
        if line.startswith("| `") and METRIC.search(line)
    ]
    metrics = [name for row in rows for name in METRIC.findall(row)]
    assert len(metrics) > 15
    assert [name for name in metrics if name not in pages["reference/metrics.html"].text] == []


@pytest.fixture(scope="module")
def address(built):
    """Where the site is served."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=built)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def browser():
    with browsers.opened() as found:
        yield found


@pytest.mark.parametrize("screen", SCREENS)
def test_pages_fit_the_screen_and_ask_nobody_else(browser, address, screen):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    width, scheme = SCREENS[screen]
    asked, complaints, wide = [], [], []
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append((message.type, message.text)))
    for name in SEEN:
        page.goto(f"{address}/{name}.html", wait_until="networkidle")
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wide.append(name)
        page.screenshot(path=SCREENSHOTS / f"{screen}-{name.replace('/', '-')}.png")
    page.close()
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    assert [text for kind, text in complaints if kind == "error"] == []
    assert wide == []


def test_search_finds_a_page(browser, address):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{address}/index.html")
    page.keyboard.press("/")
    page.keyboard.type("erasure receipt")
    found = page.locator(".md-search-result__item")
    found.first.wait_for(state="visible")
    assert any("ErasureReceipt" in text for text in found.all_text_contents())
    page.close()
