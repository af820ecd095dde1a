"""`up`: brings everything up, says where to sign in, and takes everything down again."""

from __future__ import annotations

import argparse
import http.client
import os
import shutil
import sys
import time
from pathlib import Path

from ops import assets, preparing, processes, programs
from ops.catalogues import compile_catalogues
from ops.errors import OpsError
from ops.layout import Layout, shown
from ops.lockfile import FolderLock
from ops.postgres import EmbeddedPostgres
from ops.stack import Stack
from ops.supervisor import Supervisor
from ops.valkey import EmbeddedValkey

READY_PATIENCE = 90.0


class Interrupted(Exception):
    """Somebody asked us to stop before everything was up."""


def say(text: str) -> None:
    """Print a line at once."""
    print(text, flush=True)


def arguments_of(arguments: list[str]) -> argparse.Namespace:
    """Read the command line of `up`."""
    parser = argparse.ArgumentParser(prog="forecourt.py up", description=__doc__)
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000), help="default: 8000")
    parser.add_argument("--workers", type=int, default=1, help="processes of the web server (default: 1)")
    parser.add_argument("--gateway", action="store_true", help="two web servers behind Caddy")
    parser.add_argument("--no-demo", action="store_true", help="do not load the demonstration dealerships")
    parser.add_argument("--fresh", action="store_true", help="delete all data and start over")
    parser.add_argument("--yes", action="store_true", help="do not ask before deleting")
    read = parser.parse_args(arguments)
    if not 1 <= read.port <= 65533:
        parser.error("--port must be a number from 1 to 65533")
    return read


def main(arguments: list[str]) -> int:
    """Run the stack until Ctrl-C."""
    options = arguments_of(arguments)
    layout = Layout.from_environment()
    layout.make()
    lock = FolderLock(layout.lock)
    if not lock.take(f"up {options.port}"):
        pid, note = lock.holder()
        if note.startswith("up"):
            raise OpsError(f"Forecourt already runs in this folder (process {pid}, port {note[3:]}): stop it first.")
        raise OpsError(f"A command is using this folder's servers (process {pid}, {note}): let it end first.")
    try:
        ports = [options.port, *([options.port + 1, options.port + 2] if options.gateway else [])]
        for port in ports:
            if not processes.port_is_free(port):
                raise OpsError(f"Port {port} is in use by another program: stop it, or choose another with --port.")
        layout.require_room()
        if options.fresh:
            wipe(layout, sure=options.yes)
            layout.make()
        return serve(layout, options)
    finally:
        lock.release()


def wipe(layout: Layout, *, sure: bool) -> None:
    """Delete the installation's data after asking; given servers are not ours to empty."""
    if os.environ.get("DATABASE_URL"):
        raise OpsError("--fresh deletes the embedded database only: drop the one of DATABASE_URL yourself.")
    if not sure:
        if not sys.stdin.isatty():
            raise OpsError("--fresh deletes all data and nobody is there to ask: add --yes.")
        print(f"This deletes every dealership, file and secret in {shown(layout.data)}. Type 'yes' to go on: ", end="")
        if sys.stdin.readline().strip().lower() != "yes":
            raise OpsError("Nothing was deleted.")
    EmbeddedPostgres(layout.postgres, password="").wipe()
    EmbeddedValkey(layout.valkey, password="").wipe()
    for folder in (layout.files, layout.run):
        shutil.rmtree(folder, ignore_errors=True)
    for file in (layout.secrets, layout.data / "prepared"):
        file.unlink(missing_ok=True)
    say("All data was deleted.")


def serve(layout: Layout, options: argparse.Namespace) -> int:
    """Start everything, watch it, stop it."""
    begun = float(os.environ.pop("FORECOURT_BEGUN", 0) or time.time())  # Setting up the environment counts.
    stack = Stack.of(layout, takeover=True)
    supervisor = Supervisor(layout, stack, say)
    supervisor.listen()
    try:
        supervisor.end_orphans()
        start(supervisor, options)
        announce(stack, options.port, time.time() - begun)
        supervisor.watch()
    except Interrupted:
        pass
    except BaseException:
        supervisor.stop()
        raise
    say("\nStopping …")
    supervisor.stop()
    say("Stopped.")
    return 0


def start(supervisor: Supervisor, options: argparse.Namespace) -> None:
    """Bring everything up, one line of progress for each step."""
    stack = supervisor.stack
    building = assets.begin()  # Beside the database, which takes longer.
    if locales := compile_catalogues():
        say(f"Translations compiled ({', '.join(locales)}).")
    first = stack.postgres is not None and not stack.postgres.exists()
    say("Making the database and starting its servers …" if first else "Starting the database and the queue …")
    stack.start()
    go_on(supervisor)
    say("Preparing the database …")
    preparing.prepare(stack, demo=not options.no_demo, public_port=options.port, stopping=lambda: supervisor.stopping)
    assets.finish(building, lambda: supervisor.stopping)
    go_on(supervisor)
    (stack.layout.data / "web.port").write_text(f"{options.port}\n")
    say("Starting web, workers, beat and relay …")
    for program in programs.programs(stack, options.port, workers=options.workers, gateway=options.gateway):
        supervisor.add(program)
    deadline = time.monotonic() + READY_PATIENCE
    for port in ([options.port + 1, options.port + 2] if options.gateway else []) + [options.port]:
        while not is_ready(port):
            go_on(supervisor)
            supervisor.look()
            web = next(child for child in supervisor.children if child.program.name.startswith("web"))
            if web.deaths >= 2 or time.monotonic() > deadline:
                raise OpsError(f"The web server does not come up: {supervisor.last_words(web.program.name)} "
                               f"(the rest is in {shown(supervisor.log_of(web.program.name))})")
            time.sleep(0.1)


def go_on(supervisor: Supervisor) -> None:
    """Leave the start when somebody asked us to stop."""
    if supervisor.stopping:
        raise Interrupted


def is_ready(port: int) -> bool:
    """Ask /readyz, by address and with a Host header: Python does not resolve every *.localhost."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz", headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def announce(stack: Stack, port: int, seconds: float) -> None:
    """Print where to sign in."""
    accounts = preparing.demo_accounts(stack)
    scheme = os.environ.get("PUBLIC_SCHEME") or "http"
    host = os.environ.get("BASE_HOST") or "localhost"
    say(f"\nForecourt is up after {seconds:.1f} s at {scheme}://{host}:{port}/")
    if accounts:
        width = max(len(f"{scheme}://{row['slug']}.{host}:{port}/") for row in accounts)
        mail = max(len(row["email"]) for row in accounts)
        say(f"\n  {'Dealership':<{width}}  {'sign in as':<{mail}}  password")
        for row in accounts:
            address = f"{scheme}://{row['slug']}.{host}:{port}/"
            say(f"  {address:<{width}}  {row['email']:<{mail}}  {row['password']}")
        names = [f"{row['slug']}.{host}" for row in accounts]
        if host == "localhost" and not all(processes.resolves(name) for name in names):
            say("\nChrome, Edge and Firefox find these names by themselves; for others add to /etc/hosts:")
            say(f"  127.0.0.1 {' '.join(names)}")
    elif not Path(stack.layout.run / "demo.json").exists():
        say("There is no dealership yet: python3 forecourt.py flask tenants create --help")
    link = preparing.console_link(stack)
    console = f"{link} (this link works once)" if link else f"{scheme}://operator.{host}:{port}/"
    say(f"\nOperator console: {console}")
    say(f"\nLogs are in {shown(stack.layout.logs)}. Stop with Ctrl-C.")
