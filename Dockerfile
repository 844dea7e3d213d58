# The server and the trainer in one image, for CPUs or for NVIDIA GPUs:
#
#   docker build --target cpu --tag recserve:cpu .
#   docker build --target gpu --tag recserve:gpu .
#
# docs/development.md says how to run them, and why the default command refuses to listen
# until it is given TLS files or --insecure.
ARG PYTHON_VERSION=3.12

# The builder installs exactly what uv.lock holds, then this project as a wheel.
FROM python:${PYTHON_VERSION}-slim-bookworm AS builder
ARG UV_VERSION=0.13.9
RUN pip install --no-cache-dir "uv==${UV_VERSION}"
ENV UV_COMPILE_BYTECODE=1 \
    UV_LINK_MODE=copy \
    UV_NO_CACHE=1 \
    UV_PROJECT_ENVIRONMENT=/opt/recserve \
    UV_PYTHON=/usr/local/bin/python3 \
    UV_PYTHON_DOWNLOADS=never
WORKDIR /build
COPY pyproject.toml uv.lock ./

FROM builder AS build-cpu
RUN uv sync --frozen --no-dev --no-install-project --extra server --extra trainer --extra postgresql
COPY LICENSE NOTICE README.md ./
COPY protos protos
COPY client client
COPY server server
COPY trainer trainer
RUN uv sync --frozen --no-dev --no-editable --extra server --extra trainer --extra postgresql

FROM builder AS build-gpu
RUN uv sync --frozen --no-dev --no-install-project --extra server --extra trainer --extra postgresql --extra gpu
COPY LICENSE NOTICE README.md ./
COPY protos protos
COPY client client
COPY server server
COPY trainer trainer
RUN uv sync --frozen --no-dev --no-editable --extra server --extra trainer --extra postgresql --extra gpu

# What both images share. Only /var/lib/recserve and /tmp are written to, so the root file
# system may be read-only.
FROM python:${PYTHON_VERSION}-slim-bookworm AS runtime
RUN groupadd --gid 10001 recserve \
    && useradd --uid 10001 --gid 10001 --no-log-init --no-create-home \
        --home-dir /var/lib/recserve --shell /usr/sbin/nologin recserve \
    && install --directory --owner=10001 --group=10001 --mode=0750 /var/lib/recserve
ENV PATH=/opt/recserve/bin:${PATH} \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# The defaults of the commands are relative: the store is ./models, the events recserve.db.
WORKDIR /var/lib/recserve
VOLUME /var/lib/recserve
EXPOSE 50051 9464
STOPSIGNAL SIGTERM
USER 10001:10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["recserve", "--server", "127.0.0.1:50051", "--timeout", "4", "status"]
ENTRYPOINT ["recserve-server"]
CMD ["serve", "--listen", "0.0.0.0:50051", "--metrics", "0.0.0.0:9464"]
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="recserve" \
      org.opencontainers.image.description="A recommendation server around a Keras model" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# The CUDA libraries come as wheels with tensorflow[and-cuda]; the host lends the driver.
FROM runtime AS gpu
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=build-gpu /opt/recserve /opt/recserve

# Last, so that a build without --target makes it.
FROM runtime AS cpu
COPY --from=build-cpu /opt/recserve /opt/recserve
