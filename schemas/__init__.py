"""The JSON schemas of flow files and token files."""
