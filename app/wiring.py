"""Which module reacts to which event: the one table. Handlers run in the transaction of what they react to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from app.core.jobs.notices import ImportMoved, JobFinished
from app.core.lists.exports.ending import settle_export
from app.core.lists.exports.notices import ExportDecided, ExportWaits
from app.crm.events import (
    ActivitiesLogged,
    ActivityChanged,
    ActivityDeleted,
    ActivityLogged,
    FollowUpDone,
    FollowUpDue,
    LeadAnswered,
    LeadAssigned,
    LeadUnanswered,
)
from app.crm.operations import pipeline
from app.insights.operations.dues import note_activity, note_deal, note_deals, note_vehicle
from app.inventory.events import UnitCostChanged, VehicleChanged
from app.notifications.operations import reactions
from app.sales.events import (
    ApplicationDecided,
    ApprovalAsked,
    ApprovalSettled,
    DealChanged,
    DealDelivered,
    DealFunded,
    DealLost,
    DealsRecorded,
    DealsTakenBack,
    DealUnwound,
    PaymentRecorded,
    WorksheetChanged,
)
from app.sales.operations import commission, grossing
from app.sales.operations.applications import withdraw_of_ended
from app.tenants.events import (
    FactorsChanged,
    GrantsOfRoleChanged,
    InvitationAccepted,
    PasswordChanged,
    RolesOfUserChanged,
    SignedInAt,
)

HANDLERS: Mapping[type, tuple[Callable[[Any], None], ...]] = {
    ActivityLogged: (note_activity,),
    ActivitiesLogged: (note_activity,),
    ActivityChanged: (note_activity,),
    ActivityDeleted: (note_activity,),
    VehicleChanged: (note_vehicle,),
    UnitCostChanged: (grossing.note_cost, commission.note_cost),
    WorksheetChanged: (grossing.note_deal, commission.note_deal),
    FollowUpDue: (reactions.follow_up_due,),
    FollowUpDone: (reactions.follow_up_done,),
    LeadAssigned: (reactions.lead_assigned,),
    LeadAnswered: (reactions.lead_answered,),
    LeadUnanswered: (reactions.lead_unanswered,),
    DealDelivered: (note_deal, pipeline.win, grossing.note_deal, commission.note_deal),
    DealChanged: (note_deal, grossing.note_deal, commission.note_deal),
    DealLost: (withdraw_of_ended,),
    DealUnwound: (withdraw_of_ended, note_deal, pipeline.win_back, grossing.note_deal, commission.note_deal),
    DealFunded: (grossing.note_deal, commission.note_deal),
    PaymentRecorded: (commission.note_deal,),
    DealsRecorded: (note_deals, commission.note_deals),
    DealsTakenBack: (note_deals,),
    ApplicationDecided: (reactions.application_decided,),
    ApprovalAsked: (reactions.approval_asked,),
    ApprovalSettled: (reactions.approval_settled,),
    JobFinished: (settle_export, reactions.job_finished),
    ExportWaits: (reactions.export_waits,),
    ExportDecided: (reactions.export_decided,),
    ImportMoved: (reactions.import_moved,),
    InvitationAccepted: (reactions.invitation_accepted,),
    RolesOfUserChanged: (reactions.roles_changed,),
    GrantsOfRoleChanged: (reactions.grants_changed,),
    FactorsChanged: (reactions.factors_changed,),
    PasswordChanged: (reactions.password_changed,),
    SignedInAt: (reactions.signed_in,),
}
