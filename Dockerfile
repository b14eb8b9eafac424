# assay with everything it needs; without a command it is the sandbox.
#
#   docker build -t assay .
#   docker run --rm --network host assay                                     the sandbox, on 127.0.0.1:8080
#   docker run --rm --network host -e ASSAY_API_KEY -v "$PWD/runs:/runs" assay assay gate --url http://127.0.0.1:8080 --out /runs/gate
#
# The sandbox serves loopback alone, so that no container gives it away by chance: the host's network, or that of
# another container (see compose.yaml), is how it is reached.
FROM python:3.12-slim AS build
WORKDIR /src
RUN python -m venv /opt/assay
COPY requirements requirements
RUN /opt/assay/bin/pip install --no-cache-dir --no-compile --require-hashes -r requirements/ci.txt
COPY pyproject.toml README.md assay.py ./
COPY contracts contracts
COPY fixtures fixtures
COPY load load
COPY reports reports
COPY verify verify
RUN /opt/assay/bin/pip install --no-cache-dir --no-compile --no-deps --no-build-isolation .

FROM python:3.12-slim
RUN useradd --create-home --uid 10001 assay && install -d -o assay /runs
COPY --from=build /opt/assay /opt/assay
ENV PATH=/opt/assay/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /runs
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=5 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/openapi.json', timeout=2)"]
CMD ["assay", "sandbox", "--port", "8080"]
