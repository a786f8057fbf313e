"""Everything that can go wrong between watch and a server is one sentence with its mend, and the token is in none of them."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from aisizer.errors import InvalidInput
from aisizer.watch import client
from aisizer.watch.client import TOKEN_VARIABLE, Prometheus, server

SECRET = "hvs.CAESIJ-secret"
FIRST, LAST = date(2028, 1, 1), date(2028, 1, 3)


class _Answers(BaseHTTPRequestHandler):
    status, body, headers_out = 200, b"", {}
    seen: list[tuple[str, str | None]] = []  # noqa: RUF012

    def do_GET(self) -> None:
        _Answers.seen.append((self.path, self.headers.get("Authorization")))
        self.send_response(_Answers.status)
        for name, value in _Answers.headers_out.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(_Answers.body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    Thread(target=made.serve_forever, daemon=True).start()
    _Answers.seen.clear()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    made.server_close()


def answer(body: object, status: int = 200, **headers: str) -> None:
    _Answers.status, _Answers.headers_out = status, headers
    _Answers.body = body if isinstance(body, bytes) else json.dumps(body).encode()


def matrix(*series: list[list[object]]) -> dict[str, object]:
    result = [{"metric": {}, "values": values} for values in series]
    return {"status": "success", "data": {"resultType": "matrix", "result": result}}


def test_a_day_is_what_stands_at_its_end(url: str) -> None:
    answer(matrix([[1830383999, "0.4"], [1830470399, "NaN"], [1830556799, "0.5"]]))
    found = Prometheus(url, SECRET).daily("x", FIRST, LAST)
    assert found == {FIRST: 0.4, LAST: 0.5}
    path, authorization = _Answers.seen[0]
    assert path == "/api/v1/query_range?query=x&start=1830383999.0&end=1830556799.0&step=86400.0"
    assert authorization == f"Bearer {SECRET}"


def test_no_series_is_no_day(url: str) -> None:
    answer(matrix())
    assert Prometheus(url).daily("x", FIRST, LAST) == {}
    assert _Answers.seen[0][1] is None


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"<html>Grafana</html>", "something that is not JSON"),
        (200, b"[" * 100_000, "something that is not JSON"),
        (200, [], "its answer has another form"),
        (200, {"status": "success", "data": {"resultType": "matrix", "result": [{"values": [[1]]}]}}, "another form"),
        (200, {"status": "success", "data": None}, "its answer has another form"),
        (200, {"status": "error", "error": "x"}, "its answer has another form"),
        (
            200,
            {"status": "success", "data": {"resultType": "vector", "result": []}},
            "a matrix was asked for and a vector",
        ),
        (200, matrix([[1, "1"]], [[1, "2"]]), "has 2 series for x, where one is expected"),
        (404, b"404 page not found", "it answers HTTP 404. Give its base address"),
        (500, b"", "it answers HTTP 500"),
        (422, {"status": "error", "error": "query timed out"}, "refuses the query (HTTP 422: query timed out)"),
        (401, b"", f"asks for credentials (HTTP 401). Put a bearer token into {TOKEN_VARIABLE}"),
        (403, b"", "asks for credentials (HTTP 403)"),
    ],
)
def test_every_wrong_answer_is_one_sentence(status: int, body: object, said: str, url: str) -> None:
    answer(body, status)
    with pytest.raises(InvalidInput) as caught:
        Prometheus(url, SECRET).daily("x", FIRST, LAST)
    text = str(caught.value)
    assert text.startswith(url) and said in text and text.endswith(".")
    assert SECRET not in text and "\n" not in text


def test_a_redirect_is_not_followed_with_the_token(url: str) -> None:
    answer(b"", 302, Location=f"{url}/elsewhere")
    with pytest.raises(InvalidInput, match=r"redirects to http.*Give that address"):
        Prometheus(url, SECRET).daily("x", FIRST, LAST)
    assert len(_Answers.seen) == 1


def test_a_server_that_is_not_there_or_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(InvalidInput, match=r"cannot be reached \(.*Check that Prometheus runs"):
            Prometheus(address).daily("x", FIRST, LAST)
        silent.listen()
        monkeypatch.setattr(client, "TIMEOUT_S", 0.2)
        with pytest.raises(InvalidInput, match="gave no answer in 0 s"):
            Prometheus(address).daily("x", FIRST, LAST)
    with pytest.raises(InvalidInput, match="cannot be reached"):
        Prometheus("http://no-such-host.invalid").daily("x", FIRST, LAST)


def test_an_answer_that_never_ends_is_cut(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_BYTES", 100)
    answer(b" " * 1000)
    with pytest.raises(InvalidInput, match="more than 50 MB"):
        Prometheus(url).daily("x", FIRST, LAST)


def test_a_connection_that_breaks(url: str) -> None:
    answer(b'{"status"', **{"Content-Length": "1000"})
    with pytest.raises(InvalidInput, match=r"not JSON|cannot be reached"):
        Prometheus(url).daily("x", FIRST, LAST)


@pytest.mark.parametrize(
    "address",
    ["", "host:9090", "file:///etc/passwd", "ftp://host", "http://", "http://h:99999", "http://h?x=1", "http://a b"],
)
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(InvalidInput, match="an address is expected"):
        server(address, None)


def test_credentials_in_the_address_are_refused_and_not_repeated() -> None:
    with pytest.raises(InvalidInput) as caught:
        server(f"http://me:{SECRET}@host:9090", None)
    assert SECRET not in str(caught.value) and TOKEN_VARIABLE in str(caught.value)


def test_the_token_comes_from_a_file_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    assert server("http://h/prometheus/", None) == Prometheus("http://h/prometheus", None)
    monkeypatch.setenv(TOKEN_VARIABLE, f"{SECRET}\n")
    found = server("http://h", None)
    assert found.token == SECRET and SECRET not in repr(found)
    file = tmp_path / "token"
    file.write_text("of-the-file\n")
    assert server("http://h", file).token == "of-the-file"
    for content, said in (("", "is empty"), ("a\r\nX: b", "holds no token"), ("é", "holds no token")):
        file.write_text(content, encoding="utf-8")
        with pytest.raises(InvalidInput, match=said) as caught:
            server("http://h", file)
        assert "X: b" not in str(caught.value)
    with pytest.raises(InvalidInput, match="cannot be read"):
        server("http://h", tmp_path / "absent")
