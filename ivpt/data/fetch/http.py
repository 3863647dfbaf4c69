"""One file over http or https, resumed where it was cut.

The standard library does all of it; libraries that download data sets (pooch, torchvision) do not resume.
"""

import json
import shutil
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import IO

from ivpt.errors import DataError, OutputError
from ivpt.interfaces.dataset import Progress

CHUNK = 2**18
MEGA = 1_000_000


_NETWORK = (urllib.error.URLError, ConnectionError, TimeoutError, ssl.SSLError)


class _Cut(Exception):
    """This attempt ended before the file did; another may go on."""


@dataclass(frozen=True)
class _Noted:
    """What is known of a file that is there in part.

    Attributes:
        total: bytes of the whole file; ``None`` if the server does not say.
        validator: ETag or date that the server gave it; empty if it gave none.
    """

    url: str
    total: int | None
    validator: str


def download(
    url: str,
    target: Path,
    *,
    size: int | None = None,
    progress: Progress | None = None,
    attempts: int = 5,
    patience: float = 30.0,
    pause: float = 1.0,
) -> None:
    """Fetch a file; what an earlier call left is gone on with.

    ``target.part`` holds what is there so far and ``target.part.json`` which file that is; a file that has changed on
    the server since is begun anew.

    Args:
        url: http or https.
        target: where the whole file appears, and not before it is whole.
        size: in bytes as published.
        progress: told in megabytes.
        attempts: without a byte of progress, after which it gives up.
        patience: seconds to wait for the server's next bytes.
        pause: seconds before the second attempt, then twice that, and so on.

    Raises:
        DataError: the server does not have it, has another size, or cannot be reached; what is there stays.
        OutputError: the disk is too small.
    """
    furthest, failed = _length(_part(target)), 0
    while True:
        try:
            _attempt(url, target, size, progress, patience)
            break
        except (OSError, HTTPException, _Cut) as error:
            if isinstance(error, urllib.error.HTTPError) and error.code < 500 and error.code not in (408, 416, 429):
                raise DataError(f"{url} cannot be downloaded: the server says {error.code} {error.reason}.") from None
            if isinstance(error, OSError) and not isinstance(error, _NETWORK):
                raise  # of this machine
            have = _length(_part(target))
            failed = 0 if have > furthest else failed + 1
            furthest = max(furthest, have)
            if failed >= attempts:
                raise DataError(
                    f"{url} cannot be downloaded: {_reason(error)}.",
                    f"{have:,} bytes are there; the same command goes on from them."
                    if have
                    else "Nothing was received; the same command tries again.",
                ) from None
            time.sleep(pause * 2 ** max(failed - 1, 0))
    _part(target).replace(target)
    _note(target).unlink(missing_ok=True)


def _attempt(url: str, target: Path, size: int | None, progress: Progress | None, patience: float) -> None:
    part = _part(target)
    have, noted = _length(part), _read_note(target)
    if noted is None or noted.url != url:
        have = 0
    elif have and have == noted.total:
        return
    headers = {"Accept-Encoding": "identity", "User-Agent": "ivpt"}
    if have and noted:
        headers["Range"] = f"bytes={have}-"
        if noted.validator:
            headers["If-Range"] = noted.validator
    try:
        answer = _opener.open(urllib.request.Request(url, headers=headers), timeout=patience)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:  # what is there is not the beginning of what the server has
            _forget(target)
        raise
    with answer:
        start, total = _where(answer, have)
        if size is not None and total is not None and total != size:
            raise DataError(f"{url} has {total:,} bytes, and {size:,} are published: it is another file.")
        total = size if total is None else total
        if start and noted and total != noted.total:
            start = -1  # another file by now
        if start not in (0, have):
            _forget(target)
            raise _Cut("the server sent another part than it was asked for")
        free = shutil.disk_usage(target.parent).free
        if total is not None and total - start > free:
            raise OutputError(
                f"{target.name} needs {(total - start) / MEGA:,.0f} MB, and {free / MEGA:,.0f} MB are free in "
                f"{target.parent}."
            )
        _write_note(target, _Noted(url, total, _validator(answer.headers)))
        with part.open("r+b" if start else "wb") as out:
            out.seek(start)
            out.truncate()
            done = _copy(answer, out, start, total, target.name, progress)
    if total is not None and done != total:
        raise _Cut(f"the connection was cut after {done:,} of {total:,} bytes")


def _copy(
    answer: HTTPResponse, out: IO[bytes], start: int, total: int | None, name: str, progress: Progress | None
) -> int:
    done = start
    while chunk := answer.read(CHUNK):
        out.write(chunk)
        done += len(chunk)
        if progress is not None:
            # a file of unknown size is always one megabyte from its end
            progress(done // MEGA, max(done if total is None else total, 1) // MEGA + 1, f"downloading {name} (MB)")
    return done


def _where(answer: HTTPResponse, have: int) -> tuple[int, int | None]:
    """At which byte an answer starts (-1: cannot be told), and how long the whole file is."""
    if answer.status == 206:
        unit, _, rest = answer.headers.get("Content-Range", "").partition(" ")
        span, _, whole = rest.partition("/")
        first = span.partition("-")[0]
        if unit != "bytes" or not first.isdigit():
            return -1, None
        return int(first), int(whole) if whole.isdigit() else None
    length = answer.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else None


def _validator(headers: Mapping[str, str]) -> str:
    etag = headers.get("ETag", "")
    # A weak ETag may stay when bytes change.
    return etag if etag and not etag.startswith("W/") else headers.get("Last-Modified", "")


class _OnlyTheWeb(urllib.request.HTTPRedirectHandler):
    """Follows redirections to http and https, but from https to https only."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: object, newurl: str
    ) -> urllib.request.Request | None:
        wanted = ("https:",) if req.full_url.startswith("https:") else ("http:", "https:")
        if not newurl.lower().startswith(wanted):
            raise DataError(f"{req.full_url} leads to {newurl}, which is not followed.")
        return super().redirect_request(req, fp, code, msg, headers, newurl)  # type: ignore[arg-type]


_opener = urllib.request.build_opener(_OnlyTheWeb)


def _part(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def _note(target: Path) -> Path:
    return target.with_name(target.name + ".part.json")


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _read_note(target: Path) -> _Noted | None:
    try:
        found = json.loads(_note(target).read_text("utf-8"))
        total = found["total"]
        return _Noted(str(found["url"]), None if total is None else int(total), str(found["validator"]))
    except (OSError, ValueError, KeyError, TypeError):  # none, or cut while it was written: begin anew
        return None


def _write_note(target: Path, noted: _Noted) -> None:
    _note(target).write_text(json.dumps(vars(noted)), "utf-8")


def _forget(target: Path) -> None:
    _part(target).unlink(missing_ok=True)
    _note(target).unlink(missing_ok=True)


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server says {error.code} {error.reason}"
    inner = getattr(error, "reason", None) or error
    if isinstance(inner, TimeoutError):
        return "the server does not answer"
    return " ".join(str(getattr(inner, "strerror", None) or inner or type(error).__name__).split()).rstrip(".")


__all__ = ["download"]
