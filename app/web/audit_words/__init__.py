"""What the audit calls what was done, and to what."""

from app.web.audit_words.actions import ACTIONS
from app.web.audit_words.records import FIELDS, FORMS, PAGES, PREFIXES, RECORDS

__all__ = ["ACTIONS", "FIELDS", "FORMS", "PAGES", "PREFIXES", "RECORDS"]
