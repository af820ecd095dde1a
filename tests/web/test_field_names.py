"""A summary of refusals names each field as the form does, in the visitor's language."""

from app.web.field_names import labels_of
from tests.fixtures.browsing import send


def test_labels_are_read_from_a_template():
    source = """
    {{ f.field("name", _("Name"), required=True) }}{{ f.money("price", _("Price"), currency) }}
    {{ f.select("kind",
       _("Kind of \\"it\\""), kinds) }}{{ f.submit(_("Save"), name="x") }}{{ f.field("name", _("Other")) }}
    {{ f.checkbox("places", role.name|t) }}
    """
    assert labels_of(source) == {"name": "Name", "price": "Price", "kind": 'Kind of \\"it\\"'}


def test_the_summary_names_the_fields(app, alpha, client_for):
    client = client_for(alpha)
    english = send(client, "/deals", page="/deals/new")
    assert english.status_code == 422
    assert '<a href="#f-stock_unit_id">Stock unit: Enter a value.</a>' in english.text
    assert '<a href="#f-price">Price: Enter a value.</a>' in english.text
    send(client, "/preferences", locale="zh")
    chinese = send(client, "/deals", page="/deals/new").text
    assert '<a href="#f-price">价格：请填写此项。</a>' in chinese
    assert "Price" not in chinese
