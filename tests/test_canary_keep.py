"""No secret leaves `flowrun keep`: not by what it says, not by any way to a person."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.keeping import RECIPE, Provider, provider
from servers.pages import Asked, Page, serving_pages
from servers.watched import PROC, Watched

SECRET = "fake-client-secret-of-acme-0123456789"
URL_KEY = "fake-secret-of-the-webhook-0123456789"


@pytest.fixture
def idp() -> Iterator[Provider]:
    with provider() as started:
        yield started


def repeats(asked: Asked) -> Page:
    """A provider that ends the grant and says all that it was sent."""
    return Page({"error": "invalid_grant", "error_description": f"cannot take {asked.body}"}, 400)


@pytest.fixture
def watched(tmp_path: Path, idp: Provider) -> Watched:
    if not PROC.is_dir():
        pytest.skip("arguments of processes are read from /proc")
    idp.life_s = 1
    idp.add("acme")
    known = {
        "url": idp.url,
        "optional": "false",
        "expires": "{in: '{{ response.json.expires_in }}'}",
    }
    (tmp_path / "acme.yaml").write_text(RECIPE.format(name="acme", **known), "utf-8")
    watched = Watched(tmp_path, FLOWRUN_CLIENT_SECRET=SECRET)
    assert watched.seen("./acme.yaml").status == 0
    idp.pages.at["/token/acme"] = repeats
    return watched


def test_a_server_that_repeats_secrets_tells_nobody(watched: Watched, idp: Provider) -> None:
    with serving_pages() as pages:
        pages.at["/hook"] = Page()
        ways = {"FLOWRUN_NOTIFY": f"{pages.url}/hook?key={URL_KEY}"}
        # The second time it reads what the first has stored; by another way, so that it asks.
        for number, output in enumerate(([], ["--json"])):
            ends = f"--notify=command:: {number}; cat >>told; env >>told; kill -TERM $PPID"
            assert watched.seen("keep", "acme", "-v", ends, *output, **ways).status == 0
        arrived = [each.body for each in pages.asked]

    told = (watched.folder / "told").read_text("utf-8")
    secrets = {SECRET, URL_KEY, *idp.secrets}
    assert told.count("invalid_grant") >= 2
    assert not [each for each in secrets if each in told or each in json.dumps(arrived)]
    assert not any(watched.leaks(secrets).values())
