"""Records encrypted with age: keys from three places, and the real age that reads them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest

from flowrun.errors import FlowrunError
from flowrun.record import Record
from flowrun.stores.files import FileStore
from flowrun.stores.key import make_key, needed_key
from servers import kept as ways
from servers.command import TESTS, Cli
from servers.kept import Kept
from servers.rig import unavailable
from servers.rotating import rotating, secret_of, written

RECORD = Record({"access_token": "fake-access-of-acme", "refresh_token": "r"}, {"grant": "g1"})


def new_key() -> str:
    return str(pyrage.x25519.Identity.generate())


def key_file(folder: Path, *keys: str, mode: int = 0o600) -> Path:
    path = folder / "key.txt"
    path.write_text("".join(f"# a comment\n\n{key}\n" for key in keys))
    path.chmod(mode)
    return path


def store_with(folder: Path, *keys: str) -> FileStore:
    environ = {"FLOWRUN_STORE_KEY": "\n".join(keys)}
    return FileStore(folder / "tokens", "age", environ)


def refusal(act: Callable[[], object]) -> FlowrunError:
    with pytest.raises(FlowrunError) as caught:
        act()
    return caught.value


def program(name: str) -> str:
    return shutil.which(name) or unavailable(f"{name} is not installed (Debian's age)")


@pytest.fixture
def strict(tmp_path: Path, request: pytest.FixtureRequest) -> Kept:
    """A keyring, for keys."""
    return ways.way("strict keyring", tmp_path / "ring", request)


def test_the_real_age_reads_a_record_and_jq_its_token(tmp_path: Path) -> None:
    age, keygen = program("age"), program("age-keygen")
    key = tmp_path / "key.txt"
    subprocess.run([keygen, "-o", key], check=True, capture_output=True)
    store = FileStore(tmp_path / "tokens", "age", {"FLOWRUN_STORE_KEY_FILE": str(key)})

    store.write("acme", RECORD)

    command = [age, "-d", "-i", str(key), store.place("acme")]
    read = subprocess.run(command, check=True, capture_output=True)
    assert json.loads(read.stdout)["access_token"] == "fake-access-of-acme"
    assert json.loads(read.stdout)["flowrun"] == {"grant": "g1", "name": "acme"}


def test_a_record_that_the_real_age_has_encrypted_is_read(tmp_path: Path) -> None:
    age, key = program("age"), pyrage.x25519.Identity.generate()
    store = store_with(tmp_path, str(key))
    store.write("acme", RECORD)
    plain = b'{"access_token": "by-hand", "flowrun": {"name": "acme"}}'
    command = [age, "-r", str(key.to_public()), "-o", store.place("acme")]

    subprocess.run(command, input=plain, check=True)

    record = store.read("acme")
    assert record is not None
    assert record.access_token == "by-hand"


@pytest.mark.parametrize("link", [False, True], ids=["a file", "a link to one"])
def test_a_key_comes_from_a_file(tmp_path: Path, link: bool) -> None:
    path = key_file(tmp_path, key := new_key())
    if link:
        (tmp_path / "link").symlink_to(path)
        path = tmp_path / "link"

    found = needed_key({"FLOWRUN_STORE_KEY_FILE": str(path)})

    assert [str(each) for each in found.identities] == [key]
    assert found.origin == str(path)


def test_a_key_comes_from_the_keyring(strict: Kept) -> None:
    with ways.here(strict):
        made = make_key(None)
        found = needed_key({})

    assert (found.origin, found.public) == ("the keyring", made.public)


def test_the_environment_comes_first(tmp_path: Path, strict: Kept) -> None:
    first, path = new_key(), key_file(tmp_path, new_key())
    environ = {"FLOWRUN_STORE_KEY": first, "FLOWRUN_STORE_KEY_FILE": str(path)}

    assert [str(each) for each in needed_key(environ).identities] == [first]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_key_that_others_can_read_is_refused_with_its_repair(tmp_path: Path, mode: int) -> None:
    path = key_file(tmp_path, new_key(), mode=mode)

    error = refusal(lambda: needed_key({"FLOWRUN_STORE_KEY_FILE": str(path)}))

    assert error.code == "E703"
    assert error.problems[0].hint.endswith(f"chmod 600 {path}")


@pytest.mark.parametrize(
    "text", ["AGE-SECRET-KEY-1QQQ", "fake-words", "# nothing\n", "age1qqqq", "\0"]
)
def test_what_is_no_key_is_not_shown(text: str) -> None:
    error = refusal(lambda: needed_key({"FLOWRUN_STORE_KEY": text}))

    assert error.code == "E709"
    assert str(error) == "FLOWRUN_STORE_KEY holds no key of age"


def test_a_key_in_the_place_of_its_file_is_not_shown() -> None:
    key = new_key()

    error = refusal(lambda: needed_key({"FLOWRUN_STORE_KEY_FILE": key}))

    assert error.code == "E709"
    assert key not in f"{error} {error.problems[0].hint}"


def test_a_file_that_is_not_there_is_told_with_what_makes_it(tmp_path: Path) -> None:
    error = refusal(lambda: needed_key({"FLOWRUN_STORE_KEY_FILE": str(tmp_path / "no.txt")}))

    assert error.code == "E709"
    assert error.problems[0].hint == f"Make one: flowrun key --make --file {tmp_path / 'no.txt'}"


def test_no_key_is_made_by_itself(tmp_path: Path, strict: Kept) -> None:
    with ways.here(strict):
        error = refusal(FileStore(tmp_path / "tokens", "age", {}).probe)

    assert error.code == "E709"
    assert "the keyring has none" in str(error)
    assert "flowrun key --make" in error.problems[0].hint
    assert not Path(strict.environ["STRICT_KEYRING"]).read_text().strip("{}")


def test_records_without_their_key_are_told_as_that(tmp_path: Path, strict: Kept) -> None:
    store_with(tmp_path, new_key()).write("acme", RECORD)

    with ways.here(strict):
        error = refusal(lambda: FileStore(tmp_path / "tokens", "files", {}).read("acme"))

    assert error.code == "E709"
    assert str(error).startswith(f"{tmp_path}/tokens/acme.age is encrypted; there is no key")
    assert "A new key opens nothing" in error.problems[0].hint


def test_another_key_is_told_as_that(tmp_path: Path) -> None:
    store_with(tmp_path, new_key()).write("acme", RECORD)

    error = refusal(lambda: store_with(tmp_path, new_key()).read("acme"))

    assert error.code == "E710"
    assert str(error).endswith("the key in FLOWRUN_STORE_KEY is another one")


@pytest.mark.parametrize("cut", [0, 10, 100, -1])
def test_damage_is_told_as_that(tmp_path: Path, cut: int) -> None:
    store = store_with(tmp_path, new_key())
    store.write("acme", RECORD)
    store.path("acme").write_bytes(store.path("acme").read_bytes()[:cut])

    error = refusal(lambda: store.read("acme"))

    assert error.code == "E710"
    assert str(error).endswith("it is damaged")


def test_a_record_in_the_place_of_another_is_refused(tmp_path: Path) -> None:
    store = store_with(tmp_path, new_key())
    store.write("acme", RECORD)
    store.write("other", RECORD)
    store.path("acme").replace(store.path("other"))

    error = refusal(lambda: store.read("other"))

    assert error.code == "E710"
    assert "sealed as another record" in str(error)


def test_what_was_typed_for_another_record_is_refused(tmp_path: Path) -> None:
    store = store_with(tmp_path, new_key())
    store.keep_typed("acme", {"values": {}})
    aside = store.folder / ".flowrun"
    (aside / "acme.inputs").replace(aside / "other.inputs")

    error = refusal(lambda: store.typed("other"))

    assert error.code == "E710"
    assert "sealed as another file" in str(error)


def test_a_key_is_changed_by_moving_records_to_where_they_are(tmp_path: Path, cli: Cli) -> None:
    old, new = new_key(), new_key()
    store_with(tmp_path, old).write("acme", RECORD)

    done = cli("move", "acme", "--store", "age", FLOWRUN_STORE_KEY=f"{new}\n{old}")

    assert done.status == 0, done.stderr
    assert store_with(tmp_path, new).read("acme") == RECORD
    assert refusal(lambda: store_with(tmp_path, old).read("acme")).code == "E710"


# The command.


def test_a_key_is_made_in_a_new_private_file(cli: Cli) -> None:
    made = cli("key", "--make", "--file", "key.txt")
    path = cli.folder / "key.txt"
    shown = cli("key", FLOWRUN_STORE_KEY_FILE=str(path))
    again = cli("key", "--make", "--file", "key.txt")

    assert (made.status, path.stat().st_mode & 0o777) == (0, 0o600)
    assert made.stdout.startswith("age1")
    assert f"export FLOWRUN_STORE_KEY_FILE={path}" in made.stderr
    assert (shown.stdout, shown.stderr) == (made.stdout, f"the key is in {path}\n")
    assert (again.status, "error E711: " in again.stderr) == (7, True)
    key = path.read_text().splitlines()[-1]
    assert key.startswith("AGE-SECRET-KEY-1")
    assert key not in made.stdout + made.stderr + shown.stderr


def test_a_key_is_made_in_the_keyring_once(cli: Cli, strict: Kept) -> None:
    ring = {**strict.environ, "PYTHONPATH": str(TESTS)}

    made = cli("key", "--make", **ring)
    shown = cli("key", "--json", **ring)
    again = cli("key", "--make", **ring)

    assert json.loads(shown.stdout) == {"public": made.stdout.strip(), "from": "the keyring"}
    assert (again.status, "error E711: " in again.stderr) == (7, True)


@pytest.mark.parametrize("words", [["--file", "x"], []], ids=["a file without making", "none"])
def test_a_key_that_cannot_be_shown_is_told(cli: Cli, strict: Kept, words: list[str]) -> None:
    done = cli("key", *words, **strict.environ, PYTHONPATH=str(TESTS))

    assert done.status == (2 if words else 7)
    assert done.stdout == ""


def test_a_flow_keeps_its_record_encrypted(cli: Cli, tmp_path: Path) -> None:
    path = key_file(tmp_path, new_key())
    environment = {"FLOWRUN_STORE": "age", "FLOWRUN_STORE_KEY_FILE": str(path)}
    with rotating() as server:
        done = cli("run", written(cli.folder, server), **environment, **secret_of("acme"))

    assert (done.status, done.stdout) == (0, "tokens/acme.age\n"), done.stderr


def test_nobody_is_asked_when_there_is_no_key(cli: Cli, strict: Kept) -> None:
    ring = {**strict.environ, "PYTHONPATH": str(TESTS), "FLOWRUN_STORE": "age"}
    with rotating() as server:
        done = cli("run", written(cli.folder, server), **ring, **secret_of("acme"))

    assert (done.status, "error E709: " in done.stderr) == (7, True)
    assert server.issued == []


WITHOUT = """
import sys
sys.modules["pyrage"] = None
sys.argv = ["flowrun", *sys.argv[1:]]
from flowrun.__main__ import main
main()
"""


@pytest.mark.parametrize("words", [["key", "--make", "--file", "key.txt"], ["key"]])
def test_an_extra_that_is_missing_is_told_with_its_command(cli: Cli, words: list[str]) -> None:
    command = [sys.executable, "-c", WITHOUT, *words]
    done = subprocess.run(
        command, cwd=cli.folder, env=cli.environment(), capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert "error E233: " in done.stderr
    assert "pip install 'flowrun-oauth[age]'" in done.stderr
