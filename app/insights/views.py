"""The pages of the metrics: what they are, how fresh, as trend and table, and the way to the rows behind them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext

from app.core import clock
from app.core.db import current_tenant, transaction
from app.core.db.ids import from_public, to_public
from app.core.guard.permissions import Actor, allows
from app.core.http.access import require
from app.core.http.forms import load_form
from app.core.http.sessions import current_actor
from app.crm import queries as crm
from app.crm.rules.customers import ACTIVITY_BANDS
from app.insights import queries
from app.insights.operations.recomputing import start_recompute
from app.insights.queries import Figure, SalesQuestion
from app.insights.rules import METRICS, MetricName, month_end, month_of, months_back
from app.insights.schemas import PriceArguments, StoreArguments
from app.sales.lists import TYPE_LABELS
from app.tenants import queries as tenants

bp = Blueprint("insights", __name__, template_folder="templates")

ACTIVITY, PRICE = METRICS[MetricName.CUSTOMER_ACTIVITY], METRICS[MetricName.AVERAGE_SELLING_PRICE]
MONTHS = 24
_PAGES = {
    MetricName.CUSTOMER_ACTIVITY: "insights.show_activity",
    MetricName.AVERAGE_SELLING_PRICE: "insights.show_price",
}


@bp.get("/metrics")
@require("metric.see")
def list_metrics():
    actor, asked = current_actor(), load_form(StoreArguments, request.args)
    store_id = _store_id(asked)
    bands = crm.count_by_band(actor, store_id) if allows(actor, "customer.see") else None
    question = SalesQuestion("retail", store_id=store_id)
    month = queries.find_latest_month(actor, question)
    latest = queries.get_price(actor, _narrowed(question, first=month, last=month)) if month else None
    return render_template(
        "insights/metrics.html",
        asked=asked,
        stores=_stores(actor),
        activity=ACTIVITY,
        price=PRICE,
        fresh=queries.how_fresh(),
        bands=bands,
        defined=sum(count for key, count in bands.items() if key not in ("once", "none")) if bands else 0,
        month=month,
        latest=latest,
        trend=_trend(actor, question, months_back(month, MONTHS), queries.list_prices_by_month(actor, question))
        if month
        else None,
    )


@bp.get("/metrics/customer-activity")
@require("metric.see")
def show_activity():
    actor, asked = current_actor(), load_form(StoreArguments, request.args)
    store_id = _store_id(asked)
    counts = crm.count_by_band_if_seen(actor, store_id)
    both = allows(actor, "activity.see") and allows(actor, "customer.see")
    return render_template(
        "insights/activity.html",
        asked=asked,
        stores=_stores(actor),
        metric=ACTIVITY,
        fresh=queries.how_fresh()[ACTIVITY.name.value],
        bands=[
            {
                "label": gettext(band.label),
                "count": counts[band.key],
                "url": url_for("crm.list_customers", activity=band.key, store=asked["store"] or None),
            }
            for band in ACTIVITY_BANDS
            if counts
        ],
        total=sum(counts.values()),
        months=_activity_months(actor, store_id) if both else [],
    )


@bp.get("/metrics/average-selling-price")
@require("metric.see")
def show_price():
    actor = current_actor()
    asked = load_form(PriceArguments, request.args)
    store_id = _store_id(asked)
    everything = SalesQuestion(asked["deal_type"], None, None, asked["make"], asked["model"], store_id)
    last = asked["until"] or queries.find_latest_month(actor, everything) or _this_month()
    months = months_back(last, MONTHS)
    question = SalesQuestion(asked["deal_type"], months[0], last, asked["make"], asked["model"], store_id)
    by_month = queries.list_prices_by_month(actor, question)
    linked = queries.rows_are_open(actor, store_id)
    args = {name: asked[name] for name in ("deal_type", "make", "model", "store") if asked[name]}

    def page(**changes: Any) -> str:
        return url_for("insights.show_price", **{**args, "until": f"{last:%Y-%m}", **changes})

    return render_template(
        "insights/price.html",
        metric=PRICE,
        fresh=queries.how_fresh()[PRICE.name.value],
        asked=asked,
        model_name=_model_name(actor, question) if asked["model"] else None,
        types=[
            (gettext(label), page(deal_type=key), key == asked["deal_type"], None) for key, label in TYPE_LABELS.items()
        ],
        stores=_stores(actor),
        total=queries.get_price(actor, question),
        total_url=_deals_url(question) if linked else None,
        trend=_trend(actor, question, months, by_month),
        by_month=[
            (figure, _deals_url(_narrowed(question, first=figure.key, last=figure.key)) if linked else None)
            for figure in reversed(by_month)
        ],
        by_model=[
            (
                figure,
                page(make=figure.key[0], model=figure.key[1]),
                _deals_url(_narrowed(question, make_key=figure.key[0], model_key=figure.key[1])) if linked else None,
            )
            for figure in queries.list_prices_by_model(actor, question)
        ],
        earlier=page(until=f"{months_back(months[0], 2)[0]:%Y-%m}"),
        later=page(until=f"{_later(last):%Y-%m}") if last < _this_month() else None,
        every_model=page(make=None, model=None),
        months=months,
    )


@bp.post("/metrics/<metric>/recompute")
@require("metric.recompute")
def recompute(metric: str):
    with transaction():
        start_recompute(actor=current_actor(), metric=metric)
    flash(gettext("The metric is being computed anew."))
    return redirect(url_for(_PAGES[MetricName(metric)]), 303)


def _deals_url(question: SalesQuestion) -> str:
    """The list of the deals behind a figure: the same conditions, in the words of that list."""
    first, last = question.first, question.last
    conditions = {
        "counts": "yes",
        "type": question.deal_type,
        "delivered_from": first.isoformat() if first else None,
        "delivered_to": month_end(last).isoformat() if last else None,
        "exact_make": question.make_key,
        "exact_model": question.model_key,
        "store": to_public("store", question.store_id) if question.store_id else None,
    }
    asked: dict[str, Any] = {name: value for name, value in conditions.items() if value}
    return url_for("sales.list_deals", **asked)


def _store_id(asked: dict[str, Any]) -> UUID | None:
    return from_public("store", asked["store"]) if asked["store"] else None


def _stores(actor: Actor) -> list[tuple[str, str]]:
    return [(to_public("store", store.id), store.name) for store in tenants.list_open_stores(actor, "metric.see")]


def _activity_months(actor: Actor, store_id: UUID | None) -> list[dict[str, Any]]:
    zone = current_tenant().timezone
    months = months_back(month_of(clock.today(zone)), 12)
    store = to_public("store", store_id) if store_id else None
    since = datetime.combine(months[0], time.min, ZoneInfo(zone)).astimezone(UTC)
    counts = crm.count_activities_by_month(actor, since, zone, store_id)
    return [
        {
            "label": f"{month:%Y-%m}",
            "count": counts.get(month, 0),
            "url": url_for(
                "crm.list_activities", at_from=month.isoformat(), at_to=month_end(month).isoformat(), store=store
            ),
        }
        for month in months
    ]


def _trend(actor: Actor, question: SalesQuestion, months: list[date], figures: list[Figure]) -> dict[str, list[Any]]:
    """Month by month, gaps where nothing was sold; each month opens the sales behind it where all may be seen."""
    known = {figure.key: figure for figure in figures}
    linked = queries.rows_are_open(actor, question.store_id)
    found = [known.get(month) for month in months]
    return {
        "names": [f"{month:%Y-%m}" for month in months],
        "prices": [figure.average if figure else None for figure in found],
        "sales": [figure.sales if figure else None for figure in found],
        "urls": [
            _deals_url(_narrowed(question, first=figure.key, last=figure.key)) if figure and linked else None
            for figure in found
        ],
    }


def _narrowed(question: SalesQuestion, **changes: Any) -> SalesQuestion:
    return SalesQuestion(**{**question.__dict__, **changes})


def _this_month() -> date:
    return month_of(clock.today(current_tenant().timezone))


def _later(month: date) -> date:
    return min(months_back(month, 1)[0].replace(year=month.year + 2), _this_month())


def _model_name(actor: Actor, question: SalesQuestion) -> str | None:
    models = queries.list_prices_by_model(actor, question, 1)
    return models[0].label if models else None
