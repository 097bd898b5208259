"""The recipes that flowrun ships."""
