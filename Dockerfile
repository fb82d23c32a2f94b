# syntax=docker/dockerfile:1
# The receiver on its embedded stores:
#
#   docker build -t vectadb-receiver .
#   docker run -p 8080:8080 -p 4317:4317 -p 4318:4318 -v receiver-data:/data -e VECTADB_AUTH_API_KEYS=KEY vectadb-receiver
#
# It runs as a user without rights, also with --read-only (and --tmpfs /tmp). Everything it writes is in /data.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/receiver
WORKDIR /source
COPY requirements.lock ./
RUN /opt/receiver/bin/pip install --require-hashes --no-deps --no-compile -r requirements.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY mapping mapping
COPY storage storage
COPY receiver receiver
RUN /opt/receiver/bin/pip install --no-deps --no-build-isolation --no-index --no-compile . \
  && /opt/receiver/bin/pip uninstall --yes setuptools pip

FROM python:3.13-slim
LABEL org.opencontainers.image.title="vectadb-receiver" org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin receiver && install -d -o receiver -g receiver /data
COPY --from=build /opt/receiver /opt/receiver
ENV PATH=/opt/receiver/bin:$PATH PYTHONUNBUFFERED=1 VECTADB_STORAGE_DATA_DIR=/data VECTADB_SERVER_HOST=0.0.0.0
USER 10001
VOLUME /data
EXPOSE 8080 4317 4318
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/healthz', timeout=4)"]
ENTRYPOINT ["vectadb-receiver"]
CMD ["serve"]
