"""A provider that misbehaves as each recipe of tests/quirks says, and is strict about it."""
