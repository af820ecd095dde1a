"""Names and queues agree everywhere: enqueue() calls, the beat table, the registry, and who consumes what."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.jobs import queues, registry
from app.core.jobs.queues import CONSUMERS, SLOTS, QueueName
from worker import schedule, tasks

ROOT = Path(__file__).parents[2]
# Function -> where its task's name and its queue stand: a keyword, or a position.
CALLS = {"enqueue": (0, "queue"), "enqueue_platform": (0, "queue"), "start_job": (3, 4)}


@pytest.fixture(scope="module")
def registered():
    tasks.load()
    return {name: spec for name, spec in registry.registered().items() if not name.startswith("tests.")}


def constants(tree: ast.Module) -> dict[str, str]:
    """Names that a module binds to a string."""
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }


def modules() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text()) for path in sorted((ROOT / "app").rglob("*.py"))}


def all_constants() -> dict[str, dict[str, str]]:
    """Constants by the module's last name, for `dues.REFRESH_TASK`, and all of them under no name at all."""
    found: dict[str, dict[str, str]] = {"": {}}
    for path, tree in modules().items():
        own = constants(tree)
        found.setdefault(path.stem, {}).update(own)
        found[""].update(own)
    return found


def value_of(node: ast.expr, known: dict[str, dict[str, str]]) -> str | None:
    """The string an argument stands for: a literal, a constant, or a member of QueueName; None for a variable."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        if node.value.id == "QueueName":
            return QueueName[node.attr].value
        return known.get(node.value.id, {}).get(node.attr)
    if isinstance(node, ast.Name):
        return known[""].get(node.id)
    return None


def calls() -> Iterator[tuple[str, str | None, str | None]]:
    """(place, task, queue) of every call in `app` that owes a task; inside core.jobs both are passed through."""
    known = all_constants()
    for path, tree in modules().items():
        if path.is_relative_to(ROOT / "app" / "core" / "jobs"):
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name not in CALLS:
                continue
            arguments = dict(enumerate(node.args)) | {keyword.arg: keyword.value for keyword in node.keywords}
            spots = [[spot, "task"][i] if i == 0 else spot for i, spot in enumerate(CALLS[name])]
            found = []
            for spot, keyword in zip(spots, ("task", "queue"), strict=True):
                argument = arguments.get(spot, arguments.get(keyword))
                found.append(value_of(argument, known) if argument is not None else None)
            yield f"{path.relative_to(ROOT)}:{node.lineno}", found[0], found[1]


def test_every_enqueued_task_exists_on_the_queue_it_is_sent_to(registered):
    found = list(calls())
    assert len(found) >= 3
    unread = [place for place, name, queue in found if name is None or queue is None]
    assert unread == [], "name task and queue by a literal or a constant, so that this test can read them"
    wrong = [
        (place, name, queue)
        for place, name, queue in found
        if name not in registered or registered[name].queue != queue
    ]
    assert wrong == []


def test_every_line_of_the_beat_table_is_a_task_of_that_queue(registered):
    wrong = [
        entry.job
        for entry in schedule.TABLE
        if entry.task not in registered or registered[entry.task].queue != entry.queue
    ]
    assert wrong == []
    assert len({entry.job for entry in schedule.TABLE}) == len(schedule.TABLE)


def test_no_queue_is_without_a_consumer():
    consumed = [queue for names in CONSUMERS.values() for queue in names]
    assert sorted(consumed) == sorted([*QueueName, QueueName.AUDIT]), "each queue exactly once, the audit's twice"


def test_ddl_tasks_have_a_process_of_their_own():
    assert [name for name, consumed in CONSUMERS.items() if QueueName.OPS in consumed] == ["ops"]
    assert CONSUMERS["ops"] == (QueueName.OPS, QueueName.AUDIT)


def test_the_launcher_starts_a_consumer_of_every_queue():
    source = (ROOT / "ops" / "programs.py").read_text()
    started = {
        node.args[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "queue_list"
    }
    assert started == set(CONSUMERS)
    assert queues.queue_list("ops") == "ops,audit"


def test_every_queue_has_a_slot_limit():
    assert set(SLOTS) == set(QueueName)


def test_tasks_are_named_after_their_module(registered):
    wrong = [
        name
        for name, spec in registered.items()
        if spec.function.__module__ != f"worker.tasks.{name.partition('.')[0]}"
    ]
    assert wrong == []


def test_a_task_name_is_taken_once(registered):
    with pytest.raises(ValueError):
        registry.task("jobs.clean_up", queue="default")(lambda payload: None)
