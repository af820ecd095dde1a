"""The table of the access matrix: what each route's address names, and why some are open or know no store."""

from __future__ import annotations

from tests.architecture.api_matrix import api_rows
from tests.architecture.appraisal_matrix import appraisal_rows
from tests.architecture.catalogue_matrix import catalogue_rows
from tests.architecture.deal_rows import deal_rows
from tests.architecture.drive_matrix import drive_rows
from tests.architecture.money_rows import money_rows
from tests.architecture.paper_matrix import paper_rows
from tests.architecture.pay_matrix import pay_rows
from tests.architecture.rows import Row

PLAIN = Row()
PUBLIC = Row(public=True)
# Vehicles and roles belong to the whole dealership; a session and a link to one person.
VEHICLE, ROLE = Row(("vehicle_id",), other_store=False), Row(("role_id",), other_store=False)
SESSION, PASSKEY, API_KEY = Row(("session_id",)), Row(("passkey_id",)), Row(("api_key_id",))
LINK = Row(("link_id", "token"), public=True, other_store=False)
CUSTOMER, POINT, ACTIVITY = Row(("customer_id",)), Row(("customer_id", "point_id")), Row(("activity_id",))
LEAD, STEP = Row(("lead_id",)), Row(("follow_up_id",))
UNIT = Row(("unit_id",))
STORE, USER, TEAM = Row(("store_id",)), Row(("user_id",)), Row(("team_id",))
# They belong to whoever began them; less than the right over all shows one's own and one's team's.
IMPORT, JOB = Row(("import_id",)), Row(("job_id",))
# A file is for whoever asked for it alone.
EXPORT, EXPORT_FILE = Row(("export_id",)), Row(("export_id", "file_key"))
# It belongs to the dealership; whoever may see one may see all.
SCHEDULE = Row(("schedule_id",), other_store=False)
# A notification is its reader's alone, whatever his rights.
ITEM = Row(("item_id",))
UNDO = Row(("undo_id",))
# An entry is the dealership's; less than the right over all shows what one and one's team did.
ENTRY = Row(("entry_id",))
OPERATOR, AT_CONSOLE = Row(operator=True), Row(public=True, operator=True)
FLEET = Row(("tenant_id",), operator=True)
ANNOUNCEMENT = Row(("announcement_id",), operator=True)
CONSENT = Row(("consent_id",), other_store=False)
TICKET = Row(("ticket",), public=True, other_store=False)
SIGN_UP = Row(("sign_up_id", "token"), public=True, other_store=False, bare=True)
LIST = Row(("list_name",), other_store=False, names=True)
# Seen by whoever keeps it and whom it is shared with; the one of the matrix by the whole dealership.
VIEW = Row(("view_id",), other_store=False)
POLICY = Row(("policy_kind",), other_store=False, names=True)

ROWS: dict[str, Row] = {
    # shell
    "GET /": PUBLIC,
    **dict.fromkeys(("GET /sign-up", "POST /sign-up", "GET /sign-up/mails"), PUBLIC),
    **dict.fromkeys((f"{method} /sign-up/<sign_up_id>/<token>" for method in ("GET", "POST")), SIGN_UP),
    **dict.fromkeys(("GET /api/docs", "GET /api/v1/openapi.json"), PUBLIC),
    **dict.fromkeys(("GET /healthz", "GET /readyz"), PUBLIC),
    **dict.fromkeys(("POST /samples/load", "POST /samples/remove"), PLAIN),
    "GET /static/<mark>/<path:name>": PUBLIC,
    "POST /preferences": PUBLIC,
    **dict.fromkeys(("GET /session", "GET /more", "GET /styleguide", "GET /settings", "GET /help"), PLAIN),
    **dict.fromkeys(("POST /find", "POST /recent"), PLAIN),
    "POST /undo/<undo_id>": UNDO,
    # the audit
    "GET /audit": PLAIN,
    "GET /audit/<entry_id>": ENTRY,
    # programs with keys, and the dealership's own identity provider
    **dict.fromkeys(("GET /api-keys", "GET /api-keys/new", "POST /api-keys"), PLAIN),
    **dict.fromkeys((f"POST /api-keys/<api_key_id>/{verb}" for verb in ("rotate", "revoke")), API_KEY),
    **dict.fromkeys(("GET /api-keys/<api_key_id>", "GET /api-keys/<api_key_id>/usage"), API_KEY),
    **dict.fromkeys(("GET /identity-provider", "POST /identity-provider"), PLAIN),
    **dict.fromkeys(("GET /api-origins", "POST /api-origins"), PLAIN),
    **dict.fromkeys((f"{way} /sign-in/partner/callback" for way in ("GET", "POST")), PUBLIC),
    "GET /sign-in/partner": PUBLIC,
    # saved views of lists
    "GET /lists/<list_name>/views/new": LIST,
    "POST /lists/<list_name>/views": LIST,
    "GET /lists/<list_name>/counts": LIST,
    # a view as a file
    "POST /lists/<list_name>/export": LIST,
    "GET /lists/<list_name>/export": LIST,
    "GET /exports": PLAIN,
    "GET /exports/<export_id>": EXPORT,
    "POST /exports/<export_id>/link": EXPORT,
    "GET /exports/<export_id>/file/<file_key>": EXPORT_FILE,
    "POST /exports/<export_id>/decide": EXPORT,
    "POST /exports/<export_id>/delete": EXPORT,
    "GET /exports/rules": PLAIN,
    "POST /exports/rules": PLAIN,
    "GET /exports/schedules": PLAIN,
    "GET /exports/schedules/new": PLAIN,
    "POST /exports/schedules": PLAIN,
    "GET /exports/schedules/<schedule_id>": SCHEDULE,
    "POST /exports/schedules/<schedule_id>": SCHEDULE,
    "POST /exports/schedules/<schedule_id>/delete": SCHEDULE,
    "POST /lists/<list_name>/bulk/<action_key>": Row(("list_name", "action_key"), other_store=False, names=True),
    "GET /views/<view_id>/edit": VIEW,
    "POST /views/<view_id>": VIEW,
    "POST /views/<view_id>/delete": VIEW,
    # tenants: signing in
    **dict.fromkeys(("GET /sign-in", "POST /sign-in", "GET /sign-in/again", "POST /sign-in/again"), PUBLIC),
    "POST /sign-in/again/options": PUBLIC,
    "POST /sign-out": PLAIN,
    "GET /forgotten-password": PUBLIC,
    "POST /forgotten-password": PUBLIC,
    "GET /links/<link_id>/<token>": LINK,
    "POST /links/<link_id>/<token>": LINK,
    "GET /mails": PUBLIC,
    "GET /account": PLAIN,
    "POST /account": PLAIN,
    "POST /account/password": PLAIN,
    "GET /sign-in/factor": PUBLIC,
    "POST /sign-in/factor": PUBLIC,
    "POST /sign-in/factor/options": PUBLIC,
    "POST /sign-in/passkey": PUBLIC,
    "POST /sign-in/passkey/options": PUBLIC,
    "GET /confirm": PLAIN,
    "POST /confirm": PLAIN,
    "POST /confirm/options": PLAIN,
    "GET /account/factors": PLAIN,
    "GET /account/factors/app": PLAIN,
    "POST /account/factors/app": PLAIN,
    "GET /account/factors/app/code.svg": PLAIN,
    "POST /account/factors/app/confirm": PLAIN,
    "POST /account/factors/app/remove": PLAIN,
    "POST /account/factors/codes": PLAIN,
    "POST /account/passkeys": PLAIN,
    "POST /account/passkeys/options": PLAIN,
    "POST /account/passkeys/<passkey_id>/remove": PASSKEY,
    "POST /account/sessions/<session_id>/end": SESSION,
    "POST /account/sessions/end": PLAIN,
    # tenants: administration
    "GET /stores": PLAIN,
    "POST /stores": PLAIN,
    "GET /stores/new": PLAIN,
    "GET /stores/<store_id>": STORE,
    "POST /stores/<store_id>": STORE,
    "POST /stores/<store_id>/close": STORE,
    "GET /teams": PLAIN,
    "GET /teams/new": PLAIN,
    "POST /teams": PLAIN,
    "GET /teams/<team_id>": TEAM,
    "POST /teams/<team_id>": TEAM,
    "POST /teams/<team_id>/delete": TEAM,
    "GET /users": PLAIN,
    "POST /users": PLAIN,
    "POST /users/filter": PLAIN,
    "GET /users/new": PLAIN,
    "GET /users/<user_id>": USER,
    "POST /users/<user_id>": USER,
    "POST /users/<user_id>/disable": USER,
    "POST /users/<user_id>/enable": USER,
    "POST /users/<user_id>/link": USER,
    "POST /users/<user_id>/sign-out": USER,
    **dict.fromkeys(("POST /users/<user_id>/factors/reset", "POST /users/<user_id>/identity/cut"), USER),
    "POST /users/<user_id>/sessions/<session_id>/end": Row(("user_id", "session_id")),
    "GET /roles": PLAIN,
    "POST /roles": PLAIN,
    "GET /roles/new": PLAIN,
    "GET /roles/<role_id>": ROLE,
    "POST /roles/<role_id>": ROLE,
    "POST /roles/<role_id>/review": ROLE,
    "POST /roles/<role_id>/preview": ROLE,
    "POST /preview/end": PLAIN,
    "GET /roles/explain": PLAIN,
    "POST /roles/<role_id>/delete": ROLE,
    "POST /roles/<role_id>/factor": ROLE,
    # tenants: letting the operator in
    "GET /operator-access": PLAIN,
    "POST /operator-access": PLAIN,
    "POST /operator-access/<consent_id>/withdraw": CONSENT,
    "GET /operator-entry/<ticket>": TICKET,
    "POST /operator-entry/<ticket>": TICKET,
    "POST /announcements/put-away": PLAIN,
    # crm
    "GET /customers": PLAIN,
    "POST /customers": PLAIN,
    "POST /customers/filter": PLAIN,
    "GET /customers/new": PLAIN,
    "GET /customers/quick": PLAIN,
    "POST /customers/quick": PLAIN,
    "POST /customers/duplicates": PLAIN,
    "GET /customers/<customer_id>": CUSTOMER,
    "GET /customers/<customer_id>/edit": CUSTOMER,
    "POST /customers/<customer_id>/edit": CUSTOMER,
    "POST /customers/<customer_id>/delete": CUSTOMER,
    "POST /customers/<customer_id>/activities": CUSTOMER,
    **dict.fromkeys((f"POST /customers/<customer_id>/{what}reveal" for what in ("", "id-number/")), CUSTOMER),
    "POST /customers/<customer_id>/contacts": CUSTOMER,
    "POST /customers/<customer_id>/contacts/<uuid:point_id>/delete": POINT,
    "POST /customers/<customer_id>/contacts/<uuid:point_id>/reveal": POINT,
    **dict.fromkeys(("GET /leads", "POST /leads", "GET /pipeline", "GET /leads/new", "GET /leads/rules"), PLAIN),
    **dict.fromkeys(("GET /leads/quick", "POST /leads/quick"), PLAIN),
    "GET /leads/speed": PLAIN,
    "POST /leads/rules/<store_id>": STORE,
    "GET /leads/<lead_id>": LEAD,
    **dict.fromkeys((f"{method} /leads/<lead_id>/{what}" for method in ("GET", "POST")
                     for what in ("edit", "assign", "lose")), LEAD),
    **dict.fromkeys((f"POST /leads/<lead_id>/{what}" for what in ("take", "move", "log", "delete")), LEAD),
    "GET /follow-ups": PLAIN,
    "POST /customers/<customer_id>/follow-ups": CUSTOMER,
    "GET /follow-ups/<follow_up_id>/edit": STEP,
    **dict.fromkeys((f"POST /follow-ups/<follow_up_id>/{what}" for what in ("edit", "done", "delete")), STEP),
    "GET /activities": PLAIN,
    "GET /activities/<activity_id>/edit": ACTIVITY,
    "POST /activities/<activity_id>/edit": ACTIVITY,
    "POST /activities/<activity_id>/delete": ACTIVITY,
    # inventory
    "GET /vehicles": PLAIN,
    "POST /vehicles": PLAIN,
    "POST /vehicles/filter": PLAIN,
    "GET /vehicles/all": PLAIN,
    "POST /vehicles/all/filter": PLAIN,
    "GET /vehicles/new": PLAIN,
    "POST /vehicles/new": PLAIN,
    "POST /vehicles/vin": PLAIN,
    "GET /vehicles/<vehicle_id>": VEHICLE,
    "GET /vehicles/<vehicle_id>/edit": VEHICLE,
    "POST /vehicles/<vehicle_id>/edit": VEHICLE,
    "POST /vehicles/<vehicle_id>/delete": VEHICLE,
    "GET /vehicles/<vehicle_id>/odometer": VEHICLE,
    "POST /vehicles/<vehicle_id>/odometer": VEHICLE,
    "GET /vehicles/<vehicle_id>/stock-in": VEHICLE,
    "POST /vehicles/<vehicle_id>/stock-in": VEHICLE,
    **dict.fromkeys((f"GET /stock/<unit_id>/{verb}" for verb in ("edit", "move", "price")), UNIT),
    **dict.fromkeys((f"POST /stock/<unit_id>/{verb}" for verb in ("edit", "move", "price")), UNIT),
    **appraisal_rows(),
    "POST /stock/<unit_id>/delete": UNIT,
    # sales
    **deal_rows(),
    **money_rows(),
    "GET /sales-settings": PLAIN,
    **dict.fromkeys((f"{way} /sales-settings/<policy_kind>" for way in ("GET", "POST")), POLICY),
    # insights
    "GET /metrics": PLAIN,
    "GET /metrics/average-selling-price": PLAIN,
    "GET /metrics/customer-activity": PLAIN,
    "POST /metrics/<metric>/recompute": Row(("metric",), other_store=False, names=True),
    # imports and jobs
    "GET /imports": PLAIN,
    "POST /imports": PLAIN,
    "GET /imports/new": PLAIN,
    "GET /imports/<import_id>": IMPORT,
    "GET /imports/<import_id>/columns": IMPORT,
    "POST /imports/<import_id>/columns": IMPORT,
    "POST /imports/<import_id>/check": IMPORT,
    "POST /imports/<import_id>/run": IMPORT,
    "POST /imports/<import_id>/undo": IMPORT,
    "GET /imports/<import_id>/failed-rows": IMPORT,
    "GET /jobs": PLAIN,
    "GET /jobs/tray": PLAIN,
    "GET /jobs/<job_id>": JOB,
    "GET /jobs/<job_id>/progress": JOB,
    "POST /jobs/<job_id>/cancel": JOB,
    "POST /jobs/<job_id>/retry": JOB,
    # notifications
    "GET /inbox": PLAIN,
    "POST /inbox/done": PLAIN,
    "POST /inbox/read": PLAIN,
    "GET /inbox/preferences": PLAIN,
    "POST /inbox/preferences": PLAIN,
    "POST /inbox/<item_id>/read": ITEM,
    "POST /inbox/<item_id>/done": ITEM,
    "POST /inbox/<item_id>/open": ITEM,
    # the console
    "GET /platform": OPERATOR,
    "GET /platform/sign-in": AT_CONSOLE,
    "POST /platform/sign-in": AT_CONSOLE,
    "POST /platform/sign-out": OPERATOR,
    "GET /platform/links/<token>": Row(("token",), public=True, operator=True),
    "POST /platform/links/<token>": Row(("token",), public=True, operator=True),
    "GET /platform/dealerships": OPERATOR,
    "POST /platform/dealerships": OPERATOR,
    "GET /platform/dealerships/new": OPERATOR,
    "GET /platform/dealerships/<tenant_id>": FLEET,
    **dict.fromkeys((f"POST /platform/dealerships/<tenant_id>/{name}"
                     for name in ("suspend", "resume", "delete", "hosts", "hosts/remove", "entry")), FLEET),
    "GET /platform/fleet": OPERATOR,
    "POST /platform/fleet/migrate": OPERATOR,
    "GET /platform/queues": OPERATOR,
    "POST /platform/queues/look": OPERATOR,
    "POST /platform/queues/replay": OPERATOR,
    "GET /platform/usage": OPERATOR,
    "POST /platform/usage/count": OPERATOR,
    "GET /platform/announcements": OPERATOR,
    "POST /platform/announcements": OPERATOR,
    **dict.fromkeys((f"{verb} /platform/announcements/<announcement_id>" for verb in ("GET", "POST")), ANNOUNCEMENT),
    "POST /platform/announcements/<announcement_id>/withdraw": ANNOUNCEMENT,
    "GET /platform/operators": OPERATOR,
    "POST /platform/operators": OPERATOR,
    **dict.fromkeys((f"POST /platform/operators/<operator_id>/{name}" for name in ("link", "enable", "disable")),
                    Row(("operator_id",), operator=True)),
    "POST /platform/operators/sessions/<session_id>/end": Row(("session_id",), operator=True),
    "GET /platform/audit": OPERATOR,
}

# The API's own table is beside this one.
ROWS.update(api_rows() | catalogue_rows() | drive_rows() | paper_rows() | pay_rows())
