"""What people are told: an inbox, the same by mail, and who wants which.

Topics are declared by the modules whose events they are about (`app.core.jobs.topics`); `app/wiring.py` says which
event becomes which notification.
"""
