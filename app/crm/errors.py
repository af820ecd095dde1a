"""How the CRM refuses."""

from __future__ import annotations

from app.core.errors import N_, Conflict, DomainError, InUse


class CustomerHasActivities(InUse):
    """Activities are the dealership's record of what happened; they are not dropped with the customer."""

    code = "customer_has_activities"
    message = N_("This customer cannot be deleted: {count} activities belong to it. Delete them first.")


class CustomerReferredTo(InUse):
    """Records of modules above, such as deals, name the customer."""

    code = "customer_in_use"
    message = N_("This customer cannot be deleted: other records, such as deals, refer to it.")


class NameMissing(DomainError):
    """A customer needs something to be called by."""

    code = "name_missing"
    message = N_("Enter a name.")
    status = 422


class ContactEmpty(DomainError):
    """A contact point without a value reaches nobody."""

    code = "contact_empty"
    message = N_("Enter a phone number or an e-mail address.")
    status = 422


class ContactRepeated(Conflict):
    """The same customer already has this value."""

    code = "contact_repeated"
    message = N_("This customer already has this contact.")


class ActivityInFuture(DomainError):
    """An activity is something that happened."""

    code = "activity_in_future"
    message = N_("An activity cannot lie in the future.")
    status = 422


class ChoiceUnknown(DomainError):
    """A reference to a store or user that does not exist or is not open to the actor."""

    code = "choice_unknown"
    message = N_("Choose one of the offered values.")
    status = 422


# Leads, follow-ups and test drives.
UNKNOWN_CHOICE = N_("Choose one of the offered values.")
IN_FUTURE = N_("This moment has not come yet.")
REQUIRED = N_("Please fill this in.")
SPAN_NOT_POSSIBLE = N_("Ask for 1 to {most} days, the first of them before the last.")
NOT_A_SPAN = N_("The store closes after it opens: two times such as 09:00 and 18:00.")


class LeadTaken(Conflict):
    """Somebody else was first."""

    code = "lead_taken"
    message = N_("{name} has this lead already.")


class LeadNeedsPerson(DomainError):
    """A program takes nothing for itself."""

    code = "lead_needs_person"
    message = N_("Only a person can take a lead. Assign it to somebody instead.")
    status = 422


class LeadMoveNotAllowed(Conflict):
    """The lead's status does not lead to the wanted one."""

    code = "lead_move_not_allowed"
    message = N_("A lead that is {before} cannot become {after}.")


class LeadNotAttempted(Conflict):
    """Nothing moves on before somebody has tried."""

    code = "lead_not_attempted"
    message = N_("Nobody has tried to reach this person yet: log a call or a message first.")


class LeadIsEnded(Conflict):
    """The lead is won or lost."""

    code = "lead_is_ended"
    message = N_("This lead is won or lost and cannot be changed.")


class LeadReferredTo(InUse):
    """Records of modules above, such as deals, name the lead."""

    code = "lead_in_use"
    message = N_("This lead cannot be deleted: other records, such as deals, refer to it.")


class NobodyInTurn(Conflict):
    """The rotation of the store has nobody who could take one more."""

    code = "nobody_in_turn"
    message = N_("Nobody is in turn: the store's rotation is empty, or all in it are away or have enough.")


LICENCE_OVER = N_("This licence is not valid any more.")


class LicenceNotChecked(Conflict):
    """Nobody drives before somebody of ours has seen the licence."""

    code = "licence_not_checked"
    message = N_("Look at the driver's licence first.")


class LicenceExpired(Conflict):
    """The licence that was seen is not valid today."""

    code = "licence_expired"
    message = N_("The driver's licence is not valid any more.")


class UnitIsOut(Conflict):
    """The vehicle is with another customer."""

    code = "unit_is_out"
    message = N_("This vehicle is out with {name} since {since}.")


class UnitNotInStock(Conflict):
    """The vehicle has left the store."""

    code = "unit_not_in_stock"
    message = N_("This vehicle is not in stock any more.")


class UnitIsSold(Conflict):
    """The vehicle waits for whoever bought it."""

    code = "unit_sold"
    message = N_("This vehicle is sold, so nobody drives it any more.")


class DriveNotOut(Conflict):
    """Only what has gone out comes back."""

    code = "drive_not_out"
    message = N_("This test drive has not gone out yet.")


class DriveUnderWay(Conflict):
    """The vehicle is out with this customer."""

    code = "drive_under_way"
    message = N_("The vehicle is out: note that it is back first.")


class DriveIsOver(Conflict):
    """The test drive is over or was called off."""

    code = "drive_is_over"
    message = N_("This test drive is over or was called off.")
