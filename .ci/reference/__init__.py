"""The reference, made from the schema, the step modules, the command line and the examples."""
