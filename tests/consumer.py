"""A program as a type checker sees it; it is checked with mypy --strict, and never run."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

import httpx
import requests

import flowrun

assert_type(flowrun.token("acme"), str)
assert_type(flowrun.token("acme", tokens=Path("tokens"), named="write", min_ttl=60.5), str)
assert_type(flowrun.token("acme", tokens="tokens", sandbox=True), str)
assert_type(flowrun.__version__, str)

flowrun.token()  # type: ignore[call-arg]
flowrun.token("acme", "tokens")  # type: ignore[call-arg]
flowrun.token("acme", min_ttl="1h")  # type: ignore[arg-type]
flowrun.tokens("acme")  # type: ignore[attr-defined]

auth = flowrun.Auth("acme", allow_http=True)
assert_type(auth, flowrun.Auth)

assert_type(httpx.Client(auth=auth).get("https://api.example.com"), httpx.Response)
httpx.AsyncClient(auth=auth)
requests.get("https://api.example.com", auth=auth, timeout=10)
session = requests.Session()
session.auth = auth
prepared = requests.Request("GET", "https://api.example.com").prepare()
assert_type(auth(prepared), requests.PreparedRequest)

try:
    flowrun.token("acme")
except flowrun.PersonNeeded as error:
    assert_type(error.code, str)
    assert_type(error.problems[0].hint, str)
except (flowrun.ProviderError, flowrun.TransportError, flowrun.StoreError, flowrun.FlowError):
    raise
except flowrun.FlowrunError as error:
    assert_type(error.exit_status, int)
