# Diptych for NVIDIA GPUs: docker build -f Docker/cuda.Dockerfile -t diptych-cuda . && \
#   docker run --gpus all -v ~/photos:/photos -v ~/runs:/runs diptych-cuda train /photos --output /runs/a
FROM swift:6.1-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends make python3-venv
WORKDIR /diptych
COPY . .
# Built against the CPU's torch; the CUDA build of the same version has the same interface.
RUN python3 -m venv /torch && /torch/bin/pip install --extra-index-url https://download.pytorch.org/whl/cpu torch==2.13.0+cpu
RUN LIBTORCH=$(echo /torch/lib/python3*/site-packages/torch) make wheel

FROM python:3.12-slim-bookworm
COPY --from=build /diptych/.build-wheel/dist/*.whl /tmp/
RUN pip install --no-cache-dir torch==2.13.0 /tmp/*.whl && rm /tmp/*.whl
ENTRYPOINT ["diptych"]
