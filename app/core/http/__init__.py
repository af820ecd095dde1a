"""The HTTP room: sessions, rights of views, problems, rendering. Views alone may enter."""
