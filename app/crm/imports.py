"""What can be imported into the CRM: customers with their phone numbers and e-mail addresses."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from app.core.db import current_tenant
from app.core.errors import N_, FieldError
from app.core.guard.permissions import Actor
from app.core.jobs.imports import parsing
from app.core.jobs.imports.kinds import (
    Choice,
    ImportField,
    ImportKind,
    ParsedRow,
    RowResult,
    Values,
    register,
    whole_row,
)
from app.core.jobs.imports.models import Outcome
from app.core.languages import language_choices
from app.crm.errors import NameMissing
from app.crm.operations import bulk, identities
from app.crm.operations.bulk import CustomerInput, MadeCustomer
from app.crm.operations.contacts import ContactInput
from app.crm.rules.customers import (
    ContactKind,
    CustomerKind,
    fold_name,
    normalize_contact,
    normalize_id_number,
)
from app.tenants import queries as tenants

_CONTACTS = (("phone", "phone"), ("other_phone", "phone"), ("email", "email"), ("other_email", "email"))


def _stores(actor: Actor) -> list[Choice]:
    return [
        Choice(store.code, store.name, (store.region,) if store.region else ())
        for store in tenants.list_open_stores(actor, "customer.create")
    ]


def _kinds(_actor: Actor) -> tuple[Choice, ...]:
    return (
        Choice("individual", N_("Person"), ("private", "p", "个人", "私人")),
        Choice("business", N_("Company"), ("company", "organisation", "organization", "b", "公司", "企业", "单位")),
    )


def _owners(_actor: Actor) -> list[Choice]:
    """Everybody by name; of two people with one name neither is meant by it."""
    users = tenants.list_active_users()
    counted = Counter(user.name for user in users)
    return [Choice(str(user.id), user.name) for user in users if counted[user.name] == 1]


def _languages(_actor: Actor) -> tuple[Choice, ...]:
    named = {
        "en": Choice("en", N_("English"), ("英语", "英文")),
        "zh": Choice("zh", N_("Chinese"), ("中文", "汉语", "zh-cn")),
    }
    return tuple(named.get(code) or Choice(code, name) for code, name in language_choices())


def _name(key: str, label: str, longest: int, *aliases: str) -> ImportField:
    return ImportField(key, label, parsing.up_to(longest), aliases, nothing=parsing.NOT_A_WORD)


def _contact(key: str, label: str, longest: int, *aliases: str) -> ImportField:
    kind = dict(_CONTACTS)[key]
    return replace(_name(key, label, longest, *aliases), guarded=("customer", kind))


def _identity(values: Values) -> tuple[Any, ...]:
    """All a row says, each name and contact in its one form."""
    country = current_tenant().country
    plain = dict(values)
    for key, kind in _CONTACTS:
        if values[key]:
            plain[key] = normalize_contact(ContactKind(kind), values[key], country).value
    for key in ("name", "given_name", "family_name"):
        if values[key]:
            plain[key] = fold_name(values[key])
    if values["id_number"]:
        plain["id_number"] = normalize_id_number(values["id_number"])
    return whole_row(plain)


def _customer(values: Values, store_id: uuid.UUID) -> CustomerInput:
    return CustomerInput(
        kind=values["kind"] or CustomerKind.INDIVIDUAL.value,
        store_id=store_id,
        name=values["name"] or "",
        given_name=values["given_name"] or "",
        family_name=values["family_name"] or "",
        owner_id=uuid.UUID(values["owner"]) if values["owner"] else None,
        language=values["language"] or "",
        notes=values["notes"] or "",
        id_number=values["id_number"] or "",
        contacts=tuple(ContactInput(kind, values[key]) for key, kind in _CONTACTS if values[key]),
    )


def _errors(customer: CustomerInput) -> Iterator[FieldError]:
    if not fold_name(customer.display_name):
        yield FieldError("name", NameMissing.code, NameMissing.message)
    error = identities.find_error(customer.id_number, customer.kind) if customer.id_number else None
    if error is not None:
        yield error


def _apply(actor: Actor, rows: Sequence[ParsedRow]) -> Mapping[int, RowResult]:
    places = {store.code: store.id for store in tenants.list_open_stores(actor, "customer.create")}
    results: dict[int, RowResult] = {}
    taken = []
    for row in rows:
        customer = _customer(row.values, places[row.values["store"]])
        errors = list(_errors(customer))
        if errors:
            results[row.row_no] = RowResult(Outcome.FAILED, errors=errors)
        else:
            taken.append((row.row_no, customer))
    made = bulk.create_customers_many(actor=actor, rows=[customer for _, customer in taken])
    for (row_no, _), item in zip(taken, made, strict=True):
        points = {f"contact_{place}": point_id for place, point_id in enumerate(item.contact_ids)}
        results[row_no] = RowResult(Outcome.CREATED, made={"customer": item.customer_id, **points})
    return results


def _undo(actor: Actor, made: Sequence[Mapping[str, uuid.UUID]]) -> list[bool]:
    rows = [
        MadeCustomer(row["customer"], tuple(value for name, value in row.items() if name != "customer")) for row in made
    ]
    gone = bulk.take_back_customers(actor=actor, made=rows)
    return [row.customer_id in gone for row in rows]


CUSTOMERS = register(
    ImportKind(
        key="customers",
        label=N_("Customers"),
        permissions=("customer.create",),
        fields=(
            ImportField(
                "store",
                N_("Store"),
                aliases=("location", "branch", "store code", "state", "region", "门店", "店铺", "分店", "省份", "地区"),
                required=True,
                choices=_stores,
            ),
            ImportField("kind", N_("Kind"), aliases=("type", "customer type", "类型", "客户类型"), choices=_kinds),
            _name(
                "name",
                N_("Name"),
                200,
                "full name",
                "customer",
                "customer name",
                "company",
                "姓名",
                "客户",
                "客户姓名",
                "名称",
                "客户名称",
                "公司名称",
            ),
            _name("given_name", N_("Given name"), 100, "first name", "firstname", "名", "名字"),
            _name("family_name", N_("Family name"), 100, "last name", "lastname", "surname", "姓", "姓氏"),
            _contact("phone", N_("Phone"), 60, "mobile", "phone number", "cell", "电话", "手机", "手机号", "联系电话"),
            _contact("other_phone", N_("Another phone"), 60, "phone 2", "work phone", "home phone", "备用电话"),
            _contact("email", N_("E-mail"), 254, "mail", "email address", "邮箱", "电子邮件", "电子邮箱"),
            _contact("other_email", N_("Another e-mail"), 254, "email 2", "备用邮箱"),
            replace(
                _name(
                    "id_number",
                    N_("ID number"),
                    60,
                    "id card",
                    "id no",
                    "national id",
                    "identity number",
                    "driver licence",
                    "driver license",
                    "driving licence",
                    "身份证",
                    "身份证号",
                    "身份证号码",
                    "证件号",
                    "证件号码",
                    "驾驶证号",
                ),
                guarded=("customer", "id_number"),
            ),
            ImportField(
                "owner",
                N_("Owner"),
                aliases=("salesperson", "sales rep", "负责人", "销售顾问"),
                choices=_owners,
                nothing=parsing.NOT_A_WORD,
            ),
            ImportField("language", N_("Language"), aliases=("语言",), choices=_languages),
            ImportField("notes", N_("Notes"), aliases=("note", "comment", "remarks", "备注", "说明")),
        ),
        identity=_identity,
        apply=_apply,
        undo=_undo,
    )
)
