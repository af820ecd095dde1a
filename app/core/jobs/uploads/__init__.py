"""Files that come in by parts, each checked by its digest, and in the end as a whole."""
