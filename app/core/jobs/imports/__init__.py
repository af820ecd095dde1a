"""The import engine: a file, a mapping, a dry run, a run, the failed rows back, and the way back."""
