"""Search providers of our own: real HTTP servers that speak the JSON of Brave and of SearXNG, and misbehave as told."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

KEY = "brave-key-of-the-tests"

# what a page looks like to each of the two
Item = dict[str, object]


def brave_item(number: int, **members: object) -> Item:
    return {
        "title": f"Page {number}",
        "url": f"https://example.org/{number}",
        "description": f"About {number}",
        "page_age": f"2026-01-{number:02}T00:00:00",
        "language": "en",
        "family_friendly": True,
        **members,
    }


def searxng_item(number: int, **members: object) -> Item:
    return {
        "title": f"Page {number}",
        "url": f"https://example.org/{number}",
        "content": f"Told of {number}",
        "publishedDate": None,
        "engine": "duckduckgo",
        "engines": ["duckduckgo"],
        "positions": [number],
        "score": 1.0,
        "category": "general",
        **members,
    }


def brave_document(query: str, items: list[Item]) -> dict[str, object]:
    return {
        "type": "search",
        "query": {"original": query, "more_results_available": False},
        "web": {"type": "search", "results": items},
    }


def searxng_document(query: str, items: list[Item]) -> dict[str, object]:
    return {
        "query": query,
        "number_of_results": 0,
        "results": items,
        "answers": [],
        "corrections": [],
        "infoboxes": [],
        "suggestions": [],
        "unresponsive_engines": [["google", "timeout"]],
    }


class Site:
    """A server and what reached it. `reply` may be replaced: it gets the request's handler and its parameters."""

    def __init__(self, document: Callable[[str, list[Item]], dict[str, object]], items: list[Item]) -> None:
        self.items = items
        self.asked: list[dict[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self.reply: Callable[[BaseHTTPRequestHandler, dict[str, str]], None] = self.answer
        self.url = ""
        self._document = document

    def answer(self, request: BaseHTTPRequestHandler, parameters: dict[str, str]) -> None:
        send(request, 200, json.dumps(self._document(parameters["q"], self.items)).encode())

    def refuses(self, status: int, body: bytes = b"{}", **headers: str) -> None:
        """From now on every request is answered so."""
        self.reply = lambda request, _: send(request, status, body, **headers)


def send(request: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    request.send_response(status)
    for name, value in {"Content_Type": "application/json", "Content_Length": str(len(body)), **headers}.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body)


@contextmanager
def running(site: Site, path: str) -> Iterator[Site]:
    """The site, listening on a port of its own until the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            parameters = {name: values[0] for name, values in parse_qs(parts.query).items()}
            site.asked.append(parameters)
            site.headers.append({name.lower(): value for name, value in self.headers.items()})
            if parts.path != path:
                return send(self, 404, b"")
            with suppress(OSError):  # the client hung up, as some tests want it to
                site.reply(self, parameters)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
