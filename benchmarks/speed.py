"""
How fast flowrun is, as ratios that one run measures side by side: `python benchmarks/speed.py`.

README.md, beside this file, says what is measured and how the figures are to be read.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
PYTHON = sys.executable
FLOWRUN = str(Path(PYTHON).parent / "flowrun")
NOISE = 1.25
"""A figure fails when it is over its bound by more than this: machines are noisy."""

BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
"""Where systems keep the certificates that they trust, in one file."""

RECIPE = """\
flowrun: 1
name: {name}
steps:
  - id: discovery
    http:
      get: {site}/.well-known/openid-configuration
      outputs: {{token_endpoint: response.json.token_endpoint}}
  - token:
      post: "{{{{ steps.discovery.token_endpoint }}}}"
      form: {{grant_type: client_credentials, client_id: speed, scope: openid}}
verify:
  - http: {{get: {site}/userinfo, bearer: "{{{{ saved.access_token }}}}"}}
save: {name}
"""

ROTATING = """\
flowrun: 1
name: rotating
steps:
  - token:
      post: {site}/rotating
      form: {{grant_type: client_credentials, client_id: speed}}
refresh:
  - token:
      post: {site}/rotating
      form:
        grant_type: refresh_token
        refresh_token: "{{{{ saved.refresh_token }}}}"
        client_id: speed
save: rotating
"""

LOGIN = """\
flowrun: 1
name: login
inputs:
  private_key: {{secret: true}}
  redirect_uri: {{default: "http://127.0.0.1:0/callback"}}
defaults:
  authorize: {{client: {{id: speed, auth: private_key_jwt, key: "{{{{ inputs.private_key }}}}"}}}}
  token: {{client: {{id: speed, auth: private_key_jwt, key: "{{{{ inputs.private_key }}}}"}}}}
steps:
  - authorize:
      url: {site}/authorize
      par: {site}/par
      dpop: on
      query:
        response_type: code
        client_id: speed
        redirect_uri: "{{{{ inputs.redirect_uri }}}}"
        scope: openid
  - capture: {{at: "{{{{ inputs.redirect_uri }}}}"}}
  - token:
      post: {site}/bound
      dpop: on
      form:
        grant_type: authorization_code
        code: "{{{{ callback.code }}}}"
        redirect_uri: "{{{{ inputs.redirect_uri }}}}"
        code_verifier: "{{{{ steps.authorize.code_verifier }}}}"
verify:
  - http: {{get: {site}/userinfo, bearer: "{{{{ saved.access_token }}}}", dpop: on}}
save: login
"""
"""A pushed request, a browser, a code and the user's data; an assertion or a proof in each."""

RECORDS = 10_000
MANY = 1000
LONG = """\
# How provider {n} gives a token.
flowrun: 1
name: provider-{n}
title: Provider {n}
docs: https://docs.provider{n}.example/oauth

setup: |
  1. Open https://admin.provider{n}.example/clients and add a client.
  2. Redirect URL: {{{{ inputs.redirect_uri }}}}
  3. Copy the id and the secret.

inputs:
  tenant{n}: {{help: "acme, for acme.provider{n}.example", pattern: "[a-z-]+", example: acme}}
  client_id: {{help: the id, example: flowrun_{n}}}
  client_secret: {{secret: true, optional: true}}
  scope: {{type: list, default: [read, "write:{n}"]}}
  redirect_uri: {{default: "http://127.0.0.1:8484/callback"}}

vars:
  site: https://{{{{ inputs.tenant{n} }}}}.provider{n}.example
  api: https://api.provider{n}.example/v{n}

defaults:
  token:
    client:
      id: "{{{{ inputs.client_id }}}}"
      secret: "{{{{ inputs.client_secret }}}}"
      auth: basic

steps:
  - authorize:
      url: "{{{{ vars.site }}}}/oauth/{n}/authorize"
      query:
        response_type: code
        client_id: "{{{{ inputs.client_id }}}}"
        redirect_uri: "{{{{ inputs.redirect_uri }}}}"
        scope: "{{{{ inputs.scope | join(' ') }}}}"
        audience: "{{{{ vars.api }}}}/{n}"
  - capture: {{at: "{{{{ inputs.redirect_uri }}}}", timeout: 5m}}
  - token:
      post: "{{{{ vars.site }}}}/oauth/{n}/token"
      form:
        grant_type: authorization_code
        code: "{{{{ callback.code }}}}"
        code_verifier: "{{{{ steps.authorize.code_verifier }}}}"
        redirect_uri: "{{{{ inputs.redirect_uri }}}}"

refresh:
  - token:
      post: "{{{{ vars.site }}}}/oauth/{n}/token"
      form: {{grant_type: refresh_token, refresh_token: "{{{{ saved.refresh_token }}}}"}}

verify:
  - http:
      get: "{{{{ vars.api }}}}/users/me"
      bearer: "{{{{ saved.access_token }}}}"
      outputs: {{account{n}: "response.json.accounts[{n}].id | default('none')"}}

revoke:
  - http: {{post: "{{{{ vars.site }}}}/revoke", form: {{token: "{{{{ saved.refresh_token }}}}"}}}}

save: provider-{n}-{{{{ inputs.tenant{n} }}}}
"""
"""A recipe of about 60 lines; each has names, hosts and expressions that no other has."""

PEAK = """\
import posix, sys
child = posix.posix_spawn(sys.argv[1], sys.argv[1:], posix.environ)
_, status, usage = posix.wait4(child, 0)
posix.write(2, b"%d %d" % (status, usage.ru_maxrss))
"""
"""
A process that was started by another counts that one's memory as its own until it is itself, so
the one who starts it here is the smallest Python that there is.
"""

Work = Callable[[], None]


class Figure(NamedTuple):
    """One line of the table."""

    name: str
    value: float
    bound: float
    unit: str
    detail: str
    goal_only: bool = False

    @property
    def failed(self) -> bool:
        return not self.goal_only and self.value > self.bound * NOISE

    def __str__(self) -> str:
        verdict = "over" if self.value > self.bound else "ok"
        verdict = "FAILED" if self.failed else verdict
        bound = f"{self.bound:g}{self.unit}{' goal' if self.goal_only else ''}"
        return (
            f"{self.name:34} {self.value:7.2f}{self.unit:4} {bound:>12}  {verdict:7} {self.detail}"
        )


class Place(NamedTuple):
    """A folder with recipes and servers, and the environment of what runs there."""

    folder: Path
    bundle: Path
    plain: str
    tls: str
    environment: Mapping[str, str]

    def run(self, *command: str) -> None:
        """Run *command* with its output thrown away; it must succeed."""
        nowhere = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)]
        # Not subprocess: its own work would be in every figure, three times in those of curl.
        child = os.posix_spawn(command[0], command, self.environment, file_actions=nowhere)
        if os.waitpid(child, 0)[1]:
            raise SystemExit(f"failed: {' '.join(command)}\n{self.said(command)}")

    def said(self, command: Sequence[str]) -> str:
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        return done.stdout + done.stderr

    def peak_mib(self, *command: str) -> float:
        """The most memory that *command* holds at a time."""
        done = subprocess.run(
            [PYTHON, "-I", "-S", "-c", PEAK, *command],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            check=True,
        )
        status, peak_kib = map(int, done.stderr.splitlines()[-1].split())
        assert status == 0, done.stderr
        return peak_kib / 1024


def seconds(work: Work) -> float:
    before = time.perf_counter()
    work()
    return time.perf_counter() - before


def ratio(work: Work, other: Work, *, rounds: int) -> tuple[float, str]:
    """The median of the ratios of pairs that ran one after the other, and the medians behind it."""
    for warm_up in (work, other):
        warm_up()
    # First one, then the other, so that neither always has the colder machine.
    pairs = [
        (seconds(work), seconds(other)) if number % 2 else (seconds(other), seconds(work))[::-1]
        for number in range(rounds)
    ]
    ours, theirs = (statistics.median(pair[side] * 1000 for pair in pairs) for side in (0, 1))
    value = statistics.median(one / two for one, two in pairs)
    return value, f"{ours:.1f} ms against {theirs:.1f} ms"


def figures(place: Place, rounds: int) -> Iterator[Figure]:
    """Measure everything, one line after the other."""

    def python() -> None:
        place.run(PYTHON, "-c", "pass")

    def versus_python(name: str, bound: float, *words: str, goal_only: bool = False) -> Figure:
        value, detail = ratio(lambda: place.run(FLOWRUN, *words), python, rounds=rounds)
        return Figure(name, value, bound, " x", f"{detail} (python -c pass)", goal_only)

    yield versus_python("flowrun token, cached", 2, "token", "plain")
    more = more_memory(place, rounds)
    yield Figure("  memory on top of python", more, 2, " MiB", "", False)
    yield from status_of_many(place, rounds)
    yield one_refresh(place, rounds)
    yield versus_python("flowrun --help", 10, "--help")
    yield versus_python("flowrun check, one file", 5, "check", "./plain.yaml", goal_only=True)
    yield from checks_of_many(place, rounds)
    for name, bound, goal in (("plain", 6, 5), ("tls", 1.5, 1.25)):
        value, detail = ratio(flow(place, name), curls(place, name), rounds=rounds)
        yield Figure(f"three requests, {name}", value, bound, " x", f"{detail} (curl x 3)")
        yield Figure(f"three requests, {name}", value, goal, " x", "", goal_only=True)
    value, detail = ratio(flow(place, "login"), curls(place, "plain"), rounds=rounds)
    yield Figure("login: PAR, private_key_jwt, DPoP", value, 8, " x", f"{detail} (curl x 3)")
    for name, bound in (("plain", 35), ("tls", 35), ("login", 40)):
        flow(place, name)()
        forget(place, name)
        peak = place.peak_mib(FLOWRUN, f"./{name}.yaml")
        yield Figure(f"  memory, {name}", peak, bound, " MiB", "")


def one_refresh(place: Place, rounds: int) -> Figure:
    """What a refresh adds to its request in a process that runs already."""
    python = statistics.median(
        seconds(lambda: place.run(PYTHON, "-c", "pass")) * 1000 for _ in range(rounds)
    )
    command = (PYTHON, str(HERE / "refresh.py"), "rotating", f"{place.plain}/rotating")
    found = json.loads(place.said((*command, str(rounds * 5))))
    detail = (
        "{processor:.2f} ms of the processor on top of a POST of {post:.2f} ms; "
        "{clock:.2f} ms on the clock, of which {calls:.0f} fsync took {disk:.2f} ms"
    )
    value = found["processor"] / python
    return Figure("one refresh, own work", value, 0.27, " x", detail.format(**found))


def status_of_many(place: Place, rounds: int) -> Iterator[Figure]:
    """All records of a large store, of which some are due."""
    store = place.folder / "many"
    records(place.folder / "tokens" / "rotating.json", store)
    words = ("status", "--tokens", str(store))

    def pythons() -> None:
        for _ in range(50):
            place.run(PYTHON, "-c", "pass")

    value, detail = ratio(lambda: place.run(FLOWRUN, *words), pythons, rounds=max(3, rounds // 7))
    name = f"flowrun status, {RECORDS:,} records"
    yield Figure(name, value * 50, 90, " x", f"{detail} (50 times python -c pass)")
    yield Figure("  memory", place.peak_mib(FLOWRUN, *words), 80, " MiB", "")


def records(like: Path, store: Path) -> None:
    """A store of records as a recipe makes them, each with tokens of its own."""
    record, now = json.loads(like.read_text(encoding="utf-8")), int(time.time())
    for folder in (store, store / ".flowrun"):
        folder.mkdir(mode=0o700)
    for number in range(RECORDS):
        tokens = {kind: f"fake-{kind}-{number:0>60}" for kind in ("access_token", "refresh_token")}
        ends = now - 3600 + number * 10  # every 28th has ended
        path = store / f"tenant-{number:05}.json"
        path.touch(mode=0o600)
        path.write_text(json.dumps({**record, **tokens, "expires_at": ends}, indent=2))
        (store / ".flowrun" / f"{path.stem}.lock").touch(mode=0o600)


def checks_of_many(place: Place, rounds: int) -> Iterator[Figure]:
    """What a file costs when there are many; no two are alike, and nothing is remembered."""
    files = [str(write(place, f"many{number}", LONG.format(n=number))) for number in range(MANY)]

    def pythons() -> None:
        for _ in range(MANY // 10):
            place.run(PYTHON, "-c", "pass")

    # A tenth of as many Pythons take about as long as all the files, so neither is noise.
    rounds = max(3, rounds // 7)
    value, _ = ratio(lambda: place.run(FLOWRUN, "check", *files), pythons, rounds=rounds)
    name = f"flowrun check, {MANY:,} files"
    for bound, goal_only in ((0.4, False), (0.18, True)):
        yield Figure(name, value / 10, bound, " x", "a file (python -c pass)", goal_only)
    peak = place.peak_mib(FLOWRUN, "check", *files)
    yield Figure("  memory", peak, 80, " MiB", "")


def write(place: Place, name: str, text: str) -> Path:
    path = place.folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def more_memory(place: Place, rounds: int) -> float:
    """What a cached token takes above Python itself."""
    token, python = (FLOWRUN, "token", "plain"), (PYTHON, "-c", "pass")
    pairs = [(place.peak_mib(*token), place.peak_mib(*python)) for _ in range(rounds)]
    return statistics.median(ours - theirs for ours, theirs in pairs)


def flow(place: Place, name: str) -> Work:
    """The whole flow in a new process, without a record."""

    def work() -> None:
        forget(place, name)
        place.run(FLOWRUN, f"./{name}.yaml")

    return work


def forget(place: Place, name: str) -> None:
    (place.folder / "tokens" / f"{name}.json").unlink(missing_ok=True)


def curls(place: Place, name: str) -> Work:
    """The same three requests by three processes of curl."""
    curl, site = curl_here(), place.tls if name == "tls" else place.plain
    trusting = ["--cacert", str(place.bundle)] if name == "tls" else []
    form = "grant_type=client_credentials&client_id=speed&scope=openid"
    requests = (
        [f"{site}/.well-known/openid-configuration"],
        ["--data", form, f"{site}/token"],
        ["--header", "Authorization: Bearer fake-access-of-speed", f"{site}/userinfo"],
    )

    def work() -> None:
        for request in requests:
            place.run(curl, "--silent", "--show-error", "--fail", *trusting, *request)

    return work


def curl_here() -> str:
    if (curl := shutil.which("curl")) is None:
        raise SystemExit("curl is needed to compare with")
    return curl


@contextlib.contextmanager
def served(*certificate: str) -> Iterator[str]:
    """The port of a server in a process of its own."""
    command = [PYTHON, str(HERE / "servers.py"), *certificate]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout
        assert server.stdin
        try:
            yield server.stdout.readline().strip()
        finally:
            server.stdin.close()


def certified(folder: Path) -> tuple[Path, Path]:
    """A certificate for loopback, and the system's bundle with the authority that signed it."""
    usage = "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n"
    (folder / "usage").write_text(usage, encoding="utf-8")
    make = "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj"
    commands = (
        f"{make} /CN=speed-authority -x509 -days 2 -keyout ca.key -out ca.pem",
        f"{make} /CN=127.0.0.1 -keyout server.key -out server.csr",
        "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2"
        " -extfile usage -out server.crt",
        "openssl genrsa -out client.key 2048",
    )
    for command in commands:
        subprocess.run(command.split(), cwd=folder, capture_output=True, check=True)
    system = next((Path(each) for each in BUNDLES if Path(each).exists()), None)
    if system is None:
        print(f"none of {', '.join(BUNDLES)}: the bundle holds one certificate only")
    joined(folder / "bundle.pem", *([system] if system else []), folder / "ca.pem")
    return joined(folder / "server.pem", folder / "server.key", folder / "server.crt"), (
        folder / "bundle.pem"
    )


def joined(target: Path, *parts: Path) -> Path:
    target.write_bytes(b"".join(part.read_bytes() for part in parts))
    return target


@contextlib.contextmanager
def prepared() -> Iterator[Place]:
    """Servers, recipes, and a record."""
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        certificate, bundle = certified(folder)
        plain = f"http://127.0.0.1:{stack.enter_context(served())}"
        tls = f"https://127.0.0.1:{stack.enter_context(served(str(certificate)))}"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": name,
            "SSL_CERT_FILE": str(bundle),
            # Somebody who consents at once: the server does, and this goes where it leads.
            "BROWSER": f"{curl_here()} --silent --location --output {os.devnull} %s",
            "FLOWRUN_PRIVATE_KEY": (folder / "client.key").read_text(encoding="utf-8"),
        }
        place = Place(folder, bundle, plain, tls, environment)
        stack.enter_context(contextlib.chdir(folder))
        texts = {
            name: RECIPE.format(name=name, site=getattr(place, name)) for name in ("plain", "tls")
        }
        texts |= {"login": LOGIN.format(site=plain), "rotating": ROTATING.format(site=plain)}
        for recipe, text in texts.items():
            write(place, recipe, text)
            flow(place, recipe)()
        yield place


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21, help="pairs for each figure")
    rounds = max(3, parser.parse_args().rounds)
    print(f"{'':34} {'measured':11} {'bound':>12}")
    found = []
    with prepared() as place:
        for figure in figures(place, rounds):
            print(figure, flush=True)
            found.append(figure)
    return 1 if any(figure.failed for figure in found) else 0


if __name__ == "__main__":
    sys.exit(main())
