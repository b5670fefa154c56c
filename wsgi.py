"""The web application: `gunicorn wsgi:app`, `flask --app wsgi …`."""

from app.factory import create_app
from config import Settings
from dev import demo

settings = Settings.from_env()
app = create_app(settings)
if not settings.production:
    demo.register(app)
