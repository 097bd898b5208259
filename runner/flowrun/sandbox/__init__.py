"""An OAuth provider on loopback that takes its shape from a recipe."""
