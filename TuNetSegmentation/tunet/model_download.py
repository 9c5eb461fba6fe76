"""Fetching a model bundle from the web: only when asked, checked against its checksum, continued after a cut."""

from __future__ import annotations

import hashlib
import ipaddress
import re
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage, HTTPResponse
from pathlib import Path
from typing import IO, Any
from urllib.parse import urldefrag, urlsplit

from tunet.bundle_archive import MOST_BYTES
from tunet.errors import BundleError, InputError, OutputError, UsageError
from tunet.progress import Progress

_CHUNK = 1 << 18
_TIMEOUT_SECONDS = 30.0
# A server that sends less than this in such a time would keep the user waiting for days.
_LEAST_BYTES, _WITHIN_SECONDS = 1 << 16, 60.0
_CHECKSUM = re.compile(r"sha256=([0-9a-fA-F]{64})")


@dataclass(frozen=True)
class ModelAddress:
    """Where a bundle's zip is published, and its SHA-256."""

    url: str
    sha256: str

    @classmethod
    def parse(cls, text: str) -> ModelAddress:
        """An address as a publisher gives it: ``https://.../bundle.zip#sha256=<64 hexadecimal digits>``.

        Raises:
            UsageError: not https, or without checksum.
        """
        url, fragment = urldefrag(text.strip())
        if not _is_safe(url):
            raise UsageError("A model's address must begin with https://; copy it again from where it was published.")
        found = _CHECKSUM.fullmatch(fragment)
        if found is None:
            raise UsageError(
                "The address carries no checksum; write #sha256= and the 64 digits the publisher gives behind it."
            )
        return cls(url, found[1].lower())


def is_address(text: str) -> bool:
    """Whether a text is meant as an address and not as a file."""
    return "://" in text


def download(address: ModelAddress, folder: Path, progress: Progress) -> Path:
    """The bundle's zip in ``folder``; what an earlier, cut download left there is continued.

    Raises:
        InputError: the server cannot be reached or does not send the file.
        BundleError: what came is not what the checksum says; nothing is kept.
        OutputError: the folder cannot be written.
        Cancelled: the user stopped it; what has come is kept for the next time.
    """
    part = folder / f"{address.sha256}.part"
    with progress.stage("Downloading the model"):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _fetch(address.url, part, progress)
            found = _sha256(part)
        except OSError as error:
            raise _explained(error, address, folder) from error
        except HTTPException as error:
            raise InputError("The download was cut; try again, it goes on where it stopped.") from error
    if found != address.sha256:
        part.unlink()
        raise BundleError("The downloaded model does not have the announced checksum; do not use it, ask its author.")
    return part.replace(folder / f"{address.sha256}.zip")


class _SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to safe addresses only."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        if not _is_safe(newurl):
            raise InputError("The server sends the download to an unsafe address; ask the model's author for another.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _fetch(url: str, part: Path, progress: Progress) -> None:
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response: Any = urllib.request.build_opener(_SafeRedirects).open(request, timeout=_TIMEOUT_SECONDS)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # everything had come before the cut
            return
        raise
    with response:
        continued = response.status == 206
        _receive(response, part, have if continued else 0, progress)


def _receive(response: HTTPResponse, part: Path, have: int, progress: Progress) -> None:
    left = _announced(response)
    if have + left > MOST_BYTES:
        raise InputError("The file at this address is far larger than any model; check the address.")
    progress.plan(float(max(have + left, 1)))
    progress.advance(float(have))
    received, since, before = 0, time.monotonic(), 0
    with part.open("ab" if have else "wb") as target:
        # read1 takes what has come, so that cancelling never waits for a slow server.
        while (not left or received < left) and (chunk := response.read1(_CHUNK)):
            received += len(chunk)
            if have + received > MOST_BYTES:
                raise InputError("The file at this address is far larger than any model; check the address.")
            target.write(chunk)
            progress.advance(float(len(chunk)))
            if time.monotonic() - since > _WITHIN_SECONDS:
                if received - before < _LEAST_BYTES:
                    raise InputError("The server hardly sends anything; try again later, it goes on where it stopped.")
                since, before = time.monotonic(), received
    if received < left:
        raise InputError("The download was cut; try again, it goes on where it stopped.")


def _announced(response: HTTPResponse) -> int:
    """How many bytes the server says will come; 0 where it does not say."""
    words = response.headers.get("Content-Length") or "0"
    return int(words) if words.isascii() and words.isdigit() and len(words) < 20 else 0


def _explained(error: OSError, address: ModelAddress, folder: Path) -> InputError | OutputError:
    host = urlsplit(address.url).hostname
    if isinstance(error, urllib.error.HTTPError):
        return InputError(f"{host} answers {error.code} ({error.reason}); check the address.")
    if isinstance(error, urllib.error.URLError | TimeoutError | ConnectionError):
        return InputError(f"{host} cannot be reached; check the network and try again, it goes on where it stopped.")
    return OutputError(f"The model cannot be stored in {folder} ({error.strerror}); free space or set TUNET_MODELS.")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(parts.hostname or ""))


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
