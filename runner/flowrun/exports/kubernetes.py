"""A token for Kubernetes: what kubectl asks a plugin for, and a Secret for those in the cluster."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from flowrun.errors import FlowError

from .exported import LASTING, Exported, refuse_bound

GROUP = "client.authentication.k8s.io"
VERSIONS = (f"{GROUP}/v1", f"{GROUP}/v1beta1")
"""Of what a plugin and kubectl say to each other; a plugin answers in the one it was asked in."""

KEY = re.compile(r"(?!\.\.?$)[-._a-zA-Z0-9]{1,253}")
"""What a key of a Secret may be called."""


def kubectl(exported: Exported, version: str = VERSIONS[0]) -> str:
    """An ExecCredential (https://kubernetes.io/docs/reference/config-api/client-authentication.v1/)."""
    refuse_bound(exported)
    ends = exported.expires_at
    until = {} if ends is None else {"expirationTimestamp": _timestamp(ends)}
    status = {**until, "token": exported.token}
    credential = {"apiVersion": version, "kind": "ExecCredential", "status": status}
    return json.dumps(credential, indent=2) + "\n"


def asked_version(info: str) -> str:
    """
    The version that kubectl asks for in *info*, what it puts into KUBERNETES_EXEC_INFO.

    Raises:
        FlowError: that says nothing, or asks for another version than there are (E236).
    """
    if not info:  # a person is looking
        return VERSIONS[0]
    try:
        asked = json.loads(info)["apiVersion"]
    except (ValueError, TypeError, KeyError, RecursionError):
        asked = None
    if asked not in VERSIONS:
        hint = f"In the kubeconfig, write apiVersion: {VERSIONS[0]} below `exec`."
        message = "KUBERNETES_EXEC_INFO asks for a version that flowrun does not speak"
        raise FlowError("E236", message, hint=hint)
    return str(asked)


def k8s_secret(exported: Exported) -> str:
    """A manifest of a Secret, for `kubectl apply -f -`."""
    refuse_bound(exported)
    key, values = exported.var or exported.field, dict[str, str]()
    if exported.refresh_token:
        values[LASTING] = exported.refresh_token
    if exported.expires_at is not None:
        values["expires_at"] = str(exported.expires_at)
    if not KEY.fullmatch(key) or key in values:
        hint = "Choose another name with --var."
        raise FlowError("E236", f"a Secret cannot have its token as {key!r}", hint=hint)
    values = {key: exported.token, **values}
    lines = [f"  {key}: {_scalar(value)}" for key, value in values.items()]
    name = re.sub("[^a-z0-9]+", "-", exported.name.lower()).strip("-")  # RFC 1123
    head = (
        "apiVersion: v1",
        "kind: Secret",
        "metadata:",
        f"  name: {_scalar(name)}",
        "type: Opaque",
    )
    return "\n".join([*head, "stringData:", *lines]) + "\n"


def _scalar(value: str) -> str:
    """*value* between double quotes, as YAML 1.2 has them: JSON's, but for what is no ASCII."""
    quoted = json.dumps(value, ensure_ascii=False)
    return re.sub(r"[^\x20-\x7e]", lambda found: f"\\U{ord(found[0]):08X}", quoted)


def _timestamp(at: int) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")  # RFC 3339
    except (ValueError, OverflowError, OSError):
        raise FlowError("E236", f"{at} is no point in time that a date can say") from None
