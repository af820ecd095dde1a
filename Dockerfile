# One image for web, worker, beat, relay and migrations: the command says which. No secret goes into it.

FROM node:24-bookworm-slim AS pages
WORKDIR /srv/pages
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --omit=dev --no-audit --no-fund
COPY app app
RUN node app/web/frontend/build.mjs

FROM python:3.13-slim-bookworm AS builder
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY locks/runtime.lock /tmp/runtime.lock
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --no-deps --require-hashes -r /tmp/runtime.lock
WORKDIR /srv/forecourt
COPY LICENSE* NOTICE* wsgi.py ./
COPY app app
COPY migrations migrations
COPY ops ops
COPY worker worker
COPY --from=pages /srv/pages/app/web/static/dist app/web/static/dist
# Translations and bytecode are made here: the running container writes nothing beside its data.
RUN /opt/venv/bin/python -c "from ops.catalogues import compile_catalogues; compile_catalogues()" \
 && /opt/venv/bin/python -m compileall -q /srv/forecourt

FROM python:3.13-slim-bookworm
RUN groupadd --gid 10001 forecourt \
 && useradd --uid 10001 --gid forecourt --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin forecourt \
 && install -d -o forecourt -g forecourt -m 0700 /var/lib/forecourt/files
COPY --from=builder /opt/venv /opt/venv
COPY --from=builder /srv/forecourt /srv/forecourt
WORKDIR /srv/forecourt
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/srv/forecourt \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2 \
    FLASK_APP=wsgi:app \
    FILES_DIR=/var/lib/forecourt/files
USER forecourt
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=8s --start-period=30s CMD ["python", "-m", "ops.health", "web"]
CMD ["granian", "--interface", "wsgi", "wsgi:app", "--host", "0.0.0.0", "--port", "8000", "--workers", "2", "--blocking-threads", "4", "--no-ws", "--respawn-failed-workers", "--workers-kill-timeout", "10"]
