"""The technical parts: they know no word of the trade."""
