"""Shape rules the linters cannot express, each with a planted fault that it must find."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("app", "worker", "ops", "bench", "migrations", "tests")
FILES = sorted({*(p for folder in FOLDERS for p in (ROOT / folder).rglob("*.py")), *ROOT.glob("*.py")})
NAMES = [path.relative_to(ROOT).as_posix() for path in FILES]
CODE = [name for name in NAMES if not name.startswith("tests/")]
MAX_LINES = 300
MODULES = ("tenants", "inventory", "crm", "sales", "insights", "notifications", "operators")

# call -> the only folders or files that may make it
ONLY_IN = {
    "commit": ("app/core/db/", "ops/", "bench/"),
    "rollback": ("app/core/db/", "ops/", "bench/"),
    "apply_async": ("app/core/jobs/", "bench/"),
    "delay": ("app/core/jobs/", "bench/"),
    "send_task": ("app/core/jobs/", "ops/", "bench/"),
    "create_engine": ("app/core/db/", "ops/", "bench/", "migrations/"),
}
OURS = "servers of our own on this machine; no request reaches it"
OPS = "carried out by the ops worker alone, with names of the directory whose shape is checked"
# rule -> folder, file or file:name that may break it, and why nothing goes wrong there
EXEMPT: dict[str, dict[str, str]] = {
    "statements": {
        "app/core/db/": "DDL and BEGIN of constants and names of the directory, whose shape is checked",
        "app/tenants/operations/lifecycle.py": OPS,
        "app/tenants/operations/migrating.py": OPS,
        "migrations/": "DDL of constants, run by the migrator alone",
        "ops/": OURS,
        "bench/": OURS,
    },
    "context": {
        "app/core/db/": "the one place that enters a tenant",
        "app/core/jobs/relay.py": "becomes each tenant in one transaction, under a login of its own",
        "app/core/jobs/servers.py": "the relay's connections",
        "app/tenants/operations/lifecycle.py": OPS,
        "app/tenants/operations/migrating.py": OPS,
        "app/tenants/operations/provisioning.py": OPS,
        "migrations/": "run by the migrator alone",
        "ops/": OURS,
        "bench/": OURS,
    },
    # What keeps tenants apart in a container that fills while the process runs.
    "caches": {
        "app/core/db/bulk.py:_together": "statements by tables and columns, the same for every tenant",
        "app/core/db/ddl.py:tenant_tables_script": "the tables of the models, the same for every tenant",
        "app/core/db/revisions.py:readable": "the code's own revisions, the same for every tenant",
        "app/core/guard/erasing.py:_TAKERS": "what an erasure also takes, filled at import",
        "app/core/guard/words.py:_WORDS": "columns that an erasure empties, filled at import",
        "app/core/guard/facts.py:_FACTS": "subqueries of the session's statement, filled at import",
        "app/core/guard/permissions.py:_REGISTRY": "names of rights, filled at import",
        "app/core/guard/reindexing.py:_ROOMS": "what a new index key also makes anew, filled at import",
        "app/core/guard/undo.py:_KINDS": "filled at import", "app/core/guard/policy.py:_FIELDS": "filled at import",
        "app/core/guard/whereabouts.py:_KINDS": "kinds of records, filled at import",
        "app/core/jobs/imports/kinds.py:_KINDS": "what can be imported, filled at import",
        "app/core/jobs/topics.py": "what people can be told and how records are named, filled at import",
        "app/core/jobs/registry.py:_TASKS": "tasks, filled at import", "app/core/lists/spec.py:_REGISTRY": "lists, too",
        "app/core/lists/search/kinds.py:_REGISTRY": "the kinds that can be found, filled at import",
        "bench/isolation.py:customer": "a mapped class, the same for every tenant",
        "app/tenants/queries/api_keys.py:_made_of": "keyed by the tenant and all that a key's row says, and bounded",
        **{f"app/tenants/rules/passwords.py:{name}": "words shipped with the code" for name in ("notorious", "_steps")},
        "app/web/assets.py:assets_of": "our own static files", "app/web/formats.py:region": "published locale data",
        "worker/demo/cars.py:models": "the bundled list of models, the same for every tenant",
        "worker/process.py:_application_of": "one application per process; a tenant's things hang on its session",
    },
    "foreign_tables": {"migrations/": "a line of migrations spans all modules", "ops/": OURS, "bench/": OURS},
    "tenant_of_a_request": {f"app/tenants/operations/{name}ing.py": OPS for name in ("export", "provision", "refill")},
}
SQL = re.compile(
    r"\s*(select\s.+\sfrom\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|set\s+(local|role|session)\s"
    r"|(create|drop|alter)\s+(table|schema|role|index|function)\s|grant\s+\S+|revoke\s+\S+\s+on\s|copy\s+\S+)",
    re.IGNORECASE | re.DOTALL,
)
CHOOSERS = {"tenant", "tenancy", "entered", "entering", "scopes"}
SENDERS = {"text", "execute", "executemany", "exec_driver_sql", "scalar", "scalars", "copy", "literal_column"}
TABLE = re.compile(rf"\b(?:from|join|into|update|table|only)\s+(?:\w+\.)?({'|'.join(MODULES)})_\w+", re.IGNORECASE)

Rule = Callable[[str, ast.Module], Iterator[str]]


def rooms(name: str, tree: ast.Module) -> Iterator[str]:
    """A call is made in its one place."""
    for node in ast.walk(tree):
        called = _called(node)
        rooms = ONLY_IN.get(called or "")
        if rooms is not None and not name.startswith(rooms):
            yield f"{called}() at line {_line(node)}"


def clock(_name: str, tree: ast.Module) -> Iterator[str]:
    """Naive instants are made nowhere."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("utcnow", "utcfromtimestamp"):
            yield f"{node.attr} at line {node.lineno}"


def statements(name: str, tree: ast.Module) -> Iterator[str]:
    """No statement is put together from parts, neither where it is sent nor before."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) in SENDERS and node.args and _is_put_together(node.args[0]):
            yield f"a statement put together at line {node.lineno}"
        elif _is_put_together(node) and SQL.match(_constant_text(node)):
            yield f"SQL put together at line {_line(node)}"


def context(name: str, tree: ast.Module) -> Iterator[str]:
    """Role and path are changed in the database room alone."""
    for text, line in _strings(tree):
        if re.search(r"set\s+(local\s+|session\s+)?role\b|search_path|set_config", text, re.IGNORECASE):
            yield f"role or path at line {line}"


def caches(name: str, tree: ast.Module) -> Iterator[str]:
    """What a process keeps between requests is listed with the reason why no tenant meets another's."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for decorator in node.decorator_list:
                if _tail(decorator) in ("lru_cache", "cache"):
                    yield f"{node.name} is cached at line {node.lineno}"
    for statement in tree.body:
        for target, value in _assigned(statement):
            if _is_empty_container(value):
                yield f"{target} fills at run time, at line {statement.lineno}"


def foreign_tables(name: str, tree: ast.Module) -> Iterator[str]:
    """Raw SQL names no table of another module."""
    own = name.split("/")[1] if name.startswith("app/") else None
    for text, line in _strings(tree):
        for found in TABLE.findall(text):
            if found.lower() != own:
                yield f"a table of {found} at line {line}"


def tenant_of_a_request(name: str, tree: ast.Module) -> Iterator[str]:
    """The tenant comes from the host or the message: no page, operation or query chooses one."""
    if not re.match(r"app/\w+/(views|operations|queries|models|lists|schemas)\b", name) or name.startswith("app/core/"):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("app.core.db"):
            names = {alias.name for alias in node.names}
            yield from (f"{name} at line {node.lineno}" for name in sorted(names & CHOOSERS))


RULES: tuple[Rule, ...] = (rooms, clock, statements, context, caches, foreign_tables, tenant_of_a_request)


def problems(name: str, source: str) -> list[str]:
    """What is wrong with a file, less what it is exempt from."""
    tree = ast.parse(source)
    found = []
    for rule in RULES:
        excused = EXEMPT.get(rule.__name__, {})
        if not name.startswith(tuple(entry for entry in excused if ":" not in entry)):
            found += [text for text in rule(name, tree) if f"{name}:{text.split()[0]}" not in excused]
    return found


def _called(node: ast.AST) -> str | None:
    return _tail(node.func) if isinstance(node, ast.Call) else None


def _tail(node: ast.AST) -> str | None:
    node = node.func if isinstance(node, ast.Call) else node
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 0)


def _is_put_together(node: ast.AST) -> bool:
    if isinstance(node, ast.JoinedStr):
        values = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        # A name in capitals is a constant of the file or of an import.
        return any(not (_tail(value) or "").isupper() for value in values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Mod, ast.Add)):
        return any(isinstance(side, ast.JoinedStr) or _is_text(side) for side in (node.left, node.right))
    called = node.func if isinstance(node, ast.Call) else None
    return isinstance(called, ast.Attribute) and called.attr in ("format", "join") and _is_text(called.value)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _constant_text(node: ast.AST) -> str:
    return " ".join(
        part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)
    )


def _strings(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every string constant that is not a docstring."""
    prose = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value, node.lineno


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(statement, ast.AnnAssign) and statement.value is not None and isinstance(statement.target, ast.Name):
        kind = ast.unparse(statement.annotation).removeprefix("Final[")
        # What is declared as a Mapping or a Sequence is filled by nobody: the type checker sees to it.
        yield from [(statement.target.id, statement.value)] if not kind.startswith(("Mapping", "Sequence")) else []
    if isinstance(statement, ast.Assign):
        yield from ((target.id, statement.value) for target in statement.targets if isinstance(target, ast.Name))


def _is_empty_container(node: ast.expr) -> bool:
    if isinstance(node, ast.Dict):
        return not node.keys
    if isinstance(node, ast.List):
        return not node.elts
    made = ("dict", "list", "set", "defaultdict", "OrderedDict", "WeakKeyDictionary", "WeakValueDictionary", "deque")
    return _called(node) in made and not [arg for arg in getattr(node, "args", ()) if not isinstance(arg, ast.Name)]


def test_there_is_code_to_read():
    assert len(CODE) > 40


@pytest.mark.parametrize("name", NAMES)
def test_file_is_short_and_says_its_job(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_LINES
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "the first line states the file's job"


@pytest.mark.parametrize("name", CODE)
def test_file_keeps_the_shape(name):
    assert problems(name, (ROOT / name).read_text(encoding="utf-8")) == []


EXCUSES = [(rule, entry) for rule in RULES for entry in EXEMPT.get(rule.__name__, {}) if not entry.endswith("/")]


@pytest.mark.parametrize(("rule", "entry"), EXCUSES, ids=lambda part: getattr(part, "__name__", part))
def test_an_exemption_is_still_needed(rule, entry):
    path, _, target = entry.partition(":")
    found = list(rule(path, ast.parse((ROOT / path).read_text(encoding="utf-8"))))
    assert [text for text in found if not target or text.split()[0] == target]


PLANTED = [
    ("app/crm/operations.py", "db.session.commit()"),
    ("worker/tasks/crm.py", "session.rollback()"),
    ("app/crm/operations.py", "task.delay(1)"),
    ("app/crm/operations.py", "app.send_task('x')"),
    ("app/crm/queries.py", "engine = create_engine('postgresql://')"),
    ("app/crm/rules.py", "now = datetime.utcnow()"),
    ("app/crm/queries.py", "session.execute(f'select {name}')"),
    ("app/crm/queries.py", "session.execute(text('select %s' % name))"),
    ("app/crm/queries.py", "session.execute(text('select {}'.format(name)))"),
    ("app/crm/queries.py", "session.execute(text('select * from ' + name))"),
    ("app/crm/queries.py", "statement = f'SELECT a FROM {name}'"),
    ("app/crm/queries.py", "statement = 'delete from {}'.format(name)"),
    ("app/crm/queries.py", "session.execute(text('SET LOCAL ROLE t_a'))"),
    ("app/core/jobs/outbox.py", "path = 'set search_path = public'"),
    ("app/core/lists/page.py", "text('select set_config(1, 2, true)')"),
    ("app/crm/queries.py", "@functools.lru_cache\ndef rates(): ..."),
    ("app/crm/queries.py", "@cache\ndef rates(): ..."),
    ("app/crm/queries.py", "_SEEN: dict[str, int] = {}"),
    ("app/crm/queries.py", "_seen = defaultdict(list)"),
    ("app/crm/queries.py", "text('select 1 from sales_deals')"),
    ("worker/tasks/crm.py", "text('update crm_customers set a = 1')"),
    ("app/core/jobs/outbox.py", "text('select 1 from x join t_a.crm_customers c on true')"),
    ("app/crm/views.py", "from app.core.db import tenant"),
    ("app/crm/operations/customers.py", "from app.core.db.scopes import entered"),
]


@pytest.mark.parametrize(("name", "source"), PLANTED)
def test_a_planted_fault_is_found(name, source):
    assert problems(name, source)


@pytest.mark.parametrize(
    "source",
    [
        'text(f"{PENDING} AND a IS NULL")',
        '"""Prose may say SET ROLE, search_path and select from sales_deals."""',
        "session.execute(select(Customer).where(Customer.name == name))",
        "message = f'{count} customers were selected from the list'",
        "text('select 1 from crm_customers where id = :id')",
        "WORDS = {'a': 1}",
        "from app.core.db import transaction, db, current_tenant",
    ],
)
def test_what_is_allowed_is_not_reported(source):
    assert problems("app/crm/operations.py", source) == []
