"""Lists: specs, filters, cursors, pages. No Flask in this room."""
