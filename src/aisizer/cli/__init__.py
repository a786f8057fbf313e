"""The command line: one file per verb, each load -> call -> deliver."""
