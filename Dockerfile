# One image for every role: the web server by default, `python manage.py …` for migrations and workers.
FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
RUN useradd --uid 1000 --create-home taskrunner

COPY requirements.txt .
RUN pip install --no-cache-dir --require-hashes -r requirements.txt

COPY . .
# Settings refuse to load without these two; the values are used for this one command and stay out of the image.
RUN SECRET_KEY=collectstatic-needs-some-key-and-not-the-real-one \
    DATABASE_URL=postgresql://nobody@localhost/nothing \
    python manage.py collectstatic --noinput

USER 1000

EXPOSE 8000
# 75 s: a proxy that reuses a connection just when the server closes it answers 502, so the proxy shall close first.
# /dev/shm: a worker's heartbeat file on a slow disk would look like a hung worker.
CMD ["gunicorn", "taskrunner.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--threads", "32", \
     "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "--keep-alive", "75"]
