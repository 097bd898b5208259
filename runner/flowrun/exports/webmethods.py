"""A sheet to paste from, with the fields that webMethods asks for when it refreshes by itself."""

from __future__ import annotations

import json

from flowrun.errors import FlowError

from .exported import Client, Exported, refuse_bound

LEFT_OUT = "(left out: it leaves only with --hand-over)"
NONE = "(there is none)"
UNKNOWN = "(not known to the recipe)"

FORM = """\
OAuth account {name}

In the form of the account:

{form}

For Deployer, and for whatever else goes by the names of an alias:

{alias}
"""


def webmethods(exported: Exported) -> str:
    """The fields of an account's form, one a line, and those of a CloudStreams token alias."""
    refuse_bound(exported)
    client = exported.client or Client("", "", "", "")
    how = "URL Query String" if client.in_query else "Body Query String"
    form = {
        "Consumer ID": client.id or UNKNOWN,
        "Consumer Secret": client.secret or (NONE if exported.refresh_token else LEFT_OUT),
        "Access Token": exported.token,
        "Refresh Token": exported.refresh_token or (LEFT_OUT if exported.withheld else NONE),
        "Refresh URL": client.refresh_url or UNKNOWN,
        "Refresh URL Request": how,
        "Refresh Access Token": "true" if exported.refresh_token else "false",
        "Session Management": "fixed",
        "Server URL": client.server_url or UNKNOWN,
    }
    alias = {
        "clientId": client.id,
        "clientSecret": client.secret,
        "accessToken": exported.token,
        "accessTokenSecret": str(exported.fields.get("oauth_token_secret") or ""),  # OAuth 1.0a
        "instanceUrl": client.server_url,
        "refreshToken": exported.refresh_token,
        "refreshUrl": client.refresh_url,
    }
    for value in (*form.values(), *alias.values()):
        if not value.isprintable():
            hint = "Take --format json."
            raise FlowError("E236", "a value has more than one line, or controls", hint=hint)
    width = max(map(len, form))
    lines = [f"  {name.ljust(width)}  {value}" for name, value in form.items()]
    named = json.dumps({key: value for key, value in alias.items() if value}, indent=2)
    return FORM.format(name=exported.name, form="\n".join(lines), alias=named)
