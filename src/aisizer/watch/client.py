"""The socket: one HTTP API of Prometheus, read only; everything that can go wrong becomes one sentence."""

from __future__ import annotations

import json
import math
import os
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from aisizer.errors import InvalidInput
from aisizer.profile.faults import shown
from aisizer.units import DAY

TOKEN_VARIABLE = "AISIZER_PROMETHEUS_TOKEN"
TIMEOUT_S = 60.0
"""[s] for one answer; half of the two minutes after which Prometheus itself gives a query up (query.timeout)."""
MAX_BYTES = 50_000_000
"""[byte] of one answer; ten years of daily levels are a tenth of a megabyte."""
Sample = tuple[float, float]
"""[s] Unix time, value"""


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A server's address and the token that opens it, which is shown nowhere."""

    url: str
    token: str | None = field(default=None, repr=False)

    def daily(self, query: str, first: date, last: date) -> dict[date, float]:
        """The value of an expression at the end of each day in UTC, from the first day to the last."""
        span = {"start": _end_of(first), "end": _end_of(last), "step": DAY}
        samples = self._samples("query_range", {"query": query, **span}, "matrix")
        return {datetime.fromtimestamp(at, UTC).date(): value for at, value in samples}

    def instant(self, query: str, day: date) -> float | None:
        """The value of an expression at the end of a day; None where it has none."""
        return next((v for _, v in self._samples("query", {"query": query, "time": _end_of(day)}, "vector")), None)

    def _samples(self, endpoint: str, given: Mapping[str, str | float], kind: str) -> list[Sample]:
        answer = self._answer(endpoint, given)
        try:
            data = answer["data"]
            if data["resultType"] != kind or len(data["result"]) > 1:
                raise InvalidInput(self._many(given["query"], len(data["result"]), data["resultType"], kind))
            found = [sample for series in data["result"] for sample in series.get("values") or [series["value"]]]
            return [(float(at), float(value)) for at, value in found if math.isfinite(float(value))]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidInput(self._no_prometheus("its answer has another form")) from error

    def _answer(self, endpoint: str, given: Mapping[str, str | float]) -> dict[str, Any]:
        body = self._body(f"{self.url}/api/v1/{endpoint}?{urlencode(given)}")
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise InvalidInput(self._no_prometheus("it answers with something that is not JSON")) from error
        if not isinstance(answer, dict) or answer.get("status") != "success":
            raise InvalidInput(self._no_prometheus("its answer has another form"))
        return answer

    def _body(self, address: str) -> bytes:
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        try:
            with _OPENER.open(urllib.request.Request(address, headers=headers), timeout=TIMEOUT_S) as response:
                body: bytes = response.read(MAX_BYTES + 1)
        except urllib.error.HTTPError as error:
            raise InvalidInput(self._refused(error)) from error
        except TimeoutError as error:
            raise InvalidInput(
                f"{self.url} gave no answer in {TIMEOUT_S:.0f} s. Ask again, or give a --metrics file."
            ) from error
        except (OSError, HTTPException) as error:
            raise InvalidInput(self._unreachable(error)) from error
        if len(body) > MAX_BYTES:
            raise InvalidInput(f"{self.url} answers with more than 50 MB. Check that it is a Prometheus server.")
        return body

    def _refused(self, error: urllib.error.HTTPError) -> str:
        if 300 <= error.code < 400:
            return f"{self.url} redirects to {shown(error.headers.get('Location', 'elsewhere'))}. Give that address."
        if error.code in (401, 403):
            return (
                f"{self.url} asks for credentials (HTTP {error.code}). Put a bearer token into {TOKEN_VARIABLE}, or name "
                "its file with --token-file."
            )
        said = _said(error)
        if said:
            return f"{self.url} refuses the query (HTTP {error.code}: {said}). Check its limits and its version."
        return self._no_prometheus(f"it answers HTTP {error.code}")

    def _unreachable(self, error: Exception) -> str:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        if isinstance(reason, TimeoutError):
            return f"{self.url} gave no answer in {TIMEOUT_S:.0f} s. Ask again, or give a --metrics file."
        return (
            f"{self.url} cannot be reached ({shown(str(reason) or type(reason).__name__)}). Check that Prometheus runs and "
            "that the address is right, or give a --metrics file."
        )

    def _no_prometheus(self, why: str) -> str:
        return (
            f"{self.url} does not answer as a Prometheus server: {why}. Give its base address, e.g. http://host:9090."
        )

    def _many(self, query: object, count: int, got: object, kind: str) -> str:
        if got != kind:
            return self._no_prometheus(f"a {kind} was asked for and a {shown(got)} came")
        return (
            f"{self.url} has {count} series for {query}, where one is expected. Ask a server that holds one set of these "
            "rules, or set their labels apart."
        )


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: the token would go along to whatever host it names."""

    def redirect_request(self, *_: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def server(url: str, token_file: Path | None) -> Prometheus:
    """The server at an address, with the token of a file or of the environment."""
    return Prometheus(_base(url), _token(token_file))


def first_with_data(
    source: Prometheus, queries: Iterable[str], first: date, last: date
) -> tuple[dict[date, float], str]:
    """The days of the first expression that has any, and that expression."""
    for query in queries:
        if found := source.daily(query, first, last):
            return found, query
    return {}, ""


def _base(url: str) -> str:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        parts, sound = urlsplit(""), False
    if "@" in url:
        raise InvalidInput(
            f"The address of --prometheus must hold no credentials. Put a token into {TOKEN_VARIABLE}, or name its file "
            "with --token-file."
        )
    if not sound or parts.query or parts.fragment or not url.isprintable() or " " in url:
        raise InvalidInput(f"--prometheus: an address is expected (got {shown(url)}). Write it as http://host:9090.")
    return url.rstrip("/")


def _token(file: Path | None) -> str | None:
    place = f"--token-file {file}" if file else TOKEN_VARIABLE
    try:
        text = file.read_text("utf-8") if file else os.environ.get(TOKEN_VARIABLE, "")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise InvalidInput(f"{place} cannot be read ({reason}). Give the path of a file with the token.") from error
    token = text.strip()
    if not (token.isascii() and (token.isprintable() and " " not in token)):
        raise InvalidInput(f"{place} holds no token: one line of ASCII without blanks is expected. Mend it.")
    if file and not token:
        raise InvalidInput(f"{place} is empty. Put the token into it.")
    return token or None


def _end_of(day: date) -> float:
    """[s] Unix time of the last second of a day in UTC: a sample at midnight is of the day that begins."""
    return datetime.combine(day, time(23, 59, 59), UTC).timestamp()


def _said(error: urllib.error.HTTPError) -> str:
    """What Prometheus itself says of a query that it refuses; empty where it is not Prometheus that speaks."""
    try:
        answer = json.loads(error.read(10_000))
        return shown(answer["error"]) if answer.get("status") == "error" else ""
    except (OSError, HTTPException, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ""
