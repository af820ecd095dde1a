"""What is stored about stores, users, roles, sessions and links."""

from app.tenants.models.admitting import Consent, OperatorEntry
from app.tenants.models.api_keys import ApiKey, ApiKeyRead
from app.tenants.models.factors import Challenge, CodeApp, Passkey, RecoveryCode
from app.tenants.models.origins import ApiOrigins
from app.tenants.models.partners import Identity, IdentityProvider
from app.tenants.models.roles import Grant, Role, RoleSight
from app.tenants.models.samples import Sample
from app.tenants.models.sign_ups import sign_up_attempts, sign_ups
from app.tenants.models.signing import Link, Mail, SessionRow, SignInAttempt
from app.tenants.models.stores import Store, Team, TeamMember
from app.tenants.models.users import Membership, User

__all__ = [
    "ApiKey",
    "ApiKeyRead",
    "ApiOrigins",
    "Challenge",
    "CodeApp",
    "Consent",
    "Grant",
    "Identity",
    "IdentityProvider",
    "Link",
    "Mail",
    "Membership",
    "OperatorEntry",
    "Passkey",
    "RecoveryCode",
    "Role",
    "RoleSight",
    "Sample",
    "SessionRow",
    "SignInAttempt",
    "Store",
    "Team",
    "TeamMember",
    "User",
    "sign_up_attempts",
    "sign_ups",
]
