"""
Everything flowrun can tell a user went wrong. The first digit of a code is the exit status:

* FlowrunError
  + FlowError        2  the flow file or the usage
  + CallbackError    4  the person, the browser, the redirect
  + ProviderError    5  the provider answered, and not with what was asked for
  + TransportError   6  the provider did not answer
  + StoreError       7  the record could not be read or written
  + PersonNeeded     8  somebody has to answer or to consent, and nobody is here

Anything else that escapes is a bug, and ends with exit status 3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, Self

from .place import Place

if TYPE_CHECKING:
    from .message import Response

CODES = {
    "E201": "the flow cannot be read",
    "E202": "the file is not YAML, or not YAML that a flow may use",
    "E203": "unknown key",
    "E204": "a key is given twice",
    "E205": "a value has the wrong shape",
    "E206": "a step is not exactly one kind",
    "E207": "a key is missing",
    "E208": "a template cannot be parsed",
    "E209": "a template names something that does not exist",
    "E210": "a template uses what templates may not",
    "E211": "extends leads nowhere, or in a circle",
    "E212": "a base recipe's value must be set",
    "E213": "the host is not allowed",
    "E214": "the URL is not safe",
    "E215": "an input's value does not fit",
    "E216": "unknown input, or an input given where it may not be",
    "E217": "unknown profile",
    "E218": "the file was made for another flowrun",
    "E219": "the command line does not say enough",
    "E220": "the save name cannot be used",
    "E221": "the flow reaches further than a flow may without trust",
    "E222": "a value cannot stand where the template puts it",
    "E223": "the sandbox's port cannot be bound",
    "E224": "nothing ties a redirect to the login",
    "E225": "the file is not formatted",
    "E226": "nothing reads an input",
    "E227": "a step does not hand on what is read of it",
    "E228": "a template stands where something is written out",
    "E229": "a step can never run",
    "E230": "the code's verifier is not sent",
    "E231": "two profiles are saved under one name",
    "E232": "the redirect goes elsewhere",
    "E233": "an optional part of flowrun is not installed",
    "E234": "the flow file cannot be written",
    "E235": "the record has nothing of that name",
    "E236": "a token cannot leave in that form",
    "E237": "the template cannot be rendered",
    "E238": "there is no such way to a person",
    "E239": "a notification did not arrive",
    "E240": "the command cannot be run",
    "E300": "a bug in flowrun",
    "E401": "nobody came back from the browser",
    "E402": "consent was denied",
    "E403": "the authorization endpoint answered with an error",
    "E404": "the redirect belongs to another login",
    "E405": "the redirect does not carry what was asked for",
    "E406": "the redirect URI's port cannot be bound",
    "E407": "what was pasted is no redirect",
    "E408": "the redirect is not what the recipe expects",
    "E409": "the redirect comes from another issuer",
    "E410": "the browser cannot be opened",
    "E411": "the sandbox cannot begin a login in the provider's place",
    "E412": "the signed redirect is refused",
    "E413": "the redirect lacks what proves where it comes from",
    "E415": "nobody has consented before the request expired",
    "E501": "the grant is refused",
    "E502": "the client is refused",
    "E503": "the provider refused",
    "E504": "the answer holds no access token",
    "E505": "the answer cannot be read",
    "E506": "the provider redirects",
    "E507": "the answer is not what the recipe expects",
    "E508": "the answer is too large",
    "E509": "the provider's API refused",
    "E510": "nobody knows how the last refresh ended",
    "E511": "the metadata is that of another issuer",
    "E512": "the metadata cannot be read, or lacks an endpoint",
    "E513": "no client is registered, or the one that was is gone",
    "E514": "the proof of possession is refused",
    "E515": "the token is not bound to the key",
    "E516": "the API's metadata is that of another one, or names a server that is not allowed",
    "E517": "the pushed request is refused",
    "E518": "the request object cannot be made",
    "E519": "the signed answer is refused",
    "E520": "the id_token cannot be read, or lacks what it must say",
    "E521": "the signature is not the issuer's",
    "E522": "the id_token is signed in a way that is not allowed",
    "E523": "the id_token comes from another issuer",
    "E524": "the id_token is for another client",
    "E525": "the id_token is not valid now",
    "E526": "the id_token is from the future",
    "E527": "the id_token belongs to another login",
    "E528": "the id_token belongs to another token or code",
    "E529": "somebody else is meant",
    "E530": "the person has not signed in as was asked for",
    "E531": "OAuth 1 is refused, or not as it should be",
    "E532": "the provider asked to wait",
    "E601": "no connection",
    "E602": "no answer in time",
    "E603": "the connection was cut",
    "E604": "no secure connection",
    "E605": "the client's certificate cannot be used, or is refused",
    "E701": "the store cannot be written",
    "E702": "the record is damaged",
    "E703": "the record is not private",
    "E704": "the record is busy",
    "E705": "no such record",
    "E706": "the record is tracked by git",
    "E707": "there is no such store",
    "E708": "the keyring does not do what it should",
    "E709": "there is no key for encrypted records",
    "E710": "what was sealed cannot be opened",
    "E711": "something else is there already",
    "E712": "a refresh is not settled",
    "E713": "a file beside the record is not in step",
    "E714": "the record is not written back",
    "E801": "an input is missing and nobody is here to ask",
    "E802": "consent is needed and nobody is here to give it",
    "E803": "the token was handed over",
}
"""Every code that flowrun prints; `docs/errors.md` has a paragraph on each."""

STATUSES = {
    0: "done",
    2: "the flow file, or how it is used",
    3: "a bug in flowrun",
    4: "the person, the browser or the redirect",
    5: "the provider refused",
    6: "no answer",
    7: "the store",
    8: "a person is needed, and none is here",
    126: "`exec`: the command cannot be run",
    127: "`exec`: there is no such command",
    130: "Ctrl-C",
    141: "nobody reads the output any more",
}
"""Every exit status, in the words of the reference."""


class Problem(NamedTuple):
    """One thing that is wrong, and what to do about it."""

    code: str
    message: str
    hint: str = ""
    place: Place | None = None


def _position(problem: Problem) -> tuple[str, int, int]:
    place = problem.place
    return (place.source.name, place.line, place.column) if place else ("", 0, 0)


class FlowrunError(Exception):
    """Base of every error a user can act on; carries one or more problems."""

    def __init__(
        self, code: str, message: str, *, hint: str = "", place: Place | None = None
    ) -> None:
        super().__init__(message)
        self.problems: tuple[Problem, ...] = (Problem(code, message, hint, place),)

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> Self:
        """One error for all that was found, in the order of the files."""
        error = cls(*problems[0][:2])
        error.problems = tuple(sorted(dict.fromkeys(problems), key=_position))
        return error

    def __reduce__(self) -> tuple[object, ...]:
        # A pool of processes hands an error on like this, and knows not what our `__init__` takes.
        return type(self).__new__, (type(self), *self.args), vars(self)

    def noted(self) -> Self:
        """This error with its hints as notes, so that a traceback says what to do next."""
        for each in self.problems:
            self.add_note(f"{each.code}: {each.hint}" if each.hint else each.code)
        return self

    @property
    def code(self) -> str:
        return self.problems[0].code

    @property
    def exit_status(self) -> int:
        return int(self.code[1])


class FlowError(FlowrunError):
    """The flow file, or how it is used."""


class CallbackError(FlowrunError):
    """The person, the browser, or what came back through them."""


Outcome = Literal["ended", "unspent", "unknown", "held"]
"""
What a refused redemption means: the grant is over, it is untouched, or nobody knows; or the answer
is a good one that flowrun does not believe, and so holds until it does.
"""


class ProviderError(FlowrunError):
    """The provider answered, and not with what was asked for; *outcome* is for refreshes."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str = "",
        place: Place | None = None,
        outcome: Outcome = "unknown",
    ) -> None:
        super().__init__(code, message, hint=hint, place=place)
        self.outcome: Outcome = outcome


class TransportError(FlowrunError):
    """
    No whole answer; *sent* says whether a byte of the request may have left.

    What did come is *partial*. It may hold a token, and so is for a journal and for nobody else.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        sent: bool,
        hint: str = "",
        partial: Response | None = None,
    ) -> None:
        super().__init__(code, message, hint=hint)
        self.sent, self.partial = sent, partial


class StoreError(FlowrunError):
    """The record could not be read or written."""


class PersonNeeded(FlowrunError):
    """Somebody has to answer or to consent, and nobody is here."""


class located:
    """Gives any error raised inside the place in the flow that it is about."""

    def __init__(self, place: Place | None | Callable[[], Place | None]) -> None:
        self.place = place

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if not isinstance(error, FlowrunError) or all(each.place for each in error.problems):
            return
        place = self.place() if callable(self.place) else self.place
        error.problems = tuple(
            problem if problem.place else problem._replace(place=place)
            for problem in error.problems
        )
