"""The operator console: whoever runs the platform sees the fleet there, and no dealership's rows."""
