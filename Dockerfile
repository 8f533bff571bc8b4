# AI Monitor as images: hub (no OpenCV), bot, edge, which plays the simulator too, and cloud: hub and bot in one, for
# platforms that run one container.
#
#   docker build --target hub --tag aimonitor-hub .
#
# The base images are arguments, so that a mirror or another release can take their place.
ARG PYTHON_IMAGE=docker.io/library/python:3.12-slim-bookworm
ARG NODE_IMAGE=docker.io/library/node:22-bookworm-slim

FROM ${NODE_IMAGE} AS dashboard
WORKDIR /build/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web/ ./
RUN npm run build

FROM ${PYTHON_IMAGE} AS tools
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY requirements/build.txt requirements/
RUN python -m venv /tools && /tools/bin/pip install --require-hashes -r requirements/build.txt \
 && python -m venv --without-pip /opt/aimonitor

# The compiler reads the types of the packages, so they are here too; neither is in an image that runs.
FROM tools AS wheel
# hadolint ignore=DL3008  # Debian keeps one version of each, and none of it is in what runs
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
COPY requirements/run.txt requirements/
RUN /tools/bin/pip install --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md LICENSE ./
COPY native/ native/
COPY src/ src/
COPY --from=dashboard /build/src/aimonitor/hub/static/ src/aimonitor/hub/static/
RUN NATIVE=yes /tools/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .

# One stage of packages for each program: a change of our own code fetches nothing again.
FROM tools AS hub-packages
COPY requirements/hub.txt requirements/
RUN /tools/bin/pip --python /opt/aimonitor/bin/python install --require-hashes -r requirements/hub.txt
COPY --from=wheel /wheels /wheels
RUN /tools/bin/pip --python /opt/aimonitor/bin/python install --no-deps --no-index /wheels/*.whl

FROM tools AS cloud-packages
COPY requirements_cloud.txt ./
RUN /tools/bin/pip --python /opt/aimonitor/bin/python install --require-hashes -r requirements_cloud.txt
COPY --from=wheel /wheels /wheels
RUN /tools/bin/pip --python /opt/aimonitor/bin/python install --no-deps --no-index /wheels/*.whl

FROM tools AS bot-packages
COPY requirements/bot.txt requirements/
RUN /tools/bin/pip --python /opt/aimonitor/bin/python install --require-hashes -r requirements/bot.txt
COPY --from=wheel /wheels /wheels
RUN /tools/bin/pip --python /opt/aimonitor/bin/python install --no-deps --no-index /wheels/*.whl

FROM tools AS edge-packages
COPY requirements/edge.txt requirements/
RUN /tools/bin/pip --python /opt/aimonitor/bin/python install --require-hashes -r requirements/edge.txt
COPY --from=wheel /wheels /wheels
RUN /tools/bin/pip --python /opt/aimonitor/bin/python install --no-deps --no-index /wheels/*.whl

# What all three share: a user without rights, one folder to write into, a clean end at SIGTERM.
FROM ${PYTHON_IMAGE} AS runtime
LABEL org.opencontainers.image.title="AI Monitor" \
      org.opencontainers.image.description="Live annotated video with an explained risk score, from cheap cameras" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV PATH=/opt/aimonitor/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
RUN groupadd --gid 10001 aimonitor \
 && useradd --uid 10001 --gid 10001 --home-dir /var/lib/aimonitor --no-create-home --shell /usr/sbin/nologin aimonitor \
 && install -d -o 10001 -g 10001 -m 0750 /var/lib/aimonitor
WORKDIR /var/lib/aimonitor
VOLUME /var/lib/aimonitor
USER 10001:10001
STOPSIGNAL SIGTERM
ENTRYPOINT ["aimonitor"]

FROM runtime AS bot
COPY --from=bot-packages /opt/aimonitor /opt/aimonitor
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
  CMD ["aimonitor", "doctor", "--quiet", "hub"]
CMD ["bot"]

FROM runtime AS edge
ENV AIMONITOR_CACHE=/var/lib/aimonitor/cache
COPY --from=edge-packages /opt/aimonitor /opt/aimonitor
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
  CMD ["aimonitor", "doctor", "--quiet", "hub"]
CMD ["edge"]

FROM runtime AS hub
ENV PORT=8000 AIMONITOR_HUB_OPEN_LOCALLY=false
COPY --from=hub-packages /opt/aimonitor /opt/aimonitor
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/health', timeout=4)"]
CMD ["hub"]

# The last stage is what a build without --target makes.
FROM runtime AS cloud
ENV PORT=8000 AIMONITOR_HUB_OPEN_LOCALLY=false
COPY --from=cloud-packages /opt/aimonitor /opt/aimonitor
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/health', timeout=4)"]
CMD ["hub"]
