"""The metrics over the API: what they mean, how fresh they are, and their figures."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from app.core.db import current_tenant
from app.core.db.ids import to_public
from app.core.http.access import require
from app.core.http.api import ApiBlueprint, answer, documented, parameter, read_parameters
from app.core.http.api.fields import write_instant, write_money
from app.core.http.api.operations import OF_LISTS
from app.core.http.sessions import current_actor
from app.crm import queries as crm
from app.insights import queries
from app.insights.api.shapes import (
    ActivityMetricSchema,
    MetricListSchema,
    PriceMetricSchema,
    PriceQuestion,
    StoreQuestion,
)
from app.insights.queries import Figure, SalesQuestion
from app.insights.rules import METRICS, Metric, MetricName

bp = ApiBlueprint("metrics", "Figures of the dealership, with what they mean and how fresh they are.")

ACTIVITY, PRICE = METRICS[MetricName.CUSTOMER_ACTIVITY], METRICS[MetricName.AVERAGE_SELLING_PRICE]
STORE = parameter("store_id", {"type": "string", "pattern": "^store_[0-9a-hjkmnp-tv-z]{26}$"}, "One store's alone")
MONTH = {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"}
WHICH = [
    STORE,
    parameter("deal_type", {"type": "string", "maxLength": 20, "default": "retail"}),
    parameter("make", {"type": "string", "maxLength": 100}, "As `by_model` has it"),
    parameter("model", {"type": "string", "maxLength": 100}, "As `by_model` has it"),
    parameter("since", MONTH, "First month"),
    parameter("until", MONTH, "Last month"),
]


@bp.route("/metrics", methods=["GET"])
@require("metric.see")
@documented(gives={200: MetricListSchema})
def list_metrics():
    """List the metrics and what they mean"""
    fresh = queries.how_fresh()
    return answer({"data": [_told(metric) | {"fresh": _fresh(fresh[name])} for name, metric in METRICS.items()]})


@bp.route("/metrics/customer-activity", methods=["GET"])
@require("metric.see")
@documented(gives={200: ActivityMetricSchema}, parameters=[STORE], problems=OF_LISTS)
def show_customer_activity():
    """Count customers by their activity"""
    store_id = read_parameters(StoreQuestion)["store_id"]
    counts = crm.count_by_band_if_seen(current_actor(), store_id)
    bands = [{"band": band, "customers": count} for band, count in counts.items()]
    return answer(_head(ACTIVITY, store_id) | {"bands": bands})


@bp.route("/metrics/average-selling-price", methods=["GET"])
@require("metric.see")
@documented(gives={200: PriceMetricSchema}, parameters=WHICH, problems=OF_LISTS)
def show_average_selling_price():
    """Average selling prices, in all, by month and by model"""
    actor, asked = current_actor(), read_parameters(PriceQuestion)
    question = SalesQuestion(
        asked["deal_type"], asked["since"], asked["until"], asked["make"], asked["model"], asked["store_id"]
    )
    by_month = queries.list_prices_by_month(actor, question)
    by_model = queries.list_prices_by_model(actor, question)
    return answer(
        _head(PRICE, asked["store_id"])
        | {
            "deal_type": question.deal_type,
            "total": _figure(queries.get_price(actor, question)),
            "by_month": [{"month": figure.label, **_figure(figure)} for figure in by_month],
            "by_model": [
                {"make": figure.key[0], "model": figure.key[1], "name": figure.label, **_figure(figure)}
                for figure in by_model
            ],
        }
    )


def _head(metric: Metric, store_id: Any) -> dict[str, Any]:
    return {
        "metric": metric.name.value,
        "version": metric.version,
        "store_id": to_public("store", store_id) if store_id else None,
        "fresh": _fresh(queries.how_fresh()[metric.name.value]),
    }


def _told(metric: Metric) -> dict[str, Any]:
    names = ("label", "definition", "unit", "null_rule", "time_zone", "population")
    words = {name: gettext(getattr(metric, name)) for name in names}
    return {"name": metric.name.value, **words, "version": metric.version}


def _fresh(fresh: queries.Fresh) -> dict[str, Any]:
    instants = {"as_of": fresh.as_of, "recomputed_at": fresh.recomputed_at}
    return {name: write_instant(at) if at else None for name, at in instants.items()} | {"waiting": fresh.waiting}


def _figure(figure: Figure) -> dict[str, Any]:
    currency = current_tenant().currency
    average = figure.average
    return {
        "sales": figure.sales,
        "total": write_money(figure.total, currency),
        "average": write_money(average, currency) if average is not None else None,
    }
