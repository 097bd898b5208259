"""The access token of a record, for a program: as it lies there, or refreshed first."""

from __future__ import annotations

import contextlib
import os

from ..quick import fresh
from .turns import turn_of

TYPE_CHECKING = False  # a cached token is here before `typing` would be
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..secret import JSON
    from .turns import Turn


def token(
    name: str,
    *,
    tokens: str | os.PathLike[str] | None = None,
    named: str = "",
    min_ttl: float | None = None,
    sandbox: bool = False,
) -> str:
    """
    The access token of the record *name*, refreshed first if it is due.

    Nobody is asked and nothing is printed: what the command would say goes to the logger
    `flowrun`. It may be called from any thread and any process; one of them refreshes, the others
    wait for it. While the token lives, a refresh that fails is logged, and no error.

    >>> import flowrun
    >>> headers = {"Authorization": f"Bearer {flowrun.token('zendesk-acme')}"}

    Args:
        name: the record, as `flowrun status` lists it; or the file of its flow.
        tokens: the folder where the records are; else `FLOWRUN_TOKENS`, else `tokens`.
        named: which of the tokens that the record keeps beside its own; "" is its own.
        min_ttl: for how many seconds it must live at least, if not for the usual margin.
        sandbox: the record is one that `--sandbox` has made.

    Raises:
        PersonNeeded: only consent can help (E802), or the environment lacks an input (E801).
        StoreError: there is no such record or token (E705), or it cannot be read or written.
        ProviderError: the provider refused the refresh, and the token has ended.
        TransportError: the provider did not answer, and the token has ended.
        FlowError: the record's recipe, or a flow's file, cannot be used.
    """
    access = Access(name, tokens=tokens, named=named, min_ttl=min_ttl, sandbox=sandbox)
    return access.held().token


class Held:
    """A token that lives, and how it is presented; shows itself to nobody by accident."""

    __slots__ = ("key", "scheme", "token")

    def __init__(self, token: str, scheme: str, key: Mapping[str, JSON] | None = None) -> None:
        self.token, self.scheme = token, scheme
        self.key = key  # the private one as JWK, if the token is bound to one

    def __repr__(self) -> str:
        return f"Held({self.scheme} ***)"


class Access:
    """The way to one token of one record."""

    def __init__(
        self,
        name: str,
        *,
        tokens: str | os.PathLike[str] | None = None,
        named: str = "",
        min_ttl: float | None = None,
        sandbox: bool = False,
    ) -> None:
        _refuse_other_types(name, min_ttl)
        self.name, self.named, self.min_ttl, self.sandbox = name, named, min_ttl, sandbox
        self.tokens = None if tokens is None else os.fspath(tokens)

    @property
    def place(self) -> tuple[str, str, str, bool]:
        """Which token of which record is meant, from the folder where the program is now."""
        folder = self.tokens or os.environ.get("FLOWRUN_TOKENS") or "tokens"
        whole = os.path.abspath(folder)  # noqa: PTH100 - each request asks, and Path takes longer
        return whole, self.name, self.named, self.sandbox

    def held(self) -> Held:
        """The token that lives; see `token` for what is raised."""
        return self.at_hand() or self._renewed()

    def at_hand(self) -> Held | None:
        """The token, if reading one file is enough: no event loop need wait for more."""
        if self.sandbox:
            return None
        with contextlib.suppress(Exception):  # the full way tells what is wrong
            if held := self._lying(self.min_ttl):
                return held
            return self._lying(0) if turn_of(self.place).rests else None
        return None

    def instead_of(self, refused: Held) -> Held | None:
        """
        Another token than the one that an API has refused, or None if only a person can get one.

        Raises:
            FlowrunError: nobody knows whether there could be one (no answer, the store is busy).
        """
        from ..errors import PersonNeeded
        from .quiet import LOG

        turn = turn_of(self.place)
        if turn.is_replacement(refused.token):
            LOG.info("%s: a new token is refused, too, so it is not refreshed", self.name)
            return None
        try:
            held = self._renewed(refused)
        except PersonNeeded as error:
            if error.code == "E801":  # whoever runs the program has forgotten a secret
                raise
            LOG.warning("%s", error)
            return None
        turn.replaced(held.token)
        return held

    def _lying(self, min_ttl_s: float | None) -> Held | None:
        folder, name, named, _ = self.place
        document = fresh(folder, name, named=named, min_ttl_s=min_ttl_s)
        return _held(document, document["flowrun"], named) if document else None

    def _renewed(self, refused: Held | None = None) -> Held:
        turn = turn_of(self.place)
        failure = turn.take()
        try:
            found = self.at_hand()
            if found and not (refused and refused.token == found.token):
                return found
            if failure:
                raise failure
            return self._living(turn, refused)
        finally:
            turn.leave()

    def _living(self, turn: Turn, refused: Held | None) -> Held:
        from ..errors import FlowrunError
        from ..secret import Secret
        from .quiet import quietly_living

        try:
            record = quietly_living(
                self.name,
                tokens=self.tokens,
                sandbox=self.sandbox,
                named=self.named,
                min_ttl_s=self.min_ttl,
                refused=Secret(refused.token if refused else ""),
            )
        except FlowrunError as error:
            turn.failed(error)
            raise
        if not self.at_hand():
            turn.rest()
        return _held(record.fields, record.meta, self.named)


def _refuse_other_types(name: object, min_ttl: object) -> None:
    if not isinstance(name, str):
        raise TypeError("the name of a record is a text")
    if not isinstance(min_ttl, int | float | None):
        raise TypeError("min_ttl is a number of seconds")


def _held(fields: Mapping[str, Any], meta: Mapping[str, Any], named: str) -> Held:
    part = meta["tokens"][named] if named else fields
    token, kind = part["access_token"], str(part.get("token_type") or "")
    if kind.lower() == "dpop":
        return Held(token, "DPoP", meta.get("dpop"))
    return Held(token, "OAuth" if "oauth_token_secret" in part else "Bearer")
