"""What an administrator does about second factors and sessions of others: demand, reset, end."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.core.db import transaction
from app.core.db.ids import from_public
from app.core.http.access import require
from app.core.http.forms import load_form
from app.core.http.sessions import current_actor
from app.core.http.stepup import prove_again, step_up
from app.tenants.operations import guarding, users
from app.tenants.schemas import FactorRuleForm
from app.tenants.views.base import bp


@bp.post("/roles/<role_id>/factor")
@require("role.edit")
@step_up
def change_role_factor(role_id: str) -> Response:
    form = load_form(FactorRuleForm)
    with transaction():
        guarding.set_factor_rule(current_actor(), from_public("role", role_id), required=form["required"])
    flash(gettext("Saved. It holds from everybody's next page on."))
    return redirect(url_for("tenants.show_role", role_id=role_id), 303)


@bp.post("/users/<user_id>/factors/reset")
@require("user.edit")
@prove_again
def reset_user_factors(user_id: str) -> Response:
    with transaction():
        users.reset_factors(current_actor(), from_public("usr", user_id))
    flash(gettext("The second factors are gone, and the user is told by mail."))
    return redirect(url_for("tenants.show_user", user_id=user_id), 303)


@bp.post("/users/<user_id>/identity/cut")
@require("user.edit")
@prove_again
def cut_user_identity(user_id: str) -> Response:
    with transaction():
        users.cut_identity(current_actor(), from_public("usr", user_id))
    flash(gettext("The link is cut."))
    return redirect(url_for("tenants.show_user", user_id=user_id), 303)


@bp.post("/users/<user_id>/sessions/<session_id>/end")
@require("user.edit")
def end_user_session(user_id: str, session_id: str) -> Response:
    with transaction():
        users.end_user_session(current_actor(), from_public("usr", user_id), from_public("ses", session_id))
    flash(gettext("The session has ended."))
    return redirect(url_for("tenants.show_user", user_id=user_id), 303)
