"""The HTTP clients of others that `flowrun.Auth` is for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import httpx
import requests
import trio

import flowrun


class Got(NamedTuple):
    """An answer, whoever has asked."""

    status: int
    fields: dict[str, object]


Send = Callable[..., Got]
"""Sends one request with an `Auth`: method, URL, and perhaps a body; redirects are followed."""


def by_httpx(auth: flowrun.Auth, method: str, url: str, **more: Any) -> Got:
    with httpx.Client(auth=auth, follow_redirects=True) as client:
        answer = client.send(client.build_request(method, url, **more))
    return Got(answer.status_code, _fields(answer))


async def _by_async(auth: flowrun.Auth, method: str, url: str, **more: Any) -> Got:
    async with httpx.AsyncClient(auth=auth, follow_redirects=True) as client:
        request = client.build_request(method, url, **more)
        answer = await client.send(request)
    return Got(answer.status_code, _fields(answer))


def by_asyncio(auth: flowrun.Auth, method: str, url: str, **more: Any) -> Got:
    return asyncio.run(_by_async(auth, method, url, **more))


def by_trio(auth: flowrun.Auth, method: str, url: str, **more: Any) -> Got:
    return trio.run(partial(_by_async, auth, method, url, **more))


def by_requests(auth: flowrun.Auth, method: str, url: str, **more: Any) -> Got:
    if "content" in more:
        more["data"] = more.pop("content")
    with requests.Session() as session:
        answer = session.request(method, url, auth=auth, **more)
    return Got(answer.status_code, _fields(answer))


WAYS: dict[str, Send] = {
    "httpx": by_httpx,
    "asyncio": by_asyncio,
    "trio": by_trio,
    "requests": by_requests,
}


def _fields(answer: httpx.Response | requests.Response) -> dict[str, object]:
    is_json = "json" in answer.headers.get("Content-Type", "")
    fields: dict[str, object] = answer.json() if is_json else {}
    return fields
