"""What states and actions are called at the console."""

from __future__ import annotations

from app.core.errors import N_

STATES = {
    "requested": N_("Requested"),
    "provisioning": N_("Being made"),
    "active": N_("Active"),
    "suspended": N_("Suspended"),
    "deleting": N_("Being deleted"),
}
ORDERS = {
    "suspend": N_("Suspend"),
    "resume": N_("Open again"),
    "delete": N_("Delete"),
    "add_host": N_("Add the host"),
    "remove_host": N_("Remove the host"),
}
OPERATOR_STATES = {"invited": N_("Invited"), "active": N_("Active"), "disabled": N_("Disabled")}
SHOWN = {"coming": N_("Coming"), "shown": N_("Shown now"), "over": N_("Over")}
# Who has no account: whoever works at the command line, and whoever was refused.
NAMES = {"command line": N_("Command line"), "nobody": N_("Nobody")}
DETAILS = {
    "operator": N_("Operator"),
    "text": N_("Text"),
    "host": N_("Host"),
    "slug": N_("Address"),
    "name": N_("Name"),
    "country": N_("Country"),
    "locale": N_("Language"),
    "currency": N_("Currency"),
    "timezone": N_("Time zone"),
    "reason": N_("Reason"),
    "entry": N_("Entry"),
    "outbox_id": N_("Row"),
    "account": N_("Account"),
    "migrated": N_("Migrated"),
    "target": N_("Version"),
    "failed": N_("Failed"),
}
ACTIONS = {
    "session.start": N_("signed in"),
    "session.refused": N_("was refused at sign-in"),
    "session.end": N_("signed out"),
    "session.revoke": N_("ended an operator's session"),
    "operator.add": N_("added an operator"),
    "operator.link": N_("made a link for an operator"),
    "operator.enrol": N_("set password and second factor"),
    "operator.disable": N_("disabled an operator"),
    "operator.enable": N_("let an operator in again"),
    "tenant.create": N_("had a dealership made"),
    "tenant.suspend": N_("had a dealership suspended"),
    "tenant.resume": N_("had a dealership opened again"),
    "tenant.delete": N_("had a dealership deleted"),
    "tenant.add_host": N_("added a host"),
    "tenant.remove_host": N_("removed a host"),
    "tenant.enter": N_("took the way into a dealership"),
    "outbox.replay": N_("gave a dead row another try"),
    "fleet.look_at_queues": N_("had the queues looked at"),
    "fleet.count_usage": N_("had usage counted"),
    "fleet.migrate_fleet": N_("had the fleet migrated"),
    "fleet.migrated": N_("migrated the fleet"),
    "announcement.add": N_("announced something"),
    "announcement.change": N_("changed an announcement"),
    "announcement.withdraw": N_("withdrew an announcement"),
}
