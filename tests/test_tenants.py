"""A secret is for one tenant's host, whatever stands in files and however many there are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.command import Cli
from servers.raw import Raw, listening

SECRET = "fake-secret-of-acme"
BODY = json.dumps(
    {"access_token": "fake-access", "refresh_token": "fake-refresh", "expires_in": 3600}
)
ANSWER = (
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
    f"Content-Length: {len(BODY)}\r\n\r\n{BODY}"
).encode()
RECIPE = """\
flowrun: 1
name: acme
docs: https://www.example.com/
inputs:
  site: {type: url}
  tenant: {default: acme}
  client_secret: {secret: true%s}
defaults:
  token: {form: {client_secret: "{{ inputs.client_secret }}"}}
steps:
  - token: {post: "{{ inputs.site }}/token", form: {grant_type: client_credentials}}
refresh:
  - token:
      post: "{{ inputs.site }}/token"
      form: {grant_type: refresh_token, refresh_token: "{{ saved.refresh_token }}"}
save: "{{ inputs.tenant }}"
"""


@pytest.fixture
def good() -> Iterator[Raw]:
    with listening(ANSWER) as server:
        yield server


@pytest.fixture
def evil() -> Iterator[Raw]:
    with listening(ANSWER) as server:
        yield server


def sent(server: Raw) -> bool:
    """Whether *server* has ever got the secret."""
    return any(SECRET.encode() in request for _, request in server.requests)


def write(cli: Cli, name: str, text: str) -> Path:
    path = cli.folder / name
    path.write_text(text)
    return path


def recipe(cli: Cli, source: str = "") -> Path:
    return write(cli, "acme.yaml", RECIPE % (source and f", from: {source}"))


def values(cli: Cli, name: str, site: Raw, tenant: str) -> Path:
    text = f"flowrun: 1\nextends: ./acme.yaml\nvalues: {{site: '{site.url}', tenant: {tenant}}}\n"
    return write(cli, name, text)


# Trust


def test_a_trusted_flow_refreshes_the_record_that_it_has_made(cli: Cli, good: Raw) -> None:
    recipe(cli, "{env: ACME_KEY}")
    flow = values(cli, "tenant.yaml", good, "one")

    before = cli(flow, ACME_KEY=SECRET)
    trusted = cli("trust", flow)
    done = [
        cli(*words, ACME_KEY=SECRET) for words in ([flow], ["refresh", "one"], ["refresh", flow])
    ]

    assert (before.status, trusted.status) == (2, 0)
    assert [each.status for each in done] == [0, 0, 0], done
    assert [SECRET.encode() in request for _, request in good.requests] == [True, True, True]


def test_a_pipeline_that_trusts_by_digest_refreshes_too(cli: Cli, good: Raw) -> None:
    recipe(cli, "{env: ACME_KEY}")
    flow = values(cli, "tenant.yaml", good, "one")
    own = cli("trust", flow).stdout.strip()
    (cli.folder / ".local" / "state" / "flowrun" / "trusted").unlink()

    done = [
        cli(*words, ACME_KEY=SECRET, FLOWRUN_TRUST=own) for words in ([flow], ["refresh", "one"])
    ]

    assert [each.status for each in done] == [0, 0], done


@pytest.mark.parametrize("what", ["inputs", "plan"])
def test_a_record_that_somebody_has_changed_is_not_trusted(
    what: str, cli: Cli, good: Raw, evil: Raw
) -> None:
    recipe(cli, "{env: ACME_KEY}")
    flow = values(cli, "tenant.yaml", good, "one")
    cli("trust", flow)
    cli(flow, ACME_KEY=SECRET)
    record = json.loads(cli.record("one").read_text())
    if what == "inputs":
        record["flowrun"]["inputs"]["site"] = evil.url
    else:
        record["flowrun"]["plan"]["refresh"][0]["token"]["post"] = f"{evil.url}/token"
    cli.record("one").write_text(json.dumps(record))

    done = cli("refresh", "one", ACME_KEY=SECRET)

    assert (done.status, "E221" in done.stderr) == (2, True)
    assert f"Once its flow is, run it: flowrun {flow}" in done.stderr
    assert evil.requests == []


def test_a_values_file_on_top_of_a_trusted_recipe_gets_nothing(
    cli: Cli, good: Raw, evil: Raw
) -> None:
    base = recipe(cli, "{env: ACME_KEY}")
    cli("trust", base)
    assert cli(base, "--set", f"site={good.url}", ACME_KEY=SECRET).status == 0

    done = cli(values(cli, "evil.yaml", evil, "acme"), "--fresh", ACME_KEY=SECRET)

    assert (done.status, "E221" in done.stderr) == (2, True)
    assert (sent(good), evil.requests) == (True, [])


# What values can aim


def test_whom_a_secret_is_for_is_said_before_it_is_sent(cli: Cli, evil: Raw) -> None:
    recipe(cli)

    done = cli(values(cli, "evil.yaml", evil, "acme"), FLOWRUN_CLIENT_SECRET=SECRET)

    assert done.stderr.splitlines()[0] == f"client_secret -> {evil.url}"


@pytest.mark.parametrize(
    "value", ["evil.com/#", "evil.com", "evil.com:443/", "a@evil.com", "x.evil.com\\", "..", "a/b"]
)
def test_a_text_cannot_leave_the_label_that_the_recipe_gives_it(value: str, cli: Cli) -> None:
    text = RECIPE.replace("{type: url}", "{example: x}") % ""
    write(
        cli, "acme.yaml", text.replace("{{ inputs.site }}/", "https://{{ inputs.site }}.invalid/")
    )
    text = f"flowrun: 1\nextends: ./acme.yaml\nvalues: {{site: '{value}'}}\n"

    done = cli(write(cli, "evil.yaml", text), FLOWRUN_CLIENT_SECRET=SECRET)

    assert done.status in (2, 6)
    assert "evil.com.invalid:443 has no address" in done.stderr or done.status == 2


def test_a_values_file_holds_no_templates(cli: Cli, evil: Raw) -> None:
    recipe(cli)
    text = f"flowrun: 1\nextends: ./acme.yaml\nvalues: {{site: '{{{{ vars.x }}}}{evil.url}'}}\n"

    done = cli(write(cli, "evil.yaml", text), FLOWRUN_CLIENT_SECRET=SECRET)

    assert (done.status, evil.requests) == (2, [])


# Many tenants


def test_a_shared_variable_is_for_no_one_of_several(cli: Cli, good: Raw, evil: Raw) -> None:
    recipe(cli)
    one, two = values(cli, "one.yaml", good, "one"), values(cli, "two.yaml", evil, "two")
    profiles = f"profiles: {{a: {{site: '{good.url}'}}, b: {{site: '{evil.url}', tenant: b}}}}\n"
    both = write(cli, "both.yaml", f"flowrun: 1\nextends: ./acme.yaml\n{profiles}")

    done = [
        cli(one, two, FLOWRUN_CLIENT_SECRET=SECRET),
        cli(both, "--all-profiles", FLOWRUN_CLIENT_SECRET=SECRET),
    ]

    assert [each.status for each in done] == [8, 8]
    assert all("E801" in each.stderr for each in done)
    assert (good.requests, evil.requests) == ([], [])


def test_a_profile_that_fails_keeps_no_other_from_its_token(cli: Cli, good: Raw) -> None:
    recipe(cli)
    nowhere = "http://127.0.0.1:1"
    profiles = f"profiles: {{a: {{site: '{nowhere}'}}, b: {{site: '{good.url}', tenant: b}}}}\n"
    both = write(cli, "both.yaml", f"flowrun: 1\nextends: ./acme.yaml\n{profiles}")
    secrets = {f"FLOWRUN_{name}__CLIENT_SECRET": SECRET for name in ("ACME", "B")}

    done = cli(both, "--all-profiles", "--json", **secrets)

    first, second = json.loads(done.stdout)
    assert (done.status, first["name"]) == (6, f"{both} --profile a"), done.stdout
    assert (first["problems"][0]["code"], second["action"]) == ("E601", "obtained")


@pytest.mark.parametrize(
    "words", [["refresh", "--all"], ["refresh", "one", "two"], ["refresh", "two"]]
)
def test_each_record_is_refreshed_with_its_own_secret(
    words: list[str], cli: Cli, good: Raw, evil: Raw
) -> None:
    recipe(cli)
    own = {"FLOWRUN_ONE__CLIENT_SECRET": SECRET, "FLOWRUN_TWO__CLIENT_SECRET": "fake-secret-of-two"}
    for name, server in (("one", good), ("two", evil)):
        assert cli(values(cli, f"{name}.yaml", server, name), **own).status == 0

    done = cli(*words, FLOWRUN_CLIENT_SECRET=SECRET, **own)

    assert done.status == 0
    assert not sent(evil)


def test_a_refresh_of_all_leaves_the_shared_variable_alone(cli: Cli, good: Raw, evil: Raw) -> None:
    recipe(cli)
    for name, server in (("one", good), ("two", evil)):
        cli(values(cli, f"{name}.yaml", server, name), FLOWRUN_CLIENT_SECRET=f"fake-first-{name}")
    count = len(good.requests), len(evil.requests)

    done = cli("refresh", "--all", FLOWRUN_CLIENT_SECRET=SECRET)

    assert (done.status, done.stderr.count("E801")) == (8, 2)
    assert (len(good.requests), len(evil.requests)) == count == (1, 1)


def test_records_of_nearly_one_name_have_variables_of_their_own(
    cli: Cli, good: Raw, evil: Raw
) -> None:
    recipe(cli)
    flows = values(cli, "one.yaml", good, "a-b"), values(cli, "two.yaml", evil, "a_b")

    done = cli(*flows, FLOWRUN_A_B__CLIENT_SECRET=SECRET)

    assert done.status == 8
    assert "FLOWRUN_A_uB__CLIENT_SECRET" in done.stderr
    assert (sent(good), evil.requests) == (True, [])
