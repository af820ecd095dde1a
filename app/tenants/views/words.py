"""What resources, verbs and scopes are called on the roles' page."""

from __future__ import annotations

from app.core.errors import N_

RESOURCES = {
    "customer": N_("Customers"),
    "activity": N_("Activities"),
    "follow_up": N_("Follow-ups"),
    "test_drive": N_("Test drives"),
    "lead": N_("Leads"),
    "vehicle": N_("Vehicles"),
    "stock": N_("Stock"),
    "deal": N_("Deals"),
    "appraisal": N_("Appraisals"),
    "payment": N_("Payments"),
    "application": N_("Finance applications"),
    "fi_product": N_("F&I products"),
    "deal_document": N_("Deal documents"),
    "store": N_("Stores"),
    "user": N_("Users"),
    "role": N_("Roles"),
    "import": N_("Imports"),
    "job": N_("Background jobs"),
    "metric": N_("Metrics"),
    "audit": N_("Audit"),
    "view": N_("Saved views"),
    "export": N_("Exports"),
    "api_key": N_("API keys"),
    "sales_setting": N_("Sales settings"),
    "commission": N_("Commission"),
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
    "take": N_("Take"),
    "assign": N_("Assign"),
    "setup": N_("Say how a store answers"),
    "undo": N_("Undo"),
    "deliver": N_("Deliver"),
    "unwind": N_("Unwind"),
    "refund": N_("Give money back"),
    "fund": N_("Record the lender's money"),
    "sign": N_("Have signed"),
    "share": N_("Share with others"),
    "admit_operator": N_("Let the operator in"),
    "reveal": N_("Show masked values for a reason"),
    "samples": N_("Load and remove sample data"),
    "identity": N_("Choose the identity provider"),
    "origins": N_("Allow pages of other hosts to ask the API"),
}
GROUP_WORDS = {
    "contact": N_("Phone numbers and e-mails"),
    "identity": N_("ID numbers"),
    "cost": N_("Costs"),
    "margin": N_("Margins"),
    "pay": N_("Pay and commissions"),
}
SIGHT_WORDS = {"hidden": N_("Hidden"), "masked": N_("Masked"), "visible": N_("In full")}
SCOPE_WORDS = {"own": N_("Own"), "team": N_("Team"), "store": N_("Store"), "all": N_("All")}
# What a role's grant comes to; the record, whose it is and where it is are said beside it.
REASON_WORDS = {
    "all": N_("This holds for the whole dealership."),
    "own": N_("The record is this person's own."),
    "team": N_("The record is of this person's team."),
    "store": N_("The record is of this store."),
    "not_given": N_("This role does not give it."),
    "not_own": N_("This role gives it for one's own records, and this is somebody else's."),
    "not_team": N_("This role gives it for one's team, and the record is nobody's of the team at this store."),
    "not_store": N_("This role gives it at this store, and the record is elsewhere."),
    "needs_all": N_("Such records belong to no store and nobody: only a role that gives it for all opens them."),
    "closed": N_("This store is closed, so the role counts for nothing there."),
}
STATE_WORDS = {"invited": N_("Invited"), "active": N_("Active"), "disabled": N_("Disabled")}
