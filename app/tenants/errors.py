"""How signing in and the administration of a dealership refuse."""

from __future__ import annotations

from app.core.errors import N_, Conflict, DomainError, InUse


class SlugTaken(Conflict):
    """Another dealership has this short name, or it is reserved."""

    code = "slug_taken"
    message = N_("This short name is taken.")


class SignInRefused(DomainError):
    """Wrong e-mail, wrong password, or a user who may not sign in: never said which."""

    code = "sign_in_refused"
    message = N_("E-mail and password do not match.")
    status = 401


class TooManyAttempts(DomainError):
    """Too many attempts for this account or from this address; known and unknown accounts alike."""

    code = "too_many_attempts"
    message = N_("Too many attempts. Try again in {minutes} min.")
    status = 429


class LinkInvalid(DomainError):
    """The link was used, has expired, or never was one of this dealership's."""

    code = "link_invalid"
    message = N_("This link is not valid (any more). Ask for a new one.")
    status = 404


class TicketInvalid(DomainError):
    """An operator's ticket is over, was used, or the dealership lets nobody in any more."""

    code = "ticket_invalid"
    message = N_("This way in is not open (any more). Begin again at the operator console.")
    status = 404


class PasswordTooShort(DomainError):
    """Length is what makes a password strong."""

    code = "password_too_short"
    message = N_("Use at least {shortest} characters. A few words in a row are easy to remember.")
    status = 422


class PasswordTooLong(DomainError):
    """An upper bound keeps hashing affordable."""

    code = "password_too_long"
    message = N_("Use at most {longest} characters.")
    status = 422


class PasswordNotorious(DomainError):
    """Everybody who guesses passwords tries this one early."""

    code = "password_notorious"
    message = N_("This password is among the first that are guessed. Choose another one.")
    status = 422


class PasswordSaysContext(DomainError):
    """It is made of the dealership's or the user's own names."""

    code = "password_says_context"
    message = N_("Do not use the name of the dealership or your own.")
    status = 422


class PasswordsDiffer(DomainError):
    """The repetition is not the same."""

    code = "passwords_differ"
    message = N_("The two passwords are not the same.")
    status = 422


class PasswordWrong(DomainError):
    """The present password, asked again before a change, is another."""

    code = "password_wrong"
    message = N_("This is not your present password.")
    status = 422


class CodeWrong(DomainError):
    """The code of a second factor, or a recovery code, is another, or was used before."""

    code = "code_wrong"
    message = N_("This code is not right, or was used already. Wait for the next one.")
    status = 422


class PasskeyRefused(DomainError):
    """What the browser sent is no proof of a passkey of this account."""

    code = "passkey_refused"
    message = N_("This passkey was not accepted. Try again, or use another way.")
    status = 422


class ChallengeOver(DomainError):
    """Too many wrong answers, or too late."""

    code = "challenge_over"
    message = N_("This has taken too long, or was tried too often. Begin again.")
    status = 403


class FactorStillRequired(Conflict):
    """A role demands a second factor, and this is the last one."""

    code = "factor_still_required"
    message = N_("Your role asks for a second factor, and this is your only one. Add another one first.")


class EmailTaken(Conflict):
    """Another user of this dealership signs in with this e-mail."""

    code = "email_taken"
    message = N_("Another user has this e-mail.")


class EmailInvalid(DomainError):
    """No mail could reach it."""

    code = "email_invalid"
    message = N_("Enter an e-mail address, such as name@example.com.")
    status = 422


class NameTaken(Conflict):
    """Names of roles and codes of stores tell them apart."""

    code = "name_taken"
    message = N_("There is one of this name already.")


class GrantExceedsOwn(DomainError):
    """Nobody gives away, or takes over, more rights than she holds."""

    code = "grant_exceeds_own"
    message = N_("You cannot give rights you do not hold yourself ({permission}).")
    status = 403


class SightExceedsOwn(DomainError):
    """Nobody shows to others more than she sees."""

    code = "sight_exceeds_own"
    message = N_("You cannot let others see what you do not see yourself ({group}).")
    status = 403


class LastAdministrator(Conflict):
    """Somebody must remain who can administer the dealership."""

    code = "last_administrator"
    message = N_("This is the last administrator. Make somebody else an administrator first.")


class OwnAccount(Conflict):
    """Nobody shuts himself out by a change of many."""

    code = "own_account"
    message = N_("This is your own account, and stays as it is.")


class RoleFixed(Conflict):
    """The administrator's role always holds every right."""

    code = "role_fixed"
    message = N_("The administrator's role cannot be changed or deleted.")


class RoleInUse(InUse):
    """Users have the role."""

    code = "role_in_use"
    message = N_("This role cannot be deleted: {count} users have it.")


class StoreInUse(InUse):
    """Only a store nobody works at any more can be closed."""

    code = "store_in_use"
    message = N_("This store cannot be closed: {count} users work there.")


class ScopeUnknown(DomainError):
    """A scope or permission that does not exist."""

    code = "scope_unknown"
    message = N_("Choose one of the offered values.")
    status = 422


class TimezoneUnknown(DomainError):
    """Not a name of the IANA time zone database."""

    code = "timezone_unknown"
    message = N_("This time zone is not known.")
    status = 422


class TenantNotReady(Conflict):
    """The tenant is in a state that does not allow this."""

    code = "tenant_not_ready"
    message = N_("The dealership is {state}, so this is not possible.")


class NameDoesNotMatch(Conflict):
    """Deleting a dealership asks for its name, and another one was given."""

    code = "name_does_not_match"
    message = N_("The name given is not the dealership's.")


class HostTaken(Conflict):
    """Another dealership answers at this host already."""

    code = "host_taken"
    message = N_("Another dealership answers at {host} already.")


class LastHost(Conflict):
    """A dealership keeps at least one address."""

    code = "last_host"
    message = N_("This is the dealership's only address, so it stays.")


class KeyMayNothing(DomainError):
    """Each right of a key is one of its role's, and there is at least one."""

    code = "key_may_nothing"
    message = N_("Choose at least one right, and only those that the role {role} holds.")
    status = 422


class KeyOver(Conflict):
    """The key was revoked or has expired."""

    code = "key_over"
    message = N_("This key is not in use any more. Make a new one.")



class RoleHasKeys(InUse):
    """API keys act through the role."""

    code = "role_has_keys"
    message = N_("This role cannot be deleted: API keys act through it. Revoke them first.")


class PartnerRefused(DomainError):
    """What came back from the provider proves nothing: another browser's, too late, forged, or turned down there."""

    code = "partner_refused"
    message = N_("Signing in there did not work. Try again, or sign in with your password.")
    status = 401


class PartnerUnknown(DomainError):
    """The provider vouches for somebody who has no access here."""

    code = "partner_unknown"
    message = N_("You are known there, but have no access here. Ask an administrator to invite you.")
    status = 403


class PartnerUnreachable(DomainError):
    """The provider does not answer, or not as it should."""

    code = "partner_unreachable"
    message = N_("The identity provider does not answer as it should. Try again, or sign in with your password.")
    status = 503


class IssuerRefused(DomainError):
    """No provider is found at the address, or the address is none that may be called."""

    code = "issuer_refused"
    message = N_("No identity provider was found there. The address begins with https:// and is public.")
    status = 422
