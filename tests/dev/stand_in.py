"""A product of a few lines, for the floor to run: each process does the least that tells whether it was served well."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = {
    "database.py": """
import os, psycopg2
from sqlalchemy.engine import make_url

def connect(name):
    url = make_url(os.environ[name])
    return psycopg2.connect(**url.translate_connect_args(username="user", database="dbname"), **dict(url.query))
""",
    "migrations/__init__.py": "",
    "migrations/migrate.py": """
import database
connection = database.connect("MIGRATIONS_DATABASE_URL")
cursor = connection.cursor()
cursor.execute("SELECT FROM pg_roles WHERE rolname = 'bursar_app'")
if cursor.fetchone() is None:
    cursor.execute("CREATE ROLE bursar_app; CREATE TABLE seeds (); GRANT ALL ON seeds TO bursar_app")
connection.commit()
""",
    "wsgi.py": """
import database
from flask import Flask
app = Flask(__name__)

@app.get("/livez")
@app.get("/")
def home():
    cursor = database.connect("DATABASE_URL").cursor()
    cursor.execute("SELECT current_user, count(*) FROM seeds")
    return "{} {}".format(*cursor.fetchone())

@app.cli.group()
def demo(): ...

@demo.command()
def seed():
    with database.connect("DATABASE_URL") as connection:
        connection.cursor().execute("INSERT INTO seeds DEFAULT VALUES")
    print("one seed")

@demo.command("sign-ins")
def sign_ins():
    print("ada@example.com")
""",
    "jobs/__init__.py": "",
    # A work-horse in a session of its own, and a deaf ear for SIGTERM: what is hardest to stop.
    "jobs/worker.py": """
import os, signal, subprocess, sys, time
if sys.argv[1] == "money":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen(["sleep", "300"], start_new_session=True)
time.sleep(300)
""",
    "jobs/clock.py": """
import os, pathlib, sys, time
if not os.path.exists("fell"):
    pathlib.Path("fell").touch()
    sys.exit("the clock fell")
pathlib.Path("ticks").touch()
time.sleep(300)
""",
    "sandbox/__init__.py": "",
    "sandbox/__main__.py": """
import os
from http.server import HTTPServer, SimpleHTTPRequestHandler
HTTPServer(("127.0.0.1", int(os.environ["SANDBOX_PORT"])), SimpleHTTPRequestHandler).serve_forever()
""",
    "sandbox/exchange/__init__.py": "",
    "sandbox/exchange/__main__.py": """
import os
from http.server import HTTPServer, SimpleHTTPRequestHandler
HTTPServer(("127.0.0.1", int(os.environ["EXCHANGE_SANDBOX_PORT"])), SimpleHTTPRequestHandler).serve_forever()
""",
}


def build(root: Path) -> None:
    """Lay out a checkout at `root`: the real floor under the stand-in product."""
    shutil.copytree(ROOT / "dev", root / "dev", ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
