"""A web server on this machine that behaves badly on purpose."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Behaviour = Callable[[BaseHTTPRequestHandler, bytes, int], None]
"""Gets the handler, the file's bytes, and how many requests there were before."""


@contextmanager
def serving(content: bytes, behave: Behaviour) -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Yields the address of the file, and the headers of each request so far."""
    requests: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requests.append(dict(self.headers))
            behave(self, content, len(requests) - 1)

        def log_message(self, *what: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/file.bin", requests
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def start_of(handler: BaseHTTPRequestHandler) -> int:
    """First byte that a request asks for."""
    asked = handler.headers.get("Range", "bytes=0-")
    return int(asked.removeprefix("bytes=").partition("-")[0])


def send(
    handler: BaseHTTPRequestHandler,
    body: bytes,
    *,
    status: int = 200,
    length: int | None = None,
    etag: str = '"one"',
    **headers: str,
) -> None:
    """Answer; the connection is closed after the body, whatever length was announced."""
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    if etag:
        handler.send_header("ETag", etag)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(body)
    handler.wfile.flush()
    handler.close_connection = True


def ranged(handler: BaseHTTPRequestHandler, content: bytes, most: int | None = None, etag: str = '"one"') -> None:
    """A server that knows ranges; ``most``: it cuts the connection after that many bytes."""
    start = start_of(handler)
    wanted = handler.headers.get("If-Range")
    if "Range" not in handler.headers or (wanted is not None and wanted != etag):
        send(handler, content[:most], length=len(content), etag=etag)
    elif start >= len(content):
        send(handler, b"", status=416, Content_Range=f"bytes */{len(content)}")
    else:
        body = content[start:]
        span = f"bytes {start}-{len(content) - 1}/{len(content)}"
        send(handler, body[:most], status=206, length=len(body), etag=etag, Content_Range=span)
