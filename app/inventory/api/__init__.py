"""The inventory over the API, one file a kind of record; `shapes` says what goes in and out."""

from app.inventory.api import appraisals, photos, units, vehicles

blueprints = (vehicles.bp, units.bp, appraisals.bp, photos.bp)
