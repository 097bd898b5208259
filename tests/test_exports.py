"""Each format is read back by those who will read it: a shell, curl, a reader of `.env` files."""

from __future__ import annotations

import json
import subprocess
from io import StringIO
from pathlib import Path

import dotenv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowrun.errors import FlowError
from flowrun.exports import FORMATS, Exported, exported_from
from flowrun.record import Record
from flowrun.secret import JSON
from servers.raw import listening
from standards import proves

LATER = 1_800_000_000
FIELDS: dict[str, JSON] = {
    "access_token": "fake-access",
    "refresh_token": "fake-refresh",
    "token_type": "bearer",
    "scope": "read write",
    "expires_at": LATER,
    "instance_url": "https://acme.example",
    "id": 7,
    "nested": {"a": 1},
}


def record(**fields: JSON) -> Record:
    return Record(FIELDS | fields, {"inputs": {"subdomain": "acme"}})


def exported(token: str = "fake-access", *, var: str = "", hand_over: bool = False) -> Exported:
    return exported_from("acme", record(access_token=token), var=var, hand_over=hand_over)


def written(format: str, token: str = "fake-access", *, var: str = "") -> str:
    return FORMATS[format](exported(token, var=var))


def test_what_leaves_of_a_record_holds_no_refresh_token_unless_it_is_handed_over() -> None:
    kept, handed = exported(), exported(hand_over=True)

    assert "fake-refresh" not in str(tuple(kept))
    assert handed.refresh_token == "fake-refresh"
    assert repr(handed) == "Exported('acme', 'access_token')"


def test_another_field_may_be_meant() -> None:
    found = exported_from("acme", record(), field="instance_url")

    assert (found.token, found.variable) == ("https://acme.example", "INSTANCE_URL")
    assert exported_from("acme", record(), field="id").token == "7"


@pytest.mark.parametrize(
    ("field", "says"),
    [
        pytest.param("instance_ur", "Did you mean 'instance_url'?", id="a slip"),
        pytest.param("nested", "There are access_token", id="no text"),
        pytest.param("xyz", "There are access_token", id="not there"),
        pytest.param("refresh_token", "--hand-over", id="the refresh token"),
    ],
)
def test_a_field_that_is_not_there_is_told_with_those_that_are(field: str, says: str) -> None:
    with pytest.raises(FlowError) as caught:
        exported_from("acme", record(), field=field)

    assert caught.value.code == "E235"
    assert says in caught.value.problems[0].hint


@proves("RFC 6750", "2.1", "a token is exported as the header that carries it")
def test_a_header() -> None:
    assert written("header") == "Authorization: Bearer fake-access\n"


@pytest.mark.parametrize("format", ["header", "curl"])
@pytest.mark.parametrize("token", ["a\r\nX-Injected: 1", "a b", "é", "a\0"])
def test_a_token_that_would_write_more_than_its_header_is_refused(format: str, token: str) -> None:
    with pytest.raises(FlowError) as caught:
        written(format, token=token)

    assert caught.value.code == "E236"
    assert token not in str(caught.value)


def test_json_holds_the_token_and_what_is_known_of_it() -> None:
    found = json.loads(written("json"))

    assert found == {
        "access_token": "fake-access",
        "token_type": "bearer",
        "expires_at": LATER,
        "scope": "read write",
    }


@pytest.mark.parametrize("token", ["fake-access", "a\"b\\c'd$(e)`f`"])
def test_curl_sends_what_the_config_says(token: str, tmp_path: Path) -> None:
    with listening(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as server:
        command = ["curl", "-sS", "--noproxy", "*", "-K", "-", server.url]
        config = written("curl", token=token).encode()
        subprocess.run(command, input=config, check=True, cwd=tmp_path)
        ((_, request),) = server.requests

    assert f"Authorization: Bearer {token}\r\n".encode() in request


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1))
def test_a_shell_reads_any_token(token: str) -> None:
    lines = written("env", token=token, var="T")
    script = f'{lines}\nprintf %s "$T"'
    said = subprocess.run(["/bin/sh", "-c", script], capture_output=True, check=True).stdout

    assert said == token.encode()


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1))
def test_a_reader_of_env_files_reads_what_was_written_or_it_is_refused(token: str) -> None:
    if set(token) & set("\\'$`"):
        with pytest.raises(FlowError, match="differently"):
            written("dotenv", token=token)
        return

    text = written("dotenv", token=token)

    assert dotenv.dotenv_values(stream=StringIO(text)) == {"ACCESS_TOKEN": token}


def test_a_token_as_tokens_are_has_no_quotes_in_an_env_file() -> None:
    assert written("dotenv", token="aA0-._~+/==") == "ACCESS_TOKEN=aA0-._~+/==\n"


@pytest.mark.parametrize("format", ["json", "env", "dotenv"])
def test_a_refresh_token_that_is_handed_over_stands_beside_the_other(format: str) -> None:
    both = FORMATS[format](exported(hand_over=True))

    assert "fake-refresh" in both
    assert "refresh" not in FORMATS[format](exported())
