"""The rules of OAuth 2.0 that flowrun relies on, as functions of their arguments alone."""
