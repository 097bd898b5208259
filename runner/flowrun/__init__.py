"""Run OAuth flows described in YAML, and use the tokens that they leave."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .errors import (
        FlowError,
        FlowrunError,
        PersonNeeded,
        ProviderError,
        StoreError,
        TransportError,
    )
    from .programs.access import token
    from .programs.auth import Auth
    from .version import __version__ as __version__

__all__ = [
    "Auth",
    "FlowError",
    "FlowrunError",
    "PersonNeeded",
    "ProviderError",
    "StoreError",
    "TransportError",
    "token",
]

_HOMES = {"Auth": "programs.auth", "__version__": "version", "token": "programs.access"}

if not TYPE_CHECKING:  # which would take every name for one that there is

    def __getattr__(name: str) -> object:
        # The command imports this package, too, and needs none of these.
        if name not in __dir__():
            raise AttributeError(f"module 'flowrun' has no attribute {name!r}")
        from importlib import import_module

        home = import_module(f"flowrun.{_HOMES.get(name, 'errors')}")
        globals()[name] = found = getattr(home, name)
        return found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
