"""A view of a list as a file: exactly its rows and columns, made by a job, for the one person who asked."""
