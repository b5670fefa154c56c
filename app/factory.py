"""The only place that names every face, client and extension."""

from flask import Flask
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app import assembly
from app.core import db
from app.web import faces
from config import Settings
from jobs.queues import Waker


def create_app(settings: Settings) -> Flask:
    """The whole house. Refuses to start with a door that does not say who may enter."""
    app = assembly.assemble(settings)
    once = Retry(NoBackoff(), 0)  # a request does not wait for a Redis that is away: everything there can do without it
    redis = Redis.from_url(settings.redis_url, socket_timeout=2, socket_connect_timeout=2, retry=once)
    app.extensions["redis"] = redis
    db.set_waker(Waker(redis).relay)
    faces.open_doors(app)
    return app
