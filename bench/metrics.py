"""The activity metric over many rows: in full beside one scan and an ORM loop, and incrementally beside in full."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import psycopg
from sqlalchemy import func, select, text

from app.core.db import current_tenant, db, scopes, tenant, transaction
from app.core.db.session import open_transaction
from app.core.guard.permissions import system_actor
from app.crm import queries
from app.crm.operations.summaries import recompute_summaries
from app.crm.rules.customers import gap_index_of
from app.insights.operations import dues, metrics
from app.insights.rules import MetricName
from bench.ground import Ground, make_tenant, scratch
from bench.report import finish, middle, say, table

METRIC = MetricName.CUSTOMER_ACTIVITY
GROWN = {"shared_buffers": "512MB", "work_mem": "32MB", "max_wal_size": "4GB"}
PASS = text(
    "SELECT sum(n), max(latest) FROM (SELECT customer_id, max(at) AS latest, count(*) AS n"
    " FROM crm_activities GROUP BY customer_id) AS one_pass"
)
# An independent formulation, to compare the stored rows with once.
WRONG = text(
    "SELECT count(*) FROM (SELECT customer_id, max(n) AS n, max(at) FILTER (WHERE place = 1) AS latest,"
    " max(at) FILTER (WHERE place = 2) AS previous FROM (SELECT customer_id, at,"
    " row_number() OVER (PARTITION BY customer_id ORDER BY at DESC) AS place,"
    " count(*) OVER (PARTITION BY customer_id) AS n FROM crm_activities) AS numbered GROUP BY customer_id) AS expected"
    " FULL JOIN crm_activity_summaries AS stored USING (customer_id)"
    " WHERE (expected.n, expected.latest, expected.previous)"
    " IS DISTINCT FROM (stored.activities::bigint, stored.last_at, stored.previous_at)"
)
CUSTOMERS = text(
    "INSERT INTO crm_customers (id, kind, name, name_key, store_id) SELECT gen_random_uuid(), 'individual',"
    " 'Customer ' || n, 'customer ' || n, (SELECT id FROM tenants_stores LIMIT 1) FROM generate_series(1, :customers) n"
)
# Every customer has some, a few have many; times are spread over two years to the microsecond.
ACTIVITIES = text(
    "WITH numbered AS (SELECT id, store_id, row_number() OVER () AS number FROM crm_customers),"
    # Drawn once and kept: a join on a random expression would compare every activity with every customer.
    " drawn AS MATERIALIZED (SELECT n, now() - random() * interval '730 days' AS at, CASE WHEN n <= :customers THEN n"
    " ELSE 1 + floor(:customers * power(random(), 1.3))::bigint END AS number FROM generate_series(1, :activities) n)"
    " INSERT INTO crm_activities (id, customer_id, type, at, store_id)"
    " SELECT gen_random_uuid(), numbered.id, (ARRAY['call', 'message', 'visit', 'test_drive', 'note'])[1 + n % 5],"
    # In the order in which they happened, as they are logged: a customer's rows lie scattered over the table.
    " at, numbered.store_id FROM drawn JOIN numbered USING (number) ORDER BY at"
)
# What changes of each customer chosen: one more activity, the oldest moved, an arbitrary one gone.
LOG = text(
    "INSERT INTO crm_activities (id, customer_id, type, at, store_id) SELECT gen_random_uuid(), id, 'call',"
    " now() - random() * interval '30 days', store_id FROM crm_customers WHERE id = ANY(:ids)"
)
CORRECT = text(
    "UPDATE crm_activities SET at = at - interval '1 day' WHERE id IN (SELECT DISTINCT ON (customer_id) id"
    " FROM crm_activities WHERE customer_id = ANY(:ids) ORDER BY customer_id, at)"
)
TAKE_BACK = text(
    "DELETE FROM crm_activities WHERE id IN (SELECT DISTINCT ON (customer_id) id"
    " FROM crm_activities WHERE customer_id = ANY(:ids) ORDER BY customer_id, id)"
)


def main(arguments: list[str]) -> int:
    """Run the bench; see --help."""
    parser = argparse.ArgumentParser(prog="bench metrics", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="1 = 1,000,000 activities of 50,000 customers")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sample", type=int, default=500, help="customers the ORM loop is measured on")
    asked = parser.parse_args(arguments)
    customers, activities = int(50_000 * asked.scale), int(1_000_000 * asked.scale)
    with scratch(GROWN) as ground:
        app = ground.application()
        with app.app_context():
            tenant_id = make_tenant("metrics")
            with scopes.time_limits(scopes.COPY), tenant(tenant_id):
                say(f"making {activities:,} activities of {customers:,} customers")
                fill(ground, customers, activities)
                figures = measure(ground, customers, activities, asked.rounds, min(asked.sample, customers))
    finish("metrics", figures)
    return 0


def fill(ground: Ground, customers: int, activities: int) -> None:
    """Rows made by the database itself, then what autovacuum would do in time."""
    with transaction():
        db.session.execute(CUSTOMERS, {"customers": customers})
        db.session.execute(ACTIVITIES, {"customers": customers, "activities": activities})
    with transaction():
        recompute_summaries()
    vacuum(ground)


def vacuum(ground: Ground) -> None:
    """VACUUM ANALYZE of the tables measured, so that every round finds them in the same state."""
    schema = current_tenant().schema
    with psycopg.connect(ground.admin_dsn, autocommit=True) as connection:
        for name in ("crm_customers", "crm_activities", "crm_activity_summaries", "insights_dues"):
            connection.execute(f"VACUUM ANALYZE {schema}.{name}".encode())


def measure(ground: Ground, customers: int, activities: int, rounds: int, sample: int) -> dict[str, float | int | bool]:
    """Rounds of all measures in turn; the medians as ratios, milliseconds beside."""
    due = max(customers // 100, 1)
    spent: dict[str, list[float]] = {"one pass": [], "full": [], "incremental": [], "ORM loop": []}
    equal, written = True, []
    for number in range(rounds):
        spent["one pass"].append(timed(one_pass))
        change(due)
        forget_dues()
        written.append(0)
        spent["full"].append(timed(lambda: written.__setitem__(-1, recompute_summaries())))
        change(due)
        spent["incremental"].append(timed(lambda: metrics.refresh_metric(METRIC)))
        spent["ORM loop"].append(timed(lambda: orm_loop(sample)) * customers / sample)
        with transaction():
            equal = equal and recompute_summaries() == 0
        vacuum(ground)
        say(f"round {number + 1}: " + ", ".join(f"{name} {values[-1]:.0f} ms" for name, values in spent.items()))
    with transaction():
        equal = equal and db.session.scalar(WRONG) == 0
    medians = {name: middle(values) for name, values in spent.items()}
    base = medians["one pass"]
    table([(name, f"{value:.1f}", f"{value / base:.2f}") for name, value in medians.items()], ("", "ms", "x one pass"))
    say(f"{rounds} rounds, {due:,} customers changed before each; the last in full wrote {written[-1]:,} rows")
    say(f"the ORM loop was measured on {sample:,} customers and scaled to {customers:,}")
    return {
        "activities": activities,
        "customers": customers,
        "changed": due,
        "ratio_to_one_pass": round(medians["full"] / base, 3),
        "ratio_to_orm_loop": round(medians["full"] / medians["ORM loop"], 5),
        "incremental_to_full": round(medians["incremental"] / medians["full"], 4),
        "incremental_equals_full": equal,
        "one_pass_ms": round(base, 1),
        "full_ms": round(medians["full"], 1),
        "incremental_ms": round(medians["incremental"], 1),
        "orm_loop_scaled_ms": round(medians["ORM loop"], 0),
    }


def timed(work: Callable[[], object]) -> float:
    """Milliseconds of `work` in a transaction of its own, its commit included."""
    open_transaction()
    db.session.rollback()
    began = time.perf_counter()
    with transaction():
        work()
    return (time.perf_counter() - began) * 1000


def one_pass() -> None:
    """The least anybody must read: one scan, latest and count per customer."""
    db.session.execute(PASS).one()


def change(customers: int) -> None:
    """Log one more activity, correct one and take one back, of so many customers, and note them as the handlers do."""
    with transaction():
        ids = db.session.scalars(
            select(queries.customer_facts().c.customer_id).order_by(func.random()).limit(customers)
        ).all()
        for statement in (LOG, CORRECT, TAKE_BACK):
            db.session.execute(statement, {"ids": list(ids)})
        dues.note(METRIC, ids)


def forget_dues() -> None:
    """Leave the changes to the full update."""
    with transaction():
        dues.drop_dues(METRIC)


def orm_loop(sample: int) -> None:
    """What a first version does: each customer's activities as objects, the formula in Python, the row written back."""
    actor = system_actor("bench")
    for customer_id in db.session.scalars(select(queries.customer_facts().c.customer_id).limit(sample)).all():
        times = [activity.at for activity, _user in queries.list_activities(actor, customer_id, limit=1_000_000)]
        summary = queries.find_summary(customer_id)
        assert summary is not None
        assert (gap_index_of(times) is None) == (len(times) < 2)
        summary.activities = len(times)
        summary.last_at = times[0]
        summary.previous_at = times[1] if len(times) > 1 else None
        db.session.flush()
    db.session.expunge_all()
