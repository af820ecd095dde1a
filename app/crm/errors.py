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
