# The application's image, for web, worker and beat alike. Nothing in it runs as root.
FROM python:3.11-slim AS build
WORKDIR /app
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements/base.txt requirements/sources.txt requirements/
RUN python -m venv /app/.venv \
    && /app/.venv/bin/pip install --no-deps --require-hashes --only-binary :all: -r requirements/base.txt \
    && /app/.venv/bin/pip install --no-deps --require-hashes --no-build-isolation -r requirements/sources.txt
COPY cohortmgr cohortmgr
COPY worker worker
COPY templates templates
COPY migrations migrations
COPY wsgi.py Procfile ./
RUN for catalogue in cohortmgr/translations/*/LC_MESSAGES/*.po; do \
        [ ! -e "$catalogue" ] || .venv/bin/pybabel -q compile -i "$catalogue" -o "${catalogue%.po}.mo"; \
    done \
    && .venv/bin/python -m compileall -q cohortmgr worker wsgi.py

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /app cohortmgr \
    && install -d -o cohortmgr -g cohortmgr /data
COPY --from=build --chown=root:root /app /app
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 COHORTMGR_DATA=/data
USER 10001
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "wsgi:app", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "8", "--worker-class", "gthread", "--no-control-socket", "--limit-request-line", "8190", "--forwarder-headers", ""]
