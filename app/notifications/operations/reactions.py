"""What happened elsewhere and who hears of it: the handlers named in `app/wiring.py`, and the reminder they order."""

from __future__ import annotations

import uuid

from sqlalchemy import select, update

from app.core import clock
from app.core.db import db
from app.core.guard.permissions import system_actor
from app.core.jobs.imports.models import ImportState
from app.core.jobs.imports.operations import find_imports
from app.core.jobs.models import JobState
from app.core.jobs.notices import IMPORT_ROWS, IMPORT_WAITING, JOB_FAILED, JOB_FINISHED, ImportMoved, JobFinished
from app.core.jobs.outbox import enqueue
from app.core.jobs.queues import QueueName
from app.core.jobs.registry import Payload
from app.core.jobs.topics import Subject
from app.core.lists.exports.notices import EXPORT_DECIDED, EXPORT_WAITS, ExportDecided, ExportWaits
from app.crm.events import (
    FOLLOW_UP_DUE,
    LEAD_ASSIGNED,
    LEAD_UNANSWERED,
    FollowUpDone,
    FollowUpDue,
    LeadAnswered,
    LeadAssigned,
    LeadUnanswered,
)
from app.notifications.models import Item
from app.notifications.operations.telling import device_keys, notify, notify_audience, remember, settle
from app.notifications.rules import PATIENCE
from app.sales import queries as sales
from app.sales.events import (
    APPLICATION_DECIDED,
    APPROVAL_ASKED,
    APPROVAL_DECIDED,
    ApplicationDecided,
    ApprovalAsked,
    ApprovalSettled,
)
from app.sales.queries.approvals import deciders
from app.tenants.events import (
    FACTORS_CHANGED,
    INVITATION_ACCEPTED,
    NEW_DEVICE,
    PASSWORD_CHANGED,
    RIGHTS_CHANGED,
    FactorsChanged,
    GrantsOfRoleChanged,
    InvitationAccepted,
    PasswordChanged,
    RolesOfUserChanged,
    SignedInAt,
)
from app.tenants.queries.recipients import Audience

REMIND = "notifications.remind_of_import"


def job_finished(event: JobFinished) -> None:
    """Tell whoever began the job. He who canceled it knows; rows that did not go in are about the import."""
    about = Subject("job", event.job_id)
    if event.state == JobState.CANCELED:
        settle([JOB_FAILED], about)
    elif event.state == JobState.SUCCEEDED:
        settle([JOB_FAILED], about)
        notify([event.created_by], JOB_FINISHED, about)
    elif event.state == JobState.PARTLY_FAILED and event.import_id is not None:
        settle([JOB_FAILED], about)
        notify([event.created_by], IMPORT_ROWS, Subject("import", event.import_id))
    else:
        notify([event.created_by], JOB_FAILED, about)


def export_waits(event: ExportWaits) -> None:
    """Ask everybody who may decide, but not whoever asks."""
    notify_audience(
        Audience(permission="export.approve"), EXPORT_WAITS, Subject("export", event.export_id), but=event.created_by
    )


def export_decided(event: ExportDecided) -> None:
    """Tell whoever asked, and take the question off the others' inboxes."""
    about = Subject("export", event.export_id)
    settle([EXPORT_WAITS], about)
    notify([event.created_by], EXPORT_DECIDED, about)


def import_moved(event: ImportMoved) -> None:
    """Order a reminder of an upload; once the import goes on, nothing of it waits any more."""
    if event.state != ImportState.UPLOADED:
        settle([IMPORT_WAITING, IMPORT_ROWS], Subject("import", event.import_id))
    elif event.created_by is not None:
        payload = {"import": str(event.import_id)}
        enqueue(REMIND, queue=QueueName.NOTIFY, payload=payload, at=clock.now() + PATIENCE)


def remind_of_import(payload: Payload) -> None:
    """Tell whoever uploaded the file that it still waits, if it does."""
    for found in find_imports(system_actor("notifications"), [uuid.UUID(payload["import"])]):
        if found.state == ImportState.UPLOADED and found.job_id is None and found.created_by is not None:
            notify([found.created_by], IMPORT_WAITING, Subject("import", found.id))


def invitation_accepted(event: InvitationAccepted) -> None:
    """Tell who invited; where nobody did, whoever may invite."""
    about = Subject("user", event.user_id)
    if event.invited_by is not None:
        notify([event.invited_by], INVITATION_ACCEPTED, about)
    else:
        notify_audience(Audience(permission="user.create"), INVITATION_ACCEPTED, about, but=event.user_id)


def roles_changed(event: RolesOfUserChanged) -> None:
    """Tell the user, unless it was he who did it."""
    if event.changed_by != event.user_id:
        notify([event.user_id], RIGHTS_CHANGED, Subject("rights", event.user_id))


def grants_changed(event: GrantsOfRoleChanged) -> None:
    """Tell everybody who has the role but whoever changed it."""
    subject = Subject("rights", event.role_id)
    notify_audience(Audience(role_id=event.role_id), RIGHTS_CHANGED, subject, but=event.changed_by)


def password_changed(event: PasswordChanged) -> None:
    """Tell the user, who may not have been the one."""
    notify([event.user_id], PASSWORD_CHANGED, Subject("account", event.user_id))


def factors_changed(event: FactorsChanged) -> None:
    """Tell the user by mail too: second factors taken away make the password alone enough."""
    notify([event.user_id], FACTORS_CHANGED, Subject("account", event.user_id))


def signed_in(event: SignedInAt) -> None:
    """Tell the user of a device not seen before; the first one is his own, and is only remembered."""
    keys = device_keys(event.device)
    own = Item.user_id == event.user_id, Item.topic == NEW_DEVICE.key
    seen = set(db.session.scalars(select(Item.same_key).where(*own)))
    about = Subject("session", event.session_id)
    if seen.intersection(keys):
        used = update(Item).where(*own, Item.same_key.in_(keys), Item.done_at.is_not(None))
        db.session.execute(used.values(done_at=clock.now()))
    elif seen:
        notify([event.user_id], NEW_DEVICE, about, key=keys[0])
    else:
        remember(event.user_id, NEW_DEVICE, about, key=keys[0])


def lead_assigned(event: LeadAssigned) -> None:
    """Tell whose the lead is now, unless he took it himself; it asks nothing of whoever had it before."""
    about = Subject("lead", event.lead_id)
    settle([LEAD_ASSIGNED], about)
    if event.by != event.assignee_id:
        notify([event.assignee_id], LEAD_ASSIGNED, about)


def lead_unanswered(event: LeadUnanswered) -> None:
    """Tell whose the lead is, and whoever may give it to somebody else."""
    about = Subject("lead", event.lead_id)
    if event.assignee_id is not None:
        notify([event.assignee_id], LEAD_UNANSWERED, about)
    audience = Audience(permission="lead.assign", store_id=event.store_id)
    notify_audience(audience, LEAD_UNANSWERED, about, but=event.assignee_id)


def lead_answered(event: LeadAnswered) -> None:
    """Nobody has to answer it any more."""
    settle([LEAD_ASSIGNED, LEAD_UNANSWERED], Subject("lead", event.lead_id))


def follow_up_due(event: FollowUpDue) -> None:
    """Tell whose step it is."""
    notify([event.assignee_id], FOLLOW_UP_DUE, Subject("follow_up", event.follow_up_id))


def follow_up_done(event: FollowUpDone) -> None:
    """Nobody has to do it any more, or not now."""
    settle([FOLLOW_UP_DUE], Subject("follow_up", event.follow_up_id))


def application_decided(event: ApplicationDecided) -> None:
    """Tell whose the deal is, and whoever asked for it."""
    whose = sales.deal_by_id(event.deal_id).salesperson_id
    people = {user_id for user_id in (whose, event.asked_by) if user_id is not None}
    notify(people, APPLICATION_DECIDED, Subject("application", event.application_id))


def approval_asked(event: ApprovalAsked) -> None:
    """Ask those who may decide about exactly these figures."""
    deal = sales.deal_by_id(event.deal_id)
    notify(deciders(deal, event.asked_by), APPROVAL_ASKED, Subject("approval", event.approval_id))


def approval_settled(event: ApprovalSettled) -> None:
    """Take the question off the inboxes, and tell whoever asked once it is decided."""
    about = Subject("approval", event.approval_id)
    settle([APPROVAL_ASKED], about)
    if event.decided_by is not None and event.asked_by is not None:
        notify([event.asked_by], APPROVAL_DECIDED, about)
