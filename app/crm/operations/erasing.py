"""What an erasure empties in the CRM: what people wrote about a customer, his enquiries and the steps with him."""

from __future__ import annotations

from app.core.guard.words import declare_words
from app.crm.models import Activity, Customer, FollowUp, Lead, TestDrive

declare_words(Customer.notes, whose=lambda subject_id: Customer.id == subject_id)
declare_words(Activity.subject, Activity.body, whose=lambda subject_id: Activity.customer_id == subject_id)
declare_words(Lead.wanted, Lead.lost_note, Lead.source_detail, whose=lambda subject_id: Lead.customer_id == subject_id)
declare_words(FollowUp.note, FollowUp.outcome, whose=lambda subject_id: FollowUp.customer_id == subject_id)
declare_words(TestDrive.note, whose=lambda subject_id: TestDrive.customer_id == subject_id)
