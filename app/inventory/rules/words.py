"""What the states of stock, numbers and readings are called, marked for translation."""

from __future__ import annotations

from app.core.errors import N_
from app.inventory.rules.appraisals import EXPIRED, AppraisalStatus, Area, Finding
from app.inventory.rules.odometer import OdometerStatus, OdometerUnit
from app.inventory.rules.stock import Condition, StockStatus
from app.inventory.rules.vin import VinStatus

STATUS_LABELS = {
    StockStatus.IN_TRANSIT.value: N_("In transit"),
    StockStatus.IN_RECON.value: N_("Reconditioning"),
    StockStatus.AVAILABLE.value: N_("In stock"),
    StockStatus.ON_HOLD.value: N_("On hold"),
    StockStatus.SOLD.value: N_("Sold"),
    StockStatus.DELIVERED.value: N_("Delivered"),
    StockStatus.WHOLESALED.value: N_("Wholesaled"),
    StockStatus.DEALER_TRADE_OUT.value: N_("Traded to a dealer"),
}
CONDITION_LABELS = {
    Condition.NEW.value: N_("New"),
    Condition.USED.value: N_("Used"),
    Condition.CERTIFIED.value: N_("Certified"),
}
VIN_STATUS_LABELS = {
    VinStatus.VALID.value: N_("Check digit is right"),
    VinStatus.STRUCTURE_ONLY.value: N_("Right shape, check digit not confirmed"),
    VinStatus.INCOMPLETE.value: N_("Short number"),
    VinStatus.NOT_VIN.value: N_("Not a VIN"),
}
ODOMETER_STATUS_LABELS = {
    OdometerStatus.UNKNOWN.value: N_("Unknown"),
    OdometerStatus.ORIGINAL.value: N_("Original"),
    OdometerStatus.REPLACED.value: N_("Replaced"),
    OdometerStatus.ROLLEDOVER.value: N_("Rolled over"),
}
ODOMETER_UNIT_LABELS = {OdometerUnit.KM.value: N_("km"), OdometerUnit.MI.value: N_("mi")}
APPRAISAL_LABELS = {
    AppraisalStatus.DRAFT.value: N_("Draft"),
    AppraisalStatus.SUBMITTED.value: N_("Waiting for approval"),
    AppraisalStatus.APPROVED.value: N_("Approved"),
    EXPIRED: N_("Expired"),
    AppraisalStatus.DECLINED.value: N_("Declined"),
}
AREA_LABELS = {
    Area.FRONT.value: N_("Front"),
    Area.HOOD.value: N_("Hood"),
    Area.LEFT_SIDE.value: N_("Left side"),
    Area.REAR.value: N_("Rear"),
    Area.RIGHT_SIDE.value: N_("Right side"),
    Area.ROOF.value: N_("Roof"),
    Area.GLASS.value: N_("Glass"),
    Area.LIGHTS.value: N_("Lights"),
    Area.TYRES.value: N_("Tyres and wheels"),
    Area.UNDERBODY.value: N_("Underbody"),
    Area.INTERIOR.value: N_("Interior"),
    Area.ELECTRONICS.value: N_("Electronics"),
    Area.ENGINE.value: N_("Engine"),
    Area.GEARBOX.value: N_("Gearbox"),
    Area.BRAKES.value: N_("Brakes and suspension"),
    Area.KEYS.value: N_("Keys and papers"),
}
FINDING_LABELS = {
    Finding.OK.value: N_("OK"),
    Finding.MINOR.value: N_("Minor"),
    Finding.MAJOR.value: N_("Major"),
    Finding.NOT_CHECKED.value: N_("Not checked"),
}
