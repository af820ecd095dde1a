"""The CRM over the API, one file a kind of record; `shapes` says what goes in and out."""

from app.crm.api import activities, contacts, customers, follow_ups, leads, speed, test_drives

blueprints = (customers.bp, contacts.bp, activities.bp, leads.bp, speed.bp, follow_ups.bp, test_drives.bp)
