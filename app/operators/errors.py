"""What the console refuses."""

from __future__ import annotations

from app.core.errors import N_, Conflict, DomainError, NotFound


class SignInRefused(DomainError):
    """E-mail, password and code do not belong together; which of them is wrong is not told."""

    code = "sign_in_refused"
    message = N_("E-mail, password or code is wrong, or the account is closed.")
    status = 422


class TooManyAttempts(DomainError):
    """Too many failed attempts for this account or from this address."""

    code = "too_many_attempts"
    message = N_("Too many attempts. Try again in {minutes} minutes.")
    status = 429


class CodeWrong(DomainError):
    """The code is not the authenticator app's present one, or was used already."""

    code = "code_wrong"
    message = N_("This code is wrong or was used already. Wait for the next one.")
    status = 422


class LinkUnusable(NotFound):
    """The link was used, is over, or never was."""

    code = "operator_link_unusable"
    message = N_("This link is no longer good. Ask for a new one: flask operators link")


class OperatorKnown(Conflict):
    """There is an operator with this e-mail."""

    code = "operator_known"
    message = N_("There is an operator with this e-mail already.")


class LastOperator(Conflict):
    """Nobody could sign in at the console any more."""

    code = "last_operator"
    message = N_("This is the last operator who can sign in.")


class NoConsent(Conflict):
    """The dealership lets nobody in at the moment."""

    code = "no_consent"
    message = N_("This dealership lets nobody in at the moment. Its administrator can, under Settings.")


class NameDoesNotMatch(DomainError):
    """The name typed as proof is not the dealership's."""

    code = "name_does_not_match"
    message = N_("This is not the dealership's name.")
    status = 422


class EndsBeforeItBegins(DomainError):
    """The end lies before the beginning."""

    code = "ends_before_it_begins"
    message = N_("The end must be later than the beginning.")
    status = 422
