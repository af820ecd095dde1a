"""What is true of applications to lenders and insurers: their statuses, moves and stipulations."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Any

from app.core.errors import N_


class ApplicationKind(StrEnum):
    """Who is asked."""

    LENDER = "lender"
    INSURER = "insurer"


class ApplicationStatus(StrEnum):
    """Where an application stands."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    CONDITIONAL = "conditional"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    FUNDED = "funded"


class Owed(StrEnum):
    """What is still to be said to the partner; nothing where it is empty."""

    SUBMIT = "submit"
    DECIDE = "decide"
    WITHDRAW = "withdraw"
    FUND = "fund"


class StipulationState(StrEnum):
    """What has become of a thing the partner wants to see."""

    OPEN = "open"
    MET = "met"
    WAIVED = "waived"


KIND_LABELS = {ApplicationKind.LENDER.value: N_("Lender"), ApplicationKind.INSURER.value: N_("Insurer")}
STATUS_LABELS = {
    ApplicationStatus.SUBMITTED.value: N_("Submitted"),
    ApplicationStatus.APPROVED.value: N_("Approved"),
    ApplicationStatus.CONDITIONAL.value: N_("Approved with conditions"),
    ApplicationStatus.DECLINED.value: N_("Declined"),
    ApplicationStatus.WITHDRAWN.value: N_("Withdrawn"),
    ApplicationStatus.FUNDED.value: N_("Funded"),
}
# A partner has said yes, and no money has come yet.
AGREED = frozenset({ApplicationStatus.APPROVED, ApplicationStatus.CONDITIONAL})
# The lender stands for his part of the deal.
STANDS = AGREED | {ApplicationStatus.FUNDED}
DECISIONS = AGREED | {ApplicationStatus.DECLINED}
OPEN = AGREED | {ApplicationStatus.SUBMITTED}


def may_withdraw(status: str) -> bool:
    """Whether there is anything left to withdraw."""
    return status in OPEN


def may_fund(status: str, stipulations: list[dict[str, Any]]) -> bool:
    """Whether the lender's money may be written down: agreed, and everything he wanted to see is seen."""
    return status in AGREED and not open_stipulations(stipulations)


def open_stipulations(stipulations: list[dict[str, Any]]) -> list[str]:
    """The names of what the partner still waits for."""
    return [item["name"] for item in stipulations if item["state"] == StipulationState.OPEN]


def settled(stipulations: list[dict[str, Any]], name: str, state: StipulationState) -> list[dict[str, Any]]:
    """The stipulations with one of them in another state; raises KeyError where there is none of the name."""
    if name not in {item["name"] for item in stipulations}:
        raise KeyError(name)
    return [{**item, "state": state.value} if item["name"] == name else item for item in stipulations]


def figures_hash(figures: Mapping[str, Any]) -> str:
    """What the figures an application was made for are known by: the same text for the same figures."""
    told = json.dumps({key: str(value) for key, value in figures.items()}, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()


def days_in_transit(delivered_on: date | None, funded_on: date | None, today: date) -> int | None:
    """For how many days a delivered contract has waited for the lender's money; None for one that waits for none."""
    if delivered_on is None or funded_on is not None:
        return None
    return (today - delivered_on).days
