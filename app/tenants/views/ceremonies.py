"""Passkeys as the standard says: what a browser is asked, and whether its answer is true.

The library behind it is large, so that this file is imported by the first request that needs it (`showing.ceremonies`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

import webauthn
from webauthn.helpers import base64url_to_bytes, options_to_json_dict
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.tenants.errors import PasskeyRefused
from app.tenants.models import Passkey
from app.tenants.operations.factors import NewPasskey

# The library refuses with its own errors; what is no JSON, or not of the right shape, is met earlier.
REFUSALS = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError)


class Place(NamedTuple):
    """Where the ceremony takes place: the host a passkey is good at, and the address the browser must have seen."""

    host: str
    origin: str


def creation_options(
    place: Place, nonce: bytes, *, dealership: str, user_id: bytes, email: str, name: str, known: Iterable[bytes]
) -> dict[str, Any]:
    """What a browser is asked for a new passkey: one that finds its account by itself and asks who holds it."""
    options = webauthn.generate_registration_options(
        rp_id=place.host,
        rp_name=dealership,
        user_id=user_id,
        user_name=email,
        user_display_name=name,
        challenge=nonce,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=credential_id) for credential_id in known],
    )
    return options_to_json_dict(options)


def request_options(place: Place, nonce: bytes, allowed: Iterable[bytes] = ()) -> dict[str, Any]:
    """What a browser is asked for a signature; without `allowed` any passkey of this host will do."""
    options = webauthn.generate_authentication_options(
        rp_id=place.host,
        challenge=nonce,
        allow_credentials=[PublicKeyCredentialDescriptor(id=credential_id) for credential_id in allowed],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def check_creation(place: Place, nonce: bytes, answer: str) -> NewPasskey:
    """The passkey a browser has made; raises PasskeyRefused."""
    try:
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=nonce,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            require_user_verification=True,
        )
    except REFUSALS as error:
        raise PasskeyRefused from error
    synced = made.credential_device_type == CredentialDeviceType.MULTI_DEVICE
    return NewPasskey(made.credential_id, made.credential_public_key, place.host, made.sign_count, synced)


def credential_of(answer: str) -> bytes:
    """Which passkey a browser has signed with; raises PasskeyRefused."""
    try:
        return base64url_to_bytes(json.loads(answer)["rawId"])
    except REFUSALS as error:
        raise PasskeyRefused from error


def check_signature(place: Place, nonce: bytes, key: Passkey, answer: str) -> int:
    """How often the passkey says it was used, its signature being right; raises PasskeyRefused.

    A count that does not grow tells of a copy, and is refused; keys that never count say 0.
    """
    try:
        shown = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=nonce,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=key.public_key,
            credential_current_sign_count=key.uses,
            require_user_verification=True,
        )
    except REFUSALS as error:
        raise PasskeyRefused from error
    return shown.new_sign_count
