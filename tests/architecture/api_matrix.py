"""The API's part of the access matrix: one line for each kind of record."""

from __future__ import annotations

from collections.abc import Iterator

from tests.architecture.rows import Row

# What can be done with one record under its own address.
ONE = ("GET", "PATCH", "DELETE")


def kind(
    path: str,
    argument: str,
    *,
    ways: tuple[str, ...] = ONE,
    verbs: tuple[str, ...] = (),
    plain: tuple[str, ...] = (),
    other_store: bool = True,
) -> Iterator[tuple[str, Row]]:
    """The rows of one kind of record.

    `ways` under its own address, `verbs` (`POST approve`) below that, and `plain` ones (`POST batch`, `GET`) that name
    no record.
    """
    one = Row((argument,), other_store=other_store)
    for asked in plain:
        method, _, rest = asked.partition(" ")
        yield f"{method} /api/v1/{path}{'/' if rest else ''}{rest}", Row()
    for method in ways:
        yield f"{method} /api/v1/{path}/<{argument}>", one
    for asked in verbs:
        method, _, rest = asked.partition(" ")
        yield f"{method} /api/v1/{path}/<{argument}>/{rest}", one


def api_rows() -> dict[str, Row]:
    """Every route of the API."""
    contact = Row(("customer_id", "contact_id"))
    sheet, trade = (f"/api/v1/deals/<deal_id>/{name}" for name in ("worksheets/<worksheet_id>", "trade-ins/<trade_id>"))
    return {
        "GET /api/v1/me": Row(),
        **dict.fromkeys(("POST /api/v1/search/query", "GET /api/v1/changes", "GET /api/v1/metrics"), Row()),
        "GET /api/v1/lead-speed": Row(),
        "GET /api/v1/metrics/customer-activity": Row(),
        "GET /api/v1/metrics/average-selling-price": Row(),
        **dict(
            kind(
                "customers", "customer_id", plain=("GET", "POST", "POST query", "POST batch"),
                verbs=("GET contacts", "POST contacts", "POST id-number/reveal"),
            )
        ),
        "DELETE /api/v1/customers/<customer_id>/contacts/<contact_id>": contact,
        "POST /api/v1/customers/<customer_id>/contacts/<contact_id>/reveal": contact,
        **dict(kind("activities", "activity_id", plain=("GET", "POST", "POST batch"))),
        **dict(
            kind(
                "leads", "lead_id", plain=("GET", "POST", "POST batch"),
                verbs=("POST assign", "POST move", "POST lose"),
            )
        ),
        **dict(
            kind("follow-ups", "follow_up_id", plain=("GET", "POST"), verbs=("POST done",))
        ),
        **dict(
            kind(
                "test-drives", "test_drive_id", ways=("GET", "PATCH"), plain=("GET", "POST"),
                verbs=("POST check-licence", "POST out", "POST back", "POST cancel"),
            )
        ),
        # A vehicle belongs to no store.
        **dict(
            kind(
                "vehicles", "vehicle_id", plain=("GET", "POST", "POST query", "POST decode-vin", "POST batch"),
                verbs=("GET odometer-readings", "POST odometer-readings"), other_store=False,
            )
        ),
        **dict(
            kind(
                "stock-units", "unit_id", plain=("GET", "POST", "POST query", "POST batch"),
                verbs=("POST move", "POST transfer", "POST price", "GET price-changes"),
            )
        ),
        **dict(
            kind(
                "appraisals", "appraisal_id", plain=("GET", "POST"),
                verbs=("POST submit", "POST approve", "POST decline"),
            )
        ),
        **dict(
            kind(
                "deals", "deal_id", plain=("GET", "POST", "POST batch"),
                verbs=(
                    "POST move", "POST deliver", "POST unwind", "POST correct", "POST approval-requests",
                    "POST reservations", "POST release", "GET worksheets", "POST worksheets", "GET trade-ins",
                    "POST trade-ins",
                ),
            )
        ),
        **dict.fromkeys((f"{way} {sheet}" for way in ("GET", "PUT", "DELETE")), Row(("deal_id", "worksheet_id"))),
        f"POST {sheet}/choose": Row(("deal_id", "worksheet_id")),
        f"POST {sheet}/scenarios/<scenario_id>/choose": Row(("deal_id", "worksheet_id", "scenario_id")),
        **dict.fromkeys((f"{way} {trade}" for way in ONE), Row(("deal_id", "trade_id"))),
        **dict(
            kind("fi-products", "product_id", ways=("GET", "PATCH"), plain=("GET", "POST"), other_store=False)
        ),
        **dict(kind("tax-rules", "rule_id", plain=("GET", "POST"), other_store=False)),
        **dict(kind("payments", "payment_id", ways=("GET",), plain=("GET",), verbs=("GET receipt", "POST refund"))),
        **dict(
            kind(
                "applications", "application_id", ways=("GET",), plain=("GET",),
                verbs=("POST withdraw", "POST stipulations", "POST fund"),
            )
        ),
        **dict(kind("deals", "deal_id", ways=(), verbs=("POST payments", "POST applications"))),
        **dict(kind("stores", "store_id", ways=("GET", "PATCH"), plain=("GET", "POST"), verbs=("POST close",))),
        **dict(
            kind(
                "users", "user_id", ways=("GET", "PATCH"), plain=("GET", "POST", "POST query"),
                verbs=("POST memberships", "POST disable", "POST enable"),
            )
        ),
        **dict(kind("roles", "role_id", plain=("GET", "POST"), other_store=False)),
        **dict(kind("teams", "team_id", plain=("GET", "POST"))),
        **dict(kind("saved-views", "view_id", plain=("GET", "POST"), other_store=False)),
        **dict(kind("audit-events", "entry_id", ways=("GET",), plain=("GET",))),
        **dict(
            kind("jobs", "job_id", ways=("GET",), plain=("GET",), verbs=("POST cancel", "POST retry", "GET skipped"))
        ),
        **dict(kind("files", "file_id", ways=("GET", "DELETE"), plain=("GET", "POST"), verbs=("POST complete",))),
        "PUT /api/v1/files/<file_id>/parts/<int:part_number>": Row(("file_id", "part_number")),
        **dict(
            kind(
                "imports", "import_id", ways=("GET",), plain=("GET", "POST", "GET kinds"),
                verbs=("GET columns", "PUT mapping", "POST check", "POST run", "POST undo", "GET errors"),
            )
        ),
        **dict(
            kind(
                "exports", "export_id", ways=("GET",), plain=("GET", "POST", "GET lists"),
                verbs=("POST link", "DELETE file"),
            )
        ),
        "GET /api/v1/exports/<export_id>/file/<file_key>": Row(("export_id", "file_key")),
    }  # fmt: skip
