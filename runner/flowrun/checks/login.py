"""Whether the steps of a login fit together: what is sent, redirected and redeemed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..errors import Problem
from ..flow import SECTIONS, Step
from ..merge import METHODS
from ..near import near_to
from ..oauth.pkce import METHODS as CHALLENGES
from ..place import place_of
from ..secret import Value
from ..taint import Unknown
from ..urls import is_loopback
from .reading import Reading


def verifier(reading: Reading) -> Iterator[Problem]:
    """E230: a challenge without its verifier, which the provider then misses."""
    steps = reading.flow.steps("steps")
    for at, step in enumerate(steps):
        if step.kind == "authorize" and _challenges(reading, step):
            behind = steps[at + 1 :]
            tokens = [each for each in behind if each.kind == "token" and _is_request(each)]
            if tokens and not any(_sends(reading, each, step.id) for each in behind):
                message = "`authorize` sends a PKCE challenge, and this does not send its verifier"
                line = f'code_verifier: "{{{{ steps.{step.id}.code_verifier }}}}"'
                hint = f"Add to its parameters: {line}\n  {WITHOUT}"
                yield Problem("E230", message, hint, tokens[0].place)


WITHOUT = "Or, for a provider that knows no PKCE, to `authorize`: pkce: off"


def _is_request(step: Step) -> bool:
    return any(method in step.options for method in METHODS)


def _challenges(reading: Reading, step: Step) -> bool:
    """Whether *step* is known to send a challenge for a code."""
    planned = reading.rendered[0].get(("steps", step.id))
    if planned is None or isinstance(planned.options.get("pkce"), Unknown):
        return False
    query = planned.options.fields("query")
    if "oauth_token" in query:
        return False
    asked = query.get("response_type", "code")
    for_code = isinstance(asked, str) and "code" in asked.split()
    return for_code and planned.options.one_of("pkce", CHALLENGES, "S256") != "off"


def _sends(reading: Reading, step: Step, authorize: str) -> bool:
    """Whether *step* reads the verifier; a misspelt name is told as that."""
    read = (inner.path for use in reading.of(step) for inner in reading.through(use))
    meant = (path for path in read if path[0] == "steps")
    return "code_verifier" in reading.broken_words or any(
        path == ("steps", authorize)
        or path[-1] == "code_verifier"
        or near_to(path[-1], ["code_verifier"])
        for path in meant
    )


def redirect(reading: Reading) -> Iterator[Problem]:
    """E232: a capture at another address than the one that the provider is told."""
    sent: Value = None
    for step in reading.flow.steps("steps"):
        planned = reading.rendered[0].get(("steps", step.id))
        if planned and step.kind == "authorize":
            sent = planned.options.fields("query").get("redirect_uri")
        elif planned and step.kind == "capture" and isinstance(sent, str):
            at = planned.options.get("at")
            if isinstance(at, str) and _differ(sent, at):
                message = f"the redirect goes to {sent}, and this waits at {at}"
                hint = "Make both of one input: {{ inputs.redirect_uri }}"
                yield Problem("E232", message, hint, place_of(step.options["at"]) or step.place)


def untied(reading: Reading) -> Iterator[Problem]:
    """E224: captures with neither a state to compare nor what only the provider could say."""
    for section in SECTIONS:
        asked = False
        for step in reading.flow.steps(section):
            asked = asked or step.kind == "authorize"
            tied = asked or _roots(reading, step) & {"callback", "vars"}
            if step.kind == "capture" and not tied:
                from ..steps.capture import UNTIED, UNTIED_HINT

                yield Problem("E224", UNTIED, UNTIED_HINT, step.place)


def _roots(reading: Reading, step: Step) -> set[str]:
    """The roots that the step's `expect` reads."""
    return {use.path[0] for use in reading.of(step, "expect")}


_HOLE = re.compile(r"\{(\w+)\}")


def _differ(sent: str, at: str) -> bool:
    """Whether two addresses differ whatever the inputs are; a tunnel may lead from one to one."""
    if str(sent) == str(at):
        return False
    if isinstance(sent, Unknown) or isinstance(at, Unknown):
        holes = _HOLE.findall(sent)
        return bool(holes) and holes == _HOLE.findall(at) and "<" not in _HOLE.sub("", sent + at)
    found = re.match(r"https?://(\[[^\]]*\]|[^/?#:]+)", sent)
    return bool(found and is_loopback(found[1]))
