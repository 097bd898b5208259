"""The way to a person's browser and back."""

from .browser import PersonsBrowser as PersonsBrowser
