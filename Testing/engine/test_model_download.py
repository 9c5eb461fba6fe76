"""Downloads from a server in this process."""

from __future__ import annotations

import hashlib
import threading
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from bundles import tiny_bundle
from tunet.bundle_archive import pack
from tunet.errors import BundleError, Cancelled, InputError, UsageError
from tunet.model_download import ModelAddress, _SafeRedirects, download
from tunet.models import FOLDER_VARIABLE, install_from, installed_models
from tunet.progress import Progress

BODY = bytes(range(256)) * 4000
DIGITS = hashlib.sha256(BODY).hexdigest()


@dataclass
class Site:
    """What the server sends, and what it was asked."""

    body: bytes = BODY
    cut_at: int | None = None
    redirect: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    pause_s: float = 0.0
    endless: bool = False
    ranges: list[str | None] = field(default_factory=list)
    url: str = ""

    def address(self, digits: str = DIGITS) -> ModelAddress:
        return ModelAddress.parse(f"{self.url}/model.zip#sha256={digits}")


@pytest.fixture
def site():
    shown = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            shown.ranges.append(self.headers["Range"])
            if shown.redirect:
                self.send_response(302)
                self.send_header("Location", shown.redirect)
                self.end_headers()
                return
            start = int((self.headers["Range"] or "bytes=0-")[6:-1])
            if start >= len(shown.body):
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            for name, value in {"Content-Length": str(len(shown.body) - start), **shown.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):
                self._send(shown.body[start : shown.cut_at])

        def _send(self, data):
            while shown.endless:
                self.wfile.write(bytes(1 << 20))
            step = 1000 if shown.pause_s else len(data)
            for at in range(0, len(data), max(step, 1)):
                self.wfile.write(data[at : at + step])
                time.sleep(shown.pause_s)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    shown.url = f"http://127.0.0.1:{server.server_port}"
    yield shown
    server.shutdown()
    server.server_close()


class TestDownload:
    def test_gives_the_file(self, site, tmp_path):
        assert download(site.address(), tmp_path, Progress()).read_bytes() == BODY

    def test_progress_ends_at_one(self, site, tmp_path):
        events = []
        download(site.address(), tmp_path, Progress(listener=events.append))
        assert events[-1].fraction == 1
        assert events[0].stage == "Downloading the model"

    def test_a_cut_download_goes_on_where_it_stopped(self, site, tmp_path):
        site.cut_at = 300_000
        with pytest.raises(InputError, match="goes on where it stopped"):
            download(site.address(), tmp_path, Progress())
        site.cut_at = None
        assert download(site.address(), tmp_path, Progress()).read_bytes() == BODY
        assert site.ranges == [None, "bytes=300000-"]

    def test_a_cancelled_download_keeps_what_has_come(self, site, tmp_path):
        with pytest.raises(Cancelled):
            download(site.address(), tmp_path, Progress(cancelled=lambda: any(tmp_path.iterdir())))
        assert download(site.address(), tmp_path, Progress()).read_bytes() == BODY

    def test_a_wrong_checksum_is_refused_and_nothing_kept(self, site, tmp_path):
        with pytest.raises(BundleError, match="checksum"):
            download(site.address("0" * 64), tmp_path, Progress())
        assert list(tmp_path.iterdir()) == []

    def test_a_redirect_to_a_file_is_refused(self, site, tmp_path):
        site.redirect = "file:///etc/hostname"
        with pytest.raises(InputError, match="not allowed"):
            download(site.address(), tmp_path, Progress())

    def test_a_redirect_to_http_is_refused(self, site, tmp_path):
        site.redirect = "http://example.org/model.zip"
        with pytest.raises(InputError, match="unsafe"):
            download(site.address(), tmp_path, Progress())

    def test_a_redirect_from_https_to_http_is_refused(self):
        asked = urllib.request.Request("https://example.org/model.zip")
        with pytest.raises(InputError, match="unsafe"):
            _SafeRedirects().redirect_request(asked, None, 302, "Found", HTTPMessage(), "http://example.org/model.zip")

    def test_redirects_in_a_circle_end(self, site, tmp_path):
        site.redirect = f"{site.url}/again.zip"
        with pytest.raises(InputError):
            download(site.address(), tmp_path, Progress())
        assert len(site.ranges) < 30

    def test_a_server_that_hardly_sends_is_given_up_and_continued_later(self, site, tmp_path, monkeypatch):
        monkeypatch.setattr("tunet.model_download._WITHIN_SECONDS", 0.2)
        site.pause_s = 0.05
        with pytest.raises(InputError, match="hardly sends anything"):
            download(site.address(), tmp_path, Progress())
        site.pause_s = 0
        assert download(site.address(), tmp_path, Progress()).read_bytes() == BODY
        assert int(site.ranges[1][6:-1]) > 0

    def test_a_silent_server_is_given_up(self, site, tmp_path, monkeypatch):
        monkeypatch.setattr("tunet.model_download._TIMEOUT_SECONDS", 0.3)
        site.pause_s = 2
        with pytest.raises(InputError, match="goes on where it stopped"):
            download(site.address(), tmp_path, Progress())

    def test_cancelling_does_not_wait_for_a_slow_server(self, site, tmp_path):
        site.pause_s = 0.05  # all of it would take 50 s
        came = []
        with pytest.raises(Cancelled):
            download(site.address(), tmp_path, Progress(came.append, lambda: len(came) > 4))
        assert 0 < next(tmp_path.iterdir()).stat().st_size < 100_000

    @pytest.mark.parametrize("length", ["many", "-5", "9" * 5000, ""])
    def test_an_impossible_length_does_no_harm(self, site, tmp_path, length):
        site.headers = {"Content-Length": length}
        with suppress(InputError):
            assert download(site.address(), tmp_path, Progress()).read_bytes() == BODY

    def test_a_longer_file_than_any_model_is_refused_by_its_header(self, site, tmp_path):
        site.headers = {"Content-Length": str(10**12)}
        with pytest.raises(InputError, match="far larger"):
            download(site.address(), tmp_path, Progress())

    def test_a_file_without_end_is_refused_before_the_disk_is_full(self, site, tmp_path, monkeypatch):
        monkeypatch.setattr("tunet.model_download.MOST_BYTES", 5 << 20)
        site.endless, site.headers = True, {"Content-Length": ""}
        with pytest.raises(InputError, match="far larger"):
            download(site.address(), tmp_path, Progress())
        assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 6 << 20

    @pytest.mark.parametrize("headers", [{"X-Long": "x" * 100_000}, {f"X-{n}": "x" for n in range(200)}])
    def test_huge_headers_are_one_sentence(self, site, tmp_path, headers):
        site.headers = headers
        with pytest.raises(InputError) as refused:
            download(site.address(), tmp_path, Progress())
        assert "\n" not in str(refused.value)

    def test_a_server_that_sends_the_wrong_part_is_found_out(self, site, tmp_path):
        (tmp_path / f"{DIGITS}.part").write_bytes(b"something else")
        with pytest.raises(BundleError, match="checksum"):
            download(site.address(), tmp_path, Progress())
        assert list(tmp_path.iterdir()) == []

    def test_nobody_answers(self, tmp_path):
        with pytest.raises(InputError, match=r"127\.0\.0\.1 cannot be reached"):
            download(ModelAddress.parse(f"http://127.0.0.1:9/x.zip#sha256={DIGITS}"), tmp_path, Progress())


class TestAddress:
    @pytest.mark.parametrize("url", ["http://example.org/m.zip", "ftp://example.org/m.zip", "file:///m.zip"])
    def test_only_https(self, url):
        with pytest.raises(UsageError, match="https"):
            ModelAddress.parse(f"{url}#sha256={DIGITS}")

    @pytest.mark.parametrize("fragment", ["", "#sha256=12", f"#md5={DIGITS}"])
    def test_only_with_checksum(self, fragment):
        with pytest.raises(UsageError, match="checksum"):
            ModelAddress.parse(f"https://example.org/m.zip{fragment}")


def test_install_from_an_address(site, tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "models"))
    pack(tiny_bundle(tmp_path / "tiny").folder, tmp_path / "tiny.zip")
    site.body = (tmp_path / "tiny.zip").read_bytes()
    install_from(f"{site.url}/tiny.zip#sha256={hashlib.sha256(site.body).hexdigest()}", Progress())
    assert "tiny" in [model.name for model in installed_models()]
    assert list((tmp_path / "models" / ".downloads").iterdir()) == []
