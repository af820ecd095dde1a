"""Alembic's environment for both lines, `platform` (with `shared`) and `tenants`; core.db.revisions runs it."""

from alembic import context

config = context.config
metadata = config.attributes["metadata"]


def include_name(name: str | None, kind: str, parents: dict[str, str | None]) -> bool:
    """Compare our own schemas only."""
    return kind != "schema" or name in config.attributes["schemas"]


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=metadata, transactional_ddl=False, literal_binds=True)
    context.run_migrations()
else:
    context.configure(
        connection=config.attributes["connection"],
        target_metadata=metadata,
        include_schemas=config.attributes["include_schemas"],
        include_name=include_name if config.attributes["include_schemas"] else None,
        version_table_schema=config.attributes["version_schema"],
        compare_type=True,
        compare_server_default=True,
    )
    context.run_migrations()
