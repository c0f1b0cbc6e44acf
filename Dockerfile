# The course and its grader for machines without Python 3.11, and for those that are not Linux.
#   docker build -t course . && docker run --rm course doctor
# docs/isolation.md says how to run it for other people's notebooks.
FROM python:3.11-slim-bookworm

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1 \
    HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false OMP_NUM_THREADS=1

RUN useradd --create-home --uid 1000 learner
WORKDIR /course

# What changes seldom comes first: this layer stays when only the course's own files change.
COPY requirements.lock ./
RUN pip install -r requirements.lock

COPY . .
RUN pip install --no-deps -e . && pip check && chown -R learner:learner /course

USER learner
ENTRYPOINT ["course"]
CMD ["doctor"]
