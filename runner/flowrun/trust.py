"""What a flow may reach beyond its own inputs, once a person has said so."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

from .beside import outside
from .errors import FlowError, StoreError, located
from .flow import Flow, Input, digest
from .inherited import inherited
from .place import Place
from .secret import JSON

COMMAND_TIMEOUT_S = 60


def elsewhere(
    environ: Mapping[str, str], flow: Flow, item: Input, record: Mapping[str, JSON] | None = None
) -> JSON:
    """
    The value that the input's `from` leads to, or None.

    Args:
        environ: the environment.
        flow: a flow, or the plan that a record carries.
        item: the input.
        record: the inputs of the record, if the plan is a record's.

    Raises:
        FlowError: the flow is not trusted (E221), or the command or file does not give a value.
    """
    how, what = next(iter(item.source.items()))
    if not is_trusted(flow, environ, record):
        came = f"the input {item.name!r} comes from {how} {_shown(what)}"
        raise untrusted(came, flow, record, item.place)
    if how == "env":
        return environ.get(str(what))
    if how == "keyring":
        from .keys import from_keyring

        with located(item.place):
            return from_keyring(str(what))
    _refuse_relative(item, str(what[0] if isinstance(what, list) else what), file=how == "file")
    return _from_file(item, str(what)) if how == "file" else _from_command(item, what, environ)


def untrusted(
    what: str, flow: Flow, record: Mapping[str, JSON] | None, place: Place | None
) -> FlowError:
    """The error (E221) for *what* the *flow*, or the plan of a *record*, may not reach yet."""
    hint = f"Read it, then: flowrun trust {flow.file}"
    if record is not None:
        hint = (
            f"Once its flow is, run it: flowrun {flow.file}\n  Or in a pipeline, for this very "
            f"record: FLOWRUN_TRUST={_of_record(flow.document, record)}"
        )
    return FlowError("E221", f"{what}, and the flow is not trusted", hint=hint, place=place)


def _refuse_relative(item: Input, path: str, *, file: bool) -> None:
    """What is trusted must be the same thing from every folder."""
    if (file or "/" in path) and not Path(path).expanduser().is_absolute():
        message = f"{item.name}: {path} is another one in every folder"
        raise FlowError("E221", message, hint="Write the whole path.", place=item.place)


def is_trusted(
    flow: Flow, environ: Mapping[str, str], record: Mapping[str, JSON] | None = None
) -> bool:
    own = digest(flow.document) if record is None else _of_record(flow.document, record)
    return own in environ.get("FLOWRUN_TRUST", "").split() or own in _trusted()


def trust(flow: Flow) -> str:
    """Remember that this very recipe, with all that it extends, is trusted; its digest."""
    return _remember(digest(flow.document))


def vouch(
    environ: Mapping[str, str], flow: Flow, *, plan: Mapping[str, object], inputs: object
) -> None:
    """
    Remember that the record with this *plan* and these *inputs* was made by *flow*, if that is
    trusted: what else lies where records are is not, whatever it says of itself.
    """
    reaches = any(item.source for item in flow.inputs.values()) or any(outside(flow))
    if reaches and is_trusted(flow, environ):
        with contextlib.suppress(StoreError):  # then the record is not trusted, and says so
            _remember(_of_record(plan, inputs))


def _of_record(plan: Mapping[str, object], inputs: object) -> str:
    return digest({"plan": plan, "inputs": inputs})


def _remember(own: str) -> str:
    path = _path()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if own not in _trusted():
            with path.open("a", encoding="utf-8") as file:
                file.write(f"{own}\n")
    except OSError as error:
        hint = f"In a pipeline: FLOWRUN_TRUST={own}"
        raise StoreError("E701", f"{path}: {error.strerror}", hint=hint) from None
    return own


def _path() -> Path:
    from platformdirs import user_state_path

    return user_state_path("flowrun") / "trusted"


def _trusted() -> set[str]:
    try:
        lines = _path().read_text("utf-8").splitlines()
    except FileNotFoundError:
        return set()
    return set(lines)


def _shown(what: object) -> str:
    return " ".join(map(str, what)) if isinstance(what, list) else str(what)


def _from_file(item: Input, name: str) -> str:
    try:
        return Path(name).expanduser().read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise FlowError(
            "E215", f"{item.name}: cannot read {name}: {reason}", place=item.place
        ) from None


def _from_command(item: Input, command: object, environ: Mapping[str, str]) -> str:
    import subprocess

    words = [str(word) for word in command] if isinstance(command, list) else [str(command)]
    env = inherited(environ)
    try:
        done = subprocess.run(  # noqa: S603 - a person has trusted these very words
            words, env=env, stdout=subprocess.PIPE, timeout=COMMAND_TIMEOUT_S, check=True, text=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        reason = f"{words[0]} failed ({type(error).__name__})"
        raise FlowError("E215", f"{item.name}: {reason}", place=item.place) from None
    return done.stdout.rstrip("\r\n")
