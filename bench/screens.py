"""Every screen there is, by address, and how to find a record to show on those that need one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from playwright.sync_api import Page

# The hosts a screen can be at. Each is signed in at in its own way (`bench/hosts.py`), the bare one not at all.
DEALERSHIP, CONSOLE, BARE = "dealership", "console", "bare"


@dataclass(frozen=True)
class Screen:
    """One screen: `{name}` in its path stands for the first record found by FINDERS, or one that was made for it."""

    name: str
    path: str
    signed_in: bool = True
    host: str = DEALERSHIP
    # Send its form empty first: what a person sees who has forgotten everything.
    refused: bool = False
    status: int = 200


SCREENS = (
    Screen("sign-in", "/sign-in", signed_in=False),
    Screen("sign-in-refused", "/sign-in", signed_in=False, refused=True),
    Screen("forgotten-password", "/forgotten-password", signed_in=False),
    Screen("mails", "/mails", signed_in=False),
    Screen("today", "/"),
    Screen("more", "/more"),
    Screen("styleguide", "/styleguide"),
    Screen("account", "/account"),
    Screen("second-factors", "/account/factors"),
    Screen("inbox", "/inbox"),
    Screen("inbox-done", "/inbox?view=done"),
    Screen("inbox-preferences", "/inbox/preferences"),
    Screen("settings", "/settings"),
    Screen("help", "/help"),
    Screen("customers", "/customers"),
    Screen("customers-nothing-found", "/customers?activity=none&kind=business"),
    Screen("customer", "{customer}"),
    Screen("customer-edit", "{customer}/edit"),
    Screen("customer-quick", "/customers/quick"),
    Screen("customer-quick-refused", "/customers/quick", refused=True),
    Screen("customer-new", "/customers/new"),
    Screen("customer-new-refused", "/customers/new", refused=True),
    Screen("activities", "/activities"),
    Screen("follow-ups", "/follow-ups"),
    Screen("test-drives", "/test-drives?view=all"),
    Screen("test-drive-new", "/test-drives/new"),
    Screen("leads", "/leads"),
    Screen("leads-board", "/leads?layout=board"),
    Screen("lead", "{lead}"),
    Screen("lead-edit", "{lead}/edit"),
    Screen("lead-assign", "{lead}/assign"),
    Screen("lead-lose", "{lead}/lose"),
    Screen("lead-lose-refused", "{lead}/lose", refused=True),
    Screen("lead-quick", "/leads/quick"),
    Screen("lead-quick-refused", "/leads/quick", refused=True),
    Screen("lead-rules", "/leads/rules"),
    Screen("lead-speed", "/leads/speed"),
    Screen("vehicles", "/vehicles"),
    Screen("vehicles-preview", "{peek}"),
    Screen("vehicles-all", "/vehicles/all"),
    Screen("view-new", "/lists/stock_units/views/new?status=in_transit"),
    Screen("vehicles-board", "/vehicles?status=in_stock&layout=board"),
    Screen("vehicle", "{vehicle}"),
    Screen("vehicle-edit", "{vehicle}/edit"),
    Screen("vehicle-odometer", "{vehicle}/odometer"),
    Screen("vehicle-new", "/vehicles/new"),
    Screen("vehicle-new-by-hand", "/vehicles/new?by=hand"),
    Screen("appraisals", "/appraisals"),
    Screen("appraisal", "{appraisal}"),
    Screen("appraisal-value", "{appraisal}/edit"),
    Screen("appraisal-new", "/appraisals/new"),
    Screen("appraisal-new-refused", "/appraisals/new", refused=True),
    Screen("unit-price", "{price}"),
    Screen("unit-status", "{move}"),
    Screen("unit-edit", "{unit_edit}"),
    Screen("deals", "/deals"),
    Screen("deal", "{deal}"),
    Screen("deal-edit", "{deal}/edit"),
    Screen("deal-checklist", "{deal}/delivery-checklist"),
    Screen("document-sign", "{document}/sign"),
    Screen("document-sign-refused", "{document}/sign", refused=True),
    Screen("document-void", "{document}/void"),
    Screen("document-void-refused", "{document}/void", refused=True),
    Screen("sales-settings-documents", "/sales-settings/documents"),
    Screen("deal-correct", "{deal}/correct"),
    Screen("deal-start", "/deals/start"),
    Screen("deal-new", "/deals/new"),
    Screen("deal-new-refused", "/deals/new", refused=True),
    Screen("deal-application-new", "{deal}/applications/new"),
    Screen("payments", "/payments"),
    Screen("payments-day", "/payments/day"),
    Screen("applications", "/applications"),
    Screen("metrics", "/metrics"),
    Screen("metric-price", "/metrics/average-selling-price"),
    Screen("metric-activity", "/metrics/customer-activity"),
    Screen("stores", "/stores"),
    Screen("store", "{store}"),
    Screen("store-new-refused", "/stores/new", refused=True),
    Screen("teams", "/teams"),
    Screen("team-new", "{team_new}"),
    Screen("users", "/users"),
    Screen("user", "{user}"),
    Screen("user-new-refused", "/users/new", refused=True),
    Screen("roles", "/roles"),
    Screen("role", "{role}"),
    Screen("role-new", "/roles/new?like=sales_manager"),
    Screen("role-explain", "/roles/explain"),
    Screen("my-pay", "/my-pay"),
    Screen("commission", "/commission"),
    Screen("commission-closed", "/commission/closed"),
    Screen("commission-plans", "/commission-plans"),
    Screen("commission-plan-new", "/commission-plans/new"),
    Screen("sales-settings", "/sales-settings"),
    Screen("sales-setting-approval", "/sales-settings/approval"),
    Screen("sales-setting-gross", "/sales-settings/gross"),
    Screen("sales-setting-reservation", "/sales-settings/reservation"),
    Screen("sales-setting-fees", "/sales-settings/fees"),
    Screen("fi-products", "/fi-products"),
    Screen("fi-product-new", "/fi-products/new"),
    Screen("fi-loan-new", "/fi-products/new?kind=loan"),
    Screen("tax-rules", "/tax-rules"),
    Screen("tax-rule-new", "/tax-rules/new"),
    Screen("api-origins", "/api-origins"),
    Screen("identity-provider", "/identity-provider"),
    Screen("identity-provider-refused", "/identity-provider", refused=True),
    Screen("api-keys", "/api-keys"),
    Screen("api-key", "{api_key}"),
    Screen("api-key-usage", "{api_key}/usage"),
    Screen("api-key-new", "/api-keys/new"),
    Screen("api-key-new-refused", "/api-keys/new", refused=True),
    Screen("api-reference", "/api/docs"),
    Screen("audit", "/audit"),
    Screen("audit-entry", "{audit_entry}"),
    Screen("operator-access", "/operator-access"),
    Screen("imports", "/imports"),
    Screen("import-new", "/imports/new"),
    Screen("import", "{import}"),
    Screen("import-columns", "{import}/columns"),
    Screen("jobs", "/jobs"),
    Screen("exports", "/exports"),
    Screen("export-new", "/lists/customers/export"),
    Screen("export-new-refused", "/lists/customers/export", refused=True),
    Screen("export", "{export}"),
    Screen("export-rules", "/exports/rules"),
    Screen("export-schedules", "/exports/schedules"),
    Screen("export-schedule-new-refused", "/exports/schedules/new", refused=True),
    Screen("job", "{job}"),
    Screen("nothing-here", "/customers/cus_nothing", status=404),
    Screen("start", "/", signed_in=False, host=BARE),
    Screen("start-nothing-found", "/?dealership=nobody", signed_in=False, host=BARE),
    Screen("start-api-reference", "/api/docs", signed_in=False, host=BARE),
    Screen("sign-up", "/sign-up", signed_in=False, host=BARE),
    Screen("sign-up-refused", "/sign-up", signed_in=False, host=BARE, refused=True),
    Screen("sign-up-sent", "/sign-up?sent=1", signed_in=False, host=BARE),
    Screen("sign-up-mails", "/sign-up/mails", signed_in=False, host=BARE),
    Screen("sign-up-link", "{sign_up}", signed_in=False, host=BARE),
    Screen("sign-up-link-over", "/sign-up/sgn_nothing/x", signed_in=False, host=BARE, status=404),
    Screen("bare-nothing-here", "/nothing", signed_in=False, host=BARE, status=404),
    Screen("console-sign-in", "/platform/sign-in", signed_in=False, host=CONSOLE),
    Screen("console-sign-in-refused", "/platform/sign-in", signed_in=False, host=CONSOLE, refused=True),
    Screen("console-link", "{operator_link}", signed_in=False, host=CONSOLE),
    Screen("console-link-refused", "{operator_link}", signed_in=False, host=CONSOLE, refused=True),
    Screen("console", "/platform", host=CONSOLE),
    Screen("console-dealerships", "/platform/dealerships", host=CONSOLE),
    Screen("console-dealerships-nothing-found", "/platform/dealerships?q=nobody", host=CONSOLE),
    Screen("console-dealership", "{dealership}", host=CONSOLE),
    Screen("console-dealership-refused", "{dealership}", host=CONSOLE, refused=True),
    Screen("console-dealership-new", "/platform/dealerships/new", host=CONSOLE),
    Screen("console-dealership-new-refused", "/platform/dealerships/new", host=CONSOLE, refused=True),
    Screen("console-queues", "/platform/queues", host=CONSOLE),
    Screen("console-fleet", "/platform/fleet", host=CONSOLE),
    Screen("console-usage", "/platform/usage", host=CONSOLE),
    Screen("console-announcements", "/platform/announcements", host=CONSOLE),
    Screen("console-announcements-refused", "/platform/announcements", host=CONSOLE, refused=True),
    Screen("console-announcement", "{announcement}", host=CONSOLE),
    Screen("console-operators", "/platform/operators", host=CONSOLE),
    Screen("console-operators-refused", "/platform/operators", host=CONSOLE, refused=True),
    Screen("console-audit", "/platform/audit", host=CONSOLE),
    Screen("console-nothing-here", "/platform/dealerships/nothing", host=CONSOLE, status=404),
)

# Name -> the page to look on, and the address of a record there, or of what is done to it: then a group is the record.
FINDERS: Mapping[str, tuple[str, str]] = {
    "customer": ("/customers", r"/customers/cus_\w+"),
    "vehicle": ("/vehicles?status=in_stock", r"/vehicles/veh_\w+"),
    "peek": ("/vehicles?status=in_stock", r"/vehicles\?status=in_stock&peek=unit_\w+"),
    "appraisal": ("/appraisals", r"/appraisals/apr_\w+"),
    "price": ("{vehicle}", r"/stock/unit_\w+/price"),
    "move": ("{vehicle}", r"/stock/unit_\w+/move"),
    "unit_edit": ("{vehicle}", r"/stock/unit_\w+/edit"),
    "deal": ("/deals", r"/deals/deal_\w+"),
    "document": ("{deal}", r"(/documents/doc_\w+)/sign"),
    "lead": ("/leads", r"/leads/lead_\w+"),
    "store": ("/stores", r"/stores/store_\w+"),
    "team_new": ("{store}", r"/teams/new\?store=store_\w+"),
    "user": ("/users", r"/users/usr_\w+"),
    "role": ("/roles", r"/roles/role_\w+"),
    "job": ("/jobs", r"/jobs/job_\w+"),
    "export": ("/exports", r"/exports/exp_\w+"),
    "api_key": ("/api-keys?state=", r"/api-keys/apk_\w+"),
    "audit_entry": ("/audit", r"/audit/aud_\w+"),
    "import": ("/imports", r"/imports/imp_\w+"),
}


def find_records(page: Page, base: str) -> dict[str, str]:
    """Name -> the path of the first such record a signed-in visitor is shown; what has no page yet is left out."""
    found: dict[str, str] = {}
    for name, (where, shape) in FINDERS.items():
        path = filled(where, found)
        if path is None or (answer := page.goto(base + path)) is None or not answer.ok:
            continue
        links = [link.get_attribute("href") or "" for link in page.locator("main a[href]").all()]
        known = next((match for link in links if (match := re.fullmatch(shape, link))), None)
        if known:
            found[name] = known[known.re.groups]
    return found


def filled(path: str, records: Mapping[str, str]) -> str | None:
    """A path with its records filled in, or None when one of them is not there."""
    try:
        return path.format_map(records)
    except KeyError:
        return None


def open_screen(page: Page, bases: Mapping[str, str], screen: Screen, records: Mapping[str, str]) -> int | None:
    """Show a screen at its host's address; its status, or None where there is no such host, page or record."""
    path = filled(screen.path, records)
    if path is None or screen.host not in bases:
        return None
    answer = page.goto(bases[screen.host] + path)
    if answer is None or (answer.status == 404 and screen.status != 404):
        return None
    if screen.refused:
        with page.expect_navigation():
            page.locator("main form button[type=submit].b-p").last.click()
        return 200
    return answer.status
