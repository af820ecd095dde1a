"""What is true of leads: where they come from, their way from new to won or lost, and why they are lost."""

from __future__ import annotations

from enum import StrEnum

from app.core.errors import N_


class LeadChannel(StrEnum):
    """How the enquiry reached us; only some wait for an answer."""

    WEB = "web"
    EMAIL = "email"
    CHAT = "chat"
    PHONE = "phone"
    WALK_IN = "walk_in"


class LeadSource(StrEnum):
    """What made the person ask; `source_detail` says it closer."""

    OWN_WEBSITE = "own_website"
    PORTAL = "portal"
    MANUFACTURER = "manufacturer"
    ADVERTISING = "advertising"
    SOCIAL = "social"
    EVENT = "event"
    REFERRAL = "referral"
    REPEAT = "repeat"
    SERVICE = "service"
    OTHER = "other"


class LeadStatus(StrEnum):
    """Where an enquiry stands. Won comes of a delivered deal, lost of a stated reason."""

    NEW = "new"
    CONTACTED = "contacted"
    APPOINTMENT_SET = "appointment_set"
    VISITED = "visited"
    NEGOTIATING = "negotiating"
    WON = "won"
    LOST = "lost"


class LostReason(StrEnum):
    """Why an enquiry came to nothing."""

    NO_ANSWER = "no_answer"
    BOUGHT_ELSEWHERE = "bought_elsewhere"
    PRICE = "price"
    FINANCING = "financing"
    NOT_IN_STOCK = "not_in_stock"
    TRADE_IN = "trade_in"
    POSTPONED = "postponed"
    WRONG_DATA = "wrong_data"
    DUPLICATE = "duplicate"
    OTHER = "other"


CHANNEL_LABELS = {
    LeadChannel.WEB.value: N_("Web"),
    LeadChannel.EMAIL.value: N_("E-mail"),
    LeadChannel.CHAT.value: N_("Chat"),
    LeadChannel.PHONE.value: N_("Phone"),
    LeadChannel.WALK_IN.value: N_("Walk-in"),
}
SOURCE_LABELS = {
    LeadSource.OWN_WEBSITE.value: N_("Own website"),
    LeadSource.PORTAL.value: N_("Vehicle portal"),
    LeadSource.MANUFACTURER.value: N_("Manufacturer"),
    LeadSource.ADVERTISING.value: N_("Advertising"),
    LeadSource.SOCIAL.value: N_("Social media"),
    LeadSource.EVENT.value: N_("Event"),
    LeadSource.REFERRAL.value: N_("Referral"),
    LeadSource.REPEAT.value: N_("Bought here before"),
    LeadSource.SERVICE.value: N_("Workshop"),
    LeadSource.OTHER.value: N_("Other source"),
}
LEAD_STATUS_LABELS = {
    LeadStatus.NEW.value: N_("New lead"),
    LeadStatus.CONTACTED.value: N_("Contacted"),
    LeadStatus.APPOINTMENT_SET.value: N_("Appointment set"),
    LeadStatus.VISITED.value: N_("Visited"),
    LeadStatus.NEGOTIATING.value: N_("Negotiating"),
    LeadStatus.WON.value: N_("Won"),
    LeadStatus.LOST.value: N_("Lost"),
}
LOST_LABELS = {
    LostReason.NO_ANSWER.value: N_("Never answered"),
    LostReason.BOUGHT_ELSEWHERE.value: N_("Bought elsewhere"),
    LostReason.PRICE.value: N_("Price"),
    LostReason.FINANCING.value: N_("Financing"),
    LostReason.NOT_IN_STOCK.value: N_("Vehicle not available"),
    LostReason.TRADE_IN.value: N_("Value of the trade-in"),
    LostReason.POSTPONED.value: N_("Put off"),
    LostReason.WRONG_DATA.value: N_("Wrong or invented data"),
    LostReason.DUPLICATE.value: N_("The same enquiry twice"),
    LostReason.OTHER.value: N_("Another reason"),
}

# In the order of the way; a lead in one of these is open.
PIPELINE = (
    LeadStatus.NEW,
    LeadStatus.CONTACTED,
    LeadStatus.APPOINTMENT_SET,
    LeadStatus.VISITED,
    LeadStatus.NEGOTIATING,
)
OPEN = frozenset(PIPELINE)
ENDED = frozenset({LeadStatus.WON, LeadStatus.LOST})
# Whoever calls or stands in the showroom is being answered; the others wait until somebody does.
WAITING_CHANNELS = frozenset({LeadChannel.WEB, LeadChannel.EMAIL, LeadChannel.CHAT})


def status_on_arrival(channel: LeadChannel) -> LeadStatus:
    """Where a lead begins: who called was talked to, who walked in is here."""
    if channel is LeadChannel.WALK_IN:
        return LeadStatus.VISITED
    return LeadStatus.CONTACTED if channel is LeadChannel.PHONE else LeadStatus.NEW


def moves_from(status: LeadStatus, *, attempted: bool) -> tuple[LeadStatus, ...]:
    """The statuses a person may move a lead to, in their order; losing it and winning it have ways of their own.

    Nothing moves on before somebody has tried to reach the person, and what was answered is never new again; a lost
    lead comes back by the same rule. A won one stays as long as its deal does.
    """
    if status is LeadStatus.WON:
        return ()
    if not attempted:
        return (LeadStatus.NEW,) if status is LeadStatus.LOST else ()
    return tuple(target for target in PIPELINE if target not in (status, LeadStatus.NEW))


def advanced(status: LeadStatus, reached: LeadStatus) -> LeadStatus:
    """Where an open lead stands after something happened that belongs to `reached`: never further back."""
    if status not in OPEN:
        return status
    return reached if PIPELINE.index(reached) > PIPELINE.index(status) else status


def life(status: LeadStatus) -> tuple[tuple[LeadStatus, str], ...]:
    """The way of a lead: what lies behind is "done", where it stands "on", and how it ended early "off"."""
    if status is LeadStatus.LOST:
        return ((LeadStatus.NEW, "done"), (LeadStatus.LOST, "off"))
    way = (*PIPELINE, LeadStatus.WON)
    at = way.index(status)
    return tuple((step, "done" if place < at else "on" if place == at else "") for place, step in enumerate(way))
