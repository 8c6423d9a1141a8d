# /// script
# dependencies = ["fastapi", "uvicorn", "httpx"]
#
# [tool.compat]
# kinds = ["a server that spawns workers"]
# ///
"""An ASGI server whose workers are started anew."""

import pathlib
import socket
import subprocess
import sys
import time

import httpx

pathlib.Path("web.py").write_text(
    "import fastapi, fastapi.staticfiles, pydantic\nclass Item(pydantic.BaseModel):\n    n: int\napp = fastapi.FastAPI()\n"
    "@app.post('/')\nasync def post(item: Item):\n    import fastapi.openapi.docs\n    return {'twice': item.n * 2}\n"
    "app.mount('/files', fastapi.staticfiles.StaticFiles(packages=[('fastapi', '')]))\n"
)
server = subprocess.Popen(
    [sys.executable, "-m", "uvicorn", "web:app", "--uds", "sock", "--workers", "2"], stderr=subprocess.DEVNULL
)
client = httpx.Client(transport=httpx.HTTPTransport(uds="sock"), base_url="http://local")
for _ in range(100):
    try:
        print(client.post("/", json={"n": 4}).json(), client.post("/", json={"n": "x"}).status_code)
        break
    except httpx.TransportError:
        time.sleep(0.2)
print(sorted(client.get("/openapi.json").json()["components"]["schemas"]), len(client.get("/files/py.typed").content))
print(client.get("/files/middleware/gzip.py").status_code)
server.terminate()
server.wait(20)
