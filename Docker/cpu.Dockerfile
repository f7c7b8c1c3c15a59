# Diptych for CPUs, built from source: docker build -f Docker/cpu.Dockerfile -t diptych . && docker run -v ~/photos:/photos diptych scan /photos
FROM swift:6.1-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends make python3-venv
WORKDIR /diptych
COPY . .
RUN python3 -m venv /torch && /torch/bin/pip install --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0+cpu
RUN LIBTORCH=$(echo /torch/lib/python3*/site-packages/torch) make wheel

FROM python:3.12-slim-bookworm
COPY --from=build /diptych/.build-wheel/dist/*.whl /tmp/
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0+cpu /tmp/*.whl && rm /tmp/*.whl
ENTRYPOINT ["diptych"]
