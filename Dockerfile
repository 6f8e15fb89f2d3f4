# One image for every role: `serve`, `work`, `migrate`, or any other command of `loopwright`.
#
#   docker build -t loopwright .
#   docker run --read-only --tmpfs /tmp -v loopwright:/data -p 8080:8080 -e LOOPWRIGHT_API_TOKEN loopwright
#
# Both stages use the same base, because the environment keeps a link to the interpreter it was made with.

FROM python:3.11-slim-bookworm AS build
WORKDIR /app
# The environment first: it is made anew only when the pins or the script that installs them change.
COPY dev requirements.lock ./
RUN ./dev install
COPY pyproject.toml README.md LICENSE ./
COPY solver ./solver
COPY connectors ./connectors
COPY scheduler ./scheduler
COPY docs ./docs
# The root file system is read-only later on, so the byte code is made now.
RUN .venv/bin/python -m compileall -q -j 0 .venv/lib solver connectors scheduler

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin loopwright \
 && install -d -o loopwright -g loopwright -m 0700 /data
COPY --from=build /app /app
WORKDIR /data
VOLUME /data
USER 10001
ENV PATH=/app/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LOOPWRIGHT_DATA=/data \
    LOOPWRIGHT_HOST=0.0.0.0
EXPOSE 8080
# For `serve`: whether it lives, whatever the database does. A container with another role is started with --no-healthcheck: it answers no requests.
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8080/api/v1/health', timeout=4)"]
ENTRYPOINT ["loopwright"]
CMD ["serve"]
