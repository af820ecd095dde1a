"""What resources, verbs and scopes are called on the roles' page."""

from __future__ import annotations

from app.core.errors import N_

RESOURCES = {
    "customer": N_("Customers"),
    "activity": N_("Activities"),
    "vehicle": N_("Vehicles"),
    "stock": N_("Stock"),
    "deal": N_("Deals"),
    "store": N_("Stores"),
    "user": N_("Users"),
    "role": N_("Roles"),
    "import": N_("Imports"),
    "job": N_("Background jobs"),
    "metric": N_("Metrics"),
    "audit": N_("Audit"),
    "view": N_("Saved views"),
    "export": N_("Exports"),
    "dealership": N_("Dealership"),
}
VERBS = {
    "see": N_("See"),
    "create": N_("Create"),
    "edit": N_("Edit"),
    "delete": N_("Delete"),
    "export": N_("Export"),
    "approve": N_("Approve"),
    "price": N_("Change prices"),
    "move": N_("Change the status"),
    "recompute": N_("Recompute"),
    "undo": N_("Undo"),
    "deliver": N_("Deliver"),
    "unwind": N_("Unwind"),
    "share": N_("Share with others"),
}
SCOPE_WORDS = {"own": N_("Own"), "team": N_("Team"), "store": N_("Store"), "all": N_("All")}
STATE_WORDS = {"invited": N_("Invited"), "active": N_("Active"), "disabled": N_("Disabled")}
