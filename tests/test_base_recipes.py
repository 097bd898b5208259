"""Every grant that flowrun ships: a file of five lines, against the embedded provider."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from flowrun.library import shipped
from servers.command import Cli

SET = {
    "base/authorization-code": "authorize_url: https://id.test/a, token_url: https://id.test/t",
    "base/ciba": "ciba_url: https://id.test/c, token_url: https://id.test/t",
    "base/device-code": "device_url: https://id.test/d, token_url: https://id.test/t",
    "base/hybrid": "issuer: https://id.test",
    "base/implicit": "issuer: https://id.test",
    "base/oauth1": "request_token_url: https://id.test/r, authorize_url: https://id.test/a,"
    " access_token_url: https://id.test/t",
    "base/openid": "issuer: https://id.test",
    "base/registered": "issuer: https://id.test",
    "base/resource": "resource: https://id.test/api",
}
"""What a child must say; the others need a token endpoint."""

LAST = {"base/implicit", "base/oauth1"}
"""Bases whose tokens nothing renews."""

BASES = [name for name in shipped() if name.startswith("base/")]


@pytest.mark.parametrize("base", BASES)
def test_a_child_that_sets_what_must_be_set_gets_a_token_and_renews_it(
    base: str, cli: Cli, tmp_path: Path
) -> None:
    named = SET.get(base, "token_url: https://id.test/t")
    (tmp_path / "child.yaml").write_text(
        f"flowrun: 1\nextends: {base}\nname: child\nvars: {{{named}}}\n", "utf-8"
    )

    checked, ran = cli("check", "child.yaml"), cli("child.yaml", "--sandbox")
    refreshed = cli("refresh", "child", "--sandbox")

    lasts = base in LAST
    assert (checked.status, ran.status, refreshed.status) == (0, 0, 8 * lasts), ran.stderr
    record = json.loads((tmp_path / "tokens" / "sandbox" / "child.json").read_text("utf-8"))
    assert record["access_token"].startswith("sandbox-access-")
    assert ("child: refreshed until" in refreshed.stderr) is not lasts


@pytest.mark.parametrize("base", BASES)
def test_what_must_be_set_is_told(base: str, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "child.yaml").write_text(f"flowrun: 1\nextends: {base}\nname: child\n", "utf-8")

    done = cli("check", "child.yaml")

    assert done.status == 2
    assert "error E212: the var" in done.stderr


def test_a_record_carries_nothing_that_is_for_other_tools(cli: Cli, tmp_path: Path) -> None:
    recipe = "extends: base/client-credentials\nname: child\nvars: {token_url: https://id.test/t}"
    (tmp_path / "child.yaml").write_text(f"flowrun: 1\n{recipe}\nx-team: {{owner: us}}\n", "utf-8")

    assert cli("child.yaml", "--sandbox").status == 0
    record = json.loads((tmp_path / "tokens" / "sandbox" / "child.json").read_text("utf-8"))
    assert not [key for key in record["flowrun"]["plan"] if key.startswith("x-")]
