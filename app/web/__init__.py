"""The shell every page stands in: frame, macros, static files, error pages, home and health. It knows no rules."""
