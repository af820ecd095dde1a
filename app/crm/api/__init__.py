"""The CRM over the API, one file a kind of record; `shapes` says what goes in and out."""

from app.crm.api import activities, contacts, customers, leads

blueprints = (customers.bp, contacts.bp, activities.bp, leads.bp)
